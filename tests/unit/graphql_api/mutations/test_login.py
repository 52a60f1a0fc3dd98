"""login and logout: tokens, the cookie and its origin, and what an ended session answers."""

from __future__ import annotations

import pytest

from shared.auth.passwords import hash_password
from shared.database import Database
from tests.support.graphql_client import URL, GraphQLClient
from tests.support.people import make_group, make_user

LOGIN = """
mutation($username: String!, $password: String!) {
  login(input: {username: $username, password: $password}) {
    token expiresAt user { id } errors { __typename code message } } }
"""
GIVEN = {"username": "ada", "password": "difference engine"}


@pytest.fixture
def ada(database: Database) -> int:
    with database.write() as connection:
        user = make_user(connection, "ada", password_hash=hash_password(GIVEN["password"]))
        make_group(connection, "lab", "rwra--", members=[user])
    return user


async def test_a_token_opens_and_logout_closes_it(api: GraphQLClient, ada: int) -> None:
    answer = (await api.post(LOGIN, GIVEN)).json()["data"]["login"]
    assert answer["errors"] == []
    assert answer["user"] == {"id": f"User:{ada}"}
    bearer = {"Authorization": f"Bearer {answer['token']}"}
    seen = await api.post("{viewer{id}}", headers=bearer)
    assert seen.json()["data"] == {"viewer": {"id": f"User:{ada}"}}
    closed = await api.post("mutation{logout{errors{code}}}", headers=bearer)
    assert closed.json()["data"] == {"logout": {"errors": []}}
    assert (await api.post("{viewer{id}}", headers=bearer)).status_code == 401


async def test_unknown_and_wrong_are_told_alike(api: GraphQLClient, ada: int) -> None:
    wrong = await api.data(LOGIN, {**GIVEN, "password": "guess"})
    unknown = await api.data(LOGIN, {**GIVEN, "username": "nobody"})
    assert wrong == unknown
    assert wrong["token"] is None
    assert wrong["errors"][0]["__typename"] == "Unauthenticated"


async def test_the_cookie_comes_only_to_listed_origins_and_writes_only_from_them(
    api: GraphQLClient, ada: int
) -> None:
    without = await api.post(LOGIN, GIVEN, headers={"Origin": "http://evil.example"})
    assert "set-cookie" not in without.headers
    assert (await api.post(LOGIN, GIVEN)).headers.get("set-cookie") is None
    given = await api.post(LOGIN, GIVEN, headers={"Origin": URL})
    cookie = given.headers["set-cookie"]
    assert cookie.startswith("tessera_session_")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    query = "{viewer{id}}"
    mine = await api.post(query, headers={"Origin": URL})
    assert mine.json()["data"]["viewer"] == {"id": f"User:{ada}"}
    by_get = await api.http.get("/graphql", params={"query": query})
    assert by_get.json()["data"]["viewer"] == {"id": f"User:{ada}"}
    for headers in ({"Origin": "http://evil.example"}, {}):
        refused = await api.post(query, headers=headers)
        assert refused.status_code == 403
        assert refused.json()["errors"][0]["extensions"]["code"] == "DENIED"


async def test_an_ended_cookie_is_refused_and_taken_back_so_that_login_works_again(
    api: GraphQLClient, ada: int
) -> None:
    await api.post(LOGIN, GIVEN, headers={"Origin": URL})
    logout = "mutation{logout{errors{code}}}"
    name, value = next(iter(api.http.cookies.items()))
    done = await api.post(logout, headers={"Origin": URL})
    assert done.json()["data"] == {"logout": {"errors": []}}
    assert not api.http.cookies
    api.http.cookies.set(name, value)
    refused = await api.post("{viewer{id}}", headers={"Origin": URL})
    assert refused.status_code == 401
    assert "Max-Age=0" in refused.headers["set-cookie"]


async def test_without_login_only_what_is_public_is_answered(api: GraphQLClient, ada: int) -> None:
    assert await api.data("{viewer{id}}") is None
    assert (await api.run("{__typename}"))["data"] == {"__typename": "Query"}
    assert (await api.run("{__schema{queryType{name}}}"))["data"]
    for query in ("{projects{nodes{id}}}", "{...f} fragment f on Query{projects{totalCount}}"):
        answer = await api.run(query)
        assert answer["data"] is None
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    strict = await api.post(
        "{projects{totalCount}}", headers={"Accept": "application/graphql-response+json"}
    )
    assert strict.status_code == 401


async def test_throttling_answers_busy(api: GraphQLClient, ada: int) -> None:
    for _ in range(api.settings.login_attempts):
        await api.data(LOGIN, {**GIVEN, "password": "guess"})
    refused = await api.data(LOGIN, GIVEN)
    assert refused["errors"][0]["__typename"] == "Busy"
