"""Tables as people and programs write them, and what is said of those that cannot be meant."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.editing.key_value_table import decode_table, read_table
from shared.errors import Invalid

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_pythons_writer_writes_is_read_back(
    rows: list[list[str]], separator: str, end: str
) -> None:
    out = io.StringIO(newline="")
    # quoted throughout: the writer leaves a lone CR bare, which ends a line
    writer = csv.writer(out, csv.unix_dialect, delimiter=separator, lineterminator=end)
    writer.writerow(["image", "k", "k"])
    named = [(place, [f"i{place}", *row[1:]]) for place, row in enumerate(rows)]
    for _, row in named:
        writer.writerow(row)
    found = read_table(out.getvalue(), separator=separator, namespace="ns")
    assert [row.name for row in found] == [row[0] for _, row in named]
    for read, (_, row) in zip(found, named, strict=True):
        values = tuple(("k", value) for value in row[1:] if value.strip())
        assert read.pairs == ({"ns": values} if values else {})


@pytest.mark.parametrize("mark", list(",;\t|"))
def test_the_separator_is_guessed_outside_of_quotes(mark: str) -> None:
    text = f'"image,;,;,"{mark}"a;b,c"{mark}d\nx{mark}1{mark}2\n'
    (row,) = read_table(text)
    assert (row.name, row.pairs) == ("x", {None: (("a;b,c", "1"), ("d", "2"))})


@pytest.mark.parametrize(
    ("heading", "by_id"), [("id", True), ("Image_ID", True), ("image", False), ("idea", False)]
)
def test_the_first_column_is_an_id_where_it_says_so(heading: str, by_id: bool) -> None:
    (row,) = read_table(f"{heading},k\n7,v\n")
    assert (row.id, row.name) == (("7", None) if by_id else (None, "7"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_what_spreadsheets_save_is_decoded(encoding: str) -> None:
    content = "image,k\nä,µ\n".encode(encoding)
    if encoding == "utf-16-le":
        content = b"\xff\xfe" + content
    (row,) = read_table(decode_table(content))
    assert (row.name, row.pairs) == ("ä", {None: (("k", "µ"),)})


def test_other_encodings_are_refused_rather_than_guessed() -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        decode_table("image,k\nä,v\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ("csv",)),
        ("image,k\n", ("csv",)),
        ("image\ni0.tif\n", ("csv",)),
        ('image,k\n"i0.tif,v\n', ("csv", "2")),
        ('image,k\ni0.tif,"a"b\n', ("csv", "2")),
        ('image,k\n"two\nlines",v\ni0.tif,v,w\n', ("csv", "4")),
        ("image,\ni0.tif,v\n", ("csv", "1", "2")),
        ("image," + "k" * 256 + "\ni0.tif,v\n", ("csv", "1", "2")),
        ("image,k\ni0.tif,v\0\n", ("csv", "2", "0", "value")),
        ("image,k\ni0.tif," + "v" * 140_000 + "\n", ("csv", "2")),
        ("image,k\n" + "x,v\n" * 10_001, ("csv",)),
        ("image" + ",k" * 1_000 + "\nx,v\n", ("csv",)),
    ],
)
def test_tables_that_cannot_be_meant_name_their_line(text: str, path: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as caught:
        read_table(text)
    assert caught.value.path == path


def test_separators_are_one_character() -> None:
    for mark in ("", ",,", '"', "\n"):
        with pytest.raises(Invalid):
            read_table("image,k\nx,v\n", separator=mark)
