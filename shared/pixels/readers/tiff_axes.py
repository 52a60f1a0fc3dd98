"""Which page is which plane: from a series' own axes, or from what the person says, to T, C and Z.

"Outer" axes are those between pages; the page itself is Y, X and perhaps S (samples, which become
the fastest channels). Unnamed outer axes are Z up to 256 planes, else T.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from shared.errors import Invalid

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_UNNAMED_Z = 256
NAMED = frozenset("TCZ")
POSITIONS = frozenset("PM")
"""Axes of stage positions and mosaics: each becomes an image of its own."""


@dataclass(frozen=True, slots=True)
class OuterAxes:
    """Axes between the pages of a series, slowest first, one letter for each size."""

    letters: str
    sizes: tuple[int, ...]

    @property
    def dimension_order(self) -> str:
        """OME's order, fastest first, such as XYCZT; axes that are not there come last."""
        order = "XY"
        for letter in (*reversed(self.letters), *"ZCT"):
            if letter in NAMED and letter not in order:
                order += letter
        return order


def named(letters: str, sizes: tuple[int, ...], *, page_has_z: bool = False) -> OuterAxes:
    """Drop axes of extent 1 and name those that the file does not name (Q, I and others).

    Position axes (P, M) are left as they are. `page_has_z`: pages are volumes already.
    """
    kept = [(letter, size) for letter, size in zip(letters, sizes, strict=True) if size != 1]
    taken = {letter for letter, _ in kept if letter in NAMED | POSITIONS}
    if page_has_z:
        taken.add("Z")
    found: list[tuple[str, int]] = []
    for letter, size in kept:
        chosen = letter
        if letter not in NAMED | POSITIONS or (letter == "Z" and page_has_z):
            wishes = "ZTC" if size <= MAX_UNNAMED_Z else "TZC"
            free = [wish for wish in wishes if wish not in taken]
            if not free:
                # Four and more axes: what OME's five dimensions cannot name is folded into time.
                return named("I", (prod(sizes),), page_has_z=page_has_z)
            chosen = free[0]
            taken.add(chosen)
        found.append((chosen, size))
    return OuterAxes("".join(letter for letter, _ in found), tuple(size for _, size in found))


def overridden(axes: str, sizes: tuple[int, ...], page_axes: str) -> OuterAxes:
    """Name the outer axes as the person asks, such as "TZCYX" or "TYX".

    One outer letter takes all pages; several need a file that states as many sizes. Raises
    `Invalid` naming the sizes that the file has.
    """
    wanted = axes.strip().upper()
    inner = "".join(letter for letter in wanted if letter in "YXS")
    outer = wanted[: len(wanted) - len(inner)]
    if (
        not wanted.endswith(inner)
        or inner.replace("S", "") != "YX"
        or len(set(wanted)) != len(wanted)
        or not set(outer) <= NAMED
    ):
        raise Invalid(
            f"The axes {axes!r} are not understood.",
            hint="Name them slowest first with T, C, Z, Y, X, for instance TZCYX or ZYX.",
            path=("axes",),
        )
    pages = tuple(size for size in sizes if size != 1)
    if len(outer) == 1:
        return OuterAxes(outer, (prod(pages),))
    if len(outer) != len(pages):
        shape = " x ".join(str(size) for size in (*pages, *page_axes))
        raise Invalid(
            f"The axes {axes!r} do not fit this image of shape {shape}.",
            hint=f"It has {len(pages)} axes beside Y and X; name each once with T, C or Z.",
            path=("axes",),
        )
    return OuterAxes(outer, pages)


def split_positions(pages: NDArray[Any], axes: OuterAxes) -> list[tuple[NDArray[Any], OuterAxes]]:
    """Answer one array of pages for each stage position; pages has the shape of `axes`."""
    at = next((i for i, letter in enumerate(axes.letters) if letter in POSITIONS), None)
    if at is None:
        return [(pages, axes)]
    rest = OuterAxes(
        axes.letters[:at] + axes.letters[at + 1 :], axes.sizes[:at] + axes.sizes[at + 1 :]
    )
    return [
        found
        for position in range(axes.sizes[at])
        for found in split_positions(pages.take(position, axis=at), rest)
    ]


def as_tcz(pages: NDArray[Any], axes: OuterAxes) -> NDArray[Any]:
    """Answer the pages as an array of shape (t, c, z)."""
    order = [axes.letters.index(letter) for letter in "TCZ" if letter in axes.letters]
    shape = tuple(
        axes.sizes[axes.letters.index(letter)] if letter in axes.letters else 1 for letter in "TCZ"
    )
    return pages.transpose(order).reshape(shape)
