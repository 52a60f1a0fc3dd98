"""Payload objects select like queries, under any alias, after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.browsing import World


def test_a_payload_selects_what_a_query_would(world: World) -> None:
    group = world.groups["lab"]
    answer = world.ask(
        "ada",
        f"""mutation {{ createProject(input: {{name: "New", group: "Group:{group}"}}) {{
          a: project {{ x: id owner {{ login }} datasets {{ totalCount }} }}
          b: project {{ x: name ... on Owned {{ viewerCan {{ update }} }} }}
          errors {{ code }} }} }}""",
    )
    assert not answer.errors
    made = answer.data["createProject"]
    assert made["errors"] == []
    assert made["a"]["owner"] == {"login": "ada"}
    assert made["a"]["datasets"] == {"totalCount": 0}
    assert made["a"]["x"].startswith("Project:")
    assert made["b"] == {"x": "New", "viewerCan": {"update": True}}
