"""Look at changed renderings before they become golden: old, new and difference side by side.

`python -m tests.golden.review [FOLDER]` writes one picture for each change; `--accept` then stores
the new ones. Difference is stretched so that one level can be seen.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.golden.scenes import HEIGHT, IMAGES, SCENES, WIDTH

_ENLARGED = 4


def review(folder: Path, *, images: Path = IMAGES, accept: bool = False) -> list[str]:
    """Names of the scenes that differ from `images`; their comparison is written to `folder`."""
    changed = []
    for scene in SCENES:
        old, new = _stored(images / scene.path.name), scene.rendered()
        if old is not None and np.array_equal(old, new):
            continue
        changed.append(scene.name)
        folder.mkdir(parents=True, exist_ok=True)
        _compared(old, new).save(folder / scene.path.name)
        if accept:
            images.mkdir(parents=True, exist_ok=True)
            Image.fromarray(new).save(images / scene.path.name, optimize=True)
    return changed


def _stored(path: Path) -> Any:
    if not path.exists():
        return None
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _compared(old: Any, new: Any) -> Image.Image:
    before = np.zeros((HEIGHT, WIDTH, 3), np.uint8) if old is None else old
    difference = np.abs(before.astype(int) - new)
    stretched = np.where(difference > 0, 64 + difference * 191 // 255, 0).astype(np.uint8)
    gap = np.full((HEIGHT, 2, 3), 128, np.uint8)
    row = np.concatenate([before, gap, new, gap, stretched], axis=1)
    enlarged = row.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1)
    return Image.fromarray(enlarged)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("golden-review"))
    parser.add_argument("--accept", action="store_true", help="store the new renderings")
    arguments = parser.parse_args()
    changed = review(arguments.folder, accept=arguments.accept)
    for name in changed:
        sys.stdout.write(f"{name}: old, new, difference in {arguments.folder / name}.png\n")
    sys.stdout.write(f"{len(changed)} of {len(SCENES)} renderings differ.\n")
    return 0 if arguments.accept or not changed else 1


if __name__ == "__main__":
    raise SystemExit(main())
