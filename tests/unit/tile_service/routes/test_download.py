from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from ome_types import from_xml
from sqlalchemy import update

from shared.auth.grants import cut_grant
from shared.auth.sessions import authenticate
from shared.clock import SECOND
from shared.models.acquisition import Instrument, Objective, ObjectiveSettings
from shared.models.images import Image, LogicalChannel, Pixels, PlaneInfo
from shared.models.people import Group, Membership
from shared.refs import ObjectRef
from tests.support.originals import keep_metadata, keep_originals
from tests.support.people import make_part, make_row, make_user
from tests.support.tile_house import TileHouse, furnish, random_planes, running

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage
    from tests.support.served_images import ServedImage

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SMALL = (1, 1, 1, 16, 16)


def assert_harmless(headers: object, name: str) -> None:
    assert headers["content-disposition"].startswith("attachment; ")  # type: ignore[index]
    assert name in headers["content-disposition"]  # type: ignore[index]
    assert headers["x-content-type-options"] == "nosniff"  # type: ignore[index]
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"  # type: ignore[index]


async def test_all_metadata_is_text_in_two_sections(house: TileHouse) -> None:
    image = house.image(random_planes(SMALL, "uint8"))
    keep_metadata(
        house, image,
        **{"global": [["Software", "Scope 3"], ["Note", "two\nlines"]]},
        series={"0": [["Exposure", "12 ms"], ["µ", "<script>"]], "1": [["Other", "image"]]},
    )  # fmt: skip
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"/download/Image:{image.id}/metadata.txt")
        again = await client.get(
            f"/download/{image.id}/metadata.txt", headers={"If-None-Match": answer.headers["etag"]}
        )
    assert answer.status_code == 200
    assert answer.text.splitlines() == [
        "[Global Metadata]", "Software=Scope 3", "Note=two\\nlines", "",
        "[Series Metadata]", "Exposure=12 ms", "µ=<script>",
    ]  # fmt: skip
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert_harmless(answer.headers, "Original_Metadata.txt")
    assert (again.status_code, again.content) == (304, b"")


@on_sqlite
async def test_metadata_that_are_gone_or_broken_are_told_so_and_none_kept_is_empty(
    house: TileHouse,
) -> None:
    image, other = (house.image(random_planes(SMALL, "uint8")) for _ in range(2))
    name = keep_metadata(house, image)
    async with house.client(house.ada) as client:
        none = await client.get(f"/download/{other.id}/metadata.txt")
        house.storage.path(name).write_bytes(b"[1, 2")
        broken = await client.get(f"/download/{image.id}/metadata.txt")
        house.storage.erase(name)
        gone = await client.get(f"/download/{image.id}/metadata.ome.xml")
    assert none.text == "[Global Metadata]\n\n[Series Metadata]\n"
    assert [broken.status_code, gone.status_code] == [500, 500]
    assert broken.json()["code"] == "broken_file"


@on_sqlite
async def test_ome_xml_is_the_files_own_where_it_has_one(house: TileHouse) -> None:
    image = house.image(random_planes(SMALL, "uint8"))
    keep_metadata(house, image, ome_xml="<OME>as it came</OME>")
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"/download/{image.id}/metadata.ome.xml")
    assert answer.text == "<OME>as it came</OME>"
    assert answer.headers["content-type"] == "application/xml"
    assert_harmless(answer.headers, f"Image_{image.id}.ome.xml")


def describe(house: TileHouse, image: ServedImage) -> None:
    with house.database.write() as connection:
        values = {"owner": house.ada, "group": house.group}
        instrument = make_row(connection, Instrument, microscope_model="Axio & Co", **values)
        objective = make_row(
            connection, Objective, instrument_id=instrument, immersion="Oil", correction="Nonsense",
            lens_na=1.4, nominal_magnification=63.0, working_distance=0.19,
            working_distance_unit="mm", **values,
        )  # fmt: skip
        used = make_row(
            connection, ObjectiveSettings, objective_id=objective, medium="Oil",
            refractive_index=1.518, **values,
        )  # fmt: skip
        connection.execute(
            update(Image).where(Image.id == image.id).values(
                name="cells \x02 <1>", instrument_id=instrument, objective_settings_id=used,
                acquired_at=1_700_000_000 * SECOND,
            )
        )  # fmt: skip
        connection.execute(
            update(LogicalChannel).values(
                name="DAPI", emission_wave=461.0, emission_wave_unit="nm", fluor="DAPI",
                excitation_wave=12.0, excitation_wave_unit="cubits", mode="WideField",
            )
        )  # fmt: skip
        make_part(
            connection, PlaneInfo, pixels_id=image.pixels_id, the_z=1, the_c=0, the_t=0,
            delta_t=1.5, delta_t_unit="s", exposure_time=20.0, exposure_time_unit="ms",
            position_x=3.0, position_x_unit="reference frame",
        )  # fmt: skip


