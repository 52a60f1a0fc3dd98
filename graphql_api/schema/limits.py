"""What a document may ask for: depth, aliases, root fields and cost, in one memoised pass.

Every fragment is measured once, so the pass is linear in the document however fragments nest; the
stock limiters write fragments out and are exponential. Leaves count as a level of depth.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    VariableNode,
    get_named_type,
)

from graphql_api.compiler.filters import count_look_ups
from graphql_api.schema.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import (
        DocumentNode,
        GraphQLField,
        GraphQLOutputType,
        GraphQLSchema,
        OperationDefinitionNode,
        SelectionSetNode,
        ValueNode,
    )

MAX_BODY_BYTES = 2**20
MAX_TOKENS = 5_000
MAX_DEPTH = 15
MAX_ALIASES = 100
MAX_ROOT_FIELDS = 20
MAX_COST = 500_000
MAX_COMPARISONS = 30_000
"""Pairs of fields that validation would compare: about 2 us each."""
MAX_FRAGMENT_CHAIN = 100
MAX_LOOK_UPS = 50
"""Predicates of all `where` together that look into other tables: about 10 ms each to plan."""

DEFAULT_PAGE = 50
MAX_PAGE = 1_000
LIST_SIZES = {
    "types": 200, "fields": 10, "inputFields": 5, "enumValues": 5, "directives": 10, "cells": 384,
    "pathsTo": 50, "files": 20, "diskUsage": 50,
}  # fmt: skip
"""Guessed lengths of introspection's lists, wells of a plate and the like; any other plain list
counts as `PLAIN_LIST`."""
PLAIN_LIST = 4
COUNT = "totalCount"
WEIGHTS = {"totalCount": 50}
"""What a field costs beyond the objects that it returns: a count reads an index range."""
_CAP = 10**12


@dataclass(slots=True)
class Measured:
    """What was found, fragments written out (saturating)."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0
    once: int = 0
    """What a connection costs once, whatever its page: its count."""
    comparisons: int = 0
    chain: int = 0
    """How many fragments spread each other in a row."""
    look_ups: int = 0
    """Predicates that look into other tables; a list has one statement, however many parents."""
    names: Counter[str] = field(default_factory=Counter)
    """Response names of the selection set, with how often each is written."""

    def add(self, other: Measured) -> None:
        """Take in a fragment's measure."""
        self.depth = max(self.depth, other.depth)
        self.aliases = min(self.aliases + other.aliases, _CAP)
        self.cost = min(self.cost + other.cost, _CAP)
        self.once = min(self.once + other.once, _CAP)
        self.comparisons = min(self.comparisons + other.comparisons, _CAP)
        self.chain = max(self.chain, other.chain)
        self.look_ups = min(self.look_ups + other.look_ups, _CAP)
        for name, count in other.names.items():
            self.names[name] = min(self.names[name] + count, _CAP)


