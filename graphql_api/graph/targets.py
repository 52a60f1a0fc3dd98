"""From the references of a request to the rows at which an operation starts, with their rights.

With `start_from` the operation starts below the targets: `Project/Dataset/Image:51` names the
images of the project's datasets, and rights are asked of those.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, not_, select

from graphql_api.editing.targets import Target, find_targets
from graphql_api.graph.descent import descend
from graphql_api.graph.edges import CODES, NAMES, table_of
from graphql_api.graph.planner.expand import begin
from graphql_api.graph.planner.tables import REACHED
from shared.auth.decide import decide, denied
from shared.auth.rules import Action, base_class
from shared.auth.select import allowed, visible
from shared.database import ids_in
from shared.errors import Denied, Invalid, TesseraError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

    from graphql_api.graph.descent import Below
    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Roots:
    """Where an operation starts. `groups` and `owners` are those of the rows, sorted."""

    targets: tuple[Target, ...]
    classes: tuple[str, ...]
    groups: tuple[int, ...]
    owners: tuple[int, ...]
    rows: int = 0


def node_class(name: str) -> str:
    """The class of the graph under which objects of `name` stand: a tag is an Annotation."""
    return base_class(name) if name not in CODES else name


def find(connection: Connection, principal: Principal, refs: Sequence[str]) -> list[Target]:
    """The visible objects that references name; raises a group of `NotFound`, one for each that
    is not.
    """
    if not refs:
        raise Invalid("No target is named.", hint="Name at least one.", path=("targets",))
    return find_targets(connection, principal, refs, path=("targets",))


def first_error(group: ExceptionGroup[Exception]) -> TesseraError:
    """The first of several faults, where only one can be told."""
    for fault in group.exceptions:
        if isinstance(fault, TesseraError):
            return fault
    raise group


def start(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    action: Action,
    legal: Collection[str],
) -> Roots:
    """Put the request's targets into the planner's table.

    Raises a group of `NotFound` or of `Denied`, one for each target; a class that cannot be a
    target is denied too.
    """
    targets = find(connection, principal, request.targets)
    ids: dict[str, list[int]] = defaultdict(list)
    for target in targets:
        ids[node_class(target.facts.class_name)].append(target.ref.id)
    if request.start_from:
        _start_below(connection, principal, request, action, ids, legal)
    else:
        refused = [
            fault
            for target in targets
            if (fault := _refusal(principal, action, target, legal)) is not None
        ]
        if refused:
            raise ExceptionGroup("refused", refused)
        for name, numbers in ids.items():
            begin(connection, name, lambda row, n=numbers: ids_in(connection, row.c.id, n))
    return roots(connection, targets)


def find_groups(
    connection: Connection, principal: Principal, request: OperationRequest
) -> set[int]:
    """The groups in which the targets lie now."""
    return {each.group_id for each in find(connection, principal, request.targets)}


def roots(connection: Connection, targets: Sequence[Target]) -> Roots:
    """What the planner's table holds by now, as the start of an operation."""
    rows = connection.execute(
        select(
            REACHED.c.cls, REACHED.c.group_id, REACHED.c.owner_id, func.count().label("rows")
        ).group_by(REACHED.c.cls, REACHED.c.group_id, REACHED.c.owner_id)
    ).all()
    return Roots(
        tuple(targets),
        tuple(sorted({NAMES[row.cls] for row in rows})),
        tuple(sorted({row.group_id for row in rows})),
        tuple(sorted({row.owner_id for row in rows})),
        sum(row.rows for row in rows),
    )


def _refusal(
    principal: Principal, action: Action, target: Target, legal: Collection[str]
) -> Denied | None:
    name = node_class(target.facts.class_name)
    if not _is_legal(name, legal):
        return _not_legal(name, str(target.ref))
    verdict = decide(principal, action, target.facts)
    return None if verdict else denied(principal, action, target.facts, verdict, target.ref)


def _is_legal(name: str, legal: Collection[str]) -> bool:
    return name in legal or base_class(name) in legal


def _not_legal(name: str, target: str) -> Denied:
    return Denied(
        f"This operation does not start at a {name}.",
        reasons=("CLASS_NOT_LEGAL",),
        hint="Such objects go only together with what holds them.",
        target=target,
    )


def _start_below(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    action: Action,
    ids: dict[str, list[int]],
    legal: Collection[str],
) -> None:
    for top, numbers in ids.items():
        table = table_of(top)
        named = select(table.c.id).where(ids_in(connection, table.c.id, numbers))
        below = descend(top, named, request.start_from)
        here = below.class_name
        if not _is_legal(here, legal):
            raise _not_legal(here, f"{top}:{numbers[0]}")
        row = table_of(here)
        denied = connection.execute(
            select(func.min(row.c.id)).where(
                _meant(principal, row, below), not_(allowed(principal, action, row))
            )
        ).scalar()
        if denied is not None:
            raise Denied(
                f"You may not {action.words} {here}:{denied}.",
                hint="Start from objects that are yours.",
                target=f"{here}:{denied}",
            )
        begin(connection, here, lambda row, below=below: _meant(principal, row, below))


def _meant(principal: Principal, row: Any, below: Below) -> ColumnElement[bool]:
    """The rows at the end of the way that the principal sees."""
    found = [row.c.id.in_(below.ids), visible(principal, row)]
    if below.classes:
        found.append(row.c.class_name.in_(below.classes))
    return and_(*found)
