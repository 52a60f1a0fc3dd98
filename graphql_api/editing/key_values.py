"""Edit key-value pairs over many objects: set, rename and remove keys in what each carries.

Map annotations in one namespace are edited, as far as the caller may; one that also stands on
objects that were not named is left alone, so that nothing changes behind anybody's back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from graphql_api.editing.annotation_rows import (
    KINDS,
    Maker,
    Pairs,
    by_group,
    make_annotations,
    new_link,
    require_creation,
    write_pairs,
)
from graphql_api.editing.annotation_values import pairs_of, replace_pairs
from graphql_api.editing.attachable import require_attachable
from graphql_api.editing.carriers import hold_carriers
from graphql_api.editing.detaching import link_counts
from graphql_api.editing.idempotency import once_answer
from graphql_api.editing.links import open_event, save_links
from graphql_api.editing.places import load_group
from graphql_api.editing.targets import Target
from graphql_api.editing.texts import (
    require_few_pairs,
    valid_name,
    valid_namespace,
    valid_pairs,
)
from shared.auth.decide import ObjectFacts, decide
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action, base_class
from shared.auth.select import visible
from shared.clock import now
from shared.database import ids_in
from shared.errors import Invalid
from shared.journal import record
from shared.models.annotations import NS_CLIENT_MAP, Annotation
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database

MAX_TARGETS = 10_000
CLASS = "MapAnnotation"


@dataclass(frozen=True, slots=True)
class PairEdit:
    """What is to change in the pairs of one object; keys are exact."""

    set: Pairs = ()
    """All pairs of each of these keys give way to those listed here; new keys come last."""
    rename: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[Pairs, Pairs] | None = None
    """Annotations that say exactly the first say the second instead; done before all else."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What was done: annotations changed and made, and those left alone."""

    changed: tuple[ObjectRef, ...]
    created: tuple[ObjectRef, ...]
    left_alone: tuple[ObjectRef, ...]
    """Annotations with one of the keys that others share or that the caller may not change."""


@dataclass(slots=True)
class _Carried:
    """The map annotations that one target carries."""

    editable: list[int] = field(default_factory=list)
    fixed: list[int] = field(default_factory=list)


def edit_key_values(
    database: Database,
    principal: Principal,
    targets: Sequence[str],
    edit: PairEdit,
    namespace: str | None = NS_CLIENT_MAP,
    key: str | None = None,
) -> Edited:
    """Edit the pairs of every target alike; identical annotations are edited together.

    Raises `NotFound`, `Denied` naming a target that would need new pairs, or `Invalid`; then
    nothing was done.
    """
    if not targets or len(targets) > MAX_TARGETS:
        raise Invalid(
            f"{len(targets)} targets are named.",
            hint=f"Name 1 to {MAX_TARGETS}.",
            path=("targets",),
        )
    clean, space = checked_edit(edit), valid_namespace(namespace)
    require_few_pairs(len(targets) * len(clean.set))
    given = {"targets": list(targets), "namespace": space, **asdict(clean)}
    with database.write() as connection:

        def work() -> dict[str, list[str]]:
            found = hold_carriers(connection, principal, targets)
            event_id = open_event(connection, principal, "editKeyValues")
            done = apply_edits(connection, principal, event_id, dict.fromkeys(found, clean), space)
            return {name: [str(ref) for ref in refs] for name, refs in asdict_refs(done).items()}

        answer = once_answer(connection, principal, "editKeyValues", key, given, work)
    return Edited(*(tuple(ObjectRef.parse(each) for each in answer[name]) for name in _PARTS))


_PARTS = ("changed", "created", "left_alone")


def asdict_refs(done: Edited) -> dict[str, tuple[ObjectRef, ...]]:
    """The three lists by their names."""
    return {name: getattr(done, name) for name in _PARTS}


def checked_edit(edit: PairEdit) -> PairEdit:
    """The same with clean texts; raises `Invalid`."""
    if not (edit.set or edit.rename or edit.remove or edit.replace):
        raise Invalid("There is nothing to change.", hint="Give set, rename, remove or replace.")
    return PairEdit(
        valid_pairs(edit.set, ("set",)),
        tuple(
            (
                valid_name(old, ("rename", str(place), "from")),
                valid_name(new, ("rename", str(place), "to")),
            )
            for place, (old, new) in enumerate(edit.rename)
        ),
        tuple(valid_name(key, ("remove", str(place))) for place, key in enumerate(edit.remove)),
        None
        if edit.replace is None
        else (
            valid_pairs(edit.replace[0], ("replace", "from")),
            valid_pairs(edit.replace[1], ("replace", "to")),
        ),
    )


def apply_edits(
    connection: Connection,
    principal: Principal,
    event_id: int,
    edits: Mapping[Target, PairEdit],
    namespace: str | None,
) -> Edited:
    """Edit each target's pairs in its own way, as part of the caller's write transaction."""
    carried = _carried(connection, principal, edits, namespace)
    ids = {number for each in carried.values() for number in (*each.editable, *each.fixed)}
    pairs = pairs_of(connection, ids)
    changed: dict[int, Pairs] = {}
    created: dict[Target, Pairs] = {}
    left: set[int] = set()
    for target, edit in edits.items():
        mine = {number: pairs.get(number, ()) for number in carried[target].editable}
        new, rest = edited(mine, edit)
        changed |= {number: listed for number, listed in new.items() if listed != mine[number]}
        if rest:
            created[target] = rest
        fixed = {number: pairs.get(number, ()) for number in carried[target].fixed}
        left |= {number for number, listed in fixed.items() if _is_meant(edit, listed)}
    require_attachable(principal, list(created), [])
    _write(connection, event_id, changed, pairs)
    made = _create(connection, principal, event_id, created, namespace)
    if made:
        bump_epoch(connection)
    return Edited(_refs(changed), tuple(made), _refs(left))


