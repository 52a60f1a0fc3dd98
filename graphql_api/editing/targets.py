"""Find the objects that a mutation names, with what rights depend on; one statement per class.

What is unknown, malformed, in the trash or invisible is `NotFound` alike. Everything that lies in a
group is found here, people and groups in `places`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared.auth.decide import ObjectFacts
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import NotFound
from shared.models import MODELS
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.base import Details
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Target:
    """A visible object."""

    ref: ObjectRef
    facts: ObjectFacts
    version: int

    @property
    def owner_id(self) -> int:
        """To whom it belongs."""
        return self.facts.owner_id

    @property
    def group_id(self) -> int:
        """In which group it lies."""
        return self.facts.group_id


def find_target(
    connection: Connection,
    principal: Principal,
    text: str,
    classes: Iterable[str] | None = None,
    *,
    path: tuple[str, ...] = (),
) -> Target:
    """The object that an id names; raises `NotFound`."""
    return find_targets(connection, principal, [text], classes, path=path)[0]


def find_targets(
    connection: Connection,
    principal: Principal,
    texts: Sequence[str],
    classes: Iterable[str] | None = None,
    *,
    path: tuple[str, ...] = (),
) -> list[Target]:
    """The objects that ids name, in order, each once.

    Raises a group of `NotFound`, one for each that is not there, of another class than `classes`,
    or not for this principal.
    """
    wanted = list(dict.fromkeys(texts))
    allowed = None if classes is None else frozenset(classes)
    refs = {text: _owned(parse_ref(text), allowed) for text in wanted}
    found = _load(connection, principal, [ref for ref in refs.values() if ref is not None])
    missing = [text for text, ref in refs.items() if ref is None or ref not in found]
    if missing:
        raise ExceptionGroup("not found", [not_found(text, path) for text in missing])
    return list(dict.fromkeys(found[ref] for ref in refs.values() if ref is not None))


def not_found(text: str, path: tuple[str, ...] = ()) -> NotFound:
    """The error for an id that names nothing, as far as this principal may know."""
    shown = text[:80]
    return NotFound(f"There is no {shown}.", hint="Or you may not see it.", target=shown, path=path)


def lock_version(connection: Connection, target: Target) -> None:
    """Raise `NotFound` when the object went to the trash since it was found (PostgreSQL)."""
    table: Any = MODELS[target.facts.class_name].__table__
    row = connection.execute(
        select(table.c.id)
        .where(table.c.id == target.ref.id, table.c.trash_id.is_(None))
        .with_for_update(read=True, key_share=True)
    ).one_or_none()
    if row is None:
        raise not_found(str(target.ref))


def _owned(ref: ObjectRef | None, allowed: frozenset[str] | None) -> ObjectRef | None:
    if ref is None or (allowed is not None and ref.class_name not in allowed):
        return None
    name = "Annotation" if ref.class_name in ANNOTATION_CLASSES else ref.class_name
    model = MODELS.get(name)
    return ref if model is not None and issubclass(model, Details) else None


def _load(
    connection: Connection, principal: Principal, refs: Sequence[ObjectRef]
) -> Mapping[ObjectRef, Target]:
    by_class: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_class[ref.class_name].append(ref.id)
    found: dict[ObjectRef, Target] = {}
    for class_name, ids in by_class.items():
        is_annotation = class_name in ANNOTATION_CLASSES
        model: Any = MODELS["Annotation" if is_annotation else class_name]
        table = model.__table__
        statement = (
            select(
                table.c.id, table.c.owner_id, table.c.group_id, table.c.version, Group.permissions
            )
            .join(Group, Group.id == table.c.group_id)
            .where(ids_in(connection, table.c.id, ids), visible(principal, model))
        )
        if is_annotation:
            statement = statement.where(table.c.class_name == class_name)
        for row in connection.execute(statement):
            ref = ObjectRef(class_name, row.id)
            level = GroupPermissions(row.permissions)
            facts = ObjectFacts(class_name, row.owner_id, row.group_id, level)
            found[ref] = Target(ref, facts, row.version)
    return found
