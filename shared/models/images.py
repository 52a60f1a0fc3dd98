"""Fileset, OriginalFile, Image, Pixels, Channel, LogicalChannel, StatsInfo and PlaneInfo.

Bytes lie in storage under the uuid that a row carries, never under an owner or a group, so a move
touches no disk. Channel, PlaneInfo and FilesetEntry are pure parts: they carry no details.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import (
    Base,
    Code,
    Details,
    Identified,
    Micros,
    details_indexes,
    is_one_of,
    live_index,
    table_args,
)
from shared.models.containers import Named

PIXEL_TYPES = (
    "bit", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float", "double", "complex",
    "double-complex",
)  # fmt: skip
DIMENSION_ORDERS = ("XYZCT", "XYZTC", "XYCZT", "XYCTZ", "XYTZC", "XYTCZ")


class Fileset(Details, Base):
    """The files of one import, in their folder `files/<2 hex>/<uuid>/`."""

    __tablename__ = "fileset"
    __table_args__ = table_args(*details_indexes("fileset"), UniqueConstraint("uuid"))

    uuid: Mapped[str]
    format: Mapped[str]
    reader: Mapped[str]
    axes: Mapped[str | None]
    """Axes that the importer was told, when the file does not say."""
    template_prefix: Mapped[str]
    metadata_file: Mapped[str | None]
    """Storage name of all metadata read from the files, as JSON."""


class OriginalFile(Details, Base):
    """One stored file. `path` and `name` are display only; `storage_name` finds the bytes."""

    __tablename__ = "original_file"
    __table_args__ = table_args(
        *details_indexes("original_file"), Index("ix_original_file_hash", "hash")
    )

    name: Mapped[str]
    path: Mapped[str]
    storage_name: Mapped[str | None]
    repo: Mapped[str | None]
    size: Mapped[int]
    atime: Mapped[int | None]
    mtime: Mapped[int | None]
    ctime: Mapped[int | None]
    hasher: Mapped[str | None]
    hash: Mapped[str | None]
    mimetype: Mapped[str | None]


class FilesetEntry(Identified, Base):
    """A file of a fileset, in order, with its path on the importing machine."""

    __tablename__ = "fileset_entry"
    __table_args__ = table_args(
        UniqueConstraint("fileset_id", "position"),
        Index("ix_fileset_entry_original_file_id", "original_file_id"),
    )

    fileset_id: Mapped[int] = mapped_column(ForeignKey("fileset.id"))
    original_file_id: Mapped[int] = mapped_column(ForeignKey("original_file.id"))
    position: Mapped[int]
    client_path: Mapped[str]


class Image(Named, Base):
    """A picture of up to five dimensions; its pixels stand in `Pixels`."""

    __tablename__ = "image"
    __table_args__ = table_args(
        *details_indexes("image", "name_key", "created_at", "acquired_at"),
        live_index("ix_image_fileset_id", "fileset_id", "series"),
        live_index("ix_image_instrument_id", "instrument_id"),
        live_index("ix_image_imaging_environment_id", "imaging_environment_id"),
        live_index("ix_image_stage_label_id", "stage_label_id"),
        live_index("ix_image_experiment_id", "experiment_id"),
        live_index("ix_image_objective_settings_id", "objective_settings_id"),
    )

    acquisition_date: Mapped[str | None]
    """As written in the file; often without a zone."""
    acquired_at: Mapped[int | None]
    """A guess in microseconds UTC, for ordering."""
    series: Mapped[int] = mapped_column(default=0)
    is_archived: Mapped[bool] = mapped_column(default=False)
    is_partial: Mapped[bool] = mapped_column(default=False)
    format: Mapped[str | None]
    fileset_id: Mapped[int | None] = mapped_column(ForeignKey("fileset.id"))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    objective_settings_id: Mapped[int | None] = mapped_column(ForeignKey("objective_settings.id"))
    imaging_environment_id: Mapped[int | None] = mapped_column(ForeignKey("imaging_environment.id"))
    stage_label_id: Mapped[int | None] = mapped_column(ForeignKey("stage_label.id"))
    experiment_id: Mapped[int | None] = mapped_column(ForeignKey("experiment.id"))
    label_file: Mapped[str | None]
    """Storage name of the slide's label picture: never served as an ordinary image."""
    macro_file: Mapped[str | None]


