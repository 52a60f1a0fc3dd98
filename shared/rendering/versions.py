"""`v=`: which picture an address stands for, so that it may be kept for long.

It names the image's generation and the saved settings that apply to the viewer, by id and version:
both services must come to the same text, the API for whole lists without a statement of its own.
What is computed from the file changes only with the generation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Text, cast, select

from shared.models.rendering import RenderingDef

if TYPE_CHECKING:
    from shared.rendering.stored import StoredSettings

COMPUTED = "0"
"""What stands for settings that nobody saved; no row has this id."""


def address_version(generation: int, saved: StoredSettings | None) -> str:
    """The text of `v=` for a viewer to whom these saved settings apply, None for computed ones.

    A change of the bytes or of the settings is a new address.
    """
    return version_text(generation, None if saved is None else saved_text(saved.id, saved.version))


def version_text(generation: int, saved: str | None) -> str:
    """The same from what `shown_settings` selects."""
    return f"{generation}-{saved or COMPUTED}"


def saved_text(settings_id: int, version: int) -> str:
    """One saved row, as it is now."""
    return f"{settings_id}.{version}"


def shown_settings(
    pixels_id: ColumnElement[Any], viewer_id: int, owner_id: ColumnElement[Any]
) -> ColumnElement[str | None]:
    """`saved_text` of the viewer's settings, else of the owner's, else NULL, as an expression."""
    saved: Any = RenderingDef.__table__.alias()
    text = cast(saved.c.id, Text).concat(".").concat(cast(saved.c.version, Text))
    mine_first = saved.c.owner_id == viewer_id
    return (
        select(text)
        .where(
            saved.c.pixels_id == pixels_id,
            saved.c.owner_id.in_([viewer_id, owner_id]),
            saved.c.trash_id.is_(None),
        )
        .order_by(mine_first.desc())
        .limit(1)
        .scalar_subquery()
    )
