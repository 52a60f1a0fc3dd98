from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update

from shared import clock
from shared.activities import queue
from shared.auth.cookies import cookie_name
from shared.auth.epoch import bump_epoch
from shared.auth.grants import cut_grant
from shared.auth.principal import load_principal
from shared.auth.sessions import authenticate, log_out
from shared.database import counted_statements
from shared.journal import begin_event
from shared.models.images import Image
from shared.models.people import GroupPermissions, Membership, Session
from shared.models.rendering import RenderingDef
from shared.models.screening import Plate, Well, WellSample
from shared.models.system import Instance
from shared.refs import ObjectRef
from shared.rendering.defaults import imported_settings
from shared.rendering.settings import RenderingSettings
from shared.rendering.stored import (
    image_facts,
    save_settings,
    stored_settings,
)
from shared.rendering.versions import address_version
from tests.support.people import make_group, make_row
from tests.support.tile_house import TileHouse, pixels_of, random_planes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.support.served_images import ServedImage


def small(house: TileHouse, **values: Any) -> ServedImage:
    return house.image(random_planes((1, 1, 1, 32, 32), "uint8"), **values)


def tile(image: ServedImage) -> str:
    return f"/tiles/Image:{image.id}/0/0/0.png"


def grant_for(house: TileHouse, user: int, ref: ObjectRef) -> str:
    token = house.log_in(user)
    principal = authenticate(house.database, house.settings, token)
    return cut_grant(
        house.keys, session_id=principal.session_id, ref=ref, expires_at=principal.expires_at
    )


async def test_unknown_invisible_and_malformed_images_are_the_same_404(house: TileHouse) -> None:
    image = small(house)
    async with house.client(house.stranger) as client:
        paths = [tile(image), "/tiles/Image:999999/0/0/0.png", "/tiles/Plate:1/0/0/0.png"]
        paths += ["/tiles/99999999999999999999/0/0/0.png", "/tiles/abc/0/0/0.png"]
        answers = [await client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


async def test_a_credential_that_is_missing_wrong_or_over_is_401(house: TileHouse) -> None:
    image = small(house)
    async with house.client() as client:
        for headers in (
            {},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "Bearer tes_" + "x" * 43},
            {"Authorization": "Basic dTpw"},
            {"Cookie": "tessera_session_other=tes_" + "x" * 43},
        ):
            answer = await client.get(tile(image), headers=headers)
            assert answer.status_code == 401, headers
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_cookie_of_this_instance_opens_images(house: TileHouse) -> None:
    image = small(house)
    with house.database.read() as connection:
        instance = connection.scalar(select(Instance.uuid))
    assert instance is not None
    cookie = f"theme=dark; {cookie_name(instance)}={house.log_in(house.rosalind)}"
    async with house.client() as client:
        answer = await client.get(tile(image), headers={"Cookie": cookie})
        assert answer.status_code == 200


async def test_a_grant_in_the_path_opens_its_image_and_no_other(house: TileHouse) -> None:
    image, other = small(house), small(house)
    grant = grant_for(house, house.rosalind, ObjectRef("Image", image.id))
    async with house.client() as client:
        assert (await client.get(f"/~{grant}{tile(image)}")).status_code == 200
        assert (await client.get(f"/~{grant}{tile(other)}")).status_code == 404
        forged = grant[:-6] + ("A" * 6 if grant[-6:] != "A" * 6 else "B" * 6)
        assert (await client.get(f"/~{forged}{tile(image)}")).status_code == 401
        assert (await client.get(f"/~{tile(image)}")).status_code == 401


async def test_a_grant_for_a_plate_opens_the_images_of_its_fields(house: TileHouse) -> None:
    image, other = small(house), small(house)
    who = {"owner": house.ada, "group": house.group}
    with house.database.write() as connection:
        plate = make_row(connection, Plate, **who)
        well = make_row(connection, Well, plate_id=plate, row=0, column=0, **who)
        make_row(connection, WellSample, well_id=well, image_id=image.id, **who)
    grant = grant_for(house, house.rosalind, ObjectRef("Plate", plate))
    async with house.client() as client:
        assert (await client.get(f"/~{grant}{tile(image)}")).status_code == 200
        assert (await client.get(f"/~{grant}{tile(other)}")).status_code == 404


