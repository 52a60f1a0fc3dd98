"""Parsed, limited and validated documents, kept by their text.

The limits come before validation, because validation is where hostile documents burn time. What
depends on variables (the cost) is kept per value of the variables that can change it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graphql_api.compiler.filters import count_look_ups
from graphql_api.schema.errors import BAD_USER_INPUT, VALIDATION_FAILED, LimitExceeded
from graphql_api.schema.limits import (
    MAX_TOKENS,
    Measured,
    measure,
    outline,
    refuse_beyond_limits,
)

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLSchema, SelectionSetNode

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
MAX_COSTS_PER_DOCUMENT = 64


@dataclass(slots=True)
class Document:
    """A document that parses; `errors` holds what validation found."""

    node: DocumentNode
    errors: list[GraphQLError] | None = None
    measured: dict[tuple[object, ...], Measured] = field(default_factory=dict)
    roots: dict[str | None, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Prepared:
    """An operation that may be executed."""

    document: Document
    operation: OperationDefinitionNode
    measured: Measured

    @property
    def is_query(self) -> bool:
        """Whether it only reads."""
        return self.operation.operation is OperationType.QUERY

    @property
    def is_subscription(self) -> bool:
        """Whether it watches."""
        return self.operation.operation is OperationType.SUBSCRIPTION

    def root_fields(self) -> frozenset[str]:
        """Names of the fields that it selects at the root, through fragments."""
        name = self.operation.name.value if self.operation.name else None
        found = self.document.roots.get(name)
        if found is None:
            found = _root_fields(self.document.node, self.operation.selection_set)
            self.document.roots[name] = found
        return found


class Documents:
    """Prepares operations of one schema; keeps the last `size` documents."""

    def __init__(self, schema: GraphQLSchema, size: int = 1_000) -> None:
        self.schema = schema
        self._size = size
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, text: str, name: str | None, variables: dict[str, Any]) -> Prepared:
        """Parse, choose, measure and validate; raises `InvalidDocument` with what is wrong."""
        document = self._document(text)
        operation = _chosen(document.node, name)
        try:
            measured = self._measured(document, operation, variables)
            refuse_beyond_limits(measured)
        except LimitExceeded as error:
            raise InvalidDocument([error]) from error
        if document.errors is None:
            document.errors = validate(self.schema, document.node, RULES)
        if document.errors:
            raise InvalidDocument(document.errors)
        return Prepared(document, operation, measured)

    def _document(self, text: str) -> Document:
        with self._lock:
            found = self._kept.get(text)
            if found is not None:
                self._kept.move_to_end(text)
                return found
        found = Document(_parsed(text))
        with self._lock:
            self._kept[text] = found
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return found

    def _measured(
        self, document: Document, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> Measured:
        key: tuple[object, ...] = (
            operation.name.value if operation.name else None,
            *(
                (name, value if isinstance(value, int) else (len(value), count_look_ups(value)))
                for name, value in sorted(variables.items())
                if isinstance(value, int | list | dict)
            ),
        )
        found = document.measured.get(key)
        if found is None:
            defaults = _defaults(operation)
            found = measure(self.schema, document.node, operation, {**defaults, **variables})
            if len(document.measured) < MAX_COSTS_PER_DOCUMENT:
                document.measured[key] = found
        return found


class InvalidDocument(Exception):  # an outcome, answered by the endpoint alone
    """The document does not parse, does not validate, or passes a limit."""

    def __init__(self, errors: list[GraphQLError], code: str = VALIDATION_FAILED) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.code = code


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=MAX_TOKENS)
    except RecursionError:
        error: GraphQLError = LimitExceeded("TOO_DEEP", "The document nests too deeply.")
    except GraphQLError as found:
        error = found
        if "more than" in found.message and "tokens" in found.message:
            error = LimitExceeded(
                "TOO_MANY_TOKENS",
                f"A document has at most {MAX_TOKENS} tokens.",
                limit=MAX_TOKENS,
            )
        elif "nested too deeply" in found.message:
            error = LimitExceeded("TOO_DEEP", "The document nests too deeply.")
    raise InvalidDocument([error]) from error


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [
        item for item in document.definitions if isinstance(item, OperationDefinitionNode)
    ]
    if name is None and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if name is not None and operation.name and operation.name.value == name:
            return operation
    if not operations:
        message = "The document holds no operation."
    elif name is None:
        message = "The document holds several operations: say which one by operationName."
    else:
        message = f"The document holds no operation named {name[:80]!r}."
    raise InvalidDocument([GraphQLError(message)], BAD_USER_INPUT)


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        variable.variable.name.value: outline(variable.default_value, {})
        for variable in operation.variable_definitions or ()
        if variable.default_value is not None
    }


def _root_fields(document: DocumentNode, selection: SelectionSetNode) -> frozenset[str]:
    fragments = {
        item.name.value: item
        for item in document.definitions
        if isinstance(item, FragmentDefinitionNode)
    }
    names: set[str] = set()
    seen: set[str] = set()
    waiting = [selection]
    while waiting:
        for item in waiting.pop().selections:
            if isinstance(item, FieldNode):
                names.add(item.name.value)
            elif isinstance(item, InlineFragmentNode):
                waiting.append(item.selection_set)
            elif isinstance(item, FragmentSpreadNode) and item.name.value not in seen:
                seen.add(item.name.value)
                if item.name.value in fragments:
                    waiting.append(fragments[item.name.value].selection_set)
    return frozenset(names)
