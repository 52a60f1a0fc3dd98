"""`/webgateway/…`: the addresses of OMERO.web's gateway, for viewers already written for OMERO.

`/webclient/…` is another name of the same. Reading only: what writes there is refused with the
GraphQL mutation that does it here. Ids are bare numbers, in path and query.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from shared.errors import Invalid, NotFound
from tile_service.routes.problems import problem
from tile_service.routes.webgateway import display_lists, files, pictures, plates, shapes
from tile_service.routes.webgateway.image_data import img_data
from tile_service.routes.webgateway.shape_pictures import (
    render_roi_thumbnail,
    render_shape_mask,
    render_shape_thumbnail,
)
from tile_service.routes.webgateway.split_channel import render_split_channel
from tile_service.routes.webgateway.thumbnails import get_thumbnail, get_thumbnails

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

GatewayRoute = Callable[["Exchange", list[str], "Darkroom", "TileSettings"], Awaitable[None]]

READING: dict[str, GatewayRoute] = {
    "render_image": pictures.render_image,
    "render_image_download": pictures.render_image_download,
    "render_image_rdef": pictures.render_image_rdef,
    "render_image_region": pictures.render_image_region,
    "render_image_region_rdef": pictures.render_image_region_rdef,
    "render_thumbnail": pictures.render_thumbnail,
    "get_thumbnail": get_thumbnail,
    "get_thumbnails": get_thumbnails,
    "render_birds_eye_view": pictures.render_birds_eye_view,
    "render_split_channel": render_split_channel,
    "imgData": img_data,
    "histogram_json": display_lists.histogram_json,
    "luts": display_lists.luts,
    "luts_png": display_lists.luts_png,
    "get_image_rdefs_json": display_lists.get_image_rdefs_json,
    "get_rois_json": shapes.get_rois_json,
    "get_shape_json": shapes.get_shape_json,
    "render_shape_mask": render_shape_mask,
    "render_roi_thumbnail": render_roi_thumbnail,
    "render_shape_thumbnail": render_shape_thumbnail,
    "original_file_paths": files.original_file_paths,
    "archived_files": files.archived_files_download,
    "plate": plates.plate,
    "wellData": plates.well_data,
}
WRITING = {
    "saveImgRDef": "saveRenderingSettings",
    "copyImgRDef": "applyRenderingSettings",
    "resetRDef": "resetRenderingSettings",
    "applyOwnersRDef": "resetRenderingSettings",
}
"""What OMERO.web writes with, and the GraphQL mutation to use instead."""


async def answer_webgateway(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer the address below `/webgateway`; raises the errors of parsing, rights and pixels."""
    name = segments[0] if segments else ""
    if name in WRITING:
        await refuse_writing(exchange, name)
        return
    route = READING.get(name)
    if route is None:
        raise NotFound(
            "There is no such address.", hint=f"Below /webgateway are {', '.join(READING)}."
        )
    await route(exchange, segments[1:], darkroom, settings)


async def refuse_writing(exchange: Exchange, name: str) -> None:
    """405 naming the mutation; nothing here writes, whatever the method."""
    refusal = Invalid(
        f"{name} writes, and addresses here are only read.",
        hint=f"Use the GraphQL mutation {WRITING[name]}.",
    )
    answer = problem(refusal)
    answer.status = 405
    answer.headers = {**answer.headers, "allow": "OPTIONS"}
    await exchange.answer(answer)
