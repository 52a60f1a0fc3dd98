"""A file that cannot be used gives a clear error, and leaves no row and no file behind."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from sqlalchemy import func, select

from shared.database import Database
from shared.models.images import Upload
from shared.models.system import FileIntent
from shared.pixels.source import PlaneRegion
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.intents import sweep
from tests.support.imports import Bench, bench
from tests.support.public_data import require_public
from tests.support.zarr_images import write_ome_zarr

UNREADABLE = {"unreadable", "unknown_format", "broken_file", "unsupported", "missing_reader"}
PUBLIC: dict[str, str] = {
    "broken/no_meta.dcm": "unknown_format",
    "broken/truncated.jpg": "broken_file",
    "broken/unopenable.tiff": "unsupported",
    "broken/unreadable.svs": "broken_file",
    "multifile/multifile-Z1.ome.tiff": "unsupported",
    "multifile/multifile.companion.ome": "unsupported",
    "ngff-0.4/plate_ones.zarr": "unsupported",
    "ngff-invalid/samples/invalid_version.zarr": "unsupported",
    "ngff-old/v1": "unsupported",
    "vendor/RGB-8bit.czi": "unknown_format",
    "vendor/cluster.nd2": "unknown_format",
    "vendor/leica_2channel_xz.lif": "unknown_format",
    "vendor/tinyTest.d3d.dv": "unknown_format",
    "wsi/sm_image.dcm": "unknown_format",
}
BOTH = ("broken/unreadable.svs", "ngff-old/v1")
"""These are tried on PostgreSQL too."""
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def importing(
    database: Database, storage: LocalStorage, settings: Settings, tmp_path: Path
) -> Bench:
    root = (tmp_path / "root").resolve()
    root.mkdir()
    return bench(database, storage, settings, root)


def refused(importing: Bench, activity: int) -> tuple[str, str]:
    """Run an import that must fail; answers the error's code and sentence."""
    before = importing.rows()
    row = importing.run(activity)
    assert row.state == "FAILED", row.result
    assert importing.rows() == before
    sweep(importing.database, importing.storage, grace_s=0)
    assert importing.files() == []
    with importing.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(FileIntent)) == 0
    (error,) = row.errors
    assert error["code"] in UNREADABLE
    return error["code"], error["message"]


def _public(importing: Bench, name: str) -> None:
    root = require_public("README.md").resolve().parent
    settings = importing.settings.model_copy(update={"import_roots": str(root)})
    widened = Bench(
        importing.database, importing.storage, settings, importing.principal, importing.group
    )
    code, message = refused(widened, widened.book(require_public(name).resolve()))
    assert code == PUBLIC[name], message
    assert len(message) > 20


@on_sqlite
@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_an_unreadable_sample_leaves_nothing(importing: Bench, name: str) -> None:
    _public(importing, name)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", BOTH)
def test_nor_does_it_on_postgresql(importing: Bench, name: str) -> None:
    _public(importing, name)


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", zlib.crc32(kind + body)
        )  # fmt: skip

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def grey_tiff(path: Path, **options: Any) -> Path:
    pixels = np.arange(3 * 40 * 50, dtype=np.uint16).reshape(3, 40, 50)
    tifffile.imwrite(path, pixels, **{"photometric": "minisblack", "metadata": None, **options})
    return path


def _png_of_impossible_size(root: Path) -> Path:
    path = root / "huge.png"
    path.write_bytes(png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(1000))))
    return path


def _png_that_explodes(root: Path) -> Path:
    path = root / "bomb.png"
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    path.write_bytes(png(65_000, 65_000, packed))
    return path


def _tiff_of_impossible_size(root: Path) -> Path:
    path = grey_tiff(root / "huge.tif", rowsperstrip=40)
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages.first.tags[256].overwrite(2**31 - 1)
        tif.pages.first.tags[257].overwrite(2**31 - 1)
    return path


