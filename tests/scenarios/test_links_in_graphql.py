"""Copy link, cut, paste and drag, in OMERO's words, from outside (scenarios P38 to P40 and 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest_asyncio

from tests.support.graphql_client import GraphQLClient, graphql_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings
    from tests.support.lab import Lab, Thing

ANNOTATE, WRITE = "rwra--", "rwrw--"
FIELDS = """
  activity { id } links { id owner { id } } removed
  remainingParents { child parents } orphaned { id } errors { __typename target path }
"""
UNLINK = f"mutation M($input: UnlinkInput!) {{ unlink(input: $input) {{ {FIELDS} }} }}"
RELINK = f"mutation M($input: RelinkInput!) {{ relink(input: $input) {{ {FIELDS} }} }}"
LINK = """mutation M($input: LinkInput!) {
  link(input: $input) { links { id owner { id } } errors { __typename target } } }"""
TRASH = "{ trash { nodes { id kind deletedBy { id } objects { id name owner } } } }"


@pytest_asyncio.fixture
async def api(settings: Settings, database: Database, lab: Lab) -> AsyncIterator[GraphQLClient]:
    async with graphql_client(settings, database) as client:
        yield client


def pair(parent: Thing, child: Thing) -> dict[str, Any]:
    return {"pairs": {"parents": [str(parent)], "children": [str(child)]}}


async def test_cutting_a_link_tells_the_parents_that_remain_and_the_orphans(
    api: GraphQLClient, lab: Lab
) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    d1, d2, image = lab.row("Dataset", "A", g1), lab.row("Dataset", "A", g1), lab.image("A", g1)
    first, second = lab.link(d1, image, "A"), lab.link(d2, image, "A")
    me = lab.people["A"]

    cut = await api.data(UNLINK, {"input": pair(d1, image)}, user=me)
    assert cut["errors"] == []
    assert cut["removed"] == [str(first)]
    assert cut["remainingParents"] == [{"child": str(image), "parents": [str(d2)]}]
    assert cut["orphaned"] == []

    cut = await api.data(UNLINK, {"input": {"links": [str(second)]}}, user=me)
    assert cut["orphaned"] == [{"id": str(image)}]
    assert lab.is_live(image)

    again = await api.data(UNLINK, {"input": pair(d2, image)}, user=me)
    assert again == {"activity": None, "links": [], "removed": [], "remainingParents": [],
                     "orphaned": [], "errors": []}  # fmt: skip


async def test_dragging_moves_the_link_in_one_step(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    d1, d2, foreign = (lab.row("Dataset", who, g1) for who in "AAB")
    image = lab.image("A", g1)
    old = lab.link(d1, image, "A")
    me = lab.people["A"]
    wish = {"children": [str(image)], "from": str(d1), "to": str(foreign)}

    refused = await api.data(RELINK, {"input": wish}, user=me)
    assert [(each["__typename"], each["target"]) for each in refused["errors"]] == [
        ("Denied", str(foreign))
    ]
    assert lab.is_live(old)

    done = await api.data(RELINK, {"input": {**wish, "to": str(d2)}}, user=me)
    assert done["errors"] == []
    assert done["removed"] == [str(old)]
    assert len(done["links"]) == 1
    assert done["remainingParents"] == [{"child": str(image), "parents": [str(d2)]}]


async def test_others_links_and_unknown_things_are_refused(api: GraphQLClient, lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB", "L"), lab.group("g2", "rw----", "B")
    dataset, image, hidden = lab.row("Dataset", "A", g1), lab.image("A", g1), lab.image("B", g2)
    link = lab.link(dataset, image, "L")

    refused = await api.data(UNLINK, {"input": pair(dataset, image)}, user=lab.people["A"])
    assert [(each["__typename"], each["target"]) for each in refused["errors"]] == [
        ("Denied", str(link))
    ]
    unknown = await api.data(UNLINK, {"input": pair(dataset, hidden)}, user=lab.people["A"])
    assert [each["__typename"] for each in unknown["errors"]] == ["NotFound"]
    odd = await api.data(UNLINK, {"input": pair(image, dataset)}, user=lab.people["A"])
    assert [each["__typename"] for each in odd["errors"]] == ["Invalid"]


async def test_tags_go_into_tag_sets_alone(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    tagset = "openmicroscopy.org/omero/insight/tagset"
    box = lab.row("Annotation", "A", g1, class_name="TagAnnotation", text_value="set",
                  namespace=tagset)  # fmt: skip
    tag = lab.row("Annotation", "B", g1, class_name="TagAnnotation", text_value="tag")
    names = {"parents": [f"TagAnnotation:{box.id}"], "children": [f"TagAnnotation:{tag.id}"]}

    made = await api.data(LINK, {"input": names}, user=lab.people["B"])
    assert made["errors"] == []
    wrong = await api.data(
        LINK, {"input": {"parents": names["children"], "children": names["parents"]}},
        user=lab.people["B"],
    )  # fmt: skip
    assert [each["__typename"] for each in wrong["errors"]] == ["Invalid"]
    cut = await api.data(UNLINK, {"input": {"pairs": names}}, user=lab.people["B"])
    assert cut["removed"] == [made["links"][0]["id"]]
    assert cut["orphaned"] == [{"id": names["children"][0]}]


async def test_the_trash_shows_what_can_come_back_to_whom_it_concerns(
    api: GraphQLClient, lab: Lab
) -> None:
    g1 = lab.group("g1", WRITE, "AB")
    image = lab.image("A", g1, name="cell")
    delete = "mutation M($i: DeleteInput!) { delete(input: $i) { activity { id } } }"
    gone = await api.data(delete, {"i": {"targets": [str(image)]}}, user=lab.people["B"])

    for who in "AB":
        (entry,) = (await api.data(TRASH, user=lab.people[who]))["nodes"]
        assert entry["id"] == gone["activity"]["id"]
        assert entry["deletedBy"] == {"id": f"User:{lab.people['B']}"}
        assert {"id": str(image), "name": "cell", "owner": f"User:{lab.people['A']}"} in (
            entry["objects"]
        )
    assert (await api.data(TRASH, user=lab.people["C"]))["nodes"] == []

    back = "mutation M($i: RestoreInput!) { restore(input: $i) { errors { message } } }"
    assert await api.data(back, {"i": {"targets": [str(image)]}}, user=lab.people["A"]) == {
        "errors": []
    }
    assert (await api.data(TRASH, user=lab.people["A"]))["nodes"] == []


async def test_where_to_and_to_whom(api: GraphQLClient, lab: Lab) -> None:
    g1, g2, g3 = (lab.group(name, ANNOTATE, who, "L") for name, who in
                  (("g1", "AB"), ("g2", "AC"), ("g3", "C")))  # fmt: skip
    image = lab.image("A", g1)
    where = """query Q($t: [ID!]!) { moveTargets(targets: $t) { ownersAreMembers
      group { id } } }"""
    whom = "query Q($t: [ID!]!) { ownerCandidates(targets: $t) { id } }"
    variables = {"t": [str(image)]}

    mine = await api.data(where, variables, user=lab.people["A"])
    assert mine == [{"ownersAreMembers": True, "group": {"id": f"Group:{g2}"}}]
    assert await api.data(where, variables, user=lab.people["L"]) == []
    admin = await api.data(where, variables, user=lab.people["R"])
    assert {each["group"]["id"]: each["ownersAreMembers"] for each in admin}[f"Group:{g3}"] is False
    assert await api.data(where, {"t": ["Image:98765"]}, user=lab.people["A"]) == []

    led = await api.data(whom, variables, user=lab.people["L"])
    assert {each["id"] for each in led} == {f"User:{lab.people[who]}" for who in "BL"}
    assert await api.data(whom, variables, user=lab.people["A"]) == []


async def test_links_and_channel_names_are_taken_back(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1, channels=1)
    me = lab.people["A"]
    undo = """mutation M($i: UndoActivityInput!) { undoActivity(input: $i) {
      activity { state errors { code message } } errors { __typename code message } } }"""
    made = await api.data(
        """mutation M($i: LinkInput!) { link(input: $i) {
          activity { id viewerCan { undo } } links { id } errors { message } } }""",
        {"i": {"parents": [str(dataset)], "children": [str(image)]}},
        user=me,
    )
    assert made["activity"]["viewerCan"] == {"undo": True}

    back = await api.data(undo, {"i": {"activity": made["activity"]["id"]}}, user=me)
    assert back["errors"] == []
    assert back["activity"] == {"state": "SUCCEEDED", "errors": []}
    found = "query Q($id: ID!) { node(id: $id) { ... on Image { datasets { totalCount } } } }"
    assert (await api.data(found, {"id": str(image)}, user=me))["datasets"]["totalCount"] == 0

    named = await api.data(
        """mutation M($i: RenameChannelsInput!) { renameChannels(input: $i) {
          activity { id } errors { message } } }""",
        {"i": {"targets": [str(image)], "names": ["Aurora-B"]}},
        user=me,
    )
    foreign = await api.data(
        undo, {"i": {"activity": named["activity"]["id"]}}, user=lab.people["B"]
    )
    assert [each["__typename"] for each in foreign["errors"]] == ["NotFound"]
    back = await api.data(undo, {"i": {"activity": named["activity"]["id"]}}, user=me)
    assert back["activity"] == {"state": "SUCCEEDED", "errors": []}
    names = "query Q($id: ID!) { node(id: $id) { ... on Image { channels { name } } } }"
    assert await api.data(names, {"id": str(image)}, user=me) == {"channels": [{"name": "DAPI"}]}


async def test_a_groups_level_is_changed_by_its_leader_and_raised_by_administrators(
    api: GraphQLClient, lab: Lab
) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB", "L")
    image = lab.image("A", g1)
    comment = lab.annotate(image, "CommentAnnotation", "B")
    change = """mutation M($i: SetGroupPermissionsInput!) { setGroupPermissions(input: $i) {
      activity { state report { deletedItems { object } } errors { message } }
      errors { __typename target } } }"""

    async def level(who: str, name: str, *, dry_run: bool = False) -> Any:
        wish = {"group": f"Group:{g1}", "permissions": name, "dryRun": dry_run}
        return await api.data(change, {"i": wish}, user=lab.people[who])

    member = await level("A", "READ_ONLY")
    assert [each["__typename"] for each in member["errors"]] == ["Denied"]
    raised = await level("L", "READ_WRITE")
    assert [each["__typename"] for each in raised["errors"]] == ["Denied"]
    shown = await level("L", "PRIVATE", dry_run=True)
    assert {"object": str(comment)} in shown["activity"]["report"]["deletedItems"]
    assert lab.is_live(comment)
    done = await level("L", "PRIVATE")
    assert done["activity"]["state"] == "SUCCEEDED", done
    assert not lab.is_live(comment)
