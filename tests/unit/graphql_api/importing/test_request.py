"""Requests and the names of uploaded files, which are data and never lead anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.importing.request import (
    ImportRequest,
    UploadedFile,
    check_axes,
    check_request,
    checked_name,
)
from shared.errors import Invalid
from shared.storage.protocol import parts_of

PART = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
HOSTILE = st.sampled_from(["", ".", "..", "a", "a\0b", "a\\b", "\n", "\x7f", "x" * 256, "é" * 128])


@given(st.lists(st.one_of(PART, HOSTILE), min_size=1, max_size=5))
def test_an_accepted_name_stays_below_its_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    try:
        accepted = checked_name(name)
    except Invalid:
        return
    assert accepted == name
    below = Path("/top") / name
    assert ".." not in below.parts
    assert Path("/top") in below.parents
    assert below.as_posix() == f"/top/{name}"
    assert parts_of(f"files/{name}")


@given(st.text(max_size=60))
def test_any_text_is_accepted_or_invalid(name: str) -> None:
    try:
        checked_name(name)
    except Invalid:
        return
    assert name
    assert not name.startswith("/")
    assert "\0" not in name


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../a", "a/../b", "a//b", "a/", "./a", "a\0", "a\nb", "C:\\a", "x" * 256],
)
def test_names_that_lead_out_are_invalid(name: str) -> None:
    with pytest.raises(Invalid):
        checked_name(name)


@pytest.mark.parametrize("name", ["a.tif", "name.zarr/0/.zattrs", "ÄÖ ß.png", "a..b", "-rf"])
def test_ordinary_names_are_kept(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("axes", ["YX", "TYX", "TCZYX", "YXS", "CYX"])
def test_axes_are_accepted(axes: str) -> None:
    check_axes(axes)


@pytest.mark.parametrize("axes", ["", "Y", "XX", "YXYX", "tyx", "QYX", "TZ", "A" * 5000])
def test_other_axes_are_invalid(axes: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_axes(axes)
    assert caught.value.path == ("axes",)
    assert len(str(caught.value)) < 300


def test_a_request_survives_its_stored_form() -> None:
    request = ImportRequest(
        3, 4, ("/a",), (UploadedFile("u", "n.zarr/.zattrs"),), "Dataset:7", "n", "d",
        "HARD_LINK", "TYX", ("minmax",),
    )  # fmt: skip
    stored = json.loads(json.dumps(request.to_json()))
    assert ImportRequest.from_json({**stored, "demo": "mark"}) == request


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ImportRequest(1, 1), "source"),
        (ImportRequest(1, 1, ("/a",), transfer="SYMLINK"), "transfer"),
        (ImportRequest(1, 1, ("/a",), skip=("all",)), "skip"),
        (ImportRequest(1, 1, ("/a",), axes="Q"), "axes"),
    ],
)
def test_what_cannot_be_meant_is_invalid(request_: ImportRequest, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_request(request_)
    assert caught.value.path == (field,)
