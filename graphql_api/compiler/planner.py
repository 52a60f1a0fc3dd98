"""The planner's entries: a root field of the query, and objects for a mutation's payload.

Everything runs synchronously on the operation's one connection. An id that is malformed, unknown or
invisible answers None, after the same statements.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType, get_named_type

from graphql_api.compiler.connections import ConnectionChild
from graphql_api.compiler.declare import CLASSES, SOURCES, RootList, class_name_of
from graphql_api.compiler.levels import Level
from graphql_api.compiler.rows import ByAlias, Record, Row
from graphql_api.compiler.run import Run
from graphql_api.compiler.selection import Document, concrete_types
from graphql_api.compiler.shaping import Shaper
from graphql_api.compiler.statements import rows_by_key
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import FieldNode, GraphQLResolveInfo

    from graphql_api.compiler.declare import RootMade
    from shared.auth.principal import Principal

NOBODY = ObjectRef("Project", 0)
"""Stands for an id that cannot be: it is looked for all the same."""


def run_of(info: Any, principal: Principal | None = None) -> Run:
    """A run on the operation's connection; raises `Unauthenticated` when nobody is logged in."""
    context = info.context
    return Run(context, context.connection, principal or context.require_principal())


def root_list(plan: RootList, info: GraphQLResolveInfo[Any]) -> Row:
    """Resolve a connection of the query root."""
    run = run_of(info)
    shaper = Shaper(Document.of(info))
    field = info.parent_type.fields[info.field_name]
    arguments = shaper.document.arguments(field, info.field_nodes[0])
    child = shaper.connection(None, ("", info.field_name, ""), field, plan, arguments)
    assert isinstance(child, ConnectionChild)
    shape = shaper.connection_shape(child, field, info.field_nodes)
    root = Record(())
    child.fetch(run, [root])
    return shape.build(root.children[child.key])


def root_made(plan: RootMade, info: GraphQLResolveInfo[Any]) -> Any:
    """Resolve a field of the query root whose rows a function makes."""
    run = run_of(info)
    document = Document.of(info)
    field = info.parent_type.fields[info.field_name]
    arguments = document.arguments(field, info.field_nodes[0])
    kind = get_named_type(field.type)
    level = Level(kind.name)
    shape = Shaper(document).shape(level, kind, info.field_nodes)
    found = plan.function(run, arguments)
    values = found if isinstance(found, list) else [found]
    records = [Record(tuple(row.get(name) for name in level.columns)) for row in values]
    level.fetch_children(run, records)
    built = [shape.build(record) for record in records]
    return built if isinstance(found, list) else built[0]


def objects(info: GraphQLResolveInfo[Any], ids: Sequence[str]) -> list[Row | None]:
    """Resolve `node` and `nodes`: the object of each id, or None."""
    refs = [parse_ref(text) or NOBODY for text in ids]
    return _fetch(run_of(info), Document.of(info), info.return_type, info.field_nodes, refs)


def fetch_nodes(
    info: Any,
    refs: Sequence[ObjectRef],
    *path: str,
    principal: Principal | None = None,
) -> list[Any]:
    """Objects for a mutation's payload, selected as in a query.

    `path` names the fields from the mutation's field down to where the objects stand, such as
    ("project",). Answers one finished object per ref, or None where the caller sees none; call it
    after the commit and `context.renew()`. `info` is Strawberry's or graphql-core's.
    """
    core: GraphQLResolveInfo[Any] = getattr(info, "_raw_info", info)
    run = run_of(core, principal)
    document = Document.of(core)
    kind: Any = core.return_type
    by_alias: dict[str, list[FieldNode]] = {"": list(core.field_nodes)}
    for name in path:
        owner: Any = get_named_type(kind)
        kind = owner.fields[name].type
        by_alias = _step(document, owner, by_alias, name)
    if not by_alias:
        return [None for _ in refs]
    answers = {alias: _fetch(run, document, kind, nodes, refs) for alias, nodes in by_alias.items()}
    if len(answers) == 1:
        return list(next(iter(answers.values())))
    return [
        None if any(row is None for row in rows) else ByAlias(dict(zip(answers, rows, strict=True)))
        for rows in zip(*answers.values(), strict=True)
    ]


def _step(
    document: Document, owner: Any, by_alias: dict[str, list[FieldNode]], name: str
) -> dict[str, list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    for nodes in by_alias.values():
        for alias, selected in document.fields(owner, nodes).items():
            if selected[0].name.value == name:
                found.setdefault(alias, []).extend(selected)
    return found


def _fetch(
    run: Run,
    document: Document,
    return_type: Any,
    nodes: Sequence[FieldNode],
    refs: Sequence[ObjectRef],
) -> list[Row | None]:
    """Rows for refs of any classes: one statement for each class, then those below."""
    kind = get_named_type(return_type)
    possible = {concrete.name for concrete in concrete_types(document.schema, kind)}
    wanted: dict[str, list[ObjectRef]] = defaultdict(list)
    for ref in refs:
        class_name = CLASSES.get(ref.class_name, ref.class_name)
        known = class_name in SOURCES and _fits(document, class_name, possible)
        wanted[class_name if known else NOBODY.class_name].append(ref if known else NOBODY)
    found: dict[ObjectRef, Row] = {}
    for class_name, listed in wanted.items():
        found.update(_of_class(run, document, class_name, nodes, listed))
    return [found.get(ref) for ref in refs]


def _of_class(
    run: Run,
    document: Document,
    class_name: str,
    nodes: Sequence[FieldNode],
    refs: Sequence[ObjectRef],
) -> dict[ObjectRef, Row]:
    level = Level(class_name)
    place = level.need("id")
    shape = Shaper(document).shape(level, document.schema.get_type(SOURCES[class_name][1]), nodes)
    numbers = sorted({ref.id for ref in refs})
    records = rows_by_key(run, level, "id", numbers)
    level.fetch_children(run, records)
    built = {record.row[place]: shape.build(record) for record in records}
    return {
        ref: built[ref.id]
        for ref in refs
        if ref.id in built
        and ref.class_name in {class_name, class_name_of(built[ref.id].type_name)}
    }


def _fits(document: Document, class_name: str, possible: set[str]) -> bool:
    kind: Any = document.schema.get_type(SOURCES[class_name][1])
    if isinstance(kind, GraphQLObjectType):
        return kind.name in possible
    return any(concrete.name in possible for concrete in concrete_types(document.schema, kind))
