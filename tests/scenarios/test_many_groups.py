"""Somebody in hundreds of groups: statements hold no more values than somebody in a few needs.

A statement of SQLite takes 32,766 values; a plan names the groups of a person dozens of times.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, select

from shared.auth.select import visible_groups, visible_users
from shared.models.people import Group, Membership, User
from shared.one_of import SHORT, one_of
from tests.support.people import make_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.database import Database
    from tests.support.lab import Lab

LEVELS = ("rw----", "rwr---", "rwra--", "rwrw--")


@contextmanager
def most_values(database: Database) -> Iterator[list[int]]:
    """How many values each statement meanwhile holds."""
    seen: list[int] = []

    def note(_c: Any, _cursor: Any, _text: str, values: Any, _context: Any, many: bool) -> None:
        seen.append(0 if many else len(values or ()))

    event.listen(database.main, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.main, "before_cursor_execute", note)


def crowd(lab: Lab, count: int) -> None:
    """A and B in so many more groups of every level; A leads every second one."""
    with lab.database.write() as connection:
        for number in range(count):
            make_group(
                connection, f"many {number}", LEVELS[number % 4],
                members=[lab.people["B"], *([] if number % 2 else [lab.people["A"]])],
                owners=[lab.people["A"]] if number % 2 else [],
            )  # fmt: skip


def everything(lab: Lab, stage: str) -> list[tuple[str, int]]:
    """Every operation shown and one done, and how many values its largest statement held."""
    g1, g2 = (lab.group(f"{stage} {each}", "rwra--", "B", "A") for each in "12")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    lab.link(dataset, image, "A")
    for who in "AB":
        lab.annotate(image, "TagAnnotation", who)
    moved = lab.image("A", g1)
    move = lab.run("A", "move_to_group", moved, group=f"Group:{g2}")
    trashed = lab.image("A", g1)
    assert lab.run("A", "delete", trashed).errors == []
    shown: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("delete", (dataset,), {}), ("duplicate", (dataset,), {}),
        ("move_to_group", (dataset,), {"group": f"Group:{g2}"}),
        ("change_owner", (dataset,), {"owner": f"User:{lab.people['B']}"}),
        ("change_owner", (), {"owner": f"User:{lab.people['B']}",
                              "all_data_of": (f"User:{lab.people['A']}",)}),
        ("undo", (), {"activity": f"Activity:{move.activity_id}"}), ("restore", (trashed,), {}),
    ]  # fmt: skip
    most = []
    for kind, targets, options in shown:
        with most_values(lab.database) as values:
            report = lab.plan("A", kind, *targets, **options)
        assert report["blockers"] == []
        most.append((kind, max(values)))
    with most_values(lab.database) as values:
        assert lab.run("A", "duplicate", dataset).errors == []
    return [*most, ("done", max(values))]


def test_values_do_not_grow_with_the_groups_of_a_person(lab: Lab) -> None:
    crowd(lab, SHORT * 2 + 10)
    some = everything(lab, "few")
    crowd_more(lab, 600)

    many = everything(lab, "rich")

    assert [kind for kind, _ in many] == [kind for kind, _ in some]
    # More, for all data of A lie in two more groups by now, and each is named.
    grown = [each for each, before in zip(many, some, strict=True) if each[1] > before[1] + 100]
    assert grown == []


def crowd_more(lab: Lab, count: int) -> None:
    """As `crowd`, in a few statements: groups that nobody looks at."""
    with lab.database.write() as connection:
        rows = [
            {"name": f"more {n}", "name_key": f"more {n}", "permissions": LEVELS[n % 4],
             "created_at": 0, "updated_at": 0}
            for n in range(count)
        ]  # fmt: skip
        made = connection.scalars(insert(Group).returning(Group.id), rows).all()
        connection.execute(
            insert(Membership),
            [{"group_id": number, "user_id": lab.people["A"], "is_owner": True, "position": 900}
             for number in made],
        )  # fmt: skip


@pytest.mark.parametrize("count", [SHORT, SHORT + 1, 3 * SHORT])
def test_a_long_list_means_what_a_short_one_means(lab: Lab, count: int) -> None:
    with lab.database.read() as connection:
        known = set(connection.scalars(select(Group.id)))
        picked = set(list(known)[:2])
        numbers = picked | set(range(10**6, 10**6 + count - len(picked)))
        found = connection.scalars(select(Group.id).where(one_of(Group.id, numbers)))
        assert set(found) == picked
        none = select(Group.id).where(~one_of(Group.id, numbers))
        assert set(connection.scalars(none)) == known - picked


def test_people_and_groups_are_seen_by_somebody_in_many(lab: Lab) -> None:
    crowd(lab, SHORT + 20)
    principal = lab.principal("B")
    with lab.database.read() as connection:
        groups = set(connection.scalars(select(Group.id).where(visible_groups(principal))))
        people = set(connection.scalars(select(User.id).where(visible_users(principal))))
    assert groups == set(principal.memberships)
    assert people == {lab.people["A"], lab.people["B"]}
