"""`plate/{pid}[/{field}[/{acq}]]` and `wellData/{wid}`: plates as grids of one field per well.

The field counts within each well from 0, within the run when one is named. A well whose image is
hidden from the viewer is an empty place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from shared import clock
from shared.auth.select import visible
from shared.errors import Invalid, NotFound
from shared.models.images import Image, Pixels
from shared.models.people import User
from shared.models.screening import Plate, PlateAcquisition, Well, WellSample
from tile_service.locate import granted
from tile_service.query import index, size
from tile_service.request import THUMBNAIL_SIZE
from tile_service.routes.webgateway.image_data import image_data
from tile_service.routes.webgateway.json_answers import answer_gateway_json
from tile_service.routes.webgateway.parameters import bare_id, gateway_query
from tile_service.routes.webgateway.pictures import numbered
from tile_service.zarr.plates import place_names

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

Question = Callable[["Connection", "Principal", "Grant | None"], Any]
LAYOUTS = ("expand", "shrink", "trim")
_ROWS, _COLUMNS = 8, 12
MAX_PLACES = 2**20


@dataclass(frozen=True, slots=True)
class GatewayPlate:
    """A plate's own row and the image row of each well (row, column) that has this field."""

    plate: Any
    fields: dict[tuple[int, int], Any]


