"""The family of errors that Tessera raises on purpose, each with a stable code.

Libraries' exceptions stop where the library is called; what travels upwards is one of these.
The code names a page in `docs/errors/`. Each class also inherits the builtin that fits.
"""

from __future__ import annotations


class TesseraError(Exception):
    """Root of the family: one sentence for the person, and what to do about it in `hint`."""

    code = "tessera"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        path: tuple[str, ...] = (),
        target: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path
        """The field of the request that is meant, outermost first."""
        self.target = target
        """The object that is meant, as printed by `ObjectRef`."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class NotFound(TesseraError, LookupError):
    """The object does not exist, or exists but not for you: the two are never told apart."""

    code = "not_found"


class Denied(TesseraError, PermissionError):
    """You can see it, but may not do this; `reasons` says which right is missing."""

    code = "denied"

    def __init__(
        self,
        message: str,
        *,
        reasons: tuple[str, ...] = (),
        hint: str | None = None,
        path: tuple[str, ...] = (),
        target: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, path=path, target=target)
        self.reasons = reasons


class Unauthenticated(TesseraError, PermissionError):
    """No credential, or one that is wrong, expired or revoked."""

    code = "unauthenticated"


class Invalid(TesseraError, ValueError):
    """The request itself is wrong; `path` names the field."""

    code = "invalid"


class TooLarge(Invalid):
    """The request asks for more than a limit allows; the message carries the limit."""

    code = "too_large"


class Conflict(TesseraError, RuntimeError):
    """The state has changed since, or forbids it."""

    code = "conflict"


class Unreadable(TesseraError, ValueError):
    """The file cannot be used; subclasses say why."""

    code = "unreadable"


class UnknownFormat(Unreadable):
    """No reader knows this file."""

    code = "unknown_format"


class MissingReader(Unreadable):
    """The format is known, but the extra that reads it is not installed."""

    code = "missing_reader"


class BrokenFile(Unreadable):
    """The file is truncated, corrupt or contradicts itself."""

    code = "broken_file"


class Unsupported(Unreadable):
    """The format is read, but not this variety of it."""

    code = "unsupported"


class Busy(TesseraError, TimeoutError):
    """Come back later; `retry_after_s` says when."""

    code = "busy"

    def __init__(self, message: str, *, retry_after_s: int = 1, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s
