"""An operation that does not end in the time of its request: a worker does it, once, as a whole."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from graphql_api.graph.booking import Desk, begin
from graphql_api.graph.handlers import handlers
from graphql_api.graph.request import OperationRequest
from shared.activities.handlers import HandlerRegistry
from shared.activities.queue import book
from shared.activities.running import run_now
from shared.database import lock_groups
from shared.models.activities import Activity
from tests.support.graphql_client import graphql_client

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from tests.support.lab import Lab, Thing


def full(lab: Lab, group: int, images: int) -> Thing:
    dataset = lab.row("Dataset", "A", group)
    for _ in range(images):
        image = lab.image("A", group, fileset=lab.fileset("A", group))
        lab.link(dataset, image, "A")
    return dataset


def state(lab: Lab, activity: int) -> tuple[str, int]:
    with lab.database.read() as connection:
        row = connection.execute(
            select(Activity.state, Activity.attempts).where(Activity.id == activity)
        ).one()
    return row.state, row.attempts


def files(lab: Lab) -> set[str]:
    return {str(each) for each in (lab.settings.data_dir / "files").rglob("*.tif")}


@pytest.mark.parametrize("kind", ["delete", "duplicate"])
def test_what_runs_too_long_goes_back_into_the_queue(lab: Lab, kind: str) -> None:
    """The time ends in the middle: of planning, of copying files, or of a statement."""
    dataset = full(lab, lab.group("g", "rwra--", "A"), 8)
    request = OperationRequest(kind, (str(dataset),))
    with lab.database.write() as connection:
        number = book(
            connection, kind=kind, user_id=lab.people["A"], request=request.to_json()
        )  # fmt: skip
    before = files(lab)
    registry = HandlerRegistry(handlers())

    run_now(
        lab.database, lab.storage, lab.settings, registry, number, ends_at=time.monotonic() + 0.02
    )  # fmt: skip

    assert state(lab, number) == ("QUEUED", 0)
    assert lab.is_live(dataset)
    done = lab.finish(number)
    assert (done.state, done.errors) == ("SUCCEEDED", [])
    assert lab.is_live(dataset) is (kind == "duplicate")
    assert len(files(lab)) == len(before) * (2 if kind == "duplicate" else 1)


def test_when_planning_has_taken_all_the_time_a_worker_does_the_rest(lab: Lab) -> None:
    dataset = full(lab, lab.group("g", "rwra--", "A"), 1)
    desk = Desk(lab.database, lab.storage, lab.settings, lab.principal("A"), time.monotonic())

    number = begin(desk, OperationRequest("delete", (str(dataset),)), dry_run=False, key=None)

    assert state(lab, number) == ("QUEUED", 0)
    assert lab.is_live(dataset)
    assert lab.finish(number).errors == []
    assert not lab.is_live(dataset)


OPERATE = """mutation($i: DeleteInput!) { delete(input: $i) {
  activity { id state errors { message } } errors { message } } }"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_whoever_waits_is_told_that_it_goes_on(
    lab: Lab, settings: Settings, database: Database
) -> None:
    """Another operation holds the group for longer than the request may last."""
    group = lab.group("g", "rwra--", "A")
    dataset = full(lab, group, 1)
    async with graphql_client(settings, database, operation_timeout_s=3) as api:
        with database.write() as connection:
            lock_groups(connection, [group], exclusively=True)
            found = await api.data(
                OPERATE, {"i": {"targets": [str(dataset)]}}, user=lab.people["A"]
            )  # fmt: skip

    activity = found["activity"]
    assert (activity["state"], activity["errors"], found["errors"]) == ("QUEUED", [], [])
    assert lab.finish(int(activity["id"].removeprefix("Activity:"))).errors == []
    assert not lab.is_live(dataset)
