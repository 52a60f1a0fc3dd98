from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from shared.auth.principal import load_principal
from shared.database import counted_statements
from shared.errors import Invalid
from shared.journal import begin_event
from shared.models.acquisition import Filter, Instrument, LightPath, LightSettings, LightSource
from shared.models.events import JournalEntry
from shared.models.images import Channel, Image, LogicalChannel, Pixels, StatsInfo
from shared.models.people import GroupPermissions
from shared.models.rendering import ChannelBinding, RenderingDef
from shared.rendering.settings import ChannelSettings, Family, Model, RenderingSettings
from shared.rendering.stored import (
    all_settings,
    image_facts,
    image_facts_of,
    save_settings,
    settings_by_id,
    stored_settings,
)
from tests.support.people import make_group, make_link, make_part, make_row, make_user

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database

LINEAR = ChannelSettings(True, 10.0, 200.0, 0xFF0000FF)
CURVED = ChannelSettings(False, 0.0, 255.0, 0x00FF00FF, "fire.lut", Family.POLYNOMIAL, 0.5, True)
SETTINGS = RenderingSettings(Model.COLOR, 1, 0, (LINEAR, CURVED))


class Lab:
    """Ada and Rosalind in a group, and an image of two channels and three planes."""

    def __init__(self, connection: Connection) -> None:
        self.ada, self.rosalind = (make_user(connection, name) for name in ("ada", "rosalind"))
        self.group = make_group(
            connection, "Lab1", GroupPermissions.READ_ONLY, members=[self.ada, self.rosalind]
        )
        self.who = {"owner": self.ada, "group": self.group}
        image = make_row(connection, Image, **self.who)
        self.pixels = make_row(
            connection, Pixels, **self.who, image_id=image, size_x=8, size_y=8, size_z=3, size_c=2,
            size_t=1, pixels_type="uint8", dimension_order="XYZCT", level_sizes="[[8,8,8,8]]",
            default_z=2, display_model="greyscale",
        )  # fmt: skip

    def save(self, connection: Connection, user: int, settings: RenderingSettings) -> int:
        event = begin_event(connection, user_id=user, kind="save")
        principal = load_principal(connection, user)
        return save_settings(connection, principal, event, self.pixels, self.group, settings)


def test_what_is_saved_comes_back_and_belongs_to_whoever_saved_it(database: Database) -> None:
    with database.write() as connection:
        lab = Lab(connection)
        saved = lab.save(connection, lab.rosalind, SETTINGS)
    with database.read() as connection:
        found = stored_settings(connection, lab.pixels, lab.rosalind)
        assert found is not None
        assert (found.id, found.owner_id, found.version) == (saved, lab.rosalind, 1)
        assert found.settings == SETTINGS
        assert stored_settings(connection, lab.pixels, lab.ada) is None
        assert settings_by_id(connection, saved) == found
        assert settings_by_id(connection, saved + 1) is None


def test_saving_again_changes_ones_own_row_only_and_is_journalled(database: Database) -> None:
    with database.write() as connection:
        lab = Lab(connection)
        adas = lab.save(connection, lab.ada, SETTINGS)
        first = lab.save(connection, lab.rosalind, SETTINGS)
        changed = replace(SETTINGS, channels=(replace(LINEAR, window_end=99.0), CURVED))
        assert lab.save(connection, lab.rosalind, changed) == first
        assert connection.scalar(select(func.count()).select_from(RenderingDef)) == 2
        assert connection.scalar(select(func.count()).select_from(ChannelBinding)) == 4
        found = {row.owner_id: row for row in all_settings(connection, lab.pixels)}
        assert found[lab.ada].settings == SETTINGS
        assert found[lab.rosalind].settings == changed
        assert found[lab.rosalind].version == 2
        newest = [row.id for row in all_settings(connection, lab.pixels)]
        assert newest == [first, adas]
        entries = connection.execute(
            select(JournalEntry.action, JournalEntry.before)
            .where(JournalEntry.object_id == first, JournalEntry.class_name == "RenderingSettings")
            .order_by(JournalEntry.id)
        ).all()
        assert [entry.action for entry in entries] == ["INSERT", "UPDATE"]
        assert entries[1].before["channels"][0]["input_end"] == 200.0


