"""The laws of graph operations, over random graphs and random deeds of random people.

After each deed: the dry run said what happened; what goes, what stays and what is destroyed do not
overlap; nothing joins two groups; nothing is lost that was not told; nobody exceeded his rights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from shared.models.people import Group, GroupPermissions
from tests.support.graph_world import Rows, World, isomorphic, listed, live, told
from tests.support.lab import Done, Lab
from tests.support.profiles import examples

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage
    from tests.support.lab import Thing

PEOPLE = st.sampled_from("ABLR")
EXAMPLES = {"sqlite": 60, "postgresql": 12}
STEPS = 4
_BEARING = {"Project", "Dataset", "Image"}


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """A report without its plan's number and what only the real run knows."""
    unknown = {"planId", "created", "copies", "event"}
    return {name: value for name, value in report.items() if name not in unknown}


class Laws(RuleBasedStateMachine):
    """One world, and deeds done in it one after the other."""

    lab: Lab

    @initialize(data=st.data())
    def plant(self, data: st.DataObject) -> None:
        """Make a world."""
        self.world = World(self.lab, data)

    def _level(self, group: int) -> GroupPermissions:
        with self.lab.database.read() as connection:
            found = connection.execute(select(Group.permissions).where(Group.id == group))
            return GroupPermissions(found.scalar_one())

    def _target(self, data: st.DataObject, who: str) -> Thing | None:
        rows = live(self.world.rows())
        sees = who in "LR" or self._level(self.world.here) is not GroupPermissions.PRIVATE
        there = [
            each for each in self.world.things
            if (each.name, each.id) in rows
            and rows[each.name, each.id]["group_id"] == self.world.here
            and (sees or rows[each.name, each.id]["owner_id"] == self.lab.people[who])
        ]  # fmt: skip
        return data.draw(st.sampled_from(there), "target") if there else None

    def _do(
        self, who: str, kind: str, *targets: Thing | str, **options: Any
    ) -> tuple[Done, Rows, Rows]:
        """Plan and do; hold what every deed must hold."""
        from shared.errors import TesseraError

        before = self.world.rows()
        try:
            shown = self.lab.plan(who, kind, *targets, **options)
        except (TesseraError, ExceptionGroup) as error:
            first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
            assert isinstance(first, TesseraError)
            shown = {"error": first.code}
        assert self.world.rows() == before
        done = self.lab.run(who, kind, *targets, **options)
        after = self.world.rows()
        assert self.world.crossings() == 0
        if "error" in shown:
            assert done.errors[0]["code"] == shown["error"]
        elif shown["blockerCount"]:
            assert done.errors[0]["code"] == "conflict"
        else:
            assert done.errors == []
            assert summary(done.report) == summary(shown)
            self._partition(done.report)
            self._accounted(before, after, done.report)
            return done, before, after
        assert done.state == "FAILED"
        assert after == before
        return done, before, after

    def _partition(self, report: dict[str, Any]) -> None:
        parts = [told(report, "included"), told(report, "deleted") | listed(report, "unlinked"),
                 listed(report, "leftBehind"), told(report, "referenced")]  # fmt: skip
        for place, one in enumerate(parts):
            for other in parts[place + 1 :]:
                assert one.isdisjoint(other)

    def _accounted(self, before: Rows, after: Rows, report: dict[str, Any]) -> None:
        """Whatever is gone was told, and nothing that was told is still there."""
        gone = set(live(before)) - set(live(after))
        assert gone == (told(report, "deleted") | listed(report, "unlinked")) & set(live(before))

    @rule(who=PEOPLE, data=st.data(), back=st.booleans())
    def move(self, who: str, data: st.DataObject, back: bool) -> None:
        """Move something to the other group; back again, or undo it."""
        world, target = self.world, self._target(data, who)
        if target is None:
            return
        owner = self.lab.value(target, "owner_id")
        done, before, after = self._do(
            who, "move_to_group", target, group=f"Group:{world.there}"
        )  # fmt: skip
        if done.errors:
            return
        assert who == "R" or owner == self.lab.people[who]
        for key, row in after.items():
            if key[0] in _BEARING and key in before and row["group_id"] != before[key]["group_id"]:
                mine = row["owner_id"] == self.lab.people[who]
                level = self._level(world.here)
                assert mine or who in "LR" or level is GroupPermissions.READ_WRITE
        if back and not (done.report["unlinkedCount"] or done.report["deletedCount"]):
            home = self.lab.run("R", "move_to_group", target, group=f"Group:{world.here}")
            if not (home.errors or home.report["unlinkedCount"] or home.report["deletedCount"]):
                assert world.rows() == before
                return
        if not back:
            undone = self.lab.run("R", "undo", activity=f"Activity:{done.activity_id}")
            assert undone.errors == []
            assert world.rows() == before

    @rule(who=PEOPLE, data=st.data(), to=st.sampled_from("BC"), undo=st.booleans())
    def give(self, who: str, data: st.DataObject, to: str, undo: bool) -> None:
        """Give something to somebody; take it back by giving it, or undo it."""
        target = self._target(data, who)
        if target is None:
            return
        recipient = self.lab.people[to]
        done, before, after = self._do(who, "change_owner", target, owner=f"User:{recipient}")
        if done.errors:
            return
        changed = {key for key in live(after) if after[key]["owner_id"] != before[key]["owner_id"]}
        assert changed == told(done.report, "included")
        assert {after[key]["owner_id"] for key in changed} <= {recipient}
        assert who in "LR" or not changed
        givers = {before[key]["owner_id"] for key in changed}
        touched = done.report["unlinkedCount"] or done.report["deletedCount"]
        if undo:
            if changed or touched:
                undone = self.lab.run("R", "undo", activity=f"Activity:{done.activity_id}")
                assert undone.errors == []
                assert self.world.rows() == before
        elif len(givers) == 1 and not touched and not self._had(before, recipient):
            (giver,) = givers
            home = self.lab.run("R", "change_owner", target, owner=f"User:{giver}")
            if not (home.errors or home.report["unlinkedCount"] or home.report["deletedCount"]):
                now = self.world.rows()
                assert {key: row["owner_id"] for key, row in now.items()} == {
                    key: row["owner_id"] for key, row in before.items()
                }

    def _had(self, rows: Rows, person: int) -> bool:
        return any(row["owner_id"] == person for row in rows.values())

    @rule(who=PEOPLE, data=st.data(), there=st.booleans())
    def duplicate(self, who: str, data: st.DataObject, there: bool) -> None:
        """Copy something; the copy is like its original and does not touch it."""
        world, target = self.world, self._target(data, who)
        if target is None:
            return
        options = {"group": f"Group:{world.there}"} if there else {}
        done, before, after = self._do(who, "duplicate", target, **options)
        if done.errors:
            return
        assert {key: after[key] for key in before} == before
        copies = {}
        for each in done.report["copies"]:
            name, _, number = each["original"].partition(":")
            name = "Annotation" if name.endswith("Annotation") else name
            copies[name, int(number)] = int(each["copy"].partition(":")[2])
        made = set(after) - set(before)
        assert made == {(name, number) for (name, _), number in copies.items()}
        assert set(copies) == told(done.report, "included")
        assert {after[key]["owner_id"] for key in made} == {self.lab.people[who]}
        isomorphic(before, after, copies)
        gone = self.lab.run("R", "delete", *done.result, purge=True)
        assert gone.errors == []
        assert {key: row for key, row in world.rows().items() if key in before} == before

    @rule(who=PEOPLE, data=st.data())
    def delete(self, who: str, data: st.DataObject) -> None:
        """Delete something and have it back."""
        target = self._target(data, who)
        if target is None:
            return
        done, before, after = self._do(who, "delete", target)
        if done.errors:
            return
        level = self._level(self.world.here)
        for key in set(live(before)) - set(live(after)):
            if key[0] in _BEARING:
                mine = before[key]["owner_id"] == self.lab.people[who]
                assert mine or who in "LR" or level is GroupPermissions.READ_WRITE
        back = self.lab.run(who, "restore", activity=f"Activity:{done.activity_id}")
        assert back.errors == []
        assert self.world.rows() == before

    @rule(who=PEOPLE, level=st.sampled_from(list(GroupPermissions)))
    def change_level(self, who: str, level: GroupPermissions) -> None:
        """Change the group's level; a private group holds nothing between two people."""
        old = self._level(self.world.here)
        done, _, after = self._do(
            who, "change_level", f"Group:{self.world.here}", permissions=level.name
        )
        if done.errors:
            assert self._level(self.world.here) is old
            return
        assert who in "LR"
        assert who == "R" or level is not GroupPermissions.READ_WRITE or old is level
        assert self._level(self.world.here) is level
        if level is GroupPermissions.PRIVATE and old is not level:
            rows = live(after)
            for (name, _), row in rows.items():
                if name in {"ProjectDatasetLink", "DatasetImageLink"}:
                    ends = name.removesuffix("Link")
                    parent = "Project" if ends.startswith("Project") else "Dataset"
                    child = ends.removeprefix(parent)
                    assert (
                        rows[parent, row["parent_id"]]["owner_id"]
                        == (rows[child, row["child_id"]]["owner_id"])
                    )


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_graph_operations_hold_their_laws(
    database: Database, storage: LocalStorage, settings: Settings
) -> None:
    class Here(Laws):
        lab = Lab(database, storage, settings).open()

    run_state_machine_as_test(Here, settings=_profile(database.dialect))


def _profile(dialect: str) -> hypothesis_settings:
    return hypothesis_settings(
        max_examples=examples(EXAMPLES[dialect]),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
