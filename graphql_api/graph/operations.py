"""Plan any operation: find the targets, choose the policy, reach, hold back, judge links, count.

The rows of the plan stay in the connection's temporary tables until the next plan on it; the
executor works on them, so plan and execute in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql_api.editing.places import find_group
from graphql_api.graph.plan import Plan
from graphql_api.graph.planner import totals
from graphql_api.graph.planner.blockers import find_blockers
from graphql_api.graph.planner.expand import expand, names_reached
from graphql_api.graph.planner.links import forget_followers, judge_links
from graphql_api.graph.planner.settle import settle
from graphql_api.graph.planner.tables import analyze, prepare
from graphql_api.graph.targets import find_groups
from graphql_api.graph.words import GOING
from shared.auth.scopes import must_change
from shared.errors import Unsupported

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.plan import Blocker, Warned
    from graphql_api.graph.policies.rules import Policy
    from graphql_api.graph.request import OperationRequest
    from graphql_api.graph.targets import Roots
    from shared.auth.principal import Principal


@dataclass(slots=True)
class Preparation:
    """What an operation answers when asked to begin: its rules and what it found out."""

    policy: Policy
    roots: Roots
    facts: dict[str, Any] = field(default_factory=dict)
    blockers: list[Any] = field(default_factory=list)
    """SELECTs of blockers beyond the policy's crossings."""
    warn: Callable[[Connection], list[Warned]] | None = None
    refine: Callable[[Connection], None] | None = None
    """A last change of the planner's table, after links are judged."""
    conclude: Callable[[Connection], None] | None = None
    """What is taken out of the plan once it is known what forbids it."""


_NOBODYS = frozenset({"expire"})
"""Operations that the server does by itself."""

Prepare = Callable[["Connection", "Principal", "OperationRequest"], Preparation]


def plan_operation(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    *,
    most: int | None = None,
) -> Plan:
    """What the request would do, by the rights of now; nothing is changed.

    Raises `NotFound`, `Denied` or `Invalid` for what is wrong with the request itself; what only
    the graph forbids is among the plan's blockers. With `most`, raises `LargePlan` when more rows
    than that are reached.
    """
    begin = _operations().get(request.kind)
    if begin is None:
        raise Unsupported(f"{request.kind} cannot be planned.", hint="Name another operation.")
    prepare(connection)
    prepared = begin(connection, principal, request)
    if request.kind not in _NOBODYS:
        named = request.activity or next(iter(request.targets), None)
        doing = request.kind.replace("_", " ")
        must_change(principal, f"{doing} {named}" if named else doing, target=named)
    policy = prepared.policy
    start = (prepared.roots.classes, prepared.roots.rows)
    present, reached = expand(connection, principal, request, policy, start, most)
    held = settle(connection, policy, present)
    if held:
        present = names_reached(connection, GOING)
    if policy.links is not None:
        judge_links(connection, policy, policy.links, present)
        analyze(connection, reached)
    if held:
        forget_followers(connection)
    if prepared.refine is not None:
        prepared.refine(connection)
    found = find_blockers(connection, policy, prepared.blockers, present)
    if prepared.conclude is not None:
        prepared.conclude(connection)
    blockers: tuple[Blocker, ...] = ()
    count = 0
    if found or prepared.refine is not None:  # what refines a plan may have found some
        blockers, count = totals.blockers(connection)
    sums = totals.sums(connection)
    return Plan(
        request=request,
        policy=policy,
        tallies=sums.tallies,
        ranges=sums.ranges,
        blockers=blockers,
        blocker_count=count,
        groups=prepared.roots.groups,
        owners=prepared.roots.owners,
        bytes=sums.bytes,
        warnings=tuple(prepared.warn(connection)) if prepared.warn else (),
        facts=prepared.facts,
    )


def groups_of(connection: Connection, principal: Principal, request: OperationRequest) -> set[int]:
    """The groups that an operation touches: those of its targets and the one named."""
    if request.kind in {"restore", "purge"}:
        from graphql_api.graph.prepare.restoring import trash_groups

        return trash_groups(connection, principal, request)
    if request.kind == "change_owner":
        from graphql_api.graph.prepare.giving import giving_groups

        return giving_groups(connection, principal, request)
    if request.kind == "change_level":
        from graphql_api.graph.prepare.leveling import named_group

        return {named_group(connection, principal, request).id}
    if request.kind == "undo":
        from graphql_api.graph.prepare.undoing import undo_groups

        return undo_groups(connection, principal, request)
    found = find_groups(connection, principal, request)
    if request.group is not None:
        found.add(find_group(connection, principal, request.group, ("group",)).id)
    return found


def _operations() -> Mapping[str, Prepare]:
    from graphql_api.graph.prepare import (
        copying,
        deletion,
        giving,
        leveling,
        moving,
        restoring,
        undoing,
    )

    return {
        "move_to_group": moving.prepare_move,
        "change_owner": giving.prepare_change_of_owner,
        "duplicate": copying.prepare_duplicate,
        "change_level": leveling.prepare_change_of_level,
        "undo": undoing.prepare_undo,
        "delete": deletion.prepare_delete,
        "restore": restoring.prepare_restore,
        "purge": restoring.prepare_purge,
        "expire": restoring.prepare_expiry,
    }
