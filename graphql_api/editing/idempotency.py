"""The same creating mutation with the same key is done once, for 24 hours and per user.

What was made is recalled and remembered in the transaction that makes it, so a failed request
leaves no trace and can be sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.idempotency import Repeatable, recall, remember
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal


def once(
    connection: Connection,
    principal: Principal,
    mutation: str,
    key: str | None,
    given: Mapping[str, Any],
    work: Callable[[], list[ObjectRef]],
) -> list[ObjectRef]:
    """What `work` made, or what it made when the same key came before.

    `given` is the input, as JSON values. Raises `Conflict` when the key came with another input,
    `Busy` when another request with it is at work.
    """
    if key is None:
        return work()
    asked = Repeatable.of(principal.user_id, mutation, key, given)
    before = recall(connection, asked)
    if before is not None:
        return [ObjectRef.parse(text) for text in before["refs"]]
    made = work()
    remember(connection, asked, {"refs": [str(ref) for ref in made]})
    return made
