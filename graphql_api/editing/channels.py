"""Name channels, of one image or of all images within datasets and plates (Apply to All).

Names stand on logical channels, which many images may share: renaming one renames it everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.contents import images_within
from graphql_api.editing.texts import storable
from graphql_api.editing.trash import begin_change
from shared.auth.decide import ObjectFacts, decide, denied, require
from shared.auth.rules import Action
from shared.clock import now
from shared.database import ids_in, lock_groups
from shared.errors import Invalid
from shared.journal import record
from shared.models.images import Channel, LogicalChannel, Pixels
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from shared.auth.principal import Principal
    from shared.database import Database

MAX_NAME = 255
CLASS = "LogicalChannel"


@dataclass(frozen=True, slots=True)
class Renamed:
    """How many images have these names now, through how many logical channels."""

    image_count: int
    logical_channel_count: int
    skipped: tuple[ObjectRef, ...]
    """Images with another number of channels."""
    activity: ObjectRef | None = None
    """Under which it was done, to be undone; None when every name was so before."""


def rename_channels(
    database: Database, principal: Principal, targets: Sequence[str], names: Sequence[str | None]
) -> Renamed:
    """Name the channels of all images within the targets that have as many as there are names.

    None leaves a name as it is; names are cut at 255 characters. Raises `NotFound`, `Invalid`, or
    `Denied` naming an image or a logical channel that may not be changed; then nothing was done.
    """
    wanted = [
        None if name is None else storable(name, ("names", str(place)))[:MAX_NAME]
        for place, name in enumerate(names)
    ]
    if not wanted or not targets:
        field = "names" if targets else "targets"
        raise Invalid(f"The list {field} is empty.", hint="Name at least one.", path=(field,))
    with database.write() as connection:
        found = hold_targets(connection, principal, targets)
        images = images_within(connection, principal, found)
        for target in found:
            if target.ref.class_name == "Image":
                require(principal, Action.UPDATE, target.facts, target.ref)
        fitting, skipped = _counted(connection, images, len(wanted))
        rows = _logical_channels(connection, images, len(wanted))
        lock_groups(connection, sorted({row.group_id for row in rows}))
        changed = _changes(principal, rows, wanted)
        done = None
        if changed:
            activity, event_id = begin_change(connection, principal, "renameChannels", targets)
            _write(connection, event_id, rows, changed)
            done = ObjectRef("Activity", activity)
        ids = {row.id for row in rows if wanted[row.position] is not None}
        return Renamed(fitting, len(ids), skipped, done)


def _counted(
    connection: Connection, images: Select[Any], channels: int
) -> tuple[int, tuple[ObjectRef, ...]]:
    """How many images have so many channels, and which have not; raises `Invalid` for none."""
    table: Any = Pixels.__table__
    mine = [table.c.image_id.in_(images), table.c.trash_id.is_(None), table.c.position == 0]
    count = connection.scalar(
        select(func.count()).select_from(table).where(*mine, table.c.size_c == channels)
    )
    others = connection.scalars(
        select(table.c.image_id).where(*mine, table.c.size_c != channels).order_by(table.c.image_id)
    )
    skipped = tuple(ObjectRef("Image", number) for number in others)
    if not count:
        raise Invalid(
            f"No image there has {channels} channels.",
            hint="Give as many names as the images have channels; null leaves a name as it is.",
            path=("names",),
        )
    return count, skipped


def _logical_channels(
    connection: Connection, images: Select[Any], channels: int
) -> Sequence[Any]:  # fmt: skip
    """Each logical channel once per position at which it stands, lowest position first."""
    channel: Any = Channel.__table__
    pixels: Any = Pixels.__table__
    logical: Any = LogicalChannel.__table__
    return connection.execute(
        select(
            logical.c.id, logical.c.name, logical.c.owner_id, logical.c.group_id,
            Group.permissions, channel.c.position,
        )
        .select_from(channel)
        .join(pixels, pixels.c.id == channel.c.pixels_id)
        .join(logical, logical.c.id == channel.c.logical_channel_id)
        .join(Group, Group.id == logical.c.group_id)
        .where(
            pixels.c.image_id.in_(images),
            pixels.c.trash_id.is_(None),
            pixels.c.position == 0,
            pixels.c.size_c == channels,
            channel.c.position < channels,
        )
        .distinct()
        .order_by(channel.c.position, logical.c.id)
    ).all()  # fmt: skip


def _changes(
    principal: Principal, rows: Sequence[Any], wanted: Sequence[str | None]
) -> dict[int, str]:
    """New names by logical channel; raises `Denied` for all that may not be changed."""
    named: dict[int, str] = {}
    faults = []
    for row in rows:
        name = wanted[row.position]
        if name is None or row.id in named:
            continue
        named[row.id] = name
        facts = ObjectFacts(CLASS, row.owner_id, row.group_id, GroupPermissions(row.permissions))
        verdict = decide(principal, Action.UPDATE, facts)
        if not verdict:
            ref = ObjectRef(CLASS, row.id)
            faults.append(denied(principal, Action.UPDATE, facts, verdict, ref))
    if faults:
        raise ExceptionGroup("refused", faults)
    old = {row.id: row.name for row in rows}
    return {number: name for number, name in named.items() if old[number] != name}


def _write(
    connection: Connection, event_id: int, rows: Sequence[Any], changed: dict[int, str]
) -> None:
    """One statement per name, and one per group for the journal."""
    table: Any = LogicalChannel.__table__
    for name in sorted(set(changed.values())):
        ids = sorted(number for number, new in changed.items() if new == name)
        connection.execute(
            update(table)
            .where(ids_in(connection, table.c.id, ids))
            .values(
                name=name,
                version=table.c.version + 1,
                updated_at=now(),
                update_event_id=event_id,
            )
        )
    before: dict[int, dict[int, dict[str, Any]]] = {}
    for row in rows:
        if row.id in changed:
            before.setdefault(row.group_id, {})[row.id] = {"name": row.name}
    for group_id, images in sorted(before.items()):
        record(
            connection, event_id, CLASS, "UPDATE", sorted(images), group_id=group_id, before=images
        )
