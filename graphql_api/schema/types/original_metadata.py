"""Original metadata: everything the reader found, as the files say it, whole or in pages.

It lies beside the fileset in one file that never changes, so a page is cut by position.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graphql_api.compiler.declare import (
    Batched,
    Derived,
    argument,
    column,
    made,
    planned,
    with_arguments,
)
from graphql_api.compiler.errors import CursorMismatch
from graphql_api.compiler.paging import page_size
from graphql_api.schema.types.connections import PageInfo
from shared.models.base import sort_key
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

LazyOriginalMetadata = Annotated[
    "OriginalMetadataConnection", strawberry.lazy("graphql_api.schema.types.original_metadata")
]
_FILE = "fileset.metadata_file"


@strawberry.enum(description="Of what original metadata tells.")
class MetadataSection(Enum):
    """Of what original metadata tells."""

    GLOBAL = strawberry.enum_value("global", description="Of all images of the fileset.")
    SERIES = strawberry.enum_value("series", description="Of this image alone.")


def _read(run: Run, rows: Sequence[Values]) -> dict[str, Any]:
    """Each file of metadata is read once, however many images it serves."""
    read: dict[str, Any] = {}
    for name in {row[_FILE] for row in rows} - {None}:
        storage = run.context.storage
        if storage.exists(name):
            read[name] = json.loads(storage.path(name).read_bytes())
    return read


def _whole(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    read = _read(run, rows)
    return [read.get(row[_FILE]) for row in rows]


def _pages(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    size = page_size(arguments.get("first"), None)
    start = _position(arguments.get("after"))
    read = _read(run, rows)
    return [
        _page(_chosen(read.get(row[_FILE]) or {}, row["series"], arguments), start, size)
        for row in rows
    ]


def _chosen(
    content: Mapping[str, Any], series: int, arguments: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Pairs of the wanted section whose key or value holds the wanted text."""
    section, word = arguments.get("section"), arguments.get("contains")
    wanted = None if word is None else sort_key(word)
    told = {
        MetadataSection.GLOBAL: content.get("global") or [],
        MetadataSection.SERIES: (content.get("series") or {}).get(str(series)) or [],
    }
    return [
        {"section": kind, "key": str(key), "value": str(value)}
        for kind, pairs in told.items()
        if section is None or section is kind
        for key, value in pairs
        if wanted is None or wanted in sort_key(str(key)) or wanted in sort_key(str(value))
    ]


def _page(pairs: Sequence[dict[str, Any]], start: int, size: int) -> dict[str, Any]:
    shown = pairs[start : start + size]
    return {
        "pairs": shown,
        "total": len(pairs),
        "page_info": PageInfo(
            has_next_page=start + size < len(pairs),
            has_previous_page=start > 0,
            start_cursor=_cursor(start + 1) if shown else None,
            end_cursor=_cursor(start + len(shown)) if shown else None,
        ),
    }


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"pair {position}".encode()).rstrip(b"=").decode()


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        word, number = base64.b64decode(padded, altchars=b"-_", validate=True).split(b" ")
        if word == b"pair" and number.isdigit() and len(number) < 10:  # any sane length
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise CursorMismatch(
        "The cursor does not belong to this list.", hint="Start anew, without `after`."
    )


def _addresses(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    found = []
    for row in rows:
        ref = ObjectRef("Image", row["id"])
        base = f"{run.context.settings.tile_url}/~{run.context.grant_for(ref)}"
        found.append(None if row[_FILE] is None else f"{base}/download/{ref}/metadata.txt")
    return found


def _nodes(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [row["pairs"] for row in rows]


@made
@strawberry.type(description="A key and value, as the file says it.")
class OriginalMetadataPair:
    """A key and value, as the file says it."""

    section: MetadataSection = column("section", "Whether it is told of all images or of this.")
    key: str = column("key", "The key, in the words of the file.")
    value: str = column("value", "The value, as text.")


@made
@strawberry.type(description="One page of original metadata.")
class OriginalMetadataConnection:
    """One page of original metadata."""

    nodes: list[OriginalMetadataPair] = planned(
        Derived(("pairs",), _nodes, many=True), "The pairs, those of all images first."
    )
    page_info: PageInfo = column("page_info", "Where this page stands in the list.")
    total_count: int = column("total", "How many pairs match in all.")


def whole_field() -> Any:
    """`originalMetadata` of an image."""
    return planned(
        Batched((_FILE,), _whole),
        "Everything that the reader found in the files, as they say it, at once; a fileset of "
        "many images has much of it: `originalMetadataPairs` comes in pages.",
    )


def pairs_field() -> Any:
    """`originalMetadataPairs(section, contains, first, after)` of an image."""
    return with_arguments(
        planned(
            Derived(("series", _FILE), _pages),
            "The same as keys and values, in pages: what is told of all images, then of this one.",
        ),
        argument("section", MetadataSection | None, "Only what is told of this."),
        argument(
            "contains", str | None, "Only pairs with this in key or value, without regard to case."
        ),
        argument("first", int | None, "How many; 50 unless said, at most 1,000."),
        argument("after", str | None, "Only what comes after this cursor."),
    )


def address_field() -> Any:
    """`originalMetadataUrl` of an image."""
    return planned(
        Batched(("id", _FILE), _addresses), "Signed address of all of it, as text to download."
    )
