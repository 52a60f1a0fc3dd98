"""What the caller may do with an object, and why not: from columns that are fetched anyway.

The same function decides the mutation, so a flag is false exactly when the mutation is refused.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import Batched, argument, planned, with_arguments
from shared.auth.decide import ObjectFacts, explain
from shared.auth.rules import Action as Right
from shared.auth.rules import DenialReason as Reason
from shared.auth.rules import file_location
from shared.models.people import GroupPermissions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

_FACTS = ("owner_id", "group_id", "group.permissions")


@strawberry.enum(description="What somebody may want to do with an object.")
class Action(Enum):
    """What somebody may want to do with an object; values are those of the table of rights."""

    UPDATE = strawberry.enum_value("update", description="Change its name, description and so on.")
    DELETE = strawberry.enum_value("delete", description="Delete it.")
    ANNOTATE = strawberry.enum_value("annotate", description="Annotate it or draw ROIs on it.")
    LINK = strawberry.enum_value("link", description="Put it into containers or fill it.")
    MOVE_TO_GROUP = strawberry.enum_value("move_to_group", description="Move it to another group.")
    CHANGE_OWNER = strawberry.enum_value("change_owner", description="Give it to somebody else.")
    DUPLICATE = strawberry.enum_value("duplicate", description="Copy it.")
    DOWNLOAD = strawberry.enum_value("download", description="Download its files.")
    SAVE_RENDERING = strawberry.enum_value(
        "save_rendering", description="Save one's own rendering settings for it."
    )


@strawberry.enum(description="Why something is not allowed.")
class DenialCode(Enum):
    """Why something is not allowed."""

    NOT_OWNER = strawberry.enum_value("NOT_OWNER", description="It belongs to somebody else.")
    GROUP_PRIVATE = strawberry.enum_value("GROUP_PRIVATE", description="Its group is private.")
    GROUP_READ_ONLY = strawberry.enum_value(
        "GROUP_READ_ONLY", description="The level of its group does not allow it to members."
    )
    NOT_MEMBER = strawberry.enum_value(
        "NOT_MEMBER", description="The caller is no member of its group."
    )
    PRIVILEGE_MISSING = strawberry.enum_value(
        "PRIVILEGE_MISSING", description="It takes a privilege or scope that the caller lacks."
    )
    CLASS_NOT_LEGAL = strawberry.enum_value(
        "CLASS_NOT_LEGAL", description="Objects of this class go only with what holds them."
    )
    OWNER_CANNOT_CHANGE_OWNER = strawberry.enum_value(
        "OWNER_CANNOT_CHANGE_OWNER", description="Owners cannot give their data away."
    )


@strawberry.type(description="One reason why something is not allowed.")
class DenialReason:
    """One reason why something is not allowed."""

    code: DenialCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")


@strawberry.type(description="What the caller may do with an object.")
class ViewerCan:
    """What the caller may do with an object."""

    update: bool = strawberry.field(description="Change its name, description and so on.")
    delete: bool = strawberry.field(description="Delete it.")
    annotate: bool = strawberry.field(description="Annotate it or draw ROIs on it.")
    link: bool = strawberry.field(description="Put it into containers or fill it.")
    move_to_group: bool = strawberry.field(description="Move it to another group.")
    change_owner: bool = strawberry.field(description="Give it to somebody else.")
    duplicate: bool = strawberry.field(description="Copy it.")
    download: bool = strawberry.field(description="Download its files.")
    save_rendering: bool = strawberry.field(description="Save one's own rendering settings.")


_RIGHTS = tuple(Right(str(action.value)) for action in Action)


def _facts(row: Values) -> ObjectFacts | None:
    """None for a row that nobody owns, such as computed rendering settings."""
    if row["owner_id"] is None:
        return None
    return ObjectFacts(
        row["class_name"],
        row["owner_id"],
        row["group_id"],
        GroupPermissions(row["group.permissions"]),
        file_location(row["repo"]) if "repo" in row else None,
    )


def _flags(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    known: dict[ObjectFacts, ViewerCan] = {}
    found: list[ViewerCan | None] = []
    for row in rows:
        facts = _facts(row)
        if facts is not None and facts not in known:
            allowed: dict[str, bool] = {
                action.value: bool(run.decider.decide(action, facts)) for action in _RIGHTS
            }
            known[facts] = ViewerCan(**allowed)
        found.append(None if facts is None else known[facts])
    return found


def _denials(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    action = Right(arguments["action"].value)
    return [_why_not(run, action, _facts(row)) for row in rows]


def _why_not(run: Run, action: Right, facts: ObjectFacts | None) -> list[DenialReason]:
    if facts is None:
        return []
    reasons: tuple[Reason, ...] = run.decider.decide(action, facts).reasons
    return [
        DenialReason(
            code=DenialCode(reason.value), message=explain(run.principal, action, facts, reason)
        )
        for reason in reasons
    ]


FLAGS = Batched(_FACTS, _flags)
FILE_FLAGS = Batched((*_FACTS, "repo"), _flags)


def denials(*more: str) -> Any:
    """The field `viewerCannot(action)`; `more` names further columns that decide."""
    return with_arguments(
        planned(
            Batched((*_FACTS, *more), _denials),
            "Why the caller may not do this; empty when he may.",
        ),
        argument("action", Action, "What he may want to do."),
    )