def test_settings_in_the_trash_are_as_if_never_saved(database: Database) -> None:
    from shared.activities.queue import book

    with database.write() as connection:
        lab = Lab(connection)
        saved = lab.save(connection, lab.ada, SETTINGS)
        activity = book(
            connection, kind="delete", user_id=lab.ada, sudoer_id=None, session_id=None, request={}
        )
        connection.execute(update(RenderingDef).values(trash_id=activity))
        assert settings_by_id(connection, saved) is None
        assert lab.save(connection, lab.ada, SETTINGS) != saved


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (replace(SETTINGS, channels=(LINEAR,)), "channels"),
        (replace(SETTINGS, default_z=3), "defaultZ"),
        (replace(SETTINGS, default_t=-1), "defaultT"),
        (replace(SETTINGS, channels=(LINEAR, replace(CURVED, coefficient=0.0))), "coefficient"),
    ],
)
def test_settings_that_do_not_fit_the_image_are_refused(
    database: Database, asked: RenderingSettings, field: str
) -> None:
    with database.write() as connection:
        lab = Lab(connection)
        with pytest.raises(Invalid) as caught:
            lab.save(connection, lab.ada, asked)
        assert caught.value.path == (field,)
        assert connection.scalar(select(func.count()).select_from(RenderingDef)) == 0


def test_windows_are_clamped_to_the_type_when_saved(database: Database) -> None:
    with database.write() as connection:
        lab = Lab(connection)
        wide = replace(LINEAR, window_start=-50.0, window_end=70000.0)
        lab.save(connection, lab.ada, replace(SETTINGS, channels=(wide, CURVED)))
        found = stored_settings(connection, lab.pixels, lab.ada)
    assert found is not None
    shown = found.settings.channels[0]
    assert (shown.window_start, shown.window_end) == (0.0, 255.0)


def test_facts_gather_light_and_statistics_of_many_images_in_one_statement(
    database: Database,
) -> None:
    with database.write() as connection:
        lab = Lab(connection)
        who = lab.who
        instrument = make_row(connection, Instrument, **who)
        laser = make_row(
            connection, LightSource, **who, instrument_id=instrument, class_name="Laser",
            wavelength=0.488, wavelength_unit="µm",
        )  # fmt: skip
        light = make_row(connection, LightSettings, **who, light_source_id=laser)
        glass = make_row(
            connection, Filter, **who, instrument_id=instrument, cut_in=5100.0, cut_in_unit="Å"
        )
        path = make_row(connection, LightPath, **who)
        make_link(connection, "LightPathEmissionFilterLink", path, glass, **who)
        stats = make_row(connection, StatsInfo, **who, global_min=3.0, global_max=77.0)
        first = make_row(
            connection, LogicalChannel, **who, name="DAPI", emission_wave=457.0,
            emission_wave_unit="nm",
        )  # fmt: skip
        second = make_row(
            connection, LogicalChannel, **who, light_source_settings_id=light, light_path_id=path
        )
        make_part(
            connection, Channel, pixels_id=lab.pixels, position=1, logical_channel_id=second,
            color=0x112233FF, lookup_table="fire.lut", display_active=False, display_start=5.0,
        )  # fmt: skip
        make_part(
            connection, Channel, pixels_id=lab.pixels, position=0, logical_channel_id=first,
            stats_info_id=stats,
        )  # fmt: skip
    with database.read() as connection:
        facts = image_facts(connection, lab.pixels)
        assert facts is not None
        assert (facts.pixel_type, facts.size_z, facts.default_z) == ("uint8", 3, 2)
        assert facts.model == "greyscale"
        dapi, other = facts.channels
        assert (dapi.name, dapi.emission_nm) == ("DAPI", 457.0)
        assert (dapi.minimum, dapi.maximum) == (3.0, 77.0)
        assert other.laser_nm == pytest.approx(488.0)
        assert other.emission_filter_cut_in_nm == pytest.approx(510.0)
        assert (other.color, other.lookup_table) == (0x112233FF, "fire.lut")
        assert other.display is not None
        assert (other.display.active, other.display.window_start) == (False, 5.0)
        assert image_facts(connection, lab.pixels + 1) is None
        with counted_statements() as count:
            assert set(image_facts_of(connection, [lab.pixels, 12345])) == {lab.pixels}
        assert len(count) == 1
