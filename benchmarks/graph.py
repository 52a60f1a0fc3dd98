"""How long do graph operations take, against the bare statements that change the same rows?

A project of 10 datasets per 1,000 images; each image has pixels, ten ROIs, a comment and four tags.
*Bare* is one `UPDATE` (or `INSERT ... SELECT`) per table and one for the journal, on the same
schema and indexes, without plan, rights or report. Each round does something by the engine and
takes it back by bare statements, or the other way round, so that both change just the same rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, literal, select, text, update

from benchmarks.rounds import Comparison, table
from graphql_api.graph.edges import CODES, table_of
from shared.clock import now
from shared.database import POSTGRESQL, counted_statements
from shared.journal import begin_event
from shared.models.activities import Activity
from shared.models.events import JournalEntry
from tests.support.lab import Lab, Thing
from tests.support.statements import without_pulses

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

IMAGES = 100_000
ROIS, TAGS = 10, 4
_PER_DATASET = 100
_UUID = {
    POSTGRESQL: "gen_random_uuid()::text",
    "sqlite": (
        "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || "
        "substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || "
        "hex(randomblob(6)))"
    ),
}
CLASSES = (
    "Project", "Dataset", "Image", "Pixels", "Roi", "Annotation", "ProjectDatasetLink",
    "DatasetImageLink", "ImageAnnotationLink",
)  # fmt: skip
"""Every class of which the field holds rows."""


@dataclass(frozen=True, slots=True)
class Field:
    """What was planted: everything in `here` belongs to A."""

    lab: Lab
    here: int
    there: int
    whole: Thing
    tenth: Thing
    """A project of a tenth of the images."""


@dataclass(frozen=True, slots=True)
class GraphResult:
    """Comparisons, and how many statements each operation took."""

    comparisons: list[tuple[str, Comparison]]
    statements: dict[str, int]


def plant(
    database: Database, storage: LocalStorage, settings: Settings, images: int, *, tag: str = ""
) -> Field:
    """Make the rows, set-wise: `images` under one project and a tenth under another.

    `tag` sets the people and groups apart where several fields lie in one database.
    """
    lab = Lab(database, storage, settings).open(tag)
    here = lab.group(f"here{tag}", "rwr---", "AB", "L")
    there = lab.group(f"there{tag}", "rwr---", "AB", "L")
    projects = []
    start = 0
    for count in (images, max(images // 10, 1)):
        projects.append(lab.row("Project", "A", here))
        with database.write() as connection:
            _fill(connection, projects[-1].id, start, count, lab.people["A"], here)
        start += count
    if database.dialect == POSTGRESQL:
        with database.write() as connection:
            for name in CLASSES:
                connection.execute(text(f"ANALYZE {table_of(name).name}"))
    return Field(lab, here, there, projects[0], projects[1])


def _fill(
    connection: Connection, project: int, start: int, count: int, owner: int, group: int
) -> None:
    datasets = max(count // _PER_DATASET, 1)
    details = f"{owner}, {group}, {now()}, {now()}, 1"
    columns = "owner_id, group_id, created_at, updated_at, version"
    series = (
        "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) "
    )
    uuid = _UUID[connection.dialect.name]

    def make(name: str, own: str, values: str, first: int, last: int) -> None:
        connection.execute(
            text(
                f"INSERT INTO {name} ({own}, {columns}) "  # numbers of our own
                f"{series.format(first=first, last=last)} SELECT {values}, {details} FROM s"
            )
        )

    base = {name: _top(connection, name) for name in ("dataset", "image", "annotation")}
    first, last = start + 1, start + count
    make("dataset", "name, name_key", "'d' || n, 'd' || n", 1, datasets)
    make("project_dataset_link", "parent_id, child_id", f"{project}, {base['dataset']} + n", 1,
         datasets)  # fmt: skip
    shown, no = "CAST('image ' || n AS text)", _false(connection)
    make("image", "name, name_key, series, is_archived, is_partial",
         f"{shown}, {shown}, 0, {no}, {no}", first, last)  # fmt: skip
    make("pixels",
         "image_id, uuid, position, generation, storage, is_rgb, pixels_type, size_x, size_y, "
         "size_z, size_c, size_t, level_sizes, dimension_order",
         f"{base['image']} + n - {start}, {uuid}, 0, 1, 'original', {_false(connection)}, 'uint8', "
         "4, 3, 1, 1, 1, '[[4, 3, 4, 3]]', 'XYZCT'", first, last)  # fmt: skip
    make("dataset_image_link", "parent_id, child_id",
         f"{base['dataset']} + 1 + n % {datasets}, {base['image']} + n - {start}", first,
         last)  # fmt: skip
    make("roi", "image_id", f"{base['image']} + 1 + n % {count}", 1, count * ROIS)
    make("annotation", "class_name, text_value", "'CommentAnnotation', 'comment ' || n", 1, count)
    make("annotation", "class_name, text_value, text_key", "'TagAnnotation', 'tag', 'tag'", 1,
         datasets * TAGS)  # fmt: skip
    make("image_annotation_link", "parent_id, child_id",
         f"{base['image']} + n, {base['annotation']} + n", 1, count)  # fmt: skip
    for number in range(TAGS):
        make("image_annotation_link", "parent_id, child_id",
             f"{base['image']} + n, {base['annotation']} + {count} + {number * datasets} + 1 + "
             f"n % {datasets}", 1, count)  # fmt: skip


def _top(connection: Connection, name: str) -> int:
    statement = text(f"SELECT coalesce(max(id), 0) FROM {name}")  # a name of our own
    return int(connection.execute(statement).scalar_one())


def _false(connection: Connection) -> str:
    return "false" if connection.dialect.name == POSTGRESQL else "0"


def measure(field: Field, *, rounds: int) -> GraphResult:
    """Move, give, delete all and duplicate a tenth, each against its bare statements."""
    lab, kind = field.lab, field.lab.database.dialect
    statements: dict[str, int] = {}
    give = {"owner": f"User:{lab.people['B']}"}

    def engine(name: str, target: Thing, **options: Any) -> Callable[[], None]:
        def run() -> None:
            with counted_statements() as count:
                done = lab.run("R", name, target, **options)
            assert done.errors == [], done.errors
            statements[name] = without_pulses(count)

        return run

    def bare(column: str, value: int | None, action: str, where: tuple[str, int]) -> float:
        return _timed(lambda: _bare_update(lab, column, value, action, where))

    found = []
    for name, option, column, values, action in (
        ("move_to_group", {"group": f"Group:{field.there}"}, "group_id",
         (field.there, field.here), "CHGRP"),
        ("change_owner", give, "owner_id", (lab.people["B"], lab.people["A"]), "CHOWN"),
    ):  # fmt: skip
        pairs = []
        for _ in range(rounds):
            own = _timed(engine(name, field.whole, **option))
            pairs.append((own, bare(column, values[1], action, (column, values[0]))))
        found.append((f"{name}, {kind}", _comparison(pairs)))
    pairs = []
    for _ in range(rounds):
        own = _timed(engine("duplicate", field.tenth))
        pairs.append((own, _timed(lambda: _bare_copy(lab))))
    found.append((f"duplicate a tenth, {kind}", _comparison(pairs)))
    pairs = []
    for _ in range(rounds):
        own = _timed(engine("delete", field.whole))
        entry = _last_activity(lab)
        pairs.append((own, bare("trash_id", None, "RESTORE", ("trash_id", entry))))
    found.append((f"delete, {kind}", _comparison(pairs)))
    return GraphResult(found, statements)


def _comparison(pairs: list[tuple[float, float]]) -> Comparison:
    own, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    ratios = tuple(baseline / subject for subject, baseline in pairs)
    return Comparison(median(own), median(other), ratios, 0)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _last_activity(lab: Lab) -> int:
    with lab.database.read() as connection:
        newest = select(Activity.id).order_by(Activity.id.desc()).limit(1)
        return int(connection.execute(newest).scalar_one())


def _bare_update(
    lab: Lab, column: str, value: int | None, action: str, where: tuple[str, int]
) -> None:
    """One UPDATE per table and one journal entry per row, in one transaction."""
    with lab.database.write() as connection:
        event = begin_event(connection, user_id=lab.people["R"], kind="bare")
        for name in CLASSES:
            rows = table_of(name)
            chosen = rows.c[where[0]] == where[1]
            entries = select(
                literal(event), literal(name), rows.c.id, literal(action), rows.c.group_id
            ).where(chosen)
            connection.execute(insert(JournalEntry).from_select(_ENTRY, entries))
            connection.execute(
                update(rows)
                .where(chosen)
                .values(
                    **{column: value}, update_event_id=event, updated_at=now(),
                    version=rows.c.version + 1,
                )
            )  # fmt: skip


_ENTRY = ["event_id", "class_name", "object_id", "action", "group_id"]


def _bare_copy(lab: Lab) -> None:
    """One INSERT ... SELECT per table of what the last duplicate made, and its journal."""
    with lab.database.write() as connection:
        event = begin_event(connection, user_id=lab.people["R"], kind="bare")
        made = select(JournalEntry.event_id).order_by(JournalEntry.id.desc()).limit(1)
        last = connection.execute(made).scalar_one()
        uuid = text(_UUID[lab.database.dialect])
        for name in CLASSES:
            rows, code = table_of(name), CODES[name]
            assert code
            chosen = rows.c.creation_event_id == last
            fresh: dict[str, Any] = {
                "creation_event_id": literal(event), "uuid": uuid,
                # Beside the first copies: links are unique by their owner.
                "owner_id": literal(lab.people["L"]),
            }  # fmt: skip
            names = [each.name for each in rows.c if each.name != "id"]
            source = select(*(fresh.get(each, rows.c[each]) for each in names)).where(chosen)
            connection.execute(insert(rows).from_select(names, source))
            entries = select(
                literal(event), literal(name), rows.c.id, literal("INSERT"), rows.c.group_id
            ).where(chosen)
            connection.execute(insert(JournalEntry).from_select(_ENTRY, entries))


def report(result: GraphResult, images: int) -> str:
    """The printed form."""
    counts = ", ".join(f"{name}: {count}" for name, count in result.statements.items())
    question = f"{images:,} images against bare statements on the same rows"
    return f"{table('Graph', question, result.comparisons)}\nstatements: {counts}"
