from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BrokenFile, Unsupported
from shared.pixels.metadata import Quantity
from shared.pixels.ngff import Axis, Dataset, Multiscale, Omero, OmeroChannel, parse_omero, v04, v05
from shared.pixels.ngff.quantities import flattened, physical_sizes

numbers = st.floats(1e-6, 1e6)
names = st.text("abc", min_size=1, max_size=5)


@st.composite
def blocks(draw: st.DrawFn) -> Multiscale:
    chosen = draw(st.sampled_from(["yx", "cyx", "tzyx", "tczyx"]))
    axes = tuple(Axis(name, draw(st.sampled_from([None, "micrometer"]))) for name in chosen)
    steps = st.tuples(*[numbers] * len(axes))
    datasets = tuple(
        Dataset(str(number), draw(steps), draw(st.one_of(st.none(), steps)))
        for number in range(draw(st.integers(1, 3)))
    )
    return Multiscale(axes, datasets, draw(st.one_of(st.none(), names)))


channels = st.builds(
    OmeroChannel,
    label=st.one_of(st.none(), names),
    color=st.one_of(st.none(), st.integers(0, 0xFFFFFF).map(lambda rgb: rgb << 8 | 0xFF)),
    active=st.one_of(st.none(), st.booleans()),
    inverted=st.one_of(st.none(), st.booleans()),
    family=st.one_of(st.none(), st.sampled_from(["linear", "logarithmic"])),
    coefficient=st.one_of(st.none(), numbers),
    lookup_table=st.one_of(st.none(), names),
)
omeros = st.builds(
    Omero,
    st.lists(channels, max_size=3).map(tuple),
    st.one_of(st.none(), names),
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.sampled_from(["color", "greyscale"])),
)


@given(blocks(), omeros)
def test_what_is_written_is_read_back(multiscale: Multiscale, omero: Omero) -> None:
    for module in (v04, v05):
        assert module.parse(module.attributes(multiscale, omero)) == ((multiscale,), omero)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["channels", "rdefs", "color", "window", "start", "end", "label"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_omero_block_refuses_an_image(stored: Any) -> None:
    assert isinstance(parse_omero(stored), Omero)


@given(st.dictionaries(st.sampled_from(["axes", "datasets", "version", "name"]), json_values))
def test_any_multiscale_is_read_or_refused(stored: dict[str, Any]) -> None:
    for parse, attributes in (
        (v04.parse, {"multiscales": [stored]}),
        (v05.parse, {"ome": {"version": "0.5", "multiscales": [stored]}}),
    ):
        with pytest.raises((BrokenFile, Unsupported)):
            parse(attributes)


@pytest.mark.parametrize("version", ["0.4", "0.6", None, 5])
def test_versions_other_than_05_are_refused_on_zarr_3(version: Any) -> None:
    with pytest.raises(Unsupported, match="version"):
        v05.parse({"ome": {"version": version, "multiscales": []}})


def test_the_blocks_own_scale_is_applied_to_each_level() -> None:
    stored = v04.attributes(
        Multiscale((Axis("y", "nanometer"), Axis("x", "nanometer")), (Dataset("0", (4.0, 3.0)),))
    )
    whole = [{"type": "scale", "scale": [10.0, 10.0]}, {"type": "identity"}]
    stored["multiscales"][0]["coordinateTransformations"] = whole
    ((multiscale,), _) = v04.parse(stored)
    assert physical_sizes(multiscale) == {"y": Quantity(40.0, "nm"), "x": Quantity(30.0, "nm")}


def test_a_scale_without_unit_is_no_size() -> None:
    axes = (Axis("y"), Axis("x", "furlong"))
    assert physical_sizes(Multiscale(axes, (Dataset("0", (4.0, 3.0)),))) == {}


def test_metadata_are_flattened_in_order() -> None:
    stored = {"a": {"b": [1, 2.5, None]}, "c": [{"d": True}, {}], "e": "text"}
    assert flattened(stored) == (
        ("a.b", "1, 2.5, null"),
        ("c[0].d", "true"),
        ("c[1]", "{}"),
        ("e", "text"),
    )
