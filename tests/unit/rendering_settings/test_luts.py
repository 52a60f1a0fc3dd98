"""Lookup tables: our own, files of the three kinds, and what packages offer."""

from __future__ import annotations

import struct
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest

from shared.errors import Invalid, TooLarge
from shared.rendering.lut_files import parse_lut
from shared.rendering.luts import lookup_table, names, read_entry_points

_RAMP = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 9)], axis=1).astype(np.uint8)
_RAW = _RAMP.T.tobytes()


def _nih(count: int, body: bytes) -> bytes:
    header = b"ICOL" + struct.pack(">hhhh", 0, count, 0, 255)
    return header.ljust(32, b"\0") + body


def test_all_tables_have_256_colours_and_cannot_be_written() -> None:
    assert {"grays.lut", "fire.lut", "ice.lut", "spectrum.lut", "hilo.lut"} <= set(names())
    for name in names():
        table = lookup_table(name)
        assert table is not None
        assert table.shape == (256, 3)
        assert table.dtype == np.uint8
        assert not table.flags.writeable


def test_names_are_compared_without_case() -> None:
    assert lookup_table("FIRE.lut") is lookup_table("fire.lut")
    assert lookup_table("nowhere.lut") is None


@pytest.mark.parametrize(
    ("name", "level", "color"),
    [
        ("grays.lut", 77, (77, 77, 77)),
        ("yellow.lut", 200, (200, 200, 0)),
        ("cool.lut", 51, (51, 204, 255)),
        ("hilo.lut", 0, (0, 0, 255)),
        ("hilo.lut", 255, (255, 0, 0)),
        ("hilo.lut", 128, (128, 128, 128)),
        ("spectrum.lut", 0, (255, 0, 0)),
        ("spectrum.lut", 128, (0, 255, 255)),
        ("3-3-2_rgb.lut", 0b11100000, (255, 0, 0)),
        ("16_colors.lut", 255, (255, 255, 255)),
    ],
)
def test_tables_by_hand(name: str, level: int, color: tuple[int, int, int]) -> None:
    table = lookup_table(name)
    assert table is not None
    assert tuple(table[level].tolist()) == color


@pytest.mark.parametrize("content", [_RAW, _RAW.ljust(970, b"\1"), _nih(256, _RAW)])
def test_binary_files(content: bytes) -> None:
    assert np.array_equal(parse_lut(content), _RAMP)


def test_a_short_nih_table_is_interpolated() -> None:
    bands = bytes([0, 100, 200, 40]) + bytes(4) + bytes([8] * 4)
    table = parse_lut(_nih(4, bands).ljust(800, b"\0"))
    # 64 steps to each colour; the last one is held
    assert table[[0, 32, 64, 96, 160, 192, 255], 0].tolist() == [0, 50, 100, 150, 120, 40, 40]
    assert table[7].tolist() == [10, 0, 8]


@pytest.mark.parametrize("separator", [" ", "\t", ", "])
def test_text_files_with_and_without_index_and_heading(separator: str) -> None:
    rows = [separator.join(map(str, row)) for row in _RAMP.tolist()]
    plain = "\n".join(rows)
    indexed = "\r\n".join(["Index Red Green Blue", *(f"{i} {row}" for i, row in enumerate(rows))])
    for text in (plain, indexed):
        assert np.array_equal(parse_lut(text.encode()), _RAMP)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"1 2 3\n" * 20, _nih(0, _RAW), _nih(257, _RAW), _nih(-5, _RAW), _nih(256, _RAW[:750]),
        b"\xff" * 900, b"x" * 900, b"1 2 3\n" * 300, b"1 2 300\n" * 200, b"nan 2 3 4\n" * 100,
        b"1 2 3\n4 5 6 7\n" * 60,
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(content: bytes) -> None:
    if content.startswith(b"nan"):
        # a fourth column in front is an index, whatever it says
        assert parse_lut(content).shape == (256, 3)
        return
    with pytest.raises(Invalid, match="not a lookup table"):
        parse_lut(content)


def test_a_file_above_64_kib_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_lut(b"1 2 3\n" * 11_000)


def offered() -> dict[str, Any]:
    return {"Mine.lut": _RAMP}


def misnamed() -> dict[str, Any]:
    return {"a,b.lut": _RAMP}


def misshapen() -> dict[str, Any]:
    return {"mine.lut": _RAMP[:9]}


def _point(function: str) -> EntryPoint:
    class Here(EntryPoint):
        def load(self) -> object:
            return globals()[function]

    return Here(name="lab", value=f"lab:{function}", group="tessera.luts")


def test_packages_add_tables() -> None:
    tables = read_entry_points((_point("offered"),))
    assert np.array_equal(tables["mine.lut"], _RAMP)


@pytest.mark.parametrize("function", ["misnamed", "misshapen"])
def test_a_package_s_mistake_is_named(function: str) -> None:
    with pytest.raises(Invalid, match=f"lab:{function}"):
        read_entry_points((_point(function),))
