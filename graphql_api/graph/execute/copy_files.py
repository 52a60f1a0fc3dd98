"""Copy files before the transaction that refers to the copies: hard links, else full copies.

Each folder or file that will be made is announced by an intent, which says what it is copied from.
The transaction finds the new names by it; whatever happens to the worker, what no row refers to is
swept.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.schema import CreateTable

from graphql_api.graph.edges import CODES, rows_of, table_of
from graphql_api.graph.operations import plan_operation
from graphql_api.graph.plan import Warned
from graphql_api.graph.planner.tables import reached_rows
from graphql_api.graph.words import State
from shared.clock import now
from shared.database import POSTGRESQL
from shared.errors import Busy, NotFound
from shared.models.system import FileIntent
from shared.storage.locator import attachment, derived_folder, fileset_folder
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from graphql_api.graph.request import OperationRequest
    from shared.activities.handlers import Work

BATCH = 1_000
FILES_PREFIX = len("files/ab/") + 36
"""Length of the name of a fileset's folder."""
DERIVED_PREFIX = len("derived/ab/") + 36
_METADATA = MetaData()
NEW_NAMES = Table(
    "graph_file",
    _METADATA,
    Column("source", Text, primary_key=True),
    Column("name", Text, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Storage names of what is copied, and of its copies."""


def copy_files(work: Work, request: OperationRequest, refuse: Any) -> list[Warned]:
    """Plan, and make all files that the copies will need; `refuse` raises for a blocked plan.

    Answers the warning when the file system refused links.
    """
    with work.database.planning() as planned:
        plan = plan_operation(planned, work.principal, request)
        refuse(plan)
        total = _announce(planned, work)
    copied = 0
    for done, (name, source) in enumerate(_announced(work)):
        work.beat(done, total, "files")
        copied += not _copy(work, source, name)
    if not copied:
        return []
    message = f"{copied} files or folders were copied in full: the file system made no links."
    return [Warned("FILES_COPIED", message)]


def _announce(planned: Connection, work: Work) -> int:
    """Commit an intent for everything that will be made; answers how many."""
    statement = union_all(*_sources()).subquery()
    result = planned.execute(select(statement), execution_options={"yield_per": BATCH})
    total = 0
    for rows in result.partitions(BATCH):
        moment = now()
        intents = [
            {
                "action": "CREATE", "name": name, "activity_id": work.claim.activity_id,
                "created_at": moment, "attempts": 0, "source": source,
                "claim": work.claim.claim,
            }
            for row in rows
            for source, name in _names(row.kind, row.value)
        ]  # fmt: skip
        with work.database.write() as connection:
            connection.execute(insert(FileIntent), intents)
        total += len(intents)
    return total


def _sources() -> list[Any]:
    """(kind, uuid or storage name) of what the plan copies on disk."""
    arms = []
    for kind in ("Fileset", "Pixels"):
        row, table = reached_rows(), table_of(kind)
        arms.append(
            select(literal(kind, String).label("kind"), table.c.uuid.label("value"))
            .select_from(row.join(table, table.c.id == row.c.id))
            .where(row.c.cls == CODES[kind], row.c.state >= int(State.IN))
        )
    row, file = reached_rows(), table_of("OriginalFile")
    fileset, copied = rows_of("Fileset"), reached_rows()
    whole = (
        select(copied.c.id)
        .join(fileset, fileset.c.id == copied.c.id)
        .where(
            copied.c.cls == CODES["Fileset"], copied.c.state >= int(State.IN),
            fileset.c.uuid == func.substr(file.c.storage_name, len("files/ab/") + 1, 36),
        )
    )  # fmt: skip
    lies_with = and_(file.c.storage_name.like("files/%"), whole.exists())
    arms.append(
        select(literal("OriginalFile", String).label("kind"), file.c.storage_name.label("value"))
        .distinct()
        .select_from(row.join(file, file.c.id == row.c.id))
        .where(
            row.c.cls == CODES["OriginalFile"], row.c.state >= int(State.IN),
            file.c.storage_name.is_not(None), ~lies_with,
        )
    )  # fmt: skip
    return arms


def _names(kind: str, value: str) -> Iterator[tuple[str, str]]:
    """What is copied and under which new name."""
    new = str(uuid.uuid4())
    if kind == "Fileset":
        yield fileset_folder(value), fileset_folder(new)
    if kind in {"Fileset", "Pixels"}:
        yield derived_folder(value), derived_folder(new)
    else:
        yield value, attachment(new)


def _announced(work: Work) -> Iterator[tuple[str, str]]:
    """(new name, source) of this claim's intents, page by page."""
    last = 0
    while True:
        with work.database.read() as connection:
            rows = connection.execute(
                select(FileIntent.id, FileIntent.name, FileIntent.source)
                .where(*_mine(work.claim.activity_id, work.claim.claim), FileIntent.id > last)
                .order_by(FileIntent.id)
                .limit(BATCH)
            ).all()
        if not rows:
            return
        for row in rows:
            yield row.name, str(row.source)
        last = rows[-1].id


def _mine(activity_id: int, claim: int) -> list[Any]:
    return [
        FileIntent.activity_id == activity_id,
        FileIntent.claim == claim,
        FileIntent.action == "CREATE",
    ]


def _copy(work: Work, source: str, name: str) -> bool:
    """Whether links could be made; what is missing on disk is missing in the copy as well."""
    try:
        if name.startswith("attachments/"):
            work.storage.copy_in(work.storage.path(source), name)
            return True
        if work.storage.exists(source):
            return work.storage.link(source, name)
    except NotFound:
        logger(__name__).warning("duplicate.file_missing", name=source)
    return True


def take_names(connection: Connection, activity_id: int, claim: int) -> None:
    """Fill the table of new names from the intents and fulfil them, in the transaction whose rows
    refer to the files.

    Raises `Busy` when the plan copies other files than those that were made: the Activity goes
    back into the queue and is begun anew.
    """
    connection.execute(CreateTable(NEW_NAMES, if_not_exists=True))
    connection.execute(delete(NEW_NAMES))
    mine = _mine(activity_id, claim)
    made = select(FileIntent.source, FileIntent.name).where(*mine)
    connection.execute(insert(NEW_NAMES).from_select(["source", "name"], made))
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("ANALYZE graph_file"))
    wanted = union_all(*_sources()).subquery()
    folder = literal("derived/", String) + func.substr(wanted.c.value, 1, 2) + "/" + wanted.c.value
    source = func.coalesce(_when_file(wanted), folder)
    joined = wanted.outerjoin(NEW_NAMES, NEW_NAMES.c.source == source)
    missing = select(func.count()).select_from(joined).where(NEW_NAMES.c.source.is_(None))
    kinds = select(wanted.c.kind, func.count()).group_by(wanted.c.kind)
    counts = {row[0]: row[1] for row in connection.execute(kinds)}
    made_count = connection.execute(select(func.count()).select_from(NEW_NAMES)).scalar_one()
    expected = sum(count * (2 if kind == "Fileset" else 1) for kind, count in counts.items())
    if made_count != expected or connection.execute(missing).scalar_one():
        raise Busy("The data changed while their files were copied.", hint="It is tried again.")
    connection.execute(delete(FileIntent).where(*mine))


def _when_file(wanted: Any) -> Any:
    return case((wanted.c.kind == "OriginalFile", wanted.c.value))


def new_uuid(source_prefix: str, uuid_column: Any) -> Any:
    """The uuid of the copy, as a scalar subquery on the original's uuid."""
    source = (
        literal(f"{source_prefix}/", String) + func.substr(uuid_column, 1, 2) + "/" + uuid_column
    )
    start = len(source_prefix) + len("/ab/") + 1
    return (
        select(func.substr(NEW_NAMES.c.name, start, 36))
        .where(NEW_NAMES.c.source == source)
        .scalar_subquery()
    )


def new_name(column: Any) -> Any:
    """A storage name as it is in the copy: its folder or itself was copied; else unchanged."""
    whole, files, derived = NEW_NAMES.alias(), NEW_NAMES.alias(), NEW_NAMES.alias()
    found = [select(whole.c.name).where(whole.c.source == column).scalar_subquery()]
    for alias, length in ((files, FILES_PREFIX), (derived, DERIVED_PREFIX)):
        found.append(
            select(alias.c.name + func.substr(column, length + 1))
            .where(alias.c.source == func.substr(column, 1, length), func.length(column) > length)
            .scalar_subquery()
        )
    return func.coalesce(*found)
