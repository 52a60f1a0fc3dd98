"""How long the command line waits, and that what it lists has no end of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.commands import trash
from graphql_api.graph import booking
from tests.support.workshop import Workshop, open_workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.lab import Lab

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def workshop(lab: Lab, tmp_path: Path) -> Iterator[Workshop]:
    with open_workshop(lab, tmp_path) as opened:
        assert opened.tessera("login -u user-1").returncode == 0
        yield opened


def test_a_wait_that_runs_out_ends_with_the_code_of_busy(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker runs here, so that what is queued stays queued."""
    monkeypatch.setattr(booking, "SMALL_ROWS", 0)
    image = workshop.lab.image("1", workshop.groups["Lab1"])

    late = workshop.tessera(f"delete {image} --wait 0.2")
    assert late.returncode == 7, late.stdout
    assert "has not ended after 0.2 seconds" in late.stderr
    document = json.loads(workshop.tessera(f"delete {image} --wait 0.2 --json").stdout)
    assert [each["exitCode"] for each in document] == [7]
    assert document[0]["activity"]["state"] == "QUEUED"

    gone = workshop.tessera(f"delete {image} --wait 0")
    assert gone.returncode == 0, gone.stderr
    assert "queued: Activity:" in gone.stdout
    assert workshop.lab.is_live(image)


@pytest.mark.parametrize("wait", ["-5", "nan", "inf", "-0.5"])
def test_other_times_to_wait_are_refused_before_anything_is_done(
    workshop: Workshop, wait: str
) -> None:
    image = workshop.lab.image("1", workshop.groups["Lab1"])

    refused = workshop.tessera(f"delete {image} --wait {wait}")

    assert refused.returncode == 2
    assert "--wait" in refused.stderr
    assert workshop.lab.is_live(image)


@pytest.mark.parametrize("size", [1, 3])
def test_the_trash_is_listed_to_its_end_whatever_a_page_holds(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    size: int,
) -> None:  # fmt: skip
    lab = workshop.lab
    dataset = lab.row("Dataset", "1", workshop.groups["Lab1"], name="d")
    images = [lab.image("1", workshop.groups["Lab1"], name=f"i{each}") for each in range(5)]
    for image in images:
        lab.link(dataset, image, "1")
    plate = lab.row("Plate", "1", workshop.groups["Lab1"])
    lab.annotate(plate, "TagAnnotation", "1")
    assert workshop.tessera(f"delete {dataset}").returncode == 0
    whole = json.loads(workshop.tessera("trash list --json").stdout)
    assert len(whole) == 1
    assert {str(dataset), *map(str, images)} <= {each["id"] for each in whole[0]["objects"]}
    links = [each["id"] for each in whole[0]["objects"] if "DatasetImageLink" in each["id"]]
    assert len(links) == len(images)

    monkeypatch.setattr(trash, "PAGE", size)
    monkeypatch.setenv("TESSERA_SERVER", f"http://127.0.0.1:{workshop.port}")
    monkeypatch.setenv("TESSERA_SESSION_FILE", str(workshop.folder / "session.json"))
    trash.list_(as_json=True)

    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == whole


def test_links_of_every_kind_are_seen_in_the_trash(workshop: Workshop) -> None:
    lab = workshop.lab
    plate = lab.row("Plate", "1", workshop.groups["Lab1"])
    lab.annotate(plate, "TagAnnotation", "1")
    (link,) = lab.of(plate, "PlateAnnotationLink", "parent_id")

    done = workshop.tessera(f"unlink {link}")

    assert done.returncode == 0, done.stderr
    assert f"  {link}" in workshop.tessera("trash list").stdout


def test_any_number_of_activities_is_listed(workshop: Workshop) -> None:
    for _ in range(3):
        image = workshop.lab.image("1", workshop.groups["Lab1"])
        assert workshop.tessera(f"delete {image}").returncode == 0

    assert len(workshop.tessera("activities --first 100000").stdout.splitlines()) == 3
    assert len(workshop.tessera("activities --first 2").stdout.splitlines()) == 2
    assert workshop.tessera("activities --first 0").returncode == 2
