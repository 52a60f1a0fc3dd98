"""Making things: where, for whom, and referring to what (objects, links, their owners).

Rights come from the table like all others. A reference is judged on the object referred to, by the
class of what is new; in private groups leaders and administrators may refer to other people's
objects only on behalf of just their owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from shared.auth.decide import YES, ObjectFacts, Verdict, decide
from shared.auth.rules import FILE_CLASS, Action, FileLocation, base_class
from shared.errors import Invalid
from shared.models.people import SPECIAL_GROUPS, GroupPermissions, Privilege

if TYPE_CHECKING:
    from shared.auth.principal import Principal

REFERENCE_RIGHTS: Mapping[str, Action] = MappingProxyType(
    {
        "IAnnotationLink": Action.ANNOTATE,
        "Roi": Action.ANNOTATE,
        "RenderingDef": Action.SAVE_RENDERING,
        "Thumbnail": Action.SAVE_RENDERING,
    }
)
"""Class of the new object to the right demanded on what it refers to; all others demand LINK."""


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """All that rights ask of a group."""

    id: int
    permissions: GroupPermissions
    name: str = ""
    link_owner_follows_content: bool = False

    @property
    def is_private(self) -> bool:
        """Members see only their own data."""
        return self.permissions is GroupPermissions.PRIVATE

    @property
    def is_special(self) -> bool:
        """`system`, `user` or `guest`."""
        return self.name in SPECIAL_GROUPS


def may_create(
    principal: Principal,
    class_name: str,
    group: GroupFacts,
    owner_id: int | None = None,
    file_location: FileLocation | None = None,
) -> Verdict:
    """May something of this class be made in the group, for `owner_id` (None: for oneself)?

    Another owner takes an administrator's privilege; a leader may not. What the new object refers
    to is judged by `may_refer`.
    """
    facts = ObjectFacts(
        class_name, principal.user_id, group.id, group.permissions, file_location
    )  # fmt: skip
    verdict = decide(principal, Action.CREATE_IN, facts)
    if not verdict or owner_id in {None, principal.user_id}:
        return verdict
    return decide(principal, Action.CREATE_FOR_OTHERS, facts)


def may_refer(
    principal: Principal,
    new_class: str,
    new_owner_id: int,
    referenced: ObjectFacts,
    *,
    user_group_id: int | None = None,
) -> Verdict:
    """May a new object of `new_class`, which will belong to `new_owner_id`, refer to this one?

    Files of the group `user` (scripts, lookup tables), named by `user_group_id`, may be referred
    to from anywhere.
    """
    if _is_common_file(referenced, user_group_id):
        return YES
    demanded = REFERENCE_RIGHTS.get(base_class(new_class), Action.LINK)
    verdict = decide(principal, demanded, referenced)
    if verdict or new_owner_id in {principal.user_id, None}:
        return verdict
    if referenced.owner_id == new_owner_id:
        on_behalf = decide(principal, Action.CREATE_FOR_OTHERS, referenced)
        return on_behalf if on_behalf else verdict
    return verdict


def require_same_group(
    group_id: int, referenced: ObjectFacts, *, user_group_id: int | None = None
) -> None:
    """Raise `Invalid`, naming both groups, when an object of `group_id` must not refer there."""
    if referenced.group_id == group_id or _is_common_file(referenced, user_group_id):
        return
    raise Invalid(
        f"Group:{group_id} and Group:{referenced.group_id} are different groups.",
        hint="Links and references join objects of one group; move one of them first.",
    )


def link_owner(
    principal: Principal, group: GroupFacts, parent_owner_id: int, child_owner_id: int
) -> int:
    """To whom a new link between container and content belongs.

    Whoever writes for others makes links that their content's owner can remove again; so does a
    leader where the group's `linkOwnerFollowsContent` says so. In a private group only a link
    within one person's data is made for that person.
    """
    if child_owner_id == principal.user_id:
        return principal.user_id
    for_others = principal.may(Privilege.WRITE_OWNED)
    if group.is_private:
        return child_owner_id if for_others and parent_owner_id == child_owner_id else (
            principal.user_id
        )  # fmt: skip
    follows = group.link_owner_follows_content and principal.leads(group.id)
    return child_owner_id if for_others or follows else principal.user_id


def default_owner(
    principal: Principal, group: GroupFacts, parent_owner_id: int | None = None
) -> int:
    """To whom something new belongs when nobody is named: to the parent's owner when an
    administrator who writes for others works in a group that is not his; else to the maker.
    """
    if (
        parent_owner_id is not None
        and not group.is_private
        and principal.may(Privilege.WRITE_OWNED)
        and not principal.is_member(group.id)
    ):
        return parent_owner_id
    return principal.user_id


def _is_common_file(referenced: ObjectFacts, user_group_id: int | None) -> bool:
    return referenced.class_name == FILE_CLASS and referenced.group_id == user_group_id
