"""What `imgData` tells of an image beside its pixels: names, containers, rights, physical sizes.

Each question holds the predicate of visibility itself; containers that the viewer does not see are
as if they were not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from shared.auth.decide import Decider, ObjectFacts
from shared.auth.rules import Action
from shared.auth.select import visible
from shared.models.acquisition import Objective, ObjectiveSettings
from shared.models.containers import Dataset, Project
from shared.models.images import Image, Pixels
from shared.models.links import LINKS
from shared.models.people import Group, GroupPermissions, User
from shared.models.screening import Well, WellSample
from tile_service.locate import granted, visible_image
from tile_service.query import no_image

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal

Question = Callable[["Connection", "Principal", "Grant | None"], Any]


@dataclass(frozen=True, slots=True)
class ImageSurroundings:
    """An image's own row with its owner, pixel sizes and objective, and what holds it."""

    image: Any
    can: dict[str, bool]
    dataset: Any
    """The one dataset that holds it; None when there are none or several."""
    project: Any
    field: Any
    """(sample id, well id) of the one field that shows it, or None."""


def surroundings_of(image_id: int) -> Question:
    """The question for `ImageSurroundings`; it raises `NotFound`."""

    def question(
        connection: Connection, principal: Principal, grant: Grant | None
    ) -> ImageSurroundings:
        row = connection.execute(_image(seen_image(principal, grant, image_id))).one_or_none()
        if row is None:
            raise no_image()
        facts = ObjectFacts("Image", row.owner_id, row.group_id, GroupPermissions(row.permissions))
        decider = Decider(principal)
        can = {
            name: bool(decider.decide(action, facts))
            for name, action in (
                ("canAnnotate", Action.ANNOTATE),
                ("canEdit", Action.UPDATE),
                ("canDelete", Action.DELETE),
                ("canLink", Action.LINK),
            )
        }
        dataset = _only_parent(connection, principal, "DatasetImageLink", Dataset, image_id)
        project = None
        if dataset is not None:
            project = _only_parent(connection, principal, "ProjectDatasetLink", Project, dataset.id)
        return ImageSurroundings(
            row, can, dataset, project, _field(connection, principal, image_id)
        )

    return question


def seen_image(principal: Principal, grant: Grant | None, image_id: int) -> ColumnElement[bool]:
    """The image, when it is visible and the grant covers it."""
    where = visible_image(principal, image_id)
    return where if grant is None else and_(where, granted(grant))


def _image(where: ColumnElement[bool]) -> Any:
    return (
        select(
            Image.id,
            Image.name,
            Image.description,
            Image.is_archived,
            Image.acquired_at,
            Image.created_at,
            Image.owner_id,
            Image.group_id,
            Group.permissions,
            User.first_name,
            User.last_name,
            Pixels.physical_size_x,
            Pixels.physical_size_x_unit,
            Pixels.physical_size_y,
            Pixels.physical_size_y_unit,
            Pixels.physical_size_z,
            Pixels.physical_size_z_unit,
            Objective.nominal_magnification,
        )
        .join(Group, Group.id == Image.group_id)
        .join(User, User.id == Image.owner_id)
        .join(
            Pixels,
            and_(Pixels.image_id == Image.id, Pixels.position == 0, Pixels.trash_id.is_(None)),
        )
        .outerjoin(ObjectiveSettings, ObjectiveSettings.id == Image.objective_settings_id)
        .outerjoin(Objective, Objective.id == ObjectiveSettings.objective_id)
        .where(where)
    )


def _only_parent(
    connection: Connection, principal: Principal, link: str, model: Any, child_id: int
) -> Any:
    """The one visible parent by links of this kind; None when there are none or several."""
    kind = LINKS[link].model
    rows = connection.execute(
        select(model.id, model.name, model.description)
        .distinct()
        .join(kind, kind.parent_id == model.id)
        .where(kind.child_id == child_id, visible(principal, kind), visible(principal, model))
        .limit(2)
    ).all()
    return rows[0] if len(rows) == 1 else None


def _field(connection: Connection, principal: Principal, image_id: int) -> Any:
    rows = connection.execute(
        select(WellSample.id.label("sample_id"), Well.id.label("well_id"))
        .join(Well, Well.id == WellSample.well_id)
        .where(
            WellSample.image_id == image_id,
            visible(principal, WellSample),
            visible(principal, Well),
        )
        .limit(2)
    ).all()
    return rows[0] if len(rows) == 1 else None
