"""Giving data to another owner, in OMERO's words (scenarios P30 to P33, and the table by level)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.lab import Lab, Thing

PRIVATE, READ_ONLY, ANNOTATE, WRITE = "rw----", "rwr---", "rwra--", "rwrw--"
LEVELS = (PRIVATE, READ_ONLY, ANNOTATE, WRITE)


def to(lab: Lab, who: str) -> dict[str, str]:
    return {"owner": f"User:{lab.people[who]}"}


def owner(lab: Lab, thing: Thing) -> str:
    number = lab.value(thing, "owner_id")
    return next(name for name, each in lab.people.items() if each == number)


def test_p30_a_dataset_is_given_with_its_image_and_link(lab: Lab) -> None:
    group = lab.group("g", READ_ONLY, "AB")
    dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
    link = lab.link(dataset, image, "A")
    pixels = lab.of(image, "Pixels", "image_id")[0]

    shown = lab.plan("R", "change_owner", dataset, **to(lab, "B"))
    assert owner(lab, dataset) == "A"
    done = lab.run("R", "change_owner", dataset, **to(lab, "B"))

    assert done.errors == []
    assert {owner(lab, each) for each in (dataset, image, pixels, link)} == {"B"}
    assert done.report["included"] == shown["included"]
    assert done.count("included", "Image") == done.count("included", "DatasetImageLink") == 1
    settings = lab.of(pixels, "RenderingDef", "pixels_id")[0]
    assert owner(lab, settings) == "A"


def test_p31_a_given_image_leaves_its_dataset(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
    link = lab.link(dataset, image, "A")

    shown = lab.plan("R", "change_owner", image, **to(lab, "B"))
    done = lab.run("R", "change_owner", image, **to(lab, "B"))

    assert (owner(lab, image), owner(lab, dataset)) == ("B", "A")
    assert not lab.is_live(link)
    for report in (shown, done.report):
        assert [
            (each["parent"], each["staysBehind"], each["reason"]) for each in report["unlinked"]
        ] == [(str(dataset), "PARENT", "PARENT_NOT_INCLUDED")]


def test_p32_owners_cannot_give_their_data_away(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB")
    image = lab.image("A", group)

    done = lab.run("A", "change_owner", image, **to(lab, "B"))

    assert done.errors[0]["code"] == "denied"
    assert done.errors[0]["target"] == str(image)
    assert "OWNER_CANNOT_CHANGE_OWNER" in done.errors[0]["reasons"]
    assert owner(lab, image) == "A"


def test_p33_a_leader_gives_to_members_alone(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AC", "L")
    lab.group("other", ANNOTATE, "B", "L")
    image = lab.image("A", group)

    refused = lab.run("L", "change_owner", image, **to(lab, "B"))
    assert refused.errors[0]["code"] == "denied"
    assert refused.errors[0]["target"] == f"User:{lab.people['B']}"
    assert owner(lab, image) == "A"

    assert lab.run("L", "change_owner", image, **to(lab, "C")).errors == []
    assert owner(lab, image) == "C"


def test_an_administrator_gives_to_anybody_with_a_warning(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)

    done = lab.run("R", "change_owner", image, **to(lab, "B"))

    assert owner(lab, image) == "B"
    assert [each["code"] for each in done.report["warnings"]] == ["OWNER_NOT_IN_GROUP"]


def test_what_the_recipient_owns_already_is_left_as_it_is(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    dataset, image = lab.row("Dataset", "B", group), lab.image("A", group)
    link = lab.link(dataset, image, "A")
    version = lab.value(dataset, "version")

    done = lab.run("R", "change_owner", dataset, **to(lab, "B"))

    assert done.errors == []
    assert done.report["included"] == []
    assert lab.is_live(link)
    assert lab.value(dataset, "version") == version
    assert owner(lab, image) == "A"


def test_another_persons_content_stays(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "ABC")
        dataset, image = lab.row("Dataset", "A", group), lab.image("C", group)
        link = lab.link(dataset, image, "A")

        done = lab.run("R", "change_owner", dataset, **to(lab, "B"))

        assert (owner(lab, dataset), owner(lab, image), owner(lab, link)) == ("B", "C", "A")
        assert lab.is_live(link) == (level == WRITE)
        assert [(each["object"], each["reason"]) for each in done.report["leftBehind"]] == [
            (str(image), "OTHER_OWNER")
        ]


def test_content_of_another_container_stays(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "AB")
        d1, d2 = lab.row("Dataset", "A", group), lab.row("Dataset", "A", group)
        image = lab.image("A", group)
        cut, kept = lab.link(d1, image, "A"), lab.link(d2, image, "A")

        done = lab.run("R", "change_owner", d1, **to(lab, "B"))

        assert (owner(lab, d1), owner(lab, image), owner(lab, d2)) == ("B", "A", "A")
        assert lab.is_live(cut) == (level == WRITE)
        assert lab.is_live(kept)
        assert [(each["object"], each["reason"]) for each in done.report["leftBehind"]] == [
            (str(image), "SHARED_ELSEWHERE")
        ]


def test_a_third_partys_link_keeps_its_owner(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "ABC")
        dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
        link = lab.link(dataset, image, "C")

        lab.run("R", "change_owner", dataset, **to(lab, "B"))

        assert (owner(lab, dataset), owner(lab, image), owner(lab, link)) == ("B", "B", "C")
        assert lab.is_live(link)


def test_annotations_of_the_previous_owner(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "AB")
        image, other = lab.image("A", group), lab.image("A", group)
        tag, shared = (lab.annotate(image, "TagAnnotation", "A") for _ in range(2))
        links = [lab.of(each, "ImageAnnotationLink", "child_id")[0] for each in (tag, shared)]
        lab.link(other, shared, "A")

        lab.run("R", "change_owner", image, **to(lab, "B"))

        given = level in {PRIVATE, READ_ONLY}
        assert owner(lab, tag) == ("B" if given else "A")
        assert owner(lab, links[0]) == ("B" if given else "A")
        assert lab.is_live(links[0])
        assert owner(lab, shared) == "A"
        assert lab.is_live(links[1]) == (level != PRIVATE)


def test_other_peoples_annotations(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "ABC")
        image = lab.image("A", group)
        notes = [lab.annotate(image, name, "C") for name in ("TagAnnotation", "CommentAnnotation")]
        links = [lab.of(each, "ImageAnnotationLink", "child_id")[0] for each in notes]

        lab.run("R", "change_owner", image, **to(lab, "B"))

        assert {owner(lab, each) for each in notes} == {"C"}
        assert [lab.is_live(each) for each in links] == [level != PRIVATE] * 2
        assert [lab.is_live(each) for each in notes] == [True, level != PRIVATE]


def test_settings_thumbnails_and_rois(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "AB")
        image = lab.image("A", group)
        roi = lab.roi(image, "A")
        pixels = lab.of(image, "Pixels", "image_id")[0]
        display = [
            *lab.of(pixels, "RenderingDef", "pixels_id"), *lab.of(pixels, "Thumbnail", "pixels_id"),
        ]  # fmt: skip

        lab.run("R", "change_owner", image, **to(lab, "B"))

        assert {owner(lab, each) for each in display} == {"B" if level == PRIVATE else "A"}
        assert owner(lab, roi) == ("A" if level == ANNOTATE else "B")


def test_other_peoples_rois_stay_and_break_a_private_group(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "ABC")
        image = lab.image("A", group)
        roi = lab.roi(image, "C")

        done = lab.run("R", "change_owner", image, **to(lab, "B"))

        assert owner(lab, roi) == "C"
        assert owner(lab, image) == ("A" if level == PRIVATE else "B")
        assert [each["code"] for each in done.errors] == (["conflict"] if level == PRIVATE else [])


def test_rendering_settings_are_given_on_request_where_there_are_none(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    plain, chosen = lab.image("A", group), lab.image("A", group)
    mine = lab.settings_of(chosen, "B")

    done = lab.run(
        "R", "change_owner", plain, chosen, **to(lab, "B"), give_rendering_settings=True
    )  # fmt: skip

    assert done.errors == []
    owners = []
    for image in (plain, chosen):
        pixels = lab.of(image, "Pixels", "image_id")[0]
        owners.append([owner(lab, each) for each in lab.of(pixels, "RenderingDef", "pixels_id")])
    assert owners == [["B"], ["A", "B"]]
    assert owner(lab, mine) == "B"


def test_a_shared_instrument(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "AB")
        instrument = lab.row("Instrument", "A", group)
        first, second = (lab.image("A", group, instrument=instrument) for _ in range(2))

        shown = lab.plan("R", "change_owner", first, **to(lab, "B"))
        done = lab.run("R", "change_owner", first, **to(lab, "B"))
        if level == PRIVATE:
            assert shown["blockers"][0]["reason"] == "SHARED_INSTRUMENT"
            assert shown["blockers"][0]["holder"] == str(second)
            assert done.errors[0]["code"] == "conflict"
        else:
            assert (owner(lab, first), owner(lab, instrument)) == ("B", "A")

        assert lab.run("R", "change_owner", first, second, **to(lab, "B")).errors == []
        assert {owner(lab, each) for each in (first, second, instrument)} == {"B"}


def test_images_of_a_fileset_are_given_together(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "AB")
        fileset = lab.fileset("A", group)
        first, second = (lab.image("A", group, fileset=fileset) for _ in range(2))

        done = lab.run("R", "change_owner", first, **to(lab, "B"))
        assert done.errors[0]["code"] == "conflict"
        assert str(first) in done.errors[0]["message"]
        assert str(second) in done.errors[0]["message"]

        assert lab.run("R", "change_owner", first, second, **to(lab, "B")).errors == []
        assert {owner(lab, each) for each in (first, second, fileset)} == {"B"}


def test_identical_links_are_refused_or_merged(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB")
    dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
    given, mine = lab.link(dataset, image, "A"), lab.link(dataset, image, "B")

    shown = lab.plan("R", "change_owner", dataset, **to(lab, "B"))
    done = lab.run("R", "change_owner", dataset, **to(lab, "B"))

    assert [(each["object"], each["holder"], each["reason"]) for each in shown["blockers"]] == [
        (str(given), str(mine), "IDENTICAL_LINK")
    ]
    assert done.errors[0]["code"] == "conflict"
    assert owner(lab, dataset) == "A"

    merged = lab.run("R", "change_owner", dataset, **to(lab, "B"), merge_identical_links=True)
    assert merged.errors == []
    assert (lab.is_live(given), lab.is_live(mine)) == (False, True)
    assert {owner(lab, each) for each in (dataset, image, mine)} == {"B"}


def test_all_data_of_people_are_given_with_every_link_they_own(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "ABC", "L"), lab.group("g2", READ_ONLY, "ABC")
    image, theirs = lab.image("A", g1), lab.image("C", g1)
    note = lab.annotate(theirs, "TagAnnotation", "A")
    link = lab.of(note, "ImageAnnotationLink", "child_id")[0]
    other = lab.row("Project", "A", g2)
    people = (f"User:{lab.people['A']}",)

    done = lab.run("L", "change_owner", **to(lab, "B"), all_data_of=people)
    assert done.errors == []
    assert [owner(lab, each) for each in (image, note, link, theirs, other)] == list("BBBCA")

    assert lab.run("R", "change_owner", **to(lab, "B"), all_data_of=people).errors == []
    assert owner(lab, other) == "B"


def test_all_data_of_several_people_are_given_or_none(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB", "L")
    lab.group("open", ANNOTATE, "CL")
    image = lab.image("A", group)
    people = (f"User:{lab.people['A']}", f"User:{lab.people['C']}")

    done = lab.run("L", "change_owner", **to(lab, "B"), all_data_of=people)

    assert done.errors[0]["code"] == "denied"
    assert done.errors[0]["target"] == people[1]
    assert owner(lab, image) == "A"


def test_including_annotations_gives_the_tags_of_a_set(lab: Lab) -> None:
    from graphql_api.graph.request import ChildOption

    group = lab.group("g", ANNOTATE, "AB")
    tag_set = lab.row("Annotation", "A", group, class_name="TagAnnotation", text_value="set")
    tag = lab.row("Annotation", "A", group, class_name="TagAnnotation", text_value="tag")
    lab.link(tag_set, tag, "A")
    target = f"TagAnnotation:{tag_set.id}"

    lab.run("R", "change_owner", target, **to(lab, "B"))
    assert (owner(lab, tag_set), owner(lab, tag)) == ("B", "A")

    lab.run(
        "R", "change_owner", target, **to(lab, "C"), options=(ChildOption(include=("Annotation",)),)
    )  # fmt: skip
    assert owner(lab, tag_set) == "C"


def test_a_link_is_given_by_itself(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("A", group)
    tag = lab.annotate(image, "TagAnnotation", "A")
    link = lab.of(tag, "ImageAnnotationLink", "child_id")[0]

    assert lab.run("R", "change_owner", link, **to(lab, "B")).errors == []

    assert [owner(lab, each) for each in (image, tag, link)] == ["A", "A", "B"]


def test_a_folder_is_parted_from_its_parent(lab: Lab) -> None:
    for level in LEVELS:
        group = lab.group(level, level, "AB")
        top = lab.row("Folder", "A", group)
        inner = lab.row("Folder", "A", group, parent_folder_id=top.id)

        assert lab.run("R", "change_owner", inner, **to(lab, "B")).errors == []

        assert lab.value(inner, "parent_folder_id") == (top.id if level == WRITE else None)
        assert owner(lab, top) == "A"
