"""A graph with rows of every class and links of every kind, the same on every database.

Rows are filled by the types of their columns, so a new column is filled too. References stay within
one owner and group, as they do in life; links join the n-th rows of both classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    insert,
    update,
)

from shared import journal
from shared.models import MODELS, Base
from shared.models.acquisition import LIGHT_SOURCES
from shared.models.annotations import ANNOTATION_CLASSES, NS_RATING, NS_TAG_SET
from shared.models.links import LINKS
from shared.models.rois import SHAPE_CLASSES
from tests.support.people import make_part, make_row

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.support.browsing import World

CLASSES = (
    "Project", "Dataset", "Folder", "Screen", "Plate", "PlateAcquisition", "Well", "OriginalFile",
    "Fileset", "FilesetEntry", "Instrument", "Objective", "Detector", "LightSource", "Filter",
    "Dichroic", "FilterSet", "OTF", "LightPath", "ObjectiveSettings", "DetectorSettings",
    "Experiment", "MicrobeamManipulation", "LightSettings", "ImagingEnvironment", "StageLabel",
    "LogicalChannel", "StatsInfo", "Image", "WellSample", "Reagent", "Pixels", "Channel",
    "PlaneInfo", "Roi", "Shape", "Annotation", "MapPair", "RenderingDef", "ChannelBinding",
    "Job", "Namespace",
)  # fmt: skip
"""Classes whose rows are made, each after those to which it refers."""
OWNERS = (
    ("ada", "lab"),
    ("ben", "lab"),
    ("ada", "secret"),
    ("ben", "secret"),
    ("dora", "elsewhere"),
)
FIXED: dict[str, dict[str, Any]] = {
    "Plate": {"row_naming_convention": "letter", "column_naming_convention": "number"},
    "Pixels": {
        "pixels_type": "uint16", "dimension_order": "XYZCT", "storage": "original",
        "level_sizes": "[[40, 30, 16, 16], [20, 15, 16, 16]]", "size_c": 2, "position": 0,
        "display_model": None,
    },
    "RenderingDef": {"model": "color"},
    "ChannelBinding": {"family": "linear"},
    "Channel": {"display_family": None, "position": 0},
    "Image": {"label_file": None, "macro_file": None},
    "Fileset": {"metadata_file": None, "axes": None},
    "OriginalFile": {"repo": "managed", "storage_name": None},
    "Shape": {"transform": "1 0 0 1 2.5 3", "points": "1,2 3,4"},
    "WellSample": {"position": 0},
    "FilesetEntry": {"position": 0},
    "MapPair": {"position": 0},
    "PlaneInfo": {"the_z": 0, "the_c": 0},
}  # fmt: skip
"""Columns that mean something of their own."""
BY_CLASS = {
    "LightSource": LIGHT_SOURCES, "Annotation": ANNOTATION_CLASSES, "Shape": SHAPE_CLASSES,
}  # fmt: skip
SKIPPED = {"id", "owner_id", "group_id", "trash_id", "creation_event_id", "update_event_id", "uuid"}


def fill(world: World, *, rows: int = 2) -> dict[str, list[int]]:
    """Make the graph for `OWNERS`; answers the ids of all rows by class."""
    made: dict[str, list[int]] = {name: [] for name in CLASSES}
    with world.database.write() as connection:
        for login, group in OWNERS:
            owner, group_id = world.people[login], world.groups[group]
            own: dict[str, list[int]] = {}
            for name in CLASSES:
                count = max(rows, len(BY_CLASS.get(name, ())))
                own[name] = [_row(connection, name, n, own, owner, group_id) for n in range(count)]
                made[name] += own[name]
            _link_all(connection, own, owner, group_id, rows)
            event = journal.begin_event(connection, user_id=owner, kind="test")
            for name in ("Image", "Dataset", "Roi"):
                journal.record(
                    connection, event, name, "UPDATE", own[name], group_id=group_id,
                    before={number: {"name": f"old {number}"} for number in own[name]},
                )  # fmt: skip
        _settle_times(connection)
    return made


def _row(
    connection: Connection,
    name: str,
    number: int,
    own: dict[str, list[int]],
    owner: int,
    group: int,
) -> int:
    model: Any = MODELS[name]
    values = {**_values(model, number, own), **FIXED.get(name, {}), **_kind(name, number)}
    if name == "Annotation":
        values["file_id"] = values["file_id"] if values["class_name"] == "FileAnnotation" else None
    if name == "Namespace":
        values["name"] = f"space {owner} {group} {number}"
    if name == "Folder":
        values["parent_folder_id"] = own[name][-1] if own.get(name) else None
    if "owner_id" in model.__table__.c:
        return make_row(connection, model, owner=owner, group=group, **values)
    return make_part(connection, model, **values)


def _kind(name: str, number: int) -> dict[str, Any]:
    if name not in BY_CLASS:
        return {}
    found = {"class_name": BY_CLASS[name][number % len(BY_CLASS[name])]}
    if name == "Annotation" and found["class_name"] == "LongAnnotation":
        return {**found, "namespace": NS_RATING, "long_value": 1 + number % 5}
    if name == "Annotation" and number == 0:
        return {**found, "namespace": NS_TAG_SET}
    return found


def _values(model: Any, number: int, own: dict[str, list[int]]) -> dict[str, Any]:
    """A value for every column, by its type and the row's number."""
    found: dict[str, Any] = {}
    for column in model.__table__.c:
        if column.name in SKIPPED or column.name.endswith("_at") or column.name == "version":
            continue
        found[column.name] = _value(column, number, own)
    if "name" in found and model.__tablename__ in {"project", "dataset", "image", "plate"}:
        found["name"] = f"ÄB{number % 2}" if number % 3 else f"äb{number % 2}"
    for key in [name for name in found if name.endswith("_key")]:
        del found[key]
    if model.__tablename__ == "namespace":
        del found["name"]
    if model.__tablename__ == "map_pair":
        found |= {"key_key": found["key"].casefold(), "value_key": found["value"].casefold()}
    return found


