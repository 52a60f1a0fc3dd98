"""What a mutation says when it did nothing: `errors` in its payload, one per object or field.

Outcomes that a person can act on stand here; whatever is not a `TesseraError` travels on and is
masked. Nothing has changed when `errors` is not empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import strawberry
from sqlalchemy.exc import IntegrityError

from graphql_api.schema.errors import coded
from shared import errors
from shared.database import is_missing_reference
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql_api.context import RequestContext


@strawberry.interface(description="Why a mutation did nothing.")
class MutationError:
    """One refusal."""

    code: str = strawberry.field(description="A stable word, such as NOT_FOUND.")
    message: str = strawberry.field(description="A sentence for the person, with what to do.")
    path: list[str] = strawberry.field(description="The field of the input that is meant.")
    target: strawberry.ID | None = strawberry.field(description="The object that is meant.")


@strawberry.type(description="No such object, or not for you: the two are never told apart.")
class NotFound(MutationError):
    """See `shared.errors.NotFound`."""


@strawberry.type(description="You can see it, but may not do this.")
class Denied(MutationError):
    """See `shared.errors.Denied`."""

    reasons: list[str] = strawberry.field(
        description="Codes of the rights that are missing, as in DenialReason."
    )


@strawberry.type(description="The state has changed since, or forbids it.")
class Conflict(MutationError):
    """See `shared.errors.Conflict`."""


@strawberry.type(description="The request itself is wrong; `path` names the field.")
class Invalid(MutationError):
    """See `shared.errors.Invalid`."""


@strawberry.type(description="The file cannot be used.")
class Unreadable(MutationError):
    """See `shared.errors.Unreadable`."""


@strawberry.type(description="Too much at once; come back later.")
class Busy(MutationError):
    """See `shared.errors.Busy`."""

    retry_after_seconds: int = strawberry.field(description="When to come back.")


@strawberry.type(description="User name or password is wrong, or the account is not active.")
class Unauthenticated(MutationError):
    """See `shared.errors.Unauthenticated`."""


ERROR_TYPES = (NotFound, Denied, Conflict, Invalid, Unreadable, Busy, Unauthenticated)
_PLAIN: dict[type[errors.TesseraError], type[MutationError]] = {
    errors.NotFound: NotFound,
    errors.Conflict: Conflict,
    errors.Unreadable: Unreadable,
    errors.Unauthenticated: Unauthenticated,
    errors.Invalid: Invalid,
}
T = TypeVar("T")
_log = logger(__name__)


def mutation_error(error: errors.TesseraError) -> MutationError:
    """The GraphQL form of an error of the family."""
    common: dict[str, Any] = {
        "code": coded(error),
        "message": str(error),
        "path": list(error.path),
        "target": strawberry.ID(error.target) if error.target else None,
    }
    if isinstance(error, errors.Denied):
        return Denied(reasons=[str(reason) for reason in error.reasons], **common)
    if isinstance(error, errors.Busy):
        return Busy(retry_after_seconds=error.retry_after_s, **common)
    for kind, printed in _PLAIN.items():
        if isinstance(error, kind):
            return printed(**common)
    raise error


def attempt(
    context: RequestContext, work: Callable[[], T], refused: Callable[[list[MutationError]], T]
) -> T:
    """Run `work`; what it refuses on purpose becomes the payload that `refused` makes of it.

    An `ExceptionGroup` of the family gives several errors side by side. Somebody may remove what a
    change names between its look-up and its write; then the database refuses the reference.
    """
    try:
        return work()
    except IntegrityError as error:
        if not is_missing_reference(error):
            raise
        _log.warning("mutation.reference_gone", exc_info=error)
        gone = errors.Conflict(
            "Something that this names was removed at the same moment; nothing was changed.",
            hint="Load it again and repeat the change.",
        )
        return refused([mutation_error(gone)])
    except errors.TesseraError as error:
        return refused([mutation_error(error)])
    except ExceptionGroup as group:
        known, others = group.split(errors.TesseraError)
        if known is None or others is not None:
            raise
        return refused([mutation_error(error) for error in _flat(known)])
    finally:
        context.renew()


def _flat(group: ExceptionGroup[errors.TesseraError]) -> list[errors.TesseraError]:
    found: list[errors.TesseraError] = []
    for error in group.exceptions:
        found.extend(_flat(error) if isinstance(error, ExceptionGroup) else [error])
    return found
