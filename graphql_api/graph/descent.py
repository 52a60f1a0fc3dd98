"""The way down from a class to another, as `startFrom` names it: `Project/Dataset/Image`.

A link is a class like any other here: `Project/DatasetImageLink` are the links below the datasets
of a project, `Image/DatasetImageLink` those in which an image hangs. Annotations are those on the
class before them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.graph.edges import Edge, Kind, Path, edges_of, rows_of
from graphql_api.graph.request import class_named, lineage
from shared.errors import Invalid
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.links import LINKS, LinkKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select


@dataclass(frozen=True, slots=True)
class Below:
    """Where a way ends: rows of a class of the graph, by their ids."""

    class_name: str
    ids: Select[Any]
    classes: tuple[str, ...] = ()
    """Of annotations: the concrete classes that are meant; empty means all."""


@dataclass(frozen=True, slots=True)
class _ToLink:
    """From an end of a link to the link itself."""

    kind: LinkKind
    column: str

    def path(self) -> Path:
        link = rows_of(self.kind.name)
        return Path(link, link.c[self.column], link.c.id, link=link)


@dataclass(frozen=True, slots=True)
class _FromLink:
    """From a link to its child."""

    kind: LinkKind

    def path(self) -> Path:
        link = rows_of(self.kind.name)
        return Path(link, link.c.id, link.c.child_id, link=link)


def descend(top: str, ids: Select[Any], way: Sequence[str]) -> Below:
    """Go down from rows of `top`; raises `Invalid` where there is no way."""
    here = top
    classes: tuple[str, ...] = ()
    for text in way:
        name = class_named(text)
        if "Annotation" in lineage(name):
            name, classes = "Annotation", _concrete(name)
        elif name == "IAnnotationLink":
            name = f"{here}AnnotationLink"
        if name != here:
            for step in _steps(here, name):
                path = step.path()
                ids = select(path.target).select_from(path.tables).where(
                    path.source.in_(ids), *_live(path)
                )  # fmt: skip
        here = name
    return Below(here, ids, classes if here == "Annotation" else ())


def _concrete(named: str) -> tuple[str, ...]:
    """The stored classes of annotations that a name of OME's tree stands for."""
    if named == "Annotation":
        return ()
    return tuple(sorted(name for name in ANNOTATION_CLASSES if named in lineage(name)))


def _live(path: Path) -> list[Any]:
    rows = (path.link, path.source_row, path.target_row)
    return [alias.c.trash_id.is_(None) for alias in rows if alias is not None]


def _steps(top: str, bottom: str) -> list[Edge | _ToLink | _FromLink]:
    """The shortest way down."""
    if top in LINKS:
        child = LINKS[top].child.__name__
        return [_FromLink(LINKS[top]), *(_steps(child, bottom) if child != bottom else [])]
    if bottom in LINKS:
        kind = LINKS[bottom]
        parent, child = kind.parent.__name__, kind.child.__name__
        if top == child != parent:
            return [_ToLink(kind, "child_id")]
        return [*(_steps(top, parent) if top != parent else []), _ToLink(kind, "parent_id")]
    if bottom == "Annotation":
        found = [edge for edge in edges_of(Kind.ANNOTATES) if edge.source == top and not edge.part]
        if found:
            return [found[0]]
    return [*_edges(top, bottom)]


def _edges(top: str, bottom: str) -> list[Edge]:
    downward = [*edges_of(Kind.CONTAINS, Kind.PART)]
    downward += [edge for edge in edges_of(Kind.REFERS) if edge.name == "WellSample.image_id"]
    queue: deque[tuple[str, list[Edge]]] = deque([(top, [])])
    seen = {top}
    while queue:
        here, way = queue.popleft()
        for edge in downward:
            if edge.source != here or edge.target in seen:
                continue
            if edge.target == bottom:
                return [*way, edge]
            seen.add(edge.target)
            queue.append((edge.target, [*way, edge]))
    raise Invalid(
        f"There is no way down from {top} to {bottom}.",
        hint="Name classes such as Project/Dataset/Image, from above to below.",
        path=("startFrom",),
    )
