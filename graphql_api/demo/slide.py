"""A brightfield slide that looks like stained tissue, made tile row by tile row.

All levels grow in one pass and each keeps only one row of decoded tiles, so memory does not grow
with
the slide. The file is an OME-TIFF with JPEG tiles and one SubIFD for each smaller level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TILE = 256
QUALITY = 82
MICROMETRES_PER_PIXEL = 0.25
PATTERN = 1024
"""Side of the periodic textures, in pixels."""
COARSE = 64
"""Pixels of the slide for one pixel of the map that says where which tissue is."""
PAPER = (243, 241, 244)
STROMA = (229, 158, 184)
EPITHELIUM = (186, 120, 178)
NUCLEUS = (92, 58, 134)


@dataclass(slots=True)
class _Level:
    """One resolution while it grows: rows not yet encoded, and tiles as JPEG streams."""

    width: int
    rows: list[NDArray[np.uint8]] = field(default_factory=list)
    held: int = 0
    height: int = 0
    tiles: list[bytes] = field(default_factory=list)


def write_slide(path: Path, width: int, height: int, *, seed: int = 7, levels: int = 7) -> None:
    """Write a slide of `width` x `height` pixels with `levels` resolutions, each half the last."""
    grown = [_Level(-(-width // 2**n)) for n in range(levels)]
    tissue = Tissue(width, height, seed)
    for top in range(0, height, TILE):
        _add(grown, 0, tissue.rows(top, min(TILE, height - top)))
    for number in range(levels):
        _encode_rows(grown, number, is_last=True)
    _write(path, grown)


def _add(levels: list[_Level], number: int, rows: NDArray[np.uint8]) -> None:
    level = levels[number]
    level.rows.append(rows)
    level.held += len(rows)
    level.height += len(rows)
    if level.held >= TILE:
        _encode_rows(levels, number, is_last=False)


def _encode_rows(levels: list[_Level], number: int, *, is_last: bool) -> None:
    level = levels[number]
    if not level.held:
        return
    block = np.concatenate(level.rows)
    whole = len(block) if is_last else len(block) // TILE * TILE
    level.rows, level.held = [block[whole:]], len(block) - whole
    for top in range(0, whole, TILE):
        level.tiles += _tiles(block[top : min(top + TILE, whole)])
    if number + 1 < len(levels):
        _add(levels, number + 1, _halved(block[:whole]))


def _halved(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mean of 2 x 2 pixels, the last row and column repeated when their number is odd."""
    pad = ((0, block.shape[0] % 2), (0, block.shape[1] % 2), (0, 0))
    even = np.pad(block, pad, mode="edge") if pad[0][1] or pad[1][1] else block
    total = even[0::2, 0::2].astype(np.uint16)
    total += even[1::2, 0::2]
    total += even[0::2, 1::2]
    total += even[1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)


def _tiles(block: NDArray[np.uint8]) -> list[bytes]:
    import simplejpeg

    height, width = block.shape[:2]
    pad = ((0, TILE - height), (0, -width % TILE), (0, 0))
    full = np.pad(block, pad, mode="edge") if pad[0][1] or pad[1][1] else block
    return [
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(full[:, left : left + TILE]), QUALITY, "RGB", "420"
        )
        for left in range(0, full.shape[1], TILE)
    ]


