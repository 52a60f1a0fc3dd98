"""Labels from masks, plates, and grants: what hangs around the images of a served OME-Zarr.

On both databases, since all of it is read from rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
import zarr
from sqlalchemy import update

from shared.auth.grants import cut_grant
from shared.auth.sessions import authenticate
from shared.models.images import Image
from shared.models.rois import Roi, Shape
from shared.models.screening import Plate, PlateAcquisition, Well, WellSample
from shared.refs import ObjectRef
from tests.support.people import make_group, make_part, make_row
from tests.support.tile_house import random_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.support.served_images import ServedImage
    from tests.support.served_zarrs import Served
    from tests.support.tile_house import TileHouse

ROUTES = ("zarr", "zarr5")


def add_mask(house: TileHouse, image: int, bits: NDArray[Any], **values: Any) -> int:
    """A ROI with one mask of these bits (rows, columns); answers the ROI's id."""
    owner, group = values.pop("owner", house.ada), values.pop("group", house.group)
    with house.database.write() as connection:
        roi = make_row(
            connection, Roi, owner=owner, group=group, image_id=image, name=values.pop("name", None)
        )
        make_part(
            connection, Shape, roi_id=roi, class_name="Mask", width=float(bits.shape[1]),
            height=float(bits.shape[0]),
            **{"mask_bytes": np.packbits(bits.ravel()).tobytes(), **values},
        )  # fmt: skip
    return roi


@pytest.mark.parametrize("route", ROUTES)
def test_masks_are_a_label_image_of_roi_ids(served: Served, route: str) -> None:
    house = served.house
    image = house.image(random_planes((1, 2, 2, 600, 530), "uint8"), level_count=2)
    cross = np.random.default_rng(3).integers(0, 2, (31, 45), dtype=np.uint8)
    block = np.ones((20, 20), np.uint8)
    first = add_mask(house, image.id, cross, x=500.0, y=500.0, the_z=1, name="cell")
    second = add_mask(house, image.id, block, x=505.0, y=505.0, fill_color=0x11223344)
    group = served.group(route, image.id)
    array = group["labels/masks/0"]
    assert isinstance(array, zarr.Array)
    expected = np.zeros((1, 1, 2, 600, 530), np.int64)
    expected[0, 0, 1, 500:531, 500:530] = first * cross[:, :30]
    expected[0, 0, :, 505:525, 505:525] = second
    np.testing.assert_array_equal(array[...], expected)
    half = group["labels/masks/1"]
    assert isinstance(half, zarr.Array)
    np.testing.assert_array_equal(half[...], expected[..., 1::2, 1::2])
    attributes: dict[str, Any] = dict(group["labels/masks"].attrs)
    block_of = attributes if route == "zarr" else attributes["ome"]
    assert block_of["image-label"] == {
        "version": "0.4" if route == "zarr" else "0.5",
        "source": {"image": "../../"},
        "colors": [{"label-value": second, "rgba": [0x11, 0x22, 0x33, 0x44]}],
        "properties": [
            {"label-value": first, "roi": f"Roi:{first}", "name": "cell"},
            {"label-value": second, "roi": f"Roi:{second}"},
        ],
    }
    listed: dict[str, Any] = dict(group["labels"].attrs)
    assert (listed if route == "zarr" else listed["ome"])["labels"] == ["masks"]


def test_a_transform_moves_and_turns_a_mask(served: Served) -> None:
    image = served.house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    bits = np.random.default_rng(5).integers(0, 2, (8, 8), dtype=np.uint8)
    # a quarter turn and a move: (x, y) goes to (30 - y, 10 + x)
    roi = add_mask(served.house, image.id, bits, x=0.0, y=0.0, transform="0 1 -1 0 30 10")
    array = served.group("zarr", image.id)["labels/masks/0"]
    assert isinstance(array, zarr.Array)
    expected = np.zeros((64, 64), np.int64)
    expected[10:18, 22:30] = roi * np.rot90(bits, -1)
    np.testing.assert_array_equal(np.asarray(array[...])[0, 0, 0], expected)


def test_masks_that_make_no_sense_or_are_not_ones_own_are_left_out(served: Served) -> None:
    house = served.house
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    bits = np.ones((8, 8), np.uint8)
    with house.database.write() as connection:
        private = make_group(connection, "Private", members=[house.ada, house.rosalind])
    add_mask(house, image.id, bits, x=0.0, y=0.0, group=private)
    assert served.get(f"zarr/{image.id}.zarr/labels/.zattrs").status_code == 404
    add_mask(house, image.id, bits, x=0.0, y=0.0, mask_bytes=b"\xff")
    add_mask(house, image.id, bits, x=0.0, y=0.0, transform="1 2 x")
    add_mask(house, image.id, bits, x=0.0, y=0.0, transform="0 0 0 0 0 0")
    assert served.get(f"zarr/{image.id}.zarr/labels/masks/.zattrs").status_code == 200
    assert served.get(f"zarr/{image.id}.zarr/labels/masks/0/0/0/0/0/0").status_code == 404


