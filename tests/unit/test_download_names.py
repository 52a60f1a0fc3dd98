from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.download_names import attachment, safe_name, safe_paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image.tif", "image.tif"), ("..", "_"), ("", "_"), ("a/b\\c", "a_b_c"),
        ("con.txt", "_con.txt"), ("x\r\nSet-Cookie: y", "x__Set-Cookie_ y"),
        (" .hidden. ", "hidden"),
        ("µ.tif", "µ.tif"), ("evil\u202egpj.exe", "evil_gpj.exe"),
    ],
)  # fmt: skip
def test_a_name_is_one_harmless_part(text: str, expected: str) -> None:
    assert safe_name(text) == expected


def test_a_long_name_keeps_its_ending() -> None:
    found = safe_name("ä" * 300 + ".ome.tif")
    assert found.endswith(".tif")
    assert len(found.encode()) <= 180


def test_browsers_are_told_the_name_in_both_forms() -> None:
    found = attachment('Zelle "µ" 1.tif')["content-disposition"]
    assert found == (
        "attachment; filename=\"Zelle __ 1.tif\"; filename*=UTF-8''Zelle%20_%C2%B5_%201.tif"
    )


@given(st.text())
def test_no_name_steers_a_header_or_leaves_a_folder(text: str) -> None:
    name = safe_name(text)
    assert name not in {"", ".", ".."}
    assert "/" not in name
    header = attachment(text)["content-disposition"]
    header.encode("latin-1")
    assert all(" " <= at <= "~" for at in header)
    assert header.count('"') == 2


@given(st.lists(st.text(min_size=1), max_size=8))
def test_no_two_paths_of_an_archive_are_alike(names: list[str]) -> None:
    found = safe_paths(names)
    assert len({name.casefold() for name in found}) == len(names)
    assert not any(part in {"", ".", ".."} for name in found for part in name.split("/"))
