"""Write an import's rows: fileset, files, images, pixels, channels, instruments and links.

Everything happens in the caller's one transaction; nothing is read from or written to disk here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from graphql_api.editing.written_dates import acquired_at
from graphql_api.importing.register_acquisition import Devices, add_part, values_of
from graphql_api.importing.register_channels import ChannelRows
from shared.journal.write import record
from shared.models.acquisition import Instrument, Objective, ObjectiveSettings
from shared.models.base import sort_key
from shared.models.images import Fileset, FilesetEntry, Image, OriginalFile, Pixels
from shared.pixels.metadata import ImageAcquisition

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.importing.gather import Gathered, GatheredImage
    from shared.models.base import Base
    from shared.pixels.metadata import InspectedImage, ObjectiveMetadata, Quantity


@dataclass(slots=True)
class Registrar:
    """Inserts rows for one owner and group under one event, and keeps a journal of them."""

    connection: Connection
    owner: int
    group: int
    event: int
    at: int
    made: dict[str, list[int]] = field(default_factory=dict)

    def details(self) -> dict[str, Any]:
        """The columns that every owned row has."""
        return {
            "owner_id": self.owner,
            "group_id": self.group,
            "creation_event_id": self.event,
            "update_event_id": self.event,
            "created_at": self.at,
            "updated_at": self.at,
            "version": 1,
        }

    def add(self, model: type[Base], /, *, owned: bool = True, **values: Any) -> int:
        """Insert one row; answers its id."""
        if owned:
            values |= self.details()
        key = self.connection.execute(insert(model).values(**values)).inserted_primary_key
        assert key is not None
        row_id = int(key[0])
        self.made.setdefault(model.__name__, []).append(row_id)
        return row_id

    def write_journal(self) -> None:
        """Note all rows made so far, class by class."""
        for class_name, ids in self.made.items():
            record(self.connection, self.event, class_name, "INSERT", ids, group_id=self.group)


def register_fileset(
    rows: Registrar,
    gathered: Gathered,
    *,
    axes: str | None,
    prefix: str,
    name: str | None,
    description: str | None,
) -> list[int]:
    """Write a fileset with its files and images; answers the images' ids in the file's order."""
    inspected = gathered.inspected
    fileset = rows.add(
        Fileset,
        uuid=gathered.uuid,
        format=inspected.format,
        reader=inspected.reader,
        axes=axes,
        template_prefix=prefix,
        metadata_file=gathered.metadata_name,
    )
    _register_files(rows, gathered, fileset, prefix)
    instruments = _Instruments(rows)
    channels = ChannelRows(rows)
    several = len(gathered.images) > 1
    return [
        _register_image(
            rows,
            image,
            fileset=fileset,
            name=_image_name(name, image.inspected, several=several),
            description=description if description is not None else image.inspected.description,
            format_name=inspected.format,
            instruments=instruments,
            channels=channels,
        )
        for image in gathered.images
    ]


def _image_name(name: str | None, image: InspectedImage, *, several: bool) -> str:
    if name is None:
        return _clean(image.name) or f"Image {image.series + 1}"
    return f"{name} [{image.series + 1}]" if several else name


def _clean(text: str | None) -> str:
    """Text as it can be stored: PostgreSQL has no NUL."""
    return (text or "").replace("\0", "").strip()


def _register_files(rows: Registrar, gathered: Gathered, fileset: int, prefix: str) -> None:
    for position, file in enumerate(gathered.files):
        folder, _, base = file.name.rpartition("/")
        original = rows.add(
            OriginalFile,
            name=base,
            path=f"{prefix}/{folder}" if folder else prefix,
            storage_name=file.storage_name,
            repo="managed",
            size=file.size,
            hasher="SHA1-160",
            hash=file.sha1,
        )
        rows.add(
            FilesetEntry,
            owned=False,
            fileset_id=fileset,
            original_file_id=original,
            position=position,
            client_path=file.client_path,
        )


def _register_image(
    rows: Registrar,
    image: GatheredImage,
    *,
    fileset: int,
    name: str,
    description: str | None,
    format_name: str,
    instruments: _Instruments,
    channels: ChannelRows,
) -> int:
    inspected = image.inspected
    instrument, settings, devices = instruments.of(inspected)
    acquisition = inspected.acquisition or ImageAcquisition()
    image_id = rows.add(
        Image,
        name=name,
        name_key=sort_key(name),
        description=_clean(description) or None,
        acquisition_date=inspected.acquisition_date,
        acquired_at=acquired_at(inspected.acquisition_date),
        series=inspected.series,
        format=format_name,
        is_archived=False,
        is_partial=False,
        fileset_id=fileset,
        instrument_id=instrument,
        objective_settings_id=settings,
        imaging_environment_id=add_part(rows, acquisition.environment),
        stage_label_id=add_part(rows, acquisition.stage_label),
        label_file=image.pictures.get("label"),
        macro_file=image.pictures.get("macro"),
    )
    pixels = rows.add(Pixels, **_pixels(image, image_id))
    channels.add(pixels, image, devices)
    return image_id


def _pixels(image: GatheredImage, image_id: int) -> dict[str, Any]:
    inspected, index = image.inspected, image.digested.index
    assert index is not None
    sizes = inspected.dimensions
    levels = [
        [each.level.width, each.level.height, each.level.tile_width, each.level.tile_height]
        for each in index.levels
    ]
    values: dict[str, Any] = {
        "image_id": image_id,
        "position": 0,
        "uuid": image.pixels_uuid,
        "generation": 1,
        "storage": "pyramid" if image.is_pyramid else "original",
        "pixels_type": inspected.pixel_type.value,
        "significant_bits": inspected.significant_bits,
        "is_rgb": inspected.is_rgb,
        "size_x": sizes.size_x,
        "size_y": sizes.size_y,
        "size_z": sizes.size_z,
        "size_c": sizes.size_c,
        "size_t": sizes.size_t,
        "level_sizes": json.dumps(levels),
        "dimension_order": inspected.dimension_order,
        "default_z": inspected.default_z,
        "default_t": inspected.default_t,
        "display_model": inspected.model,
    }
    for column, quantity in (
        ("physical_size_x", inspected.physical_size_x),
        ("physical_size_y", inspected.physical_size_y),
        ("physical_size_z", inspected.physical_size_z),
        ("time_increment", inspected.time_increment),
    ):
        values |= quantity_columns(column, quantity)
    return values


def quantity_columns(column: str, quantity: Quantity | None) -> dict[str, Any]:
    """The two columns of a quantity: value and unit."""
    if quantity is None:
        return {column: None, f"{column}_unit": None}
    return {column: quantity.value, f"{column}_unit": quantity.unit}


class _Instruments:
    """One instrument for all images of a fileset that name the same."""

    def __init__(self, rows: Registrar) -> None:
        self._rows = rows
        self._known: dict[tuple[Any, ...], Devices] = {}
        self._lenses: dict[tuple[int, ObjectiveMetadata], int] = {}

    def of(self, image: InspectedImage) -> tuple[int | None, int | None, Devices | None]:
        """Ids of the instrument and of the objective's settings; None where nothing is stated."""
        acquisition = image.acquisition or ImageAcquisition()
        key = (
            image.microscope_model,
            image.microscope_manufacturer,
            acquisition.microscope,
            acquisition.devices,
            # without devices, what is told of the objective is all that tells instruments apart
            None if acquisition.devices else image.objective,
        )
        if key == (None, None, None, (), None):
            return None, None, None
        if key not in self._known:
            self._known[key] = self._add(image, acquisition)
        devices = self._known[key]
        objective = self._objective(devices, image, acquisition)
        if objective is None:
            return devices.instrument, None, devices
        values = values_of(ObjectiveSettings, acquisition.objective_settings)
        settings = self._rows.add(ObjectiveSettings, objective_id=objective, **values)
        return devices.instrument, settings, devices

    def _add(self, image: InspectedImage, acquisition: ImageAcquisition) -> Devices:
        instrument = self._rows.add(
            Instrument,
            **values_of(Instrument, acquisition.microscope),
            microscope_model=image.microscope_model,
            microscope_manufacturer=image.microscope_manufacturer,
        )
        return Devices(self._rows, instrument, acquisition.devices)

    def _objective(
        self, devices: Devices, image: InspectedImage, acquisition: ImageAcquisition
    ) -> int | None:
        """The objective that the image names, or the only one of its instrument."""
        settings, stated = acquisition.objective_settings, image.objective
        if settings is not None:
            found = devices.objective(settings.file_id)
            if found is not None:
                return found
        elif len(devices.objectives) == 1:
            return devices.objectives[0]
        if stated is None or devices.objectives:
            return None
        lens = (devices.instrument, stated)
        if lens not in self._lenses:
            self._lenses[lens] = self._rows.add(
                Objective,
                instrument_id=devices.instrument,
                model=stated.model,
                manufacturer=stated.manufacturer,
                nominal_magnification=stated.nominal_magnification,
                lens_na=stated.lens_na,
                immersion=stated.immersion,
                correction=stated.correction,
                **quantity_columns("working_distance", stated.working_distance),
            )
        return self._lenses[lens]
