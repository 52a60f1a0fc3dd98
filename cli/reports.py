"""The detailed report of a graph operation: sections of classes with compressed ids."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from cli.classes import full_name
from cli.objects import compressed_ranges, ranges_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.client import Client

PAGE = 1_000
PAGES = """query Pages($id: ID!, $after: String) { node(id: $id) { ... on Activity { report {
  %s } } } }"""
UNLINKED = PAGES % "unlinked(first: 1000, after: $after) { cursor link }"
COPIES = PAGES % "copies(first: 1000, after: $after) { cursor copy }"
Ids = dict[str, list[tuple[int, int]]]


def sections(
    client: Client, activity: dict[str, Any], *, dry_run: bool
) -> list[tuple[str, list[str]]]:
    """Titles with their lines; sections without any are left out."""
    report, kind = activity["report"], activity["kind"]
    if kind == "duplicate":
        ids = _counted(report["included"])
        if not dry_run:
            ids = _listed(client, activity["id"], COPIES, "copies", "copy")
        return _filled([("Duplicates", ids)])
    deleted = _counted(report["deleted"])
    if any(each["count"] for each in report["unlinkedCount"]):
        for name, ranges in _listed(client, activity["id"], UNLINKED, "unlinked", "link").items():
            deleted.setdefault(name, []).extend(ranges)
    return _filled(
        [("Included objects", _counted(report["included"])), ("Deleted objects", deleted)]
    )


def _counted(counts: list[dict[str, Any]]) -> Ids:
    return {each["type"]: ranges_of(each["idRanges"]) for each in counts}


def _listed(client: Client, activity: str, document: str, field: str, name: str) -> Ids:
    found: Ids = defaultdict(list)
    for row in _rows(client, activity, document, field):
        class_name, _, number = str(row[name]).partition(":")
        if number:
            found[class_name].append((int(number), int(number)))
    return found


def _rows(client: Client, activity: str, document: str, field: str) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        node = client.query(document, {"id": activity, "after": after})["node"]
        rows = node["report"][field]
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1]["cursor"]


def _filled(found: list[tuple[str, Ids]]) -> list[tuple[str, list[str]]]:
    return [
        (title, [
            f"  {name}:{compressed_ranges(ids[name])}"
            for name in sorted(ids, key=full_name)
            if ids[name]
        ])
        for title, ids in found
        if any(ids.values())
    ]  # fmt: skip
