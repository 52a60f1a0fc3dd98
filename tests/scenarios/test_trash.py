"""What was deleted comes back as it was, until it is purged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from graphql_api.graph.expiry import forget_reports, keep_house
from shared.clock import DAY, now
from shared.models import Base
from shared.models.activities import Activity
from shared.models.system import FileIntent
from shared.storage.intents import sweep
from shared.storage.locator import fileset_folder

if TYPE_CHECKING:
    from tests.support.lab import Lab, Thing

ANNOTATE = "rwra--"
BOOKKEEPING = {"version", "updated_at", "update_event_id"}
MACHINERY = {"activity", "event", "journal_entry", "plan", "plan_item", "rights_epoch"}


def everything(lab: Lab) -> dict[str, list[Any]]:
    """All rows of all data, without what every change raises."""
    found = {}
    with lab.database.read() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in MACHINERY:
                columns = [column for column in table.c if column.name not in BOOKKEEPING]
                rows = connection.execute(select(*columns)).all()
                found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def some_data(lab: Lab, group: int) -> tuple[Thing, Thing, Thing]:
    fileset = lab.fileset("A", group)
    dataset = lab.row("Dataset", "A", group)
    instrument = lab.row("Instrument", "A", group)
    image = lab.image("A", group, fileset=fileset, instrument=instrument)
    lab.link(dataset, image, "A")
    lab.annotate(image, "TagAnnotation", "B")
    lab.annotate(image, "CommentAnnotation", "B")
    lab.roi(image, "B")
    return dataset, image, fileset


def test_delete_and_restore_is_the_identity(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    dataset, image, fileset = some_data(lab, group)
    before = everything(lab)

    gone = lab.run("A", "delete", dataset)
    assert not any(lab.is_live(each) for each in (dataset, image, fileset))
    back = lab.run("A", "restore", activity=f"Activity:{gone.activity_id}")

    assert back.errors == []
    assert everything(lab) == before


def test_one_of_two_deleted_datasets_comes_back_with_its_images(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    first, image, _ = some_data(lab, group)
    second, other, _ = some_data(lab, group)

    lab.run("A", "delete", first, second)
    back = lab.run("A", "restore", first)

    assert back.errors == []
    assert [lab.is_live(each) for each in (first, image, second, other)] == [
        True, True, False, False
    ]  # fmt: skip
    assert back.count("included", "Image") == 1


def test_nobody_restores_what_others_deleted_of_others(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    dataset, _, _ = some_data(lab, group)
    gone = lab.run("A", "delete", dataset)

    by_name = lab.run("B", "restore", dataset)
    by_activity = lab.run("B", "restore", activity=f"Activity:{gone.activity_id}")

    assert by_name.errors[0]["code"] == "not_found"
    assert by_activity.errors[0]["code"] == "not_found"
    assert not lab.is_live(dataset)


def test_a_link_that_was_made_anew_is_not_restored(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
    link = lab.link(dataset, image, "A")
    lab.run("A", "delete", link)
    again = lab.link(dataset, image, "A")

    back = lab.run("A", "restore", link)

    assert back.errors == []
    assert not lab.is_live(link)
    assert lab.is_live(again)


def test_a_link_across_groups_is_not_restored(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    link = lab.link(dataset, image, "A")
    gone = lab.run("A", "delete", dataset)
    assert lab.is_live(dataset) is False
    lab.run("A", "restore", image)
    lab.run("A", "move_to_group", image, group=f"Group:{g2}")

    back = lab.run("A", "restore", dataset)

    assert gone.errors == []
    assert back.errors == []
    assert lab.is_live(dataset)
    assert not lab.is_live(link)
    assert lab.crossing_links() == 0


def test_a_purge_erases_rows_and_files(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    empty = everything(lab)
    dataset, image, fileset = some_data(lab, group)
    folder = fileset_folder(lab.value(fileset, "uuid"))
    lab.run("A", "delete", dataset)
    assert lab.storage.exists(folder)

    done = lab.run("A", "purge", dataset, image)
    swept = sweep(lab.database, lab.storage)

    assert done.errors == []
    assert all(lab.is_erased(each) for each in (dataset, image, fileset))
    assert not lab.storage.exists(folder)
    assert swept.failed == 0
    with lab.database.read() as connection:
        assert connection.execute(select(FileIntent.id)).all() == []
    left = {name: rows for name, rows in everything(lab).items() if rows != empty[name]}
    # B's tag is not A's to destroy, and his comment waits in the trash for its own purge.
    assert set(left) == {"annotation"}


def test_a_purge_spares_what_others_still_use(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    instrument = lab.row("Instrument", "A", group)
    objective = lab.row("Objective", "A", group, instrument_id=instrument.id)
    i1, i2 = (lab.image("A", group, instrument=instrument) for _ in range(2))
    lab.run("A", "delete", i1, i2)

    lab.run("A", "purge", i1)
    assert lab.is_live(instrument)
    lab.run("A", "purge", i2)

    assert lab.is_erased(i1)
    assert lab.is_erased(i2)
    assert lab.is_erased(instrument)
    assert lab.is_erased(objective)


def test_only_what_is_in_the_trash_is_purged(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)

    refused = lab.run("A", "purge", image)

    assert refused.errors[0]["code"] == "not_found"
    assert lab.is_live(image)


def test_a_delete_may_purge_at_once(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
    lab.link(dataset, image, "A")

    done = lab.run("A", "delete", dataset, purge=True)

    assert done.errors == []
    assert lab.is_erased(dataset)
    assert lab.is_erased(image)
    assert done.count("deleted", "Image") == 1


def test_what_was_deleted_long_ago_is_erased_by_itself(lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "A")
    fileset = lab.fileset("A", g1)
    old, young = lab.image("A", g1, fileset=fileset), lab.image("A", g1)
    roi = lab.roi(old, "A")
    first = lab.run("A", "delete", old)
    second = lab.run("A", "delete", young)
    ended = Activity.__table__
    with lab.database.write() as connection:
        connection.execute(
            update(Activity)
            .where(ended.c.id == first.activity_id)
            .values(finished_at=now() - 31 * DAY)
        )

    keep_house(lab.settings)(lab.database, lab.storage)

    assert [lab.value(each, "id") for each in (old, roi, fileset)] == [None, None, None]
    assert lab.value(young, "trash_id") == second.activity_id
    assert not any((lab.settings.data_dir / "files").rglob("*.tif"))


def test_reports_are_kept_ninety_days(lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "A")
    done = lab.run("A", "delete", lab.image("A", g1))
    table = Activity.__table__
    for days, kept in ((89, True), (91, False)):
        with lab.database.write() as connection:
            connection.execute(update(Activity).values(finished_at=now() - days * DAY))
        forget_reports(lab.database, before=now() - 90 * DAY)
        with lab.database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == done.activity_id)).one()
        assert (row.report is not None) is kept
        assert (row.dismissed_at is None) is kept
