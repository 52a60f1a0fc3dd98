"""Make ROIs on an image, in folders, or both; the shapes of all of them are one statement.

Drawing on somebody's image takes the right to annotate it, putting a ROI into a folder the right to
link into that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.containers import NewContainer, group_of_new, owner_of_new
from graphql_api.editing.links import NewLink, open_event, refusal, save_links
from graphql_api.editing.targets import Target
from graphql_api.editing.texts import valid_description, valid_name
from graphql_api.rois.check import checked_shape
from graphql_api.rois.shape import PlaneSizes, RoiData, columns_of
from shared.auth.creation import GroupFacts, link_owner, may_refer, require_same_group
from shared.auth.decide import ObjectFacts, decide, denied, require
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action
from shared.clock import now
from shared.database import SQLITE
from shared.errors import Invalid
from shared.journal import record
from shared.models import sort_key
from shared.models.images import Pixels
from shared.models.links import LINKS
from shared.models.rois import Roi, Shape
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from shared.auth.principal import Principal

MAX_ROIS = 50_000
MAX_SHAPES = 200_000
ROWS_AT_ONCE = 1_000
"""Of the statement that inserts ROIs and answers their ids."""
FOLDER_LINK = "FolderRoiLink"


@dataclass(frozen=True, slots=True)
class RoiPlace:
    """Where new ROIs go, as it was given."""

    image: str | None = None
    folders: tuple[str, ...] = ()
    group: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    image: Target | None
    folders: tuple[Target, ...]
    group: GroupFacts
    owner_id: int
    sizes: PlaneSizes


def create_rois(
    connection: Connection,
    principal: Principal,
    place: RoiPlace,
    rois: Sequence[RoiData],
    verb: str = "createRoi",
    path: tuple[str, ...] = (),
    *,
    checked_for: PlaneSizes | None = None,
) -> list[ObjectRef]:
    """Make ROIs, as part of the caller's write transaction; answers them in order.

    `checked_for` says that the shapes were checked already, for an image of these sizes.

    Raises `NotFound`, `Denied` naming image, folder or group, or `Invalid` naming the shape.
    """
    found = _found(connection, principal, place)
    sizes = None if checked_for == found.sizes else found.sizes
    clean = checked_rois(rois, sizes, path)
    event_id = open_event(connection, principal, verb)
    ids = _insert(connection, found, clean, event_id)
    insert_shapes(connection, dict(zip(ids, clean, strict=True)))
    record(connection, event_id, "Roi", "INSERT", ids, group_id=found.group.id)
    refs = [ObjectRef("Roi", number) for number in ids]
    _put_into_folders(connection, principal, found, refs, event_id)
    bump_epoch(connection)
    return refs


def checked_rois(
    rois: Sequence[RoiData], sizes: PlaneSizes | None, path: tuple[str, ...] = ()
) -> list[RoiData]:
    """The same with clean texts and shapes (`sizes` None: with clean texts); raises `Invalid`
    naming the shape.

    The path of a shape is `shapes`, its place; of one of several ROIs `rois`, its place before.
    """
    if len(rois) > MAX_ROIS or sum(len(each.shapes) for each in rois) > MAX_SHAPES:
        raise Invalid(
            "There are too many ROIs or shapes.",
            hint=f"Make at most {MAX_ROIS} ROIs with {MAX_SHAPES} shapes at once.",
            path=path,
        )
    found = []
    for number, roi in enumerate(rois):
        at = (*path, str(number)) if path else ()
        found.append(
            RoiData(
                roi.shapes
                if sizes is None
                else tuple(
                    checked_shape(shape, sizes, (*at, "shapes", str(place)))
                    for place, shape in enumerate(roi.shapes)
                ),
                roi_name(roi.name, (*at, "name")),
                valid_description(roi.description, (*at, "description")),
            )
        )
    return found


def roi_name(name: str | None, path: tuple[str, ...] = ("name",)) -> str | None:
    """A ROI's name, which it need not have; raises `Invalid`."""
    return valid_name(name, path) if name is not None and name.strip() else None


