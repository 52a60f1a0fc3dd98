"""Scalars: how moments, big numbers and colours are written and read."""

from __future__ import annotations

import math

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.schema.scalars import (
    finite,
    print_color,
    print_moment,
    read_big_int,
    read_color,
    read_moment,
)

YEAR_9999 = 253_402_300_799_999_999


@given(st.integers(-62_135_596_800_000_000, YEAR_9999))
def test_moments_survive_being_written(micros: int) -> None:
    text = print_moment(micros)
    assert text.endswith("Z")
    assert read_moment(text) == micros


def test_moments_are_understood_with_any_offset() -> None:
    assert read_moment("1970-01-01T01:00:00+01:00") == 0
    assert print_moment(0) == "1970-01-01T00:00:00Z"
    assert print_moment(1) == "1970-01-01T00:00:00.000001Z"


@pytest.mark.parametrize("value", ["", "yesterday", "2026-01-01T00:00:00", 12, None, True])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        read_moment(value)


@given(st.integers(0, 0xFFFFFFFF))
def test_colors_survive_being_written(color: int) -> None:
    assert read_color(print_color(color)) == color


def test_colors_without_alpha_are_opaque() -> None:
    assert read_color("#ff0000") == 0xFF0000FF
    with pytest.raises(GraphQLError):
        read_color("red")


def test_big_integers_have_64_bits() -> None:
    assert read_big_int("9223372036854775807") == 2**63 - 1
    for value in ("9223372036854775808", "1e3", 1.5, True, "٣", None):
        with pytest.raises(GraphQLError):
            read_big_int(value)


def test_numbers_that_are_not_finite_become_null() -> None:
    assert finite({"a": [math.nan, math.inf, 1.0]}) == {"a": [None, None, 1.0]}
