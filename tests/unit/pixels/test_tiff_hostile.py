"""TIFFs that lie, loop, break off or point elsewhere: each ends in an error of ours."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BrokenFile, TesseraError, Unsupported
from shared.pixels.indexed import IndexedSource
from shared.pixels.metadata import InspectedFileset
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.readers.tiff import TiffReader
from shared.pixels.source import PlaneRegion
from tests.support.profiles import examples

READER = TiffReader()


def inspect(path: Path) -> InspectedFileset:
    return READER.inspect(path.parent, (path.name,), InspectOptions())


def written(path: Path, pages: int = 1, **options: Any) -> Path:
    data = np.arange(pages * 40 * 50, dtype=np.uint16).reshape(pages, 40, 50)
    tifffile.imwrite(
        path, data, photometric="minisblack", metadata=None, **{"rowsperstrip": 8, **options}
    )
    return path


def overwrite(path: Path, code: int, value: Any) -> None:
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages.first.tags[code].overwrite(value)


@pytest.mark.parametrize("keep", [0, 3, 7, 9, 12, 30, 200, 2_000, 4_100])
def test_a_truncated_file_says_so(tmp_path: Path, keep: int) -> None:
    path = written(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BrokenFile, match=r"a\.tif"):
        inspect(path)


def test_a_chain_of_pages_that_runs_in_a_circle_ends(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", pages=3)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        offsets = [page.offset for page in tif.pages]
    (count,) = struct.unpack_from("<H", data, offsets[2])
    struct.pack_into("<I", data, offsets[2] + 2 + count * 12, offsets[1])
    path.write_bytes(data)
    with pytest.raises(BrokenFile, match="circle"):
        inspect(path)


@pytest.mark.parametrize(
    ("code", "value", "reason"),
    [
        (256, 50_000, "shorter than their pixels"),
        (257, 60_000, "strips or tiles"),
        (273, [2**31] * 5, "truncated"),
        (279, [0] * 5, "no pixel data"),
        (279, [1] * 5, "shorter than their pixels"),
    ],
)
def test_tables_that_do_not_fit_the_file_are_refused(
    tmp_path: Path, code: int, value: Any, reason: str
) -> None:
    path = written(tmp_path / "a.tif")
    overwrite(path, code, value)
    with pytest.raises(BrokenFile, match=reason):
        inspect(path)


def test_compressed_strips_beyond_the_end_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", compression="zlib")
    overwrite(path, 279, [65_000] * 5)
    with pytest.raises(BrokenFile, match="truncated"):
        inspect(path)


@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits", "zstd", "jpeg"])
def test_a_size_that_the_stored_bytes_cannot_hold_is_refused(
    tmp_path: Path, compression: Any
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.zeros((64, 64), np.uint8), compression=compression, tile=(64, 64), metadata=None
    )
    for code in (256, 257, 322, 323):
        overwrite(path, code, 30_000)
    with pytest.raises(BrokenFile, match="far more pixels"):
        inspect(path)


def test_a_piece_too_large_to_decode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.zeros((64, 64), np.uint8), compression="zstd", tile=(64, 64), metadata=None
    )
    for code in (256, 257, 322, 323):
        overwrite(path, code, 60_000)
    with pytest.raises(Unsupported, match="compressed in pieces"):
        inspect(path)


def test_samples_that_ome_does_not_know_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 8), np.uint64), metadata=None)
    with pytest.raises(Unsupported, match="uint64"):
        inspect(path)


def test_an_unknown_compression_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif")
    overwrite(path, 259, 31_337)
    with pytest.raises(Unsupported, match="31337"):
        inspect(path)


def test_entities_in_a_description_are_refused_before_the_library_reads_it(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'
    path = written(tmp_path / "a.tif", description=bomb)
    with pytest.raises(BrokenFile, match="entities"):
        inspect(path)


def test_names_in_a_file_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = '<TiffData IFD="0"><UUID FileName="neighbour.tif">urn:uuid:2</UUID></TiffData>'
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1"><Image '
        'ID="Image:0"><Pixels ID="P:0" DimensionOrder="XYZCT" Type="uint16" SizeX="50" SizeY="40" '
        f'SizeZ="1" SizeC="1" SizeT="1">{entry}</Pixels></Image></OME>'
    )
    written(tmp_path / "neighbour.tif")
    path = written(tmp_path / "a.ome.tif", description=xml)
    seen: list[Any] = []
    original = tifffile.TiffFile.__init__

    def watched(self: tifffile.TiffFile, file: Any, **options: Any) -> None:
        seen.append(options["name"])
        original(self, file, **options)

    monkeypatch.setattr(tifffile.TiffFile, "__init__", watched)
    with pytest.raises(Unsupported, match="several files"):
        inspect(path)
    assert seen == ["a.ome.tif"]


def test_links_and_names_outside_are_not_followed(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    written(tmp_path / "a.tif")
    (inside / "link.tif").symlink_to(tmp_path / "a.tif")
    for name in ("link.tif", "../a.tif", str(tmp_path / "a.tif"), "absent.tif"):
        assert not READER.recognises(inside, (name,))
        with pytest.raises(BrokenFile):
            READER.inspect(inside, (name,), InspectOptions())


def test_a_damaged_chunk_is_a_broken_file_by_both_roads(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", compression="zlib")
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages.first.dataoffsets[2]
    data = bytearray(path.read_bytes())
    data[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(data)
    request = OpenRequest(("a.tif",), 0)
    index = READER.index(tmp_path, request)
    assert index is not None
    region = PlaneRegion(0, 0, 0, 0, 0, 20, 10, 2)
    for source in (READER.open(tmp_path, request), IndexedSource(tmp_path, index)):
        with pytest.raises(BrokenFile):
            source.read(region)


def test_what_the_library_warns_of_reaches_the_person(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.tif", description="ImageJ=1.0\nimages=900\nslices=900\n")
    fileset = inspect(path)
    assert any("ImageJ" in warning for warning in fileset.warnings)
    assert fileset.images[0].dimensions.size_z == 1
    assert capfd.readouterr().err == ""


_SEEDS: dict[str, bytes] = {}


def _seed(kind: str, folder: Path) -> bytes:
    if kind not in _SEEDS:
        path = folder / "seed.ome.tif"
        options: dict[str, dict[str, Any]] = {
            "strips": {"compression": "lzw"},
            "tiles": {"tile": (16, 16), "compression": "zlib", "predictor": True},
            "imagej": {"description": "ImageJ=1.53\nimages=3\nslices=3\nunit=um\nspacing=2\n"},
            "big": {"bigtiff": True, "byteorder": ">"},
        }
        _SEEDS[kind] = written(path, pages=3, **options[kind]).read_bytes()
    return _SEEDS[kind]


@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_any_change_of_bytes_gives_an_answer_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    content = bytearray(
        _seed(data.draw(st.sampled_from(["strips", "tiles", "imagej", "big"])), folder)
    )
    with_tags = st.one_of(st.integers(0, 600), st.integers(0, len(content) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(with_tags)] = data.draw(st.integers(0, 255))
    path = folder / "a.tif"
    path.write_bytes(content)
    try:
        for image in inspect(path).images:
            request = OpenRequest(("a.tif",), image.series)
            READER.index(folder, request)
            source = READER.open(folder, request)
            level = image.levels[0]
            source.read(PlaneRegion(0, 0, 0, 0, 0, 0, min(level.width, 64), min(level.height, 64)))
            source.close()
    except TesseraError as error:
        hint = error.hint
    else:
        hint = "it was read"
    assert hint
