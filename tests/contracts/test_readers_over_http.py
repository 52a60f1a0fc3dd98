"""ome-zarr-py, in an environment of its own, opens what we serve: images, labels and plates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.auth.grants import cut_grant
from shared.auth.sessions import authenticate
from shared.models.screening import Plate, Well, WellSample
from shared.refs import ObjectRef
from tests.contracts.test_zarr_groups_over_http import add_mask
from tests.support.people import make_row
from tests.support.readers import read_by
from tests.support.tile_house import random_planes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.served_zarrs import Served

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROUTES = ("zarr", "zarr5")


def granted(served: Served, ref: ObjectRef) -> str:
    """What stands before the path for a reader that sends no headers."""
    house = served.house
    principal = authenticate(house.database, house.settings, house.log_in(house.rosalind))
    grant = cut_grant(
        house.keys, session_id=principal.session_id, ref=ref, expires_at=principal.expires_at
    )
    return f"{served.address}/~{grant}"


@pytest.mark.parametrize("route", ROUTES)
def test_ome_zarr_py_opens_an_image_with_its_levels_and_labels(
    served: Served, route: str, tmp_path: Path
) -> None:
    image = served.house.image(random_planes((2, 2, 1, 300, 410)), level_count=2)
    bits = np.ones((20, 30), np.uint8)
    roi = add_mask(served.house, image.id, bits, x=40.0, y=50.0)
    base = granted(served, ObjectRef("Image", image.id))

    nodes = read_by("read_ngff.py", f"{base}/{route}/Image:{image.id}.zarr", str(tmp_path))

    pixels, *labels = nodes
    assert {"Multiscales", "OMERO"} <= set(pixels["specs"])
    assert (pixels["levels"], pixels["axes"]) == (2, list("tczyx"))
    assert (pixels["name"], pixels["channels"]) == ("image", ["channel 0", "channel 1"])
    assert len(pixels["contrast"]) == 2
    for level, expected in enumerate(image.levels):
        np.testing.assert_array_equal(np.load(tmp_path / f"0-{level}.npy"), expected)
    assert any("Label" in node["specs"] for node in labels), nodes
    number = next(n for n, node in enumerate(nodes) if "Label" in node["specs"])
    painted = np.load(tmp_path / f"{number}-0.npy")
    assert set(np.unique(painted)) == {0, roi}
    assert (painted == roi).sum() % bits.size == 0


@pytest.mark.parametrize("route", ROUTES)
def test_ome_zarr_py_opens_a_plate(served: Served, route: str, tmp_path: Path) -> None:
    house = served.house
    own: dict[str, Any] = {"owner": house.ada, "group": house.group}
    images = [house.image(random_planes((1, 1, 1, 40, 50), "uint8") // (n + 1)) for n in range(3)]
    with house.database.write() as connection:
        plate = make_row(connection, Plate, name="Plate", rows=2, columns=2, **own)
        for (row, column), image in zip(((0, 0), (0, 1), (1, 1)), images, strict=True):
            well = make_row(connection, Well, plate_id=plate, row=row, column=column, **own)
            make_row(connection, WellSample, well_id=well, image_id=image.id, **own)
    base = granted(served, ObjectRef("Plate", plate))

    nodes = read_by("read_ngff.py", f"{base}/{route}/Plate:{plate}.zarr", str(tmp_path))

    assert "Plate" in nodes[0]["specs"]
    a1, a2, b2 = (image.levels[0][0, 0, 0] for image in images)
    mosaic = np.load(tmp_path / "0-0.npy")[0, 0, 0]
    np.testing.assert_array_equal(mosaic, np.block([[a1, a2], [np.zeros_like(a1), b2]]))
