"""A small laboratory for scenarios: people, groups and data, and the operations done on them.

Rows are made straight in the tables; operations run as the worker runs them, on the real database.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from graphql_api.graph.edges import table_of
from graphql_api.graph.handlers import dry_run, handlers
from graphql_api.graph.request import OperationRequest
from shared.activities.handlers import HandlerRegistry
from shared.activities.queue import book
from shared.activities.running import run_now
from shared.auth.principal import Principal, load_principal
from shared.models import MODELS
from shared.models.activities import Activity
from shared.models.annotations import NS_RATING
from shared.models.images import Channel, FilesetEntry
from shared.models.links import LINKS, link_between
from tests.support.people import make_group, make_link, make_part, make_row, make_user, root

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage


@dataclass(frozen=True, slots=True)
class Thing:
    """A row of the laboratory."""

    name: str
    id: int

    def __str__(self) -> str:
        return f"{self.name}:{self.id}"


@dataclass(slots=True)
class Done:
    """How an operation ended."""

    activity_id: int
    state: str
    report: dict[str, Any]
    errors: list[dict[str, Any]]
    result: list[str]

    def count(self, section: str, name: str) -> int:
        """How many of a class the report counts in `included` or `deleted`."""
        return sum(each["count"] for each in self.report[section] if each["type"] == name)


@dataclass(slots=True)
class Lab:
    """People `A`, `B`, leader `L` and administrator `R`; groups are made by `group`."""

    database: Database
    storage: LocalStorage
    settings: Settings
    people: dict[str, int] = field(default_factory=dict)

    def open(self, tag: str = "") -> Lab:
        """Make the people; `tag` sets their logins apart from those of another laboratory."""
        with self.database.write() as connection:
            for name in ("A", "B", "C", "L"):
                self.people[name] = make_user(connection, name.lower() + tag)
            self.people["R"] = root(connection)
        return self

    def group(self, name: str, level: str, members: str = "", leaders: str = "") -> int:
        """A group, by the letters of its people."""
        with self.database.write() as connection:
            return make_group(
                connection,
                name,
                level,
                members=[self.people[each] for each in members],
                owners=[self.people[each] for each in leaders],
            )

    def row(self, class_name: str, who: str, group: int, /, **values: Any) -> Thing:
        """Any row with details."""
        with self.database.write() as connection:
            return self._row(connection, class_name, who, group, **values)

    def _row(
        self, connection: Connection, class_name: str, who: str, group: int, /, **values: Any
    ) -> Thing:
        number = make_row(
            connection, MODELS[class_name], owner=self.people[who], group=group, **values
        )
        return Thing(class_name, number)

    def image(
        self, who: str, group: int, *, name: str = "image", fileset: Thing | None = None,
        instrument: Thing | None = None, channels: int = 1,
    ) -> Thing:  # fmt: skip
        """An image with pixels, channels, and its owner's settings and thumbnail."""
        with self.database.write() as connection:
            image = self._row(
                connection, "Image", who, group, name=name,
                fileset_id=fileset.id if fileset else None,
                instrument_id=instrument.id if instrument else None,
            )  # fmt: skip
            pixels = self._row(connection, "Pixels", who, group, image_id=image.id)
            for position in range(channels):
                logical = self._row(connection, "LogicalChannel", who, group, name="DAPI")
                stats = self._row(connection, "StatsInfo", who, group)
                make_part(
                    connection, Channel, pixels_id=pixels.id, position=position,
                    logical_channel_id=logical.id, stats_info_id=stats.id,
                )  # fmt: skip
            self._row(connection, "RenderingDef", who, group, pixels_id=pixels.id)
            self._row(
                connection, "Thumbnail", who, group, pixels_id=pixels.id, mime_type="image/png",
                size_x=96, size_y=96,
            )  # fmt: skip
        return image

    def fileset(self, who: str, group: int, *, files: int = 1) -> Thing:
        """A fileset with files in storage."""
        name = str(uuid.uuid4())
        with self.database.write() as connection:
            fileset = self._row(connection, "Fileset", who, group, uuid=name)
            for position in range(files):
                stored = f"files/{name[:2]}/{name}/{position}.tif"
                with self.storage.open_new(stored) as handle:
                    handle.write(b"tiff" * 10)
                file = self._row(
                    connection, "OriginalFile", who, group, name=f"{position}.tif", size=40,
                    storage_name=stored, repo="managed",
                )  # fmt: skip
                make_part(
                    connection, FilesetEntry, fileset_id=fileset.id, original_file_id=file.id,
                    position=position, client_path=f"{position}.tif",
                )  # fmt: skip
        return fileset

    def plate(self, who: str, group: int, *, fields: int = 2) -> tuple[Thing, list[Thing]]:
        """A plate of one well and run, and the images of its fields."""
        plate = self.row("Plate", who, group)
        well = self.row("Well", who, group, plate_id=plate.id, row=0, column=0)
        run = self.row("PlateAcquisition", who, group, plate_id=plate.id)
        images = [self.image(who, group) for _ in range(fields)]
        for position, image in enumerate(images):
            self.row(
                "WellSample", who, group, well_id=well.id, image_id=image.id,
                plate_acquisition_id=run.id, position=position,
            )  # fmt: skip
        return plate, images

    def link(self, parent: Thing, child: Thing, who: str) -> Thing:
        """A link between two things, in the parent's group."""
        ends = (parent.name, "Annotation" if child.name.endswith("Annotation") else child.name)
        kind = link_between(*(("Annotation" if n.endswith("Annotation") else n) for n in ends))
        assert kind is not None
        group = self.value(parent, "group_id")
        with self.database.write() as connection:
            number = make_link(
                connection, kind.name, parent.id, child.id, owner=self.people[who], group=group
            )
        return Thing(kind.name, number)

    def annotate(self, thing: Thing, class_name: str, who: str, **values: Any) -> Thing:
        """A new annotation on something, with its link; both belong to `who`."""
        known: dict[str, dict[str, Any]] = {
            "TagAnnotation": {"text_value": "tag"},
            "CommentAnnotation": {"text_value": "nice"},
            "LongAnnotation": {"long_value": 4, "namespace": NS_RATING},
            "MapAnnotation": {},
        }
        filled = known.get(class_name, {})
        group = self.value(thing, "group_id")
        note = self.row("Annotation", who, group, class_name=class_name, **(filled | values))
        self.link(thing, note, who)
        return Thing(class_name, note.id)

    def roi(self, image: Thing, who: str) -> Thing:
        """A region of interest on an image."""
        return self.row("Roi", who, self.value(image, "group_id"), image_id=image.id)

    def settings_of(self, image: Thing, who: str) -> Thing:
        """Somebody's own rendering settings for an image."""
        group, pixels = self.value(image, "group_id"), self.of(image, "Pixels", "image_id")[0]
        return self.row("RenderingDef", who, group, pixels_id=pixels.id)

    def principal(self, who: str) -> Principal:
        """Somebody, with the rights of now."""
        with self.database.read() as connection:
            return load_principal(connection, self.people[who])

    def plan(self, who: str, kind: str, *targets: Thing | str, **options: Any) -> dict[str, Any]:
        """The report of a dry run."""
        request = OperationRequest(kind, tuple(str(each) for each in targets), **options)
        return dry_run(self.database, self.principal(who), request)[1]

    def run(self, who: str, kind: str, *targets: Thing | str, **options: Any) -> Done:
        """Do it, as the worker does."""
        request = OperationRequest(kind, tuple(str(each) for each in targets), **options)
        return self.do(who, request)

    def do(self, who: str, request: OperationRequest, scopes: frozenset[str] | None = None) -> Done:
        """Book an Activity, perhaps for a token, and run it."""
        with self.database.write() as connection:
            number = book(
                connection, kind=request.kind, user_id=self.people[who], scopes=scopes,
                request=request.to_json(),
            )  # fmt: skip
        return self.finish(number)

    def finish(self, number: int) -> Done:
        """Run what is booked."""
        registry = HandlerRegistry(handlers())
        assert run_now(self.database, self.storage, self.settings, registry, number)
        with self.database.read() as connection:
            row = connection.execute(select(Activity.__table__).where(Activity.id == number)).one()
        return Done(number, row.state, row.report or {}, row.errors or [], row.result or [])

    def value(self, thing: Thing, column: str) -> Any:
        """A column of a row, trashed or not."""
        table = table_of("Annotation" if thing.name.endswith("Annotation") else thing.name)
        with self.database.read() as connection:
            return connection.execute(
                select(table.c[column]).where(table.c.id == thing.id)
            ).scalar()

    def set(self, thing: Thing, **values: Any) -> None:
        """Change columns of a row behind everybody's back."""
        table = table_of(thing.name)
        with self.database.write() as connection:
            connection.execute(update(table).where(table.c.id == thing.id).values(**values))

    def group_of(self, thing: Thing) -> int:
        """The group in which something lies."""
        found: int = self.value(thing, "group_id")
        return found

    def is_live(self, thing: Thing) -> bool:
        """It exists and is not in the trash."""
        return self.value(thing, "id") is not None and self.value(thing, "trash_id") is None

    def is_erased(self, thing: Thing) -> bool:
        """There is no row of it any more."""
        return self.value(thing, "id") is None

    def of(self, thing: Thing, class_name: str, column: str) -> list[Thing]:
        """The rows whose column names this thing, trashed ones too."""
        table = table_of(class_name)
        with self.database.read() as connection:
            ids = connection.execute(
                select(table.c.id).where(table.c[column] == thing.id).order_by(table.c.id)
            ).scalars()
            return [Thing(class_name, each) for each in ids]

    def crossing_links(self) -> int:
        """Live links whose group is not that of both their ends: there must be none."""
        total = 0
        with self.database.read() as connection:
            for kind in LINKS.values():
                link, parent = table_of(kind.name), kind.parent.__table__.alias()
                child = kind.child.__table__.alias()
                if "group_id" not in parent.c or "group_id" not in child.c:
                    continue
                total += connection.execute(
                    select(func.count())
                    .select_from(
                        link.join(parent, parent.c.id == link.c.parent_id).join(
                            child, child.c.id == link.c.child_id
                        )
                    )
                    .where(
                        link.c.trash_id.is_(None),
                        (link.c.group_id != parent.c.group_id)
                        | (link.c.group_id != child.c.group_id),
                    )
                ).scalar_one()
        return total
