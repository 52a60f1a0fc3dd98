"""Save the acting user's settings of thousands of images, in a number of statements that does not
depend on how many they are.

The caller has checked the right (SAVE_RENDERING) on every image and opened the event. Settings that
somebody has already, to the last value, are left alone: neither version nor time moves.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared.clock import now
from shared.database import ids_in
from shared.journal import Action, record
from shared.models.rendering import ChannelBinding, RenderingDef
from shared.rendering.stored import (
    StoredSettings,
    before_image,
    binding_values,
    definition_values,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.rendering.settings import RenderingSettings


@dataclass(frozen=True, slots=True)
class NewSettings:
    """Settings to keep, valid for their pixels (`valid_settings`), one per channel of them."""

    pixels_id: int
    group_id: int
    settings: RenderingSettings


def save_settings_of_many(
    connection: Connection, principal: Principal, event_id: int, wanted: Sequence[NewSettings]
) -> None:
    """Save each as the acting user's own; pixels must not be named twice."""
    try:
        with connection.begin_nested():
            _save(connection, principal, event_id, wanted)
    except IntegrityError:
        # the same user saved some of them at the same moment: now they are there
        _save(connection, principal, event_id, wanted)


def _save(
    connection: Connection, principal: Principal, event_id: int, wanted: Sequence[NewSettings]
) -> None:
    mine = settings_of(connection, [each.pixels_id for each in wanted], [principal.user_id])
    old = {pixels_id: stored for (pixels_id, _), stored in mine.items()}
    new = [each for each in wanted if each.pixels_id not in old]
    changed = [
        each
        for each in wanted
        if each.pixels_id in old and old[each.pixels_id].settings != each.settings
    ]
    if new:
        _insert(connection, principal, event_id, new)
    if changed:
        _update(connection, event_id, changed, old)


def _insert(
    connection: Connection, principal: Principal, event_id: int, new: Sequence[NewSettings]
) -> None:
    moment = now()
    connection.execute(
        insert(RenderingDef),
        [
            {
                "owner_id": principal.user_id,
                "group_id": each.group_id,
                "creation_event_id": event_id,
                "update_event_id": event_id,
                "created_at": moment,
                "updated_at": moment,
                "pixels_id": each.pixels_id,
                **definition_values(each.settings),
            }
            for each in new
        ],
    )
    columns = RenderingDef.__table__.c
    made = connection.execute(
        select(columns.pixels_id, columns.id).where(
            ids_in(connection, columns.pixels_id, [each.pixels_id for each in new]),
            columns.owner_id == principal.user_id,
            columns.trash_id.is_(None),
        )
    )
    ids = {row.pixels_id: row.id for row in made}
    _insert_bindings(connection, [(ids[each.pixels_id], 0, each.settings) for each in new])
    _record(connection, event_id, "INSERT", [(each, ids[each.pixels_id]) for each in new], {})


def _update(
    connection: Connection,
    event_id: int,
    changed: Sequence[NewSettings],
    old: Mapping[int, StoredSettings],
) -> None:
    table: Any = RenderingDef.__table__
    moment = now()
    connection.execute(
        update(table)
        .where(table.c.id == bindparam("key"))
        .values(
            update_event_id=event_id,
            updated_at=moment,
            version=table.c.version + 1,
            model=bindparam("new_model"),
            default_z=bindparam("new_z"),
            default_t=bindparam("new_t"),
        ),
        [
            {
                "key": old[each.pixels_id].id,
                "new_model": each.settings.model.value,
                "new_z": each.settings.default_z,
                "new_t": each.settings.default_t,
            }
            for each in changed
        ],
    )
    _update_bindings(connection, changed, old)
    before = {
        old[each.pixels_id].id: before_image(old[each.pixels_id].settings) for each in changed
    }
    rows = [(each, old[each.pixels_id].id) for each in changed]
    _record(connection, event_id, "UPDATE", rows, before)


def _update_bindings(
    connection: Connection, changed: Sequence[NewSettings], old: Mapping[int, StoredSettings]
) -> None:
    table: Any = ChannelBinding.__table__
    rows, missing = [], []
    for each in changed:
        stored = old[each.pixels_id]
        bound = len(stored.settings.channels)
        missing.append((stored.id, bound, each.settings))
        for position, channel in enumerate(each.settings.channels[:bound]):
            if channel != stored.settings.channels[position]:
                values = {f"new_{name}": value for name, value in binding_values(channel).items()}
                rows.append({"key": stored.id, "place": position, **values})
    if rows:
        names = [name.removeprefix("new_") for name in rows[0] if name.startswith("new_")]
        connection.execute(
            update(table)
            .where(
                table.c.rendering_def_id == bindparam("key"),
                table.c.position == bindparam("place"),
            )
            .values({name: bindparam(f"new_{name}") for name in names}),
            rows,
        )
    _insert_bindings(connection, missing)


def _insert_bindings(
    connection: Connection, settings: Sequence[tuple[int, int, RenderingSettings]]
) -> None:
    """Bindings of each (settings id, first position, settings) from that position on."""
    rows = [
        {"rendering_def_id": settings_id, "position": position, **binding_values(channel)}
        for settings_id, first, found in settings
        for position, channel in list(enumerate(found.channels))[first:]
    ]
    if rows:
        connection.execute(insert(ChannelBinding), rows)


def _record(
    connection: Connection,
    event_id: int,
    action: Action,
    rows: Sequence[tuple[NewSettings, int]],
    before: Mapping[int, dict[str, Any]],
) -> None:
    by_group: dict[int, list[int]] = defaultdict(list)
    for each, settings_id in rows:
        by_group[each.group_id].append(settings_id)
    for group_id, ids in sorted(by_group.items()):
        record(
            connection,
            event_id,
            "RenderingSettings",
            action,
            ids,
            group_id=group_id,
            before=before or None,
        )
