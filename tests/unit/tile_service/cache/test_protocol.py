from __future__ import annotations

from tile_service.cache import TileKey


def test_keys_differ_with_every_part_and_agree_between_processes() -> None:
    # worked out with sha256sum over the text (1, 'a', 2)
    expected = "c46c7c043abcc10db36ad8f22bea974b03a654a68810db2e1232d19216f2bac5"
    assert TileKey.of(1, "a", 2).digest == expected
    assert TileKey.of(1, "a", 2).etag == f'"{expected[:32]}"'
    parts: list[tuple[int, *tuple[object, ...]]] = [
        (1, "a", 2),
        (2, "a", 2),
        (1, "a", 3),
        (1, "a2"),
        (1, "a", "2"),
        (1, "a", 2, None),
    ]
    assert len({TileKey.of(*each).digest for each in parts}) == len(parts)
