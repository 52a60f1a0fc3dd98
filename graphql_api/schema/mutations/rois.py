"""`createRoi`, `updateRoi` and `deleteRoi`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.idempotency import once, recalled
from graphql_api.editing.roi_changes import RoiChange, delete_rois, update_roi
from graphql_api.editing.rois import RoiPlace, create_rois
from graphql_api.importing.consumed import consume, read_upload
from graphql_api.rois.shape import RoiData
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.shape_inputs import (
    ShapeChangeInput,
    ShapeFieldsInput,
    ShapeInput,
    mask_uploads,
    shape_columns,
    shapes_of,
)
from graphql_api.schema.mutations.update import given_values
from graphql_api.schema.types.references import LazyActivity, LazyRoi
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Connection


Info = strawberry.Info[RequestContext, None]
MAX_MASK_BYTES = 64 * 2**20
_KEY = "The same key within 24 hours does it once."


@strawberry.input(description="A new ROI: on an image, in folders, or both.")
class CreateRoiInput:
    """Input of `createRoi`."""

    image: strawberry.ID | None = strawberry.field(
        default=None, description="On which image; without one, name folders."
    )
    folders: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Folders that hold it."
    )
    name: str | None = strawberry.field(default=None, description="At most 255 characters.")
    description: str | None = strawberry.field(default=None, description="Any text.")
    shapes: list[ShapeInput] = strawberry.field(
        default_factory=list, description="Its shapes, in order."
    )
    group: strawberry.ID | None = strawberry.field(
        default=None, description="In which group; that of the image or the folders."
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="For whom, where the caller may write for others."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="What is to change in a ROI; what is left out stays.")
class UpdateRoiInput:
    """Input of `updateRoi`."""

    id: strawberry.ID = strawberry.field(description="The ROI.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="At most 255 characters, or null."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Any text, or null."
    )
    shapes: list[ShapeInput] | None = strawberry.field(
        default=None, description="All its shapes, in place of those that are there."
    )
    add_shapes: list[ShapeInput] = strawberry.field(
        default_factory=list, description="Shapes to be put behind those that are there."
    )
    change_shapes: list[ShapeChangeInput] = strawberry.field(
        default_factory=list, description="Changes of single shapes."
    )
    remove_shapes: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Shapes to be erased."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="ROIs that are to go to the trash.")
class DeleteRoiInput:
    """Input of `deleteRoi`."""

    targets: list[strawberry.ID] = strawberry.field(description="At most 50,000 ROIs.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The ROI, or why nothing was done.")
class RoiPayload:
    """Answer of `createRoi` and `updateRoi`."""

    roi: LazyRoi | None = strawberry.field(default=None, description="The ROI.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


@strawberry.type(description="What went to the trash, or why nothing did.")
class DeleteRoiPayload:
    """Answer of `deleteRoi`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The trash entry, by which `restore` gives them back."
    )
    deleted: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The ROIs that went."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was deleted."
    )


def _create_roi(info: Info, input: CreateRoiInput) -> RoiPayload:
    """Make a ROI."""

    def work(connection: Connection, masks: Mapping[str, bytes]) -> ObjectRef:
        place = RoiPlace(
            input.image, tuple(str(each) for each in input.folders), input.group, input.owner
        )
        shapes = shapes_of(input.shapes, "shapes", masks)
        roi = RoiData(shapes, input.name, input.description)
        return create_rois(connection, info.context.require_principal(), place, [roi])[0]

    return _done(info, "createRoi", input, input.shapes, work)


def _update_roi(info: Info, input: UpdateRoiInput) -> RoiPayload:
    """Change a ROI."""

    def work(connection: Connection, masks: Mapping[str, bytes]) -> ObjectRef:
        changes = tuple(
            (str(each.id), shape_columns(each, ("changeShapes", str(place)), masks))
            for place, each in enumerate(input.change_shapes)
        )
        change = RoiChange(
            id=str(input.id),
            expected_version=input.expected_version,
            texts=given_values(input, "name", "description"),
            add=shapes_of(input.add_shapes, "addShapes", masks),
            change=changes,
            remove=tuple(str(each) for each in input.remove_shapes),
            instead=None if input.shapes is None else shapes_of(input.shapes, "shapes", masks),
        )
        return update_roi(connection, info.context.require_principal(), change)

    given = [*(input.shapes or []), *input.add_shapes, *input.change_shapes]
    return _done(info, "updateRoi", input, given, work)


def _done(
    info: Info,
    mutation: str,
    given: CreateRoiInput | UpdateRoiInput,
    shapes: Iterable[ShapeFieldsInput],
    work: Callable[[Connection, Mapping[str, bytes]], ObjectRef],
) -> RoiPayload:
    """Read masks that were uploaded, then do it in one transaction, which uses them up."""
    context = info.context
    uploads = mask_uploads(shapes)

    def answer(ref: ObjectRef) -> RoiPayload:
        context.renew()
        return RoiPayload(roi=fetch_nodes(info, [ref], "roi")[0])

    def whole() -> RoiPayload:
        principal = context.require_principal()
        asked = strawberry.asdict(given)
        plain = _plain(asked)
        key = given.idempotency_key
        before = recalled(context.database, principal, mutation, key, plain)
        if before is not None:
            return answer(ObjectRef.parse(before["refs"][0]))
        masks = {
            uuid: read_upload(
                context.database, context.storage, principal, uuid, MAX_MASK_BYTES, ("upload",)
            )
            for uuid in uploads
        }
        with context.database.write() as connection:

            def once_done() -> list[ObjectRef]:
                for uuid in uploads:
                    consume(connection, principal, uuid)
                return [work(connection, masks)]

            (ref,) = once(connection, principal, mutation, key, plain, once_done)
        return answer(ref)

    return attempt(context, whole, lambda found: RoiPayload(errors=found))


def _plain(value: Any) -> Any:
    """An input as JSON values; what was left out stays out."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not strawberry.UNSET}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return getattr(value, "value", value)


def _delete_roi(info: Info, input: DeleteRoiInput) -> DeleteRoiPayload:
    """Trash ROIs."""
    context = info.context

    def work() -> DeleteRoiPayload:
        principal = context.require_principal()
        targets = [str(each) for each in input.targets]
        with context.database.write() as connection:
            found, *rois = once(
                connection, principal, "deleteRoi", input.idempotency_key, {"targets": targets},
                lambda: delete_rois(connection, principal, targets),
            )  # fmt: skip
        context.renew()
        (activity,) = fetch_nodes(info, [found], "activity")
        deleted = [strawberry.ID(str(ref)) for ref in rois]
        return DeleteRoiPayload(activity=activity, deleted=deleted)

    return attempt(context, work, lambda found: DeleteRoiPayload(errors=found))


@strawberry.type
class RoiMutations:
    """Mutations of this file."""

    create_roi: RoiPayload = strawberry.field(
        resolver=_create_roi, description="Make a ROI with its shapes."
    )
    update_roi: RoiPayload = strawberry.field(
        resolver=_update_roi, description="Change a ROI and its shapes."
    )
    delete_roi: DeleteRoiPayload = strawberry.field(
        resolver=_delete_roi, description="Put ROIs into the trash."
    )
