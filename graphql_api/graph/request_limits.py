"""How much one graph operation may ask for, told before any statement runs.

The plan grows with the options (each is a condition for every edge), so their number has an end; a
text that a database cannot hold would otherwise fail in the middle of the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.editing.texts import MAX_NAME, storable
from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OPTIONS = 50
"""Options of one request."""
MAX_WORDS = 200
"""Classes or namespaces of one list: OME has fewer classes."""
MAX_WAY = 20
"""Classes of `startFrom`."""


def require_few(words: Sequence[object], path: tuple[str, ...], limit: int = MAX_WORDS) -> None:
    """Raise `Invalid` for a longer list."""
    if len(words) > limit:
        raise Invalid(
            f"{len(words)} entries of {path[-1]} are too many.",
            hint=f"Give at most {limit}.",
            path=path,
        )


def require_namespaces(spaces: Sequence[str], path: tuple[str, ...]) -> None:
    """Raise `Invalid` for what can be no namespace of a stored annotation."""
    require_few(spaces, path)
    for space in spaces:
        require_affix(space, path)


def require_affix(text: str, path: tuple[str, ...]) -> None:
    """Raise `Invalid` for what can be no part of a stored name."""
    if len(storable(text, path)) > MAX_NAME:
        raise Invalid(
            f"{path[-1]} has {len(text)} characters.", hint=f"Give at most {MAX_NAME}.", path=path
        )
