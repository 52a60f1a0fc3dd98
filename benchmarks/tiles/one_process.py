"""How long does a tile take, phase by phase, against reading and rendering it straightforwardly?

The baseline opens the file with tifffile, decodes each channel's plane, composites the tile with
NumPy in float64 and encodes with Pillow: a first version without any design, rights or settings.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.rounds import Comparison, compare, table
from tests.support.tile_house import furnish, running
from tile_service.metrics import PHASES, TILE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

TILE = 512
COLORS = ((0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255))
WINDOW = (100, 3000)
ADDRESS = ",".join(
    f"{number}|{WINDOW[0]}:{WINDOW[1]}${r:02X}{g:02X}{b:02X}"
    for number, (r, g, b) in enumerate(COLORS, 1)
)


@dataclass(frozen=True, slots=True)
class TileResult:
    """A comparison per kind of request, and the mean time of each phase in microseconds."""

    comparisons: list[tuple[str, Comparison]]
    phases: dict[str, float]


def planes(side: int) -> NDArray[np.uint16]:
    """Four channels that compress like fluorescence, of shape (1, 4, 1, side, side)."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:side, 0:side]
    wave = 900 * (1 + np.sin(x / 37)) * (1 + np.cos(y / 53))
    noise = random.normal(200, 12, (1, 4, 1, side, side))
    found: NDArray[np.uint16] = np.clip(wave + noise, 0, 4095).astype(np.uint16)
    return found


async def measure(
    database: Database, settings: Settings, storage: LocalStorage, *, side: int, rounds: int
) -> TileResult:
    """Ask for every tile of an image cold, after a change of contrast and warm."""
    house = furnish(database, settings, storage)
    image = house.image(planes(side), tile=TILE)
    count = side // TILE
    tiles = [(column, row) for row in range(count) for column in range(count)]
    before = _phase_sums()
    async with running(house), house.client(house.ada) as client:
        turn = iter(range(10**6))

        async def ask(start: int) -> None:
            c = ADDRESS.replace(f"1|{WINDOW[0]}", f"1|{start}")
            for column, row in tiles:
                address = f"/tiles/Image:{image.id}/0/{column}/{row}.jpg"
                answer = await client.get(address, params={"c": c, "m": "c"})
                assert answer.status_code == 200, answer.text

        async def changing() -> None:
            await ask(100 + next(turn) % 900)

        async def warm() -> None:
            await ask(WINDOW[0])

        async def naive() -> None:
            for column, row in tiles:
                _naive_tile(image.file, column, row)

        comparisons = [
            ("4 x uint16, contrast changed every time", await compare(changing, naive, rounds)),
            ("4 x uint16, warm", await compare(warm, naive, rounds)),
        ]
    return TileResult(comparisons, _phase_means(before))


def _naive_tile(path: Path, column: int, row: int) -> bytes:
    import tifffile
    from PIL import Image

    with tifffile.TiffFile(path) as tiff:
        pages = tiff.series[0].asarray().reshape(len(COLORS), *tiff.series[0].shape[-2:])
    total = np.zeros((TILE, TILE, 3), np.float64)
    for page, color in zip(pages, COLORS, strict=True):
        part = page[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        level = np.clip((part.astype(np.float64) - WINDOW[0]) / (WINDOW[1] - WINDOW[0]), 0, 1)
        total += level[..., None] * np.array(color, np.float64)
    out = io.BytesIO()
    Image.fromarray(np.clip(total, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=80)
    return out.getvalue()


def _phase_sums() -> dict[str, tuple[float, float]]:
    found = {}
    for phase in PHASES:
        samples: dict[str, Any] = {
            sample.name: sample.value
            for metric in TILE_SECONDS.labels(phase).collect()
            for sample in metric.samples
            if not sample.name.endswith("_bucket")
        }
        total = next((v for n, v in samples.items() if n.endswith("_sum")), 0.0)
        count = next((v for n, v in samples.items() if n.endswith("_count")), 0.0)
        found[phase] = (total, count)
    return found


def _phase_means(before: dict[str, tuple[float, float]]) -> dict[str, float]:
    means = {}
    for phase, (total, count) in _phase_sums().items():
        earlier_total, earlier_count = before[phase]
        if count > earlier_count:
            means[phase] = (total - earlier_total) / (count - earlier_count) * 1e6
    return means


def report(result: TileResult) -> str:
    """The printed form."""
    lines = [
        table("Tiles", "a tile against tifffile, NumPy float64 and Pillow", result.comparisons),
        "phase means: " + ", ".join(f"{k} {v:.0f} us" for k, v in result.phases.items()),
    ]
    return "\n".join(lines)