async def test_ome_xml_is_written_from_the_rows_where_the_file_has_none(house: TileHouse) -> None:
    image = house.image(
        random_planes((1, 2, 3, 16, 24), "uint16"), colors=(0xFF0000FF, 0x00FF0080),
        physical_size_x=0.25, physical_size_x_unit="µm", physical_size_y=0.5,
        physical_size_y_unit="furlongs", significant_bits=12,
    )  # fmt: skip
    describe(house, image)
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"/download/{image.id}/metadata.ome.xml")
    found = from_xml(answer.content)
    shown = found.images[0]
    pixels = shown.pixels
    assert shown.name == "cells \ufffd <1>"
    assert shown.acquisition_date is not None
    assert shown.acquisition_date.timestamp() == 1_700_000_000
    assert (pixels.size_x, pixels.size_y, pixels.size_z, pixels.size_c) == (24, 16, 3, 2)
    assert (pixels.type.value, pixels.significant_bits) == ("uint16", 12)
    assert (pixels.physical_size_x, pixels.physical_size_x_unit.value) == (0.25, "µm")
    assert pixels.physical_size_y is None
    first = pixels.channels[0]
    assert (first.name, first.emission_wavelength, first.excitation_wavelength) == (
        "DAPI", 461.0, None,
    )  # fmt: skip
    assert first.color.as_rgb_tuple(alpha=False) == (255, 0, 0)
    assert (pixels.planes[0].the_z, pixels.planes[0].exposure_time) == (1, 20.0)
    objective = found.instruments[0].objectives[0]
    assert (objective.immersion.value, objective.correction.value) == ("Oil", "Other")  # type: ignore[union-attr]
    assert shown.objective_settings is not None
    assert shown.objective_settings.id == objective.id


@pytest.mark.parametrize("kind", ["label", "macro"])
async def test_a_slides_pictures_are_for_owner_leader_and_administrator_only(
    house: TileHouse, kind: str
) -> None:
    image, plain = (house.image(random_planes(SMALL, "uint8")) for _ in range(2))
    name = f"derived/00/{kind}.png"
    with house.storage.open_new(name) as file:
        file.write(b"\x89PNG a patient's name")
    with house.database.write() as connection:
        connection.execute(update(Image).where(Image.id == image.id).values({f"{kind}_file": name}))
        root = make_user(connection, "boss", is_admin=True)
        leader = make_user(connection, "grace")
        make_part(
            connection, Membership, user_id=leader, group_id=house.group, is_owner=True, position=0
        )
        connection.execute(
            update(Group).where(Group.id == house.group).values(permissions="rwrw--")
        )
    found = {}
    for who in (house.ada, leader, root, house.rosalind, house.stranger):
        async with house.client(who) as client:
            answer = await client.get(f"/download/{image.id}/{kind}")
            found[who] = answer.status_code
            assert (await client.get(f"/download/{plain.id}/{kind}")).status_code == 404
            if who == house.ada:
                assert answer.content == b"\x89PNG a patient's name"
                assert answer.headers["content-type"] == "image/png"
                assert_harmless(answer.headers, f"_{kind}.png")
    assert found == {
        house.ada: 200, leader: 200, root: 200, house.rosalind: 404, house.stranger: 404
    }  # fmt: skip


