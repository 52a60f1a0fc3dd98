"""What a change of a group's level destroys, keeps and forbids (semantics 2.9).

Only the way to `PRIVATE` destroys anything: whatever would join two people's data there goes, or
the change is refused. Between the shared levels every link is kept, and those that could not be
made any more are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from graphql_api.graph.edges import CODES, EDGES, Edge, Kind, edges_of, rows_of
from graphql_api.graph.planner.blockers import blocker_row
from graphql_api.graph.planner.expand import code_of, node_columns
from graphql_api.graph.policies.rules import Outcome, Policy
from graphql_api.graph.words import Reason, State
from shared.models.people import GroupPermissions

if TYPE_CHECKING:
    from collections.abc import Sequence

_SETTINGS = (
    ("ObjectiveSettings", "Image.objective_settings_id", "ObjectiveSettings.objective_id"),
    ("DetectorSettings", "LogicalChannel.detector_settings_id", "DetectorSettings.detector_id"),
    ("LightSettings", "LogicalChannel.light_source_settings_id", "LightSettings.light_source_id"),
)
"""Settings, what refers to them, and the device that they are of."""
OPTICS = (
    "LogicalChannel.otf_id", "LogicalChannel.filter_set_id", "LogicalChannel.light_path_id",
    "FilterSet.dichroic_id", "LightPath.dichroic_id", "OTF.objective_id", "OTF.filter_set_id",
)  # fmt: skip
"""Columns that are emptied where they join two people's optics."""
_SHARED = (
    "Image.instrument_id", "Image.imaging_environment_id", "Image.stage_label_id",
    "Image.experiment_id", "Channel.logical_channel_id",
)  # fmt: skip
_SERVER_LINKS = {"FilesetJobLink", "JobOriginalFileLink", "PixelsOriginalFileMap"}


def change_level_policy() -> Policy:
    """Nothing is followed: everything is found by where it lies."""
    return Policy(follows=(), holds=(), links=_of_destroyed)


def _of_destroyed(_ends: Any) -> Sequence[Outcome]:
    return [(None, State.CUT, Reason.WILL_BE_DELETED)]


def destroyed(group: int) -> list[Any]:
    """(cls, id, owner_id, group_id, sub, code) of what cannot be in a private group beside the
    rows to which it belongs: other people's settings, thumbnails, ROIs, statistics.
    """
    arms = [
        _of_another("RenderingDef", EDGES["RenderingDef.pixels_id"], group),
        _of_another("Thumbnail", EDGES["Thumbnail.pixels_id"], group),
        _of_another("Roi", EDGES["Roi.image_id"], group),
        _of_another("StatsInfo", EDGES["Channel.stats_info_id"], group),
    ]
    for name, user, device in _SETTINGS:
        arms.append(_of_another(name, EDGES[user], group))
        row, other, path = rows_of(name), rows_of(EDGES[device].target), EDGES[device].path()
        arms.append(
            _doomed(name, row)
            .select_from(
                row.join(path.tables, path.source == row.c.id).join(
                    other, other.c.id == path.target
                )
            )
            .where(*_parted(row, other, group))
        )
    return arms


def _doomed(name: str, row: Any) -> Any:
    outcome: Outcome = (None, State.DESTROY, Reason.PRIVATE_TARGET)
    return select(*node_columns(name, row), code_of([outcome]).label("code"))


def _of_another(name: str, edge: Edge, group: int) -> Any:
    """Rows of a class that belong to another person than the edge's other end."""
    path = edge.path()
    far_class, own, far = (
        (edge.source, path.target, path.source)
        if edge.target == name
        else (edge.target, path.source, path.target)
    )
    row, other = rows_of(name), rows_of(far_class)
    joined = row.join(path.tables, own == row.c.id).join(other, other.c.id == far)
    return _doomed(name, row).select_from(joined).where(*_parted(row, other, group))


