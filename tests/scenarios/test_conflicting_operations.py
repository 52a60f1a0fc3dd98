"""Two operations at once end as if one had come after the other, whichever that is."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from graphql_api.editing.links import link
from graphql_api.editing.unlinking import relink
from shared.errors import TesseraError
from tests.support.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.lab import Lab

ANNOTATE = "rwra--"
ROUNDS = examples(4)


def at_once(*works: Callable[[], object]) -> None:
    """Run all in threads that begin together; a refusal is an answer, anything else is raised."""
    barrier, faults = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except* TesseraError:
            pass
        except* BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def test_two_moves_of_the_same_data(lab: Lab) -> None:
    g1, g2, g3 = (lab.group(name, ANNOTATE, "A") for name in ("g1", "g2", "g3"))
    for _ in range(ROUNDS):
        dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
        lab.link(dataset, image, "A")
        at_once(
            partial(lab.run, "A", "move_to_group", dataset, group=f"Group:{g2}"),
            partial(lab.run, "A", "move_to_group", image, group=f"Group:{g3}"),
        )
        pixels = lab.of(image, "Pixels", "image_id")
        assert {lab.group_of(each) for each in pixels} == {lab.group_of(image)}
        assert (lab.group_of(dataset), lab.group_of(image)) == (g2, g3)
        assert lab.crossing_links() == 0


def test_a_move_against_links_into_what_moves(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    me = lab.principal("A")
    for _ in range(ROUNDS):
        d1, d2 = lab.row("Dataset", "A", g1), lab.row("Dataset", "A", g1)
        images = [lab.image("A", g1) for _ in range(3)]
        lab.link(d2, images[0], "A")
        at_once(
            partial(lab.run, "A", "move_to_group", d1, group=f"Group:{g2}"),
            partial(link, lab.database, me, [str(d1)], [str(each) for each in images[1:]]),
            partial(relink, lab.database, me, [str(images[0])], str(d2), str(d1)),
        )
        assert lab.group_of(d1) == g2
        assert lab.crossing_links() == 0


def test_a_delete_against_a_gift(lab: Lab) -> None:
    g1 = lab.group("g1", ANNOTATE, "AB")
    for _ in range(ROUNDS):
        image = lab.image("A", g1)
        at_once(
            partial(lab.run, "A", "delete", image),
            partial(lab.run, "R", "change_owner", image, owner=f"User:{lab.people['B']}"),
        )
        # Given first: then A may not delete it any more. Deleted first: then there is none to give.
        assert lab.is_live(image) is (lab.value(image, "owner_id") == lab.people["B"])
