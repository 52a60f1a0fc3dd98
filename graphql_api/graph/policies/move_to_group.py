"""What moves to another group, what is left behind, and what forbids it (semantics 3.4).

"Private" means the group moved to. Other people's annotations are destroyed only on the way into
a private group, never into a shared one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, true

from graphql_api.graph.edges import EDGES, Kind, edges_of
from graphql_api.graph.policies.annotations import KEPT, SIMPLE, STRUCTURED
from graphql_api.graph.policies.rules import Cross, Follow, Hold, Need, Outcome, Policy, Step
from graphql_api.graph.words import Reason, State
from shared.models.people import Privilege

if TYPE_CHECKING:
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal

_IMAGES_OF_DATASETS = EDGES["DatasetImageLink"]
_IMAGES_OF_FIELDS = EDGES["WellSample.image_id"]
_FILESET = EDGES["Image.fileset_id"]
_FILE = EDGES["Annotation.file_id"]
_ROI = EDGES["Roi.image_id"]
_FOLDER_ROI = EDGES["FolderRoiLink"]
_PARENT_FOLDER = EDGES["Folder.parent_folder_id"]
_DISPLAY = (EDGES["RenderingDef.pixels_id"], EDGES["Thumbnail.pixels_id"])


def move_policy(principal: Principal, group: GroupFacts) -> Policy:
    """The rules for moving into `group`."""
    rules = _Rules(principal, is_private=group.is_private)
    return Policy(
        follows=tuple(rules.follows()),
        holds=tuple(common_holds()),
        needs=(Need(_FILESET, Reason.FILESET_SPLIT), Need(_FILE, Reason.SHARED_ELSEWHERE)),
        crosses=tuple(_crosses()),
        links=rules.link,
        detached=(_PARENT_FOLDER,),
    )


class _Rules:
    def __init__(self, principal: Principal, *, is_private: bool) -> None:
        self.is_private = is_private
        self.moves_all = principal.may(Privilege.CHGRP)

    def follows(self) -> list[Follow]:
        """Each edge with its rule."""
        found = [Follow(edge, self.content) for edge in edges_of(Kind.CONTAINS)]
        for edge in edges_of(Kind.PART):
            personal = edge is _ROI or edge in _DISPLAY
            found.append(Follow(edge, self.personal if personal else self.part))
        found += [
            Follow(edge, self.part if edge is _IMAGES_OF_FIELDS else self.shared)
            for edge in edges_of(Kind.REFERS)
        ]
        found += [Follow(edge, self.annotation) for edge in edges_of(Kind.ANNOTATES)]
        found.append(Follow(_FILESET, self.member, upward=True, least=State.FORCED))
        return found

    def _able(self, step: Step) -> Any:
        return true() if self.moves_all else step.own()

    def content(self, step: Step) -> Sequence[Outcome]:
        """Contents owned like the container, and other people's where the mover may delete."""
        options = step.options(self._able(step))
        same: Outcome = (step.same_owner(), State.IN, None)
        if self.is_private:
            return [*options, same, (None, State.STAY, Reason.PRIVATE_TARGET)]
        if self.moves_all:
            return [*options, (None, State.IN, None)]
        others: Outcome = (step.deletable(), State.IN, None)
        return [*options, same, others, (None, State.STAY, Reason.OTHER_OWNER)]

    def personal(self, step: Step) -> Sequence[Outcome]:
        """ROIs, settings and thumbnails: all, but only the owner's into a private group."""
        if not self.is_private:
            return [*self._excluded(step), (None, State.IN, None)]
        return [
            *self._excluded(step),
            (step.same_owner(), State.IN, None),
            (None, State.DESTROY, Reason.PRIVATE_TARGET),
        ]

    def _excluded(self, step: Step) -> list[Outcome]:
        return [item for item in step.options(true()) if item[1] is State.STAY]

    def part(self, _step: Step) -> Sequence[Outcome]:
        """Goes with what it is part of."""
        return [(None, State.IN, None)]

    def shared(self, step: Step) -> Sequence[Outcome]:
        """Shared things go; into a private group only those of the same owner."""
        if not self.is_private:
            return [(None, State.IN, None)]
        return [(step.same_owner(), State.IN, None), (None, State.STAY, Reason.OTHER_OWNER)]

    def member(self, _step: Step) -> Sequence[Outcome]:
        """The images of a fileset that is itself a target."""
        return [(None, State.FORCED, None)]

    def annotation(self, step: Step) -> Sequence[Outcome]:
        """By owner and class; "elsewhere" is a hold and comes later."""
        outcomes = step.options(self._able(step))
        outcomes.append((step.same_owner(), State.IN, None))
        outcomes.append((step.is_a(*KEPT), State.STAY, Reason.OTHER_OWNER))
        simple, structured = step.is_a(*SIMPLE), step.is_a(*STRUCTURED)
        if self.is_private:
            outcomes.append((simple, State.DESTROY, Reason.PRIVATE_TARGET))
            mine = and_(structured, step.deletable())
            outcomes.append((mine, State.DESTROY, Reason.PRIVATE_TARGET))
            outcomes.append((None, State.STAY, Reason.OTHER_OWNER))
            return outcomes
        outcomes.append((step.deletable(), State.IN, None))
        outcomes.append((None, State.STAY, Reason.OTHER_OWNER))
        return outcomes

    def link(self, ends: Any) -> Sequence[Outcome]:
        """A link goes with both ends; across owners it is cut on the way into a private group."""
        both = ends.both(int(State.IN))
        outcomes: list[Outcome] = []
        if self.is_private:
            differ = ends.parent.owner_id != ends.child.owner_id
            outcomes.append((and_(both, differ), State.CUT, Reason.PRIVATE_TARGET))
        outcomes.append((both, State.IN, None))
        return [*outcomes, *cut_links(ends)]


