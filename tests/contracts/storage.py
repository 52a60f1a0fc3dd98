"""What every storage must do: a suite that each implementation's tests inherit."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from shared.errors import Conflict, Invalid, NotFound
from shared.storage import Storage

if TYPE_CHECKING:
    from pathlib import Path

BAD_NAMES = (
    "", "/", "/etc/passwd", "..", "../outside", "a/../b", "a//b", "a/", "./a", "a/.", "a\0b",
    "a/" + "x" * 256, "é" * 128, "\ud800", "/".join(["abcdefgh"] * 400),
)  # fmt: skip


class StorageTests:
    """Inherit it and give the fixture `storage`, an empty storage."""

    def write(self, storage: Storage, name: str, data: bytes = b"bytes") -> None:
        with storage.open_new(name) as target:
            target.write(data)

    def read(self, storage: Storage, name: str) -> bytes:
        with storage.open_to_read(name) as source:
            return source.read()

    def test_what_is_written_can_be_read(self, storage: Storage) -> None:
        self.write(storage, "files/ab/Größe 1 µm (copy).ome.tif", b"x" * 3_000_000)

        name = "files/ab/Größe 1 µm (copy).ome.tif"
        assert self.read(storage, name) == b"x" * 3_000_000
        assert storage.path(name).read_bytes() == b"x" * 3_000_000
        assert storage.exists(name)
        assert storage.size(name) == 3_000_000

    def test_a_part_of_a_file_can_be_read(self, storage: Storage) -> None:
        self.write(storage, "a", b"0123456789")
        with storage.open_to_read("a") as source:
            source.seek(4)
            assert source.read(3) == b"456"

    def test_a_name_is_taken_once(self, storage: Storage) -> None:
        self.write(storage, "a/b", b"first")
        for name in ("a/b", "a/b/c"):
            with pytest.raises(Conflict):
                storage.open_new(name)
        assert self.read(storage, "a/b") == b"first"

    def test_a_missing_file_is_not_found(self, storage: Storage) -> None:
        assert not storage.exists("a")
        assert storage.files("a") == []
        with pytest.raises(NotFound):
            storage.open_to_read("a")
        with pytest.raises(NotFound):
            storage.open_to_continue("a")
        with pytest.raises(NotFound):
            storage.size("a")
        with pytest.raises(NotFound):
            storage.link("a", "b")
        with pytest.raises(NotFound):
            storage.rename("a", "b")

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_a_name_that_could_lead_out_is_invalid(self, storage: Storage, name: str) -> None:
        self.write(storage, "good")
        for verb in (
            storage.path, storage.open_new, storage.open_to_read, storage.open_to_continue,
            storage.erase, storage.exists, storage.size, storage.files,
        ):  # fmt: skip
            with pytest.raises(Invalid):
                verb(name)
        for two in (storage.link, storage.rename):
            with pytest.raises(Invalid):
                two("good", name)

    def test_an_upload_can_be_continued(self, storage: Storage) -> None:
        self.write(storage, "uploads/u", b"abc")
        with storage.open_to_continue("uploads/u") as target:
            assert target.seek(0, 2) == 3
            target.write(b"def")
        assert self.read(storage, "uploads/u") == b"abcdef"

    def test_copying_in_answers_size_and_sha1(self, storage: Storage, tmp_path: Path) -> None:
        data = bytes(range(256)) * 9000
        source = tmp_path / "outside.bin"
        source.write_bytes(data)

        result = storage.copy_in(source, "files/x")

        assert (result.linked, result.size) == (False, len(data))
        assert result.sha1 == hashlib.sha1(data).hexdigest()
        assert self.read(storage, "files/x") == data
        with source.open("rb") as opened:
            assert storage.copy_in(opened, "files/y") == result
        with pytest.raises(Conflict):
            storage.copy_in(source, "files/x")
        assert self.read(storage, "files/x") == data

    def test_only_regular_files_are_copied_in(self, storage: Storage, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(b"secret")
        (tmp_path / "link").symlink_to(tmp_path / "secret")
        for name in ("link", "missing", "."):
            with pytest.raises(NotFound):
                storage.copy_in(tmp_path / name, "files/x")
        assert not storage.exists("files/x")

    def test_a_second_name_outlives_the_first(self, storage: Storage) -> None:
        self.write(storage, "a/one", b"shared")
        storage.link("a/one", "b/two")
        storage.erase("a/one")
        assert self.read(storage, "b/two") == b"shared"
        with pytest.raises(Conflict):
            storage.link("b/two", "b/two")

    def test_a_folder_is_linked_file_by_file(self, storage: Storage) -> None:
        self.write(storage, "derived/p/0/c/0", b"chunk")
        self.write(storage, "derived/p/zarr.json", b"{}")

        storage.link("derived/p", "derived/q")

        assert storage.files("derived/q") == ["derived/q/0/c/0", "derived/q/zarr.json"]
        assert storage.size("derived/q") == 7
        with pytest.raises(Conflict):
            storage.link("derived/p", "derived/q")
        storage.erase("derived/p")
        assert self.read(storage, "derived/q/0/c/0") == b"chunk"

    def test_renaming_keeps_the_bytes_and_frees_the_name(self, storage: Storage) -> None:
        self.write(storage, "uploads/u", b"data")
        storage.rename("uploads/u", "files/f/name.tif")
        assert self.read(storage, "files/f/name.tif") == b"data"
        assert not storage.exists("uploads/u")
        self.write(storage, "uploads/u")
        with pytest.raises(Conflict):
            storage.rename("uploads/u", "files/f/name.tif")

    def test_erasing_takes_files_and_folders_and_forgives_missing_ones(
        self, storage: Storage
    ) -> None:
        self.write(storage, "a/b/c")
        self.write(storage, "a/d")
        storage.erase("a/b")
        assert storage.files("a") == ["a/d"]
        storage.erase("a/d")
        storage.erase("a/d")
        storage.erase("a/d/e")
        storage.erase("never")
        assert not storage.exists("a/d")
