"""Every link table, made by one function: a link is an object with an owner and a group of its own.

Two users may each own a link between the same pair; one user may not own two. Both ends lie in one
group.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.models import acquisition, containers, images, jobs, people, rois, screening
from shared.models.annotations import Annotation, Namespace
from shared.models.base import Base, Details, details_indexes, live_index, table_args


class Link(Details):
    """What every link table has: two ends, and details."""

    __tablename__: str
    parent_id: Mapped[int]
    child_id: Mapped[int]


@dataclass(frozen=True, slots=True)
class LinkKind:
    """A link table and the classes at its ends."""

    name: str
    parent: type[Base]
    child: type[Base]
    model: type[Link]


def _link(parent: type[Base], child: type[Base], name: str | None = None) -> LinkKind:
    name = name or f"{parent.__name__}{child.__name__}Link"
    table = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    table = table.replace("o_t_f", "otf")
    body = {
        "__tablename__": table,
        "__module__": __name__,
        "__doc__": f"{parent.__name__} to {child.__name__}.",
        "__annotations__": {"parent_id": Mapped[int], "child_id": Mapped[int]},
        "parent_id": mapped_column(ForeignKey(f"{parent.__tablename__}.id")),
        "child_id": mapped_column(ForeignKey(f"{child.__tablename__}.id")),
        "__table_args__": table_args(
            *details_indexes(table),
            live_index(f"uq_{table}", "parent_id", "child_id", "owner_id", unique=True),
            live_index(f"ix_{table}_child", "child_id", "parent_id"),
        ),
    }
    return LinkKind(name, parent, child, type(name, (Link, Base), body))


CONTAINER_LINKS = (
    _link(containers.Project, containers.Dataset),
    _link(containers.Dataset, images.Image),
    _link(screening.Screen, screening.Plate),
    _link(containers.Folder, images.Image),
    _link(containers.Folder, rois.Roi),
    _link(screening.Well, screening.Reagent),
)

ANNOTATABLE = (
    containers.Project, containers.Dataset, containers.Folder, images.Image, screening.Screen,
    screening.Plate, screening.PlateAcquisition, screening.Well, screening.Reagent, rois.Roi,
    rois.Shape, images.Channel, images.PlaneInfo, images.Fileset, images.OriginalFile,
    acquisition.Instrument, acquisition.Objective, acquisition.Detector, acquisition.LightSource,
    acquisition.Filter, acquisition.Dichroic, acquisition.LightPath, people.User, people.Group,
    people.Session, Namespace, Annotation,
)  # fmt: skip
ANNOTATION_LINKS = tuple(_link(parent, Annotation) for parent in ANNOTATABLE)

SERVER_LINKS = (
    _link(images.Fileset, jobs.Job),
    _link(jobs.Job, images.OriginalFile),
    _link(images.OriginalFile, images.Pixels, "PixelsOriginalFileMap"),
    _link(acquisition.FilterSet, acquisition.Filter, "FilterSetEmissionFilterLink"),
    _link(acquisition.FilterSet, acquisition.Filter, "FilterSetExcitationFilterLink"),
    _link(acquisition.LightPath, acquisition.Filter, "LightPathEmissionFilterLink"),
    _link(acquisition.LightPath, acquisition.Filter, "LightPathExcitationFilterLink"),
)

LINKS: dict[str, LinkKind] = {
    kind.name: kind for kind in (*CONTAINER_LINKS, *ANNOTATION_LINKS, *SERVER_LINKS)
}
"""Every link kind by its OME name, such as `DatasetImageLink`."""


def link_between(parent: str, child: str) -> LinkKind | None:
    """The kind of link that people make between two classes, or None when the pair is not legal."""
    return LINKS.get(f"{parent}{child}Link")
