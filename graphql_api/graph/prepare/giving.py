"""Before a change of owner: who may give, to whom, and links that the recipient has already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, union_all, update

from graphql_api.editing.places import find_user
from graphql_api.graph.edges import CODES, rows_of, table_of
from graphql_api.graph.operations import Preparation
from graphql_api.graph.plan import Warned
from graphql_api.graph.planner.blockers import blocker_row
from graphql_api.graph.planner.expand import code_of, names_reached, node_columns
from graphql_api.graph.planner.tables import BLOCKERS, REACHED, add, reached_rows
from graphql_api.graph.policies.change_owner import Levels, change_owner_policy
from graphql_api.graph.targets import find, find_groups, roots, start
from graphql_api.graph.words import Reason, State, reason_code
from shared.auth.rules import GIVABLE, RULES, Action
from shared.auth.select import visible_users
from shared.errors import Denied, Invalid
from shared.models.links import LINKS
from shared.models.people import (
    GUEST_GROUP,
    USER_GROUP,
    Group,
    GroupPermissions,
    Membership,
    Privilege,
    User,
)
from shared.one_of import one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.graph.request import OperationRequest
    from graphql_api.graph.targets import Roots
    from shared.auth.principal import Principal, Standing


def prepare_change_of_owner(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this gift; raises what forbids it whatever it would reach."""
    givers = _givers(connection, principal, request)
    found = _start(connection, principal, request, givers)
    recipient = _recipient(connection, principal, request)
    _must_be_member(principal, recipient, found)
    levels = _levels(connection, found.groups)
    policy = change_owner_policy(principal, request, Levels(levels), recipient.user_id)

    def refine(connection: Connection) -> None:
        _settle_twins(connection, recipient.user_id, merging=request.merge_identical_links)

    def conclude(connection: Connection) -> None:
        own = and_(
            REACHED.c.state >= int(State.IN), REACHED.c.owner_id == recipient.user_id
        )  # fmt: skip
        connection.execute(update(REACHED).where(own).values(state=int(State.STAY), reason=0))

    return Preparation(
        policy,
        found,
        {"recipient": recipient.user_id, "levels": levels},
        warn=lambda _: _strangers(recipient, found.groups),
        refine=refine,
        conclude=conclude,
    )


def giving_groups(
    connection: Connection, principal: Principal, request: OperationRequest
) -> set[int]:
    """The groups in which the targets lie, and those in which the named people own anything."""
    groups = find_groups(connection, principal, request) if request.targets else set()
    givers = _givers(connection, principal, request)
    if givers:
        arms = []
        for name in CODES:
            row = table_of(name)
            arms.append(select(row.c.group_id).distinct().where(*_of(principal, row, givers)))
        groups |= set(connection.execute(union_all(*arms)).scalars())
    return groups


def owner_candidates(
    connection: Connection, principal: Principal, targets: Sequence[str]
) -> list[int]:
    """To whom the targets may be given, by last name: everybody for holders of Chown, else the
    members of all groups in which they lie, when the principal leads them.
    """
    objects = find(connection, principal, targets)
    groups = {each.group_id for each in objects}
    anybody = principal.may(Privilege.CHOWN)
    if not anybody and not all(principal.leads(group) for group in groups):
        return []
    special = (
        select(Membership.user_id)
        .join(Group, Group.id == Membership.group_id)
        .where(Membership.user_id == User.id)
    )
    statement = (
        select(User.id)
        .where(
            visible_users(principal),
            special.where(Group.name == USER_GROUP).exists(),
            ~special.where(Group.name == GUEST_GROUP).exists(),
        )
        .order_by(User.last_name_key, User.id)
    )
    if not anybody:
        for group in sorted(groups):
            statement = statement.where(special.where(Group.id == group).exists())
    owners = {each.owner_id for each in objects}
    found = connection.execute(statement).scalars()
    return [each for each in found if owners != {each}]


def _recipient(connection: Connection, principal: Principal, request: OperationRequest) -> Standing:
    if request.owner is None:
        raise Invalid("No owner is named.", hint="Name who gets the data.", path=("owner",))
    recipient = find_user(connection, principal, request.owner, ("owner",))
    if GUEST_GROUP in recipient.special:
        raise Invalid(
            "A guest owns nothing.",
            hint="Name another person.",
            path=("owner",),
            target=f"User:{recipient.user_id}",
        )
    return recipient


def _givers(connection: Connection, principal: Principal, request: OperationRequest) -> list[int]:
    """The people all of whose data are meant; raises `Denied` for one of them who is not led."""
    rule, found = RULES[Action.CHANGE_OWNER], []
    for text in dict.fromkeys(request.all_data_of):
        person = find_user(connection, principal, text, ("allDataOf",))
        led = any(principal.leads(group) for group in person.memberships)
        able = principal.may(Privilege.CHOWN) or led
        if not able or principal.is_guest or not principal.has_scope(rule.scopes):
            raise Denied(
                f"You may not give away the data of User:{person.user_id}.",
                reasons=("PRIVILEGE_MISSING",),
                hint="Administrators with the privilege Chown may, and leaders of a group of his.",
                path=("allDataOf",),
                target=f"User:{person.user_id}",
            )
        found.append(person.user_id)
    return found


