"""Passwords, hashed by argon2id in its own encoded form.

A login without an account costs one argon2 too, so that time does not tell who exists; and at most
two are worked out at once per process, for each takes 64 MiB.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Busy, Invalid

MAX_LENGTH = 1024
"""Longest password that can be set, in characters."""
WAIT_S = 5.0
"""How long a login waits for its turn."""
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_AT_ONCE = threading.BoundedSemaphore(2)
_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$"
    "5PsAVHdsAj+CJpD+lDxHwA$9Zwy5iJGa116MnKhndcqfMIwJCXr8AejCpLErG6Eouc"
)
"""A hash that no password opens, of the same cost as a real one."""


def hash_password(password: str) -> str:
    """The encoded hash to store. Raises `Invalid` for an empty or absurdly long password."""
    if not password or len(password) > MAX_LENGTH:
        raise Invalid(f"A password has between 1 and {MAX_LENGTH} characters.", path=("password",))
    with _turn():
        return _HASHER.hash(_bytes(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` opens the account; without a stored hash the answer is no, at equal
    cost. Raises `Busy` when too many logins are being checked.
    """
    with _turn():
        try:
            _HASHER.verify(stored or _NOBODYS, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def _bytes(password: str) -> bytes:
    """Lone surrogates, which JSON can carry, have no UTF-8; they still make a password."""
    return password.encode("utf-8", "surrogatepass")


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=WAIT_S):
        raise Busy("Too many people are logging in.", retry_after_s=5, hint="Try again shortly.")
    try:
        yield
    finally:
        _AT_ONCE.release()
