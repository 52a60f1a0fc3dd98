"""Graph operations from outside: dry runs, plans, refusals and blockers, in OMERO's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest_asyncio

from tests.support.graphql_client import GraphQLClient, graphql_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings
    from tests.support.lab import Lab

ANNOTATE, PRIVATE, WRITE = "rwra--", "rw----", "rwrw--"
ACTIVITY = """
  activity {
    id kind state isDryRun
    report {
      planId bytes blockerCount
      included { type count idRanges } deleted { type count idRanges }
      unlinkedCount { reason type count } leftBehindCount { reason type count }
      unlinked { cursor linkType link parent child name staysBehind reason }
      leftBehind { object name reason }
      deletedItems { object name reason }
      blockers { object holder shared reason message suggestedTargets }
      warnings { code message targets }
      created { id __typename ... on Owned { owner { id } } }
    }
    errors { __typename code message target }
    result { id }
  }
  errors { __typename code message target path }
"""


@pytest_asyncio.fixture
async def api(settings: Settings, database: Database, lab: Lab) -> AsyncIterator[GraphQLClient]:
    async with graphql_client(settings, database) as client:
        yield client


async def operate(
    api: GraphQLClient, lab: Lab, who: str, verb: str, **fields: Any
) -> dict[str, Any]:
    """Send one graph mutation as somebody; answers its payload."""
    kind = verb[0].upper() + verb[1:] + "Input!"
    document = f"mutation M($input: {kind}) {{ {verb}(input: $input) {{ {ACTIVITY} }} }}"
    found: dict[str, Any] = await api.data(document, {"input": fields}, user=lab.people[who])
    return found


async def test_a_dry_run_shows_and_its_plan_does_just_that(api: GraphQLClient, lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "A")
    dataset, other = lab.row("Dataset", "A", g1, name="d1"), lab.row("Dataset", "A", g1, name="d2")
    image = lab.image("A", g1, name="cell")
    lab.link(dataset, image, "A")
    lab.link(other, image, "A")
    tag = lab.annotate(dataset, "TagAnnotation", "B", text_value="nice")

    shown = await operate(
        api, lab, "A", "moveToGroup", targets=[str(dataset)], group=f"Group:{g2}", dryRun=True
    )

    assert shown["errors"] == []
    activity, report = shown["activity"], shown["activity"]["report"]
    assert (activity["state"], activity["isDryRun"], activity["kind"]) == (
        "SUCCEEDED", True, "move_to_group",
    )  # fmt: skip
    assert lab.group_of(dataset) == g1
    assert {"type": "Dataset", "count": 1, "idRanges": str(dataset.id)} in report["included"]
    cut = {each["child"]: each for each in report["unlinked"]}
    assert cut[str(image)]["name"] == "cell"
    assert cut[str(image)]["reason"] == "SHARED_ELSEWHERE"
    assert cut[str(image)]["staysBehind"] == "CHILD"
    assert cut[str(tag)]["name"] == "nice"
    assert {each["object"] for each in report["leftBehind"]} == {str(image), str(tag)}

    done = await operate(api, lab, "A", "executePlan", planId=report["planId"])

    assert done["errors"] == []
    assert done["activity"]["state"] == "SUCCEEDED"
    assert lab.group_of(dataset) == g2
    assert lab.group_of(image) == g1
    again = await operate(api, lab, "A", "executePlan", planId=report["planId"])
    assert again["activity"] is None
    assert [each["__typename"] for each in again["errors"]] == ["Conflict"]


async def test_a_plan_is_its_makers_alone_and_not_for_a_changed_graph(
    api: GraphQLClient, lab: Lab
) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AB")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    shown = await operate(
        api, lab, "A", "moveToGroup", targets=[str(dataset)], group=f"Group:{g2}", dryRun=True
    )
    plan = shown["activity"]["report"]["planId"]

    foreign = await operate(api, lab, "B", "executePlan", planId=plan)
    unknown = await operate(api, lab, "B", "executePlan", planId="Plan:987654")
    assert [each["__typename"] for each in foreign["errors"]] == ["NotFound"]
    assert (
        foreign["errors"][0]["message"].replace(plan, "Plan:987654")
        == (unknown["errors"][0]["message"])
    )

    lab.link(dataset, image, "A")
    changed = await operate(api, lab, "A", "executePlan", planId=plan)
    assert [each["__typename"] for each in changed["errors"]] == ["Conflict"]
    assert lab.group_of(dataset) == g1


async def test_p07_p08_who_may_not_move_is_told_and_nothing_is_booked(
    api: GraphQLClient, lab: Lab
) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB", "L"), lab.group("g2", ANNOTATE, "B", "L")
    image, other = lab.image("A", g1), lab.image("A", g1)

    leader = await operate(
        api, lab, "L", "moveToGroup", targets=[str(image), str(other)], group=f"Group:{g2}"
    )
    assert leader["activity"] is None
    assert [(each["__typename"], each["target"]) for each in leader["errors"]] == [
        ("Denied", str(image)), ("Denied", str(other)),
    ]  # fmt: skip

    stranger = await operate(
        api, lab, "A", "moveToGroup", targets=[str(image)], group=f"Group:{g2}"
    )
    assert stranger["activity"] is None
    nowhere = await operate(
        api, lab, "A", "moveToGroup", targets=[str(image)], group="Group:987654"
    )
    assert [each["__typename"] for each in nowhere["errors"]] == ["NotFound"]
    assert lab.group_of(image) == g1


async def test_unknown_and_invisible_targets_answer_alike(api: GraphQLClient, lab: Lab) -> None:
    g1, g2 = lab.group("g1", PRIVATE, "AB"), lab.group("g2", ANNOTATE, "B")
    image = lab.image("A", g1)
    fields = {"group": f"Group:{g2}"}

    hidden = await operate(
        api, lab, "B", "moveToGroup", targets=[str(image), "Image:987653"], **fields
    )

    assert hidden["activity"] is None
    assert [(each["__typename"], each["target"]) for each in hidden["errors"]] == [
        ("NotFound", str(image)), ("NotFound", "Image:987653"),
    ]  # fmt: skip
    messages = {each["message"].replace(each["target"], "X") for each in hidden["errors"]}
    assert len(messages) == 1


async def test_p16_a_split_fileset_blocks_and_suggests(api: GraphQLClient, lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    fileset = lab.fileset("A", g1)
    first, second = (lab.image("A", g1, fileset=fileset) for _ in range(2))
    fields = {"group": f"Group:{g2}"}

    shown = await operate(api, lab, "A", "moveToGroup", targets=[str(first)], dryRun=True, **fields)
    assert shown["activity"]["state"] == "SUCCEEDED"
    (blocker,) = shown["activity"]["report"]["blockers"]
    assert blocker["reason"] == "FILESET_SPLIT"
    assert blocker["object"] == str(first)
    assert blocker["suggestedTargets"] == [str(second)]

    real = await operate(api, lab, "A", "moveToGroup", targets=[str(first)], **fields)
    assert real["activity"]["state"] == "FAILED"
    assert [each["__typename"] for each in real["activity"]["errors"]] == ["Conflict"]
    assert lab.group_of(first) == g1

    both = await operate(
        api, lab, "A", "moveToGroup", targets=[str(first), *blocker["suggestedTargets"]], **fields
    )
    assert both["activity"]["state"] == "SUCCEEDED"
    assert {lab.group_of(first), lab.group_of(second), lab.group_of(fileset)} == {g2}


async def test_p24_a_field_blocks_and_its_plate_is_suggested(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "A")
    plate, images = lab.plate("A", g1)

    shown = await operate(api, lab, "A", "delete", targets=[str(images[0])], dryRun=True)

    (blocker,) = shown["activity"]["report"]["blockers"]
    assert blocker["reason"] == "USED_BY_FIELD"
    assert blocker["holder"].startswith("WellSample:")
    assert blocker["suggestedTargets"] == [str(plate)]
    assert str(images[0]) in blocker["message"]


async def test_delete_restore_and_purge(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    lab.link(dataset, image, "A")
    tag = lab.annotate(image, "TagAnnotation", "A")

    gone = await operate(api, lab, "A", "delete", targets=[str(dataset)])
    assert gone["activity"]["state"] == "SUCCEEDED"
    assert not lab.is_live(image)
    assert lab.is_live(tag)

    back = await operate(api, lab, "A", "restore", activity=gone["activity"]["id"])
    assert back["errors"] == []
    assert lab.is_live(image)

    nobody = await operate(api, lab, "B", "delete", targets=[str(image)])
    assert [(each["__typename"], each["target"]) for each in nobody["errors"]] == [
        ("Denied", str(image))
    ]

    gone = await operate(api, lab, "A", "delete", targets=[str(image)], include=["TagAnnotation"])
    assert not lab.is_live(tag)
    erased = await operate(api, lab, "A", "purge", targets=[str(image)])
    assert erased["errors"] == []
    assert lab.value(image, "id") is None


async def test_the_same_key_does_it_once(api: GraphQLClient, lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    image = lab.image("A", g1)
    fields = {"targets": [str(image)], "group": f"Group:{g2}", "idempotencyKey": "once"}

    first = await operate(api, lab, "A", "moveToGroup", **fields)
    second = await operate(api, lab, "A", "moveToGroup", **fields)

    assert first["activity"]["id"] == second["activity"]["id"]
    other = await operate(api, lab, "A", "moveToGroup", **{**fields, "group": f"Group:{g1}"})
    assert [each["__typename"] for each in other["errors"]] == ["Conflict"]


async def test_p30_p32_p33_who_may_give_to_whom(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", "rwr---", "AC", "L")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    lab.link(dataset, image, "A")
    people = lab.people

    own = await operate(
        api, lab, "A", "changeOwner", targets=[str(image)], owner=f"User:{people['C']}"
    )
    assert [(each["__typename"], each["target"]) for each in own["errors"]] == [
        ("Denied", str(image))
    ]
    out = await operate(
        api, lab, "L", "changeOwner", targets=[str(image)], owner=f"User:{people['B']}"
    )
    assert out["activity"] is None

    done = await operate(
        api, lab, "R", "changeOwner", targets=[str(dataset)], owner=f"User:{people['C']}"
    )
    assert done["activity"]["state"] == "SUCCEEDED"
    assert {lab.value(each, "owner_id") for each in (dataset, image)} == {people["C"]}


async def test_p25_a_dataset_is_copied_with_everything_in_it(api: GraphQLClient, lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    project, dataset = lab.row("Project", "A", g1), lab.row("Dataset", "A", g1, name="d")
    image = lab.image("A", g1)
    lab.link(project, dataset, "A")
    lab.link(dataset, image, "A")
    lab.annotate(image, "TagAnnotation", "A")

    done = await operate(api, lab, "B", "duplicate", targets=[str(dataset)], nameSuffix=" (copy)")

    assert done["errors"] == []
    assert done["activity"]["state"] == "SUCCEEDED", done
    copies = [each["id"] for each in done["activity"]["result"]]
    assert len(copies) == 1
    assert str(dataset) not in copies
    query = """query Q($id: ID!) { node(id: $id) { ... on Dataset {
      name owner { id } projects { totalCount }
      images { nodes { owner { id } annotations { nodes { owner { id } } } } } } } }"""
    found = await api.data(query, {"id": copies[0]}, user=lab.people["B"])
    me = {"id": f"User:{lab.people['B']}"}
    assert found == {
        "name": "d (copy)", "owner": me, "projects": {"totalCount": 0},
        "images": {"nodes": [{"owner": me, "annotations": {"nodes": [{"owner": me}]}}]},
    }  # fmt: skip
