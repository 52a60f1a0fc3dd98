"""Decide what becomes of every link that has an end which goes: one statement for all kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)

from graphql_api.graph.edges import CODES, EDGES, NAMES, Kind, edges_of, rows_of
from graphql_api.graph.planner.expand import code_of, live
from graphql_api.graph.planner.tables import REACHED, add, reached_rows
from graphql_api.graph.words import GOING, State
from shared.models.links import LINKS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.edges import Edge, Path
    from graphql_api.graph.policies.rules import Outcome, Policy

LINK_WAVE = 1000
"""The wave under which links stand, beyond any depth of the graph."""
LinkVerdicts: TypeAlias = Callable[["Ends"], Sequence["Outcome"]]


class Ends:
    """A link with what was reached at its ends; columns are null where nothing was."""

    def __init__(self, edge: Edge, path: Path, parent: Any, child: Any) -> None:
        self.edge, self.link, self.parent, self.child = edge, path.link.c, parent.c, child.c
        self._path = path

    def both(self, least: int) -> Any:
        """Both ends are at least in this state."""
        return and_(self.parent.state >= least, self.child.state >= least)

    def parent_owner(self) -> Any:
        """Who owns the parent, reached or not; null for people and groups, which nobody owns."""
        return self._owner(self.parent, self.edge.source, self._path.source)

    def child_owner(self) -> Any:
        """Who owns the child, reached or not."""
        return self._owner(self.child, self.edge.target, self._path.target)

    def _owner(self, reached: Any, class_name: str, id_: Any) -> Any:
        if class_name not in CODES:
            return cast(null(), BigInteger)
        row = rows_of(class_name)
        own = select(row.c.owner_id).where(row.c.id == id_).scalar_subquery()
        return func.coalesce(reached.owner_id, own)


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
    parent, child = reached_rows(), reached_rows()
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
            code_of(verdicts(Ends(edge, path, parent, child))).label("code"),
        )
        .select_from(joined)
        .where(near.c.cls == CODES[near_class], near.c.state >= int(GOING), live(policy, link))
    )


def forget_followers(connection: Connection) -> None:
    """Take the reason from what only stays because what it belongs to stays: nobody is told of
    the pixels of an image that is left behind. What has a link to what goes keeps its reason.
    """
    cut = REACHED.c.state.in_([int(State.CUT), int(State.STAY)])
    found = connection.execute(select(REACHED.c.cls).distinct().where(cut)).scalars()
    arms = []
    for code in sorted(code for code in found if NAMES[code] in LINKS):
        edge = EDGES[NAMES[code]]
        path, row = edge.path(), reached_rows()
        joined = row.join(path.tables, path.link.c.id == row.c.id)
        for name, column in ((edge.source, path.source), (edge.target, path.target)):
            if name in CODES:
                arms.append(
                    select(literal(CODES[name], Integer).label("cls"), column.label("id"))
                    .select_from(joined)
                    .where(row.c.cls == code, row.c.state <= int(State.CUT))
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
