"""Make links between containers and content: a cross product, all or nothing, idempotent.

The right is judged on both ends; the link's owner follows semantics 2.5. The group's lock is held
shared until the commit, so no graph operation can move one end meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select
from sqlalchemy.dialects import postgresql, sqlite

from graphql_api.editing.idempotency import once_answer
from graphql_api.editing.places import load_group
from graphql_api.editing.targets import Target, find_targets
from graphql_api.editing.trash import begin_change
from shared.auth.creation import link_owner, may_refer, require_same_group
from shared.auth.decide import decide, denied
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action
from shared.clock import now
from shared.database import POSTGRESQL, ids_in, lock_groups, pairs_of
from shared.errors import Denied, Invalid, TesseraError
from shared.journal import begin_event, record
from shared.models.annotations import NS_TAG_SET, Annotation
from shared.models.links import CONTAINER_LINKS, LINKS, LinkKind
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal
    from shared.database import Database

MAX_PAIRS = 10_000
LINKABLE = ("Project", "Dataset", "Screen", "Folder", "Well")
"""Classes that people link content into; wells take reagents."""
KINDS: Mapping[tuple[str, str], LinkKind] = {
    (kind.parent.__name__, kind.child.__name__): kind
    for kind in CONTAINER_LINKS
    if kind.parent.__name__ in LINKABLE
} | {("TagAnnotation", "TagAnnotation"): LINKS["AnnotationAnnotationLink"]}
"""By the classes of parent and child; a tag goes into a tag set."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be made."""

    kind: LinkKind
    parent: Target
    child: Target
    owner_id: int


def link(
    database: Database,
    principal: Principal,
    parents: Sequence[str],
    children: Sequence[str],
    key: str | None = None,
) -> tuple[list[ObjectRef], ObjectRef | None]:
    """Link every child into every parent; answers all links of these pairs that are now there
    for their owners, old ones included, and the Activity under which new ones were made. The same
    idempotency key answers the same again.

    Raises `NotFound`, `Denied` or `Invalid`, alone or as a group; then nothing was done.
    """
    given = {"parents": list(parents), "children": list(children)}
    with database.write() as connection:

        def work() -> dict[str, Any]:
            return _link(connection, principal, parents, children)

        answer = once_answer(connection, principal, "link", key, given, work)
        activity = answer["activity"]
        links = [ObjectRef.parse(text) for text in answer["links"]]
        return links, None if activity is None else ObjectRef.parse(activity)


def _link(
    connection: Connection, principal: Principal, parents: Sequence[str], children: Sequence[str]
) -> dict[str, Any]:
    _refuse_floods(parents, children)
    hold_groups(connection, principal, parents)
    above = find_targets(connection, principal, parents, path=("parents",))
    below = find_targets(connection, principal, children, path=("children",))
    wanted = plan_links(connection, principal, above, below)
    found = existing_links(connection, wanted)
    made: str | None = None
    if any(item not in found for item in wanted):
        named = [str(item.child.ref) for item in wanted if item not in found]
        activity, event_id = begin_change(connection, principal, "link", named)
        found = save_links(connection, wanted, event_id)
        bump_epoch(connection)
        made = str(ObjectRef("Activity", activity))
    return {"links": [str(found[item]) for item in wanted], "activity": made}


def _refuse_floods(parents: Sequence[Any], children: Sequence[Any]) -> None:
    if len(parents) * len(children) > MAX_PAIRS:
        raise Invalid(
            f"{len(parents)} parents and {len(children)} children make too many links.",
            hint=f"Make at most {MAX_PAIRS} at once.",
            path=("children",),
        )


def hold_groups(connection: Connection, principal: Principal, texts: Sequence[str]) -> None:
    """Lock the groups of these objects shared; what was read before is to be read again."""
    targets = find_targets(connection, principal, texts, path=("parents",))
    lock_groups(connection, sorted({item.group_id for item in targets}))


def open_event(connection: Connection, principal: Principal, kind: str) -> int:
    """Begin the journal's event for what this principal does."""
    return begin_event(
        connection,
        user_id=principal.user_id,
        sudoer_id=principal.sudoer_id,
        session_id=principal.session_id,
        kind=kind,
    )


def plan_links(
    connection: Connection,
    principal: Principal,
    parents: Sequence[Target],
    children: Sequence[Target],
) -> list[NewLink]:
    """The links of the cross product with their owners; raises what forbids them."""
    if not parents or not children:
        name = "children" if parents else "parents"
        raise Invalid(f"The list {name} is empty.", hint="Name at least one.", path=(name,))
    _refuse_floods(parents, children)
    _require_tag_sets(connection, parents)
    faults: dict[tuple[str, str], TesseraError] = {}
    groups: dict[int, GroupFacts] = {}
    planned = []
    for parent in parents:
        for child in children:
            found = _planned(connection, principal, parent, child, groups)
            if isinstance(found, NewLink):
                planned.append(found)
                continue
            for fault in found:
                faults.setdefault((type(fault).__name__, fault.target or fault.message), fault)
    if faults:
        raise ExceptionGroup("refused", list(faults.values()))
    return planned


