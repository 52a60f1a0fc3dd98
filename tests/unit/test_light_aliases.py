"""Kept aliases: the same ones again for the next operation, never the same one twice in one."""

from __future__ import annotations

from shared.models.images import Image
from shared.models.light import KEPT, light_alias, reused_aliases
from shared.models.people import Group


def test_no_two_places_of_an_operation_share_an_alias() -> None:
    with reused_aliases():
        first = [light_alias(Image) for _ in range(KEPT + 5)]
        groups = [light_alias(Group) for _ in range(3)]
    with reused_aliases():
        again = [light_alias(Image) for _ in range(KEPT + 5)]

    assert len({id(each) for each in [*first, *groups]}) == KEPT + 8
    assert len({id(each) for each in again}) == KEPT + 5
    assert all(one is other for one, other in zip(first[:KEPT], again[:KEPT], strict=True))
    assert not {id(each) for each in first[KEPT:]} & {id(each) for each in again[KEPT:]}


def test_without_an_operation_every_alias_is_new() -> None:
    with reused_aliases():
        kept = light_alias(Image)
    assert light_alias(Image) is not light_alias(Image)
    assert light_alias(Image) is not kept
