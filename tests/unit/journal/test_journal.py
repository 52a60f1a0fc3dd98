"""Events and entries: written in sets, read back newest first."""

from __future__ import annotations

from sqlalchemy import select

from shared.database import Database, counted_statements
from shared.journal import begin_event, changes_of_activity, history, record, record_selected
from shared.models.activities import Activity
from shared.models.containers import Dataset
from tests.support.people import make_group, make_part, make_row, make_user


def test_the_history_of_an_object_tells_who_did_what_and_what_was_before(
    database: Database,
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        grace = make_user(connection, "grace", is_admin=True)
        lab = make_group(connection, "lab", members=[ada])
        event = begin_event(connection, user_id=ada, kind="create")
        record(connection, event, "Dataset", "INSERT", [7, 8], group_id=lab)
    with database.write() as connection:
        event = begin_event(connection, user_id=ada, sudoer_id=grace, kind="rename")
        record(connection, event, "Dataset", "UPDATE", [7], before={7: {"name": "µ"}})

    with database.read() as connection:
        newest, oldest = history(connection, "Dataset", 7)
        assert history(connection, "Dataset", 7, before_id=newest.id) == [oldest]
        assert history(connection, "Dataset", 7, limit=1) == [newest]
        assert history(connection, "Project", 7) == []
    assert (newest.action, newest.kind, newest.before) == ("UPDATE", "rename", {"name": "µ"})
    assert (newest.user_id, newest.sudoer_id) == (ada, grace)
    assert (oldest.action, oldest.group_id, oldest.before) == ("INSERT", lab, None)
    assert newest.at >= oldest.at


def test_a_set_of_objects_takes_one_statement(database: Database) -> None:
    with database.write() as connection, counted_statements() as count:
        event = begin_event(connection, user_id=None, kind="import")
        record(connection, event, "Image", "INSERT", range(1, 1001))
        record(connection, event, "Image", "INSERT", [])
    assert len(count) == 2


def test_what_a_query_names_is_recorded_without_fetching_it(database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        lab = make_group(connection, "lab", members=[ada])
        rows = [make_row(connection, Dataset, owner=ada, group=lab) for _ in range(3)]
        activity = make_part(
            connection, Activity, kind="delete", user_id=ada, request={}, created_at=0
        )
        event = begin_event(connection, user_id=ada, activity_id=activity, kind="delete")
        chosen = select(Dataset.id, Dataset.group_id).where(Dataset.id.in_(rows[:2]))
        record_selected(connection, event, "Dataset", "TRASH", chosen)
        changes = changes_of_activity(connection, activity)
    assert [(change.object_id, change.group_id) for change in changes] == [
        (rows[0], lab),
        (rows[1], lab),
    ]
