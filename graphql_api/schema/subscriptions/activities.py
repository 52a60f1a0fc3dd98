"""`activity(id)` and `activities`: jobs as they go on, told from committed state only."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graphql_api.compiler.planner import NOBODY, objects
from graphql_api.context import RequestContext
from graphql_api.editing.targets import not_found
from graphql_api.schema.types.activities import Activity
from shared.refs import parse_ref

Info = strawberry.Info[RequestContext, None]
Id = Annotated[strawberry.ID, strawberry.argument(description="Such as Activity:42.")]


def _activity(info: Info, id: Id) -> Activity:
    """The job as it is now; the connection is told which one to watch."""
    ref = parse_ref(str(id)) or NOBODY
    if ref.class_name == "Activity":
        info.context.watched = ref
    return _now(info, str(id))


def _activities(info: Info) -> Activity:
    """The job that has changed."""
    changed: Any = info.root_value
    return _now(info, str(changed))


def _now(info: Info, text: str) -> Activity:
    found: list[Any] = objects(info._raw_info, [text])  # Strawberry's own way in
    if found[0] is None:
        raise not_found(text, ("id",))
    activity: Activity = found[0]
    return activity


@strawberry.type
class ActivitySubscriptions:
    """Subscriptions of this file."""

    activity: Activity = strawberry.field(
        resolver=_activity,
        description="A job: as it is now, and again whenever it has changed; complete when it has "
        "ended.",
    )
    activities: Activity = strawberry.field(
        resolver=_activities,
        description="Each job that the list `activities` holds, whenever it has changed.",
    )
