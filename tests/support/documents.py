"""Random valid documents over the schema: fields, arguments, fragments, aliases, connections.

Written by hand beside hypothesis-graphql, because it knows real ids and cursors, goes deep along
relations and can say how many statements a document may take at most.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
    get_named_type,
)

from graphql_api.compiler.declare import type_name_of

if TYPE_CHECKING:
    from graphql import GraphQLSchema

TRANSPARENT = {"edges", "node", "nodes", "pageInfo", "link", "permissions"}
"""Fields below a connection that stand for rows which the connection has fetched."""
EXTRA = {
    "renderingSettings": 3, "allRenderingSettings": 2, "grid": 1, "pathsTo": 45,
    "annotationSummary": 30, "viewerCan": 0, "viewerCannot": 0, "diskUsage": 1, "moveTargets": 5,
    "ownerCandidates": 5, "luts": 1, "report": 5,
}  # fmt: skip
"""What some fields may take beside the one statement of a relation; none of it grows with rows."""
SKIPPED_ROOTS = {"nodes", "viewer"}


@dataclass
class Writer:
    """Writes one document from a seed."""

    schema: GraphQLSchema
    ids: dict[str, list[int]]
    chance: random.Random
    statements: int = 1
    """The most that the document may take."""
    aliases: int = 0
    names: list[str] = field(default_factory=list)
    """The fragments in which the writer is."""

    def document(self, depth: int = 7) -> str:
        """A query with a few root fields."""
        query: Any = self.schema.query_type
        chosen = self.chance.sample(sorted(set(query.fields) - SKIPPED_ROOTS), 2)
        fields = [self._field(query, name, depth) for name in chosen]
        return "{ " + " ".join(text for text in [self._node(depth), *fields] if text) + " }"

    def _node(self, depth: int) -> str:
        """An object of a random class, with a fragment of its own type."""
        class_name = self.chance.choice(sorted(self.ids))
        kind: Any = self.schema.get_type(type_name_of(class_name))
        if kind is None or "Node" not in {one.name for one in getattr(kind, "interfaces", ())}:
            return ""
        self.statements += 1
        number = self.chance.choice(self.ids[class_name])
        selected = self._selection(kind, depth - 1)
        return f'node(id: "{class_name}:{number}") {{ id ... on {kind.name} {selected} }}'

    def _selection(self, kind: Any, depth: int) -> str:
        if isinstance(kind, GraphQLInterfaceType):
            return self._abstract(kind, depth)
        names = self._names(kind, depth)
        found = [text for name in names if (text := self._field(kind, name, depth))]
        return "{ " + (" ".join(found) or "__typename") + " }"

    def _abstract(self, kind: GraphQLInterfaceType, depth: int) -> str:
        possible = sorted(self.schema.get_possible_types(kind), key=lambda one: one.name)
        chosen = self.chance.sample(possible, min(2, len(possible)))
        parts = ["__typename"]
        parts += [self._field(kind, name, depth) for name in self._names(kind, depth)[:2]]
        for one in chosen:
            self.names.append(one.name)
            parts.append(f"... on {one.name} {self._selection(one, depth)}")
            self.names.pop()
        return "{ " + " ".join(part for part in parts if part) + " }"

    def _names(self, kind: Any, depth: int) -> list[str]:
        names = sorted(kind.fields)
        if kind.name.endswith(("Connection", "Edge")):
            wanted = [name for name in names if name != "cursor"]
            return self.chance.sample(wanted, min(2, len(wanted)))
        leaves = [name for name in names if _is_leaf(kind.fields[name].type)]
        others = [name for name in names if name not in leaves]
        take = self.chance.sample(leaves, min(2, len(leaves)))
        if depth > 1 and others:
            take += self.chance.sample(others, min(self.chance.choice((1, 2, 3)), len(others)))
        return take

    def _field(self, parent: Any, name: str, depth: int) -> str:
        definition = parent.fields[name]
        kind = get_named_type(definition.type)
        if not _is_leaf(definition.type) and depth <= 1:
            return ""
        arguments = self._arguments(definition)
        if arguments is None:
            return ""
        if name not in TRANSPARENT:
            self.statements += EXTRA.get(name, 1)
        alias = ""
        if arguments or self.names:  # two fragments may mean different things by one name
            self.aliases += 1
            alias = f"a{self.aliases}: "
        text = f"{alias}{name}{arguments}"
        if _is_leaf(definition.type):
            return text
        return f"{text} {self._selection(kind, depth - 1)}"

    def _arguments(self, definition: Any) -> str | None:
        found = []
        for argument, about in sorted(definition.args.items()):
            needed = isinstance(about.type, GraphQLNonNull) and not _has_default(about)
            if argument in {"after", "before", "last"}:
                continue
            if argument == "first" or needed or self.chance.random() < 0.3:  # now and then
                value = "3" if argument == "first" else self._value(about.type, argument, 2)
                if value is None and needed:
                    return None
                if value is not None:
                    found.append(f"{argument}: {value}")
        return f"({', '.join(found)})" if found else ""

    def _value(self, kind: Any, name: str, depth: int) -> str | None:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, name, depth)
        if isinstance(kind, GraphQLList):
            values = [self._value(kind.of_type, name, depth) for _ in range(2)]
            return f"[{', '.join(value for value in values if value is not None)}]"
        if isinstance(kind, GraphQLEnumType):
            word: str = self.chance.choice(sorted(kind.values))
            return word
        if isinstance(kind, GraphQLInputObjectType):
            return self._input(kind, depth)
        assert isinstance(kind, GraphQLScalarType)
        return self._scalar(kind.name, name)

    def _input(self, kind: GraphQLInputObjectType, depth: int) -> str | None:
        if depth <= 0:
            return None
        needed = [
            name
            for name, about in kind.fields.items()
            if isinstance(about.type, GraphQLNonNull) and not _has_default(about)
        ]
        others = sorted(set(kind.fields) - set(needed))
        names = [*needed, *self.chance.sample(others, min(2, len(others)))]
        parts = []
        for name in dict.fromkeys(names):
            value = self._value(kind.fields[name].type, name, depth - 1)
            if value is not None:
                parts.append(f"{name}: {value}")
        return "{" + ", ".join(parts) + "}"

    def _scalar(self, kind: str, name: str) -> str:
        if kind == "ID":
            class_name = self.chance.choice(sorted(self.ids))
            return f'"{class_name}:{self.chance.choice(self.ids[class_name])}"'
        if kind in {"Int", "BigInt"}:
            return str({"pageSize": 2, "size": 64}.get(name, self.chance.choice((0, 1, 2, 7))))
        known = {
            "Float": "1.5",
            "Boolean": self.chance.choice(("true", "false")),
            "DateTime": '"2026-01-31T12:00:00Z"',
            "Color": '"#FF000080"',
        }
        return known.get(kind) or self.chance.choice(('"ÄB1"', '"a"', '"TagAnnotation"'))


def _has_default(about: Any) -> bool:
    return about.default_value is not Undefined


def _is_leaf(kind: Any) -> bool:
    return not isinstance(get_named_type(kind), GraphQLObjectType | GraphQLInterfaceType)