def _planned(
    connection: Connection,
    principal: Principal,
    parent: Target,
    child: Target,
    groups: dict[int, GroupFacts],
) -> NewLink | Sequence[TesseraError]:
    """The link, or everything that forbids it: each end that is refused is told."""
    kind = KINDS.get((parent.ref.class_name, child.ref.class_name))
    if kind is None:
        wrong = Invalid(
            f"{child.ref} cannot be linked into {parent.ref}.",
            hint="Datasets go into Projects, Images into Datasets, Plates into Screens, Reagents "
            "into Wells, Images and ROIs into Folders.",
            path=("children",),
            target=str(child.ref),
        )
        return [wrong]
    try:
        require_same_group(parent.group_id, child.facts)
    except Invalid as error:
        return [error]
    if parent.group_id not in groups:
        groups[parent.group_id] = load_group(connection, parent.group_id)
    owner_id = link_owner(principal, groups[parent.group_id], parent.owner_id, child.owner_id)
    refused = [
        refusal(principal, end)
        for end in (parent, child)
        if not may_refer(principal, kind.name, owner_id, end.facts)
    ]
    return refused or NewLink(kind, parent, child, owner_id)


def _require_tag_sets(connection: Connection, parents: Sequence[Target]) -> None:
    """Tags are put into tag sets alone."""
    tags = [each.ref.id for each in parents if each.ref.class_name == "TagAnnotation"]
    if not tags:
        return
    table: Any = Annotation.__table__
    sets = set(
        connection.scalars(
            select(table.c.id).where(
                ids_in(connection, table.c.id, tags), table.c.namespace == NS_TAG_SET
            )
        )
    )
    for number in tags:
        if number not in sets:
            raise Invalid(
                f"TagAnnotation:{number} is no tag set.",
                hint="Name a tag set, or make one by createTagSet.",
                path=("parents",),
                target=f"TagAnnotation:{number}",
            )


def refusal(principal: Principal, end: Target) -> Denied:
    """The error for an object that may not be linked by this principal."""
    action = Action.ANNOTATE if end.ref.class_name == "TagAnnotation" else Action.LINK
    verdict = decide(principal, action, end.facts)
    return denied(principal, action, end.facts, verdict, end.ref)


def save_links(
    connection: Connection, wanted: Sequence[NewLink], event_id: int
) -> dict[NewLink, ObjectRef]:
    """Insert those that their owner does not have yet; answers all."""
    before = existing_links(connection, wanted)
    for items in _by_kind([item for item in wanted if item not in before]):
        _insert(connection, items, event_id)
    after = existing_links(connection, wanted)
    for items in _by_kind([item for item in wanted if item not in before]):
        groups: dict[int, list[int]] = defaultdict(list)
        for item in items:
            groups[item.parent.group_id].append(after[item].id)
        for group_id, ids in sorted(groups.items()):
            name = items[0].kind.name
            record(connection, event_id, name, "INSERT", sorted(ids), group_id=group_id)
    return after


def existing_links(connection: Connection, wanted: Sequence[NewLink]) -> dict[NewLink, ObjectRef]:
    """Those of the links that are there, for the same owner; one statement per kind."""
    found: dict[NewLink, ObjectRef] = {}
    for items in _by_kind(wanted):
        model: Any = items[0].kind.model
        table = model.__table__
        pairs = pairs_of(
            connection, dict.fromkeys((item.parent.ref.id, item.child.ref.id) for item in items)
        )
        rows = connection.execute(
            select(table.c.parent_id, table.c.child_id, table.c.owner_id, table.c.id)
            .join(pairs, and_(table.c.parent_id == pairs.c.one, table.c.child_id == pairs.c.other))
            .where(table.c.trash_id.is_(None))
        )
        ids = {(row.parent_id, row.child_id, row.owner_id): row.id for row in rows}
        for item in items:
            key = (item.parent.ref.id, item.child.ref.id, item.owner_id)
            if key in ids:
                found[item] = ObjectRef(item.kind.name, ids[key])
    return found


def _by_kind(items: Sequence[NewLink]) -> list[list[NewLink]]:
    found: dict[str, list[NewLink]] = defaultdict(list)
    for item in items:
        found[item.kind.name].append(item)
    return list(found.values())


def _insert(connection: Connection, items: Sequence[NewLink], event_id: int) -> None:
    """Insert, passing over what somebody else has inserted since: that is no error."""
    model: Any = items[0].kind.model
    table = model.__table__
    moment = now()
    rows = [
        {
            "parent_id": item.parent.ref.id,
            "child_id": item.child.ref.id,
            "owner_id": item.owner_id,
            "group_id": item.parent.group_id,
            "creation_event_id": event_id,
            "update_event_id": event_id,
            "created_at": moment,
            "updated_at": moment,
            "version": 1,
        }
        for item in items
    ]
    dialect = postgresql if connection.dialect.name == POSTGRESQL else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)
