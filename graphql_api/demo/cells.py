"""Fluorescence images that look like cells, from random numbers with a fixed seed.

Arrays are uint16 in the order T C Z Y X. Channels: nuclei, tubulin-like threads, spots, membrane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKGROUND = 110
NOISE = 6.0


@dataclass(frozen=True, slots=True)
class CellField:
    """A field of view to be made. Sizes in pixels and planes."""

    seed: int
    size: int = 512
    size_z: int = 5
    size_t: int = 1
    size_c: int = 4
    cells: int = 14


@dataclass(frozen=True, slots=True)
class _Cell:
    x: float
    y: float
    z: float
    radius: float
    aspect: float
    angle: float
    brightness: float
    dx: float
    dy: float
    is_dividing: bool


def cell_field(field: CellField) -> NDArray[np.uint16]:
    """Make the images of a field, of shape (size_t, size_c, size_z, size, size)."""
    random = np.random.default_rng(field.seed)
    cells = [_random_cell(random, field) for _ in range(field.cells)]
    texture = _smooth_noise(random, field.size, 5.0)
    threads = np.abs(_smooth_noise(random, field.size, 2.2))
    shape = (field.size_t, field.size_c, field.size_z, field.size, field.size)
    out = np.empty(shape, np.uint16)
    for t in range(field.size_t):
        for z in range(field.size_z):
            planes = _plane(cells, field, t, z, texture, threads)
            for c in range(field.size_c):
                noisy = planes[c % 4] + random.normal(0, NOISE, planes[0].shape) + BACKGROUND
                out[t, c, z] = np.clip(noisy, 0, 4095).astype(np.uint16)
    return out


def _random_cell(random: np.random.Generator, field: CellField) -> _Cell:
    margin = field.size * 0.08
    x, y = random.uniform(margin, field.size - margin, 2)
    return _Cell(
        x=float(x),
        y=float(y),
        z=float(random.uniform(0.25, 0.75) * max(1, field.size_z - 1)),
        radius=float(random.uniform(0.026, 0.045) * field.size),
        aspect=float(random.uniform(0.65, 1.0)),
        angle=float(random.uniform(0, np.pi)),
        brightness=float(random.uniform(0.6, 1.0)),
        dx=float(random.normal(0, 1.5)),
        dy=float(random.normal(0, 1.5)),
        is_dividing=bool(random.random() < 0.2),
    )


def _plane(
    cells: list[_Cell],
    field: CellField,
    t: int,
    z: int,
    texture: NDArray[np.float32],
    threads: NDArray[np.float32],
) -> list[NDArray[np.float32]]:
    nuclei, bodies, rims = (np.zeros((field.size, field.size), np.float32) for _ in range(3))
    for cell in cells:
        focus = float(np.exp(-(((z - cell.z) / max(1.2, field.size_z / 3)) ** 2))) * cell.brightness
        x0, x1, y0, y1 = _box(cell, field, t)
        if x0 >= x1 or y0 >= y1:
            continue
        distance = _distance(cell, t, x0, x1, y0, y1)
        window = np.s_[y0:y1, x0:x1]
        nuclei[window] += focus * _disc(distance, 1.0, 0.12)
        bodies[window] = np.maximum(bodies[window], focus * _disc(distance, 2.6, 0.35))
        rims[window] += focus * np.exp(-(((distance - 2.6) / 0.14) ** 2))
    return [
        nuclei * (1500 + 500 * texture),
        bodies * (300 + 900 * threads),
        bodies * 1600 * (np.maximum(texture - 1.55, 0) * 2.2),
        rims * 900 + bodies * 120,
    ]


def _box(cell: _Cell, field: CellField, t: int) -> tuple[int, int, int, int]:
    """The part of the field that a cell can light up: x from and to, y from and to."""
    x, y, reach = cell.x + cell.dx * t, cell.y + cell.dy * t, cell.radius * 6
    low_x, low_y = max(0, int(x - reach)), max(0, int(y - reach))
    return low_x, min(field.size, int(x + reach)), low_y, min(field.size, int(y + reach))


def _distance(cell: _Cell, t: int, x0: int, x1: int, y0: int, y1: int) -> NDArray[np.float32]:
    """Distance from the cell's centre in units of its radius; two centres while it divides."""
    y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    x -= np.float32(cell.x + cell.dx * t)
    y -= np.float32(cell.y + cell.dy * t)
    u = x * np.float32(np.cos(cell.angle)) + y * np.float32(np.sin(cell.angle))
    v = y * np.float32(np.cos(cell.angle)) - x * np.float32(np.sin(cell.angle))
    if cell.is_dividing:
        u = np.abs(u) - np.float32(cell.radius * 0.9)
    scaled = np.sqrt(u * u + (v / cell.aspect) ** 2) / cell.radius
    found: NDArray[np.float32] = scaled.astype(np.float32)
    return found


def _disc(distance: NDArray[np.float32], edge: float, softness: float) -> NDArray[np.float32]:
    soft = 1.0 / (1.0 + np.exp(np.minimum((distance - edge) / softness, 50)))
    found: NDArray[np.float32] = soft.astype(np.float32)
    return found


def _smooth_noise(random: np.random.Generator, size: int, sigma: float) -> NDArray[np.float32]:
    """Periodic noise, smoothed by a Gaussian of `sigma` pixels, of mean 0 and deviation 1."""
    frequency = np.fft.fftfreq(size)
    kernel = np.exp(-2 * (np.pi * sigma) ** 2 * (frequency[:, None] ** 2 + frequency**2))
    field = np.fft.ifft2(np.fft.fft2(random.normal(size=(size, size))) * kernel).real
    found: NDArray[np.float32] = ((field - field.mean()) / field.std()).astype(np.float32)
    return found
