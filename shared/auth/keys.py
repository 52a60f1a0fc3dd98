"""Secret keys for signatures, each with an id, newest first: the first signs, all verify.

They come from `TESSERA_SECRET_KEY` or the file `secret.key` in the data folder, never from code.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import Invalid, Unauthenticated

if TYPE_CHECKING:
    from shared.settings import AuthSettings

FILE_NAME = "secret.key"
_FORM = re.compile(r"([A-Za-z0-9_-]{1,32}):(\S{32,})")
_HINT = "Set TESSERA_SECRET_KEY to 'id:secret' with a secret of at least 32 characters."


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """Keys by id, newest first."""

    keys: dict[str, bytes] = field(repr=False)

    @classmethod
    def load(cls, settings: AuthSettings) -> SecretKeys:
        """Keys of the settings, else of the file; raises `Invalid` when there are none, or when
        one is malformed or too short.
        """
        if settings.secret_key.strip():
            return cls.parse(settings.secret_key)
        try:
            return cls.parse((settings.data_dir / FILE_NAME).read_text("ascii"))
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid("There is no usable secret key.", hint=_HINT) from error

    @classmethod
    def parse(cls, text: str) -> SecretKeys:
        """Read `id:secret,id:secret`."""
        keys: dict[str, bytes] = {}
        for part in text.strip().split(","):
            found = _FORM.fullmatch(part.strip())
            if found is None or found[1] in keys:
                raise Invalid("A secret key is malformed, too short or named twice.", hint=_HINT)
            keys[found[1]] = found[2].encode()
        return cls(keys)

    @property
    def newest(self) -> str:
        """Id of the key that signs."""
        return next(iter(self.keys))

    def sign(self, purpose: str, message: bytes, key_id: str | None = None) -> bytes:
        """HMAC-SHA256 of `message`, 32 bytes; signatures of one purpose are no good for another.

        Raises `Unauthenticated` for a key that is not known (any more).
        """
        secret = self.keys.get(key_id or self.newest)
        if secret is None:
            raise Unauthenticated("The signature is not valid.", hint="Ask for a new address.")
        derived = hmac.digest(secret, f"tessera {purpose}".encode(), hashlib.sha256)
        return hmac.digest(derived, message, hashlib.sha256)

    def verify(self, purpose: str, message: bytes, key_id: str, signature: bytes) -> None:
        """Raise `Unauthenticated` unless `signature` is that of this key for this purpose."""
        if not hmac.compare_digest(self.sign(purpose, message, key_id), signature):
            raise Unauthenticated("The signature is not valid.", hint="Ask for a new address.")


def make_secret_file(data_dir: Path) -> Path:
    """Write a new key (mode 0600) unless there is one; two processes at once agree on one."""
    data_dir.mkdir(parents=True, exist_ok=True)
    target = data_dir / FILE_NAME
    if target.exists():
        return target
    draft = data_dir / f".{FILE_NAME}.{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"k{secrets.token_hex(4)}:{secrets.token_urlsafe(48)}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, target)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return target
