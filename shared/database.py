"""Engines and transactions on SQLite and PostgreSQL, and the few differences between the two.

All access is synchronous; async code calls it in a thread. On SQLite every write transaction is
`BEGIN IMMEDIATE`; a read holds one snapshot. Never keep a write open while files are read or
written.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from shared.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

    from shared.settings import DatabaseSettings

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
_GROUP_LOCKS = 7_351
"""First key of the advisory locks on groups."""
_FOREIGN_KEY = "23503"
"""PostgreSQL's code of a foreign key that finds nothing."""
_TEMPORARY: list[str] = []


@dataclass(slots=True)
class StatementCount:
    """How many statements were sent while it was current, and their texts."""

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)


_counting: ContextVar[StatementCount | None] = ContextVar("statement_count", default=None)


@contextmanager
def counted_statements() -> Iterator[StatementCount]:
    """Count the statements sent in this context (threads started from it included)."""
    count = StatementCount()
    token = _counting.set(count)
    try:
        yield count
    finally:
        _counting.reset(token)


@dataclass(frozen=True, slots=True)
class Database:
    """The two databases of an installation: rows that last, and rows that may be lost."""

    main: Engine
    live: Engine

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.main.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading: one snapshot on SQLite, statement by statement on
        PostgreSQL.
        """
        with _translated(), self.main.connect() as connection:
            if self.dialect == POSTGRESQL:
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection on which all statements see one state."""
        with _translated(), self.main.connect() as connection:
            if self.dialect == POSTGRESQL:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            yield connection

    @contextmanager
    def planning(self) -> Iterator[Connection]:
        """A snapshot with temporary tables, which are all that may be written; never committed."""
        with _translated(), self.main.connect() as connection:
            if self.dialect == POSTGRESQL:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any exception."""
        with _translated(), self.main.connect() as connection:
            if self.dialect == SQLITE:
                connection.execution_options(tessera_begin="IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def write_live(self) -> Iterator[Connection]:
        """A short write transaction on the live database."""
        with _translated(), self.live.connect() as connection:
            if self.dialect == SQLITE:
                connection.execution_options(tessera_begin="IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def read_live(self) -> Iterator[Connection]:
        """A connection to the live database for reading."""
        with _translated(), self.live.connect() as connection:
            yield connection

    def dispose(self) -> None:
        """Close all connections."""
        self.main.dispose()
        self.live.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if _is_lock_timeout(error):
            raise Busy("Somebody else is writing.", hint="Try again in a moment.") from error
        raise


def _is_lock_timeout(error: OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in {"55P03", "40P01"} or "database is locked" in str(error.orig)


def open_database(settings: DatabaseSettings) -> Database:
    """Open both engines; makes the folder of a SQLite file. Nothing is migrated here."""
    main = _engine(settings.main_url, settings)
    live = main if main.dialect.name == POSTGRESQL else _engine(settings.live_url, settings)
    return Database(main, live)


def _engine(url: str, settings: DatabaseSettings) -> Engine:
    options: dict[str, Any] = {}
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        options["connect_args"] = {"check_same_thread": False, "isolation_level": None}
        options["poolclass"] = QueuePool
    else:
        timeout = int(settings.database_lock_timeout_s * 1000)
        options["connect_args"] = {"options": f"-c lock_timeout={timeout} -c timezone=UTC"}
        options["pool_pre_ping"] = True
    engine = create_engine(
        url,
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_size,
        json_serializer=_dump_json,
        **options,
    )
    if engine.dialect.name == SQLITE:
        _prepare_sqlite(engine, settings.database_lock_timeout_s)
    event.listen(engine, "before_cursor_execute", _count)
    return engine


def _dump_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def have_on_connections(statement: str) -> None:
    """Have a temporary table on every connection to SQLite made from now on; `statement` makes it
    unless it is there.
    """
    _TEMPORARY.append(statement)


def has_temporary_tables(connection: Connection) -> bool:
    """Whether this connection to SQLite was made with all of them."""
    return bool(connection.info.get("temporary") == len(_TEMPORARY))


def _prepare_sqlite(engine: Engine, timeout_s: float) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(timeout_s * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA mmap_size=268435456")
        cursor.execute("PRAGMA cache_size=-32768")
        for statement in _TEMPORARY:
            cursor.execute(statement)
        record.info["temporary"] = len(_TEMPORARY)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        kind = connection.get_execution_options().get("tessera_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")


def _count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
    count = _counting.get()
    if count is not None and not statement.startswith("BEGIN"):
        count.statements.append(statement)


def ids_in(
    connection: Connection, column: ColumnElement[Any], ids: Iterable[int]
) -> ColumnElement[bool]:
    """`column` is one of `ids`: one bound value whatever their number, so statements stay
    cached.
    """
    numbers = list(ids)
    if connection.dialect.name == POSTGRESQL:
        return column == any_(bindparam(None, numbers, type_=ARRAY(BigInteger)))
    each = func.json_each(bindparam(None, json.dumps(numbers), type_=Text)).table_valued("value")
    return column.in_(select(each.c.value))


def ids_bound(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """As `ids_in`, with the value given under this name when the statement is run (`ids_value`):
    for statements that are made once. Making one of dozens of columns costs more than running it.
    """
    found: ColumnElement[bool]
    if dialect == POSTGRESQL:
        found = column == any_(bindparam(name, type_=ARRAY(BigInteger)))
    else:
        each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
        found = column.in_(select(each.c.value))
    return found


def ids_value(dialect: str, ids: Iterable[int]) -> list[int] | str:
    """What `ids_bound` takes."""
    numbers = list(ids)
    return numbers if dialect == POSTGRESQL else json.dumps(numbers)


def texts_in(
    connection: Connection, column: ColumnElement[Any], texts: Iterable[str]
) -> ColumnElement[bool]:
    """`column` is one of these texts, as `ids_in` has it for numbers."""
    listed = list(texts)
    if connection.dialect.name == POSTGRESQL:
        return column == any_(bindparam(None, listed, type_=ARRAY(Text)))
    each = func.json_each(bindparam(None, json.dumps(listed), type_=Text)).table_valued("value")
    return column.in_(select(each.c.value))


def pairs_of(connection: Connection, pairs: Iterable[tuple[int, int]]) -> Any:
    """Pairs of numbers as a table with the columns `one` and `other`, to be joined.

    Two `ids_in` beside each other would look up every number of one list with every number of the
    other: 10,000 links between 10,000 parents and children are 100 million look-ups.
    """
    listed = [list(pair) for pair in pairs]
    if connection.dialect.name == POSTGRESQL:
        ones, others = (
            bindparam(None, [pair[place] for pair in listed], type_=ARRAY(BigInteger))
            for place in (0, 1)
        )
        return func.unnest(ones, others).table_valued("one", "other").render_derived()
    each = func.json_each(bindparam(None, json.dumps(listed), type_=Text)).table_valued("value")
    return select(
        func.json_extract(each.c.value, "$[0]").label("one"),
        func.json_extract(each.c.value, "$[1]").label("other"),
    ).subquery()


def lock_groups(
    connection: Connection, group_ids: Sequence[int], *, exclusively: bool = False
) -> None:
    """Take the advisory locks of these groups, in id order, until the transaction ends.

    Whoever makes or cuts a link or reference takes them shared; a graph operation exclusively.
    SQLite has one writer at a time and needs none. Raises `Busy` when the lock is not to be had in
    time.
    """
    if connection.dialect.name != POSTGRESQL:
        return
    name = "pg_advisory_xact_lock" if exclusively else "pg_advisory_xact_lock_shared"
    for group_id in sorted(set(group_ids)):
        connection.execute(
            text(f"SELECT {name}(:kind, :group)"),
            {"kind": _GROUP_LOCKS, "group": group_id % 2**31},
        )


def is_missing_reference(error: IntegrityError) -> bool:
    """Whether a row that was written refers to one that is not there (any more)."""
    return getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY or "FOREIGN KEY" in str(error.orig)


def interrupt(connection: Connection) -> None:
    """End the statement that runs on a connection of another thread; it fails there, and its
    transaction is rolled back.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == POSTGRESQL:
        driver.cancel_safe(timeout=5.0)
    else:
        driver.interrupt()
