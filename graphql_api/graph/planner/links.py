"""Decide what becomes of every link that has an end which goes: one statement for all kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Integer, String, and_, cast, literal, null, select, union_all, update

from graphql_api.graph.edges import CODES, EDGES, NAMES, Kind, edges_of
from graphql_api.graph.planner.expand import code_of, live
from graphql_api.graph.planner.tables import REACHED, add
from graphql_api.graph.words import GOING, State

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.edges import Edge
    from graphql_api.graph.policies.rules import Outcome, Policy

LINK_WAVE = 1000
"""The wave under which links stand, beyond any depth of the graph."""
LinkVerdicts: TypeAlias = Callable[["Ends"], Sequence["Outcome"]]


class Ends:
    """A link with what was reached at its ends; columns are null where nothing was."""

    def __init__(self, edge: Edge, link: Any, parent: Any, child: Any) -> None:
        self.edge, self.link, self.parent, self.child = edge, link.c, parent.c, child.c

    def both(self, least: int) -> Any:
        """Both ends are at least in this state."""
        return and_(self.parent.state >= least, self.child.state >= least)


def judge_links(
    connection: Connection, policy: Policy, verdicts: LinkVerdicts, present: set[str]
) -> None:
    """Add the links of everything that goes to the planner's table, with their verdicts.

    `present` names the classes of which something goes.
    """
    edges = [edge for edge in edges_of(*Kind) if edge.link is not None]
    arms = []
    for edge in edges:
        if edge.source in present:
            arms.append(_arm(policy, edge, verdicts, from_parent=True))
        if edge.target in present:
            arms.append(_arm(policy, edge, verdicts, from_parent=False))
    if arms:
        add(connection, union_all(*arms).subquery(), LINK_WAVE)


def _arm(policy: Policy, edge: Edge, verdicts: LinkVerdicts, *, from_parent: bool) -> Any:
    parent, child = REACHED.alias(), REACHED.alias()
    path = edge.path()
    at_parent = and_(parent.c.cls == CODES.get(edge.source, 0), parent.c.id == path.source)
    at_child = and_(child.c.cls == CODES[edge.target], child.c.id == path.target)
    if from_parent:
        joined = parent.join(path.tables, at_parent).outerjoin(child, at_child)
        near, near_class = parent, edge.source
    else:
        joined = child.join(path.tables, at_child).outerjoin(parent, at_parent)
        near, near_class = child, edge.target
    assert edge.link is not None
    name, link = edge.link.name, path.link
    return (
        select(
            literal(CODES[name], Integer).label("cls"),
            link.c.id.label("id"),
            link.c.owner_id.label("owner_id"),
            link.c.group_id.label("group_id"),
            cast(null(), String(64)).label("sub"),
            code_of(verdicts(Ends(edge, link, parent, child))).label("code"),
        )
        .select_from(joined)
        .where(near.c.cls == CODES[near_class], near.c.state >= int(GOING), live(policy, link))
    )


def forget_followers(connection: Connection) -> None:
    """Take the reason from what only stays because what it belongs to stays: nobody is told of
    the pixels of an image that is left behind. What lost a link keeps its reason.
    """
    cut = select(REACHED.c.cls).distinct().where(REACHED.c.state == int(State.CUT))
    arms = []
    for code in sorted(connection.execute(cut).scalars()):
        edge = EDGES[NAMES[code]]
        path, row = edge.path(), REACHED.alias()
        joined = row.join(path.tables, path.link.c.id == row.c.id)
        for name, column in ((edge.source, path.source), (edge.target, path.target)):
            if name in CODES:
                arms.append(
                    select(literal(CODES[name], Integer).label("cls"), column.label("id"))
                    .select_from(joined)
                    .where(row.c.cls == code, row.c.state == int(State.CUT))
                )
    following = REACHED.c.state == int(State.STAY), REACHED.c.wave < 0
    statement = update(REACHED).where(*following).values(reason=0)
    if arms:
        ends = union_all(*arms).subquery()
        told = select(literal(1)).where(
            ends.c.cls == REACHED.c.cls, ends.c.id == REACHED.c.id
        )  # fmt: skip
        statement = statement.where(~told.exists())
    connection.execute(statement)
