"""Find the objects that a mutation names, with what rights depend on; one statement per class.

What is unknown, malformed, in the trash or invisible is `NotFound` alike. Everything that lies in a
group is found here, people and groups in `places`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal, select

from shared.auth.decide import ObjectFacts
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Invalid, NotFound
from shared.models import MODELS
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.base import Details
from shared.models.people import Group, GroupPermissions
from shared.models.rois import SHAPE_CLASSES
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal

MAX_TARGETS = 50_000
"""Objects that one list of a mutation names; as many errors may come back, one for each."""


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
    or not for this principal; `Invalid` for more than a request may name.
    """
    wanted = list(dict.fromkeys(texts))
    if len(wanted) > MAX_TARGETS:
        raise Invalid(
            f"{len(wanted)} objects are too many at once.",
            hint=f"Name at most {MAX_TARGETS}.",
            path=path,
        )
    allowed = None if classes is None else frozenset(classes)
    refs = {text: _findable(parse_ref(text), allowed) for text in wanted}
    found = _load(connection, principal, [ref for ref in refs.values() if ref is not None])
    targets = {
        text: found[ref]
        for text, ref in refs.items()
        if ref is not None and ref in found and _is_allowed(found[ref].ref.class_name, allowed)
    }
    missing = [text for text in wanted if text not in targets]
    if missing:
        raise ExceptionGroup("not found", [not_found(text, path) for text in missing])
    return list(dict.fromkeys(targets[text] for text in wanted))


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


def _stored_as(class_name: str) -> str:
    """The class whose table holds the rows of another."""
    if class_name in ANNOTATION_CLASSES:
        return "Annotation"
    return "Shape" if class_name in SHAPE_CLASSES else class_name


def _is_allowed(class_name: str, allowed: frozenset[str] | None) -> bool:
    return allowed is None or class_name in allowed or _stored_as(class_name) in allowed


def _findable(ref: ObjectRef | None, allowed: frozenset[str] | None) -> ObjectRef | None:
    """The ref, when its class is one that lies in a group and may be meant here."""
    if ref is None:
        return None
    base = _stored_as(ref.class_name)
    if ref.class_name != base and not _is_allowed(ref.class_name, allowed):
        return None
    if allowed is not None and not any(base == _stored_as(each) for each in allowed):
        return None
    model = MODELS.get(base)
    is_owned = model is not None and issubclass(model, Details)
    return ref if is_owned or base in PARTS else None


def _load(
    connection: Connection, principal: Principal, refs: Sequence[ObjectRef]
) -> Mapping[ObjectRef, Target]:
    by_class: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_class[ref.class_name].append(ref.id)
    found: dict[ObjectRef, Target] = {}
    for class_name, ids in by_class.items():
        base = _stored_as(class_name)
        table: Any = MODELS[base].__table__
        holder_class, column = PARTS.get(base, (base, "id"))
        holder: Any = MODELS[holder_class]
        owned = holder.__table__ if base not in PARTS else holder.__table__.alias()
        own_class = table.c.class_name if base in CLASSED else literal(base)
        statement = (
            select(
                table.c.id, owned.c.owner_id, owned.c.group_id, owned.c.version,
                Group.permissions, own_class.label("own_class"),
            )
            .select_from(
                table if base not in PARTS else table.join(owned, owned.c.id == table.c[column])
            )
            .join(Group, Group.id == owned.c.group_id)
            .where(ids_in(connection, table.c.id, ids), visible(principal, owned))
        )  # fmt: skip
        if class_name != base:
            statement = statement.where(table.c.class_name == class_name)
        for row in connection.execute(statement):
            level = GroupPermissions(row.permissions)
            facts = ObjectFacts(row.own_class, row.owner_id, row.group_id, level)
            own = ObjectRef(row.own_class, row.id)
            found[ObjectRef(class_name, row.id)] = Target(own, facts, row.version)
    return found


PARTS: Mapping[str, tuple[str, str]] = {
    "Shape": ("Roi", "roi_id"),
    "Channel": ("Pixels", "pixels_id"),
    "PlaneInfo": ("Pixels", "pixels_id"),
}
"""Parts without an owner: whose rights they take, and the column that names it."""
CLASSED = frozenset({"Annotation", "Shape"})
"""Tables that hold several classes, told by a column."""
