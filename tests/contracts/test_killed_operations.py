"""Workers killed in the middle of graph operations: either all of it happened or nothing, once.

Files are looked at too: what lies on disk is what rows refer to, no more and no less.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from graphql_api.graph.request import OperationRequest
from shared.activities import pulses
from shared.activities.queue import book
from shared.models.activities import Activity
from shared.models.images import Image, OriginalFile
from shared.models.live import ActivityPulse
from shared.storage.intents import sweep
from tests.support.lab import Lab
from tests.support.mortal_worker import run_and_kill, work_once
from tests.support.profiles import examples

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage
    from tests.support.lab import Thing

DEATHS = examples(14)
LONGEST_S = 0.5


@pytest.fixture
def lab(database: Database, storage: LocalStorage, settings: Settings) -> Lab:
    return Lab(database, storage, settings).open()


def test_a_killed_operation_is_done_once_or_not_at_all(lab: Lab) -> None:
    chance, killed = random.Random(7), 0
    g1, g2 = lab.group("g1", "rwra--", "A"), lab.group("g2", "rwra--", "A")
    for turn in range(DEATHS):
        dataset = lab.row("Dataset", "A", g1)
        fileset = lab.fileset("A", g1, files=3)
        image = lab.image("A", g1, fileset=fileset)
        lab.link(dataset, image, "A")
        kind = ("duplicate", "move_to_group", "delete")[turn % 3]
        more: dict[str, Any] = {"group": f"Group:{g2}"} if kind == "move_to_group" else {}
        request = OperationRequest(kind, (str(dataset),), purge=kind == "delete", **more)
        activity = booked(lab, request)
        before = images(lab)

        killed += run_and_kill(lab.settings, chance.uniform(0.0, LONGEST_S))
        state = state_of(lab, activity)
        assert state in {"QUEUED", "RUNNING", "SUCCEEDED"}
        if state != "SUCCEEDED":
            assert images(lab) == before
            assert lab.group_of(image) == g1
        take_up_again(lab, activity)

        assert state_of(lab, activity) == "SUCCEEDED"
        sweep(lab.database, lab.storage)
        expect(lab, kind, image, before, g2)
        assert on_disk(lab) == referred_to(lab)
    assert killed, "no worker was killed at its work: the moments are chosen too late"


def expect(lab: Lab, kind: str, image: Thing, before: int, moved_to: int) -> None:
    """The one effect of an operation."""
    if kind == "duplicate":
        assert images(lab) == before + 1
    elif kind == "delete":
        assert images(lab) == before - 1
    else:
        assert (images(lab), lab.group_of(image)) == (before, moved_to)


def booked(lab: Lab, request: OperationRequest) -> int:
    with lab.database.write() as connection:
        return book(
            connection, kind=request.kind, user_id=lab.people["A"], request=request.to_json()
        )


def take_up_again(lab: Lab, activity: int) -> None:
    """Find the claim of the dead worker old, and work as the next one does."""
    if state_of(lab, activity) == "RUNNING":
        with lab.database.write_live() as connection:
            connection.execute(update(ActivityPulse).values(beat_at=0))
        assert pulses.reclaim(lab.database) == 1
    work_once(lab.settings.data_dir, lab.settings.database_url)


def state_of(lab: Lab, activity: int) -> str:
    with lab.database.read() as connection:
        found = connection.scalar(select(Activity.state).where(Activity.id == activity))
    assert found is not None
    return found


def images(lab: Lab) -> int:
    with lab.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(Image)) or 0)


def on_disk(lab: Lab) -> set[str]:
    top = lab.settings.data_dir
    return {str(file.relative_to(top)) for file in (top / "files").rglob("*") if file.is_file()}


def referred_to(lab: Lab) -> set[str]:
    with lab.database.read() as connection:
        return {name for name in connection.scalars(select(OriginalFile.storage_name)) if name}