def _parted(one: Any, other: Any, group: int) -> list[Any]:
    return [
        one.c.group_id == group, one.c.trash_id.is_(None), other.c.trash_id.is_(None),
        one.c.owner_id != other.c.owner_id,
    ]  # fmt: skip


def crossing_links(group: int, *kinds: Kind, state: State, reason: Reason) -> list[Any]:
    """Rows for the planner's table: live links of these kinds between two people's data."""
    arms = []
    for edge in edges_of(*kinds):
        if edge.link is None or edge.source not in CODES or edge.name in _SERVER_LINKS:
            continue
        path, parent, child = edge.path(), rows_of(edge.source), rows_of(edge.target)
        joined = path.tables.join(parent, parent.c.id == path.source).join(
            child, child.c.id == path.target
        )
        columns = node_columns(edge.link.name, path.link)
        arms.append(
            select(*columns, code_of([(None, state, reason)]).label("code"))
            .select_from(joined)
            .where(
                path.link.c.group_id == group, path.link.c.trash_id.is_(None),
                parent.c.owner_id != child.c.owner_id,
            )
        )  # fmt: skip
    return arms


def kinds_forbidden(before: GroupPermissions, after: GroupPermissions) -> tuple[Kind, ...]:
    """Kinds of links between two people's data that could be made before and not after."""
    order = list(GroupPermissions)
    found = []
    if order.index(after) < order.index(GroupPermissions.READ_WRITE) <= order.index(before):
        found.append(Kind.CONTAINS)
    if order.index(after) < order.index(GroupPermissions.READ_ANNOTATE) <= order.index(before):
        found.append(Kind.ANNOTATES)
    return tuple(found)


def refusals(group: int) -> list[Any]:
    """Blockers: what joins two people's data in a way that cannot simply be cut."""
    arms = [_image_blocker(EDGES[name], group) for name in _SHARED]
    field, image = rows_of("WellSample"), rows_of("Image")
    arms.append(
        select(*blocker_row(Reason.USED_BY_FIELD, "Image", image.c.id, ("WellSample", field.c.id)))
        .select_from(field.join(image, image.c.id == field.c.image_id))
        .where(*_parted(field, image, group))
    )
    reagent, screen = rows_of("Reagent"), rows_of("Screen")
    arms.append(
        select(*blocker_row(Reason.OTHER_OWNER, "Reagent", reagent.c.id, ("Screen", screen.c.id)))
        .select_from(reagent.join(screen, screen.c.id == reagent.c.screen_id))
        .where(*_parted(reagent, screen, group))
    )
    arms.append(_link_blocker("WellReagentLink", group))
    arms.append(_link_blocker("JobOriginalFileLink", group))
    return arms


def _image_blocker(edge: Edge, group: int) -> Any:
    path, user, thing = edge.path(), rows_of(edge.source), rows_of(edge.target)
    joined = path.tables.join(user, user.c.id == path.source).join(thing, thing.c.id == path.target)
    image: Any = user.c.id if edge.source == "Image" else user.c.image_id
    row = blocker_row(Reason.SHARED_INSTRUMENT, "Image", image, shared=(edge.target, thing.c.id))
    return select(*row).distinct().select_from(joined).where(*_parted(user, thing, group))


def _link_blocker(name: str, group: int) -> Any:
    edge = EDGES[name]
    path, parent, child = edge.path(), rows_of(edge.source), rows_of(edge.target)
    joined = path.tables.join(parent, parent.c.id == path.source).join(
        child, child.c.id == path.target
    )
    clauses = [*_parted(parent, child, group), path.link.c.trash_id.is_(None)]
    if edge.target == "OriginalFile":
        clauses.append(or_(child.c.repo.is_(None), child.c.repo != "scripts"))
    row = blocker_row(Reason.OTHER_OWNER, edge.target, child.c.id, (edge.source, parent.c.id))
    return select(*row).distinct().select_from(joined).where(*clauses)
