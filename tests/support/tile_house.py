"""The tile service with a database, two people and an image, asked over ASGI in one process.

`TileHouse.clock` is the clock of cached verdicts: a test moves it instead of sleeping.
"""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
from PIL import Image

from shared import clock
from shared.auth.keys import SecretKeys
from shared.auth.sessions import open_session
from shared.models.people import GroupPermissions
from tests.support.people import make_group, make_user
from tests.support.served_images import ServedImage, make_served_image
from tile_service.app import TileApp, build_app
from tile_service.settings import TileSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numpy.typing import NDArray

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

SECRET = "k1:" + "s" * 40


@dataclass
class Clock:
    """A monotonic clock that stands until it is moved."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class TileHouse:
    """Everything around one running tile service."""

    database: Database
    settings: TileSettings
    storage: LocalStorage
    ada: int
    """Owns the images."""
    rosalind: int
    """Another member of the group, which is read-only."""
    stranger: int
    group: int
    clock: Clock = field(default_factory=Clock)
    app: TileApp = field(init=False)

    def __post_init__(self) -> None:
        self.app = build_app(self.settings, monotonic=self.clock)

    @property
    def keys(self) -> SecretKeys:
        return SecretKeys.load(self.settings)

    def image(self, planes: NDArray[Any], **values: Any) -> ServedImage:
        with self.database.write() as connection:
            return make_served_image(
                connection, self.storage, planes,
                **{"owner": self.ada, "group": self.group, **values},
            )  # fmt: skip

    def log_in(self, user: int) -> str:
        expires_at = clock.now() + clock.DAY
        return open_session(self.database, self.settings, user, expires_at=expires_at).token

    def client(self, user: int | None = None, **headers: str) -> httpx.AsyncClient:
        if user is not None:
            headers["Authorization"] = f"Bearer {self.log_in(user)}"
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=True),
            base_url="http://localhost:8001",
            headers=headers,
        )


def furnish(
    database: Database, settings: Settings, storage: LocalStorage, **limits: Any
) -> TileHouse:
    """A house with Ada, Rosalind in her read-only group, and a stranger; `limits` are settings."""
    own = TileSettings(
        data_dir=settings.data_dir, database_url=settings.database_url, secret_key=SECRET,
        **{"tile_workers": 2, **limits},
    )  # fmt: skip
    with database.write() as connection:
        ada, rosalind = make_user(connection, "ada"), make_user(connection, "rosalind")
        stranger = make_user(connection, "stranger")
        group = make_group(connection, "Lab1", GroupPermissions.READ_ONLY, members=[ada, rosalind])
        make_group(connection, "Lab2", GroupPermissions.READ_ONLY, members=[stranger])
    return TileHouse(database, own, storage, ada, rosalind, stranger, group)


@asynccontextmanager
async def running(house: TileHouse) -> AsyncIterator[TileHouse]:
    """The house with its service's lifespan under way."""
    async with house.app.running():
        yield house


def pixels_of(body: bytes) -> NDArray[np.uint8]:
    """A PNG, JPEG, WebP or TIFF as pixels (y, x, 3), decoded by Pillow."""
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))


def random_planes(shape: tuple[int, int, int, int, int], dtype: str = "uint16") -> NDArray[Any]:
    """Planes (t, c, z, y, x) of even noise over the type, the same at every call."""
    top = np.iinfo(dtype).max
    return np.random.default_rng(7).integers(0, top, shape, dtype=dtype, endpoint=True)
