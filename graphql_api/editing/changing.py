"""Change columns of one object: found, held, compared with the version that the caller has seen.

Only columns whose value differs are written and journalled, with their old values; a change that
changes nothing leaves version and journal alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from graphql_api.editing.targets import Target, find_target, find_targets, not_found
from shared.auth.decide import require
from shared.auth.rules import Action, base_class
from shared.clock import now
from shared.database import lock_groups
from shared.errors import Conflict
from shared.journal import record
from shared.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Held:
    """An object whose group and row are held until the transaction ends, and its columns."""

    target: Target
    row: Any

    @property
    def table(self) -> Any:
        """Where its row stands."""
        return table_of(self.target.ref.class_name)


def table_of(class_name: str) -> Any:
    """The table of a class; annotations of every class share one."""
    return MODELS[base_class(class_name)].__table__


def hold(
    connection: Connection,
    principal: Principal,
    text: str,
    classes: Iterable[str],
    action: Action = Action.UPDATE,
    *,
    path: tuple[str, ...] = ("id",),
) -> Held:
    """Find an object, hold it, and make sure that this principal may do `action` with it.

    Raises `NotFound`, or `Denied` naming the object.
    """
    wanted = tuple(classes)
    first = find_target(connection, principal, text, wanted, path=path)
    lock_groups(connection, [first.group_id])
    target = find_target(connection, principal, text, wanted, path=path)
    require(principal, action, target.facts, target.ref)
    table = table_of(target.ref.class_name)
    row = connection.execute(
        select(table)
        .where(table.c.id == target.ref.id, table.c.trash_id.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise not_found(text, path)
    return Held(target, row)


def hold_targets(
    connection: Connection,
    principal: Principal,
    texts: Sequence[str],
    classes: Iterable[str] | None = None,
    *,
    path: tuple[str, ...] = ("targets",),
) -> list[Target]:
    """Objects as `find_targets` finds them, their groups held shared; raises what that raises."""
    wanted = None if classes is None else tuple(classes)
    before = find_targets(connection, principal, texts, wanted, path=path)
    lock_groups(connection, sorted({target.group_id for target in before}))
    return find_targets(connection, principal, texts, wanted, path=path)


def require_version(held: Held, expected: int | None) -> None:
    """Raise `Conflict` when the object is not as the caller has seen it."""
    if expected is None or expected == held.row.version:
        return
    raise Conflict(
        f"{held.target.ref} has changed since: it is at version {held.row.version}.",
        hint="Load it again and repeat the change.",
        path=("expectedVersion",),
        target=str(held.target.ref),
    )


def write_change(
    connection: Connection,
    held: Held,
    event_id: int,
    values: Mapping[str, Any],
    *,
    more: Mapping[str, Any] | None = None,
) -> bool:
    """Write what differs; `more` is further before-image, of parts that changed with it.

    Keys of `values` are columns; those that end in `_key` follow their neighbours and are not
    journalled. Answers whether anything was written.
    """
    old = held.row._mapping
    changed = {name: value for name, value in values.items() if old[name] != value}
    before = {name: old[name] for name in changed if not name.endswith("_key")}
    before |= more or {}
    if not before:
        return False
    table = held.table
    connection.execute(
        update(table)
        .where(table.c.id == held.row.id)
        .values(
            **changed,
            version=table.c.version + 1,
            updated_at=now(),
            update_event_id=event_id,
        )
    )
    ref = held.target.ref
    record(
        connection,
        event_id,
        ref.class_name,
        "UPDATE",
        [ref.id],
        group_id=held.row.group_id,
        before={ref.id: before},
    )
    return True


def differs(held: Held, values: Mapping[str, Any]) -> bool:
    """Whether writing these values would change anything."""
    return any(held.row._mapping[name] != value for name, value in values.items())
