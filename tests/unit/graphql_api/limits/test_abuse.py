"""Hostile documents: each is refused or answered under 250 ms, never a 500, never exception text.

The clock is generous (the machine may be busy) and best of three counts.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.database import Database
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DEADLINE_S = 0.25


def doubling(count: int) -> str:
    chain = "".join(f" fragment f{i} on Query{{...f{i + 1} ...f{i + 1}}}" for i in range(count))
    return "{...f0}" + chain + f" fragment f{count} on Query{{__typename a:__typename}}"


def nested_doubling(count: int) -> str:
    chain = "".join(
        f" fragment f{i} on User{{a{i}:id ...f{i + 1} b{i}:id ...f{i + 1}}}" for i in range(count)
    )
    return "{viewer{...f0}}" + chain + f" fragment f{count} on User{{id}}"


ABUSE: dict[str, tuple[str, str]] = {
    "aliases": (
        "{viewer{" + " ".join(f"a{i}:id" for i in range(1000)) + "}}", "TOO_MANY_ALIASES"
    ),
    "root fields": ("{" + "__typename " * 21 + "}", "TOO_MANY_ROOT_FIELDS"),
    "10,000 duplicate fields": ("{viewer{" + "id " * 10_000 + "}}", "TOO_MANY_TOKENS"),
    "4,900 duplicate fields": ("{viewer{" + "id " * 4_900 + "}}", "COST_EXCEEDED"),
    "duplicate objects": ("{viewer{" + "groups{nodes{id}} " * 500 + "}}", "COST_EXCEEDED"),
    "depth": (
        "{viewer" + "{groups{nodes{members{nodes" * 6 + "{id}" + "}}}}" * 6 + "}", "TOO_DEEP"
    ),
    "look-ups": (
        "{" + " ".join(
            f"a{i}:images(where:{{or:[" + '{within:"Screen:1"},{keyValue:{key:"a"}},' * 3
            + f'{{tag:{{all:["TagAnnotation:1","TagAnnotation:{i}"]}}}}]}}){{totalCount}}'
            for i in range(7)
        ) + "}",
        "COST_EXCEEDED",
    ),
    "look-ups in a default": (
        "query($w:ImageWhere={and:[" + "{orphaned:true}," * 51 + "]})"
        "{images(where:$w){totalCount}}",
        "COST_EXCEEDED",
    ),
    "digits in a filter": (
        "{wells(where:{row:{eq:" + "9" * 5_000 + "}}){totalCount}}", "GRAPHQL_VALIDATION_FAILED"
    ),
    "braces": ("{a" * 2_400 + "}" * 2_400, "TOO_DEEP"),
    "lists in a list": ("{node(id:" + "[" * 2_000 + "]" * 2_000 + "){id}}", "TOO_DEEP"),
    "fragment chain": (nested_doubling(10), "TOO_MANY_ALIASES"),
    "doubling 20": (doubling(20), "TOO_MANY_ALIASES"),
    "doubling 100": (doubling(100), "TOO_DEEP"),
    "doubling 300": (doubling(300), "TOO_DEEP"),
    "doubling 400": (doubling(400), "TOO_DEEP"),
    "many fragments": (
        "{viewer{" + "".join(f"...f{i} " for i in range(300)) + "}}"
        + "".join(f" fragment f{i} on User{{id}}" for i in range(300)),
        "COST_EXCEEDED",
    ),
    "cyclic fragments": (
        "{...a} fragment a on Query{...b} fragment b on Query{...a}", "GRAPHQL_VALIDATION_FAILED"
    ),
    "directive flood": ("{__typename " + "@x" * 2_400 + "}", "GRAPHQL_VALIDATION_FAILED"),
    "skip flood": ("{__typename " + "@skip(if:true)" * 700 + "}", "GRAPHQL_VALIDATION_FAILED"),
    "unused variables": (
        "query(" + "".join(f"$v{i}:Int " for i in range(1_200)) + "){__typename}",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "pages of pages": (
        "{projects(first:1000){nodes{datasets(first:1000){nodes{id}}}}}", "COST_EXCEEDED"
    ),
    "introspection rounds": (
        "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}",
        "COST_EXCEEDED",
    ),
    "ambiguous operations": ("query a{__typename} query b{__typename}", "BAD_USER_INPUT"),
}  # fmt: skip


@pytest.fixture
def ada(database: Database) -> int:
    with database.write() as connection:
        user = make_user(connection, "ada")
        make_group(connection, "lab", "rwra--", members=[user])
    return user


@pytest.mark.parametrize("name", ABUSE)
async def test_it_is_refused_in_time(api: GraphQLClient, ada: int, name: str) -> None:
    query, code = ABUSE[name]
    headers = api.bearer(ada)
    await api.post("{viewer{id}}", headers=headers)
    fastest = DEADLINE_S
    for attempt in range(3):
        started = time.perf_counter()
        response = await api.post(f"{query} #{attempt}", headers=headers)
        fastest = min(fastest, time.perf_counter() - started)
        assert response.status_code == 200
        codes = {error["extensions"]["code"] for error in response.json()["errors"]}
        assert codes == {code}
    assert fastest < DEADLINE_S


async def test_a_variable_is_measured_like_a_number(api: GraphQLClient, ada: int) -> None:
    query = "query($n: Int){projects(first:$n){nodes{datasets(first:$n){nodes{id}}}}}"
    fine = await api.run(query, {"n": 10}, user=ada)
    assert fine["extensions"]["cost"]["requested"] == 10 * (1 + 10)
    refused = await api.run(query, {"n": 1000}, user=ada)
    assert refused["errors"][0]["extensions"] == {
        "code": "COST_EXCEEDED", "requested": 1000 * (1 + 1000), "limit": 500_000
    }  # fmt: skip


async def test_look_ups_in_variables_are_counted(api: GraphQLClient, ada: int) -> None:
    query = (
        "query($w: ImageWhere, $l: [ImageWhere!]) {"
        "images(where: {not: $w, or: $l}) { nodes { id } } }"
    )
    few = [{"annotatedBy": "User:1"}] * 20
    fine = await api.run(query, {"w": {"and": few}, "l": few}, user=ada)
    assert "errors" not in fine
    refused = await api.run(query, {"w": {"and": few}, "l": [*few, *few]}, user=ada)
    assert refused["errors"][0]["extensions"] == {
        "code": "COST_EXCEEDED", "requested": 60, "limit": 50
    }  # fmt: skip


async def test_the_cost_of_a_page_of_a_thousand_is_what_the_specification_says(
    api: GraphQLClient, ada: int
) -> None:
    query = (
        "{projects(first:1){nodes{id datasets(first:20){nodes{id images(first:50){nodes{"
        "id name pixels{sizeX sizeY} owner{login} datasets{nodes{id}}}}}}}}}"
    )
    answer = await api.run(query, user=ada)
    assert "errors" not in answer
    # 1 project, 20 datasets, 1,000 images, each with pixels, owner and up to 50 others
    assert answer["extensions"]["cost"]["requested"] == 1 + 20 + 1_000 * (1 + 1 + 1 + 50)


async def test_a_count_costs_once_for_each_list_whatever_its_page(
    api: GraphQLClient, ada: int
) -> None:
    query = "{projects(first:90){nodes{datasets(first:100){nodes{images{totalCount}}}}}}"
    answer = await api.run(query, user=ada)
    assert "errors" not in answer
    # 90 projects of 100 datasets, each with a count that weighs 50
    assert answer["extensions"]["cost"]["requested"] == 90 * (1 + 100 * (1 + 50))


async def test_the_usual_introspection_query_passes(api: GraphQLClient) -> None:
    from graphql import get_introspection_query

    answer = await api.run(get_introspection_query())
    assert "errors" not in answer
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_nested_variables_and_large_bodies_are_malformed_requests(
    api: GraphQLClient,
) -> None:
    deep: Any = {"a": None}
    for _ in range(40):
        deep = {"a": [deep]}
    response = await api.post("{__typename}", deep)
    assert response.status_code == 400
    raw = '{"query":"{__typename}","variables":' + '{"a":' * 90_000 + "1" + "}" * 90_000 + "}"
    headers = {"content-type": "application/json"}
    response = await api.http.post("/graphql", content=raw, headers=headers)
    assert response.status_code == 400
    started = time.perf_counter()
    response = await api.http.post("/graphql", content=b"x" * 20_000_000, headers=headers)
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"
    assert time.perf_counter() - started < DEADLINE_S


async def test_a_large_body_of_unsaid_length_is_cut_off(api: GraphQLClient) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    response = await api.http.post(
        "/graphql", content=chunks(), headers={"content-type": "application/json"}
    )
    assert response.status_code == 413


@pytest.mark.parametrize("first", [1001, 2**31 - 1])
async def test_a_page_beyond_a_thousand(api: GraphQLClient, ada: int, first: int) -> None:
    answer = await api.run(f"{{projects(first:{first}){{totalCount}}}}", user=ada)
    assert answer["errors"][0]["extensions"]["code"] == "PAGE_TOO_LARGE"
