"""Which media type an answer takes, and whether a request's body may be read as JSON.

`application/json` is the default for `*/*` and for no Accept at all; it answers 200 even where the
document is wrong. `application/graphql-response+json` answers 400 then (GraphQL over HTTP, draft).
"""

from __future__ import annotations

from enum import StrEnum


class Media(StrEnum):
    """The two media types of an answer."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"


def negotiated(accept: str | None) -> Media | None:
    """The media type to answer in, or None when the client accepts neither."""
    if accept is None or not accept.strip():
        return Media.JSON
    best: tuple[float, Media] | None = None
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        media = _offered(kind)
        quality = _quality(parameters)
        if media is None or quality <= 0 or not _is_utf8(parameters):
            continue
        if best is None or quality > best[0]:
            best = (quality, media)
    return best[1] if best else None


def is_json_body(content_type: str | None) -> bool:
    """Whether a body of this Content-Type is JSON in UTF-8, which is assumed where unsaid."""
    if content_type is None:
        return False
    kind, *parameters = (piece.strip().lower() for piece in content_type.split(";"))
    return kind == Media.JSON and _is_utf8(parameters)


def _offered(kind: str) -> Media | None:
    if kind == Media.GRAPHQL:
        return Media.GRAPHQL
    return Media.JSON if kind in {Media.JSON, "application/*", "*/*"} else None


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _is_utf8(parameters: list[str]) -> bool:
    for parameter in parameters:
        if parameter.startswith("charset="):
            return parameter[8:].strip('"') in {"utf-8", "utf8"}
    return True