async def test_the_grant_is_cut_out_of_what_is_logged(house: TileHouse) -> None:
    image = small(house)
    grant = grant_for(house, house.ada, ObjectRef("Image", image.id))
    scope = {
        "type": "http", "method": "GET", "headers": [(b"host", b"localhost")],
        "path": f"/~{grant}{tile(image)}", "raw_path": f"/~{grant}{tile(image)}".encode(),
        "query_string": b"",
    }  # fmt: skip
    sent = []

    async def send(message: object) -> None:
        sent.append(message)

    async def receive() -> dict[str, str]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    await house.app(scope, receive, send)
    assert sent
    assert (scope["path"], scope["raw_path"]) == (tile(image), tile(image).encode())


LOSSES = ("membership", "group level", "moved", "trashed", "logged out")


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_lost_right_closes_every_address_within_the_watch_interval(
    house: TileHouse, loss: str
) -> None:
    image = small(house)
    token = house.log_in(house.rosalind)
    principal = authenticate(house.database, house.settings, token)
    grant = cut_grant(
        house.keys,
        session_id=principal.session_id,
        ref=ObjectRef("Image", image.id),
        expires_at=principal.expires_at,
    )
    bearer = {"Authorization": f"Bearer {token}"}
    async with house.client() as client:
        plain, granted = tile(image), f"/~{grant}{tile(image)}"
        assert (await client.get(plain, headers=bearer)).status_code == 200
        assert (await client.get(granted)).status_code == 200
        _lose(house, loss, image, principal.session_id)
        house.clock.at += 1.1
        refused = 401 if loss == "logged out" else 404
        assert (await client.get(plain, headers=bearer)).status_code == refused
        assert (await client.get(granted)).status_code == refused


def _lose(house: TileHouse, loss: str, image: ServedImage, session_id: int | None) -> None:
    with house.database.write() as connection:
        if loss == "membership":
            connection.execute(delete(Membership).where(
                Membership.user_id == house.rosalind, Membership.group_id == house.group
            ))  # fmt: skip
        elif loss == "group level":
            table = make_group(connection, "private", GroupPermissions.PRIVATE)
            connection.execute(update(Image).where(Image.id == image.id).values(group_id=table))
        elif loss == "moved":
            other = make_group(connection, "elsewhere", GroupPermissions.READ_ONLY)
            connection.execute(update(Image).where(Image.id == image.id).values(group_id=other))
        elif loss == "trashed":
            activity = make_row_of_activity(connection, house)
            connection.execute(update(Image).where(Image.id == image.id).values(trash_id=activity))
        else:
            connection.execute(
                update(Session).where(Session.id == session_id).values(closed_at=clock.now())
            )
        bump_epoch(connection)


def make_row_of_activity(connection: Connection, house: TileHouse) -> int:
    return queue.book(
        connection, kind="delete", user_id=house.ada, sudoer_id=None, session_id=None, request={}
    )


async def test_a_warm_tile_sends_no_statement_but_the_epoch(house: TileHouse) -> None:
    image = small(house)
    async with house.client(house.rosalind) as client:
        await client.get(tile(image))
        with counted_statements() as none:
            assert (await client.get(tile(image))).status_code == 200
        assert len(none) == 0, none.statements
        house.clock.at += 1.1
        with counted_statements() as epoch:
            await client.get(tile(image))
        assert len(epoch) == 1
        assert "rights_epoch" in epoch.statements[0]


