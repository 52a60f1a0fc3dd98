"""Before a move: the group moved to, the container moved into, and what people should know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from graphql_api.editing.places import find_group
from graphql_api.graph.operations import Preparation
from graphql_api.graph.plan import Warned
from graphql_api.graph.planner.tables import REACHED
from graphql_api.graph.policies.move_to_group import move_policy
from graphql_api.graph.targets import find, start
from graphql_api.graph.words import State
from shared.auth.creation import may_refer
from shared.auth.rules import MOVABLE, Action
from shared.auth.select import visible_groups
from shared.errors import Denied, Invalid
from shared.models.links import CONTAINER_LINKS, LinkKind
from shared.models.people import Group, Membership, Privilege

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from graphql_api.graph.request import OperationRequest
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal

CONTAINERS = ("Project", "Dataset", "Screen", "Folder")


def prepare_move(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this move; raises what forbids it whatever it would reach."""
    group = _group(connection, principal, request)
    roots = start(connection, principal, request, Action.MOVE_TO_GROUP, MOVABLE)
    if group.id in roots.groups:
        raise Invalid(
            f"Some targets are in Group:{group.id} already.",
            hint="Name only what is to leave its group.",
            path=("group",),
            target=f"Group:{group.id}",
        )
    facts: dict[str, Any] = {"group": group.id}
    warnings: list[Warned] = []
    facts |= find_container(
        connection, principal, request, group, roots.classes, warnings, _may_fill
    )
    facts["owner"] = roots.targets[0].owner_id if roots.targets else principal.user_id

    def warn(connection: Connection) -> list[Warned]:
        return [*warnings, *owner_warnings(connection, principal, group.id)]

    return Preparation(move_policy(principal, group), roots, facts, warn=warn)


def _group(connection: Connection, principal: Principal, request: OperationRequest) -> GroupFacts:
    if request.group is None:
        raise Invalid("No group is named.", hint="Name the group to move to.", path=("group",))
    group = find_group(connection, principal, request.group, ("group",))
    if group.is_special:
        raise Invalid(
            f"No data lie in the group {group.name}.",
            hint="Name another group.",
            path=("group",),
            target=f"Group:{group.id}",
        )
    if not principal.is_member(group.id) and not principal.may(Privilege.CHGRP):
        raise Denied(
            f"You may not move data to Group:{group.id}.",
            reasons=("NOT_MEMBER",),
            hint="Members move their data there, or administrators with the privilege Chgrp.",
            path=("group",),
            target=f"Group:{group.id}",
        )
    return group


def fitting_links(container: str, classes: Sequence[str]) -> list[LinkKind]:
    """The links by which a container holds objects of these classes."""
    return [
        kind
        for kind in CONTAINER_LINKS
        if kind.parent.__name__ == container and kind.child.__name__ in classes
    ]


def find_container(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    group: GroupFacts,
    classes: Sequence[str],
    warnings: list[Warned],
    may_fill: Callable[[Principal, Target, GroupFacts], None],
) -> dict[str, Any]:
    """Facts `into` or `new_container`, and the links to make; `may_fill` raises what forbids it."""
    if request.into is not None and request.new_container is not None:
        raise Invalid("Both into and newContainer.", hint="Name one of them.", path=("into",))
    if request.into is not None:
        parent = find(connection, principal, [request.into])[0]
        name = parent.ref.class_name
        may_fill(principal, parent, group)
    elif request.new_container is not None:
        name = request.new_container.class_name
    else:
        return {}
    kinds = fitting_links(name, classes) if name in CONTAINERS else []
    if not kinds:
        raise Invalid(
            f"A {name} holds none of the targets.",
            hint="Datasets go into Projects, Images into Datasets, Plates into Screens.",
            path=("into",),
            target=request.into,
        )
    fitting = {kind.child.__name__ for kind in kinds}
    others = [each for each in classes if each not in fitting]
    if others:
        message = f"A {name} does not hold: {', '.join(others)}."
        warnings.append(Warned("TARGET_NOT_FITTING", message))
    facts: dict[str, Any] = {"link_kinds": [kind.name for kind in kinds]}
    if request.into is not None:
        facts["into"] = request.into
    return facts


def _may_fill(principal: Principal, parent: Target, group: GroupFacts) -> None:
    """Raise unless things moved to `group` may be put into this container."""
    if principal.may(Privilege.CHGRP) and parent.group_id == group.id:
        return  # links then belong to the owners of what is linked
    may_put_into(principal, parent, group)


def may_put_into(principal: Principal, parent: Target, group: GroupFacts) -> None:
    """Raise unless the principal's own links may put things of `group` into this container."""
    if parent.group_id != group.id:
        raise Invalid(
            f"{parent.ref} is not in Group:{group.id}.",
            hint="Name a container of the group in which the things will be.",
            path=("into",),
            target=str(parent.ref),
        )
    kind = parent.ref.class_name
    if may_refer(principal, kind, principal.user_id, parent.facts):
        return
    raise Denied(
        f"You may not put anything into {parent.ref}.",
        reasons=("NOT_OWNER",),
        hint="It belongs to somebody else.",
        path=("into",),
        target=str(parent.ref),
    )


def owner_warnings(connection: Connection, principal: Principal, group_id: int) -> list[Warned]:
    """Other people's data that go along, and owners who will not see their data there."""
    row = REACHED.c
    statement = (
        select(row.owner_id, func.count().label("count"), func.max(Membership.id).label("member"))
        .select_from(
            REACHED.outerjoin(
                Membership,
                and_(Membership.user_id == row.owner_id, Membership.group_id == group_id),
            )
        )
        .where(row.state >= int(State.IN), row.wave < 1000)
        .group_by(row.owner_id)
        .order_by(row.owner_id)
    )
    found = []
    for each in connection.execute(statement):
        user = f"User:{each.owner_id}"
        if each.owner_id != principal.user_id:
            message = f"{each.count} objects belong to {user}."
            found.append(Warned("OTHERS_DATA", message, (user,)))
        if each.member is None:
            message = f"{user} is no member of Group:{group_id}."
            found.append(Warned("OWNER_NOT_IN_GROUP", message, (user,)))
    return found


def move_targets(
    connection: Connection, principal: Principal, targets: Sequence[str]
) -> list[tuple[int, str, bool]]:
    """Groups that the targets may be moved to: (id, name, every owner is a member), by name.

    Only groups of all owners are offered, except to holders of Chgrp, who are offered all.
    """
    objects = find(connection, principal, targets)
    owners = {each.owner_id for each in objects}
    here = {each.group_id for each in objects}
    members = (
        select(Membership.group_id, func.count().label("members"))
        .where(Membership.user_id.in_(owners))
        .group_by(Membership.group_id)
        .subquery()
    )
    rows = connection.execute(
        select(Group.id, Group.name, func.coalesce(members.c.members, 0).label("members"))
        .outerjoin(members, members.c.group_id == Group.id)
        .where(visible_groups(principal), Group.name.not_in(("system", "user", "guest")))
        .order_by(Group.name_key, Group.id)
    ).all()
    everywhere = principal.may(Privilege.CHGRP)
    return [
        (row.id, row.name, row.members == len(owners))
        for row in rows
        if (len(here) > 1 or row.id not in here)
        and (everywhere or (row.members == len(owners) and owners == {principal.user_id}))
    ]
