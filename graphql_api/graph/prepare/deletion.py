"""Before a delete: the right to delete each target, and the warning about several parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, func, literal, select, union_all

from graphql_api.graph.edges import CODES, EDGES, rows_of
from graphql_api.graph.operations import Preparation
from graphql_api.graph.plan import Warned
from graphql_api.graph.planner.tables import REACHED, reached_rows
from graphql_api.graph.policies.delete import LEGAL, delete_policy, tags_on_others
from graphql_api.graph.targets import start
from graphql_api.graph.words import State
from shared.auth.rules import Action

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal

_PARENTS = ("DatasetImageLink", "ProjectDatasetLink", "ScreenPlateLink")
SHOWN = 100


def prepare_delete(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this deletion; raises what forbids it whatever it would reach."""
    roots = start(connection, principal, request, Action.DELETE, LEGAL)
    blockers = tags_on_others(principal) if "Annotation" in roots.classes else []

    def warn(connection: Connection) -> list[Warned]:
        return [*several_parents(connection), *_others(connection, principal)]

    return Preparation(delete_policy(), roots, blockers=blockers, warn=warn)


def several_parents(connection: Connection) -> list[Warned]:
    """Targets that stand in several containers, each with all its parents."""
    arms = []
    for name in _PARENTS:
        edge, target, other = EDGES[name], reached_rows(), rows_of(name)
        counted = (
            select(other.c.child_id)
            .where(other.c.trash_id.is_(None))
            .join(target, (target.c.id == other.c.child_id) & (target.c.cls == CODES[edge.target]))
            .where(target.c.wave == 0)
            .group_by(other.c.child_id)
            .having(func.count(other.c.parent_id.distinct()) > 1)
            .order_by(other.c.child_id)
            .limit(SHOWN)
            .subquery()
        )
        link = rows_of(name)
        arms.append(
            select(
                _word(edge.target).label("child_class"), link.c.child_id.label("child"),
                _word(edge.source).label("parent_class"), link.c.parent_id.label("parent"),
            )
            .join(counted, counted.c.child_id == link.c.child_id)
            .where(link.c.trash_id.is_(None))
        )  # fmt: skip
    parents: dict[str, list[str]] = {}
    for row in connection.execute(union_all(*arms)):
        held = parents.setdefault(f"{row.child_class}:{row.child}", [])
        held.append(f"{row.parent_class}:{row.parent}")
    return [
        Warned(
            "SEVERAL_PARENTS",
            f"{child} is in {', '.join(sorted(set(held)))}; unlink it to keep it.",
            (child, *sorted(set(held))),
        )
        for child, held in sorted(parents.items())
    ]


def _word(text: str) -> Any:
    return literal(text, String(64))


def _others(connection: Connection, principal: Principal) -> list[Warned]:
    row = REACHED.c
    rows = connection.execute(
        select(row.owner_id, func.count())
        .where(row.state >= int(State.IN), row.wave < 1000, row.owner_id != principal.user_id)
        .group_by(row.owner_id)
        .order_by(row.owner_id)
    ).all()
    return [
        Warned("OTHERS_DATA", f"{count} objects belong to User:{owner}.", (f"User:{owner}",))
        for owner, count in rows
    ]