def _value(column: Any, number: int, own: dict[str, list[int]]) -> Any:
    if column.foreign_keys:
        return _referred(column, number, own)
    if isinstance(column.type, Boolean):
        return number % 2 == 0
    if isinstance(column.type, Float):
        return number + 0.1
    if isinstance(column.type, BigInteger | Integer | SmallInteger):
        return number + 1
    if isinstance(column.type, LargeBinary):
        return b"\xa5"
    return None if column.name.endswith("_unit") else f"{column.name} Å{number % 3} ﬁ"


def _referred(column: Any, number: int, own: dict[str, list[int]]) -> int | None:
    (key,) = column.foreign_keys
    name = next((name for name, model in MODELS.items() if model.__table__ is key.column.table), "")
    listed = own.get(name) or []
    return listed[number % len(listed)] if listed else None


def _link_all(
    connection: Connection, own: dict[str, list[int]], owner: int, group: int, rows: int
) -> None:
    for kind in LINKS.values():
        parents, children = own.get(kind.parent.__name__, []), own.get(kind.child.__name__, [])
        if kind.parent.__name__ in {"User", "Group"}:
            parents = [owner if kind.parent.__name__ == "User" else group]
        if not parents or not children:
            continue
        far = len(children)
        pairs = {
            (parent, children[(n * 5 + m) % far])
            for n, parent in enumerate(parents[:rows])
            for m in range(min(far, 6 if kind.child.__name__ == "Annotation" else 2))
        }
        connection.execute(
            insert(kind.model),
            [
                {
                    "parent_id": parent, "child_id": child, "owner_id": owner, "group_id": group,
                    "created_at": 0, "updated_at": 0,
                }
                for parent, child in sorted(pairs)
                if parent != child or kind.parent is not kind.child
            ],
        )  # fmt: skip


def _settle_times(connection: Connection) -> None:
    """Make times depend on nothing but the id."""
    for table in Base.metadata.sorted_tables:
        for name in ("created_at", "updated_at", "at"):
            if name in table.c and "id" in table.c:
                connection.execute(update(table).values({name: table.c.id * 1_000_001}))
