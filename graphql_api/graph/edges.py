"""The model as a graph, derived from the tables: who contains, annotates or refers to whom.

Only rows with details are nodes. Pure parts (Channel, Shape, FilesetEntry) follow the node that
carries them, so an edge that starts at a Channel starts at its Pixels here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import cycle
from typing import Any

from sqlalchemy import Table
from sqlalchemy import column as light_column
from sqlalchemy import table as light_table

from shared.models import MODELS
from shared.models.base import Base, Details
from shared.models.links import ANNOTATION_LINKS, CONTAINER_LINKS, LINKS, LinkKind


class Kind(Enum):
    """How two classes hang together. The source is whoever contains, carries or refers."""

    CONTAINS = auto()
    """Content that may stand in several containers."""
    PART = auto()
    """Dies and moves with its one source."""
    REFERS = auto()
    """A thing that several sources may share."""
    ANNOTATES = auto()
    JOINS = auto()
    """A link that people or the server make and that pulls nothing along."""


_DETAILS = {"owner_id", "group_id", "creation_event_id", "update_event_id", "trash_id"}
_CONTAINING = {"Folder.parent_folder_id", "WellSample.plate_acquisition_id", "Roi.image_id"}
"""Nullable columns that name what holds the row, like a part's."""
_JOINING = {"WellReagentLink", "PixelsOriginalFileMap"}
_SHARING = {"FilesetJobLink", "JobOriginalFileLink"}


def table_of(class_name: str) -> Table:
    """The Core table of a class or link kind."""
    model: type[Base] = MODELS[class_name]
    table = model.__table__
    assert isinstance(table, Table)
    return table


POOL = 64
"""More aliases of one class than any single SELECT, with those inside it, ever needs."""


@cache
def _aliases(class_name: str) -> Iterator[Any]:
    model = table_of(class_name)
    light = light_table(model.name, *(light_column(each.name, each.type) for each in model.c))
    return cycle([light.alias() for _ in range(POOL)])


def rows_of(class_name: str) -> Any:
    """An alias of a class's table to read from, unlike the others of the same SELECT.

    They are made once and handed round: making them anew was most of the cost of a plan.
    """
    return next(_aliases(class_name))


NODES: tuple[str, ...] = tuple(
    sorted(
        name
        for name, model in MODELS.items()
        if issubclass(model, Details) and name not in LINKS and name != "Namespace"
    )
)
"""Every class that can be reached, links apart."""
CODES: Mapping[str, int] = {name: code for code, name in enumerate((*NODES, *LINKS), start=1)}
NAMES: Mapping[int, str] = {code: name for name, code in CODES.items()}
_CLASS_OF = {table_of(name).name: name for name in MODELS if name not in LINKS}


@dataclass(frozen=True, slots=True)
class Path:
    """An edge as joined tables: `source` and `target` are its columns of ids."""

    tables: Any
    """A FROM clause."""
    source: Any
    target: Any
    link: Any = None
    """The link table's alias."""
    source_row: Any = None
    """The alias of the source's own table, where the edge is a column of it."""
    target_row: Any = None


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a class to another: a link table, or a column of either's table."""

    name: str
    kind: Kind
    source: str
    target: str
    column: str = ""
    link: LinkKind | None = None
    part: str = ""
    """The part through which the edge runs, such as Channel."""

    def path(self) -> Path:
        """The edge with fresh aliases."""
        if self.link is not None:
            return self._link_path(self.link)
        if self.part:
            part = rows_of(self.part)
            return Path(part, part.c[CARRIERS[self.part][1]], part.c[self.column])
        if self.kind is Kind.PART or self.name in _CONTAINING:
            row = rows_of(self.target)
            return Path(row, row.c[self.column], row.c.id, target_row=row)
        row = rows_of(self.source)
        return Path(row, row.c.id, row.c[self.column], source_row=row)

    def _link_path(self, kind: LinkKind) -> Path:
        link = rows_of(kind.name)
        if not self.part:
            return Path(link, link.c.parent_id, link.c.child_id, link=link)
        part = rows_of(self.part)
        joined = link.join(part, part.c.id == link.c.parent_id)
        return Path(joined, part.c[CARRIERS[self.part][1]], link.c.child_id, link=link)


CARRIERS: Mapping[str, tuple[str, str]] = {
    "Channel": ("Pixels", "pixels_id"),
    "PlaneInfo": ("Pixels", "pixels_id"),
    "Shape": ("Roi", "roi_id"),
    "FilesetEntry": ("Fileset", "fileset_id"),
    "MapPair": ("Annotation", "annotation_id"),
    "ChannelBinding": ("RenderingDef", "rendering_def_id"),
    "ProjectionDef": ("RenderingDef", "rendering_def_id"),
    "CodomainMapContext": ("ChannelBinding", "channel_binding_id"),
}
"""Rows without details: the class that carries them, and the column that names it."""


def _columns(model: type[Base]) -> list[tuple[str, str, bool]]:
    """Columns that name another row: (column, class, nullable)."""
    return [
        (column.name, _CLASS_OF[key.column.table.name], bool(column.nullable))
        for column in table_of(model.__name__).c
        for key in column.foreign_keys
        if column.name not in _DETAILS
    ]


def _column_edges() -> list[Edge]:
    found = []
    for name in NODES:
        for column, other, nullable in _columns(MODELS[name]):
            label = f"{name}.{column}"
            if label in _CONTAINING or (not nullable and not name.endswith("Settings")):
                kind = Kind.CONTAINS if label == "Folder.parent_folder_id" else Kind.PART
                found.append(Edge(label, kind, other, name, column))
            else:
                found.append(Edge(label, Kind.REFERS, name, other, column))
    for part, (carrier, own) in CARRIERS.items():
        for column, other, _ in _columns(MODELS[part]):
            if column != own:
                label = f"{part}.{column}"
                found.append(Edge(label, Kind.REFERS, carrier, other, column, part=part))
    return found


def _link_edges() -> list[Edge]:
    found = []
    for kind in LINKS.values():
        parent, child = kind.parent.__name__, kind.child.__name__
        part = parent if parent in CARRIERS else ""
        source = CARRIERS[parent][0] if part else parent
        if kind in ANNOTATION_LINKS:
            sort = Kind.ANNOTATES
        elif kind.name in _SHARING:
            sort = Kind.REFERS
        elif kind in CONTAINER_LINKS and kind.name not in _JOINING:
            sort = Kind.CONTAINS
        else:
            sort = Kind.JOINS
        found.append(Edge(kind.name, sort, source, child, link=kind, part=part))
    return found


EDGES: Mapping[str, Edge] = {edge.name: edge for edge in (*_column_edges(), *_link_edges())}


def edges_of(*kinds: Kind) -> list[Edge]:
    """All edges of these kinds."""
    return [edge for edge in EDGES.values() if edge.kind in kinds]


def by_source(edges: list[Edge]) -> Mapping[str, list[Edge]]:
    """Edges by the class at which they start."""
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.source].append(edge)
    return found
