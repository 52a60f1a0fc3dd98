"""Log in through GraphQL, look who one is, and leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.support.house import ADA, LOGIN, PASSWORD

if TYPE_CHECKING:
    from tests.support.house import House

WHO = "{ viewer { login groups { nodes { name permissions } } } }"


def post(
    house: House, document: str, headers: dict[str, str], **variables: object
) -> httpx.Response:
    return httpx.post(
        f"{house.installation.api}/graphql", json={"query": document, "variables": variables},
        headers=headers, trust_env=False, timeout=30.0,
    )  # fmt: skip


def test_one_logs_in_sees_ones_groups_and_leaves(house: House) -> None:
    ada = house.enter("ada")

    viewer = ada.data(WHO)
    left = ada.data("mutation { logout { errors { code } } }")
    after = post(house, WHO, {"Authorization": f"Bearer {ada.token}"})

    assert viewer["login"] == "ada"
    names = {group["name"]: group["permissions"] for group in viewer["groups"]["nodes"]}
    assert names["Lab"] == "READ_ONLY"
    assert left["errors"] == []
    assert after.status_code == 401
    ada.http.close()


def test_a_wrong_password_and_an_unknown_user_are_told_alike(house: House) -> None:
    told = [
        post(house, LOGIN, {}, input={"username": who, "password": secret}).json()
        for who, secret in (("ada", "wrong"), ("nobody", PASSWORD))
    ]

    (wrong,), (unknown,) = (answer["data"]["login"]["errors"] for answer in told)
    assert wrong == unknown
    assert wrong["code"] == "UNAUTHENTICATED"


def test_nobody_sees_nothing(house: House) -> None:
    assert post(house, WHO, {}).json()["data"] == {"viewer": None}
    refused = post(house, "{ projects { totalCount } }", {}).json()
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_the_cookie_of_a_login_opens_tiles_and_needs_an_origin_for_changes(house: House) -> None:
    api = house.installation.api
    with httpx.Client(trust_env=False, timeout=30.0) as browser:
        answer = browser.post(
            f"{api}/graphql", headers={"Origin": api},
            json={"query": LOGIN, "variables": {"input": ADA}},
        )  # fmt: skip
        body = {"query": "{ viewer { login } }"}
        with_origin = browser.post(f"{api}/graphql", json=body, headers={"Origin": api})
        without = browser.post(f"{api}/graphql", json=body, headers={"Origin": "http://evil.test"})

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("tessera_session_")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert with_origin.json()["data"]["viewer"]["login"] == "ada"
    assert without.status_code in {400, 403}
