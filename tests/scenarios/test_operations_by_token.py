"""What an access token may do with operations that are over or to come: no more than it says.

Undo, restore, plans and jobs ask whose they are, so a token of the same person could pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from graphql_api.editing.activities import cancel, dismiss, retry
from graphql_api.graph.booking import Desk, begin, begin_plan
from graphql_api.graph.request import OperationRequest
from shared.activities.queue import book
from shared.auth.principal import load_principal
from shared.errors import Conflict, Denied
from shared.models.activities import Activity
from shared.models.people import GUEST_GROUP, Privilege
from tests.support.people import add_member, make_user, special_group

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from tests.support.lab import Lab

READING = [frozenset({"read"}), frozenset({"import"}), frozenset({"admin"})]


def token(lab: Lab, who: str, *scopes: str) -> Principal:
    with lab.database.read() as connection:
        return load_principal(connection, lab.people[who], scopes=frozenset(scopes))


def desk(lab: Lab, principal: Principal) -> Desk:
    return Desk(lab.database, lab.storage, lab.settings, principal)


def operation(kind: str, *targets: object, **options: Any) -> OperationRequest:
    return OperationRequest(kind, tuple(map(str, targets)), **options)


def count(lab: Lab) -> int:
    with lab.database.read() as connection:
        return len(connection.execute(select(Activity.id)).all())


@pytest.mark.parametrize("scopes", READING, ids="-".join)
def test_without_the_scope_write_nothing_is_taken_back(lab: Lab, scopes: frozenset[str]) -> None:
    g1, g2 = lab.group("g1", "rwra--", "A"), lab.group("g2", "rwra--", "A")
    moved, trashed, kept = lab.image("A", g1), lab.image("A", g1), lab.image("A", g1)
    move = f"Activity:{lab.run('A', 'move_to_group', moved, group=f'Group:{g2}').activity_id}"
    gone = f"Activity:{lab.run('A', 'delete', trashed).activity_id}"
    plans = [
        lab.plan("A", "undo", activity=move)["planId"],
        lab.plan("A", "restore", activity=gone)["planId"],
        lab.plan("A", "delete", kept)["planId"],
    ]
    before = count(lab)
    by_token = desk(lab, token(lab, "A", *scopes))

    asked = [
        operation("undo", activity=move), operation("restore", activity=gone),
        operation("restore", trashed), operation("purge", activity=gone),
        operation("purge", trashed), operation("delete", kept),
        operation("move_to_group", kept, group=f"Group:{g2}"), operation("duplicate", kept),
    ]  # fmt: skip
    for request in asked:
        for dry_run in (False, True):
            with pytest.raises((Denied, ExceptionGroup)) as caught:
                begin(by_token, request, dry_run=dry_run, key=None)
            faults = getattr(caught.value, "exceptions", [caught.value])
            assert all(isinstance(each, Denied) for each in faults), request
    for plan in plans:
        with pytest.raises((Denied, ExceptionGroup)):
            begin_plan(by_token, plan, key=None)

    assert count(lab) == before
    assert (lab.group_of(moved), lab.is_live(trashed), lab.is_live(kept)) == (g2, False, True)


def test_a_worker_forgets_no_scope(lab: Lab) -> None:
    g1, g2 = lab.group("g1", "rwra--", "A"), lab.group("g2", "rwra--", "A")
    image = lab.image("A", g1)
    moved = lab.run("A", "move_to_group", image, group=f"Group:{g2}")
    request = operation("undo", activity=f"Activity:{moved.activity_id}")

    assert lab.do("A", request, scopes=frozenset({"read"})).errors[0]["code"] == "denied"

    assert lab.group_of(image) == g2
    assert lab.do("A", request, scopes=frozenset({"write"})).errors == []
    assert lab.group_of(image) == g1


def test_a_guest_takes_nothing_back(lab: Lab) -> None:
    g1, g2 = lab.group("g1", "rwra--", "A"), lab.group("g2", "rwra--", "A")
    image = lab.image("A", g1)
    moved = lab.run("A", "move_to_group", image, group=f"Group:{g2}")
    with lab.database.write() as connection:
        add_member(connection, lab.people["A"], special_group(connection, GUEST_GROUP))

    done = lab.run("A", "undo", activity=f"Activity:{moved.activity_id}")

    assert done.errors[0]["code"] == "denied"
    assert lab.group_of(image) == g2


def number_of(activity: str) -> int:
    return int(activity.removeprefix("Activity:"))


def queued(lab: Lab, who: str, request: OperationRequest | str, state: str = "QUEUED") -> str:
    kind = request if isinstance(request, str) else request.kind
    booked = {} if isinstance(request, str) else request.to_json()
    with lab.database.write() as connection:
        number = book(connection, kind=kind, user_id=lab.people[who], request=booked)
        connection.execute(update(Activity).where(Activity.id == number).values(state=state))
    return f"Activity:{number}"


def test_an_importing_token_steers_imports_only(lab: Lab) -> None:
    reading, importing = token(lab, "A", "read"), token(lab, "A", "import")
    imports, deletion = queued(lab, "A", "import"), queued(lab, "A", "delete")
    failed = queued(lab, "A", "delete", "FAILED")

    with pytest.raises(Denied, match="You may not cancel"):
        cancel(lab.database, reading, imports)
    with pytest.raises(Denied, match="You may not dismiss"):
        dismiss(lab.database, reading, [failed])
    with pytest.raises(Denied, match="You may not cancel"):
        cancel(lab.database, importing, deletion)
    with pytest.raises(Denied, match="You may not retry"):
        retry(lab.database, importing, failed)
    cancel(lab.database, importing, imports)
    retry(lab.database, importing, imports)


def test_what_is_retried_may_no_more_than_who_retries(lab: Lab) -> None:
    """An administrator's own failed deletion, asked for again by a token without his privileges
    and by somebody who acts as him.
    """
    group = lab.group("g1", "rwra--", "A")
    image = lab.image("A", group)
    failed = queued(lab, "R", operation("delete", image), "FAILED")

    retry(lab.database, token(lab, "R", "write"), failed)
    done = lab.finish(number_of(failed))

    assert done.errors[0]["code"] == "not_found"  # without privileges he does not even see it
    assert lab.is_live(image)
    with lab.database.write() as connection:
        helper = make_user(connection, "helper", is_admin=True, withheld=[Privilege.DELETE_OWNED])
    with lab.database.read() as connection:
        acting = load_principal(connection, lab.people["R"], sudoer_id=helper)
    retry(lab.database, acting, failed)
    assert lab.finish(number_of(failed)).errors[0]["code"] == "denied"
    retry(lab.database, lab.principal("R"), failed)
    assert lab.finish(number_of(failed)).errors == []
    assert not lab.is_live(image)


def test_administrators_stop_the_jobs_of_others_and_do_not_hide_them(lab: Lab) -> None:
    with lab.database.write() as connection:
        idle = make_user(connection, "idle", is_admin=True, withheld=[Privilege.SUDO])
    with lab.database.read() as connection:
        restricted = load_principal(connection, idle)
    job = queued(lab, "A", "delete")

    with pytest.raises(Denied, match="You may not cancel"):
        cancel(lab.database, restricted, job)
    cancel(lab.database, lab.principal("R"), job)
    with pytest.raises(Denied, match="You may not retry"):
        retry(lab.database, restricted, job)
    with pytest.raises(Denied, match="You may not dismiss"):
        dismiss(lab.database, lab.principal("R"), [job])
    retry(lab.database, lab.principal("R"), job)
    with lab.database.read() as connection:
        row = connection.execute(
            select(Activity.sudoer_id, Activity.state).where(Activity.id == number_of(job))
        ).one()
    assert tuple(row) == (lab.people["R"], "QUEUED")
    with pytest.raises(Conflict, match="has not ended"):
        dismiss(lab.database, lab.principal("A"), [job])
