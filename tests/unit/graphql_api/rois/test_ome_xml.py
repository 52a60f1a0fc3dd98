"""OME-XML: what fits comes back as it was, another reader agrees, hostile documents are refused."""

from __future__ import annotations

import base64
import bz2
import zlib

import pytest
from hypothesis import given, settings

from graphql_api.rois.notes import Loss, Notes
from graphql_api.rois.ome_xml_read import read_ome_xml
from graphql_api.rois.ome_xml_write import ImageFacts, foot, head, roi_element
from graphql_api.rois.shape import PlaneSizes, RoiData, ShapeData
from shared.errors import Invalid
from tests.support.profiles import examples
from tests.support.shapes import rois

HELD = ("Rectangle", "Ellipse", "Point", "Line", "Polyline", "Polygon", "Label", "Mask")
IMAGE = ImageFacts(7, 'a "b" <c>', "uint8", "XYZCT", (10, 10, 9, 9, 9))


def document(*given: RoiData, notes: Notes | None = None) -> str:
    told = notes if notes is not None else Notes()
    numbers = range(1, len(given) + 1)
    return "".join(
        [
            *head(IMAGE, numbers, told),
            *(roi_element(number, roi, told) for number, roi in zip(numbers, given, strict=True)),
            foot(told),
        ]
    )


def read(text: str | bytes, sizes: PlaneSizes | None = None) -> tuple[list[RoiData], Notes]:
    notes = Notes()
    content = text.encode() if isinstance(text, str) else text
    return read_ome_xml(content, sizes or PlaneSizes(), notes), notes


def roi_with(inner: str) -> str:
    return f'<OME xmlns="x"><ROI ID="ROI:0"><Union>{inner}</Union></ROI></OME>'


@settings(max_examples=examples(30))
@given(rois(*HELD))
def test_written_and_read_again_it_is_the_same(roi: RoiData) -> None:
    notes = Notes()
    text = document(roi, roi, notes=notes)
    found, told = read(text)
    assert found == [roi, roi]
    assert (notes.count, told.count) == (0, 0)


def test_another_reader_finds_the_same() -> None:
    from ome_types import from_xml

    given = RoiData(
        (
            ShapeData("Rectangle", x=1.0, y=2.0, width=3.5, height=4.0, fill_color=0xFF000080),
            ShapeData("Polygon", points="0,0 1.5,2 3,0", text_value="a\n<b>", the_z=1),
            ShapeData("Mask", x=0.0, y=0.0, width=3.0, height=3.0, mask_bytes=b"\xaa\x80"),
            ShapeData("Label", x=1.0, y=1.0, font_size=12.0, font_size_unit="pt",
                      transform="1 0 0 1 5.5 0"),
        ),
        "nucleus", "of a cell",
    )  # fmt: skip
    ome = from_xml(document(given))
    (image,), (roi,) = ome.images, ome.rois
    assert (image.name, image.pixels.size_x, image.roi_refs[0].id) == (IMAGE.name, 10, roi.id)
    assert (roi.name, roi.description) == ("nucleus", "of a cell")
    by_kind = {type(each).__name__: each for each in roi.union}
    rectangle, polygon, mask, label = (
        by_kind[name] for name in ("Rectangle", "Polygon", "Mask", "Label")
    )
    assert (rectangle.x, rectangle.width) == (1.0, 3.5)
    assert rectangle.fill_color is not None
    assert tuple(rectangle.fill_color.as_rgb_tuple(alpha=True))[:3] == (255, 0, 0)
    assert (polygon.points, polygon.text, polygon.the_z) == ("0,0 1.5,2 3,0", "a\n<b>", 1)
    assert mask.bin_data.value == b"\xaa\x80"
    assert label.transform is not None
    assert (label.transform.a02, label.font_size) == (5.5, 12.0)


def test_paths_and_characters_that_xml_cannot_hold_are_said() -> None:
    path = ShapeData("Path", path_data="M 0 0 L 1 0 L 1 1 Z")
    notes = Notes()
    text = document(RoiData((path,), "bell \x07 -- ]]>"), notes=notes)
    assert [each.loss for each in notes.listed] == [Loss.PATH, Loss.CHARACTERS]
    found, _ = read(text)
    assert found == [RoiData((), "bell \ufffd -- ]]>")]
    assert "Left out" in text


@pytest.mark.parametrize(
    ("name", "pack"), [("zlib", zlib.compress), ("bzip2", bz2.compress), ("none", bytes)]
)
def test_masks_may_be_packed(name: str, pack: object) -> None:
    assert callable(pack)
    bits = base64.b64encode(pack(b"\xff\x80")).decode()
    (roi,), _ = read(
        roi_with(
            f'<Mask X="1" Y="2" Width="3" Height="3">'
            f'<BinData Compression="{name}">\n {bits} \n</BinData></Mask>'
        )
    )
    assert roi.shapes[0].mask_bytes == b"\xff\x80"


def test_a_bomb_is_not_expanded() -> None:
    bits = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
    with pytest.raises(Invalid) as caught:
        read(
            roi_with(
                f'<Mask X="1" Y="2" Width="3" Height="3">'
                f'<BinData Compression="zlib">{bits}</BinData></Mask>'
            )
        )
    assert caught.value.path[-1] == "bytes"


def test_styles_that_ome_does_not_know_are_dropped_and_said() -> None:
    (roi,), notes = read(
        roi_with('<Point X="1" Y="1" FontFamily="Arial" FontStyle="Bold" StrokeColor="-1"/>')
    )
    assert roi.shapes == (
        ShapeData("Point", x=1.0, y=1.0, font_style="Bold", stroke_color=0xFFFFFFFF),
    )
    assert [each.loss for each in notes.listed] == [Loss.STYLE]
    _, old = read(roi_with('<Shape ID="Shape:0"><Rect x="1"/></Shape>'))
    assert [each.loss for each in old.listed] == [Loss.OLD_SHAPE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<OME>",
        "<svg/>",
        '<!DOCTYPE OME [<!ENTITY a "b">]><OME>&a;</OME>',
        '<!DOCTYPE OME SYSTEM "http://localhost/x"><OME/>',
        "<OME>" + "<a>" * 200 + "</a>" * 200 + "</OME>",
        roi_with('<Point X="NaN" Y="1"/>'),
        roi_with('<Point X="1e999" Y="1"/>'),
        roi_with('<Point X="1"/>'),
        roi_with('<Ellipse X="1" Y="1" RadiusX="-1" RadiusY="1"/>'),
        roi_with('<Polygon Points="1,2 3"/>'),
        roi_with('<Point X="1" Y="1" TheZ="7"/>'),
        roi_with('<Point X="1" Y="1" TheZ="x"/>'),
        roi_with('<Point X="1" Y="1" StrokeColor="99999999999"/>'),
        roi_with('<Mask X="0" Y="0" Width="3" Height="3"/>'),
        roi_with('<Mask X="0" Y="0" Width="3" Height="3"><BinData>!!</BinData></Mask>'),
        roi_with('<Mask X="0" Y="0" Width="3" Height="3"><BinData>AAAA</BinData></Mask>'),
        roi_with('<Mask X="0" Y="0" Width="3" Height="3"><BinData Compression="lzma"/></Mask>'),
        roi_with('<Point X="1" Y="1"><Transform A00="1"/></Point>'),
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(text, PlaneSizes(2, 2, 2))
    assert caught.value.path
