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


def _facts(row: Values, holder: str = "") -> ObjectFacts | None:
    """None for a row that nobody owns, such as computed rendering settings.

    `holder` is the join, with its dot, to what owns a part such as a shape.
    """
    if row[f"{holder}owner_id"] is None:
        return None
    return ObjectFacts(
        row["class_name"],
        row[f"{holder}owner_id"],
        row[f"{holder}group_id"],
        GroupPermissions(row[f"{holder}group.permissions"]),
        file_location(row["repo"]) if "repo" in row else None,
    )


def _flags(run: Run, rows: Sequence[Values], holder: str = "") -> list[Any]:
    known: dict[ObjectFacts, ViewerCan] = {}
    found: list[ViewerCan | None] = []
    for row in rows:
        facts = _facts(row, holder)
        if facts is not None and facts not in known:
            allowed: dict[str, bool] = {
                action.value: bool(run.decider.decide(action, facts)) for action in _RIGHTS
            }
            known[facts] = ViewerCan(**allowed)
        found.append(None if facts is None else known[facts])
    return found


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


def _decided(*more: str, holder: str = "") -> tuple[Batched, Batched]:
    """The plans of `viewerCan` and `viewerCannot`; `more` names further columns that decide."""
    needs = (*(f"{holder}{name}" for name in _FACTS), *more)

    def flags(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        return _flags(run, rows, holder)

    def refused(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
        action = Right(arguments["action"].value)
        return [_why_not(run, action, _facts(row, holder)) for row in rows]

    return Batched(needs, flags), Batched(needs, refused)


FLAGS, _DENIALS = _decided()
FILE_FLAGS, _FILE_DENIALS = _decided("repo")


def _denials(plan: Batched) -> Any:
    return with_arguments(
        planned(plan, "Why the caller may not do this; empty when he may."),
        argument("action", Action, "What he may want to do."),
    )


def denials() -> Any:
    """The field `viewerCannot(action)`."""
    return _denials(_DENIALS)


def file_denials() -> Any:
    """The same of a file, where it also counts in which place the file lies."""
    return _denials(_FILE_DENIALS)


def rights_by_class() -> tuple[Any, Any]:
    """`viewerCan` and `viewerCannot` of rows that are made and name their class themselves."""
    flags, refused = _decided("class_name")
    return planned(flags, "What the caller may do with it."), _denials(refused)


def part_rights(holder: str) -> tuple[Any, Any]:
    """`viewerCan` and `viewerCannot` of a part: the rights are those of the join `holder`."""
    flags, refused = _decided(holder=f"{holder}.")
    return planned(flags, "What the caller may do with it."), _denials(refused)