def _tiff_in_a_circle(root: Path) -> Path:
    path = grey_tiff(root / "loop.tif")
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        offsets = [page.offset for page in tif.pages]
    (count,) = struct.unpack_from("<H", data, offsets[2])
    struct.pack_into("<I", data, offsets[2] + 2 + count * 12, offsets[0])
    path.write_bytes(data)
    return path


def _truncated_tiff(root: Path) -> Path:
    path = grey_tiff(root / "short.tif")
    path.write_bytes(path.read_bytes()[:4000])
    return path


OME = (
    '<?xml version="1.0"?>{doctype}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0" Name="{name}"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
    'SizeX="50" SizeY="40" SizeZ="{z}" SizeC="1" SizeT="1"><Channel ID="Channel:0:0"/>'
    "{data}</Pixels></Image></OME>"
)


def _ome_tiff(root: Path, name: str, xml: str) -> Path:
    path = root / name
    pixels = np.zeros((3, 40, 50), np.uint16)
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None, description=xml)
    return path


def _entity_bomb(root: Path) -> Path:
    levels = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else '<!ENTITY a0 "ha">' for n in range(12)
    )
    doctype = f"<!DOCTYPE OME [{levels}]>"
    return _ome_tiff(
        root, "bomb.ome.tif", OME.format(doctype=doctype, name="&a11;", z=3, data="<TiffData/>")
    )


def _external_entity(root: Path) -> Path:
    secret = root / "secret.txt"
    secret.write_text("secret")
    doctype = f'<!DOCTYPE OME [<!ENTITY x SYSTEM "file://{secret}">]>'
    return _ome_tiff(
        root, "xxe.ome.tif", OME.format(doctype=doctype, name="&x;", z=3, data="<TiffData/>")
    )


def _names_other_files(root: Path, *names: str) -> Path:
    data = "".join(
        f'<TiffData IFD="0" FirstZ="{z}"><UUID FileName="{name}">'
        f"urn:uuid:00000000-0000-0000-0000-00000000000{z}</UUID></TiffData>"
        for z, name in enumerate(names)
    )
    xml = OME.format(doctype="", name="x", z=len(names), data=data)
    return _ome_tiff(root, "part.ome.tif", xml)


def _names_two_files(root: Path) -> Path:
    other = grey_tiff(root / "other.tif")
    return _names_other_files(root, str(other), "../../../../etc/passwd")


def _more_planes_than_pages(root: Path) -> Path:
    data = '<TiffData IFD="0" PlaneCount="1000000"/>'
    return _ome_tiff(
        root, "planes.ome.tif", OME.format(doctype="", name="x", z=1_000_000, data=data)
    )


def _zarr_that_escapes(root: Path) -> Path:
    folder = root / "escape.zarr"
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    write_ome_zarr(folder, [pixels], "yx", "0.4")
    write_ome_zarr(root / "secret.zarr", [pixels], "yx", "0.4")
    stored = json.loads((folder / ".zattrs").read_text())
    stored["multiscales"][0]["datasets"][0]["path"] = "../secret.zarr/0"
    (folder / ".zattrs").write_text(json.dumps(stored))
    return folder


def _zarr_of_impossible_size(root: Path) -> Path:
    folder = root / "huge.zarr"
    write_ome_zarr(folder, [np.zeros((8, 8), np.uint8)], "yx", "0.4")
    array = json.loads((folder / "0" / ".zarray").read_text())
    array["shape"] = array["chunks"] = [2**40, 2**40]
    (folder / "0" / ".zarray").write_text(json.dumps(array))
    return folder


def _zarr_without_arrays(root: Path) -> Path:
    folder = root / "empty.zarr"
    write_ome_zarr(folder, [np.zeros((8, 8), np.uint8)], "yx", "0.5")
    (folder / "0" / "zarr.json").unlink()
    return folder


def _zarr_of_rubbish(root: Path) -> Path:
    folder = root / "rubbish.zarr"
    write_ome_zarr(folder, [np.ones((8, 8), np.uint8)], "yx", "0.4")
    assert zarr.open_array(folder / "0").shape == (8, 8)
    for chunk in (folder / "0").rglob("*"):
        if chunk.is_file() and not chunk.name.startswith("."):
            chunk.write_bytes(b"no chunk at all")
    return folder


