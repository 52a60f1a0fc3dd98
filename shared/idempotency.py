"""Answers kept for repeated mutations: the same key and input answer again what was answered.

Recall and remember in the transaction of the effect, so that a repeat never does it twice. Answers
are kept for 24 hours.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from shared.clock import DAY, now
from shared.errors import Busy, Conflict, Invalid
from shared.models.system import Idempotency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A mutation that may be sent again: who sends which one, under which key, with what input."""

    user_id: int
    mutation: str
    key: str
    input_hash: str

    @classmethod
    def of(cls, user_id: int, mutation: str, key: str, given: Mapping[str, Any]) -> Repeatable:
        """Digest the input (JSON values). Raises `Invalid` when the key is empty or too long."""
        if not 1 <= len(key) <= MAX_KEY or any(_is_unstorable(each) for each in key):
            raise Invalid(
                f"An idempotency key has 1 to {MAX_KEY} characters.",
                hint="A random uuid serves well.",
                path=("input", "idempotencyKey"),
            )
        text = json.dumps(given, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        # whatever was sent is digested: what cannot be stored is refused by who reads it
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
        return cls(user_id, mutation, key, digest.hexdigest())


def _is_unstorable(letter: str) -> bool:
    return letter == "\0" or "\ud800" <= letter <= "\udfff"


def recall(connection: Connection, asked: Repeatable) -> dict[str, Any] | None:
    """What was answered to it before, or None. Raises `Conflict` when the input was another."""
    query = select(Idempotency.input_hash, Idempotency.payload).where(
        *_row(asked), Idempotency.created_at > now() - DAY
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.input_hash != asked.input_hash:
        raise Conflict(
            "This idempotency key was used with another input.",
            hint="Use a new key for a new request.",
            path=("input", "idempotencyKey"),
        )
    payload: dict[str, Any] = row.payload
    return payload


def remember(connection: Connection, asked: Repeatable, payload: Mapping[str, Any]) -> None:
    """Keep the answer, in the transaction of the effect.

    Raises `Busy` when the same request is answered at this moment by another process: roll back,
    and a repeat will recall that answer.
    """
    connection.execute(
        delete(Idempotency).where(*_row(asked), Idempotency.created_at <= now() - DAY)
    )
    try:
        connection.execute(
            insert(Idempotency).values(
                user_id=asked.user_id,
                mutation=asked.mutation,
                key=asked.key,
                input_hash=asked.input_hash,
                payload=dict(payload),
                created_at=now(),
            )
        )
    except IntegrityError as error:
        raise Busy(
            "The same request is being answered at this moment.", hint="Send it again."
        ) from error


def _row(asked: Repeatable) -> tuple[ColumnElement[bool], ...]:
    return (
        Idempotency.user_id == asked.user_id,
        Idempotency.mutation == asked.mutation,
        Idempotency.key == asked.key,
    )
