"""What a policy is made of: how edges are followed, what holds back, what forbids.

A rule's conditions are SQL over sets; `Step` gives them the two rows that an edge joins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from graphql_api.graph.request import class_named, lineage
from graphql_api.graph.words import Reason, State
from shared.auth.rules import Action
from shared.auth.select import allowed
from shared.models.annotations import (
    ANNOTATION_CLASSES,
    NS_COMPANION_FILE,
    NS_MEASUREMENT,
)

if TYPE_CHECKING:
    from graphql_api.graph.edges import Edge
    from graphql_api.graph.request import ChildOption, OperationRequest
    from shared.auth.principal import Principal

Condition: TypeAlias = ColumnElement[bool]
Outcome: TypeAlias = tuple[Condition | None, State, Reason | ColumnElement[int] | None]
"""When the condition (None: always) holds, this becomes of the object reached; a reason may be
the number that another row carries.
"""
BUILT_IN_NAMESPACES = (NS_COMPANION_FILE, NS_MEASUREMENT)


@dataclass(frozen=True, slots=True)
class Step:
    """An edge being followed: from a reached `source` to a `row` of the class `class_name`."""

    principal: Principal
    request: OperationRequest
    class_name: str
    source: Any
    """Columns of the reached row: owner_id, group_id, state."""
    row: Any
    """Alias of the table reached."""

    def deletable(self) -> Condition:
        """The actor may delete the row. Trashed rows are never asked about."""
        return allowed(self.principal, Action.DELETE, self.row, self.class_name)

    def same_owner(self) -> Condition:
        """Source and row belong to one person."""
        found: Condition = self.row.c.owner_id == self.source.owner_id
        return found

    def own(self) -> Condition:
        """The row is the actor's."""
        found: Condition = self.row.c.owner_id == self.principal.user_id
        return found

    def is_a(self, *names: str) -> Condition:
        """The annotation is of one of these classes."""
        found: Condition = self.row.c.class_name.in_(names)
        return found

    def options(self, able: Condition) -> list[Outcome]:
        """What the request's options say, the first fitting option alone, before other rules."""
        found: list[Outcome] = []
        before: list[Condition] = []
        for option in self.request.options:
            named, included, spaces = self._option(option)
            first = and_(named, not_(or_(false(), *before)))
            chosen = and_(first, spaces)
            found.append((and_(chosen, included, able), State.FORCED, None))
            found.append((and_(chosen, not_(included)), State.STAY, Reason.CLASS_EXCLUDED))
            before.append(named)
        return found

    def _option(self, option: ChildOption) -> tuple[Condition, Condition, Condition]:
        """Whether the option names the row's class; includes it; applies to its namespace."""
        include = {class_named(name) for name in option.include}
        exclude = {class_named(name) for name in option.exclude}
        if self.class_name != "Annotation":
            names = set(lineage(self.class_name))
            return _truth(names & (include | exclude)), _truth(names & include), true()
        classes = {name: set(lineage(name)) for name in ANNOTATION_CLASSES}
        named = self.is_a(*(n for n, up in classes.items() if up & (include | exclude)))
        is_in = self.is_a(*(n for n, up in classes.items() if up & include))
        space = self.row.c.namespace
        if option.include_namespaces:
            return named, is_in, space.in_(option.include_namespaces)
        if option.exclude_namespaces:
            out = space.in_(option.exclude_namespaces)
            return named, is_in, or_(space.is_(None), not_(out))
        return named, is_in, or_(space.is_(None), space.not_in(BUILT_IN_NAMESPACES))


Verdicts: TypeAlias = Callable[[Step], Sequence[Outcome]]


def _truth(found: set[str]) -> Condition:
    return true() if found else false()


@dataclass(frozen=True, slots=True)
class Follow:
    """An edge that leads on. `upward` leads from target to source; `least` is the state that the
    reached row must have.
    """

    edge: Edge
    verdicts: Verdicts
    upward: bool = False
    least: State = State.IN


@dataclass(frozen=True, slots=True)
class Hold:
    """The edge's target stays when a live source stays, unless it is reached by one of `unless`.

    `initially` says whether sources that were never reached hold too; a part is only ever held
    back by its own source, and needs no search for others.
    """

    edge: Edge
    reason: Reason
    initially: bool = True
    unless: tuple[Edge, ...] = ()
    when: Callable[[Any], Condition] | None = None
    """A condition on the table of the target."""
    holder: Callable[[Any], Condition] | None = None
    """A condition on the columns of the source, for it to hold at all."""


@dataclass(frozen=True, slots=True)
class Need:
    """The edge's source stays when the target that it names stays."""

    edge: Edge
    reason: Reason


@dataclass(frozen=True, slots=True)
class Cross:
    """The operation is refused where this edge would join what goes to what stays.

    `forward`: the source goes and its target stays; else the target goes and a live source stays.
    """

    edge: Edge
    reason: Reason
    forward: bool = True
    when: Callable[[Any], Condition] | None = None
    """A condition on the columns of what stays."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An operation's rules. Lists are in order of precedence where that matters."""

    follows: tuple[Follow, ...]
    holds: tuple[Hold, ...]
    needs: tuple[Need, ...] = ()
    crosses: tuple[Cross, ...] = ()
    links: Callable[[Any], Sequence[Outcome]] | None = None
    """What becomes of a link, given its `planner.links.Ends`."""
    detached: tuple[Edge, ...] = ()
    """Columns that are emptied where one end goes and the other stays."""
    trash: tuple[int, ...] | None = None
    """None: live rows are meant; else the rows that these Activities put into the trash."""
    whatever_state: bool = False
    """Live and trashed rows alike are meant."""