@dataclass(slots=True)
class _Pass:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    memo: dict[str, Measured | None] = field(default_factory=dict)

    def selection(self, node: SelectionSetNode, parent: object) -> Measured:
        found = Measured()
        spreads = 0
        for item in node.selections:
            if isinstance(item, FieldNode):
                self._field(item, parent, found)
                continue
            spreads += 1
            if isinstance(item, InlineFragmentNode):
                condition = item.type_condition
                inner = self.schema.get_type(condition.name.value) if condition else parent
                found.add(self.selection(item.selection_set, inner))
            elif isinstance(item, FragmentSpreadNode):
                found.add(self._fragment(item.name.value))
        found.comparisons += 8 * spreads * spreads
        return found

    def _field(self, node: FieldNode, parent: object, found: Measured) -> None:
        name = node.name.value
        found.aliases += node.alias is not None
        found.names[node.alias.value if node.alias else name] += 1
        definition = _definition(self.schema, parent, name)
        if name == COUNT:
            found.once += WEIGHTS[name]
        else:
            found.cost += WEIGHTS.get(name, 0)
        found.look_ups += sum(
            count_look_ups(outline(argument.value, self.variables))
            for argument in node.arguments or ()
            if argument.name.value == "where"
        )
        if node.selection_set is None:
            found.depth = max(found.depth, 1)
            return
        inner = self.selection(node.selection_set, definition and get_named_type(definition.type))
        found.depth = max(found.depth, inner.depth + 1)
        found.aliases += inner.aliases
        found.chain = max(found.chain, inner.chain)
        found.look_ups += inner.look_ups
        found.comparisons += inner.comparisons + _pairs(inner.names)
        times, own = self._times(node, definition)
        found.cost = min(found.cost + times * (own + inner.cost) + inner.once, _CAP)

    def _times(self, node: FieldNode, definition: GraphQLField | None) -> tuple[int, int]:
        """How many objects the field may return, and what each adds by itself.

        A connection multiplies by its page; its `edges`, `nodes` and `pageInfo` do not again, and
        only the objects themselves count.
        """
        name = node.name.value
        if definition is None or name in {"edges", "pageInfo", "link"}:
            return 1, 0
        if _is_connection(definition.type):
            return self._page(node), 0
        if name == "ids" or not _is_list(definition.type):
            return 1, 1
        if name == "nodes":
            return self._listed(node), 1
        return LIST_SIZES.get(name, PLAIN_LIST), 1

    def _page(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                value = argument.value
                if isinstance(value, IntValueNode):
                    return _counted(int(value.value[:13]))
                if isinstance(value, VariableNode):
                    number = self.variables.get(value.name.value)
                    if isinstance(number, int):
                        return _counted(number)
        return DEFAULT_PAGE

    def _listed(self, node: FieldNode) -> int:
        """`nodes(ids:)` returns as many as ids are given; a connection's `nodes` is its page."""
        for argument in node.arguments or ():
            if isinstance(argument.value, ListValueNode):
                return len(argument.value.values)
            if isinstance(argument.value, VariableNode):
                given = self.variables.get(argument.value.name.value)
                return len(given) if isinstance(given, list) else 1
        return 1

    def _fragment(self, name: str) -> Measured:
        if name in self.memo:
            return self.memo[name] or Measured()  # a cycle: validation reports it
        fragment = self.fragments.get(name)
        if fragment is None:
            return Measured()
        self.memo[name] = None
        condition = self.schema.get_type(fragment.type_condition.name.value)
        found = self.selection(fragment.selection_set, condition)
        found.chain += 1
        self.memo[name] = found
        return found


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: dict[str, Any],
) -> Measured:
    """Measure one operation; raises `LimitExceeded` (TOO_DEEP) when nesting exhausts the stack."""
    fragments = {
        item.name.value: item
        for item in document.definitions
        if isinstance(item, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    try:
        found = _Pass(schema, fragments, variables).selection(operation.selection_set, root)
    except RecursionError:
        raise LimitExceeded("TOO_DEEP", "The document nests too deeply.", limit=MAX_DEPTH) from None
    found.comparisons = min(found.comparisons + _pairs(found.names), _CAP)
    return found


def refuse_beyond_limits(found: Measured) -> None:
    """Raises `LimitExceeded` for the first limit that was passed."""
    _check("TOO_DEEP", "levels of fields", found.depth, MAX_DEPTH)
    _check("TOO_DEEP", "fragments in a row", found.chain, MAX_FRAGMENT_CHAIN)
    _check("TOO_MANY_ALIASES", "aliases", found.aliases, MAX_ALIASES)
    _check("TOO_MANY_ROOT_FIELDS", "root fields", sum(found.names.values()), MAX_ROOT_FIELDS)
    _check("COST_EXCEEDED", "objects", found.cost, MAX_COST)
    what = "look-ups by within, orphaned, tag, keyValue and annotatedBy"
    _check("COST_EXCEEDED", what, found.look_ups, MAX_LOOK_UPS)
    _check("COST_EXCEEDED", "comparisons of repeated fields", found.comparisons, MAX_COMPARISONS)


def outline(value: ValueNode, variables: Mapping[str, Any]) -> Any:
    """A literal as far as limits ask: objects, lists and numbers; None for all others.

    Numbers are cut, because reading one of thousands of digits is an error.
    """
    if isinstance(value, VariableNode):
        return variables.get(value.name.value)
    if isinstance(value, IntValueNode):
        return int(value.value[:13])
    if isinstance(value, ListValueNode):
        return [outline(item, variables) for item in value.values]
    if isinstance(value, ObjectValueNode):
        return {item.name.value: outline(item.value, variables) for item in value.fields}
    return None


def _check(code: str, what: str, requested: int, limit: int) -> None:
    if requested > limit:
        raise LimitExceeded(
            code,
            f"The document asks for {requested} {what}; at most {limit} are answered.",
            requested=requested,
            limit=limit,
        )


def _counted(asked: int) -> int:
    """A page as it counts: one beyond the greatest is refused by the planner, at no cost."""
    return max(0, min(asked, MAX_PAGE + 1))


def _pairs(names: Counter[str]) -> int:
    return min(sum(count * (count - 1) // 2 for count in names.values()), _CAP)


def _definition(schema: GraphQLSchema, parent: object, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        return schema.get_field(parent, name)
    return None


def _is_list(kind: GraphQLOutputType) -> bool:
    while isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    return isinstance(kind, GraphQLList)


def _is_connection(kind: GraphQLOutputType) -> bool:
    return not _is_list(kind) and get_named_type(kind).name.endswith("Connection")