@on_sqlite
async def test_one_original_is_the_file_itself_in_whole_or_in_part(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 300, 300), "uint8"))
    keep_originals(house, image)
    stored = image.file.read_bytes()
    path = f"/download/Image:{image.id}/original"
    async with house.client(house.rosalind) as client:
        whole = await client.get(path)
        etag = whole.headers["etag"]
        answers = {
            text: await client.get(path, headers={"Range": text, **more})
            for text, more in [
                ("bytes=0-9", {}), ("bytes=-5", {}), ("bytes=100-", {}), ("bytes=5-4", {}),
                (f"bytes={len(stored)}-", {}), ("bytes=0-1,4-5", {}), ("lines=1-2", {}),
                ("bytes=2-3", {"If-Range": '"old"'}), ("bytes=3-4", {"If-Range": etag}),
            ]
        }  # fmt: skip
        held = await client.get(path, headers={"If-None-Match": etag})
        head = await client.head(path)
    assert whole.content == stored
    assert whole.headers["accept-ranges"] == "bytes"
    assert_harmless(whole.headers, 'filename="image.ome.tif"')
    ranges = [
        ("bytes=0-9", stored[:10]), ("bytes=-5", stored[-5:]), ("bytes=100-", stored[100:]),
        ("bytes=3-4", stored[3:5]),
    ]  # fmt: skip
    for text, part in ranges:
        assert (answers[text].status_code, answers[text].content) == (206, part), text
    assert answers["bytes=0-9"].headers["content-range"] == f"bytes 0-9/{len(stored)}"
    for text in ("bytes=5-4", "bytes=0-1,4-5", "lines=1-2", "bytes=2-3"):
        assert (answers[text].status_code, answers[text].content) == (200, stored), text
    beyond = answers[f"bytes={len(stored)}-"]
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(stored)}"
    assert held.status_code == 304
    assert (head.content, head.headers["content-length"]) == (b"", str(len(stored)))


async def test_several_originals_come_as_a_zip_with_safe_names(house: TileHouse) -> None:
    image = house.image(random_planes(SMALL, "uint8"))
    more = {"sub/a:b.txt": b"colon", "sub/a_b.txt": b"taken", "big.bin": bytes(3 * 2**20)}
    keep_originals(house, image, more)
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"/download/{image.id}/original")
    assert answer.headers["content-type"] == "application/zip"
    assert_harmless(answer.headers, 'filename="image.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == {
        "image.ome.tif": image.file.read_bytes(), "sub/a_b.txt": b"colon",
        "sub/2_a_b.txt": b"taken", "big.bin": bytes(3 * 2**20),
    }  # fmt: skip


async def test_originals_with_a_label_are_for_those_who_may_see_the_label(
    house: TileHouse,
) -> None:
    image = house.image(random_planes(SMALL, "uint8"))
    keep_originals(house, image)
    with house.database.write() as connection:
        connection.execute(
            update(Image).where(Image.id == image.id).values(label_file="derived/x/label.jpg")
        )
    path = f"/download/{image.id}/original"
    async with house.client(house.rosalind) as client:
        refused = await client.get(path)
        region = await client.get(f"/download/{image.id}/region.ome.tif")
    assert (refused.status_code, refused.json()["code"]) == (403, "denied")
    assert "label" in refused.json()["detail"]
    assert region.status_code == 200
    async with house.client(house.stranger) as client:
        assert (await client.get(path)).status_code == 404
    async with house.client(house.ada) as client:
        assert (await client.get(path)).status_code == 200


@on_sqlite
async def test_an_original_that_is_gone_is_refused_before_the_first_byte(house: TileHouse) -> None:
    image, none = (house.image(random_planes(SMALL, "uint8")) for _ in range(2))
    keep_originals(house, image, {"second.txt": b"x"})
    image.file.unlink()
    async with house.client(house.ada) as client:
        answer = await client.get(f"/download/{image.id}/original")
        empty = await client.get(f"/download/{none.id}/original")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken_file")
    assert empty.status_code == 404


@on_sqlite
async def test_a_region_is_an_ome_tiff_of_the_raw_values(house: TileHouse) -> None:
    planes = random_planes((2, 3, 4, 700, 650), "uint16")
    image = house.image(
        planes, colors=(0xFF0000FF, 0x00FF00FF, 0x0000FFFF),
        physical_size_x=0.25, physical_size_x_unit="µm",
    )  # fmt: skip
    path = f"/download/{image.id}/region.ome.tif"
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"{path}?x=100&y=50&w=530&h=9999&z=1:2&t=1&c=3,1")
        again = await client.get(
            f"{path}?x=100&y=50&w=530&h=9999&z=1:2&t=1&c=3,1",
            headers={"If-None-Match": answer.headers["etag"]},
        )
    assert again.status_code == 304
    assert_harmless(answer.headers, "image_region.ome.tif")
    with tifffile.TiffFile(io.BytesIO(answer.content)) as file:
        assert file.is_ome
        assert file.series[0].axes in {"CZYX", "TCZYX"}
        found = file.asarray().reshape(1, 2, 2, 650, 530)
        document = from_xml(file.ome_metadata or "")
    np.testing.assert_array_equal(found, planes[1:2, [2, 0], 1:3, 50:, 100:630])
    pixels = document.images[0].pixels
    assert (pixels.physical_size_x, pixels.physical_size_x_unit.value) == (0.25, "µm")
    assert [channel.name for channel in pixels.channels] == ["channel 2", "channel 0"]
    assert pixels.channels[0].color.as_rgb_tuple(alpha=False) == (0, 0, 255)


