"""Cut annotation links; what lives only by its links goes to the trash with the last of them.

Comments, ratings and other basic annotations go whoever owns them; lists, key-value pairs and XML
where the caller may delete them; tags and files never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select, union_all

from graphql_api.editing.annotation_rows import KINDS, LINK_NAMES
from graphql_api.editing.carriers import find_people, split_people
from graphql_api.editing.changing import hold_targets
from graphql_api.editing.targets import Target
from graphql_api.editing.trash import begin_change, discard
from shared.auth.decide import ObjectFacts, decide, denied
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action, base_class
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Invalid
from shared.models.annotations import ANNOTATION_CLASSES, Annotation
from shared.models.links import ANNOTATION_LINKS, LINKS
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database

ALWAYS = frozenset({
    "CommentAnnotation", "LongAnnotation", "DoubleAnnotation", "BooleanAnnotation",
    "TimestampAnnotation", "TermAnnotation",
})  # fmt: skip
WHERE_ALLOWED = frozenset({"ListAnnotation", "MapAnnotation", "XmlAnnotation"})
MAX_CUTS = 50_000


@dataclass(frozen=True, slots=True)
class CutLink:
    """A link that is to go."""

    ref: ObjectRef
    group_id: int
    annotation_id: int


@dataclass(frozen=True, slots=True)
class Detached:
    """What went to the trash, and the Activity that names the entry; None when nothing did."""

    activity: ObjectRef | None
    links: tuple[ObjectRef, ...] = ()
    annotations: tuple[ObjectRef, ...] = ()


def unannotate(
    database: Database,
    principal: Principal,
    *,
    links: Sequence[str] = (),
    targets: Sequence[str] = (),
    annotations: Sequence[str] = (),
) -> Detached:
    """Cut links by their ids, or all links between targets and annotations that the caller may
    delete.

    Raises `NotFound`, `Denied` naming a link, or `Invalid`; then nothing was done.
    """
    if len(links) + len(targets) * len(annotations) > MAX_CUTS:
        raise Invalid("These are too many links.", hint=f"Cut at most {MAX_CUTS} at once.")
    with database.write() as connection:
        if links:
            cut = _by_id(connection, principal, links)
        elif targets and annotations:
            cut = _by_pair(connection, principal, targets, annotations)
        else:
            raise Invalid("Nothing is named.", hint="Name links, or targets and annotations.")
        if not cut:
            return Detached(None)
        activity, event_id = begin_change(
            connection, principal, "unannotate", [str(each.ref) for each in cut]
        )
        gone = detach(connection, principal, event_id, activity, cut)
        bump_epoch(connection)
        refs = tuple(each.ref for each in cut)
        return Detached(ObjectRef("Activity", activity), refs, tuple(gone))


def detach(
    connection: Connection,
    principal: Principal,
    event_id: int,
    activity_id: int,
    cut: Sequence[CutLink],
) -> list[ObjectRef]:
    """Trash these links, and the annotations that no link holds any more; answers those."""
    listed: dict[str, dict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for each in cut:
        listed[each.ref.class_name][each.ref.class_name, each.group_id].append(each.ref.id)
    for name, ids_of in sorted(listed.items()):
        discard(connection, event_id, activity_id, _table(name), ids_of)
    going = _left_alone(connection, principal, {each.annotation_id for each in cut})
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in going:
        found[row.class_name, row.group_id].append(row.id)
    discard(connection, event_id, activity_id, Annotation.__table__, found)
    _discard_links_below(connection, event_id, activity_id, [row.id for row in going])
    return [ObjectRef(row.class_name, row.id) for row in going]


def link_counts(connection: Connection, annotation_ids: Collection[int]) -> dict[int, int]:
    """How many live links hold each of these annotations, in one statement."""
    if not annotation_ids:
        return {}
    arms = []
    for kind in ANNOTATION_LINKS:
        table = _table(kind.name)
        arms.append(
            select(table.c.child_id).where(
                ids_in(connection, table.c.child_id, sorted(annotation_ids)),
                table.c.trash_id.is_(None),
            )
        )
    each = union_all(*arms).subquery()
    rows = connection.execute(select(each.c.child_id, func.count()).group_by(each.c.child_id))
    found: dict[int, int] = dict.fromkeys(annotation_ids, 0)
    found.update((row[0], row[1]) for row in rows)
    return found


def _by_id(
    connection: Connection, principal: Principal, texts: Sequence[str]
) -> list[CutLink]:  # fmt: skip
    found = hold_targets(connection, principal, texts, LINK_NAMES, path=("links",))
    faults = [
        denied(principal, Action.DELETE, each.facts, verdict, each.ref)
        for each in found
        if not (verdict := decide(principal, Action.DELETE, each.facts))
    ]
    if faults:
        raise ExceptionGroup("refused", faults)
    ids: dict[str, list[int]] = defaultdict(list)
    for each in found:
        ids[each.ref.class_name].append(each.ref.id)
    children: dict[ObjectRef, int] = {}
    for name, numbers in ids.items():
        table = _table(name)
        rows = connection.execute(
            select(table.c.id, table.c.child_id).where(ids_in(connection, table.c.id, numbers))
        )
        children.update((ObjectRef(name, row.id), row.child_id) for row in rows)
    return [CutLink(each.ref, each.group_id, children[each.ref]) for each in found]


def _by_pair(
    connection: Connection,
    principal: Principal,
    targets: Sequence[str],
    annotations: Sequence[str],
) -> list[CutLink]:
    people, things = split_people(targets)
    seen = find_people(connection, principal, people)
    above = [each.ref for each in hold_targets(connection, principal, things, path=("targets",))]
    above += dict.fromkeys(seen.values())
    classes = ("Annotation", *ANNOTATION_CLASSES)
    below = hold_targets(connection, principal, annotations, classes, path=("annotations",))
    by_class: dict[str, list[ObjectRef]] = defaultdict(list)
    for each in above:
        by_class[base_class(each.class_name)].append(each)
    cut: list[CutLink] = []
    faults = []
    for name, parents in sorted(by_class.items()):
        if name not in KINDS:
            continue  # what cannot be annotated has no such link
        by_pair: dict[tuple[int, int], list[tuple[Any, ObjectFacts]]] = defaultdict(list)
        for row in _links_between(connection, principal, name, parents, below):
            level = GroupPermissions(row.permissions)
            facts = ObjectFacts(KINDS[name].name, row.owner_id, row.group_id, level)
            by_pair[row.parent_id, row.child_id].append((row, facts))
        for rows in by_pair.values():
            mine = [row for row, facts in rows if decide(principal, Action.DELETE, facts)]
            if not mine:
                row, facts = rows[0]
                ref, verdict = (
                    ObjectRef(KINDS[name].name, row.id),
                    decide(principal, Action.DELETE, facts),
                )
                faults.append(denied(principal, Action.DELETE, facts, verdict, ref))
            cut += [
                CutLink(ObjectRef(KINDS[name].name, row.id), row.group_id, row.child_id)
                for row in mine
            ]
    if faults:
        raise ExceptionGroup("refused", faults)
    return cut


def _links_between(
    connection: Connection,
    principal: Principal,
    name: str,
    parents: Sequence[ObjectRef],
    children: Sequence[Target],
) -> Sequence[Any]:
    model: Any = KINDS[name].model
    table = model.__table__
    return connection.execute(
        select(
            table.c.id, table.c.parent_id, table.c.child_id, table.c.owner_id, table.c.group_id,
            Group.permissions,
        )
        .join(Group, Group.id == table.c.group_id)
        .where(
            ids_in(connection, table.c.parent_id, [each.id for each in parents]),
            ids_in(connection, table.c.child_id, [each.ref.id for each in children]),
            visible(principal, model),
        )
        .order_by(table.c.id)
    ).all()  # fmt: skip


def _left_alone(
    connection: Connection, principal: Principal, annotation_ids: Collection[int]
) -> list[Any]:
    """Those of the annotations that go now that nothing holds them."""
    counts = link_counts(connection, annotation_ids)
    alone = sorted(number for number, count in counts.items() if not count)
    table: Any = Annotation.__table__
    rows = connection.execute(
        select(
            table.c.id, table.c.class_name, table.c.owner_id, table.c.group_id, Group.permissions
        )
        .join(Group, Group.id == table.c.group_id)
        .where(
            ids_in(connection, table.c.id, alone),
            table.c.trash_id.is_(None),
            table.c.class_name.in_(sorted(ALWAYS | WHERE_ALLOWED)),
        )
        .order_by(table.c.id)
        .with_for_update(of=table)
    )
    return [row for row in rows if row.class_name in ALWAYS or _may_delete(principal, row)]


def _may_delete(principal: Principal, row: Any) -> bool:
    level = GroupPermissions(row.permissions)
    facts = ObjectFacts(row.class_name, row.owner_id, row.group_id, level)
    return bool(decide(principal, Action.DELETE, facts))


def _discard_links_below(
    connection: Connection, event_id: int, activity_id: int, annotation_ids: Sequence[int]
) -> None:
    """Trash the links by which trashed annotations were themselves annotated."""
    name = "AnnotationAnnotationLink"
    table = _table(name)
    below = and_(ids_in(connection, table.c.parent_id, annotation_ids), table.c.trash_id.is_(None))
    ids_of: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in connection.execute(select(table.c.id, table.c.group_id).where(below)):
        ids_of[name, row.group_id].append(row.id)
    discard(connection, event_id, activity_id, table, ids_of)


def _table(name: str) -> Any:
    model: Any = LINKS[name].model
    return model.__table__