def _write(path: Path, levels: list[_Level]) -> None:
    import tifffile

    metadata = {
        "axes": "YXS",
        "Name": "biopsy",
        "PhysicalSizeX": MICROMETRES_PER_PIXEL,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": MICROMETRES_PER_PIXEL,
        "PhysicalSizeYUnit": "µm",
    }
    with tifffile.TiffWriter(path, bigtiff=True, ome=True) as tiff:
        for number, level in enumerate(levels):
            options: dict[str, Any] = (
                {"subifds": len(levels) - 1, "metadata": metadata}
                if number == 0
                else {"subfiletype": 1, "metadata": None}
            )
            tiff.write(
                iter(level.tiles),
                shape=(level.height, level.width, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                compression="jpeg",
                photometric="ycbcr",
                subsampling=(2, 2),
                **options,
            )


class Tissue:
    """Where paper, stroma and epithelium lie, and how each looks close by."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.width = width
        shape = (height // COARSE + 3, width // COARSE + 3)
        y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
        island = 1.15 - np.sqrt((x * 1.05) ** 2 + (y * 1.2) ** 2) + 0.28 * _noise(random, shape, 9)
        self._tissue = _unit(island * 6)
        self._dense = _unit(_noise(random, shape, 5) * 3 - 0.4) * self._tissue
        self._paper = _texture(random, PAPER, 1.5, 2.0)
        self._stroma = _fibres(random)
        self._epithelium = _nuclei(random)

    def rows(self, top: int, count: int) -> NDArray[np.uint8]:
        """The rows from `top`, of shape (count, width, 3)."""
        tissue = self._map(self._tissue, top, count)
        dense = self._map(self._dense, top, count)
        out = np.empty((count, self.width, 3), np.uint8)
        ys = (top + np.arange(count)) % PATTERN
        for left in range(0, self.width, PATTERN):
            width = min(PATTERN, self.width - left)
            part = np.s_[:, left : left + width]
            a, b = tissue[part][..., None], dense[part][..., None]
            paper = self._paper[ys, :width]
            stroma = self._stroma[ys, :width]
            mixed = paper + (((stroma - paper) * a) >> 8)
            mixed += ((self._epithelium[ys, :width] - mixed) * b) >> 8
            out[part] = mixed
        return out

    def _map(self, coarse: NDArray[np.float64], top: int, count: int) -> NDArray[np.int32]:
        """A coarse map at full resolution, 0..256, linear between its points."""
        ys = (top + np.arange(count)) / COARSE
        xs = np.arange(self.width) / COARSE
        y0, x0 = ys.astype(int), xs.astype(int)
        rows = coarse[y0] + (coarse[y0 + 1] - coarse[y0]) * (ys - y0)[:, None]
        fine = rows[:, x0] + (rows[:, x0 + 1] - rows[:, x0]) * (xs - x0)
        found: NDArray[np.int32] = (fine * 256).astype(np.int32)
        return found


def _noise(
    random: np.random.Generator, shape: tuple[int, int], sigma: float
) -> NDArray[np.float64]:
    """Periodic noise of mean 0 and deviation 1, smoothed by `sigma` pixels."""
    fy, fx = np.fft.fftfreq(shape[0]), np.fft.fftfreq(shape[1])
    kernel = np.exp(-2 * (np.pi * sigma) ** 2 * (fy[:, None] ** 2 + fx**2))
    found = np.fft.ifft2(np.fft.fft2(random.normal(size=shape)) * kernel).real
    result: NDArray[np.float64] = (found - found.mean()) / found.std()
    return result


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))


def _texture(
    random: np.random.Generator, color: tuple[int, int, int], sigma: float, depth: float
) -> NDArray[np.int32]:
    noise = _noise(random, (PATTERN, PATTERN), sigma)[..., None]
    found: NDArray[np.int32] = np.clip(np.array(color) + noise * depth, 0, 255).astype(np.int32)
    return found


def _fibres(random: np.random.Generator) -> NDArray[np.int32]:
    """Wavy pink strands with a few spindle nuclei."""
    wave = _noise(random, (PATTERN, PATTERN), 14)
    fine = np.abs(_noise(random, (PATTERN, PATTERN), 3) + wave)
    shade = np.clip(fine, 0, 2.2)[..., None] * np.array((6, 26, 16))
    base = np.array(STROMA) + 12 - shade
    spots = _unit((_noise(random, (PATTERN, PATTERN), 4.5) - 2.1) * 9)[..., None]
    mixed = base + (np.array(NUCLEUS) - base) * spots
    found: NDArray[np.int32] = np.clip(mixed, 0, 255).astype(np.int32)
    return found


def _nuclei(random: np.random.Generator) -> NDArray[np.int32]:
    """Epithelium: round dark nuclei, densely packed."""
    base = _texture(random, EPITHELIUM, 2.5, 9.0).astype(np.float64)
    grid = 20
    for cy in range(0, PATTERN, grid):
        for cx in range(0, PATTERN, grid):
            dy, dx = random.normal(0, 6.5, 2)
            radius = random.uniform(5.0, 8.5)
            y, x = np.mgrid[-12:13, -12:13]
            inside = _unit((radius - np.hypot(y * random.uniform(0.8, 1.25), x)) * 1.6)
            ys = (np.arange(-12, 13) + cy + int(dy)) % PATTERN
            xs = (np.arange(-12, 13) + cx + int(dx)) % PATTERN
            window = np.ix_(ys, xs)
            mark = (inside * random.uniform(0.7, 1.0))[..., None]
            base[window] += (np.array(NUCLEUS) + random.normal(0, 9) - base[window]) * mark
    found: NDArray[np.int32] = np.clip(base, 0, 255).astype(np.int32)
    return found
