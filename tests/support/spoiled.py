"""Executors that spoil what the planner found before it is completed, each time alike."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from graphql_api.compiler.rows import Row

if TYPE_CHECKING:
    from graphql.execution import Executor

SHARE = 0.08
"""How many of the values are spoiled."""


class SpoiledError(Exception):
    """Stands where a value should be."""


def spoiling(executor: type[Executor[Any]], seed: int) -> type[Executor[Any]]:
    """The executor, with some values of every root field replaced."""

    class Spoiling(executor):  # type: ignore[valid-type, misc]  # mypy wants a name
        def complete_value(
            self, return_type: Any, details: Any, info: Any, path: Any, result: Any, place: Any
        ) -> Any:
            if path.prev is None:
                for row in result if isinstance(result, list) else [result]:
                    _spoil(row, random.Random(f"{seed}{path.key}"))  # not for secrets
            return super().complete_value(return_type, details, info, path, result, place)

    return Spoiling


def _spoil(value: Any, chance: random.Random) -> None:
    if isinstance(value, list):
        for item in value:
            _spoil(item, chance)
    if not isinstance(value, Row):
        return
    for name, inner in value.items():
        if chance.random() < SHARE:
            value[name] = chance.choice([None, SpoiledError(name), object, "text", 2**40, [None]])
        else:
            _spoil(inner, chance)
