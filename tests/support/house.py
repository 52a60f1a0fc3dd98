"""A running installation with people in it, and how a test goes in as one of them.

The fixture `installation` of `tests/journeys` starts one for each database and test process; tests
share it, so they make what they need and count on nothing that others made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from shared.auth.passwords import hash_password
from shared.database import open_database
from shared.models.people import GroupPermissions
from shared.settings import Settings
from tests.support.people import add_member, make_group, make_user
from tests.support.processes import Installation, run_cli

if TYPE_CHECKING:
    from pathlib import Path

    from shared.database import Database

PASSWORD = "correct horse battery"
ADA = {"username": "ada", "password": PASSWORD}
LOGIN = """
mutation Login($input: LoginInput!) {
  login(input: $input) { token user { id login } errors { code message } }
}
"""
ERRORS = "errors { __typename code message target }"


@dataclass
class Person:
    """Somebody who is logged in: GraphQL and tiles by bearer."""

    installation: Installation
    login: str
    token: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            headers={"Authorization": f"Bearer {self.token}"}, timeout=60.0, trust_env=False
        )

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole body of the answer to a document."""
        answer = self.http.post(
            f"{self.installation.api}/graphql",
            json={"query": document, "variables": variables},
        )
        body: dict[str, Any] = answer.json()
        return body

    def data(self, document: str, **variables: Any) -> Any:
        """What stands under the document's only root field; there must be no error."""
        body = self.ask(document, **variables)
        assert "errors" not in body, (body["errors"], self.installation.words)
        (only,) = body["data"].values()
        return only

    def change(self, mutation: str, document: str, **given: Any) -> Any:
        """Run a mutation with one input; answers its payload, which must be without errors."""
        kind = mutation[0].upper() + mutation[1:]
        payload = self.data(
            f"mutation M($input: {kind}Input!) {{ {mutation}(input: $input) "
            f"{{ {document} {ERRORS} }} }}",
            input=given,
        )
        assert payload["errors"] == [], payload["errors"]
        return payload

    def tile(self, path: str, **headers: str) -> httpx.Response:
        """Ask the tile service."""
        return self.http.get(f"{self.installation.tiles}{path}", headers=headers)


@dataclass
class House:
    """The installation and its people; ids are numbers."""

    installation: Installation
    people: dict[str, int]
    groups: dict[str, int]
    _inside: dict[str, Person] = field(default_factory=dict)

    def person(self, login: str) -> Person:
        """Somebody by login; the same login shares one session."""
        if login not in self._inside:
            self._inside[login] = self.enter(login)
        return self._inside[login]

    def enter(self, login: str) -> Person:
        """Somebody in a session of its own."""
        answer = httpx.post(
            f"{self.installation.api}/graphql",
            json={"query": LOGIN, "variables": {"input": ADA | {"username": login}}},
            timeout=30.0, trust_env=False,
        )  # fmt: skip
        payload = answer.json()["data"]["login"]
        assert payload["errors"] == [], payload
        assert payload["user"]["login"] == login
        return Person(self.installation, login, payload["token"])

    def person_of_group(self, group: str, login: str) -> Person:
        """Make a new member of a group (and of Elsewhere), and answer him logged in."""
        with _database(self.installation) as database, database.write() as connection:
            number = make_user(connection, login, password_hash=_HASH)
            for name in (group, "Elsewhere"):
                add_member(connection, number, self.groups[name])
        self.people[login] = number
        return self.enter(login)

    def import_by_cli(self, who: Person, path: Path, *options: str) -> list[int]:
        """`tessera import` in a process of its own; answers the images' ids."""
        env = self.installation.env | {
            "TESSERA_TOKEN": who.token, "TESSERA_SERVER": self.installation.api
        }  # fmt: skip
        done = run_cli("import", str(path), *options, env=env, within_s=120.0)
        assert done.returncode == 0, (done.stderr, self.installation.words)
        lines = [line for line in done.stdout.splitlines() if line.startswith("Image:")]
        return [int(number) for number in lines[0].removeprefix("Image:").split(",")]

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """The installation's database, for what no mutation does."""
        with _database(self.installation) as database:
            yield database

    def close(self) -> None:
        """Close the people's connections."""
        for person in self._inside.values():
            person.http.close()


@contextmanager
def _database(installation: Installation) -> Iterator[Any]:
    settings = Settings(data_dir=installation.data_dir, database_url=installation.database_url)
    database = open_database(settings)
    try:
        yield database
    finally:
        database.dispose()


_HASH = hash_password(PASSWORD)


def furnish(installation: Installation) -> House:
    """Put people and groups into a migrated installation.

    Grace leads Lab (read-only), where Ada owns and Rosalind sees; the stranger is elsewhere.
    """
    with _database(installation) as database, database.write() as connection:
        people = {
            login: make_user(connection, login, password_hash=_HASH)
            for login in ("ada", "rosalind", "grace", "stranger")
        }
        people["chief"] = make_user(connection, "chief", password_hash=_HASH, is_admin=True)
        groups = {
            "Lab": make_group(
                connection, "Lab", GroupPermissions.READ_ONLY,
                members=[people["ada"], people["rosalind"]], owners=[people["grace"]],
            ),
            "Notes": make_group(
                connection, "Notes", GroupPermissions.READ_ANNOTATE,
                members=[people["ada"], people["rosalind"]],
            ),
            "Elsewhere": make_group(
                connection, "Elsewhere", GroupPermissions.READ_ANNOTATE,
                members=[people["stranger"]],
            ),
        }  # fmt: skip
    return House(installation, people, groups)
