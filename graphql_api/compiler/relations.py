"""Relations that answer one row or all rows of each parent, and functions over all parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql_api.compiler.declare import CLASSES
from graphql_api.compiler.levels import Level
from graphql_api.compiler.rows import Record
from graphql_api.compiler.statements import rows_by_key
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from graphql_api.compiler.declare import Batched, Derived, Parts, References, ToOne
    from graphql_api.compiler.levels import View
    from graphql_api.compiler.run import Run


class ToOneChild:
    """At most one row for each parent."""

    def __init__(self, plan: ToOne, parent: View, key: Hashable) -> None:
        self.plan = plan
        self.key = key
        self.place = parent.need(plan.key)
        self.level = Level(plan.class_name)
        self.remote = self.level.need(plan.remote)

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """One statement, unless no parent refers to anything."""
        keys = sorted({record.row[self.place] for record in records} - {None})
        found: dict[Any, Record] = {}
        if keys:
            order = () if self.plan.remote == "id" else (self.plan.order, "id")
            listed = rows_by_key(
                run, self.level, self.plan.remote, keys, seen=not self.plan.always, order=order
            )
            for record in listed:
                found.setdefault(record.row[self.remote], record)
        self.level.fetch_children(run, found.values())
        for record in records:
            record.children[self.key] = found.get(record.row[self.place])


class PartsChild:
    """All rows of each parent, in their own order."""

    def __init__(self, plan: Parts, parent: View, key: Hashable) -> None:
        self.plan = plan
        self.key = key
        self.place = parent.need(plan.key)
        self.level = Level(plan.class_name)
        self.remote = self.level.need(plan.column)

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """One statement."""
        keys = sorted({record.row[self.place] for record in records} - {None})
        found: dict[Any, list[Record]] = {key: [] for key in keys}
        if keys:
            order = self.plan.order
            listed = rows_by_key(run, self.level, self.plan.column, keys, order=order)
            for record in listed:
                found[record.row[self.remote]].append(record)
            self.level.fetch_children(run, listed)
        for record in records:
            record.children[self.key] = found.get(record.row[self.place], [])


class BatchedChild:
    """A value for each parent, from one call."""

    def __init__(
        self, plan: Batched | Derived, parent: View, key: Hashable, arguments: Mapping[str, Any]
    ) -> None:
        self.plan = plan
        self.key = key
        self.arguments = arguments
        self.class_name = parent.class_name
        self.places = {name: parent.need(name) for name in plan.needs}
        self.parent = parent

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """Whatever the function sends; nothing by itself."""
        for record, value in zip(records, self._values(run, records), strict=True):
            record.children[self.key] = value

    def _values(self, run: Run, records: Sequence[Record]) -> Sequence[Any]:
        own_class = self.parent.level.columns.get("class_name")
        if own_class is not None and not self.parent.prefix:
            self.places["class_name"] = own_class
        places = self.places.items()
        rows = [
            {"class_name": self.class_name, **{name: record.row[place] for name, place in places}}
            for record in records
        ]
        return self.plan.function(run, rows, self.arguments)


class ReferencesChild:
    """Objects of several classes, listed by id in a JSON column; what is not seen is left out."""

    def __init__(self, plan: References, parent: View, key: Hashable, first: int) -> None:
        self.key = key
        self.first = first
        self.place = parent.need(plan.source)
        self.levels: dict[str, Level] = {}

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """One statement for each class that is listed."""
        listed = {id(record): self._listed(record) for record in records}
        wanted: dict[str, set[int]] = {}
        for refs in listed.values():
            for ref in refs:
                wanted.setdefault(ref.class_name, set()).add(ref.id)
        found: dict[ObjectRef, tuple[str, Record]] = {}
        for class_name, ids in sorted(wanted.items()):
            level = self.levels[class_name]
            place = level.need("id")
            rows = rows_by_key(run, level, "id", sorted(ids))
            level.fetch_children(run, rows)
            found |= {ObjectRef(class_name, row.row[place]): (class_name, row) for row in rows}
        for record in records:
            refs = listed[id(record)]
            record.children[self.key] = [found[ref] for ref in refs if ref in found]

    def _listed(self, record: Record) -> list[ObjectRef]:
        """What the column names, each by the class whose rows hold it."""
        texts = (record.row[self.place] or ())[: self.first]
        refs = (ref for ref in map(parse_ref, texts) if ref is not None)
        stored = (ObjectRef(CLASSES.get(ref.class_name, ref.class_name), ref.id) for ref in refs)
        return [ref for ref in stored if ref.class_name in self.levels]


class DerivedChild(BatchedChild):
    """Rows that a function makes for each parent; what hangs on them is fetched as usual."""

    def __init__(
        self,
        plan: Derived,
        parent: View,
        key: Hashable,
        arguments: Mapping[str, Any],
        class_name: str,
    ) -> None:
        super().__init__(plan, parent, key, arguments)
        self.level = Level(class_name)
        self.many = plan.many

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """The function's statements, then those of the level below."""
        made: list[Record] = []
        for record, value in zip(records, self._values(run, records), strict=True):
            if self.many:
                found = [self._record(item) for item in value]
                made += found
                record.children[self.key] = found
            else:
                one = None if value is None else self._record(value)
                made += [] if one is None else [one]
                record.children[self.key] = one
        self.level.fetch_children(run, made)

    def _record(self, values: Mapping[str, Any]) -> Record:
        return Record(tuple(values.get(name) for name in self.level.columns))
