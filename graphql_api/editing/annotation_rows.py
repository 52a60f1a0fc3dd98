"""Write annotations and their links in sets: one statement per table, whatever their number.

Annotations of one call are all alike except for their pairs, so the ids that come back can be
handed out in any order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, bindparam, func, insert, literal, select

from graphql_api.editing.links import NewLink
from graphql_api.editing.targets import Target
from shared.auth.creation import may_create
from shared.auth.decide import ObjectFacts, denied
from shared.auth.rules import Action, base_class
from shared.clock import now
from shared.database import POSTGRESQL
from shared.journal import record
from shared.models.annotations import Annotation, MapPair
from shared.models.base import sort_key
from shared.models.links import ANNOTATION_LINKS
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal
    from shared.models.links import LinkKind

VALUE_KEY_LENGTH = 256
KINDS: Mapping[str, LinkKind] = {kind.parent.__name__: kind for kind in ANNOTATION_LINKS}
"""The link table of each class that carries annotations."""
LINK_NAMES = frozenset(kind.name for kind in ANNOTATION_LINKS)
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Maker:
    """For whom, where and under which event annotations are made."""

    owner_id: int
    group: GroupFacts
    event_id: int

    def target(self, class_name: str, number: int) -> Target:
        """A new annotation as links take it."""
        facts = ObjectFacts(class_name, self.owner_id, self.group.id, self.group.permissions)
        return Target(ObjectRef(class_name, number), facts, 1)


def require_creation(principal: Principal, class_name: str, group: GroupFacts) -> None:
    """Raise `Denied`, naming the group, when nothing of this class may be made there."""
    verdict = may_create(principal, class_name, group)
    if not verdict:
        facts = ObjectFacts(class_name, principal.user_id, group.id, group.permissions)
        raise denied(
            principal, Action.CREATE_IN, facts, verdict, ObjectRef("Group", group.id)
        )  # fmt: skip


def make_annotations(
    connection: Connection, maker: Maker, class_name: str, count: int = 1, **values: Any
) -> list[Target]:
    """Insert `count` annotations that are all alike, and note them in the journal."""
    table: Any = Annotation.__table__
    moment = now()
    columns: dict[str, Any] = {
        "class_name": class_name,
        "owner_id": maker.owner_id,
        "group_id": maker.group.id,
        "creation_event_id": maker.event_id,
        "update_event_id": maker.event_id,
        "created_at": moment,
        "updated_at": moment,
        "version": 1,
        **{name: value for name, value in values.items() if value is not None},
    }
    alike = select(*(literal(value, table.c[name].type) for name, value in columns.items()))
    source = alike.select_from(_times(connection, count))
    statement = insert(table).from_select(list(columns), source).returning(table.c.id)
    ids = sorted(connection.execute(statement).scalars())
    record(
        connection, maker.event_id, class_name, "INSERT", ids, group_id=maker.group.id
    )  # fmt: skip
    return [maker.target(class_name, number) for number in ids]


def write_pairs(connection: Connection, pairs: Mapping[int, Pairs]) -> None:
    """Insert the pairs of new or emptied map annotations, in order."""
    rows = [
        {
            "annotation_id": number,
            "position": position,
            "key": key,
            "value": value,
            "key_key": sort_key(key),
            "value_key": sort_key(value[:VALUE_KEY_LENGTH]),
        }
        for number, listed in pairs.items()
        for position, (key, value) in enumerate(listed)
    ]
    if rows:
        connection.execute(insert(MapPair), rows)


def new_link(parent: Target, annotation: Target, owner_id: int) -> NewLink:
    """The link that attaches an annotation to an object."""
    return NewLink(KINDS[base_class(parent.ref.class_name)], parent, annotation, owner_id)


def tag_values(text: str, description: str | None, namespace: str | None = None) -> dict[str, Any]:
    """Columns of a tag."""
    return {
        "text_value": text,
        "text_key": sort_key(text),
        "description": description,
        "namespace": namespace,
    }


def by_group(targets: Sequence[Target]) -> dict[int, list[Target]]:
    """Objects by the group in which they lie, lowest first."""
    found: dict[int, list[Target]] = {}
    for target in sorted(targets, key=lambda each: each.group_id):
        found.setdefault(target.group_id, []).append(target)
    return found


def _times(connection: Connection, count: int) -> Any:
    """`count` rows."""
    if connection.dialect.name == POSTGRESQL:
        return func.generate_series(1, count).table_valued("value")
    listed = bindparam(None, json.dumps(list(range(count))), type_=Text)
    return func.json_each(listed).table_valued("value")