def _of(principal: Principal, row: Any, givers: Sequence[int]) -> list[Any]:
    """Conditions of what these people own and the principal may give away."""
    found = [one_of(row.c.owner_id, givers), row.c.trash_id.is_(None)]
    if not principal.may(Privilege.CHOWN):
        led = [group for group, leads in principal.memberships.items() if leads]
        found.append(one_of(row.c.group_id, led))
    return found


def _start(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    givers: Sequence[int],
) -> Roots:
    targets: tuple[Any, ...] = ()
    if request.targets or not givers:
        targets = start(connection, principal, request, Action.CHANGE_OWNER, GIVABLE).targets
    if givers:
        arms = []
        for name in CODES:
            row = rows_of(name)
            number = code_of([(None, State.FORCED, None)]).label("code")
            arms.append(
                select(*node_columns(name, row), number).where(*_of(principal, row, givers))
            )
        add(connection, union_all(*arms).subquery(), 0)
    return roots(connection, targets)


def _must_be_member(principal: Principal, recipient: Standing, found: Roots) -> None:
    if principal.may(Privilege.CHOWN):
        return
    for group in found.groups:
        if group not in recipient.memberships:
            raise Denied(
                f"User:{recipient.user_id} is no member of Group:{group}.",
                reasons=("NOT_MEMBER",),
                hint="Leaders give data to members of their group; administrators to anybody.",
                path=("owner",),
                target=f"User:{recipient.user_id}",
            )


def _strangers(recipient: Standing, groups: Sequence[int]) -> list[Warned]:
    user = f"User:{recipient.user_id}"
    return [
        Warned("OWNER_NOT_IN_GROUP", f"{user} is no member of Group:{group}.", (user,))
        for group in groups
        if group not in recipient.memberships
    ]


def _levels(connection: Connection, groups: Sequence[int]) -> dict[int, GroupPermissions]:
    rows = connection.execute(select(Group.id, Group.permissions).where(Group.id.in_(groups)))
    return {row.id: GroupPermissions(row.permissions) for row in rows}


def _settle_twins(connection: Connection, recipient: int, *, merging: bool) -> None:
    """Find what the recipient would own twice: identical links are refused or merged; settings
    that he has of his own stay his, and the others with their owners.
    """
    present = names_reached(connection, State.IN)
    arms = [_twins(name, ("parent_id", "child_id"), recipient) for name in sorted(present) if
            name in LINKS]  # fmt: skip
    if arms:
        twins = union_all(*arms).subquery()
        if merging:
            reason = reason_code(Reason.IDENTICAL_LINK)
            _mark(connection, twins, State.CUT, reason)
        else:
            connection.execute(
                insert(BLOCKERS).from_select([c.name for c in BLOCKERS.c], select(*twins.c))
            )
    if "RenderingDef" in present:
        twins = _twins("RenderingDef", ("pixels_id",), recipient).subquery()
        _mark(connection, twins, State.STAY, reason_code(Reason.CLASS_EXCLUDED))


def _mark(connection: Connection, twins: Any, state: State, reason: int) -> None:
    found = select(twins.c.id).where(twins.c.cls == REACHED.c.cls, twins.c.id == REACHED.c.id)
    connection.execute(
        update(REACHED).where(found.exists()).values(state=int(state), reason=reason)
    )


def _twins(name: str, key: tuple[str, ...], recipient: int) -> Any:
    """Rows that are given though the recipient has one of the same key, or gets an older one."""
    row, mine, reached = reached_rows(), rows_of(name), reached_rows()
    other = rows_of(name)
    same = [mine.c[column] == other.c[column] for column in key]
    joined = (
        row.join(mine, mine.c.id == row.c.id)
        .join(other, and_(*same, other.c.id != mine.c.id, other.c.trash_id.is_(None)))
        .outerjoin(reached, and_(reached.c.cls == CODES[name], reached.c.id == other.c.id))
    )
    his = and_(
        other.c.owner_id == recipient,
        func.coalesce(reached.c.state, 0).not_in([int(State.CUT), int(State.DESTROY)]),
    )
    older = and_(reached.c.state >= int(State.IN), other.c.id < mine.c.id)
    return (
        select(*blocker_row(Reason.IDENTICAL_LINK, name, row.c.id, (name, func.min(other.c.id))))
        .select_from(joined)
        .where(
            row.c.cls == CODES[name],
            row.c.state >= int(State.IN),
            row.c.owner_id != recipient,
            or_(his, older),
        )
        .group_by(row.c.id)
    )
