"""What is asked of both sides, and the goal: one case per line of the table of goals.

Every round shows another contrast, so nothing that was encoded before answers it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.tiles.files import SLIDE_TILE, TILE

_COLORS = ("0000FF", "00FF00", "FF0000", "FFFFFF")


@dataclass(frozen=True, slots=True)
class Goal:
    """The ratio to reach."""

    must: float
    aim: float


Targets = Callable[[int], Sequence[str]]
"""By a number that no other round has."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two lists of addresses that show the same pixels."""

    name: str
    goal: Goal
    ours: Targets
    theirs: Targets


def _places(side: int, tile: int, order: str = "rows") -> list[tuple[int, int]]:
    """Tiles of the full level, row by row or as a viewer pans: in screens of 4 x 4."""
    count = side // tile
    if order == "rows":
        return [(x, y) for y in range(count) for x in range(count)]
    return [
        (left + x, top + y)
        for top in range(0, count, 4)
        for left in range(0, count, 4)
        for y in range(min(4, count - top))
        for x in range(min(4, count - left))
    ]


def _rendering(turn: int) -> str:
    start = 100 + turn
    channels = ",".join(f"{number}|{start}:3000${color}" for number, color in enumerate(_COLORS, 1))
    return f"c={channels}&m=c"


def composite(name: str, goal: Goal, image: int, theirs: str, side: int) -> Case:
    """Four channels of 16 bits in tiles of 512."""
    places = _places(side, TILE)
    return Case(
        name,
        goal,
        lambda turn: [f"/tiles/{image}/0/{x}/{y}.jpg?{_rendering(turn)}" for x, y in places],
        lambda turn: [f"/tile/{theirs}/0/{x}/{y}?min={100 + turn}" for x, y in places],
    )


def viewport(name: str, goal: Goal, image: int, theirs: str, side: int) -> Case:
    """Four channels of 16 bits in tiles of 256, as a viewer pans."""
    places = _places(side, SLIDE_TILE, "screens")
    size = f"w={SLIDE_TILE}&h={SLIDE_TILE}"
    return Case(
        name,
        goal,
        lambda turn: [f"/tiles/{image}/0/{x}/{y}.jpg?{size}&{_rendering(turn)}" for x, y in places],
        lambda turn: [
            f"/tile/{theirs}/0/{x}/{y}?min={100 + turn}&region={SLIDE_TILE}" for x, y in places
        ],
    )


def slide(name: str, goal: Goal, image: int, side: int, *, quality: int, way: str) -> Case:
    """Tiles of a slide, passed through or made again (`way` is the other side's)."""
    places = _places(side, SLIDE_TILE)
    more = f"&{way}=1" if way else ""
    return Case(
        name,
        goal,
        lambda _: [f"/tiles/{image}/0/{x}/{y}.jpg?q={quality / 100:g}" for x, y in places],
        lambda _: [f"/tile/slide/0/{x}/{y}?q={quality}{more}" for x, y in places],
    )


def encoded_again(name: str, goal: Goal, image: int, side: int) -> Case:
    """Tiles of a slide that cannot be passed through, for their window begins a little higher."""
    places = _places(side, SLIDE_TILE)

    def ours(turn: int) -> list[str]:
        start = 1 + turn / 1000
        shown = ",".join(
            f"{number}|{start}:255${color}"
            for number, color in enumerate(("FF0000", "00FF00", "0000FF"), 1)
        )
        return [f"/tiles/{image}/0/{x}/{y}.jpg?c={shown}&m=c" for x, y in places]

    return Case(
        name, goal, ours, lambda _: [f"/tile/slide/0/{x}/{y}?q=80&reencode=1" for x, y in places]
    )
