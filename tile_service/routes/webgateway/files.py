"""`/webgateway` on files: where originals lie and came from, and the files themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from shared.auth.select import visible
from shared.models.images import Fileset, FilesetEntry, Image, OriginalFile
from tile_service.query import no_image
from tile_service.routes.download import answer_download
from tile_service.routes.webgateway.image_rows import seen_image
from tile_service.routes.webgateway.json_answers import answer_gateway_json
from tile_service.routes.webgateway.parameters import bare_id, gateway_query
from tile_service.routes.webgateway.pictures import numbered

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings


async def original_file_paths(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`original_file_paths/{iid}`: `repo` paths as stored, `client` paths as imported."""
    numbered(segments, 1, 1, "original_file_paths/{id}")
    number = bare_id(segments[0])
    paths = await darkroom.ask(exchange.credential(), _paths_of(number))
    await answer_gateway_json(exchange, paths, gateway_query(exchange.query))


async def archived_files_download(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`archived_files/download/{iid}`: the original files, as at `/download/{iid}/original`."""
    numbered(segments, 2, 2, "archived_files/download/{id}")
    if segments[0] != "download":
        raise no_image()
    number = bare_id(segments[1])
    exchange.query = b""  # what OMERO's clients write there means nothing to a file
    await answer_download(exchange, [str(number), "original"], darkroom, settings)


def _paths_of(image_id: int) -> Callable[..., dict[str, list[str]]]:
    """The question for both lists; `NotFound` when the image is not visible."""

    def question(
        connection: Connection, principal: Principal, grant: Grant | None
    ) -> dict[str, list[str]]:
        where = seen_image(principal, grant, image_id)
        image = connection.execute(select(Image.fileset_id).where(where)).one_or_none()
        if image is None:
            raise no_image()
        rows = connection.execute(
            select(FilesetEntry.client_path, OriginalFile.path, OriginalFile.name)
            .join(OriginalFile, OriginalFile.id == FilesetEntry.original_file_id)
            .join(Fileset, Fileset.id == FilesetEntry.fileset_id)
            .where(
                FilesetEntry.fileset_id == image.fileset_id,
                visible(principal, Fileset),
                visible(principal, OriginalFile),
            )
            .order_by(FilesetEntry.position)
        ).all()
        return {
            "repo": [f"{row.path.rstrip('/')}/{row.name}".lstrip("/") for row in rows],
            "client": [row.client_path for row in rows],
        }

    return question
