"""What an access token must be good for where no rule of an object is asked.

Most actions have a rule with its scopes (`rules.py`). Taking back, restoring and steering jobs ask
for whose they are instead, and would forget that a token may only read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.auth.rules import Scope
from shared.errors import Denied

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.auth.principal import Principal

WRITING = frozenset({Scope.WRITE})
IMPORTING = frozenset({Scope.WRITE, Scope.IMPORT})


def may_change(principal: Principal, scopes: Iterable[Scope] = WRITING) -> bool:
    """Whether somebody may change anything at all: no guest, and no token without these scopes."""
    return not principal.is_guest and principal.has_scope(scopes)


def must_change(
    principal: Principal,
    what: str,
    *,
    scopes: frozenset[Scope] = WRITING,
    target: str | None = None,
) -> None:
    """Raise `Denied` for a guest and for a token without one of the scopes.

    `what` is the rest of a sentence, such as `undo Activity:7`.
    """
    if may_change(principal, scopes):
        return
    words = " or ".join(sorted(scopes))
    lacking = f"The access token lacks the scope {words}."
    raise Denied(
        f"You may not {what}.",
        reasons=("PRIVILEGE_MISSING",),
        hint="Guests change nothing." if principal.is_guest else lacking,
        target=target,
    )
