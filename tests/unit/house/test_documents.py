"""Every GraphQL document that the documentation shows is one that the schema answers."""

from __future__ import annotations

import re

import pytest
from graphql import parse, validate

from tests.support.browsing import schema
from tests.support.public_data import PROJECT

BLOCK = re.compile(r"^```graphql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(
    str(page.relative_to(PROJECT))
    for page in (PROJECT / "docs").rglob("*.md")
    if BLOCK.search(page.read_text("utf-8"))
)


@pytest.mark.parametrize("page", PAGES)
def test_its_documents_are_valid(page: str) -> None:
    for text in BLOCK.findall((PROJECT / page).read_text("utf-8")):
        assert validate(schema()._schema, parse(text)) == [], text


def test_there_are_such_pages() -> None:
    assert len(PAGES) >= 3