class Pixels(Details, Base):
    """Sizes, type and physical sizes; `storage` and `generation` find and version the bytes."""

    __tablename__ = "pixels"
    __table_args__ = table_args(
        *details_indexes("pixels"),
        live_index("ix_pixels_image_id", "image_id", "position"),
        UniqueConstraint("uuid"),
        CheckConstraint(is_one_of("pixels_type", PIXEL_TYPES), name="pixels_type"),
        CheckConstraint(is_one_of("dimension_order", DIMENSION_ORDERS), name="dimension_order"),
        CheckConstraint(
            "size_x > 0 AND size_y > 0 AND size_z > 0 AND size_c > 0 AND size_t > 0", name="sizes"
        ),
    )

    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    position: Mapped[int] = mapped_column(default=0)
    uuid: Mapped[str]
    """Folder `derived/<2 hex>/<uuid>/`: chunk index, pyramid."""
    generation: Mapped[int] = mapped_column(default=1)
    """Changes when the bytes behind the image change; stands in every cache key."""
    storage: Mapped[Code] = mapped_column(default="original")
    """`original` (read in place) or `pyramid` (read from the derived OME-Zarr)."""
    pixels_type: Mapped[Code]
    significant_bits: Mapped[int | None]
    is_rgb: Mapped[bool] = mapped_column(default=False)
    size_x: Mapped[int]
    size_y: Mapped[int]
    size_z: Mapped[int]
    size_c: Mapped[int]
    size_t: Mapped[int]
    level_sizes: Mapped[str]
    """JSON list of [width, height, tile width, tile height], largest first."""
    dimension_order: Mapped[Code]
    physical_size_x: Mapped[float | None]
    physical_size_x_unit: Mapped[str | None]
    physical_size_y: Mapped[float | None]
    physical_size_y_unit: Mapped[str | None]
    physical_size_z: Mapped[float | None]
    physical_size_z_unit: Mapped[str | None]
    time_increment: Mapped[float | None]
    time_increment_unit: Mapped[str | None]
    wave_start: Mapped[int | None]
    wave_increment: Mapped[int | None]
    methodology: Mapped[str | None]
    sha1: Mapped[str | None]
    default_z: Mapped[int | None]
    """As stored in the file; null means the computed default."""
    default_t: Mapped[int | None]
    display_model: Mapped[str | None]


class LogicalChannel(Details, Base):
    """Name and optics of a channel, shared by the channels of many images."""

    __tablename__ = "logical_channel"
    __table_args__ = table_args(*details_indexes("logical_channel"))

    name: Mapped[str | None]
    emission_wave: Mapped[float | None]
    emission_wave_unit: Mapped[str | None]
    excitation_wave: Mapped[float | None]
    excitation_wave_unit: Mapped[str | None]
    fluor: Mapped[str | None]
    contrast_method: Mapped[str | None]
    illumination: Mapped[str | None]
    mode: Mapped[str | None]
    pin_hole_size: Mapped[float | None]
    pin_hole_size_unit: Mapped[str | None]
    nd_filter: Mapped[float | None]
    samples_per_pixel: Mapped[int | None]
    photometric_interpretation: Mapped[str | None]
    pockel_cell_setting: Mapped[int | None]
    otf_id: Mapped[int | None] = mapped_column(ForeignKey("otf.id"))
    detector_settings_id: Mapped[int | None] = mapped_column(ForeignKey("detector_settings.id"))
    light_source_settings_id: Mapped[int | None] = mapped_column(ForeignKey("light_settings.id"))
    filter_set_id: Mapped[int | None] = mapped_column(ForeignKey("filter_set.id"))
    light_path_id: Mapped[int | None] = mapped_column(ForeignKey("light_path.id"))


class StatsInfo(Details, Base):
    """Least and greatest value of a channel."""

    __tablename__ = "stats_info"
    __table_args__ = table_args(*details_indexes("stats_info"))

    global_min: Mapped[float]
    global_max: Mapped[float]
    is_approximate: Mapped[bool] = mapped_column(default=False)


class Channel(Identified, Base):
    """One channel of an image. The `display_` columns hold what the file itself asks for."""

    __tablename__ = "channel"
    __table_args__ = table_args(
        UniqueConstraint("pixels_id", "position"),
        Index("ix_channel_logical_channel_id", "logical_channel_id"),
        Index("ix_channel_stats_info_id", "stats_info_id"),
    )

    pixels_id: Mapped[int] = mapped_column(ForeignKey("pixels.id"))
    position: Mapped[int]
    logical_channel_id: Mapped[int] = mapped_column(ForeignKey("logical_channel.id"))
    stats_info_id: Mapped[int | None] = mapped_column(ForeignKey("stats_info.id"))
    color: Mapped[int | None]
    """0xRRGGBBAA as stated by the file."""
    lookup_table: Mapped[str | None]
    display_active: Mapped[bool | None]
    display_start: Mapped[float | None]
    display_end: Mapped[float | None]
    display_family: Mapped[str | None]
    display_coefficient: Mapped[float | None]
    display_reverse: Mapped[bool | None]


class PlaneInfo(Identified, Base):
    """Timing and stage position of one plane."""

    __tablename__ = "plane_info"
    __table_args__ = table_args(UniqueConstraint("pixels_id", "the_t", "the_c", "the_z"))

    pixels_id: Mapped[int] = mapped_column(ForeignKey("pixels.id"))
    the_z: Mapped[int]
    the_c: Mapped[int]
    the_t: Mapped[int]
    delta_t: Mapped[float | None]
    delta_t_unit: Mapped[str | None]
    exposure_time: Mapped[float | None]
    exposure_time_unit: Mapped[str | None]
    position_x: Mapped[float | None]
    position_x_unit: Mapped[str | None]
    position_y: Mapped[float | None]
    position_y_unit: Mapped[str | None]
    position_z: Mapped[float | None]
    position_z_unit: Mapped[str | None]


class Upload(Base):
    """A tus upload: bound to its user and session, imported at most once."""

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_expires_at", "expires_at"),)

    uuid: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    file_name: Mapped[str]
    """Data only: never used as a path on the server."""
    length: Mapped[int]
    created_at: Mapped[Micros]
    expires_at: Mapped[Micros]
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
