from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid, NotFound, TesseraError, TooLarge
from tile_service.query import VIEW_PARAMETERS, image_id, index, parse_query, parse_view, quality
from tile_service.request import TILE_PARAMETERS, parse_tile


@pytest.mark.parametrize("text", ["Image:42", "Image%3A42", "42"])
def test_an_image_is_named_in_three_ways(text: str) -> None:
    assert image_id(text) == 42


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "042x", "image:42", "Project:1", "9223372036854775808", "1e3", "٤٢"]
)
def test_anything_else_is_an_image_that_is_not_there(text: str) -> None:
    with pytest.raises(NotFound):
        image_id(text)


def test_a_query_is_decoded_once_and_counted() -> None:
    assert parse_query(b"c=1%7C0%3A255%24FF0000&m=", TILE_PARAMETERS) == {
        "c": "1|0:255$FF0000", "m": "",
    }  # fmt: skip
    assert parse_query(b"id=1&id=2", {"id"}, repeated="id") == {"id": "1\n2"}
    with pytest.raises(TooLarge):
        parse_query(b"c=" + b"1" * 20_000, TILE_PARAMETERS)
    with pytest.raises(Invalid):
        parse_query(b"c=%FF", TILE_PARAMETERS)


@pytest.mark.parametrize("text", ["1", "0", "0.85", ".5", "1.0", "0.30000000000000004"])
def test_qualities(text: str) -> None:
    assert quality({"q": text}, 0.1) == float(text)


@pytest.mark.parametrize("text", ["", "1.1", "-0", "1e-1", "inf", "0,5", " 1"])
def test_what_is_no_quality(text: str) -> None:
    with pytest.raises(Invalid):
        quality({"q": text}, 0.1)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1e3", "10000000000", "٣", "+1", " 1"])
def test_what_is_no_index(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        index(text, "z")
    assert caught.value.path == ("z",)


@given(query=st.binary(max_size=200), path=st.text(max_size=60))
def test_nothing_that_is_sent_is_more_than_an_error_of_ours(query: bytes, path: str) -> None:
    for attempt in (
        lambda: parse_view(parse_query(query, VIEW_PARAMETERS)),
        lambda: parse_tile(path.split("/"), query),
        lambda: parse_tile(["1", "0", "0", f"{path}.png"], query),
    ):
        with suppress(TesseraError):
            attempt()
