"""`/rois/{id}.geojson` and `/rois/{id}.ome.xml`: the ROIs of an image or folder, or just one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from graphql_api.exporting.rois import MEDIA_TYPES, RoiExport, RoiFormat
from graphql_api.routes.sent import REVALIDATED, in_threads, principal_for
from shared.download_names import attachment
from shared.errors import NotFound
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from starlette.requests import Request

    from graphql_api.context import Services


def roi_routes() -> list[Route]:
    """Both addresses: by credential, and signed."""
    return [
        Route("/rois/{name}", _send, methods=["GET"]),
        Route("/~{grant}/rois/{name}", _send, methods=["GET"]),
    ]


async def _send(request: Request) -> Response:
    export = await anyio.to_thread.run_sync(_export, request)
    name = f"{str(export.ref).replace(':', '_')}_rois.{export.format}"
    headers = {
        **attachment(name),
        "cache-control": REVALIDATED,
        "accept-ranges": "none",
        "vary": "Authorization, Cookie",
    }
    media_type = MEDIA_TYPES[export.format]
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    return StreamingResponse(in_threads(export.parts()), headers=headers, media_type=media_type)


def _export(request: Request) -> RoiExport:
    """Who asks for which ROIs; raises `NotFound` for what is not there or not his to see."""
    services: Services = request.app.state.services
    name = str(request.path_params["name"])
    found = next((each for each in RoiFormat if name.endswith(f".{each}")), None)
    text = name.removesuffix(f".{found}")
    ref = (parse_ref(text) if found else None) or ObjectRef("Image", 0)
    principal = principal_for(request, ref)
    if found is None:
        raise NotFound(
            "There is no such export.", hint="Write /rois/Image:1.geojson or /rois/Image:1.ome.xml."
        )
    export = RoiExport(services.database, principal, ref, found)
    export.check()
    return export
