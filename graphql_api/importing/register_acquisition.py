"""Write the devices of an instrument and how channels used them.

The ids of a file are resolved within its instrument only; a reference to what the file does not
hold, or to a device of another kind, is dropped, as the pixels are none the worse for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import update

from shared.models import acquisition
from shared.models.links import LINKS

if TYPE_CHECKING:
    from graphql_api.importing.register import Registrar
    from shared.models.base import Base
    from shared.pixels.metadata import AcquisitionPart, ChannelAcquisition

_MODELS: dict[str, type[Base]] = {
    "Objective": acquisition.Objective,
    "Detector": acquisition.Detector,
    "Filter": acquisition.Filter,
    "Dichroic": acquisition.Dichroic,
    "FilterSet": acquisition.FilterSet,
    "ImagingEnvironment": acquisition.ImagingEnvironment,
}
_FILTER_LINKS = {
    "ExcitationFilterRef": "ExcitationFilterLink",
    "EmissionFilterRef": "EmissionFilterLink",
}


def values_of(model: type[Base], part: AcquisitionPart | None) -> dict[str, Any]:
    """What a part says, for columns that tell of it: never an id, an owner or a date of ours."""
    if part is None:
        return {}
    own = {column.key for column in model.__table__.columns if not column.foreign_keys} - {
        "id",
        "class_name",
    }
    return {name: value for name, value in part.values if name in own}


def add_part(rows: Registrar, part: AcquisitionPart | None) -> int | None:
    """Write an imaging environment or a stage label; answers its id."""
    if part is None or not part.values:
        return None
    if part.kind == "StageLabel":
        return rows.add(
            acquisition.StageLabel, **({"name": ""} | values_of(acquisition.StageLabel, part))
        )
    return rows.add(_MODELS[part.kind], **values_of(_MODELS[part.kind], part))


class Devices:
    """The devices of one instrument by the file's ids."""

    def __init__(
        self, rows: Registrar, instrument: int, parts: tuple[AcquisitionPart, ...]
    ) -> None:
        self._rows = rows
        self.instrument = instrument
        self._ids: dict[tuple[str, str], int] = {}
        self._objectives: list[int] = []
        # Sets name filters and dichroics, which may stand after them.
        for part in sorted(parts, key=lambda each: each.kind == "FilterSet"):
            row = self._add(part)
            if part.kind == "Objective":
                self._objectives.append(row)
            if part.file_id:
                self._ids[self._family(part), part.file_id] = row
        self._link_pumps(parts)

    @staticmethod
    def _family(part: AcquisitionPart) -> str:
        return "LightSource" if part.kind in acquisition.LIGHT_SOURCES else part.kind

    def _add(self, part: AcquisitionPart) -> int:
        model = (
            acquisition.LightSource if self._family(part) == "LightSource" else _MODELS[part.kind]
        )
        values = values_of(model, part) | {"instrument_id": self.instrument}
        if part.kind == "FilterSet":
            return self._add_with_filters(acquisition.FilterSet, part, values)
        if part.kind in acquisition.LIGHT_SOURCES:
            return self._rows.add(acquisition.LightSource, class_name=part.kind, **values)
        return self._rows.add(_MODELS[part.kind], **values)

    def _add_with_filters(
        self, model: type[Base], part: AcquisitionPart, values: dict[str, Any]
    ) -> int:
        for role, wanted in part.references:
            if role == "DichroicRef":
                values["dichroic_id"] = self._ids.get(("Dichroic", wanted))
        row = self._rows.add(model, **values)
        linked = set()
        for role, wanted in part.references:
            found = self._ids.get(("Filter", wanted))
            if role in _FILTER_LINKS and found is not None and (role, found) not in linked:
                linked.add((role, found))
                link = LINKS[f"{model.__name__}{_FILTER_LINKS[role]}"].model
                self._rows.add(cast("type[Base]", link), parent_id=row, child_id=found)
        return row

    def _link_pumps(self, parts: tuple[AcquisitionPart, ...]) -> None:
        table = acquisition.LightSource
        for part in parts:
            laser = self._ids.get(("LightSource", part.file_id or ""))
            for role, wanted in part.references:
                pump = self._ids.get(("LightSource", wanted))
                if part.kind == "Laser" and role == "Pump" and laser and pump and pump != laser:
                    self._rows.connection.execute(
                        update(table).where(table.id == laser).values(pump_id=pump)
                    )

    @property
    def objectives(self) -> list[int]:
        """Rows of the objectives, those without an id included."""
        return self._objectives

    def objective(self, file_id: str | None) -> int | None:
        """The objective that an image's settings name."""
        return self._ids.get(("Objective", file_id or ""))

    def used_by(self, channel: ChannelAcquisition) -> dict[str, Any]:
        """Write the settings of a channel; answers the columns of its logical channel."""
        columns: dict[str, Any] = {}
        detector, light, path = (
            channel.detector_settings,
            channel.light_settings,
            channel.light_path,
        )
        if detector is not None and (row := self._ids.get(("Detector", detector.file_id or ""))):
            columns["detector_settings_id"] = self._rows.add(
                acquisition.DetectorSettings,
                detector_id=row,
                **values_of(acquisition.DetectorSettings, detector),
            )
        if light is not None and (row := self._ids.get(("LightSource", light.file_id or ""))):
            columns["light_source_settings_id"] = self._rows.add(
                acquisition.LightSettings,
                light_source_id=row,
                **values_of(acquisition.LightSettings, light),
            )
        if path is not None:
            columns["light_path_id"] = self._add_with_filters(acquisition.LightPath, path, {})
        if channel.filter_set is not None:
            columns["filter_set_id"] = self._ids.get(("FilterSet", channel.filter_set))
        return columns
