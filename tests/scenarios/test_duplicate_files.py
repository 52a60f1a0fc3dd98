"""The files of copies: hard links of their own, nothing left after failures (P29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from shared.auth.slides import WITHHELD
from shared.models.images import Image
from tests.support.copies import copies
from tests.support.lab import Thing

if TYPE_CHECKING:
    import pytest

    from tests.support.lab import Lab

ANNOTATE = "rwra--"


def files_of(lab: Lab, image: Thing) -> list[str]:
    fileset = Thing("Fileset", lab.value(image, "fileset_id"))
    entries = lab.of(fileset, "FilesetEntry", "fileset_id")
    files = [Thing("OriginalFile", lab.value(each, "original_file_id")) for each in entries]
    return [lab.value(file, "storage_name") for file in files]


def test_p29_original_and_copy_do_not_need_each_other(lab: Lab) -> None:
    from shared.storage.intents import sweep

    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group, fileset=lab.fileset("A", group, files=2))
    old = files_of(lab, image)

    copy = copies(lab, lab.run("A", "duplicate", image))[str(image)]
    new = files_of(lab, copy)

    assert len(new) == len(old) == 2
    assert set(new).isdisjoint(old)
    places = [lab.storage.path(name) for name in (*old, *new)]
    assert {place.stat().st_nlink for place in places} == {2}
    assert lab.run("A", "delete", image, purge=True).errors == []
    sweep(lab.database, lab.storage)
    assert [lab.storage.exists(name) for name in (*old, *new)] == [False, False, True, True]
    assert {lab.storage.path(name).stat().st_nlink for name in new} == {1}
    assert lab.storage.path(new[0]).read_bytes() == b"tiff" * 10

    assert lab.run("A", "delete", copy, purge=True).errors == []
    sweep(lab.database, lab.storage)
    assert lab.storage.files("files") == []


def test_the_pixels_of_a_copy_are_read_from_its_own_files(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group, fileset=lab.fileset("A", group))
    pixels = lab.of(image, "Pixels", "image_id")[0]
    folder = f"derived/{lab.value(pixels, 'uuid')[:2]}/{lab.value(pixels, 'uuid')}"
    for name in ("index.npz", "pyramid.ome.zarr/0/c/0"):
        with lab.storage.open_new(f"{folder}/{name}") as file:
            file.write(name.encode())

    copy = copies(lab, lab.run("A", "duplicate", image))[str(pixels)]

    new = lab.value(copy, "uuid")
    assert new != lab.value(pixels, "uuid")
    for name in ("index.npz", "pyramid.ome.zarr/0/c/0"):
        place = lab.storage.path(f"derived/{new[:2]}/{new}/{name}")
        assert place.read_bytes() == name.encode()
        assert place.stat().st_nlink == 2


def test_a_copy_of_a_slide_shows_its_label_to_nobody_who_did_not_see_it(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB", "C")
    image = lab.image("A", group, fileset=lab.fileset("A", group, files=1))
    old = "derived/ab/" + "a" * 36 + "/label.jpg"
    with lab.database.write() as connection:
        connection.execute(update(Image).where(Image.id == image.id).values(label_file=old))
    for login, sees in (("A", True), ("B", False), ("C", True)):
        copy = copies(lab, lab.run(login, "duplicate", image))[str(image)]
        kept = lab.value(copy, "label_file")
        assert (kept == WITHHELD) is not sees, login
        assert kept != old
        again = copies(lab, lab.run(login, "duplicate", copy))[str(copy)]
        assert (lab.value(again, "label_file") == WITHHELD) is not sees, login
        assert lab.value(again, "macro_file") is None


def test_attachments_are_copied_in_full(lab: Lab) -> None:
    from shared.storage.locator import attachment

    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)
    name = attachment("0f2d8fd5-3a50-4fd6-a23f-8a3b1fbbd9f5")
    with lab.storage.open_new(name) as handle:
        handle.write(b"notes")
    file = lab.row("OriginalFile", "A", group, name="notes.txt", size=5, storage_name=name)
    note = lab.annotate(image, "FileAnnotation", "A", file_id=file.id)

    copy = copies(lab, lab.run("A", "duplicate", image))

    assert lab.value(copy[str(note)], "file_id") == copy[str(file)].id
    place = lab.storage.path(lab.value(copy[str(file)], "storage_name"))
    assert place.read_bytes() == b"notes"
    assert place.stat().st_nlink == 1


def test_a_refused_link_becomes_a_copy_with_a_warning(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group, fileset=lab.fileset("A", group))
    monkeypatch.setattr("os.link", refuse)

    done = lab.run("A", "duplicate", image)

    assert [each["code"] for each in done.report["warnings"]] == ["FILES_COPIED"]
    (name,) = files_of(lab, copies(lab, done)[str(image)])
    assert lab.storage.path(name).stat().st_nlink == 1


def test_nothing_is_left_on_disk_after_a_failure(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import select

    from graphql_api.graph.execute import duplicate
    from graphql_api.graph.handlers import EXECUTORS
    from shared.models.system import FileIntent

    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group, fileset=lab.fileset("A", group))
    before, rows = lab.storage.files("files"), lab.of(image, "Pixels", "image_id")

    def fail(work: object) -> list[str]:
        duplicate.execute_duplicate(work)  # type: ignore[arg-type]  # a stand-in for one
        raise OSError("the disk is full")

    monkeypatch.setitem(EXECUTORS, "duplicate", fail)
    done = lab.run("A", "duplicate", image)

    assert done.state == "FAILED"
    assert lab.storage.files("files") == before
    assert lab.of(image, "Pixels", "image_id") == rows
    with lab.database.read() as connection:
        assert connection.execute(select(FileIntent.id)).all() == []
