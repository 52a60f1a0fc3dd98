"""The local folder: the common suite, links, and what must not happen to shared bytes."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from shared.errors import Conflict, NotFound
from shared.storage import LocalStorage, Storage
from tests.contracts.storage import StorageTests

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


class TestLocalStorage(StorageTests):
    """The suite that every storage passes."""


def put(storage: LocalStorage, name: str, data: bytes) -> None:
    with storage.open_new(name) as target:
        target.write(data)


def refuse_links(*_args: object, **_options: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_it_is_a_storage(storage: LocalStorage) -> None:
    assert isinstance(storage, Storage)


def test_a_link_shares_its_bytes_and_leaves_mode_and_time_alone(storage: LocalStorage) -> None:
    put(storage, "a", b"shared")
    before = storage.path("a").stat()

    assert storage.link("a", "b") is True

    after = storage.path("b").stat()
    assert after.st_ino == before.st_ino
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


def test_shared_bytes_are_never_opened_for_writing(storage: LocalStorage) -> None:
    put(storage, "a", b"shared")
    storage.link("a", "b")
    for name in ("a", "b"):
        with pytest.raises(Conflict):
            storage.open_to_continue(name)
    storage.erase("b")
    with storage.open_to_continue("a") as target:
        assert target.read() == b"shared"


def test_where_links_are_refused_files_are_copied(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(storage, "a/one", b"1")
    put(storage, "a/two", b"22")
    outside = tmp_path / "outside"
    outside.write_bytes(b"333")
    monkeypatch.setattr(os, "link", refuse_links)

    assert storage.link("a", "b") is False
    assert storage.copy_in(outside, "c", link=True).linked is False

    assert storage.path("b/two").read_bytes() == b"22"
    assert storage.path("b/two").stat().st_ino != storage.path("a/two").stat().st_ino
    assert storage.path("c").read_bytes() == b"333"


def test_a_file_from_outside_is_linked_when_that_is_asked(
    storage: LocalStorage, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"abc")
    result = storage.copy_in(outside, "a", link=True)
    assert result.linked
    assert result.size == 3
    assert result.sha1 == "a9993e364706816aba3e25717850c26c9cd0d89d"  # FIPS 180-1, appendix A
    assert storage.path("a").stat().st_ino == outside.stat().st_ino


def test_symbolic_links_inside_are_never_followed(storage: LocalStorage, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (storage.root / "way").symlink_to(outside)
    (storage.root / "file").symlink_to(outside / "secret")

    for name in ("way/secret", "file", "way"):
        assert not storage.exists(name)
        with pytest.raises(NotFound):
            storage.path(name)
        with pytest.raises(NotFound):
            storage.open_to_read(name)
    with pytest.raises(NotFound):
        storage.open_new("way/new")
    storage.erase("way/secret")
    storage.erase("way")
    storage.erase("file")
    assert (outside / "secret").read_bytes() == b"secret"
    assert list(storage.root.iterdir()) == []


def test_a_pipe_is_not_a_file_and_nobody_waits_for_it(
    storage: LocalStorage, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotFound):
        storage.copy_in(tmp_path / "pipe", "a")
    assert not storage.exists("a")


def test_a_copy_that_fails_leaves_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    class Broken:
        def __init__(self) -> None:
            self.blocks = [b"half", None]

        def read(self, _size: int) -> bytes:
            block = self.blocks.pop(0)
            if block is None:
                raise OSError(errno.EIO, "Input/output error")
            return block

    with pytest.raises(OSError, match="Input/output"):
        storage.copy_in(Broken(), "a/b")  # type: ignore[arg-type]  # a file as it breaks in life
    assert not storage.exists("a/b")


def test_the_folder_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    put(LocalStorage(tmp_path / "alias"), "a", b"1")
    assert (tmp_path / "real" / "a").read_bytes() == b"1"
