"""What is given to a new owner, what stays, and which links are cut (semantics 3.5).

Everything depends on the level of the group in which a row lies, and one request may span several
groups, so levels are conditions here. Rows that are the recipient's already are left as they are:
they neither lead on nor count as somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, false, func, not_, or_, select, true

from graphql_api.graph.edges import EDGES, Kind, edges_of, rows_of
from graphql_api.graph.policies.annotations import SIMPLE, STRUCTURED
from graphql_api.graph.policies.move_to_group import common_holds, crossing_reason, cut_links
from graphql_api.graph.policies.rules import Cross, Follow, Hold, Need, Outcome, Policy, Step
from graphql_api.graph.words import Reason, State
from shared.models.links import ANNOTATION_LINKS, CONTAINER_LINKS
from shared.models.people import GroupPermissions, Privilege
from shared.one_of import one_of

if TYPE_CHECKING:
    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal

_FILESET = EDGES["Image.fileset_id"]
_ROI = EDGES["Roi.image_id"]
_PARENT_FOLDER = EDGES["Folder.parent_folder_id"]
_DISPLAY = (EDGES["RenderingDef.pixels_id"], EDGES["Thumbnail.pixels_id"])
_FIELD = EDGES["WellSample.image_id"]
_WHOLE = (
    _FILESET, EDGES["FilesetEntry.original_file_id"], EDGES["FilesetJobLink"],
    EDGES["JobOriginalFileLink"], EDGES["Channel.stats_info_id"],
)  # fmt: skip
"""References whose targets are parts in all but name: given with what refers to them."""
_CONTAINING = {kind.name for kind in CONTAINER_LINKS}
_ANNOTATING = {kind.name for kind in ANNOTATION_LINKS}
PRIVATE = GroupPermissions.PRIVATE
READ_ONLY = GroupPermissions.READ_ONLY
READ_ANNOTATE = GroupPermissions.READ_ANNOTATE
READ_WRITE = GroupPermissions.READ_WRITE


class Levels:
    """Conditions on the level of the group that a column names."""

    def __init__(self, levels: Mapping[int, GroupPermissions]) -> None:
        self._levels = levels

    def at(self, group_id: Any, *levels: GroupPermissions) -> Any:
        """The group is at one of these levels."""
        found = [group for group, level in self._levels.items() if level in levels]
        if not found:
            return false()
        return true() if len(found) == len(self._levels) else one_of(group_id, found)

    def has(self, level: GroupPermissions) -> bool:
        """One of the groups is at this level."""
        return level in self._levels.values()


def change_owner_policy(
    principal: Principal, request: OperationRequest, levels: Levels, recipient: int
) -> Policy:
    """The rules for giving things to `recipient`."""
    rules = _Rules(principal, request, levels, recipient)
    return Policy(
        follows=tuple(rules.follows()),
        holds=tuple(rules.holds()),
        needs=(Need(_FILESET, Reason.FILESET_SPLIT),),
        crosses=tuple(rules.crosses()),
        links=rules.link,
    )


class _Rules:
    def __init__(
        self, principal: Principal, request: OperationRequest, levels: Levels, recipient: int
    ) -> None:
        self.gives_all = principal.may(Privilege.CHOWN)
        self.gives_settings = request.give_rendering_settings
        self.levels, self.recipient = levels, recipient

    def follows(self) -> list[Follow]:
        """Each edge with its rule."""
        found = [Follow(edge, self.content) for edge in edges_of(Kind.CONTAINS)]
        for edge in edges_of(Kind.PART):
            verdicts = self.roi if edge is _ROI else self.display if edge in _DISPLAY else _part
            found.append(Follow(edge, verdicts))
        for edge in edges_of(Kind.REFERS):
            shared = self.content if edge is _FIELD else self.shared
            found.append(Follow(edge, _part if edge in _WHOLE else shared))
        found += [Follow(edge, self.annotation) for edge in edges_of(Kind.ANNOTATES)]
        found.append(Follow(_FILESET, _member, upward=True, least=State.FORCED))
        return found

    def holds(self) -> list[Hold]:
        """As for a move; but what refers and is the recipient's already holds nothing back."""
        return [
            Hold(each.edge, each.reason, each.initially, each.unless, each.when, self._not_his)
            if each.edge.kind is Kind.REFERS and each.initially
            else each
            for each in common_holds()
        ]

    def crosses(self) -> list[Cross]:
        """Filesets are never split; in private groups no reference may join two owners."""
        found = [Cross(_FILESET, Reason.FILESET_SPLIT)]
        if not self.levels.has(PRIVATE):
            return found
        for edge in edges_of(Kind.REFERS):
            if edge.link is None and edge is not _FILESET:
                reason = crossing_reason(edge.name)
                found.append(Cross(edge, reason, when=self._breaks))
                found.append(Cross(edge, reason, forward=False, when=self._breaks))
        found.append(Cross(_ROI, Reason.OTHER_OWNER, when=self._breaks))
        found += [
            Cross(edge, Reason.PARENT_NOT_INCLUDED, forward=False, when=self._breaks)
            for edge in edges_of(Kind.PART)
        ]
        return found

    def _not_his(self, columns: Any) -> Any:
        return columns.owner_id != self.recipient

    def _breaks(self, columns: Any) -> Any:
        """What stays would belong to another person than what is given, in a private group."""
        return and_(self._not_his(columns), self.levels.at(columns.group_id, PRIVATE))

    def _settled(self, step: Step) -> list[Outcome]:
        """What hangs on something that is the recipient's already is left alone."""
        return [(step.source.owner_id == self.recipient, State.STAY, None)]

    def _kept(self, step: Step) -> list[Outcome]:
        """The end of every list of rules: why something stays with its owner."""
        return [
            (step.row.c.owner_id == self.recipient, State.STAY, None),
            (step.same_owner(), State.STAY, Reason.CLASS_EXCLUDED),
            (None, State.STAY, Reason.OTHER_OWNER),
        ]

    def _able(self, step: Step) -> Any:
        return true() if self.gives_all else step.deletable()

    def content(self, step: Step) -> Sequence[Outcome]:
        """Contents of the container's owner."""
        return [
            *step.options(self._able(step)),
            *self._settled(step),
            (step.same_owner(), State.IN, None),
            *self._kept(step),
        ]

    def shared(self, step: Step) -> Sequence[Outcome]:
        """Instruments and their like, when all their users are given."""
        return [*self._settled(step), (step.same_owner(), State.IN, None), *self._kept(step)]

    def roi(self, step: Step) -> Sequence[Outcome]:
        """The image owner's ROIs, but not in read-annotate groups."""
        given = not_(self.levels.at(step.source.group_id, READ_ANNOTATE))
        return [
            *(item for item in step.options(true()) if item[1] is State.STAY),
            *self._settled(step),
            (and_(given, step.same_owner()), State.IN, None),
            *self._kept(step),
        ]

    def display(self, step: Step) -> Sequence[Outcome]:
        """Settings and thumbnails stay with their people, but in private groups; on request the
        old owner's settings are given where the new one has none.
        """
        outcomes = self._settled(step)
        private = self.levels.at(step.source.group_id, PRIVATE)
        own = step.same_owner()
        if step.class_name == "RenderingDef":
            has = self._has_settings(step.row)
            outcomes.append((and_(private, own, has), State.DESTROY, Reason.OTHER_OWNER))
            if self.gives_settings:
                outcomes.append((and_(own, not_(has)), State.IN, None))
        # What stays everybody's own by rule is no news: it carries no reason.
        return [*outcomes, (and_(private, own), State.IN, None), (None, State.STAY, None)]

    def _has_settings(self, row: Any) -> Any:
        other = rows_of("RenderingDef")
        return exists(
            select(other.c.id).where(
                other.c.pixels_id == row.c.pixels_id,
                other.c.owner_id == self.recipient,
                other.c.trash_id.is_(None),
            )
        )

    def annotation(self, step: Step) -> Sequence[Outcome]:
        """The previous owner's where members may not annotate; others' only in private groups are
        touched at all: they go to the trash when nothing else carries them.
        """
        group = step.source.group_id
        private, closed = self.levels.at(group, PRIVATE), self.levels.at(group, PRIVATE, READ_ONLY)
        theirs = and_(private, step.row.c.owner_id != self.recipient)
        remark = or_(step.is_a(*SIMPLE), and_(step.is_a(*STRUCTURED), step.deletable()))
        return [
            *step.options(self._able(step)),
            *self._settled(step),
            (and_(closed, step.same_owner()), State.IN, None),
            (and_(theirs, remark), State.DESTROY, Reason.OTHER_OWNER),
            *self._kept(step),
        ]

    def link(self, ends: Any) -> Sequence[Outcome]:
        """Given with both its ends unless a third party's; else cut or kept by the level."""
        going = int(State.IN)
        given = [
            and_(end.state >= going, end.owner_id != self.recipient)
            for end in (ends.parent, ends.child)
        ]
        owners = (ends.parent_owner(), ends.child_owner())
        other_than = [owner != self.recipient for owner in owners]
        apart = or_(and_(given[0], not_(_true(given[1])), other_than[1]),
                    and_(given[1], not_(_true(given[0])), other_than[0]))  # fmt: skip
        doomed = or_(
            ends.parent.state == int(State.DESTROY), ends.child.state == int(State.DESTROY)
        )
        owned = or_(ends.link.owner_id == owners[0], ends.link.owner_id == owners[1])
        cut = false()
        if ends.edge.name in _CONTAINING:
            cut = self.levels.at(ends.link.group_id, PRIVATE, READ_ONLY, READ_ANNOTATE)
        elif ends.edge.name in _ANNOTATING:
            cut = self.levels.at(ends.link.group_id, PRIVATE)
        severed = or_(doomed, and_(cut, apart))
        outcomes: list[Outcome] = [
            (and_(severed, _true(condition)) if condition is not None else severed, state, reason)
            for condition, state, reason in cut_links(ends)
        ]
        whole = and_(or_(*given), not_(_true(apart)))
        outcomes.append((and_(whole, owned, ends.link.owner_id != self.recipient), State.IN, None))
        outcomes.append((None, State.STAY, None))
        return outcomes


def _true(condition: Any) -> Any:
    """The condition, false where it is unknown because an end was never reached."""
    return func.coalesce(condition, false())


def _part(_step: Step) -> Sequence[Outcome]:
    """Goes with what it is part of."""
    return [(None, State.IN, None)]


def _member(_step: Step) -> Sequence[Outcome]:
    """The images of a fileset that is itself a target."""
    return [(None, State.FORCED, None)]


def parts_company(levels: Levels, recipient: int) -> Any:
    """The condition under which a folder and its parent are parted by giving one of them away."""

    def when(row: Any, source: Any, target: Any) -> Any:
        parent = rows_of("Folder")
        holder = select(parent.c.owner_id).where(parent.c.id == row.parent_folder_id)
        other = and_(target.id.is_not(None), holder.scalar_subquery() != recipient)
        return and_(
            levels.at(row.group_id, PRIVATE, READ_ONLY, READ_ANNOTATE),
            or_(other, and_(source.id.is_not(None), row.owner_id != recipient)),
        )

    return when
