"""The JSON of `maps=`: reverse intensity and curve of each channel listed in `c=`, in that order.

`{}` and null leave a channel unchanged. `reverse` is the older name of `inverted`, which wins.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.errors import Invalid
from shared.rendering.override import ChannelOverride
from shared.rendering.settings import Family

_HINT = (
    'Write a JSON list with one item per channel of c=, like [{"inverted": {"enabled": true}, '
    '"quantization": {"family": "polynomial", "coefficient": 0.5}}].'
)


@dataclass(frozen=True, slots=True)
class MapItem:
    """What one item of `maps=` says; None means unchanged."""

    reverse: bool | None = None
    family: Family | None = None
    coefficient: float | None = None


def parse_maps(text: str, channel_count: int | None, *, strict: bool) -> list[MapItem]:
    """Read `maps=` for `channel_count` listed channels (None: the address has no `c=`).

    Strict reading raises `Invalid` for anything it does not understand; lenient reading takes an
    item that it does not understand as unchanged.
    """
    try:
        return _items(text, channel_count, strict=strict)
    except Invalid:
        if strict:
            raise
        return []


def print_maps(channels: Iterable[ChannelOverride]) -> list[dict[str, object]]:
    """The items for these channels, ready for JSON; an empty item says nothing."""
    return [_print_item(channel) for channel in channels]


def _print_item(channel: ChannelOverride) -> dict[str, object]:
    item: dict[str, object] = {}
    if channel.reverse_intensity is not None:
        item["inverted"] = {"enabled": channel.reverse_intensity}
    quantization: dict[str, object] = {}
    if channel.family is not None:
        quantization["family"] = channel.family.value
    if channel.coefficient is not None:
        quantization["coefficient"] = channel.coefficient
    if quantization:
        item["quantization"] = quantization
    return item


def _items(text: str, channel_count: int | None, *, strict: bool) -> list[MapItem]:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        raise _refusal("maps= is not JSON.") from None
    if not isinstance(items, list):
        raise _refusal("maps= is not a list.")
    if channel_count is None:
        raise _refusal("maps= needs c=, whose channels it describes in order.")
    if len(items) > channel_count:
        if strict:
            raise _refusal(f"maps= has {len(items)} items for the {channel_count} of c=.")
        items = items[:channel_count]
    return [_item(item, strict=strict) for item in items]


def _item(item: object, *, strict: bool) -> MapItem:
    try:
        if item is None:
            return MapItem()
        if not isinstance(item, dict):
            raise _refusal("An item of maps= is not an object.")
        family, coefficient = _quantization(item.get("quantization"))
        inverted = item.get("inverted")
        reverse = _enabled(item.get("reverse") if inverted is None else inverted)
        return MapItem(reverse, family, coefficient)
    except Invalid:
        if strict:
            raise
        return MapItem()


def _enabled(value: object) -> bool | None:
    if value is None:
        return None
    enabled = value.get("enabled") if isinstance(value, Mapping) else value
    if enabled is None or isinstance(enabled, bool):
        return enabled
    raise _refusal("inverted in maps= is neither true nor false.")


def _quantization(value: object) -> tuple[Family | None, float | None]:
    if value is None:
        return None, None
    if not isinstance(value, Mapping):
        raise _refusal("quantization in maps= is not an object.")
    return _family(value.get("family")), _coefficient(value.get("coefficient"))


def _family(name: object) -> Family | None:
    if name is None:
        return None
    if isinstance(name, str) and name in {family.value for family in Family}:
        return Family(name)
    raise _refusal("family in maps= is not a curve.")


def _coefficient(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            coefficient = float(value)
        except OverflowError:
            coefficient = math.inf
        if math.isfinite(coefficient) and coefficient > 0:
            return coefficient
    raise _refusal("coefficient in maps= is not a number above 0.")


def _refusal(message: str) -> Invalid:
    return Invalid(message, hint=_HINT, path=("maps",))
