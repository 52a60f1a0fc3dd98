"""Build the demo, step by step; whatever is there already is left, so an interrupted build goes on.

The images are imported through the real importer: one Activity per dataset, worked on by whichever
worker
is there and by one in this process.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.demo import dressing, plates
from graphql_api.demo.accounts import make_accounts
from graphql_api.demo.contents import FULL_GROUP, PLATE_FILE, Filling, fillings
from graphql_api.demo.people import login
from graphql_api.demo.rows import Rows
from graphql_api.demo.sources import make_sources
from graphql_api.demo.state import demo_state, finish_demo, require_loopback
from graphql_api.importing.request import ImportRequest
from shared.activities.queue import book
from shared.activities.worker import run_worker
from shared.auth.epoch import bump_epoch
from shared.database import open_database
from shared.errors import Conflict, TesseraError
from shared.models.activities import ENDED, Activity
from shared.models.annotations import Annotation
from shared.models.containers import Dataset, Project
from shared.models.images import Pixels
from shared.models.people import Group, User
from shared.models.screening import Screen
from shared.storage.local import LocalStorage
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import Settings

log = logger(__name__)
POLL_S = 0.3


def build_demo(settings: Settings, *, users: int, resume: bool) -> None:
    """Make accounts, files and the sets of the first `users` users; then tell readiness.

    Raises `Conflict` where the installation has data of its own, `Invalid` beyond loopback.
    """
    require_loopback(settings)
    database = open_database(settings)
    try:
        with database.read() as connection:
            if demo_state(connection) is None:
                raise Conflict(
                    "This installation has data of its own, which a demo would mix with.",
                    hint="Name an empty folder by TESSERA_DATA_DIR.",
                )
        make_accounts(database)
        make_sources(settings.demo_images_dir)
        with _own_worker(database, settings):
            _import_all(database, settings, range(1, users + 1))
        for number in range(1, users + 1):
            _dress(database, number)
        finish_demo(database)
        log.info("demo.completed", users=users, resumed=resume)
    finally:
        database.dispose()


@contextmanager
def _own_worker(database: Database, settings: Settings) -> Iterator[None]:
    from graphql_api.activities import handlers

    stop = threading.Event()
    thread = threading.Thread(
        target=run_worker,
        args=(database, LocalStorage(settings.data_dir), settings, handlers(), stop),
        name="demo-worker",
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _import_all(database: Database, settings: Settings, numbers: range) -> None:
    booked = []
    for number in numbers:
        for filling in fillings():
            with database.write() as connection:
                booked.append(_book(connection, settings, number, filling))
    for activity_id in booked:
        _wait_for(database, activity_id)


def _mark(number: int, filling: Filling) -> str:
    return f"{login(number)}/{filling.group}/{filling.dataset or PLATE_FILE}"


def _find_import(connection: Connection, user: int, mark: str) -> Any:
    rows = connection.execute(
        select(Activity.id, Activity.state, Activity.request, Activity.result)
        .where(Activity.user_id == user, Activity.kind == "import")
        .order_by(Activity.id.desc())
    )
    return next((row for row in rows if row.request.get("demo") == mark), None)


def _book(connection: Connection, settings: Settings, number: int, filling: Filling) -> int:
    user, group = _ids(connection, number, filling.group)
    mark = _mark(number, filling)
    there = _find_import(connection, user, mark)
    if there is not None and there.state not in {"FAILED", "CANCELLED"}:
        found: int = there.id
        return found
    rows = Rows.of(connection, user, group)
    into = None
    if filling.project and filling.dataset:
        project = rows.find(Project, filling.project) or rows.add(Project, name=filling.project)
        dataset = rows.find(Dataset, filling.dataset)
        if dataset is None:
            dataset = rows.add(Dataset, name=filling.dataset)
            rows.link(("Project", project), ("Dataset", dataset))
        into = f"Dataset:{dataset}"
    folder = settings.demo_images_dir
    return book(
        connection,
        kind="import",
        user_id=user,
        sudoer_id=None,
        session_id=None,
        request=ImportRequest(
            group=group,
            owner=user,
            paths=tuple(str(folder / name) for name in filling.files),
            into=into,
            transfer="HARD_LINK",
        ).to_json()
        | {"demo": mark},
    )


def _ids(connection: Connection, number: int, group: str) -> tuple[int, int]:
    user = connection.scalar(select(User.id).where(User.login == login(number)))
    found = connection.scalar(select(Group.id).where(Group.name == group))
    assert user is not None
    assert found is not None
    return user, found


def _wait_for(database: Database, activity_id: int) -> None:
    pause = threading.Event()
    while True:
        with database.read() as connection:
            row = connection.execute(
                select(Activity.state, Activity.errors).where(Activity.id == activity_id)
            ).one()
        if row.state == "SUCCEEDED":
            return
        if row.state in ENDED:
            reason = (row.errors or [{}])[0].get("message", row.state)
            raise TesseraError(f"A demo image could not be imported: {reason}")
        pause.wait(POLL_S)


def _images(connection: Connection, number: int, filling: Filling) -> list[int]:
    user, _ = _ids(connection, number, filling.group)
    done = _find_import(connection, user, _mark(number, filling))
    refs = [str(ref) for ref in (done.result or [])] if done is not None else []
    return [int(ref.partition(":")[2]) for ref in refs if ref.startswith("Image:")]


def _dress(database: Database, number: int) -> None:
    """Annotate what the n-th user has, and what two others have in Lab1; once."""
    with database.write() as connection:
        user, lab = _ids(connection, number, FULL_GROUP)
        if Rows.of(connection, user, lab).find(Screen, plates.SCREEN) is not None:
            return
        for filling in fillings():
            rows = Rows.of(connection, *_ids(connection, number, filling.group))
            images = _images(connection, number, filling)
            if filling.files == (PLATE_FILE,):
                plates.make_screen(rows, images)
            else:
                _dress_images(rows, filling, images)
        neighbour = number % 3 + 1
        _tag_others(connection, number, neighbour)
        bump_epoch(connection)


def _dress_images(rows: Rows, filling: Filling, images: list[int]) -> None:
    assert filling.project
    assert filling.dataset
    project, dataset = rows.find(Project, filling.project), rows.find(Dataset, filling.dataset)
    assert project is not None
    assert dataset is not None
    tags = dressing.tag_set(rows, f"{filling.dataset}: stages", dressing.TAGS)
    dressing.key_values(rows, ("Project", project), (("Funding", "Demo"), ("Year", "2026")))
    dressing.comment(rows, ("Dataset", dataset), "Imported for the demonstration.")
    for number, image in enumerate(images):
        target = ("Image", image)
        dressing.annotate(rows, target, tags[dressing.TAGS[number % len(tags)]])
        dressing.key_values(rows, target, (*dressing.PAIRS, ("Replicate", str(number + 1))))
        dressing.rating(rows, target, number % 5 + 1)
        size = rows.connection.scalar(select(Pixels.size_x).where(Pixels.image_id == image)) or 256
        dressing.regions(rows, image, min(size, 1024), 3 + number % 3)
    if images:
        dressing.comment(rows, ("Image", images[0]), "A good one for the figure.")


def _tag_others(connection: Connection, number: int, neighbour: int) -> None:
    """Tag and rate the first images of a neighbour's full set, as members of Lab1 may."""
    user, lab = _ids(connection, number, FULL_GROUP)
    rows = Rows.of(connection, user, lab)
    own_tag = connection.scalar(
        select(Annotation.id)
        .where(Annotation.owner_id == user, Annotation.class_name == "TagAnnotation")
        .where(Annotation.group_id == lab, Annotation.namespace.is_(None))
        .order_by(Annotation.id)
    )
    assert own_tag is not None
    for image in _images(connection, neighbour, fillings()[0])[:2]:
        dressing.annotate(rows, ("Image", image), own_tag)
        dressing.rating(rows, ("Image", image), 5)