async def test_locating_an_image_takes_few_statements_for_one_and_for_many(
    house: TileHouse,
) -> None:
    images = [small(house) for _ in range(5)]
    token = house.log_in(house.rosalind)
    async with house.client(Authorization=f"Bearer {token}") as client:
        await client.get(tile(images[0]))
        with counted_statements() as one:
            await client.get(tile(images[1]))
        # image with pixels and fileset, channels, saved settings
        assert len(one) == 3, one.statements
        with counted_statements() as many:
            ids = "&".join(f"id={image.id}" for image in images)
            await client.get(f"/thumbnails?{ids}")
        assert len(many) == 3, many.statements


def save(house: TileHouse, user: int, image: ServedImage, window: tuple[float, float]) -> int:
    with house.database.write() as connection:
        principal = load_principal(connection, user)
        facts = image_facts(connection, image.pixels_id)
        assert facts is not None
        base = imported_settings(facts)
        channel = replace(
            base.channels[0], window_start=window[0], window_end=window[1], color=0xFFFFFFFF
        )
        settings = RenderingSettings(base.model, base.default_z, base.default_t, (channel,))
        event = begin_event(connection, user_id=user, kind="save")
        return save_settings(connection, principal, event, image.pixels_id, house.group, settings)


async def test_settings_come_from_the_address_over_ones_own_over_the_owners_over_computed(
    house: TileHouse,
) -> None:
    planes = random_planes((1, 1, 1, 16, 16), "uint8")
    planes[0, 0, 0, 0, :4] = 0, 100, 50, 255
    image = house.image(planes)

    async def shown(user: int, **query: Any) -> list[int]:
        house.clock.at += 3.1
        async with house.client(user) as client:
            answer = await client.get(tile(image), params=query)
        assert answer.status_code == 200, answer.text
        row: list[int] = pixels_of(answer.content)[0, :4, 0].tolist()
        return row

    computed = [0, 100, 50, 255]
    assert await shown(house.rosalind) == computed
    owners = save(house, house.ada, image, (0, 100))
    # 255 * 50 / 100 = 127.5, rounded up
    assert await shown(house.rosalind) == [0, 255, 128, 255]
    save(house, house.rosalind, image, (0, 200))
    assert await shown(house.rosalind) == [0, 128, 64, 255]
    assert await shown(house.ada) == [0, 255, 128, 255]
    assert await shown(house.rosalind, rdef=f"RenderingSettings:{owners}") == [0, 255, 128, 255]
    assert await shown(house.rosalind, c="1|0:50") == [0, 255, 255, 255]


async def test_viewing_writes_nothing(house: TileHouse) -> None:
    image = small(house)
    async with house.client(house.rosalind) as client:
        await client.get(tile(image))
        await client.get(f"/thumbnails/{image.id}")
    with house.database.read() as connection:
        assert connection.execute(select(RenderingDef.id)).all() == []


async def test_an_address_with_the_current_version_may_be_kept_and_shows_new_settings_at_once(
    house: TileHouse,
) -> None:
    image = small(house)
    async with house.client(house.ada) as client:

        async def get(version: str) -> SimpleNamespace:
            answer = await client.get(tile(image), params={"v": version})
            return SimpleNamespace(
                kept="immutable" in answer.headers["cache-control"], etag=answer.headers["etag"]
            )

        before = await get(address_version(1, None))
        assert before.kept
        assert not (await get(address_version(2, None))).kept
        assert not (await get("1-stale")).kept
        save(house, house.ada, image, (0, 100))
        with house.database.read() as connection:
            saved = stored_settings(connection, image.pixels_id, house.ada)
        assert saved is not None
        # the verdict of a moment ago is not trusted for an address that knows more
        after = await get(address_version(1, saved))
        assert after.kept
        assert after.etag != before.etag


async def test_an_ended_session_is_refused_without_any_epoch(house: TileHouse) -> None:
    image = small(house)
    token = house.log_in(house.rosalind)
    principal = authenticate(house.database, house.settings, token)
    bearer = {"Authorization": f"Bearer {token}"}
    async with house.client() as client:
        assert (await client.get(tile(image), headers=bearer)).status_code == 200
        log_out(house.database, principal)
        house.clock.at += 1.1
        assert (await client.get(tile(image), headers=bearer)).status_code == 401
