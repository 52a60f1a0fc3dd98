"""People and groups carry annotations: who may attach them, where they lie and who sees them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shared.database import Database
from shared.models.links import LINKS
from shared.models.people import GroupPermissions
from shared.settings import Settings
from tests.support.administration import Office
from tests.support.browsing import World

MADE = "annotations { id __typename group { id } owner { id } } links { id owner { id } }"
READ = """
query($id: ID!) { node(id: $id) { ... on Annotatable {
  annotations { edges { link { id owner { id } viewerCan { delete } } node { id } } }
  rating { average own } } } }
"""
BACK = """
query($id: ID!) { node(id: $id) { ... on Annotation {
  users { nodes { login } } groups { nodes { name } } } } }
"""
ANNOTATE = """
mutation($input: AnnotateInput!) { annotate(input: $input) {
  links { id } errors { __typename } } }
"""


async def carried(office: Office, who: str, ref: str) -> list[str]:
    node = await office.api.data(READ, {"id": ref}, user=office.ids[who])
    return [edge["node"]["id"] for edge in node["annotations"]["edges"]] if node else []


async def test_a_person_annotates_himself_and_is_found_from_the_annotation(office: Office) -> None:
    made = await office.done(
        "ada", "annotate", {"targets": [office.user("ada")], "newTags": [{"name": "photo"}],
                            "comment": "on leave", "rating": 3}, MADE,
    )  # fmt: skip
    tag = next(each for each in made["annotations"] if each["__typename"] == "TagAnnotation")
    assert {each["group"]["id"] for each in made["annotations"]} == {office.group("lab")}
    assert {each["owner"]["id"] for each in made["links"]} == {office.user("ada")}
    assert len(await carried(office, "bob", office.user("ada"))) == 3
    back = await office.api.data(BACK, {"id": tag["id"]}, user=office.ids["bob"])
    back = back.get("node", back)
    assert (back["users"]["nodes"], back["groups"]["nodes"]) == ([{"login": "ada"}], [])


async def test_a_leader_annotates_his_group_and_members_see_it(office: Office) -> None:
    lab = office.group("lab")
    made = await office.done(
        "lea", "createAnnotation", {"value": {"tag": "microscopists"}, "targets": [lab]}, MADE
    )
    (tag,) = made["annotations"]
    assert tag["group"]["id"] == lab
    assert await carried(office, "ada", lab) == [tag["id"]]
    back = await office.api.data(BACK, {"id": tag["id"]}, user=office.ids["ada"])
    assert back.get("node", back)["groups"]["nodes"] == [{"name": "lab"}]
    # the same tag on a person: it lies where it is, not in a default group of the caller's
    put = {"targets": [office.user("lea"), lab], "tags": [tag["id"]]}
    again = await office.done("lea", "annotate", put, MADE)
    assert len(again["links"]) == 2
    # somebody of another group sees neither the group nor what it carries
    assert await carried(office, "eve", lab) == []


async def test_others_are_refused_and_nothing_is_attached(office: Office) -> None:
    note = {"comment": "hello"}
    for who, name in (("ada", "bob"), ("lea", "ada")):
        given = {"targets": [office.user(name)], **note}
        assert await office.refused(who, "annotate", given) == ("Denied", office.user(name))
    given = {"targets": [office.group("lab")], **note}
    assert await office.refused("ada", "annotate", given) == ("Denied", office.group("lab"))
    for ref in (office.user("eve"), office.group("other"), "User:999999", "Group:0"):
        assert await office.refused("ada", "annotate", {"targets": [ref], **note}) == (
            "NotFound", ref
        )  # fmt: skip
    with office.api.database.read() as connection:
        for name in ("UserAnnotationLink", "GroupAnnotationLink"):
            model: Any = LINKS[name].model
            assert connection.execute(select(model.id)).all() == []


async def test_an_administrator_names_the_group_in_which_the_note_lies(office: Office) -> None:
    ada = office.user("ada")
    given = {"targets": [ada], "comment": "back on Monday"}
    assert (await office.refused("chief", "annotate", given))[0] == "Invalid"
    lab = office.group("lab")
    made = await office.done("chief", "annotate", {**given, "group": lab}, MADE)
    assert made["annotations"][0]["group"]["id"] == lab
    assert len(await carried(office, "ada", ada)) == 1
    image_group = {"targets": ["Image:1"], "comment": "x", "group": lab}
    assert (await office.refused("ada", "annotate", image_group))[0] == "Invalid"


async def test_a_link_is_cut_restored_and_goes_with_its_tag(office: Office) -> None:
    ada = office.user("ada")
    made = await office.done(
        "ada", "annotate", {"targets": [ada], "newTags": [{"name": "photo"}]}, MADE
    )
    (tag,) = made["annotations"]
    pairs = {"pairs": {"targets": [ada], "annotations": [tag["id"]]}}
    assert (await office.refused("bob", "unannotate", pairs))[0] == "Denied"
    cut = await office.done("ada", "unannotate", pairs, "removed activity { id }")
    assert cut["removed"] == [made["links"][0]["id"]]
    assert await carried(office, "ada", ada) == []
    await office.done(
        "ada", "restore", {"activity": cut["activity"]["id"]}, "activity { state }"
    )  # fmt: skip
    assert await carried(office, "ada", ada) == [tag["id"]]
    gone = await office.done(
        "ada", "delete", {"targets": [tag["id"]], "include": ["TagAnnotation"]},
        "activity { state id }",
    )  # fmt: skip
    assert gone["activity"]["state"] == "SUCCEEDED"
    assert await carried(office, "ada", ada) == []
    await office.done(
        "ada", "restore", {"activity": gone["activity"]["id"]}, "activity { state }"
    )  # fmt: skip
    assert await carried(office, "ada", ada) == [tag["id"]]
    # who still carries something is told so when he is to be deleted
    assert (await office.refused("chief", "deleteUser", {"user": ada}))[0] == "Conflict"


def test_statements_do_not_depend_on_how_many_people_are_annotated(
    database: Database, settings: Settings
) -> None:
    world = World(database, settings)
    for login in ("ada", "bob", "eve", "dan"):
        world.person(login)
    world.group("lab", GroupPermissions.READ_ANNOTATE, ("ada", "bob", "eve", "dan"))
    world.person("chief", is_admin=True)
    counts = []
    for logins in (("ada",), ("ada", "bob", "eve", "dan")):
        targets = [f"User:{world.people[login]}" for login in logins]
        given = {"targets": targets, "comment": "new", "group": f"Group:{world.groups['lab']}"}
        answer = world.ask("chief", ANNOTATE, input=given)
        assert len(answer.data["annotate"]["links"]) == len(logins)
        counts.append(len(answer.statements))
    assert counts[0] == counts[1]


async def test_a_moved_annotation_takes_no_link_of_another_group_along(office: Office) -> None:
    ada = office.user("ada")
    made = await office.done(
        "ada", "annotate", {"targets": [ada], "newTags": [{"name": "photo"}]}, MADE
    )
    (tag,) = made["annotations"]
    report = "activity { id state report { unlinkedCount { reason type count } } }"
    given = {"targets": [tag["id"]], "group": office.group("other")}
    moved = await office.done("chief", "moveToGroup", given, report)
    assert moved["activity"]["state"] == "SUCCEEDED"
    model: Any = LINKS["UserAnnotationLink"].model
    with office.api.database.read() as connection:
        rows = connection.execute(select(model.group_id, model.trash_id)).all()
    assert [(row.group_id, row.trash_id is None) for row in rows] == [(office.ids["lab"], False)]
    assert moved["activity"]["report"]["unlinkedCount"] == [
        {"reason": "PARENT_NOT_INCLUDED", "type": "UserAnnotationLink", "count": 1}
    ]


async def test_a_group_made_private_keeps_what_it_carries(office: Office) -> None:
    lab = office.group("lab")
    given = {"targets": [lab, office.user("lea")], "newTags": [{"name": "core"}], "group": lab}
    (tag,) = (await office.done("lea", "annotate", given, MADE))["annotations"]
    await office.done(
        "lea", "setGroupPermissions", {"group": lab, "permissions": "PRIVATE"}, "activity { state }"
    )
    assert await carried(office, "lea", lab) == [tag["id"]]
    assert await carried(office, "lea", office.user("lea")) == [tag["id"]]
    assert await carried(office, "ada", lab) == []


async def test_pairs_of_people_are_edited_like_those_of_data(office: Office) -> None:
    ada = office.user("ada")
    given = {"targets": [ada], "set": [{"key": "room", "value": "1.23"}]}
    made = await office.done("ada", "editKeyValues", given, "created changed")
    assert len(made["created"]) == 1
    moved = {**given, "set": [{"key": "room", "value": "4.56"}]}
    again = await office.done("ada", "editKeyValues", moved, "created changed")
    assert (again["created"], again["changed"]) == ([], made["created"])
    assert await carried(office, "bob", ada) == made["created"]
    assert await office.refused("bob", "editKeyValues", moved) == ("Denied", ada)
