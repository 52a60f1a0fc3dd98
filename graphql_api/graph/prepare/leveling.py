"""Before a change of a group's level: who may, what it destroys, and which links are only kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, union_all

from graphql_api.editing.places import find_group
from graphql_api.graph.edges import CODES, NAMES, Kind, edges_of, rows_of
from graphql_api.graph.operations import Preparation
from graphql_api.graph.planner.expand import code_of, node_columns
from graphql_api.graph.planner.links import LINK_WAVE
from graphql_api.graph.planner.tables import REACHED, add, analyze, reached_rows
from graphql_api.graph.policies.annotations import SIMPLE, STRUCTURED
from graphql_api.graph.policies.change_level import (
    change_level_policy,
    crossing_links,
    destroyed,
    kinds_forbidden,
    refusals,
)
from graphql_api.graph.targets import roots
from graphql_api.graph.words import Reason, State
from shared.auth.rules import Action
from shared.auth.rules_admin import check_group_change, level_action, require_administer
from shared.auth.select import allowed
from shared.errors import Invalid
from shared.models.people import GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.policies.rules import Outcome
    from graphql_api.graph.request import OperationRequest
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal

_ANNOTATING = {edge.name for edge in edges_of(Kind.ANNOTATES)}


def prepare_change_of_level(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this change; raises what forbids it whatever lies in the group."""
    group = named_group(connection, principal, request)
    level = _level(request)
    check_group_change(group)
    ref = ObjectRef("Group", group.id)
    require_administer(principal, level_action(group, level), ref, group=group)
    closing = level is GroupPermissions.PRIVATE and not group.is_private
    if closing:
        analyze(connection, add(connection, union_all(*destroyed(group.id)).subquery(), 0))
    found = roots(connection, ())

    def refine(connection: Connection) -> None:
        if closing:
            _cut(connection, principal, group.id)
        else:
            _keep(connection, group, level)

    return Preparation(
        change_level_policy(),
        replace(found, groups=(group.id,), owners=()),
        {"group": group.id, "level": level.value, "closing": closing},
        blockers=refusals(group.id) if closing else [],
        refine=refine,
    )


def named_group(
    connection: Connection, principal: Principal, request: OperationRequest
) -> GroupFacts:
    """The one group that is the target; raises `NotFound` or `Invalid`."""
    if len(request.targets) != 1:
        raise Invalid(
            "A change of level is about one group.", hint="Name one group.", path=("targets",)
        )
    return find_group(connection, principal, request.targets[0], ("group",))


def _level(request: OperationRequest) -> GroupPermissions:
    """The level by its name, such as READ_ONLY, or as OMERO writes it, such as rwr---."""
    word = request.permissions or ""
    for level in GroupPermissions:
        if word in {level.name, level.value}:
            return level
    raise Invalid(
        f"There is no level {word[:40]!r}.",
        hint=f"One of {', '.join(level.name for level in GroupPermissions)}.",
        path=("permissions",),
    )


def _keep(connection: Connection, group: GroupFacts, level: GroupPermissions) -> None:
    """Links between two people's data stay, though nobody could make them any more."""
    kinds = kinds_forbidden(group.permissions, level)
    if kinds:
        arms = crossing_links(group.id, *kinds, state=State.STAY, reason=Reason.OTHER_OWNER)
        add(connection, union_all(*arms).subquery(), LINK_WAVE)


def _cut(connection: Connection, principal: Principal, group: int) -> None:
    """Cut every link between two people's data, then what remarks are left without a link, and
    what hangs on those, until nothing more falls.
    """
    arms = crossing_links(
        group, Kind.CONTAINS, Kind.ANNOTATES, Kind.JOINS, state=State.CUT,
        reason=Reason.PRIVATE_TARGET,
    )  # fmt: skip
    rows = add(connection, union_all(*arms).subquery(), LINK_WAVE)
    wave = LINK_WAVE
    while True:
        analyze(connection, rows)
        loose = [_loose(principal, name, wave) for name in _annotation_links_cut(connection, wave)]
        more = add(connection, union_all(*loose).subquery(), wave + 1) if loose else 0
        if not more:
            return
        rows += more
        wave += 1
        add(connection, _hanging("AnnotationAnnotationLink", wave).subquery(), wave)


def _annotation_links_cut(connection: Connection, wave: int) -> list[str]:
    found = connection.execute(
        select(REACHED.c.cls)
        .distinct()
        .where(REACHED.c.wave == wave, REACHED.c.state == int(State.CUT))
    ).scalars()
    return sorted(NAMES[code] for code in found if NAMES[code] in _ANNOTATING)


def _loose(principal: Principal, name: str, wave: int) -> Any:
    """Remarks at a link cut in this wave, of which no live link is left uncut."""
    row, link, note = reached_rows(), rows_of(name), rows_of("Annotation")
    able = allowed(principal, Action.DELETE, note, "Annotation")
    fallen = or_(note.c.class_name.in_(SIMPLE), and_(note.c.class_name.in_(STRUCTURED), able))
    joined = row.join(link, link.c.id == row.c.id).join(note, note.c.id == link.c.child_id)
    outcome: Outcome = (None, State.DESTROY, Reason.WILL_BE_DELETED)
    return (
        select(*node_columns("Annotation", note), code_of([outcome]).label("code"))
        .select_from(joined)
        .where(
            row.c.cls == CODES[name], row.c.state == int(State.CUT), row.c.wave == wave,
            note.c.trash_id.is_(None), fallen, *(~held.exists() for held in _held(note)),
        )
    )  # fmt: skip


def _held(note: Any) -> list[Any]:
    """A live link of any kind that is not cut."""
    found = []
    for edge in edges_of(Kind.ANNOTATES):
        link, row = rows_of(edge.name), reached_rows()
        cut = select(row.c.id).where(
            row.c.cls == CODES[edge.name], row.c.id == link.c.id, row.c.state == int(State.CUT)
        )
        found.append(
            select(link.c.id).where(
                link.c.child_id == note.c.id, link.c.trash_id.is_(None), ~cut.exists()
            )
        )
    return found


def _hanging(name: str, wave: int) -> Any:
    """Links that start at an annotation which falls in this wave."""
    row, link = reached_rows(), rows_of(name)
    outcome: Outcome = (None, State.CUT, Reason.WILL_BE_DELETED)
    return (
        select(*node_columns(name, link), code_of([outcome]).label("code"))
        .select_from(row.join(link, link.c.parent_id == row.c.id))
        .where(
            row.c.cls == CODES["Annotation"], row.c.wave == wave, row.c.state == int(State.DESTROY),
            link.c.trash_id.is_(None),
        )
    )  # fmt: skip
