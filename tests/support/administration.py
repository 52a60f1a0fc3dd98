"""People and groups for tests of administration, and the mutations as short calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.models.people import Privilege
from tests.support.logins import HASH
from tests.support.people import make_group, make_user, root, special_group

if TYPE_CHECKING:
    from tests.support.graphql_client import GraphQLClient

ERRORS = "errors { __typename code message path target }"
ORGANIZER_LACKS = frozenset({Privilege.CHOWN, Privilege.SUDO})


@dataclass
class Office:
    """`root`, full administrator `chief`, restricted `organizer`, `clerk` (ModifyUser and
    ModifyGroupMembership only), leader `lea` and members `ada` and `bob` of `lab`, and `eve` of
    `other`.
    """

    api: GraphQLClient
    ids: dict[str, int] = field(default_factory=dict)

    def open(self) -> Office:
        with self.api.database.write() as connection:
            ids = self.ids
            ids["root"] = root(connection)
            for name in ("lea", "ada", "bob", "eve"):
                ids[name] = make_user(connection, name, password_hash=HASH)
            ids["chief"] = make_user(connection, "chief", is_admin=True, password_hash=HASH)
            ids["organizer"] = make_user(
                connection, "organizer", is_admin=True, withheld=ORGANIZER_LACKS, password_hash=HASH
            )
            kept = {Privilege.MODIFY_USER, Privilege.MODIFY_GROUP_MEMBERSHIP}
            ids["clerk"] = make_user(
                connection, "clerk", is_admin=True, withheld=frozenset(Privilege) - kept,
                password_hash=HASH,
            )  # fmt: skip
            ids["lab"] = make_group(
                connection, "lab", "rwra--", members=[ids["ada"], ids["bob"]], owners=[ids["lea"]]
            )
            ids["other"] = make_group(connection, "other", "rwr---", members=[ids["eve"]])
            for name in ("system", "user", "guest"):
                ids[name] = special_group(connection, name)
        return self

    def user(self, name: str) -> str:
        """`User:7`."""
        return f"User:{self.ids[name]}"

    def group(self, name: str) -> str:
        """`Group:3`."""
        return f"Group:{self.ids[name]}"

    async def call(
        self, who: str, mutation: str, given: dict[str, Any], selection: str = "__typename",
        *, headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The payload of a mutation as this person, or with these headers."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        kind = {"DeactivateUserInput": "UserInput", "ReactivateUserInput": "UserInput"}.get(
            kind, kind
        )
        document = (
            f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
        )
        sent = headers or self.api.bearer(self.ids[who])
        body = (await self.api.post(document, {"input": given}, headers=sent)).json()
        assert "errors" not in body, body["errors"]
        payload: dict[str, Any] = body["data"][mutation]
        return payload

    async def done(
        self, who: str, mutation: str, given: dict[str, Any], selection: str = "__typename"
    ) -> dict[str, Any]:
        """The same, which must not be refused."""
        payload = await self.call(who, mutation, given, selection)
        assert payload["errors"] == [], payload["errors"]
        return payload

    async def refused(self, who: str, mutation: str, given: dict[str, Any]) -> tuple[str, str]:
        """Kind and target of the only error."""
        payload = await self.call(who, mutation, given)
        assert len(payload["errors"]) == 1, payload["errors"]
        (error,) = payload["errors"]
        return error["__typename"], error["target"]
