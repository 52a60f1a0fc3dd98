"""Before a duplicate: where the copies will lie, what they refer to, and whether one may."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select, union_all, update

from graphql_api.editing.places import find_group, load_group
from graphql_api.graph.edges import CARRIERS, CODES, rows_of
from graphql_api.graph.operations import Preparation
from graphql_api.graph.planner.expand import names_reached
from graphql_api.graph.planner.links import LINK_WAVE
from graphql_api.graph.planner.tables import REACHED, add, reached_rows
from graphql_api.graph.policies.duplicate import (
    WHOLE_OR_REFERRED,
    Mode,
    Modes,
    duplicate_policy,
    holders,
    unlawful,
)
from graphql_api.graph.prepare.moving import find_container, may_put_into
from graphql_api.graph.prepare.naming import require_names_fit
from graphql_api.graph.targets import start
from graphql_api.graph.words import State
from shared.auth.creation import may_create
from shared.auth.rules import DUPLICABLE, Action
from shared.errors import Denied, Invalid
from shared.models.links import LINKS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.plan import Warned
    from graphql_api.graph.request import OperationRequest
    from graphql_api.graph.targets import Roots
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal


def prepare_duplicate(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this duplicate; raises what forbids it whatever it would reach."""
    modes = Modes(request)
    roots = start(connection, principal, request, Action.DUPLICATE, DUPLICABLE)
    require_names_fit(connection, request, roots.classes)
    if len(roots.groups) > 1:
        named = " and ".join(f"Group:{each}" for each in roots.groups[:2])
        raise Invalid(
            f"The targets lie in {named}.",
            hint="Copy the objects of one group at a time.",
            path=("targets",),
        )
    group = _destination(connection, principal, request, roots)
    leaves = bool(roots.groups) and group.id not in roots.groups
    if leaves and modes.refers:
        raise Invalid(
            "Copies in another group cannot refer to originals here.",
            hint="Leave out reference: duplicate or ignore those classes instead.",
            path=("reference",),
        )
    facts: dict[str, Any] = {"group": group.id, "owner": principal.user_id}
    facts["login"] = principal.login
    facts["is_admin"] = principal.is_admin
    facts["leads"] = sorted(number for number, leads in principal.memberships.items() if leads)
    facts["ignored_parts"] = [part for part in CARRIERS if modes.of(part) is not Mode.DUPLICATE]
    warnings: list[Warned] = []
    plain = replace(request, new_container=None)
    facts |= find_container(
        connection, principal, plain, group, roots.classes, warnings, may_put_into
    )

    def refine(connection: Connection) -> None:
        _refer(connection, principal, modes, leaves=leaves)
        _join_twins(connection)

    return Preparation(
        duplicate_policy(principal, modes, leaves=leaves),
        roots,
        facts,
        blockers=unlawful(principal),
        warn=lambda _: warnings,
        refine=refine,
    )


def _destination(
    connection: Connection, principal: Principal, request: OperationRequest, roots: Roots
) -> GroupFacts:
    if request.group is None:
        if not roots.groups:
            raise Invalid(
                "There is nothing to copy below the targets.",
                hint="Look at startFrom and at what the targets hold.",
                path=("startFrom",),
            )
        return load_group(connection, roots.groups[0])
    group = find_group(connection, principal, request.group, ("group",))
    if group.is_special:
        raise Invalid(
            f"No data lie in the group {group.name}.",
            hint="Name another group.",
            path=("group",),
            target=f"Group:{group.id}",
        )
    verdict = may_create(principal, "Image", group)
    if not verdict:
        raise Denied(
            f"You may not create anything in Group:{group.id}.",
            reasons=tuple(verdict.reasons),
            hint="Its members may.",
            path=("group",),
            target=f"Group:{group.id}",
        )
    return group


def _refer(connection: Connection, principal: Principal, modes: Modes, *, leaves: bool) -> None:
    """What is not copied because others use it too is referred to; so is the image of a ROI."""
    codes = [CODES[name] for name in WHOLE_OR_REFERRED]
    connection.execute(
        update(REACHED)
        .where(REACHED.c.cls.in_(codes), REACHED.c.state == int(State.STAY), REACHED.c.wave < 0)
        .values(state=int(State.REFER), reason=0)
    )
    if not leaves and "Roi" in names_reached(connection, State.IN):
        add(connection, holders(principal, modes).subquery(), LINK_WAVE)


def _join_twins(connection: Connection) -> None:
    """Of links that several people own between the same two, one is copied: the copies would all
    belong to one person.
    """
    arms = [_twins(name) for name in sorted(names_reached(connection, State.IN) & set(LINKS))]
    if not arms:
        return
    twins = union_all(*arms).subquery()
    found = select(twins.c.id).where(twins.c.cls == REACHED.c.cls, twins.c.id == REACHED.c.id)
    connection.execute(
        update(REACHED).where(found.exists()).values(state=int(State.STAY), reason=0)
    )


def _twins(name: str) -> Any:
    row, link = reached_rows(), rows_of(name)
    place = func.row_number().over(
        partition_by=[link.c.parent_id, link.c.child_id], order_by=link.c.id
    )
    numbered = (
        select(row.c.cls, row.c.id, place.label("place"))
        .select_from(row.join(link, link.c.id == row.c.id))
        .where(and_(row.c.cls == CODES[name], row.c.state >= int(State.IN)))
        .subquery()
    )
    return select(numbered.c.cls, numbered.c.id).where(numbered.c.place > 1)
