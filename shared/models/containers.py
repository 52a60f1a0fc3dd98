"""Project, Dataset and Folder: the containers of images."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Details, SortKey, details_indexes, live_index, table_args


class Named(Details):
    """A row that people name; `name_key` orders and finds it."""

    name: Mapped[str]
    name_key: Mapped[SortKey]
    description: Mapped[str | None]


class Project(Named, Base):
    """Holds datasets."""

    __tablename__ = "project"
    __table_args__ = table_args(*details_indexes("project", "name_key", "created_at"))


class Dataset(Named, Base):
    """Holds images."""

    __tablename__ = "dataset"
    __table_args__ = table_args(*details_indexes("dataset", "name_key", "created_at"))


class Folder(Named, Base):
    """Holds images and ROIs, and stands in a tree of folders."""

    __tablename__ = "folder"
    __table_args__ = table_args(
        *details_indexes("folder", "name_key", "created_at"),
        live_index("ix_folder_parent_folder_id", "parent_folder_id", "name_key", "id"),
    )

    parent_folder_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id"))