async def plate(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`plate/{pid}[/{field}[/{acq}]]?layout=&size=`."""
    numbered(segments, 1, 3, "plate/{id}/{field}/{acquisition}")
    number, query = bare_id(segments[0], "plate"), gateway_query(exchange.query)
    field = index(segments[1], "field") if len(segments) > 1 else 0
    run = bare_id(segments[2], "acquisition") if len(segments) > 2 else None
    layout = query.get("layout") or "expand"
    if layout not in LAYOUTS:
        raise Invalid(
            f"layout cannot be {layout[:80]!r}.",
            hint=f"Give one of {', '.join(LAYOUTS)}.",
            path=("layout",),
        )
    side = size(query["size"], "size") if query.get("size") else THUMBNAIL_SIZE
    found = await darkroom.ask(exchange.credential(), plate_fields(number, field, run))
    grid = laid_out(found, layout, lambda row: _cell(row, field, _thumbnail(exchange, row, side)))
    await answer_gateway_json(exchange, grid, query)


async def well_data(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`wellData/{wid}`: `imgData` of the well's first field, with its place on the plate."""
    numbered(segments, 1, 1, "wellData/{id}")
    number, query = bare_id(segments[0], "well"), gateway_query(exchange.query)
    row = await darkroom.ask(exchange.credential(), well_field(number))
    data = await image_data(exchange, row.image_id, darkroom)
    rows = place_names(row.row + 1, row.row_naming_convention)
    columns = place_names(row.column + 1, row.column_naming_convention)
    cell = _cell(row, 0, _thumbnail(exchange, row, THUMBNAIL_SIZE))
    place = {"wellPos": f"{rows[-1]}{columns[-1]}", "plateId": row.plate_id}
    await answer_gateway_json(exchange, {**data, **cell, **place}, query)


def plate_fields(plate_id: int, field: int, run: int | None) -> Question:
    """The question for a plate with the field of that number in each well; it raises `NotFound`."""

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> GatewayPlate:
        found = connection.execute(
            select(Plate.__table__).where(Plate.id == plate_id, visible(principal, Plate))
        ).one_or_none()
        is_granted = grant is None or (grant.ref.class_name == "Plate" and grant.ref.id == plate_id)
        if found is None or not is_granted:
            raise NotFound("There is no such plate.", hint="Or you may not see it.")
        if run is not None:
            _require_run(connection, principal, plate_id, run)
        statement = _fields(principal).where(Well.plate_id == plate_id)
        if run is not None:
            statement = statement.where(WellSample.plate_acquisition_id == run)
        counts: dict[tuple[int, int], int] = {}
        fields: dict[tuple[int, int], Any] = {}
        for row in connection.execute(statement):
            place = row.row, row.column
            counts[place] = counts.get(place, 0) + 1
            if counts[place] == field + 1 and row.is_seen:
                fields[place] = row
        return GatewayPlate(found, fields)

    return question


def well_field(well_id: int) -> Question:
    """The question for the first field of a well that the viewer sees; it raises `NotFound`."""

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> Any:
        statement = _fields(principal).where(Well.id == well_id)
        if grant is not None:
            statement = statement.where(granted(grant))
        row = next((row for row in connection.execute(statement) if row.is_seen), None)
        if row is None:
            raise NotFound("There is no such well.", hint="Or it has no image that you may see.")
        return row

    return question


def laid_out(
    found: GatewayPlate, layout: str, cell: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """Grid, labels and sizes of images.

    `expand` pads to 8 x 12 wells or the next doubling of it, `trim` ends at the last well, `shrink`
    begins at the first one too.
    """
    fields = found.fields
    rows = [row for row, _ in fields]
    columns = [column for _, column in fields]
    first = (min(rows, default=0), min(columns, default=0)) if layout == "shrink" else (0, 0)
    last = max(rows, default=-1) + 1, max(columns, default=-1) + 1
    if layout == "expand":
        last = max(last[0], found.plate.rows or 0), max(last[1], found.plate.columns or 0)
        times = 1
        while last[0] > _ROWS * times or last[1] > _COLUMNS * times:
            times *= 2
        last = _ROWS * times, _COLUMNS * times
    if (last[0] - first[0]) * (last[1] - first[1]) > MAX_PLACES:
        raise Invalid(
            f"The plate has more than {MAX_PLACES} places.",
            hint="Read it by GraphQL, page by page.",
        )
    grid = [
        [
            cell(fields[row, column]) if (row, column) in fields else None
            for column in range(first[1], last[1])
        ]
        for row in range(first[0], last[0])
    ]
    return {
        "grid": grid,
        "rowlabels": list(place_names(last[0], found.plate.row_naming_convention))[first[0] :],
        "collabels": list(place_names(last[1], found.plate.column_naming_convention))[first[1] :],
        "image_sizes": _sizes(found),
    }


def _fields(principal: Principal) -> Select[*tuple[Any, ...]]:
    """All fields of visible wells in order; `is_seen` tells those whose image is visible."""
    return (
        select(
            Well.id.label("well_id"),
            Well.plate_id,
            Well.row,
            Well.column,
            Plate.row_naming_convention,
            Plate.column_naming_convention,
            Image.id.label("image_id"),
            Image.name,
            Image.description,
            Image.acquired_at,
            Image.created_at,
            User.first_name,
            User.last_name,
            Pixels.size_x,
            Pixels.size_y,
            and_(Image.id.is_not(None), visible(principal, Image)).label("is_seen"),
        )
        .select_from(Well)
        .join(Plate, Plate.id == Well.plate_id)
        .join(WellSample, WellSample.well_id == Well.id)
        .outerjoin(Image, Image.id == WellSample.image_id)
        .outerjoin(
            Pixels,
            and_(Pixels.image_id == Image.id, Pixels.position == 0, Pixels.trash_id.is_(None)),
        )
        .outerjoin(User, User.id == Image.owner_id)
        .where(visible(principal, Well), visible(principal, Plate), WellSample.trash_id.is_(None))
        .order_by(Well.row, Well.column, WellSample.position, WellSample.id)
    )


def _require_run(connection: Connection, principal: Principal, plate_id: int, run: int) -> None:
    found = connection.scalar(
        select(PlateAcquisition.id).where(
            PlateAcquisition.id == run,
            PlateAcquisition.plate_id == plate_id,
            visible(principal, PlateAcquisition),
        )
    )
    if found is None:
        raise NotFound("The plate has no such acquisition.", hint="Or you may not see it.")


def _cell(row: Any, field: int, thumbnail: str) -> dict[str, Any]:
    moment = row.created_at if row.acquired_at is None else row.acquired_at
    return {
        "type": "Image",
        "id": row.image_id,
        "name": row.name,
        "description": row.description or "",
        "author": f"{row.first_name} {row.last_name}".strip(),
        "date": moment / clock.SECOND,
        "wellId": row.well_id,
        "field": field,
        "thumb_url": thumbnail,
    }


def _sizes(found: GatewayPlate) -> list[dict[str, int]]:
    """Each size of images once, with the first image that has it."""
    sizes: dict[tuple[int, int], int] = {}
    for row in found.fields.values():
        if row.size_x is not None:
            sizes.setdefault((row.size_x, row.size_y), row.image_id)
    return [{"x": x, "y": y, "image_id": image} for (x, y), image in sizes.items()]


def _thumbnail(exchange: Exchange, row: Any, side: int) -> str:
    return f"{exchange.base}/webgateway/render_thumbnail/{row.image_id}/{side}/"
