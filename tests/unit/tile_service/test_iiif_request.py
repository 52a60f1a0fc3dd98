from __future__ import annotations

import pytest

from shared.errors import Invalid, NotFound
from tile_service.chunks.levels import Rectangle
from tile_service.encode import TileFormat
from tile_service.iiif_request import (
    Limits,
    largest_size,
    parse_region_request,
    pixel_region,
    pixel_size,
)
from tile_service.request import Tone

LIMITS = Limits(max_area=1_000_000)
REGION = Rectangle(10, 20, 600, 400)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("full", Rectangle(0, 0, 1000, 500)),
        ("square", Rectangle(250, 0, 500, 500)),
        ("10,20,30,40", Rectangle(10, 20, 30, 40)),
        ("990,490,100,100", Rectangle(990, 490, 10, 10)),
        ("pct:50,50,50,50", Rectangle(500, 250, 500, 250)),
        ("pct:0,0,0.001,0.001", Rectangle(0, 0, 1, 1)),
        ("pct:41.6,7.5,40,70", Rectangle(416, 38, 400, 350)),
    ],
)
def test_regions_are_cut_out_of_the_image_and_cropped_at_its_edge(
    text: str, expected: Rectangle
) -> None:
    assert pixel_region(text, 1000, 500) == expected


@pytest.mark.parametrize("text", ["1000,0,1,1", "0,500,1,1", "0,0,0,1", "0,0,1,0", "pct:0,0,0,5"])
def test_regions_without_a_pixel_of_the_image_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        pixel_region(text, 1000, 500)
    assert caught.value.path == ("region",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max", (600, 400)),
        ("300,", (300, 200)),
        (",100", (150, 100)),
        ("100,100", (100, 100)),
        ("pct:50", (300, 200)),
        ("!300,300", (300, 200)),
        ("!900,400", (600, 400)),
        ("50,", (50, 33)),
        ("45,", (45, 30)),
        ("pct:0.25", (2, 1)),
        ("^900,", (900, 600)),
        ("^!900,900", (900, 600)),
        ("^pct:150", (900, 600)),
        ("^max", (1224, 816)),
        ("1,", (1, 1)),
    ],
)
def test_sizes_follow_the_region(text: str, expected: tuple[int, int]) -> None:
    assert pixel_size(text, REGION, LIMITS) == expected


@pytest.mark.parametrize(
    "text", ["601,", ",401", "600,401", "pct:101", "0,", "0,0", "pct:0", "!0,5", "!900,900"]
)
def test_sizes_of_nothing_or_larger_than_the_region_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        pixel_size(text, REGION, LIMITS)
    assert caught.value.path == ("size",)


def test_the_largest_size_keeps_the_proportions_within_the_limit() -> None:
    width, height = largest_size(20_000, 10_000, LIMITS)
    assert width * height <= 1_000_000
    assert (width, height) == (1414, 707)


def test_an_image_request_is_read_whole() -> None:
    request = parse_region_request(
        ["Image%3A42", "full", "max", "!90", "gray.jpeg"], b"z=2&c=1%7C0:9"
    )
    assert (request.image_id, request.rotation, request.mirror) == (42, 90, True)
    assert (request.tone, request.format) == (Tone.GRAY, TileFormat.JPEG)
    assert request.view.z == 2


@pytest.mark.parametrize(
    ("segments", "part"),
    [
        (["1", "-1,0,5,5", "max", "0", "default.jpg"], "region"),
        (["1", "0,0,5", "max", "0", "default.jpg"], "region"),
        (["1", "pct:a,0,5,5", "max", "0", "default.jpg"], "region"),
        (["1", "full", "full", "0", "default.jpg"], "size"),
        (["1", "full", ",", "0", "default.jpg"], "size"),
        (["1", "full", "1e3,", "0", "default.jpg"], "size"),
        (["1", "full", "99999999999,", "0", "default.jpg"], "size"),
        (["1", "full", "max", "45", "default.jpg"], "rotation"),
        (["1", "full", "max", "nan", "default.jpg"], "rotation"),
        (["1", "full", "max", "0", "native.jpg"], "quality"),
        (["1", "full", "max", "0", "default.gif"], "format"),
        (["1", "full", "max", "0", "default"], "quality"),
    ],
)
def test_a_malformed_part_is_named(segments: list[str], part: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_region_request(segments, b"")
    assert caught.value.path == (part,)


def test_a_malformed_image_id_is_an_image_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        parse_region_request(["a%2Fb", "full", "max", "0", "default.jpg"], b"")
