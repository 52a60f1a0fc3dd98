"""One file per family of types. Importing this package makes all of them known to the planner.

`NODE_TYPES` are given to the schema by name: some are reached only through an interface.
"""

from __future__ import annotations

from graphql_api.compiler.declare import SOURCES
from graphql_api.compiler.scope import Source
from graphql_api.schema.types.activities import Activity
from graphql_api.schema.types.connections import Link
from graphql_api.schema.types.containers import Dataset, Folder, Project
from graphql_api.schema.types.files import Fileset, OriginalFile
from graphql_api.schema.types.images import Image
from graphql_api.schema.types.people import Group, User
from graphql_api.schema.types.pixels import Channel, Pixels
from graphql_api.schema.types.rendering import RenderingSettings
from graphql_api.schema.types.screening import (
    Plate,
    PlateAcquisition,
    Screen,
    Well,
    WellSample,
)
from shared.models.links import LINKS

for _name, _kind in LINKS.items():
    SOURCES[_name] = (Source(_kind.model), Link.__name__)

NODE_TYPES = (
    Activity, Dataset, Fileset, Folder, Group, Image, OriginalFile, Pixels, Plate,
    PlateAcquisition, Project, Screen, User, Well, WellSample,
)  # fmt: skip

__all__ = [
    "NODE_TYPES",
    "Activity",
    "Channel",
    "Dataset",
    "Fileset",
    "Folder",
    "Group",
    "Image",
    "Link",
    "OriginalFile",
    "Pixels",
    "Plate",
    "PlateAcquisition",
    "Project",
    "RenderingSettings",
    "Screen",
    "User",
    "Well",
    "WellSample",
]
