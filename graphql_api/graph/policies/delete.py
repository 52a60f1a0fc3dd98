"""What goes with something that is deleted, and what stays (semantics 3.3).

Tags, terms and files stay unless `include` names them. What several images share (instruments,
logical channels) goes only when the trash is emptied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, not_, select

from graphql_api.graph.edges import CODES, EDGES, Edge, Kind, edges_of, rows_of
from graphql_api.graph.planner.blockers import blocker_row
from graphql_api.graph.planner.tables import reached_rows
from graphql_api.graph.policies.annotations import KEPT, KEPT_BY_DEFAULT, SIMPLE, STRUCTURED
from graphql_api.graph.policies.rules import Cross, Follow, Hold, Need, Outcome, Policy, Step
from graphql_api.graph.request import class_named, lineage
from graphql_api.graph.words import Reason, State
from shared.auth.rules import GIVABLE, Action
from shared.auth.select import allowed
from shared.models.links import LINKS

if TYPE_CHECKING:
    from shared.auth.principal import Principal

LEGAL = GIVABLE | set(LINKS) | {
    "DetectorSettings", "LightSettings", "ObjectiveSettings", "ImagingEnvironment", "StageLabel",
    "LogicalChannel", "MicrobeamManipulation", "StatsInfo", "PlateAcquisition", "Well",
    "WellSample",
}  # fmt: skip
"""What may be deleted by itself."""
_FIELD = EDGES["WellSample.image_id"]
_DATASET = EDGES["DatasetImageLink"]
_FILESET = EDGES["Image.fileset_id"]
_FILE = EDGES["Annotation.file_id"]
_ENTRY = EDGES["FilesetEntry.original_file_id"]
_ROI = EDGES["Roi.image_id"]
_FOLLOWED = (_FIELD, _FILESET, _ENTRY, _FILE, EDGES["FilesetJobLink"], EDGES["JobOriginalFileLink"])
"""References that lead on; instruments and their like wait for the purge."""


def delete_policy() -> Policy:
    """The rules for putting live objects into the trash."""
    follows = [Follow(edge, content) for edge in edges_of(Kind.CONTAINS)]
    follows += [Follow(edge, _part) for edge in edges_of(Kind.PART)]
    follows += [Follow(edge, content if edge is _FIELD else _part) for edge in _FOLLOWED]
    follows += [Follow(edge, annotation) for edge in edges_of(Kind.ANNOTATES)]
    follows.append(Follow(_FILESET, _target, upward=True, least=State.FORCED))
    follows.append(Follow(_FILE, _target, upward=True, least=State.FORCED))
    return Policy(
        follows=tuple(follows),
        holds=tuple(_holds()),
        needs=(Need(_FILESET, Reason.FILESET_SPLIT),),
        crosses=tuple(_crosses()),
        links=link,
    )


def content(step: Step) -> Sequence[Outcome]:
    """Contents go when the actor may delete them."""
    able = step.deletable()
    return [
        *step.options(able), (able, State.IN, None), (None, State.STAY, Reason.NOT_PERMITTED)
    ]  # fmt: skip


def _part(_step: Step) -> Sequence[Outcome]:
    return [(None, State.IN, None)]


def _target(_step: Step) -> Sequence[Outcome]:
    return [(None, State.FORCED, None)]


def annotation(step: Step) -> Sequence[Outcome]:
    """Remarks always go, structured ones where allowed; tags, terms and files only when named."""
    able = step.deletable()
    default = _kept_by_default(step)
    outcomes = step.options(able)
    if default:
        outcomes.append((step.is_a(*default), State.STAY, Reason.CLASS_EXCLUDED))
    outcomes.append((step.is_a(*SIMPLE), State.IN, None))
    outcomes.append((and_(step.is_a(*STRUCTURED), able), State.IN, None))
    outcomes.append((and_(step.is_a(*KEPT), able, step.same_owner()), State.IN, None))
    outcomes.append((None, State.STAY, Reason.NOT_PERMITTED))
    return outcomes


def _kept_by_default(step: Step) -> list[str]:
    named = {class_named(name) for option in step.request.options for name in option.include}
    return [name for name in KEPT_BY_DEFAULT if not named.intersection(lineage(name))]


def link(ends: Any) -> Sequence[Outcome]:
    """A link goes with either end, whoever owns it."""
    return [(ends.both(int(State.IN)), State.IN, None), (None, State.CUT, Reason.WILL_BE_DELETED)]


def _holds() -> list[Hold]:
    elsewhere = Reason.SHARED_ELSEWHERE
    found = [
        Hold(EDGES["ProjectDatasetLink"], elsewhere),
        Hold(EDGES["ScreenPlateLink"], elsewhere),
        Hold(_DATASET, elsewhere, unless=(_FIELD,)),
        Hold(EDGES["FolderImageLink"], elsewhere, unless=(_DATASET, _FIELD)),
        Hold(EDGES["FolderRoiLink"], elsewhere),
        Hold(_ROI, elsewhere, when=_is_in_a_folder_only),
        Hold(_FIELD, Reason.USED_BY_FIELD),
        Hold(_FILESET, Reason.FILESET_SPLIT),
    ]
    found += [Hold(edge, elsewhere, initially=False) for edge in edges_of(Kind.PART)]
    found += [Hold(edge, elsewhere) for edge in edges_of(Kind.ANNOTATES)]
    found += [Hold(edge, elsewhere) for edge in edges_of(Kind.REFERS) if edge not in {
        _FIELD, _FILESET,
    } and edge.target in {"OriginalFile", "Job"}]  # fmt: skip
    return found


def _is_in_a_folder_only(roi: Any) -> Any:
    """A ROI reached by its folder stays with an image that stays."""
    return roi.c.image_id.is_not(None)


def _crosses() -> list[Cross]:
    """What is used by something that stays cannot be deleted by itself."""
    found = [Cross(_FIELD, Reason.USED_BY_FIELD, forward=False),
             Cross(_FILESET, Reason.FILESET_SPLIT)]  # fmt: skip
    found += [
        Cross(edge, _used(edge), forward=False)
        for edge in edges_of(Kind.REFERS)
        if edge.link is None and edge not in {_FIELD, _FILESET, _FILE}
    ]
    return found


def _used(edge: Edge) -> Reason:
    return Reason.SHARED_ELSEWHERE if edge.target == "OriginalFile" else Reason.SHARED_INSTRUMENT


def tags_on_others(principal: Principal) -> list[Any]:
    """Blockers: a tag that is a target, on something that the actor may not delete."""
    found = []
    for edge in edges_of(Kind.ANNOTATES):
        if edge.source not in CODES:
            continue
        tag, path, holder = reached_rows(), edge.path(), rows_of(edge.source)
        joined = tag.join(path.tables, path.target == tag.c.id).join(
            holder, holder.c.id == path.source
        )
        other = reached_rows()
        joined = joined.outerjoin(
            other,
            and_(
                other.c.cls == CODES[edge.source],
                other.c.id == path.source,
                other.c.state >= int(State.IN),
            ),
        )
        found.append(
            select(
                *blocker_row(
                    Reason.NOT_PERMITTED, "Annotation", tag.c.id, (edge.source, holder.c.id)
                )
            )
            .distinct()
            .select_from(joined)
            .where(
                tag.c.cls == CODES["Annotation"], tag.c.sub == "TagAnnotation", tag.c.wave == 0,
                path.link.c.trash_id.is_(None), other.c.id.is_(None),
                not_(allowed(principal, Action.DELETE, holder, edge.source)),
            )
        )  # fmt: skip
    return found
