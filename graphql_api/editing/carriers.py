"""Find what annotations are attached to: data, and people and groups, which lie in no group.

An annotation of a person or group stands in a group all the same: that of annotations which are
there already, the one that is named, the annotated group where the caller is a member of it, or
else the caller's default group. Who may do it is a matter of administration, not of the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.containers import NewContainer, group_of_new
from graphql_api.editing.places import load_group
from graphql_api.editing.targets import MAX_TARGETS, Target, find_targets, not_found
from shared.auth.creation import GroupFacts
from shared.auth.decide import ObjectFacts
from shared.auth.principal import load_standings
from shared.auth.rules_admin import AdminAction, require_administer
from shared.auth.select import visible_groups, visible_users
from shared.database import ids_in, lock_groups
from shared.errors import Denied, Invalid
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.people import SPECIAL_GROUPS, Group, GroupPermissions, User
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal

PEOPLE = frozenset({"User", "Group"})
"""Classes that carry annotations and belong to the whole system."""
TARGETS = ("targets",)


def find_carriers(
    connection: Connection,
    principal: Principal,
    texts: Sequence[str],
    annotations: Sequence[str] = (),
    group: str | None = None,
) -> list[Target]:
    """What these ids name, in order, each once; annotations by id say where people's go.

    Raises as `find_targets`, `Denied` naming a person or group, and `Invalid` for a `group` where
    there are none, or when nothing says in which group.
    """
    return _carriers(connection, principal, texts, annotations, group, hold=False)


def hold_carriers(
    connection: Connection,
    principal: Principal,
    texts: Sequence[str],
    annotations: Sequence[str] = (),
    group: str | None = None,
) -> list[Target]:
    """As `find_carriers`, the groups held shared until the transaction ends."""
    return _carriers(connection, principal, texts, annotations, group, hold=True)


def split_people(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ids of people and groups, and all others."""
    people = [text for text in texts if _person(text) is not None]
    return people, [text for text in texts if _person(text) is None]


def find_people(
    connection: Connection, principal: Principal, texts: Sequence[str]
) -> dict[str, ObjectRef]:
    """The people and groups that ids name; one statement for each of the two classes.

    Raises a group of `NotFound`, one for each that this principal does not see.
    """
    refs = {text: ref for text in texts if (ref := _person(text)) is not None}
    seen: set[ObjectRef] = set()
    table: Any
    for name, table, condition in (
        ("User", User.__table__, visible_users(principal)),
        ("Group", Group.__table__, visible_groups(principal)),
    ):
        ids = sorted({ref.id for ref in refs.values() if ref.class_name == name})
        if ids:
            rows = connection.scalars(
                select(table.c.id).where(ids_in(connection, table.c.id, ids), condition)
            )
            seen.update(ObjectRef(name, number) for number in rows)
    missing = [text for text, ref in refs.items() if ref not in seen]
    if missing:
        raise ExceptionGroup("not found", [not_found(text, TARGETS) for text in missing])
    return refs


def _carriers(
    connection: Connection,
    principal: Principal,
    texts: Sequence[str],
    annotations: Sequence[str],
    group: str | None,
    *,
    hold: bool,
) -> list[Target]:
    find = hold_targets if hold else find_targets
    people, things = split_people(list(dict.fromkeys(texts)))
    if not people:
        if group is not None:
            raise Invalid(
                "The group is that of the targets.", hint="Leave group out.", path=("group",)
            )
        return find(connection, principal, things, path=TARGETS)
    if len(people) > MAX_TARGETS:
        raise Invalid(f"{len(people)} are too many at once.", hint=f"Name at most {MAX_TARGETS}.")
    refs = find_people(connection, principal, people)
    _require_annotating(connection, principal, list(refs.values()))
    places = _places(connection, principal, list(refs.values()), annotations, group)
    others = find_targets(connection, principal, things, path=TARGETS)
    if hold:
        lock_groups(
            connection,
            [*(place.id for place in places.values()), *(each.group_id for each in others)],
        )
        others = find_targets(connection, principal, things, path=TARGETS)
    targets = {text: _target(ref, places[ref]) for text, ref in refs.items()}
    return list(dict.fromkeys([*targets.values(), *others]))


def _person(text: str) -> ObjectRef | None:
    ref = parse_ref(text)
    return ref if ref is not None and ref.class_name in PEOPLE else None


def _target(ref: ObjectRef, place: GroupFacts) -> Target:
    owner_id = ref.id if ref.class_name == "User" else 0
    return Target(ref, ObjectFacts(ref.class_name, owner_id, place.id, place.permissions), 1)


def _require_annotating(
    connection: Connection, principal: Principal, refs: Sequence[ObjectRef]
) -> None:
    """Raise `Denied` for each person or group that may not be annotated, as one group."""
    users = {ref.id for ref in refs if ref.class_name == "User"}
    groups = {ref.id for ref in refs if ref.class_name == "Group"}
    standings = load_standings(connection, users) if users else {}
    levels = _groups(connection, groups)
    faults: list[Denied] = []
    for ref in dict.fromkeys(refs):
        try:
            if ref.class_name == "User":
                require_administer(
                    principal, AdminAction.ANNOTATE_USER, ref, user=standings[ref.id]
                )
            else:
                require_administer(principal, AdminAction.ANNOTATE_GROUP, ref, group=levels[ref.id])
        except Denied as error:
            faults.append(error)
    if faults:
        raise ExceptionGroup("refused", faults)


def _groups(connection: Connection, ids: set[int]) -> dict[int, GroupFacts]:
    if not ids:
        return {}
    table: Any = Group.__table__
    rows = connection.execute(
        select(table.c.id, table.c.permissions, table.c.name).where(
            ids_in(connection, table.c.id, sorted(ids))
        )
    )
    return {
        row.id: GroupFacts(row.id, GroupPermissions(row.permissions), row.name) for row in rows
    }  # fmt: skip


def _places(
    connection: Connection,
    principal: Principal,
    refs: Sequence[ObjectRef],
    annotations: Sequence[str],
    group: str | None,
) -> dict[ObjectRef, GroupFacts]:
    """In which group each of them is annotated."""
    named = NewContainer("Annotation", "", group=group)
    if group is not None:
        return dict.fromkeys(refs, group_of_new(connection, principal, named, None))
    if annotations:
        first = find_targets(connection, principal, annotations[:1], ANNOTATION_CLASSES)[0]
        return dict.fromkeys(refs, load_group(connection, first.group_id))
    own = {
        ref.id for ref in refs if ref.class_name == "Group" and principal.is_member(ref.id)
    }  # fmt: skip
    found: dict[ObjectRef, GroupFacts] = {
        ObjectRef("Group", number): facts
        for number, facts in _groups(connection, own).items()
        if facts.name not in SPECIAL_GROUPS
    }
    rest = [ref for ref in refs if ref not in found]
    if rest:
        found |= dict.fromkeys(rest, group_of_new(connection, principal, named, None))
    return found
