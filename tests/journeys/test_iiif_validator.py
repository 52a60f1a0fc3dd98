"""The IIIF consortium's own validator, level 2 of version 3.0, against running processes.

Its picture, ten by ten squares of known colours, is drawn here and imported as any other.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from tests.support.house import House

pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)
VALIDATE = Path(sys.executable).parent / "iiif-validate.py"
INFO = "query Info($id: ID!) { node(id: $id) { ... on Image { tiles { iiifInfoUrl } } } }"


def draw_squares(path: Path) -> None:
    """The validator's picture; it counts columns first."""
    from iiif_validator.validator import ValidationInfo

    colors = np.array(ValidationInfo().colorInfo, np.uint8)
    pixels = colors.transpose(1, 0, 2).repeat(100, axis=0).repeat(100, axis=1)
    Image.fromarray(pixels, "RGB").save(path)


@pytest.fixture(scope="module")
def granted(house: House, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Host, prefix and identifier of the picture below a grant."""
    try:
        import magic  # noqa: F401
    except ImportError:
        pytest.skip("no libmagic on this machine (apt-get install libmagic1)")
    path = tmp_path_factory.mktemp("squares") / "squares.png"
    draw_squares(path)
    ada = house.person("ada")
    (number,) = house.import_by_cli(ada, path, "-g", "Lab")
    address = ada.data(INFO, id=f"Image:{number}")["tiles"]["iiifInfoUrl"]
    host, _, rest = address.removeprefix("http://").partition("/")
    prefix, identifier, document = rest.rsplit("/", 2)
    assert document == "info.json"
    return host, prefix, identifier


def test_the_public_validator_passes(granted: tuple[str, str, str]) -> None:
    host, prefix, identifier = granted
    done = subprocess.run(
        [sys.executable, VALIDATE, "--server", host, "--prefix", prefix, "--identifier", identifier,
         "--version", "3.0", "--level", "2", "--verbose"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1].endswith(" 0 failures)")
    assert done.stderr.count(" PASS") >= 25