def furnish_plate(served: Served) -> tuple[int, list[ServedImage]]:
    """A plate with wells A1 (two fields) and C2 (one, in a run), and a hidden field before it."""
    house = served.house
    own: dict[str, Any] = {"owner": house.ada, "group": house.group}
    images = [house.image(random_planes((1, 1, 1, 40 + n, 50), "uint8")) for n in range(3)]
    with house.database.write() as connection:
        private = make_group(connection, "Hidden", members=[house.ada])
        hidden = make_row(connection, Image, owner=house.ada, group=private)
        plate = make_row(connection, Plate, name="Plate µ", rows=2, columns=3, **own)
        run = make_row(connection, PlateAcquisition, plate_id=plate, name="Run 1", **own)
        first = make_row(connection, Well, plate_id=plate, row=0, column=0, **own)
        second = make_row(connection, Well, plate_id=plate, row=2, column=1, **own)
        lone = make_row(connection, Well, plate_id=plate, row=1, column=1, **own)
        places = [
            (first, images[0].id, None), (first, images[1].id, None), (second, hidden, run),
            (second, images[2].id, run), (lone, hidden, None),
        ]  # fmt: skip
        for position, (well, image, acquisition) in enumerate(places):
            make_row(
                connection, WellSample, well_id=well, image_id=image, position=position,
                plate_acquisition_id=acquisition, **own,
            )  # fmt: skip
    return plate, images


@pytest.mark.parametrize("route", ROUTES)
def test_a_plate_leads_to_its_wells_fields_and_pixels(served: Served, route: str) -> None:
    plate, images = furnish_plate(served)
    version: Literal[2, 3] = 2 if route == "zarr" else 3
    group = zarr.open_group(
        served.store(f"{route}/Plate:{plate}.zarr"), mode="r", zarr_format=version,
        use_consolidated=False,
    )  # fmt: skip
    attributes: dict[str, Any] = dict(group.attrs)
    block = (attributes if version == 2 else attributes["ome"])["plate"]
    assert block["name"] == "Plate µ"
    assert [row["name"] for row in block["rows"]] == ["A", "B", "C"]
    assert [column["name"] for column in block["columns"]] == ["1", "2", "3"]
    assert block["wells"] == [
        {"path": "A/1", "rowIndex": 0, "columnIndex": 0},
        {"path": "C/2", "rowIndex": 2, "columnIndex": 1},
    ]
    assert block["field_count"] == 2
    (run,) = block["acquisitions"]
    assert run["name"] == "Run 1"
    well: dict[str, Any] = dict(group["C/2"].attrs)
    fields = (well if version == 2 else well["ome"])["well"]["images"]
    assert fields == [{"path": "1", "acquisition": run["id"]}]
    for path, image in (("A/1/0", 0), ("A/1/1", 1), ("C/2/1", 2)):
        array = group[f"{path}/0"]
        assert isinstance(array, zarr.Array)
        np.testing.assert_array_equal(array[...], images[image].levels[0])


def test_what_is_not_on_the_plate_is_not_found(served: Served) -> None:
    plate, _ = furnish_plate(served)
    for key in (
        "A/2/.zgroup", "A/1/2/.zattrs", "C/2/0/.zattrs", "B/2/.zattrs", "D/.zgroup", "nonsense",
        "", "A/1/00/.zattrs", "A/01/.zgroup",
    ):  # fmt: skip
        assert served.get(f"zarr/Plate:{plate}.zarr/{key}").status_code == 404, key
    assert served.get(f"zarr/Plate:{plate}.zarr/A/.zgroup").status_code == 200


def test_grants_open_their_image_or_plate_and_nothing_beside_it(served: Served) -> None:
    plate, images = furnish_plate(served)
    house = served.house
    other = house.image(random_planes((1, 1, 1, 40, 50), "uint8"))
    principal = authenticate(house.database, house.settings, house.log_in(house.rosalind))

    def grant(ref: ObjectRef) -> str:
        return cut_grant(
            house.keys, session_id=principal.session_id, ref=ref, expires_at=principal.expires_at
        )

    of_plate = grant(ObjectRef("Plate", plate))
    of_image = grant(ObjectRef("Image", images[0].id))
    served.client.headers.pop("Authorization")
    found = {
        path: served.get(path).status_code
        for path in (
            f"~{of_plate}/zarr/Plate:{plate}.zarr/.zattrs",
            f"~{of_plate}/zarr/Plate:{plate}.zarr/A/1/0/0/0/0/0/0/0",
            f"~{of_plate}/zarr5/Image:{images[1].id}.zarr/0/c/0/0/0/0/0",
            f"~{of_image}/zarr/Image:{images[0].id}.zarr/.zattrs",
            f"~{of_image}/image/{images[0].id}.zarr/0/0/0/0/0/0",
            f"~{of_plate}/zarr/Image:{other.id}.zarr/.zattrs",
            f"~{of_image}/zarr/Plate:{plate}.zarr/.zattrs",
            f"~{of_image}/zarr/Image:{images[1].id}.zarr/.zattrs",
            f"~{of_image}x/zarr/Image:{images[0].id}.zarr/.zattrs",
        )
    }
    assert list(found.values()) == [200, 200, 200, 200, 200, 403, 403, 403, 401]


def test_an_image_that_is_taken_away_is_closed_at_once(served: Served) -> None:
    house = served.house
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    path = f"zarr/{image.id}.zarr/0/0/0/0/0/0"
    assert served.get(path).status_code == 200
    with house.database.write() as connection:
        private = make_group(connection, "Away", members=[house.ada])
        connection.execute(update(Image).where(Image.id == image.id).values(group_id=private))
    house.clock.at += 5
    assert served.get(path).status_code == 403
    assert served.get(f"zarr/{image.id}.zarr/.zattrs").status_code == 403