def edited(mine: Mapping[int, Pairs], edit: PairEdit) -> tuple[dict[int, Pairs], Pairs]:
    """The pairs of one object's annotations after an edit, and what needs a new annotation."""
    renamed = dict(edit.rename)
    if edit.replace is not None:
        old_pairs, new_pairs = edit.replace
        mine = {
            number: new_pairs if pairs == old_pairs else pairs for number, pairs in mine.items()
        }
    values: dict[str, list[str]] = defaultdict(list)
    for key, value in edit.set:
        values[key].append(value)
    removed = set(edit.remove)
    found: dict[int, Pairs] = {}
    placed: set[str] = set()
    for number, pairs in mine.items():
        listed: list[tuple[str, str]] = []
        for old, value in pairs:
            key = renamed.get(old, old)
            if old in removed:
                continue
            if key not in values:
                listed.append((key, value))
            elif key not in placed:
                placed.add(key)
                listed += [(key, each) for each in values[key]]
        found[number] = tuple(listed)
    rest = tuple(pair for pair in edit.set if pair[0] not in placed)
    if rest and found:
        first = next(iter(found))
        found[first] += rest
        rest = ()
    return found, rest


def _is_meant(edit: PairEdit, pairs: Pairs) -> bool:
    """Whether an annotation with these pairs would have been changed."""
    if edit.replace is not None and pairs == edit.replace[0]:
        return True
    keys = {*(key for key, _ in edit.set), *(old for old, _ in edit.rename), *edit.remove}
    return any(key in keys for key, _ in pairs)


def _carried(
    connection: Connection,
    principal: Principal,
    edits: Mapping[Target, PairEdit],
    namespace: str | None,
) -> dict[Target, _Carried]:
    """The map annotations of each target, oldest first: one statement per class, one for shares."""
    targets = list(edits)
    note: Any = Annotation.__table__
    by_class: dict[str, dict[int, Target]] = defaultdict(dict)
    for target in targets:
        by_class[base_class(target.ref.class_name)][target.ref.id] = target
    found: dict[Target, _Carried] = {target: _Carried() for target in targets}
    rows: list[tuple[Target, Any]] = []
    same = note.c.namespace.is_(None) if namespace is None else note.c.namespace == namespace
    for name, members in by_class.items():
        if name not in KINDS:
            continue
        model: Any = KINDS[name].model
        link = model.__table__
        listed = connection.execute(
            select(link.c.parent_id, note.c.id, note.c.owner_id, note.c.group_id, Group.permissions)
            .join(note, note.c.id == link.c.child_id)
            .join(Group, Group.id == note.c.group_id)
            .where(
                ids_in(connection, link.c.parent_id, sorted(members)),
                note.c.class_name == CLASS,
                same,
                visible(principal, model),
                visible(principal, Annotation),
            )
            .order_by(note.c.id)
            .with_for_update(of=note)  # nobody else edits these meanwhile
        )
        rows += [(members[row.parent_id], row) for row in listed]
    counts = link_counts(connection, {row.id for _, row in rows})
    holders: dict[int, list[Target]] = defaultdict(list)
    for target, row in rows:
        holders[row.id].append(target)
    for target, row in dict.fromkeys(rows):
        facts = ObjectFacts(CLASS, row.owner_id, row.group_id, GroupPermissions(row.permissions))
        alike = len({edits[each] for each in holders[row.id]}) == 1
        closed = alike and counts[row.id] == len(holders[row.id])  # nobody else carries it
        may = closed and decide(principal, Action.UPDATE, facts)
        (found[target].editable if may else found[target].fixed).append(row.id)
    return found


def _write(
    connection: Connection, event_id: int, changed: Mapping[int, Pairs], old: Mapping[int, Pairs]
) -> None:
    if not changed:
        return
    table: Any = Annotation.__table__
    replace_pairs(connection, changed)
    rows = connection.execute(
        update(table)
        .where(ids_in(connection, table.c.id, sorted(changed)))
        .values(version=table.c.version + 1, updated_at=now(), update_event_id=event_id)
        .returning(table.c.id, table.c.group_id)
    ).all()
    groups: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        groups[row.group_id].append(row.id)
    for group_id, ids in sorted(groups.items()):
        before = {number: {"pairs": [list(pair) for pair in old.get(number, ())]} for number in ids}
        record(
            connection, event_id, CLASS, "UPDATE", sorted(ids), group_id=group_id, before=before
        )  # fmt: skip


def _create(
    connection: Connection,
    principal: Principal,
    event_id: int,
    created: Mapping[Target, Pairs],
    namespace: str | None,
) -> list[ObjectRef]:
    made: list[ObjectRef] = []
    links = []
    for group_id, members in by_group(list(created)).items():
        maker = Maker(principal.user_id, load_group(connection, group_id), event_id)
        require_creation(principal, CLASS, maker.group)
        maps = make_annotations(connection, maker, CLASS, len(members), namespace=namespace)
        paired = list(zip(members, maps, strict=True))
        write_pairs(connection, {one.ref.id: created[target] for target, one in paired})
        made += [one.ref for one in maps]
        links += [new_link(target, one, principal.user_id) for target, one in paired]
    save_links(connection, links, event_id)
    return made


def _refs(ids: Mapping[int, Any] | set[int]) -> tuple[ObjectRef, ...]:
    return tuple(ObjectRef(CLASS, number) for number in sorted(ids))
