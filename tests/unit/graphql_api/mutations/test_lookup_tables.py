"""uploadLookupTable and luts: who may, what is a table, and that names mean one thing for ever."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.models.people import GroupPermissions, Privilege
from shared.rendering.luts import lookup_table
from tests.support.browsing import World

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings

UPLOAD = """
mutation($input: UploadLookupTableInput!) { uploadLookupTable(input: $input) {
  lookupTable { id name path size colors } errors { __typename code path message } } }
"""
RAMP = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 9)], axis=1).astype(np.uint8)
RAW = RAMP.T.tobytes()
TEXT = "Index\tRed\tGreen\tBlue\n" + "\n".join(
    f"{index}\t{r}\t{g}\t{b}" for index, (r, g, b) in enumerate(RAMP.tolist())
)


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    found.person("ada")
    found.person("chief", is_admin=True)
    found.person("light", is_admin=True, withheld=[Privilege.WRITE_SCRIPT_REPO])
    found.group("lab", GroupPermissions.READ_ONLY, ("ada",), "ada")
    return found


def upload(world: World, who: str, name: str, **content: str) -> Any:
    given = {"name": name, "content": content}
    return world.data(who, UPLOAD, input=given)["uploadLookupTable"]


def kinds(answer: Any) -> list[tuple[str, list[str]]]:
    return [(each["__typename"], each["path"]) for each in answer["errors"]]


def test_binary_and_text_tables_are_there_for_everybody(world: World) -> None:
    for name, content in (
        ("ours raw.lut", {"base64": base64.b64encode(RAW).decode()}),
        ("ours text.lut", {"text": TEXT}),
    ):
        answer = upload(world, "chief", name, **content)
        assert answer["errors"] == []
        table = answer["lookupTable"]
        assert (table["name"], table["path"]) == (name, "uploaded/")
        assert table["colors"][:2] == ["#00FF09FF", "#01FE09FF"]
        kept = lookup_table(name.upper())
        assert kept is not None
        assert np.array_equal(kept, RAMP)
    listed = world.data("ada", "{ luts { id name size index } }")["luts"]
    assert [each["index"] for each in listed] == list(range(len(listed)))
    named = {each["name"]: each for each in listed}
    assert named["fire.lut"]["id"] is None
    assert named["ours raw.lut"]["id"] == "LookupTable:1"
    assert named["ours raw.lut"]["size"] == 768


def test_only_administrators_with_the_privilege_and_nothing_for_nobody(world: World) -> None:
    for who in ("ada", "light"):
        assert kinds(upload(world, who, "no.lut", text=TEXT)) == [("Denied", [])]
    answer = world.ask(None, "{ luts { name } }")
    assert "not logged in" in answer.errors[0].message


def test_a_name_is_given_once_and_must_be_one_that_addresses_can_say(world: World) -> None:
    assert upload(world, "chief", "Once.lut", text=TEXT)["errors"] == []
    for name in ("once.LUT", "fire.lut"):
        assert kinds(upload(world, "chief", name, text=TEXT)) == [("Conflict", ["name"])]
    for name in ("", "x", "a,b.lut", "a/b.lut", "a$b.lut", "\0.lut", "x" * 97 + ".lut"):
        assert kinds(upload(world, "chief", name, text=TEXT)) == [("Invalid", ["name"])]


def test_what_is_no_table_is_refused_on_arrival(world: World) -> None:
    for content in (
        {"base64": base64.b64encode(b"x" * 100).decode()},
        {"base64": "?"},
        {"base64": base64.b64encode(b"x" * 70_000).decode()},
        {"text": "1 2 3\n" * 300},
        {"text": ""},
        {"base64": base64.b64encode(b"ICOL" + b"\x7f" * 900).decode()},
    ):
        ((kind, _),) = kinds(upload(world, "chief", "bad.lut", **content))
        assert kind == "Invalid"
    assert "bad.lut" not in {
        each["name"] for each in world.data("ada", "{ luts { name } }")["luts"]
    }
