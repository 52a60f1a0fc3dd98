"""The same mutation with the same key is done once, for 24 hours and per user.

The key is claimed in the transaction that does the work, so a second request that comes meanwhile
waits for the first and then gets its answer; a failed one leaves no claim.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.clock import DAY, now
from shared.database import POSTGRESQL
from shared.errors import Conflict, Invalid
from shared.models.system import Idempotency
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal

KEEP = DAY
MAX_KEY = 200


def once(
    connection: Connection,
    principal: Principal,
    mutation: str,
    key: str | None,
    given: Mapping[str, Any],
    work: Callable[[], list[ObjectRef]],
) -> list[ObjectRef]:
    """What `work` made, or what it made when the same key came before.

    `given` is the input, as JSON values. Raises `Conflict` when the key came with another input.
    """
    if key is None:
        return work()
    if not 0 < len(key) <= MAX_KEY or "\0" in key:
        raise Invalid(
            "The idempotency key cannot be used.",
            hint=f"Give 1 to {MAX_KEY} characters, such as a UUID.",
            path=("idempotencyKey",),
        )
    text = json.dumps(given, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if not _claim(connection, principal, mutation, key, digest):
        return _answered_before(connection, principal, mutation, key, digest)
    made = work()
    connection.execute(
        update(Idempotency)
        .where(*_is(principal, mutation, key))
        .values(payload={"refs": [str(ref) for ref in made]})
    )
    return made


def _claim(
    connection: Connection, principal: Principal, mutation: str, key: str, digest: str
) -> bool:
    moment = now()
    connection.execute(delete(Idempotency).where(Idempotency.created_at < moment - KEEP))
    dialect = postgresql if connection.dialect.name == POSTGRESQL else sqlite
    claimed = connection.execute(
        dialect.insert(Idempotency)
        .values(
            user_id=principal.user_id,
            mutation=mutation,
            key=key,
            input_hash=digest,
            payload={},
            created_at=moment,
        )
        .on_conflict_do_nothing()
    )
    return bool(claimed.rowcount)


def _answered_before(
    connection: Connection, principal: Principal, mutation: str, key: str, digest: str
) -> list[ObjectRef]:
    row = connection.execute(
        select(Idempotency.input_hash, Idempotency.payload).where(*_is(principal, mutation, key))
    ).one()
    if row.input_hash != digest:
        raise Conflict(
            "This idempotency key came with another input before.",
            hint="Use a new key for a new request.",
        )
    return [ObjectRef.parse(text) for text in row.payload["refs"]]


def _is(principal: Principal, mutation: str, key: str) -> tuple[Any, ...]:
    return (
        Idempotency.user_id == principal.user_id,
        Idempotency.mutation == mutation,
        Idempotency.key == key,
    )
