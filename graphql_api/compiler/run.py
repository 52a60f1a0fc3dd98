"""One pass of the planner over the database: who asks, on which connection, with what to sign."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.auth.decide import Decider
from shared.database import POSTGRESQL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

    from shared.auth.principal import Principal


@dataclass
class Run:
    """What batched functions and statements are given."""

    context: Any
    """The request's context: settings, grants, clock."""
    connection: Connection
    principal: Principal

    @cached_property
    def decider(self) -> Decider:
        """Verdicts, remembered for this pass."""
        return Decider(self.principal)

    @cached_property
    def is_postgresql(self) -> bool:
        """Whether LATERAL and arrays are to be had."""
        return self.connection.dialect.name == POSTGRESQL

    def all(self, statement: Select[Any]) -> Sequence[Any]:
        """The rows of a statement."""
        return self.connection.execute(statement).fetchall()
