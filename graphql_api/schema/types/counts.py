"""ObjectCounts: how many objects of each kind a person or a group has, for the tree.

Each count that is selected costs one statement, however many people or groups are asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import ColumnElement, func, select

from graphql_api.compiler.declare import (
    SOURCES,
    Batched,
    Derived,
    argument,
    made,
    planned,
    with_arguments,
)
from graphql_api.compiler.scope import Scope
from graphql_api.schema.types.annotation_where import is_tag_set
from graphql_api.schema.types.filters import orphaned
from shared.database import ids_in
from shared.refs import parse_ref

if TYPE_CHECKING:
    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

LazyObjectCounts = Annotated["ObjectCounts", strawberry.lazy("graphql_api.schema.types.counts")]
Only = Callable[[Scope], ColumnElement[bool]]


def _count(class_name: str, only: Only | None = None) -> Batched:
    """How many visible objects of a class; `only` says which of them count."""

    def found(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        scope = Scope(run.principal, SOURCES[class_name][0])
        columns = scope.table.c
        asked = {
            name: sorted({row[name] for row in rows} - {None}) for name in ("owner_id", "group_id")
        }
        keys = [name for name, values in asked.items() if values]
        wanted = [
            scope.seen(),
            *(ids_in(run.connection, columns[name], asked[name]) for name in keys),
        ]
        if only is not None:
            wanted.append(only(scope))
        grouped = [columns[name] for name in keys]
        counted = select(*grouped, func.count()).select_from(scope.from_clause()).where(*wanted)
        numbers = {tuple(row[:-1]): row[-1] for row in run.all(counted.group_by(*grouped))}
        return [numbers.get(tuple(row[name] for name in keys), 0) for row in rows]

    return Batched(("owner_id", "group_id"), found)


def _orphans(class_name: str) -> Batched:
    return _count(class_name, lambda scope: orphaned(scope, class_name, value=True))


def _is_tag(scope: Scope) -> ColumnElement[bool]:
    found: ColumnElement[bool] = scope.table.c.class_name == "TagAnnotation"
    return found & ~is_tag_set(scope.table)


@made
@strawberry.type(description="How many objects somebody has, or a group, as the caller sees them.")
class ObjectCounts:
    """How many objects of each kind there are."""

    projects: int = planned(_count("Project"), "Projects.")
    datasets: int = planned(_count("Dataset"), "Datasets.")
    orphaned_datasets: int = planned(_orphans("Dataset"), "Datasets in no project.")
    images: int = planned(_count("Image"), "Images.")
    orphaned_images: int = planned(
        _orphans("Image"), "Images in no dataset and no well; folders do not count."
    )
    screens: int = planned(_count("Screen"), "Screens.")
    plates: int = planned(_count("Plate"), "Plates.")
    orphaned_plates: int = planned(_orphans("Plate"), "Plates in no screen.")
    folders: int = planned(_count("Folder"), "Folders.")
    rois: int = planned(_count("Roi"), "ROIs.")
    tags: int = planned(_count("Annotation", _is_tag), "Tags, tag sets not counted.")
    tag_sets: int = planned(
        _count("Annotation", lambda scope: is_tag_set(scope.table)), "Tag sets."
    )


def _number(text: str | None, class_name: str) -> int | None:
    """None when nothing was said; 0, which nobody has, for what names no such object."""
    if text is None:
        return None
    ref = parse_ref(text)
    return ref.id if ref is not None and ref.class_name == class_name else 0


def _of_users(_run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    group = _number(arguments.get("group"), "Group")
    return [{"owner_id": row["id"], "group_id": group} for row in rows]


def _of_groups(_run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    owner = _number(arguments.get("owner"), "User")
    return [{"owner_id": owner, "group_id": row["id"]} for row in rows]


def user_counts() -> Any:
    """`counts(group)` of a person."""
    return with_arguments(
        planned(Derived(("id",), _of_users), "How many objects belong to this person."),
        argument("group", strawberry.ID | None, "Only in this group; in all unless said."),
    )


def group_counts() -> Any:
    """`counts(owner)` of a group."""
    return with_arguments(
        planned(Derived(("id",), _of_groups), "How many objects lie in this group."),
        argument("owner", strawberry.ID | None, "Only of this user; of everybody unless said."),
    )
