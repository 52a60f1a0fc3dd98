"""Job: OME's record of an import or a script run, kept with the fileset that it made."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from shared.models.base import Base, Code, Details, details_indexes, table_args


class Job(Details, Base):
    """An import or another job, by `class_name`."""

    __tablename__ = "job"
    __table_args__ = table_args(*details_indexes("job"))

    class_name: Mapped[Code]
    user_name: Mapped[str]
    message: Mapped[str | None]
    status: Mapped[Code]
    submitted_at: Mapped[int | None]
    started_at: Mapped[int | None]
    finished_at: Mapped[int | None]
    version_info: Mapped[str | None]
