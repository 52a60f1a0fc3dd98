"""Cut links between containers and content, or carry content from one container to another.

Cut links go to the trash under an Activity that ends at once. A pair may have several links, one
for each owner: those that the caller may delete go, and none of them being his to delete is denied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.detaching import CutLink, detach
from graphql_api.editing.links import KINDS, plan_links, save_links
from graphql_api.editing.parents import find_orphans, find_parents
from graphql_api.editing.trash import begin_change, discard
from shared.auth.decide import ObjectFacts, decide, denied
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Invalid
from shared.models.links import ANNOTATION_LINKS, CONTAINER_LINKS, LINKS
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from shared.auth.principal import Principal
    from shared.database import Database

MAX_CUTS = 50_000
CUTTABLE = tuple(kind.name for kind in (*CONTAINER_LINKS, *ANNOTATION_LINKS))
_TAGGING = "AnnotationAnnotationLink"


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What was cut and made, and where the content hangs now."""

    activity: ObjectRef | None = None
    """The trash entry; None when there was nothing to cut."""
    links: tuple[ObjectRef, ...] = ()
    removed: tuple[ObjectRef, ...] = ()
    parents: dict[ObjectRef, tuple[ObjectRef, ...]] = field(default_factory=dict)
    """By child, the parents that remain, as far as the caller sees them."""
    orphaned: tuple[ObjectRef, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cut:
    ref: ObjectRef
    group_id: int
    parent_id: int
    child_id: int


def unlink(
    database: Database,
    principal: Principal,
    *,
    links: Sequence[str] = (),
    parents: Sequence[str] = (),
    children: Sequence[str] = (),
) -> Unlinked:
    """Cut links by their ids, or all links of a cross product that the caller may delete.

    Raises `NotFound`, `Denied` naming a link, or `Invalid`; then nothing was done.
    """
    if len(links) + len(parents) * len(children) > MAX_CUTS:
        raise Invalid("These are too many links.", hint=f"Cut at most {MAX_CUTS} at once.")
    with database.write() as connection:
        if links:
            cut = _by_id(connection, principal, links)
        elif parents and children:
            above = hold_targets(connection, principal, parents, path=("pairs", "parents"))
            below = hold_targets(connection, principal, children, path=("pairs", "children"))
            cut = _by_pair(connection, principal, above, below)
        else:
            raise Invalid("Nothing is named.", hint="Name links, or parents and children.")
        if not cut:
            return Unlinked()
        return _carry_out(connection, principal, "unlink", cut, ())


def relink(
    database: Database, principal: Principal, children: Sequence[str], source: str | None, to: str
) -> Unlinked:
    """Link children into `to` and cut them from `source`, all or nothing: drag and drop.

    Without `source` they were orphans. Raises what `link` and `unlink` raise.
    """
    with database.write() as connection:
        below = hold_targets(connection, principal, children, path=("children",))
        (above,) = hold_targets(connection, principal, [to], path=("to",))
        cut: list[_Cut] = []
        if source is not None:
            (old,) = hold_targets(connection, principal, [source], path=("from",))
            if old.ref != above.ref:
                cut = _by_pair(connection, principal, [old], below)
        wanted = plan_links(connection, principal, [above], below)
        return _carry_out(connection, principal, "relink", cut, wanted)


def _carry_out(
    connection: Connection,
    principal: Principal,
    kind: str,
    cut: Sequence[_Cut],
    wanted: Sequence[Any],
) -> Unlinked:
    activity, event_id = begin_change(connection, principal, kind, [str(each.ref) for each in cut])
    made = save_links(connection, wanted, event_id) if wanted else {}
    _discard(connection, principal, event_id, activity, cut)
    bump_epoch(connection)
    below = {_child(each) for each in cut} | {each.child.ref for each in wanted}
    return Unlinked(
        ObjectRef("Activity", activity),
        tuple(made[each] for each in wanted),
        tuple(each.ref for each in cut),
        find_parents(connection, principal, below),
        tuple(find_orphans(connection, below)),
    )


def _child(cut: _Cut) -> ObjectRef:
    name = LINKS[cut.ref.class_name].child.__name__
    return ObjectRef("TagAnnotation" if name == "Annotation" else name, cut.child_id)


def _discard(
    connection: Connection,
    principal: Principal,
    event_id: int,
    activity: int,
    cut: Sequence[_Cut],
) -> None:
    """Trash the links; comments and their like go with their last one."""
    notes = {kind.name for kind in ANNOTATION_LINKS}
    listed: dict[str, dict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for each in cut:
        if each.ref.class_name not in notes:
            listed[each.ref.class_name][each.ref.class_name, each.group_id].append(each.ref.id)
    for name, ids_of in sorted(listed.items()):
        discard(connection, event_id, activity, _table(name), ids_of)
    remarks = [
        CutLink(each.ref, each.group_id, each.child_id)
        for each in cut
        if each.ref.class_name in notes
    ]
    if remarks:
        detach(connection, principal, event_id, activity, remarks)


def _by_id(connection: Connection, principal: Principal, texts: Sequence[str]) -> list[_Cut]:
    found = hold_targets(connection, principal, texts, CUTTABLE, path=("links",))
    faults = [
        denied(principal, Action.DELETE, each.facts, verdict, each.ref)
        for each in found
        if not (verdict := decide(principal, Action.DELETE, each.facts))
    ]
    if faults:
        raise ExceptionGroup("refused", faults)
    by_class: dict[str, list[int]] = defaultdict(list)
    for each in found:
        by_class[each.ref.class_name].append(each.ref.id)
    cut = []
    for name, ids in sorted(by_class.items()):
        table = _table(name)
        rows = connection.execute(
            select(table.c.id, table.c.group_id, table.c.parent_id, table.c.child_id)
            .where(ids_in(connection, table.c.id, ids))
            .order_by(table.c.id)
        )
        cut += [_Cut(ObjectRef(name, row.id), *row[1:]) for row in rows]
    return cut


def _by_pair(
    connection: Connection,
    principal: Principal,
    parents: Sequence[Target],
    children: Sequence[Target],
) -> list[_Cut]:
    """The links between these that go; raises `Invalid` for a pair that no link can join."""
    kinds: dict[str, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for parent in parents:
        for child in children:
            above, below = kinds[_kind_of(parent.ref, child.ref)]
            above.add(parent.ref.id)
            below.add(child.ref.id)
    cut: list[_Cut] = []
    faults = []
    for name, (above, below) in sorted(kinds.items()):
        by_pair: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for row in _links_between(connection, principal, name, above, below):
            by_pair[row.parent_id, row.child_id].append(row)
        for rows in by_pair.values():
            mine = [row for row in rows if decide(principal, Action.DELETE, _facts(name, row))]
            cut += [
                _Cut(ObjectRef(name, row.id), row.group_id, row.parent_id, row.child_id)
                for row in mine
            ]
            if not mine:
                facts, ref = _facts(name, rows[0]), ObjectRef(name, rows[0].id)
                verdict = decide(principal, Action.DELETE, facts)
                faults.append(denied(principal, Action.DELETE, facts, verdict, ref))
    if faults:
        raise ExceptionGroup("refused", faults)
    return cut


def _kind_of(parent: ObjectRef, child: ObjectRef) -> str:
    kind = KINDS.get((parent.class_name, child.class_name))
    if kind is not None:
        return kind.name
    if parent.class_name == child.class_name == "TagAnnotation":
        return _TAGGING
    name = f"{parent.class_name}{child.class_name}Link"
    if child.class_name.endswith("Annotation") and f"{parent.class_name}AnnotationLink" in LINKS:
        name = f"{parent.class_name}AnnotationLink"
    if name not in CUTTABLE:
        raise Invalid(
            f"No link joins {parent} to {child}.",
            hint="Name a container and what it holds, or an object and its annotation.",
            path=("pairs", "children"),
            target=str(child),
        )
    return name


def _facts(name: str, row: Any) -> ObjectFacts:
    return ObjectFacts(name, row.owner_id, row.group_id, GroupPermissions(row.permissions))


def _links_between(
    connection: Connection,
    principal: Principal,
    name: str,
    above: set[int],
    below: set[int],
) -> Sequence[Any]:
    table = _table(name)
    return connection.execute(
        select(
            table.c.id, table.c.parent_id, table.c.child_id, table.c.owner_id, table.c.group_id,
            Group.permissions,
        )
        .join(Group, Group.id == table.c.group_id)
        .where(
            ids_in(connection, table.c.parent_id, sorted(above)),
            ids_in(connection, table.c.child_id, sorted(below)),
            visible(principal, table),
        )
        .order_by(table.c.id)
    ).all()  # fmt: skip


def _table(name: str) -> Any:
    model: Any = LINKS[name].model
    return model.__table__
