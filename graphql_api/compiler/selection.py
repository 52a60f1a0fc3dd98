"""Reads a selection of the document: fragments, aliases, @skip and @include, abstract types.

Works on one object type at a time; a fragment is entered once per selection set, so nested
fragments cost no more than they are long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    get_argument_values,
    get_directive_values,
)
from graphql.execution.values import VariableValues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import (
        FragmentDefinitionNode,
        GraphQLField,
        GraphQLResolveInfo,
        GraphQLSchema,
        NamedTypeNode,
        SelectionSetNode,
    )


@dataclass(frozen=True, slots=True)
class Document:
    """What is needed to read any selection of one operation."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Any

    @classmethod
    def of(cls, info: GraphQLResolveInfo[Any]) -> Document:
        """The document that is being executed."""
        variables: Any = info.variable_values
        if isinstance(variables, dict):  # Strawberry's own executor hands on the bare values
            variables = VariableValues({}, variables)
        return cls(info.schema, info.fragments, variables)

    def fields(
        self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> dict[str, list[FieldNode]]:
        """Sub-selections of `nodes` that apply to `parent`, by response name, in order."""
        found: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                self._collect(parent, node.selection_set, found, visited)
        return found

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Coerced arguments; raises GraphQLError as ordinary execution does."""
        return get_argument_values(field, node, self.variables)

    def _collect(
        self,
        parent: GraphQLObjectType,
        selections: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for item in selections.selections:
            if not self._is_included(item):
                continue
            if isinstance(item, FieldNode):
                name = item.alias.value if item.alias else item.name.value
                found.setdefault(name, []).append(item)
            elif isinstance(item, InlineFragmentNode):
                if self._applies(item.type_condition, parent):
                    self._collect(parent, item.selection_set, found, visited)
            elif isinstance(item, FragmentSpreadNode) and item.name.value not in visited:
                visited.add(item.name.value)
                fragment = self.fragments.get(item.name.value)
                if fragment is not None and self._applies(fragment.type_condition, parent):
                    self._collect(parent, fragment.selection_set, found, visited)

    def _is_included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"] is True:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (include and include["if"] is False)

    def _applies(self, condition: NamedTypeNode | None, parent: GraphQLObjectType) -> bool:
        if condition is None:
            return True
        kind = self.schema.get_type(condition.name.value)
        if kind is parent:
            return True
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(kind, parent)
        return False


def concrete_types(schema: GraphQLSchema, kind: Any) -> tuple[GraphQLObjectType, ...]:
    """The object types that a value of this named type may have."""
    if isinstance(kind, GraphQLObjectType):
        return (kind,)
    return tuple(schema.get_possible_types(kind))
