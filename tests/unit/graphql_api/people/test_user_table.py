"""createUsers: tables of every form, all or nothing, and a report of each row that is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shared.models.people import User
from tests.support.administration import Office

SELECTION = (
    "rowCount users { login groups { totalCount } } refused { line login error { path message } }"
)
GOOD = (
    "login,first,middle,last,e-mail,institution,groups,leads\r\n"
    'zoe,Zoë,,Zander,zoe@example.org,"Institute, of",lab;other,\r\n'
    "\r\n"
    "yan,Yan,M.,Young,,,LAB,other\r\n"
)


def logins(office: Office) -> set[str]:
    with office.api.database.read() as connection:
        return set(connection.scalars(select(User.login)))


async def test_all_rows_become_accounts(office: Office) -> None:
    tried = await office.done("chief", "createUsers", {"csv": GOOD, "dryRun": True}, SELECTION)
    assert tried["rowCount"] == 2
    assert tried["users"] == []
    assert "zoe" not in logins(office)
    made = await office.done(
        "chief", "createUsers", {"csv": GOOD, "idempotencyKey": "k"}, SELECTION
    )
    assert made["users"] == [
        {"login": "zoe", "groups": {"totalCount": 3}},
        {"login": "yan", "groups": {"totalCount": 3}},
    ]
    again = await office.done(
        "chief", "createUsers", {"csv": GOOD, "idempotencyKey": "k"}, SELECTION
    )
    assert again["users"] == made["users"]


@pytest.mark.parametrize("mark", [";", "\t"])
async def test_other_separators_and_a_byte_order_mark(office: Office, mark: str) -> None:
    text = "\ufeffUser name{0}First Name{0}LASTNAME{0}Groups\nzoe{0}Zoë{0}Zander{0}lab|other\n"
    made = await office.done("chief", "createUsers", {"csv": text.format(mark)}, SELECTION)
    assert made["users"] == [{"login": "zoe", "groups": {"totalCount": 3}}]


async def test_one_wrong_row_refuses_all_and_each_fault_is_told(office: Office) -> None:
    table = (
        "login,first,last,email,groups\n"
        "zoe,Zoë,Zander,,lab\n"
        "ROOT,Root,Root,,\n"
        ",Nameless,Person,,\n"
        "yan,Yan,Young,nowhere,nosuch;lab\n"
        "wu,Wu,Wang,,\n"
        "WU,Wu,Wang,,\n"
        "far,Too,Many,,,extra\n"
    )
    before = logins(office)
    payload = await office.call("chief", "createUsers", {"csv": table}, SELECTION)
    told = {(row["line"], *row["error"]["path"][:1]) for row in payload["refused"]}
    assert told == {
        (3, "login"), (4, "login"), (5, "email"), (5, "groups"), (6, "login"), (7, "login"), (8,)
    }  # fmt: skip
    assert payload["errors"][0]["__typename"] == "Invalid"
    assert "6 of 7 rows" in payload["errors"][0]["message"]
    assert logins(office) == before


HEAD = "login,first,last"
UNREADABLE = [
    "",
    "   ",
    f"{HEAD}\n",
    "login,first\na,b\n",
    f"{HEAD},shoe size\na,b,c,d",
    f"login,{HEAD}\na,a,b,c\n",
    f'{HEAD}\n"a,b,c\n',
    f"{HEAD}\na\0,b,c",
    f"{HEAD}\n" + "\n".join(f"u{n},F,L" for n in range(1001)),
    f"{HEAD},password\n" + "\n".join(f"u{n},F,L,a long one" for n in range(51)),
]


@pytest.mark.parametrize("table", UNREADABLE)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_table_that_cannot_be_meant(office: Office, table: str) -> None:
    payload = await office.call("chief", "createUsers", {"csv": table}, SELECTION)
    assert [error["path"] for error in payload["errors"]] == [["csv"]]


async def test_a_thousand_people_at_once(office: Office) -> None:
    table = "login,first,last,groups\n" + "\n".join(f"u{n},F,L,lab;other" for n in range(1000))
    made = await office.done("chief", "createUsers", {"csv": table}, "users { id }")
    assert len(made["users"]) == 1000


async def test_rights_are_those_of_create_user(office: Office) -> None:
    for who in ("ada", "lea"):
        assert (await office.refused(who, "createUsers", {"csv": GOOD}))[0] == "Denied"
