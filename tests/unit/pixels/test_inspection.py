"""Inspection in a limited child: answers, errors, limits, and a child that means harm."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from shared.errors import (
    BrokenFile,
    Busy,
    Denied,
    Invalid,
    TesseraError,
    UnknownFormat,
    Unsupported,
)
from shared.pixels.answer_types import has_declared_types
from shared.pixels.answers import pack_error, pack_result, unpack
from shared.pixels.chunk_index import ImageIndex
from shared.pixels.indexed import IndexedSource
from shared.pixels.inspection import InspectionLimits, inspect_here, inspect_limited, run_limited
from shared.pixels.metadata import InspectedFileset
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.source import PlaneRegion

DATA = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "a.tif", DATA, photometric="minisblack", metadata=None)
    return tmp_path


def test_the_child_s_answer_is_what_the_reader_says_here(folder: Path) -> None:
    started = time.monotonic()
    found = inspect_limited(folder, ("a.tif",))
    took = time.monotonic() - started
    assert found == inspect_here(str(folder), ("a.tif",), InspectOptions())
    assert found.images[0].dimensions.size_z == 3
    assert took < 10, "two busy cores, but still seconds"


def test_an_index_crosses_the_border_with_its_tables(folder: Path) -> None:
    index = run_limited(
        "shared.pixels.inspection:index_here", ("tiff", str(folder), OpenRequest(("a.tif",), 0))
    )
    assert isinstance(index, ImageIndex)
    source = IndexedSource(folder, index)
    np.testing.assert_array_equal(source.read(PlaneRegion(0, 2, 0, 0, 0, 0, 5, 4)), DATA[2])


def test_errors_arrive_with_class_message_and_hint(folder: Path) -> None:
    with pytest.raises(Invalid, match="do not fit") as caught:
        inspect_limited(folder, ("a.tif",), InspectOptions(axes="TZYX"))
    assert caught.value.path == ("axes",)
    assert caught.value.hint
    (folder / "b.txt").write_text("nothing to see")
    with pytest.raises(UnknownFormat, match=r"b\.txt") as unknown:
        inspect_limited(folder, ("b.txt",))
    assert ".tif" in (unknown.value.hint or "")


@pytest.mark.parametrize(
    "error",
    [
        Unsupported("no", hint="yes", path=("a", "b"), target="Image:1"),
        Denied("no", reasons=("canEdit",)),
        Busy("later", retry_after_s=7),
    ],
)
def test_every_error_keeps_what_it_carries(error: TesseraError) -> None:
    with pytest.raises(type(error)) as caught:
        unpack(pack_error(error))
    assert vars(caught.value) == vars(error)


def test_too_much_memory_names_the_limit() -> None:
    with pytest.raises(BrokenFile, match=r"memory than the limit of 0\.5 GiB"):
        run_limited("builtins:bytearray", (2**31,), InspectionLimits(memory_bytes=2**29))


def test_too_much_time_names_the_limit() -> None:
    started = time.monotonic()
    with pytest.raises(BrokenFile, match=r"limit of 0\.5 seconds"):
        run_limited("time:sleep", (60,), InspectionLimits(wall_seconds=0.5))
    assert time.monotonic() - started < 10


def test_too_much_processor_time_names_the_limit() -> None:
    with pytest.raises(BrokenFile, match="processor time than the limit of 1 seconds"):
        run_limited("builtins:sum", (range(10**12),), InspectionLimits(cpu_seconds=1))


def test_too_long_an_answer_names_the_limit() -> None:
    with pytest.raises(BrokenFile, match="larger than 1,000 bytes"):
        run_limited("builtins:bytes", (2_000,), InspectionLimits(answer_bytes=1_000))


def test_a_crash_is_a_broken_file() -> None:
    with pytest.raises(BrokenFile, match=r"crash.*SIGABRT"):
        run_limited("os:abort", ())


def test_an_exception_that_nobody_foresaw_is_a_broken_file() -> None:
    with pytest.raises(BrokenFile, match="ZeroDivisionError"):
        run_limited("operator:truediv", (1, 0))


def test_the_child_has_none_of_our_secrets_and_writes_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TESSERA_SECRET_KEY", "do-not-tell")
    assert run_limited("os:getenv", ("TESSERA_SECRET_KEY",)) is None
    target = tmp_path / "written"
    with pytest.raises(BrokenFile):
        run_limited("subprocess:check_call", (["dd", "if=/dev/zero", f"of={target}", "count=1"],))
    assert not target.exists() or target.stat().st_size == 0


class _Exploit:
    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (self.marker,)


def test_a_hostile_answer_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "owned"
    for hostile in (
        pickle.dumps(("result", _Exploit(str(marker)))),
        pickle.dumps(("error", ("SystemExit", "x", {}))),
        pickle.dumps(("result", Path("x"))),
        pickle.dumps(("result", np.zeros(3))),
        b"\x80\x05garbage",
        b"",
    ):
        with pytest.raises(BrokenFile, match="nonsense"):
            unpack(hostile)
    assert not marker.exists()


def test_arrays_cross_as_numbers_only() -> None:
    value = {"a": np.arange(6, dtype=">u2").reshape(2, 3), "b": np.float32(1.5)}
    found = unpack(pack_result(value))
    np.testing.assert_array_equal(found["a"], value["a"])
    assert found["b"] == 1.5
    with pytest.raises(BrokenFile):
        unpack(pack_result(np.array([object()], dtype=object)))


def test_an_answer_about_other_files_is_refused(folder: Path, monkeypatch: Any) -> None:
    found = inspect_here(str(folder), ("a.tif",), InspectOptions())
    monkeypatch.setattr("shared.pixels.inspection.run_limited", lambda *_: found)
    with pytest.raises(BrokenFile, match="nonsense"):
        inspect_limited(folder, ("other.tif",))


def test_an_answer_of_wrong_types_is_refused(folder: Path, monkeypatch: Any) -> None:
    found = inspect_here(str(folder), ("a.tif",), InspectOptions())
    image = found.images[0]
    for wrong in (
        replace(found, format=3),  # type: ignore[arg-type]
        replace(found, images=[image]),  # type: ignore[arg-type]
        replace(found, images=(replace(image, name=None),)),  # type: ignore[arg-type]
        replace(found, images=(replace(image, channels=(image,)),)),  # type: ignore[arg-type]
        replace(found, original_metadata=(("a", "b", "c"),)),  # type: ignore[arg-type]
        image,
        None,
    ):
        assert not has_declared_types(wrong, InspectedFileset)
        monkeypatch.setattr("shared.pixels.inspection.run_limited", lambda *_, w=wrong: w)
        with pytest.raises(BrokenFile, match="nonsense"):
            inspect_limited(folder, ("a.tif",))
    assert has_declared_types(found, InspectedFileset)


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, time; started = time.perf_counter()\n"
        "import shared.pixels, shared.pixels.registry, shared.pixels.inspection\n"
        "shared.pixels.registry.readers()\n"
        "print(time.perf_counter() - started)\n"
        "print([m for m in ('numpy', 'tifffile', 'imagecodecs', 'zarr', 'PIL', 'sqlalchemy')"
        " if m in sys.modules])"
    )
    best = 9.0
    for _ in range(3):
        out = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[3],
        ).stdout.splitlines()  # fmt: skip
        best = min(best, float(out[0]))
        assert out[1] == "[]"
    assert best < 0.3