def cut_links(ends: Any) -> list[Outcome]:
    """A link that is cut, with the reason of the end that stays or is destroyed."""
    return [
        (ends.child.state == int(State.DESTROY), State.CUT, Reason.WILL_BE_DELETED),
        (ends.parent.state == int(State.DESTROY), State.CUT, Reason.WILL_BE_DELETED),
        (and_(ends.child.state < int(State.DESTROY), ends.child.reason > 0), State.CUT,
         ends.child.reason),
        (and_(ends.parent.state < int(State.DESTROY), ends.parent.reason > 0), State.CUT,
         ends.parent.reason),
        (ends.parent.state >= int(State.IN), State.CUT, Reason.CHILD_NOT_INCLUDED),
        (None, State.CUT, Reason.PARENT_NOT_INCLUDED),
    ]  # fmt: skip


def common_holds() -> list[Hold]:
    """What keeps contents, parts and shared things where they are; giving away has the same."""
    elsewhere = Reason.SHARED_ELSEWHERE
    found = [
        Hold(EDGES["ProjectDatasetLink"], elsewhere),
        Hold(EDGES["ScreenPlateLink"], elsewhere),
        Hold(_IMAGES_OF_DATASETS, elsewhere, unless=(_IMAGES_OF_FIELDS,)),
        Hold(EDGES["FolderImageLink"], elsewhere, unless=(_IMAGES_OF_DATASETS, _IMAGES_OF_FIELDS)),
        Hold(_IMAGES_OF_FIELDS, Reason.USED_BY_FIELD),
        Hold(_PARENT_FOLDER, elsewhere, initially=False),
        Hold(_ROI, elsewhere),
        Hold(_FOLDER_ROI, elsewhere, when=lambda roi: roi.c.image_id.is_(None)),
    ]
    parts = [edge for edge in edges_of(Kind.PART) if edge is not _ROI]
    found += [Hold(edge, elsewhere, initially=False) for edge in parts]
    found += [Hold(edge, elsewhere) for edge in edges_of(Kind.ANNOTATES)]
    for edge in edges_of(Kind.REFERS):
        if edge is _FILESET:
            found.append(Hold(edge, Reason.FILESET_SPLIT))
        elif edge is not _IMAGES_OF_FIELDS:
            reason = elsewhere if edge.target in {"OriginalFile", "Job"} else (
                Reason.SHARED_INSTRUMENT
            )  # fmt: skip
            found.append(Hold(edge, reason))
    return found


def _crosses() -> list[Cross]:
    """No column may join two groups; a folder's parent alone is let go instead."""
    found = []
    for edge in edges_of(Kind.REFERS):
        if edge.link is None:
            reason = crossing_reason(edge.name)
            found.append(Cross(edge, reason))
            found.append(Cross(edge, reason, forward=False))
    found += [
        Cross(edge, Reason.PARENT_NOT_INCLUDED, forward=False) for edge in edges_of(Kind.PART)
    ]
    found.append(Cross(_ROI, Reason.CLASS_EXCLUDED))
    return found


def crossing_reason(name: str) -> Reason:
    """Why a column forbids a plan."""
    return {
        _FILESET.name: Reason.FILESET_SPLIT,
        _IMAGES_OF_FIELDS.name: Reason.USED_BY_FIELD,
        _FILE.name: Reason.SHARED_ELSEWHERE,
        "FilesetEntry.original_file_id": Reason.SHARED_ELSEWHERE,
        "Roi.source_file_id": Reason.SHARED_ELSEWHERE,
    }.get(name, Reason.SHARED_INSTRUMENT)
