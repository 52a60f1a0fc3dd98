"""`viewerCan.x` is false exactly when the mutation answers `Denied` with that object as its target.

Every role, level, class and action whose mutation exists (`tests/support/rights_table.py`), on both
databases. A refused mutation changes nothing, and what is invisible is told from what is unknown by
no answer, count, text or number of statements.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browsing import schema
from tests.support.people import make_group, make_user
from tests.support.rights_stage import LEVELS, PERSON, ROLES, UNKNOWN, At, Stage
from tests.support.rights_table import TRIALS, UNTRIED, Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.database import Database
    from shared.settings import Settings

FLAGS = "update delete annotate link moveToGroup changeOwner duplicate download saveRendering"
CAN = f"viewerCan {{ {FLAGS} }}"
NODES = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Owned {{ {CAN} }} }} }}"
EDGES = f"edges {{ link {{ id {CAN} }} }}"
LINKS = (
    f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Image {{ seen: annotations {{ {EDGES} }} }}"
    f" ... on Dataset {{ seen: images {{ {EDGES} }} }} }} }}"
)
CASES = [(trial, name) for trial in TRIALS for name in trial.classes]


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(database, settings).open()


def placed(stage: Stage) -> dict[tuple[str, Any, Trial, str], At]:
    """A fresh object of `owner` for each role, level and trial."""
    owner = stage.people["owner"]
    with stage.database.write() as connection:
        return {
            (role, level, trial, name): At(
                stage, role, level, stage.make(connection, name, owner, level)
            )
            for role in ROLES
            for level in LEVELS
            for trial, name in CASES
            if trial.is_due(level, stage.database.dialect)
        }


def flags(stage: Stage, role: str, refs: list[str]) -> dict[str, dict[str, bool] | None]:
    """`viewerCan` of each object, None where it is not seen."""
    found: dict[str, dict[str, bool] | None] = dict.fromkeys(refs)
    plain = [ref for ref in refs if ref not in stage.holders]
    for start in range(0, len(plain), 500):
        some = plain[start : start + 500]
        nodes = stage.ask(role, NODES, ids=some).data["nodes"]
        found |= {ref: node and node["viewerCan"] for ref, node in zip(some, nodes, strict=True)}
    holders = [stage.holders[ref] for ref in refs if ref in stage.holders]
    for holder in stage.ask(role, LINKS, ids=holders).data["nodes"]:
        for edge in holder["seen"]["edges"] if holder else ():
            found[edge["link"]["id"]] = edge["link"]["viewerCan"]
    return found


def tried(stage: Stage, at: At, trial: Trial) -> tuple[list[dict[str, Any]], int]:
    """The errors of the mutation, and how many statements it took."""
    core = schema()._schema
    kind = core.mutation_type.fields[trial.mutation].args["input"].type  # type: ignore[union-attr]  # there is one
    document = (
        f"mutation($input: {kind}) {{ {trial.mutation}(input: $input) {{ errors {{ "
        "__typename code message path target } } }"
    )
    answer = stage.ask(at.role, document, input=trial.given(at))
    return answer.data[trial.mutation]["errors"], answer.statements


def is_denied(errors: list[dict[str, Any]], ref: str) -> bool:
    return any(each["__typename"] == "Denied" and each["target"] == ref for each in errors)


def test_flags_are_false_exactly_when_the_mutation_is_denied(stage: Stage) -> None:
    trials = placed(stage)
    refused: list[tuple[Trial, At]] = []
    invisible: list[tuple[Trial, At]] = []
    allowed: list[tuple[Trial, At]] = []
    for role in ROLES:
        mine = {key: at for key, at in trials.items() if key[0] == role}
        seen = flags(stage, role, [at.ref for at in mine.values()])
        for (_, _, trial, _), at in mine.items():
            can = seen[at.ref]
            kind = invisible if can is None else allowed if can[trial.flag] else refused
            kind.append((trial, at))
    before = stage.digest()
    wrong = [
        (at.role, at.level.name, trial.mutation, at.ref, errors)
        for trial, at in refused
        if not is_denied(errors := tried(stage, at, trial)[0], at.ref)
    ]
    assert not wrong, told("false, but the mutation does not answer Denied with the object", wrong)
    for trial, at in invisible:
        compare_with_unknown(stage, trial, at)
    assert stage.digest() == before
    done: Counter[str] = Counter()
    for trial, at in allowed:
        errors, _ = tried(stage, at, trial)
        done[trial.mutation] += not errors
        if is_denied(errors, at.ref) or any(each["__typename"] == "NotFound" for each in errors):
            wrong.append((at.role, at.level.name, trial.mutation, at.ref, errors))
    assert not wrong, told("true, but the mutation is denied", wrong)
    tries = {trial.mutation for _, _, trial, _ in trials}
    missing = {name for name in tries if not done[name]}
    assert not missing, "no role could do these at all"


def told(what: str, wrong: list[tuple[Any, ...]]) -> str:
    return f"{len(wrong)} flags are {what}:\n" + "\n".join(map(str, wrong[:40]))


def compare_with_unknown(stage: Stage, trial: Trial, at: At) -> None:
    """The same mutation on an object that is not there at all answers the same."""
    name = at.ref.partition(":")[0]
    unknown = At(stage, at.role, at.level, f"{name}:{UNKNOWN}")
    errors, count = tried(stage, at, trial)
    others, other_count = tried(stage, unknown, trial)
    assert errors, (at.role, at.level, trial.mutation, "an invisible object was changed")
    assert str(errors).replace(at.ref, unknown.ref) == str(others)
    assert count == other_count, (trial.mutation, at.role)


QUERIES = (
    "query($id: ID!) { node(id: $id) { id } }",
    "query($id: ID!) { nodes(ids: [$id]) { id } }",
    "query($id: ID!) { datasets(where: {within: $id}) { totalCount nodes { id } } }",
    "query($id: ID!) { images(where: {within: $id}) { totalCount edges { cursor } } }",
    "query($id: ID!) { images(where: {tag: {any: [$id]}}) { totalCount } }",
    "query($id: ID!) { images(where: {not: {tag: {any: [$id]}}}) { totalCount } }",
    "query($id: ID!) { projects(where: {owner: $id}) { totalCount } }",
    "query($id: ID!) { projects(where: {group: $id}) { totalCount } }",
    "query($id: ID!) { images(where: {annotatedBy: $id}) { totalCount } }",
    "query($id: ID!) { pathsTo(id: $id) { length } }",
    "query($id: ID!) { annotationSummary(targets: [$id]) { annotations { totalCount } } }",
    "query($id: ID!) { diskUsage(targets: [$id]) { bytes fileCount } }",
    "query($id: ID!) { diskUsage(targets: [$id], by: USER) { bytes user { id } } }",
    "query($id: ID!) { moveTargets(targets: [$id]) { group { id } } }",
    "query($id: ID!) { ownerCandidates(targets: [$id]) { id } }",
)
"""Every way in which a query names an object."""
SAID = "activity { id } errors { code message path target }"
OPERATIONS = tuple(
    f"mutation($id: ID!) {{ {verb}(input: {{targets: [$id]{more}}}) {{ {SAID} }} }}"
    for verb, more in (
        ("delete", ", dryRun: true"), ("duplicate", ", dryRun: true"), ("restore", ""),
        ("purge", ""),
    )
)  # fmt: skip
"""Graph operations that name it; what they say of it is no answer either."""


def hidden(stage: Stage) -> Iterator[tuple[str, str]]:
    """Objects of every class that the outsider does not see, a group and a person too."""
    with stage.database.write() as connection:
        owner = make_user(connection, "hidden")
        stage.groups[LEVELS[0]] = make_group(connection, "vault", LEVELS[0], members=[owner])
        for name in ("Project", "Dataset", "Image", "TagAnnotation", "Roi"):
            yield name, stage.make(connection, name, owner, LEVELS[0])
        yield "Group", f"Group:{stage.groups[LEVELS[0]]}"
        yield "User", f"User:{owner}"


def test_queries_do_not_tell_invisible_from_unknown(stage: Stage) -> None:
    for name, ref in list(hidden(stage)):
        for query in QUERIES:
            found = stage.ask("outsider", query, id=ref)
            other = stage.ask("outsider", query, id=f"{name}:{UNKNOWN}")
            assert found.data == other.data, query
            assert found.statements == other.statements, query
            assert ref not in str(found.data)
        for operation in OPERATIONS if name in {"Image", "TagAnnotation"} else ():
            found = stage.ask("outsider", operation, id=ref)
            other = stage.ask("outsider", operation, id=f"{name}:{UNKNOWN}")
            number = ref.partition(":")[2]
            alike = str(found.data).replace(f":{number}", f":{UNKNOWN}")
            assert alike == str(other.data), operation
            assert found.statements == other.statements, operation
            assert "errors': []" not in str(found.data), operation


def test_every_mutation_is_tried_or_has_a_reason() -> None:
    mutations = schema()._schema.mutation_type
    assert mutations is not None
    tries = {trial.mutation for trial in TRIALS}
    assert tries.isdisjoint(UNTRIED)
    assert set(mutations.fields) == tries | set(UNTRIED)


def test_everybody_is_somebody(stage: Stage) -> None:
    """The stage's roles are what they are called: a walk on a wrong stage would prove nothing."""
    assert {role for role in ROLES if stage.principal(role).is_admin} == {
        role for role in ROLES if role.startswith("admin")
    }
    assert stage.principal("admin-full").privileges > stage.principal("admin-write").privileges
    assert stage.principal("admin-nothing").privileges == frozenset()
    assert stage.principal("sudo").sudoer_id == stage.people["admin-full"]
    for role in ROLES:
        person = PERSON.get(role, role)
        in_lab = stage.groups[LEVELS[0]] in stage.principal(role).memberships
        assert in_lab is (
            person in {"owner", "member", "leader", "recipient", "guest", "admin-member"}
        )
