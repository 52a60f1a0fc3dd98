"""Connections: pages of rows under each parent or at the root, their cursors, links and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_, select

from graphql_api.compiler import statements
from graphql_api.compiler.cursors import make_cursor
from graphql_api.compiler.declare import Foreign, Linked, RootList
from graphql_api.compiler.levels import Level
from graphql_api.compiler.rows import Record, Row
from shared.models.light import light_alias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from graphql_api.compiler.levels import Shape, View
    from graphql_api.compiler.paging import Page
    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Scope


@dataclass(slots=True)
class Listed:
    """What was found under one parent."""

    records: list[Record] = field(default_factory=list)
    more: bool = False
    """Whether there is more beyond the page, in the direction of reading."""
    counts: dict[int | None, int] = field(default_factory=dict)


class ConnectionChild:
    """A list field: one statement for its rows, one for each way in which it is counted."""

    def __init__(
        self,
        plan: Foreign | Linked | RootList,
        parent: View | None,
        key: Hashable,
        page: Page,
        where: Callable[[Scope], list[ColumnElement[bool]]],
        *,
        merged: bool = True,
    ) -> None:
        self.plan = plan
        self.key = key
        self.page = page
        self.where = where
        self.merged = merged
        """Whether a root list is read by one range for each group."""
        held = plan.key if isinstance(plan, Foreign) else "id"
        self.place = None if parent is None else parent.need(held)
        if isinstance(plan, Linked):
            self.level = Level(plan.class_name, plan.link, plan.far)
        else:
            self.level = Level(plan.class_name)
        self.wants_rows = False
        self.counts: set[int | None] = set()

    def want_rows(self) -> None:
        """Read the page, order columns included."""
        self.wants_rows = True
        for term in self.page.terms:
            self.level.need(term.column)

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """The page and the counts for all parents, then everything below."""
        if self.place is None:
            self._fetch_root(run, records)
            return
        parents = sorted({record.row[self.place] for record in records} - {None})
        found = {parent: Listed() for parent in parents}
        if self.wants_rows and parents:
            rows = statements.pages(
                run, self.level, self.page, parents, self.on_parent, self.conditions
            )
            for row in rows:
                found[row[-1]].records.append(Record(row))
        for most in sorted(self.counts, key=str) if parents else ():
            counted = statements.counts(
                run, self.level, most, parents, self.on_parent, self.conditions
            )
            for parent, number in counted.items():
                found[parent].counts[most] = number
        self._finish(run, found.values())
        for record in records:
            record.children[self.key] = found.get(record.row[self.place]) or Listed()

    def cursor(self, record: Record) -> str:
        """The cursor of a row of this list."""
        columns = self.level.columns
        values = tuple(record.row[columns[term.column]] for term in self.page.terms)
        return make_cursor(self.page.fingerprint, values)

    def _fetch_root(self, run: Run, records: Sequence[Record]) -> None:
        listed = Listed()
        if self.wants_rows:
            rows = statements.root_page(
                run, self.level, self.page, self.conditions, merged=self.merged
            )
            listed.records = [Record(row) for row in rows]
        for most in sorted(self.counts, key=str):
            listed.counts[most] = statements.count_all(run, self.level, most, self.conditions)
        self._finish(run, [listed])
        for record in records:
            record.children[self.key] = listed

    def _finish(self, run: Run, found: Any) -> None:
        everything: list[Record] = []
        for listed in found:
            listed.more = len(listed.records) > self.page.size
            del listed.records[self.page.size :]
            if self.page.backward:
                listed.records.reverse()
            everything += listed.records
        self.level.fetch_children(run, everything)

    def on_parent(self, scope: Scope) -> ColumnElement[Any]:
        """The column that holds the parent's id."""
        plan = self.plan
        near = scope.link.c[plan.near] if isinstance(plan, Linked) else None
        held = scope.table.c[plan.column] if isinstance(plan, Foreign) else near
        assert held is not None  # a root list has no parents
        found: ColumnElement[Any] = held
        return found

    def conditions(self, scope: Scope) -> list[ColumnElement[bool]]:
        """Which rows the list holds, beside those that are seen at all."""
        plan = self.plan
        found = list(self.where(scope))
        if isinstance(plan, RootList) and plan.only is not None:
            found.append(plan.only(scope))
        if isinstance(plan, Linked):
            found.append(_shown_link(scope, plan) if plan.seen is None else plan.seen(scope))
        return found


def _shown_link(scope: Scope, plan: Linked) -> ColumnElement[bool]:
    """Several people may have linked the same pair: the caller's own link is shown, else the
    oldest, so that a child stands once in the list.
    """
    link, other = scope.link, light_alias(plan.link)
    me = scope.principal.user_id
    better = and_(link.c.owner_id != me, or_(other.c.owner_id == me, other.c.id < link.c.id))
    same = and_(other.c.parent_id == link.c.parent_id, other.c.child_id == link.c.child_id)
    rival = select(other.c.id).where(same, other.c.trash_id.is_(None), better).correlate(link)
    return and_(link.c.trash_id.is_(None), ~rival.exists())


class ConnectionShape:
    """Builds the answer of one selection of a connection."""

    def __init__(self, type_name: str, child: ConnectionChild) -> None:
        self.type_name = type_name
        self.child = child
        self.entries: list[tuple[str, Callable[[Listed], Any]]] = []

    def build(self, listed: Listed) -> Row:
        """The finished connection."""
        row = Row(self.type_name)
        for name, read in self.entries:
            row[name] = read(listed)
        return row

    def add_count(self, name: str, most: int | None) -> None:
        """`totalCount`, counted up to `most`."""
        self.child.counts.add(most)
        self.entries.append((name, lambda listed: listed.counts.get(most, 0)))

    def add_nodes(self, name: str, shape: Shape) -> None:
        """`nodes`."""
        self.child.want_rows()
        self.entries.append((name, lambda listed: [shape.build(r) for r in listed.records]))

    def add_edges(self, name: str, type_name: str, fields: list[tuple[str, Any]]) -> None:
        """`edges`, whose fields are given as readers of a record."""
        self.child.want_rows()

        def edge(record: Record) -> Row:
            row = Row(type_name)
            for key, read in fields:
                row[key] = read(record)
            return row

        self.entries.append((name, lambda listed: [edge(record) for record in listed.records]))

    def add_page_info(self, name: str, fields: list[tuple[str, str]]) -> None:
        """`pageInfo`, with the names under which its fields are asked."""
        self.child.want_rows()

        def info(listed: Listed) -> Row:
            row = Row("PageInfo")
            for key, field_name in fields:
                row[key] = self._page_fact(listed, field_name)
            return row

        self.entries.append((name, info))

    def _page_fact(self, listed: Listed, name: str) -> Any:
        page, records = self.child.page, listed.records
        if name == "hasNextPage":
            return page.before is not None if page.backward else listed.more
        if name == "hasPreviousPage":
            return listed.more if page.backward else page.after is not None
        if not records:
            return None
        return self.child.cursor(records[0] if name == "startCursor" else records[-1])
