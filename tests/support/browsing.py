"""A small world to browse, and a way to ask the schema as one of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import graphql_sync

from graphql_api.compiler.completion import PlannedExecutor
from graphql_api.context import RequestContext
from graphql_api.schema import build_schema
from graphql_api.settings import ApiSettings
from shared.auth.keys import SecretKeys
from shared.auth.principal import load_principal
from shared.database import StatementCount, counted_statements
from shared.models import MODELS
from shared.models.light import reused_aliases
from shared.models.people import GroupPermissions, Session
from shared.storage import LocalStorage
from tests.support.people import make_group, make_link, make_part, make_row, make_user

if TYPE_CHECKING:
    from graphql.execution import Executor

    from shared.database import Database
    from shared.settings import Settings

KEY = "one:" + "k" * 40


@cache
def schema() -> strawberry.Schema:
    """The schema, built once per process."""
    return build_schema()


@dataclass
class Answer:
    """What came back, and the statements that it took."""

    data: Any
    errors: list[Any]
    statements: StatementCount


@dataclass
class World:
    """People, groups and rows, made straight in the tables; all ids are numbers."""

    database: Database
    settings: Settings
    people: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)

    @cached_property
    def api_settings(self) -> ApiSettings:
        return ApiSettings(**(self.settings.model_dump() | {"secret_key": KEY}))

    @cached_property
    def keys(self) -> SecretKeys:
        return SecretKeys.load(self.api_settings)

    def person(self, login: str, **options: Any) -> int:
        with self.database.write() as connection:
            number = make_user(connection, login, **options)
            self.sessions[login] = make_part(
                connection, Session, token_hash=f"hash-{login}", user_id=number,
                created_at=0, expires_at=2**52, idle_s=10**9,
            )  # fmt: skip
        self.people[login] = number
        return number

    def group(
        self, name: str, level: GroupPermissions, members: tuple[str, ...], *leaders: str
    ) -> int:
        with self.database.write() as connection:
            self.groups[name] = make_group(
                connection,
                name,
                level,
                members=[self.people[login] for login in members],
                owners=[self.people[login] for login in leaders],
            )
        return self.groups[name]

    def row(self, model: str, owner: str, group: str, /, **values: Any) -> int:
        with self.database.write() as connection:
            return make_row(
                connection,
                MODELS[model],
                owner=self.people[owner],
                group=self.groups[group],
                **values,
            )

    def link(self, kind: str, parent: int, child: int, owner: str, group: str) -> int:
        with self.database.write() as connection:
            return make_link(
                connection, kind, parent, child, owner=self.people[owner], group=self.groups[group]
            )

    def context(self, login: str | None) -> RequestContext:
        """What a request of this person is given; release it afterwards."""
        principal = None
        if login is not None:
            with self.database.read() as connection:
                principal = load_principal(
                    connection, self.people[login], session_id=self.sessions[login]
                )
        return RequestContext(
            database=self.database,
            storage=LocalStorage(self.settings.data_dir),
            settings=self.api_settings,
            keys=self.keys,
            principal=principal,
        )

    def ask(
        self,
        login: str | None,
        document: str,
        *,
        executor: type[Executor[Any]] = PlannedExecutor,
        **variables: Any,
    ) -> Answer:
        """Run a document as this person; None is nobody."""
        context = self.context(login)
        try:
            with counted_statements() as count, reused_aliases():
                result = graphql_sync(
                    schema()._schema,
                    document,
                    context_value=context,
                    variable_values=variables,
                    executor_class=executor,
                )
        finally:
            context.release()
        return Answer(result.data, list(result.errors or []), count)

    def data(self, login: str | None, document: str, **variables: Any) -> Any:
        """The same, for documents that must succeed."""
        answer = self.ask(login, document, **variables)
        assert not answer.errors, answer.errors
        return answer.data
