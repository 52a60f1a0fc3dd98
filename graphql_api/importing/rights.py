"""Who may import where and for whom: asked when an import is booked, and again when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.auth.creation import may_create
from shared.auth.decide import ObjectFacts, denied
from shared.auth.rules import FILE_CLASS, Action, FileLocation
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal

NEEDED: tuple[tuple[str, FileLocation | None], ...] = (
    ("Image", None),
    ("Fileset", None),
    (FILE_CLASS, FileLocation.MANAGED),
)
"""Classes that every import makes; files for others take WriteManagedRepo."""


def require_import(principal: Principal, group: GroupFacts, owner_id: int) -> None:
    """Raise `Denied`, naming the group or the owner, unless he may import for that owner."""
    for class_name, location in NEEDED:
        facts = ObjectFacts(class_name, principal.user_id, group.id, group.permissions, location)
        for action, owner, ref in (
            (Action.CREATE_IN, None, ObjectRef("Group", group.id)),
            (Action.CREATE_FOR_OTHERS, owner_id, ObjectRef("User", owner_id)),
        ):
            verdict = may_create(principal, class_name, group, owner, location)
            if not verdict:
                raise denied(principal, action, facts, verdict, ref)
