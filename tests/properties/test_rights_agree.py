"""The two readings of the table of rights agree: Python for one object, SQL for sets.

Random users, groups at every level, leaders, restricted administrators, guests, sudo, token
scopes; objects of several classes, some in the trash; every action, on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, case, insert, select

from shared.auth.decide import ObjectFacts, decide
from shared.auth.principal import Principal, load_principal
from shared.auth.rules import Action, Scope, file_location
from shared.auth.select import allowed, keyset_ranges, visible
from shared.clock import now
from shared.database import Database
from shared.errors import Unauthenticated
from shared.models import MODELS
from shared.models.activities import Activity
from shared.models.links import LINKS
from shared.models.people import GUEST_GROUP, GroupPermissions, Privilege
from tests.support.people import (
    add_member,
    make_group,
    make_link,
    make_row,
    make_user,
    special_group,
)
from tests.support.profiles import examples

CLASSES = ("Project", "Dataset", "Annotation", "OriginalFile", "Namespace")
LINK = "ProjectDatasetLink"


@dataclass(frozen=True)
class Person:
    is_admin: bool
    is_guest: bool
    withheld: frozenset[Privilege]
    groups: tuple[str, ...]
    """For each group: `no`, `member` or `leader`."""


people = st.builds(
    Person,
    is_admin=st.booleans(),
    is_guest=st.sampled_from([False, False, False, True]),
    withheld=st.frozensets(st.sampled_from(Privilege)) | st.just(frozenset(Privilege)),
    groups=st.tuples(*[st.sampled_from(["no", "member", "leader"])] * 5),
)
levels = st.tuples(
    *map(st.just, GroupPermissions), st.sampled_from(GroupPermissions)
)  # fmt: skip
scopes = st.none() | st.frozensets(st.sampled_from([scope.value for scope in Scope]))


@dataclass(frozen=True)
class World:
    connection: Connection
    users: list[int]
    facts: dict[tuple[str, int], ObjectFacts]
    trashed: set[tuple[str, int]]


@contextmanager
def rolled_back(database: Database) -> Iterator[Connection]:
    with database.main.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def build(
    connection: Connection, cast: tuple[Person, ...], chosen: tuple[GroupPermissions, ...]
) -> World:
    groups = [
        make_group(connection, f"group {number}", level) for number, level in enumerate(chosen)
    ]
    users = []
    for number, person in enumerate(cast):
        user = make_user(
            connection, f"person {number}", is_admin=person.is_admin, withheld=person.withheld
        )
        if person.is_guest:
            add_member(connection, user, special_group(connection, GUEST_GROUP))
        for group, role in zip(groups, person.groups, strict=True):
            if role != "no":
                add_member(connection, user, group, is_owner=role == "leader")
        users.append(user)
    bin_id = connection.execute(
        insert(Activity)
        .values(kind="delete", user_id=users[0], request={}, created_at=now())
        .returning(Activity.id)
    ).scalar_one()
    facts: dict[tuple[str, int], ObjectFacts] = {}
    trashed: set[tuple[str, int]] = set()
    for group, level in zip(groups, chosen, strict=True):
        for owner in users:
            made = objects_of(connection, owner, group)
            for class_name, repo, row_id in made:
                location = file_location(repo) if class_name == "OriginalFile" else None
                facts[class_name, row_id] = ObjectFacts(class_name, owner, group, level, location)
        thrown = make_row(
            connection, MODELS["Project"], owner=users[0], group=group, trash_id=bin_id
        )
        trashed.add(("Project", thrown))
        facts["Project", thrown] = ObjectFacts("Project", users[0], group, level)
    return World(connection, users, facts, trashed)


def objects_of(connection: Connection, owner: int, group: int) -> list[tuple[str, str | None, int]]:
    made: list[tuple[str, str | None, int]] = []
    for class_name in CLASSES:
        repos = (None, "managed", "scripts", "other") if class_name == "OriginalFile" else (None,)
        for repo in repos:
            values: dict[str, str | int | None] = {}
            if class_name == "OriginalFile":
                values = {"repo": repo, "name": "a"}
            if class_name == "Annotation":
                values = {"class_name": "TagAnnotation"}
            if class_name == "Namespace":
                values = {"name": f"space {owner} {group}"}
            row = make_row(connection, MODELS[class_name], owner=owner, group=group, **values)
            made.append((class_name, repo, row))
    ids = {class_name: row for class_name, _, row in made}
    link = make_link(connection, LINK, ids["Project"], ids["Dataset"], owner=owner, group=group)
    return [*made, (LINK, None, link)]


def model_of(class_name: str) -> type:
    return LINKS[class_name].model if class_name in LINKS else MODELS[class_name]


def check(world: World, who: Principal) -> None:
    for class_name in (*CLASSES, LINK):
        model = model_of(class_name)
        mine = {row: facts for (name, row), facts in world.facts.items() if name == class_name}
        marks = [case((allowed(who, action, model), 1), else_=0) for action in Action]
        table = model.__table__  # type: ignore[attr-defined]
        found = {
            row_id: [bool(mark) for mark in row]
            for row_id, *row in world.connection.execute(select(table.c.id, *marks))
        }
        for row_id, facts in mine.items():
            is_gone = (class_name, row_id) in world.trashed
            by_python = [not is_gone and decide(who, act, facts).allowed for act in Action]
            assert found[row_id] == by_python, (who, class_name, facts)
        gone = {row for name, row in world.trashed if name == class_name}
        seen = set(world.connection.scalars(select(table.c.id).where(visible(who, model))))
        assert seen & mine.keys() == ranged(who, mine) - gone


def ranged(who: Principal, rows: dict[int, ObjectFacts]) -> set[int]:
    """The rows that lie in the principal's keyset ranges, each in exactly one of them."""
    ranges = keyset_ranges(who)
    if ranges is None:
        return set(rows)
    named = {group for group, _ in ranges if group is not None}
    found: list[int] = []
    for group, owner in ranges:
        for row, facts in rows.items():
            here = facts.group_id == group if group is not None else facts.group_id not in named
            if here and owner in {None, facts.owner_id}:
                found.append(row)
    assert len(found) == len(set(found))
    return set(found)


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cast=st.tuples(people, people, people), chosen=levels, words=scopes)
def test_python_and_sql_give_the_same_rights(
    database: Database,
    cast: tuple[Person, ...],
    chosen: tuple[GroupPermissions, ...],
    words: frozenset[str] | None,
) -> None:
    with rolled_back(database) as connection:
        world = build(connection, cast, chosen)
        for user in world.users:
            check(world, load_principal(connection, user))
        first, second, third = world.users
        check(world, load_principal(connection, first, scopes=words))
        for target, sudoer in ((second, first), (third, second)):
            try:
                sudoed = load_principal(connection, target, sudoer_id=sudoer)
            except Unauthenticated:
                continue
            assert sudoed.privileges <= load_principal(connection, sudoer).privileges
            check(world, sudoed)
