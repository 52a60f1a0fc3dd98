"""Every rendering mode gives, pixel by pixel, the image that was reviewed and stored.

When a change is meant, look at it first: `python -m tests.golden.review`, then `--accept`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.golden.review import review
from tests.golden.scenes import IMAGES, SCENES, Scene


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_rendering_is_the_golden_image(scene: Scene) -> None:
    with Image.open(scene.path) as image:
        golden = np.asarray(image.convert("RGB"))
    assert np.array_equal(scene.computed(), golden), "the golden image is not what the rules give"
    assert np.array_equal(scene.rendered(), golden), "run python -m tests.golden.review"


def test_every_golden_image_has_its_scene() -> None:
    assert {path.stem for path in IMAGES.glob("*.png")} == {scene.name for scene in SCENES}


def test_the_review_finds_nothing_to_look_at(tmp_path: Path) -> None:
    assert review(tmp_path) == []


def test_the_review_shows_old_new_and_difference(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    scene = SCENES[0]
    Image.new("RGB", (64, 48), (9, 9, 9)).save(images / scene.path.name)
    changed = review(tmp_path / "out", images=images)
    assert len(changed) == len(SCENES)
    with Image.open(tmp_path / "out" / scene.path.name) as image:
        assert image.height >= 48
        assert image.width >= 3 * 64
    review(tmp_path / "out", images=images, accept=True)
    assert review(tmp_path / "out", images=images) == []