def _complex_tiff(root: Path) -> Path:
    path = root / "complex.tif"
    tifffile.imwrite(path, np.ones((20, 30), np.complex64), metadata=None)
    return path


def _complex_zarr(root: Path) -> Path:
    folder = root / "complex.zarr"
    write_ome_zarr(folder, [np.ones((8, 8), np.complex128)], "yx", "0.4")
    return folder


def _text(root: Path) -> Path:
    path = root / "notes.tif"
    path.write_text("These are my notes.")
    return path


def _nothing(root: Path) -> Path:
    path = root / "empty.tif"
    path.touch()
    return path


HOSTILE: tuple[Callable[[Path], Path], ...] = (
    _png_of_impossible_size,
    _png_that_explodes,
    _tiff_of_impossible_size,
    _tiff_in_a_circle,
    _truncated_tiff,
    _entity_bomb,
    _external_entity,
    _names_two_files,
    _more_planes_than_pages,
    _zarr_that_escapes,
    _zarr_of_impossible_size,
    _zarr_without_arrays,
    _zarr_of_rubbish,
    _complex_tiff,
    _complex_zarr,
    _text,
    _nothing,
)


@on_sqlite
@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__.strip("_"))
def test_a_hostile_file_leaves_nothing(importing: Bench, make: Callable[[Path], Path]) -> None:
    path = make(Path(importing.settings.import_roots))
    refused(importing, importing.book(path))


@on_sqlite
@pytest.mark.parametrize("name", ["other.tif", "../../../../etc/passwd", "/etc/passwd"])
def test_a_file_that_calls_itself_by_another_name_is_read_itself(
    importing: Bench, name: str
) -> None:
    root = Path(importing.settings.import_roots)
    grey_tiff(root / "other.tif")
    row = importing.run(importing.book(_names_other_files(root, name)))
    (image,) = importing.images(row.result)
    assert not importing.source(image).read(PlaneRegion(0, 0, 0, 0, 0, 0, 50, 40)).any()


@on_sqlite
def test_a_strip_that_explodes_is_cut_to_its_pixels(importing: Bench) -> None:
    path = grey_tiff(
        Path(importing.settings.import_roots) / "a.tif", compression="zlib", rowsperstrip=40
    )
    bomb = zlib.compress(bytes(64 * 2**20), 9)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(bomb)
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages.first.tags[273].overwrite([size])
        tif.pages.first.tags[279].overwrite([len(bomb)])
    row = importing.run(importing.book(path))
    if row.state == "FAILED":
        assert row.errors[0]["code"] == "broken_file"
        return
    (image,) = importing.images(row.result)
    assert not importing.source(image).read(PlaneRegion(0, 0, 0, 0, 0, 0, 50, 40)).any()


def test_one_bad_file_among_good_ones_leaves_nothing_of_either(importing: Bench) -> None:
    root = Path(importing.settings.import_roots)
    good, bad = grey_tiff(root / "good.tif"), _truncated_tiff(root)
    refused(importing, importing.book(good, bad))


@on_sqlite
def test_a_bad_upload_is_erased_as_well(importing: Bench) -> None:
    uuid = importing.upload("notes.tif", b"These are my notes.")
    assert importing.files() != []
    refused(importing, importing.book(uploads=(uuid,)))
    with importing.database.read() as connection:
        assert connection.scalar(select(Upload.claimed_by).where(Upload.uuid == uuid)) is not None


@on_sqlite
def test_what_the_reader_says_names_no_path_of_the_server(importing: Bench) -> None:
    root = Path(importing.settings.import_roots)
    for make in (_truncated_tiff, _zarr_that_escapes, _names_two_files):
        _, message = refused(importing, importing.book(make(root)))
        assert str(importing.settings.data_dir) not in message
