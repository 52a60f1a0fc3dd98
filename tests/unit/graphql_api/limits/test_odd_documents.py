"""Documents that are odd rather than large: marks, escapes, batches, nested variables, floods.

Each is answered or refused as it should be, never with a 500 or an exception's text.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.database import Database
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BOM = "\ufeff"


@pytest.fixture
def ada(database: Database) -> int:
    with database.write() as connection:
        user = make_user(connection, "ada")
        make_group(connection, "lab", "rwra--", members=[user])
    return user


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


ANSWERED = {
    "byte order mark": f"{BOM}{{ viewer {{ login }} }}",
    "marks and commas between words": f"{{,{BOM}viewer,,,{{\t\r\nlogin\u000b}}}}".replace(
        "\v", " "
    ),
    "comments": "#" + "x" * 100_000 + "\n{ viewer { login } }",
    "other operations beside it": "query a { viewer { login } }",
    "a name of a million letters is only a name": "query "
    + "q" * 500_000
    + " { viewer { login } }",
}
REFUSED: dict[str, tuple[str, str]] = {
    "a mark inside a word": ("{ vie\u200bwer { login } }", "GRAPHQL_PARSE_FAILED"),
    "nothing but a mark": (BOM, "GRAPHQL_PARSE_FAILED"),
    "NUL": ("{ viewer { login\0 } }", "GRAPHQL_PARSE_FAILED"),
    "half a surrogate": ('{ node(id: "\\ud800") { id } }', "GRAPHQL_PARSE_FAILED"),
    "an open block string": ('{ node(id: """x) { id } }', "GRAPHQL_PARSE_FAILED"),
    "a thousand operations": (
        " ".join(f"query q{n} {{ viewer {{ login }} }}" for n in range(600)), "BAD_USER_INPUT"
    ),
    "types defined": ("type Query { a: Int } { viewer { login } }", "GRAPHQL_VALIDATION_FAILED"),
    "variables of variables": (
        "query($a: [[[[[[[[Int]]]]]]]] = " + json.dumps(nested(60)) + ") { viewer { login } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "a type deep in lists": (
        "query($a: " + "[" * 1_500 + "Int" + "]" * 1_500 + ") { viewer { login } }", "TOO_DEEP"
    ),
    "the same argument": (
        "{ node(" + "id: 1 " * 1_000 + ") { id } }", "GRAPHQL_VALIDATION_FAILED"
    ),
    "fragments on everything": (
        "{ ..." + " ...".join(f"on Query {{ a{n}: __typename }}" for n in range(400)) + " }",
        "TOO_MANY_ALIASES",
    ),
    "unknown directives with arguments": (
        "{ viewer { login @a(b: 1) @c(d: [2]) } }", "GRAPHQL_VALIDATION_FAILED"
    ),
}  # fmt: skip


async def sent(api: GraphQLClient, ada: int, query: str) -> dict[str, Any]:
    response = await api.post(query, headers=api.bearer(ada))
    assert response.status_code == 200, response.text[:300]
    body: dict[str, Any] = response.json()
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] != "INTERNAL"
        assert "Traceback" not in error["message"]
    return body


async def test_odd_documents_are_answered(api: GraphQLClient, ada: int) -> None:
    for name, query in ANSWERED.items():
        body = await sent(api, ada, query)
        assert body.get("data") == {"viewer": {"login": "ada"}}, (name, str(body)[:300])


async def test_odd_documents_are_refused(api: GraphQLClient, ada: int) -> None:
    for name, (query, code) in REFUSED.items():
        body = await sent(api, ada, query)
        codes = {error["extensions"]["code"] for error in body["errors"]}
        assert codes == {code}, (name, str(body)[:300])
        assert "data" not in body, name


async def test_variables_of_every_wrong_kind(api: GraphQLClient, ada: int) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    wrong: tuple[Any, ...] = (
        None, {"ids": None}, {"ids": {}}, {"ids": nested(20)}, {"ids": [None]}, {"ids": [1.5]},
        {"ids": [True]}, {"ids": ["x", {"a": "b"}]}, {"other": 1},
    )  # fmt: skip
    for variables in wrong:
        response = await api.post(query, variables, headers=api.bearer(ada))
        assert response.status_code == 200
        (error,) = response.json()["errors"][:1]
        assert error["extensions"]["code"] == "BAD_USER_INPUT", variables
    odd = {"ids": ["", "\0", "Image:0", "Image:-1", "Image:" + "9" * 400, "💥", "Image:٣"]}
    body = (await api.post(query, odd, headers=api.bearer(ada))).json()
    assert body["data"]["nodes"] == [None] * 7


async def test_batches_and_bodies_with_marks(api: GraphQLClient, ada: int) -> None:
    one = json.dumps({"query": "{__typename}"}).encode()
    for raw, status in (
        (b"[" + one + b"]", 400),
        (b"[" + b",".join([one] * 1_000) + b"]", 400),
        (b"[]", 400),
        (b"\xef\xbb\xbf" + one, 400),
        (one + one, 400),
        (one[:-1] + b',"query":"{a}"}', 200),
        (one.decode().encode("utf-16"), 400),
        (b'{"query":"{__typename}","variables":{"a":1e999}}', 400),
        (b'{"query":"{__typename}","variables":' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}", 400),
    ):
        response = await api.http.post(
            "/graphql",
            content=raw,
            headers=api.bearer(ada) | {"content-type": "application/json"},
        )
        assert response.status_code == status, raw[:60]
        assert response.headers["content-type"].startswith("application/json")
