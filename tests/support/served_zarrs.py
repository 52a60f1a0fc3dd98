"""Images for the Zarr routes from any stored form, and a service on a port to ask for them."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import zarr

from shared.models.images import Channel, Fileset, Image, LogicalChannel, Pixels
from shared.pixels.index_file import save_index
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.registry import reader_for
from shared.storage.locator import chunk_index, fileset_folder
from tests.support.http_store import HttpStore, on_port
from tests.support.people import make_part, make_row
from tests.support.zarr_images import files_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.tile_house import TileHouse


def serve_files(
    house: TileHouse, write: Callable[[Path], None], series: int = 0, **values: Any
) -> int:
    """Write files into a fileset's folder, index them as an import does; answers the image's id."""
    fileset_uuid, pixels_uuid = str(uuid.uuid4()), str(uuid.uuid4())
    folder = house.storage.path(fileset_folder(fileset_uuid))
    folder.mkdir(parents=True)
    write(folder)
    names = files_below(folder)
    reader = reader_for(folder, names)
    inspected = reader.inspect(folder, names, InspectOptions())
    found = inspected.images[series]
    index = reader.index(folder, OpenRequest(inspected.used_files, found.series))
    assert index is not None
    path = house.storage.path(chunk_index(pixels_uuid))
    path.parent.mkdir(parents=True, exist_ok=True)
    save_index(index, path)
    sizes = index.dimensions
    own: dict[str, Any] = {"owner": house.ada, "group": house.group}
    levels = [
        [level.level.width, level.level.height, level.level.tile_width, level.level.tile_height]
        for level in index.levels
    ]
    with house.database.write() as connection:
        fileset = make_row(
            connection, Fileset, uuid=fileset_uuid, format=inspected.format,
            reader=inspected.reader, template_prefix="", **own,
        )  # fmt: skip
        image = make_row(connection, Image, fileset_id=fileset, name=found.name or "image", **own)
        pixels = make_row(
            connection, Pixels, image_id=image, uuid=pixels_uuid, size_x=sizes.size_x,
            size_y=sizes.size_y, size_z=sizes.size_z, size_c=sizes.size_c, size_t=sizes.size_t,
            pixels_type=index.pixel_type.value, dimension_order="XYZCT", is_rgb=found.is_rgb,
            level_sizes=json.dumps(levels), **values, **own,
        )  # fmt: skip
        for position in range(sizes.size_c):
            logical = make_row(connection, LogicalChannel, name=f"channel {position}", **own)
            make_part(
                connection, Channel, pixels_id=pixels, position=position,
                logical_channel_id=logical,
            )  # fmt: skip
    return image


@dataclass
class Served:
    """A tile service on a real port, asked by Rosalind."""

    house: TileHouse
    address: str
    client: httpx.Client

    def store(self, path: str) -> HttpStore:
        return HttpStore(f"{self.address}/{path}", self.client)

    def group(self, route: str, image: int) -> zarr.Group:
        """The image opened by zarr-python, every document asked for by itself."""
        return zarr.open_group(
            self.store(f"{route}/Image:{image}.zarr"), mode="r", use_consolidated=False,
            zarr_format=2 if route == "zarr" else 3,
        )  # fmt: skip

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"{self.address}/{path}", headers=headers)


@contextmanager
def serving(house: TileHouse) -> Iterator[Served]:
    """The house's tile service on a port, asked by Rosalind."""
    headers = {"Authorization": f"Bearer {house.log_in(house.rosalind)}"}
    with (
        on_port(house.app) as address,
        httpx.Client(headers=headers, trust_env=False) as client,
    ):
        yield Served(house, address, client)