def sizes_of(connection: Connection, image_id: int | None) -> PlaneSizes:
    """How many planes an image has."""
    if image_id is None:
        return PlaneSizes()
    row = connection.execute(
        select(Pixels.size_z, Pixels.size_t, Pixels.size_c)
        .where(Pixels.image_id == image_id, Pixels.trash_id.is_(None))
        .order_by(Pixels.position)
        .limit(1)
    ).first()
    return PlaneSizes() if row is None else PlaneSizes(row.size_z, row.size_t, row.size_c)


def insert_shapes(
    connection: Connection, rois: dict[int, RoiData], first: int = 0
) -> None:  # fmt: skip
    """Write the shapes of ROIs, by id, from this place on: one statement."""
    rows = [
        {"roi_id": number, "position": place, **columns_of(shape)}
        for number, roi in rois.items()
        for place, shape in enumerate(roi.shapes, first)
    ]
    if rows:
        connection.execute(insert(Shape), rows)


def _found(connection: Connection, principal: Principal, place: RoiPlace) -> _Place:
    if place.image is None and not place.folders:
        raise Invalid(
            "A ROI lies on an image or in a folder.", hint="Name one of them.", path=("image",)
        )
    images = hold_targets(
        connection, principal, [] if place.image is None else [place.image], ["Image"],
        path=("image",),
    )  # fmt: skip
    folders = hold_targets(connection, principal, place.folders, ["Folder"], path=("folders",))
    image = images[0] if images else None
    if image is not None and place.owner is None:
        # the image's own refusal first: it is what its `viewerCan.annotate` announces
        require(principal, Action.ANNOTATE, image.facts, image.ref)
    above = images[0] if images else folders[0]
    new = NewContainer("Roi", "", group=place.group, owner=place.owner)
    group = group_of_new(connection, principal, new, above)
    for each in (*images, *folders):
        require_same_group(group.id, each.facts)
    owner_id = owner_of_new(connection, principal, new, group, above)
    if image is not None:
        verdict = may_refer(principal, "Roi", owner_id, image.facts)
        if not verdict:
            verdict = decide(principal, Action.ANNOTATE, image.facts)
            raise denied(principal, Action.ANNOTATE, image.facts, verdict, image.ref)
    sizes = sizes_of(connection, image.ref.id if image is not None else None)
    return _Place(image, tuple(folders), group, owner_id, sizes)


def _insert(
    connection: Connection, place: _Place, rois: Sequence[RoiData], event_id: int
) -> list[int]:
    moment = now()
    rows: list[dict[str, Any]] = [
        {
            "owner_id": place.owner_id,
            "group_id": place.group.id,
            "creation_event_id": event_id,
            "update_event_id": event_id,
            "created_at": moment,
            "updated_at": moment,
            "version": 1,
            "name": roi.name,
            "name_key": None if roi.name is None else sort_key(roi.name),
            "description": roi.description,
            "image_id": None if place.image is None else place.image.ref.id,
        }
        for roi in rois
    ]
    if not rows:
        return []
    table: Any = Roi.__table__
    # SQLite numbers the rows of one statement in their order; asked for it, SQLAlchemy would send
    # each row alone
    in_order = connection.dialect.name != SQLITE
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=in_order)
    options = {"insertmanyvalues_page_size": ROWS_AT_ONCE}
    ids = list(connection.execute(statement, rows, execution_options=options).scalars())
    return ids if in_order else sorted(ids)


def _put_into_folders(
    connection: Connection,
    principal: Principal,
    place: _Place,
    refs: Sequence[ObjectRef],
    event_id: int,
) -> None:
    links = []
    for folder in place.folders:
        owner_id = link_owner(principal, place.group, folder.owner_id, place.owner_id)
        if not may_refer(principal, FOLDER_LINK, owner_id, folder.facts):
            raise refusal(principal, folder)
        for ref in refs:
            facts = ObjectFacts("Roi", place.owner_id, place.group.id, place.group.permissions)
            links.append(NewLink(LINKS[FOLDER_LINK], folder, Target(ref, facts, 1), owner_id))
    if links:
        save_links(connection, links, event_id)
