"""The OME model as tables. Importing this package registers all of them.

`MODELS` finds a class by its OME name; link classes are in `links.LINKS`.
"""

from __future__ import annotations

from shared.models import (
    acquisition,
    activities,
    containers,
    events,
    images,
    jobs,
    links,
    live,
    people,
    plans,
    rendering,
    rois,
    screening,
    system,
)
from shared.models.annotations import Annotation
from shared.models.base import Base, sort_key

__all__ = [
    "MODELS",
    "Annotation",
    "Base",
    "acquisition",
    "activities",
    "containers",
    "events",
    "images",
    "jobs",
    "links",
    "live",
    "people",
    "plans",
    "rendering",
    "rois",
    "screening",
    "sort_key",
    "system",
]

MODELS: dict[str, type[Base]] = {
    mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers
}
