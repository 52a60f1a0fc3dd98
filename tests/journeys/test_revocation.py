"""A right that is taken away while a client keeps asking: every address closes within 5 seconds.

Two tile processes, each with verdicts of its own to forget; by bearer and by grant; both databases.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import tifffile
from sqlalchemy import update

from shared.auth.epoch import bump_epoch
from shared.models.people import Group, GroupPermissions

if TYPE_CHECKING:
    from tests.support.house import House, Person

LIMIT_S = 5.0
QUIET_S = 0.7
"""So long nothing may be answered any more before all is taken to be closed."""
ADDRESSES = (
    """query Addresses($id: ID!) { node(id: $id) { ... on Image { tiles { iiifInfoUrl } } } }"""
)
ROUTES = (
    "tiles/Image:{0}/0/0/0.jpg", "iiif/3/Image:{0}/info.json", "iiif/3/{0}/full/max/0/default.jpg",
    "dzi/{0}.dzi", "dzi/{0}_files/8/0_0.jpg", "thumbnails/{0}", "zarr/{0}.zarr/.zattrs",
    "zarr/{0}.zarr/0/0/0/0/0/0", "zarr5/{0}.zarr/zarr.json", "image/{0}.zarr/0/.zarray",
    "histogram/{0}", "pixel/{0}?x=1&y=1", "download/{0}/original", "download/{0}/metadata.txt",
    "download/{0}/region.ome.tif?w=9&h=9", "webgateway/get_rois_json/{0}/",
    "webgateway/imgData/{0}/",
    "webgateway/render_image/{0}/0/0/", "webgateway/render_image_region/{0}/0/0/?tile=0,0,0",
    "webgateway/get_thumbnail/{0}/", "webgateway/original_file_paths/{0}/",
)  # fmt: skip


@dataclass
class Client:
    """Keeps asking for all addresses of an image, a new connection each time."""

    person: Person
    image: int
    grant: str
    opened: dict[str, float] = field(default_factory=dict)
    """When an address was last answered."""
    closed: dict[str, int] = field(default_factory=dict)
    """The statuses of refusals."""
    _stop: threading.Event = field(default_factory=threading.Event)
    # no connection is kept, so that either process may get the next request
    _http: httpx.Client = field(
        default_factory=lambda: httpx.Client(
            trust_env=False, timeout=30.0, limits=httpx.Limits(max_keepalive_connections=0)
        )
    )

    def addresses(self) -> list[tuple[str, dict[str, str]]]:
        paths = [route.format(self.image) for route in ROUTES]
        bearer = {"Authorization": f"Bearer {self.person.token}"}
        return [(path, bearer) for path in paths] + [(f"{self.grant}/{path}", {}) for path in paths]

    def ask(self, path: str, headers: dict[str, str]) -> httpx.Response:
        return self._http.get(f"{self.person.installation.tiles}/{path}", headers=headers)

    def keep_asking(self) -> None:
        while not self._stop.is_set():
            for path, headers in self.addresses():
                status = self.ask(path, headers).status_code
                if status == 200:
                    self.opened[path] = time.monotonic()
                else:
                    self.closed[path] = status

    def __enter__(self) -> Client:
        # the statuses of the first round are part of the test: all is open, in both processes
        for _ in range(2):
            for path, headers in self.addresses():
                answer = self.ask(path, headers)
                assert answer.status_code == 200, (path, answer.text)
        self._threads = [threading.Thread(target=self.keep_asking) for _ in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        self._http.close()
        self.person.http.close()

    def await_closed(self, since: float) -> None:
        """Nothing is answered later than the limit; then everything is refused alike."""
        while time.monotonic() - since < LIMIT_S + QUIET_S:
            last = max(self.opened.values(), default=since)
            if time.monotonic() - max(last, since) > QUIET_S + 1.0:
                break
            time.sleep(0.05)
        late = {path: at - since for path, at in self.opened.items() if at - since > LIMIT_S}
        assert not late
        for path, headers in self.addresses():
            for _ in range(2):
                refused = self.ask(path, {**headers, "If-None-Match": "*"})
                assert refused.status_code == (403 if ".zarr" in path else 404), (
                    path,
                    refused.text,
                )
        assert set(self.closed.values()) <= {403, 404}


@pytest.fixture(scope="module")
def images(house: House, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    folder = tmp_path_factory.mktemp("revoked")
    numbers: list[int] = []
    for name in ("moved", "deleted", "demoted"):
        path = folder / f"{name}.ome.tif"
        tifffile.imwrite(path, np.zeros((300, 200), np.uint8), tile=(128, 128), compression="zlib")
        numbers += house.import_by_cli(house.person("ada"), path, "-g", "Lab")
    return numbers


def client_of(house: House, login: str, image: int) -> Client:
    person = house.person_of_group("Lab", login)
    address = person.data(ADDRESSES, id=f"Image:{image}")["tiles"]["iiifInfoUrl"]
    return Client(person, image, f"~{address.partition('/~')[2].partition('/')[0]}")


def test_moving_the_image_away_closes_it(house: House, images: list[int]) -> None:
    image = images[0]
    with client_of(house, "marie", image) as client:
        moved: Any = house.person("ada").change(
            "moveToGroup", "activity { state }", targets=[f"Image:{image}"],
            group=f"Group:{house.groups['Notes']}", wait=30,
        )  # fmt: skip
        since = time.monotonic()
        assert moved["activity"]["state"] == "SUCCEEDED"
        client.await_closed(since)
    assert house.person("ada").tile(f"/tiles/{image}/0/0/0.jpg").status_code == 200


def test_deleting_the_image_closes_it_for_its_owner_too(house: House, images: list[int]) -> None:
    image = images[1]
    ada = house.person("ada")
    with client_of(house, "lise", image) as client:
        done: Any = ada.change(
            "delete", "activity { state }", targets=[f"Image:{image}"], wait=30
        )  # fmt: skip
        since = time.monotonic()
        assert done["activity"]["state"] == "SUCCEEDED"
        client.await_closed(since)
    assert ada.tile(f"/tiles/{image}/0/0/0.jpg").status_code == 404


def test_a_group_that_becomes_private_closes_it_for_the_others(
    house: House, images: list[int]
) -> None:
    image = images[2]
    with client_of(house, "irene", image) as client, house.opened() as database:
        set_level(database, house.groups["Lab"], GroupPermissions.PRIVATE)
        since = time.monotonic()
        client.await_closed(since)
        set_level(database, house.groups["Lab"], GroupPermissions.READ_ONLY)
    assert house.person("ada").tile(f"/tiles/{image}/0/0/0.jpg").status_code == 200


def set_level(database: Any, group: int, level: GroupPermissions) -> None:
    with database.write() as connection:
        connection.execute(update(Group).where(Group.id == group).values(permissions=level))
        bump_epoch(connection)
