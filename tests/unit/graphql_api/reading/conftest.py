"""Two people who share a lab, a private group that cleo leads, a stranger and an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.models.people import GroupPermissions
from tests.support.browsing import World

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "ben", "cleo", "dora"):
        found.person(login)
    found.person("chief", is_admin=True)
    found.group("lab", GroupPermissions.READ_ANNOTATE, ("ada", "ben"))
    found.group("secret", GroupPermissions.PRIVATE, ("ada", "ben"), "cleo")
    found.group("elsewhere", GroupPermissions.READ_WRITE, ("dora",))
    return found
