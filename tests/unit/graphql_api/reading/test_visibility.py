"""Hidden, trashed and unknown objects are told apart by nothing: data, counts, errors, statements.

One document asks everything that takes an id, for a row of every class there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from graphql_api.compiler.declare import type_name_of
from shared.models import MODELS
from shared.models.activities import Activity
from tests.support.browsing import schema
from tests.support.people import make_part
from tests.support.whole_graph import OWNERS, fill

if TYPE_CHECKING:
    from tests.support.browsing import World

EVERYTHING = """query ($id: ID!) {
  node(id: $id) { id ... on Owned { history { totalCount } }
    ... on Annotatable { annotations { totalCount } rating { count } } }
  nodes(ids: [$id]) { id }
  pathsTo(id: $id) { length steps { index cursor object { id } } }
  annotationSummary(targets: [$id]) { objectCount rating { count }
    annotations { totalCount nodes { count } } }
  diskUsage(targets: [$id], by: TYPE) { bytes fileCount }
  within: images(where: {within: $id}) { totalCount nodes { id } }
  inSet: annotations(where: {within: $id}) { totalCount }
  tagged: images(where: {tag: {any: [$id]}}) { totalCount }
  untagged: images(where: {tag: {none: [$id]}}) { totalCount }
  annotated: images(where: {annotatedBy: $id}) { totalCount }
  owned: images(where: {owner: $id}) { totalCount }
  grouped: images(where: {group: $id}) { totalCount }
  groups(where: {id: {eq: $id}}) { totalCount nodes { name } }
  images(where: {id: {in: [$id]}}) { totalCount }
  annotations(where: {id: {eq: $id}}) { totalCount }
  plates { nodes { grid(run: $id) { fieldCount cells { fieldCount } } } }
}"""


def classes() -> list[str]:
    """Stored classes whose rows are nodes and stand in the graph of everything."""
    core: Any = schema()._schema
    node = core.get_type("Node")
    return [
        name
        for name in ("Image", "Annotation", "Shape", "LightSource", "Channel", "PlaneInfo",
                     "Dataset", "Plate", "Well", "WellSample", "Fileset", "OriginalFile", "Roi",
                     "Folder", "Instrument", "LogicalChannel", "Pixels", "Reagent", "Experiment")
        if core.is_sub_type(node, core.get_type(type_name_of(name)))
    ]  # fmt: skip


def shape(answer: Any) -> tuple[Any, list[str], int]:
    """What a stranger could compare."""
    return answer.data, [error.message for error in answer.errors], len(answer.statements)


def test_hidden_and_unknown_objects_of_every_class_are_alike(world: World) -> None:
    made = fill(world)
    place = OWNERS.index(("ada", "secret"))
    for turn, name in enumerate(classes()):
        per_owner = len(made[name]) // len(OWNERS)
        hidden = f"{name}:{made[name][place * per_owner]}"
        found = world.data("cleo", "query ($id: ID!) { node(id: $id) { id } }", id=hidden)
        assert found["node"] is not None, name
        stranger = ("ben", "dora")[turn % 2]
        seen = shape(world.ask(stranger, EVERYTHING, id=hidden))
        assert seen == shape(world.ask(stranger, EVERYTHING, id=f"{name}:987654")), name


def test_the_trash_is_as_if_it_were_not(world: World) -> None:
    made = fill(world)
    with world.database.write() as connection:
        activity = make_part(
            connection, Activity, kind="delete", state="SUCCEEDED", user_id=world.people["ada"],
            request={}, created_at=0,
        )  # fmt: skip
    for name in ("Image", "Annotation", "Roi", "Fileset"):
        table: Any = MODELS[name].__table__
        number = made[name][0]
        assert world.data("ada", EVERYTHING, id=f"{name}:{number}")["node"] is not None
        with world.database.write() as connection:
            connection.execute(update(table).where(table.c.id == number).values(trash_id=activity))
        found = shape(world.ask("ada", EVERYTHING, id=f"{name}:{number}"))
        assert found == shape(world.ask("ada", EVERYTHING, id=f"{name}:987654")), name


def test_rights_cost_no_statement(world: World) -> None:
    fill(world)
    rights = "viewerCan { update delete annotate } viewerCannot(action: DELETE) { code }"

    def asked(more: str) -> str:
        return f"""{{ images(first: 5) {{ edges {{ node {{ id {more}
          pixels {{ id {more} }} channels {{ id {more} }} rois {{ nodes {{ id {more}
            shapes {{ nodes {{ id {more} }} }} }} }}
          annotations {{ edges {{ link {{ id {more} }} node {{ id {more} }} }} }}
          fileset {{ id {more} files {{ originalFile {{ id {more} }} }} }}
          instrument {{ id {more} lightSources {{ id {more} }} }} }} }} }} }}"""

    plain, shown = (world.ask("ben", asked(more)) for more in ("", rights))
    assert not shown.errors
    assert len(plain.statements) == len(shown.statements)