@on_sqlite
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint32", "int32", "float32"])
async def test_a_region_keeps_every_type(house: TileHouse, dtype: str) -> None:
    kind = "int32" if dtype == "float32" else dtype
    planes = random_planes((1, 1, 2, 40, 30), kind).astype(dtype)
    values = {"pixels_type": "float"} if dtype == "float32" else {}
    image = house.image(planes, **values)
    async with house.client(house.ada) as client:
        answer = await client.get(f"/download/{image.id}/region.ome.tif")
    with tifffile.TiffFile(io.BytesIO(answer.content)) as file:
        found = file.asarray()
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found.reshape(planes.shape), planes)


@on_sqlite
@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("x=16", 400, "x"), ("y=-1", 400, "y"), ("w=0", 400, "w"), ("z=1", 400, "z"),
        ("z=2:1", 400, "z"), ("t=a", 400, "t"), ("c=0", 400, "c"), ("c=2", 400, "c"),
        ("c=1,1", 400, "c"), ("c=1|0:5", 400, "c"), ("level=1", 400, "level"),
        ("x=1&x=2", 400, "x"),
    ],
)  # fmt: skip
async def test_a_region_that_makes_no_sense_names_the_parameter(
    house: TileHouse, query: str, status: int, parameter: str
) -> None:
    image = house.image(random_planes(SMALL, "uint8"))
    async with house.client(house.ada) as client:
        answer = await client.get(f"/download/{image.id}/region.ome.tif?{query}")
    assert (answer.status_code, answer.json()["parameter"]) == (status, parameter)


@on_sqlite
async def test_a_region_beyond_the_limit_is_refused_with_the_limit(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    house = furnish(database, settings, storage, download_region_bytes=2**20)
    image = house.image(random_planes((1, 1, 2, 1024, 1024), "uint8"))
    async with running(house), house.client(house.ada) as client:
        one = await client.get(f"/download/{image.id}/region.ome.tif?z=0")
        both = await client.get(f"/download/{image.id}/region.ome.tif")
    assert one.status_code == 200
    assert both.status_code == 413
    assert str(2**20) in both.json()["detail"]


@on_sqlite
async def test_downloads_are_for_those_who_see_the_image_and_below_its_grant(
    house: TileHouse,
) -> None:
    image, other = (house.image(random_planes(SMALL, "uint8")) for _ in range(2))
    keep_originals(house, image)
    keep_originals(house, other)
    principal = authenticate(house.database, house.settings, house.log_in(house.rosalind))
    grant = cut_grant(
        house.keys, session_id=principal.session_id, ref=ObjectRef("Image", image.id),
        expires_at=principal.expires_at,
    )  # fmt: skip
    for what in ("original", "region.ome.tif", "metadata.txt", "metadata.ome.xml"):
        path = f"/download/Image:{image.id}/{what}"
        async with house.client(house.stranger) as client:
            assert (await client.get(path)).status_code == 404, what
            assert (await client.get(f"/download/99999/{what}")).status_code == 404
            assert (await client.get(f"{path}?nonsense=1")).status_code == 400
        async with house.client() as client:
            assert (await client.get(path)).status_code == 401
            assert (await client.get(f"/~{grant}{path}")).status_code == 200, what
            beside = f"/~{grant}/download/Image:{other.id}/{what}"
            assert (await client.get(beside)).status_code == 404, what
    async with house.client(house.ada) as client:
        assert (await client.get(f"/download/{image.id}/secrets")).status_code == 404
        assert (await client.get(f"/download/{image.id}")).status_code == 404


@on_sqlite
async def test_a_region_of_pixels_with_odd_rows_still_downloads(house: TileHouse) -> None:
    image = house.image(random_planes(SMALL, "uint8"))
    with house.database.write() as connection:
        connection.execute(
            update(Pixels).where(Pixels.id == image.pixels_id).values(
                physical_size_x=-1.0, physical_size_x_unit="x", physical_size_z=2.0
            )
        )  # fmt: skip
        connection.execute(update(Image).values(name="\x00\x01 <&>"[1:]))
    async with house.client(house.ada) as client:
        answer = await client.get(f"/download/{image.id}/region.ome.tif")
    with tifffile.TiffFile(io.BytesIO(answer.content)) as file:
        assert from_xml(file.ome_metadata or "").images[0].pixels.physical_size_z == 2.0
