"""Grants: signed path segments that stand for a session or token, for one image, plate or file.

They let viewers that know no headers ask for tiles (`/~{grant}/iiif/3/...`). A grant proves who
asked, not that he still may: session and right are checked on every request all the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import clock
from shared.auth.principal import Principal
from shared.auth.sessions import principal_of_session, principal_of_token
from shared.errors import Invalid, Unauthenticated
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.keys import SecretKeys

VERSION = 1
HOUR = 60 * clock.MINUTE
LONGEST = 12 * HOUR
GRANTED = frozenset({"Image", "Plate", "OriginalFile"})
_PURPOSE = f"grant {VERSION}"
_SIGNATURE_BYTES = 32
_MAX_TEXT = 512
_FORM = re.compile(
    r"1\.([A-Za-z0-9_-]{1,32})\.([st])([1-9]\d{0,18})\.([A-Za-z]+:[1-9]\d{0,18})\.(\d{1,20})"
)
_HINT = "Ask for a new address (Image.tiles)."


@dataclass(frozen=True, slots=True)
class Grant:
    """What a grant says; exactly one of `session_id` and `token_id` is set."""

    key_id: str
    session_id: int | None
    token_id: int | None
    ref: ObjectRef
    expires_at: int
    """Microseconds UTC."""


def cut_grant(
    keys: SecretKeys,
    *,
    session_id: int | None = None,
    token_id: int | None = None,
    ref: ObjectRef,
    expires_at: int | None,
) -> str:
    """A grant for an image, plate or file, as URL-safe text without a slash.

    It lasts 11 to 12 hours, to the full hour so that addresses repeat, and never beyond
    `expires_at`, the end of the session or token (None: it has none). Raises `Invalid` for other
    classes and unless just one of session and token is given.
    """
    if ref.class_name not in GRANTED:
        raise Invalid(
            f"No address is signed for {ref}.", hint="Only images, plates and files have them."
        )
    if (session_id is None) == (token_id is None):
        raise Invalid("A grant stands for one session or one access token.")
    end = (clock.now() + LONGEST) // HOUR * HOUR
    if expires_at is not None:
        end = min(end, expires_at)
    bearer = f"s{session_id}" if session_id is not None else f"t{token_id}"
    message = f"{VERSION}.{keys.newest}.{bearer}.{ref}.{end}".encode()
    signed = message + keys.sign(_PURPOSE, message)
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def read_grant(keys: SecretKeys, text: str) -> Grant:
    """What a grant says. Raises `Unauthenticated` when it is malformed, forged or expired."""
    message, signature = _split(text)
    found = _FORM.fullmatch(message.decode("ascii", "replace"))
    if found is None:
        raise Unauthenticated("The signed address is not valid.", hint=_HINT)
    keys.verify(_PURPOSE, message, found[1], signature)
    ref = parse_ref(found[4])
    number, end = int(found[3]), int(found[5])
    if ref is None or ref.class_name not in GRANTED or end <= clock.now():
        raise Unauthenticated("The signed address has expired.", hint=_HINT)
    is_session = found[2] == "s"
    return Grant(found[1], number if is_session else None, None if is_session else number, ref, end)


def principal_of_grant(connection: Connection, grant: Grant) -> Principal:
    """Who stands behind a grant, in one statement; raises `Unauthenticated` when the session or
    token has ended. Idle sessions are found by `sessions.authenticate_id`, which also touches.
    """
    if grant.session_id is not None:
        return principal_of_session(connection, grant.session_id)
    if grant.token_id is None:
        raise Unauthenticated("The signed address is not valid.", hint=_HINT)
    return principal_of_token(connection, grant.token_id)


def _split(text: str) -> tuple[bytes, bytes]:
    if len(text) > _MAX_TEXT:
        raise Unauthenticated("The signed address is not valid.", hint=_HINT)
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        signed = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated("The signed address is not valid.", hint=_HINT) from error
    return signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
