"""Checking that an answer has the types that its classes declare, all the way down.

Unpickling only guarantees the classes: a child that was taken over could still put a number where a
name belongs and make later code fail far from here.
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def has_declared_types(value: Any, declared: Any) -> bool:
    """Whether `value` is what the annotation says: plain types, unions, tuples and dataclasses."""
    origin = get_origin(declared)
    if origin in {Union, types.UnionType}:
        return any(has_declared_types(value, option) for option in get_args(declared))
    if origin is tuple:
        return isinstance(value, tuple) and _has_items(value, get_args(declared))
    if declared is None or declared is type(None):
        return value is None
    if declared is float:
        return type(value) in {int, float}
    if isinstance(declared, type) and is_dataclass(declared):
        hints = _hints(declared)
        return type(value) is declared and all(
            has_declared_types(getattr(value, field.name, _MISSING), hints[field.name])
            for field in fields(declared)
        )
    if isinstance(declared, type) and issubclass(declared, Enum):
        return isinstance(value, declared)
    return type(value) is declared


def _has_items(value: tuple[Any, ...], declared: tuple[Any, ...]) -> bool:
    if len(declared) == 2 and declared[1] is Ellipsis:
        return all(has_declared_types(item, declared[0]) for item in value)
    return len(value) == len(declared) and all(
        has_declared_types(item, kind) for item, kind in zip(value, declared, strict=True)
    )


@cache
def _hints(declared: type) -> dict[str, Any]:
    return get_type_hints(declared)


_MISSING = object()
