"""The command lines of the text on data management, as written there, and reports to the letter."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from shared.models.people import Session
from tests.support.workshop import Workshop, open_workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.lab import Lab

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def workshop(lab: Lab, tmp_path: Path) -> Iterator[Workshop]:
    with open_workshop(lab, tmp_path) as opened:
        yield opened


def test_the_duplicate_section_works_as_written(workshop: Workshop) -> None:
    shared, quiet = workshop.groups["read-annotate-group"], workshop.groups["read-only-group"]
    mine = [workshop.project("1", shared) for _ in range(2)]
    others = [workshop.project("2", shared) for _ in range(2)]
    silent = [workshop.project("2", quiet) for _ in range(2)]

    def pair(things: list[dict[str, object]], name: str) -> str:
        first, second = (str(each[name]) for each in things)
        return f"{first},{second.partition(':')[2]}"

    done = workshop.tessera("login -u user-1 -g read-annotate-group")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"Created session for user-1@127\.0\.0\.1:\d+\. Idle timeout: \d+ min\. "
        r"Current group: read-annotate-group\n",
        done.stdout,
    )

    done = workshop.tessera(f"duplicate {pair(mine, 'dataset')} --report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"omero.cmd.Duplicate {pair(mine, 'dataset')} ok\nSteps: 14\n")
    lines = done.stdout.splitlines()
    assert lines[4] == "Duplicates"
    counted = {line.split(":")[0].strip(): line for line in lines[5:]}
    assert {"Dataset", "Image", "Roi", "CommentAnnotation", "LongAnnotation"} <= set(counted)
    assert "Project" not in counted

    done = workshop.tessera(f"duplicate {pair(mine, 'image')} --ignore Roi --report")
    assert done.returncode == 0, done.stderr
    assert "Roi" not in done.stdout
    assert "  Image:" in done.stdout

    done = workshop.tessera(
        f"duplicate {pair(others, 'project')} --reference Annotation "
        "--duplicate CommentAnnotation,LongAnnotation --report"
    )
    assert done.returncode == 0, done.stderr
    assert "  CommentAnnotation:" in done.stdout
    assert "  LongAnnotation:" in done.stdout
    assert "TagAnnotation" not in done.stdout
    assert "  ProjectAnnotationLink:" in done.stdout

    assert workshop.tessera("logout").returncode == 0
    assert workshop.tessera("login -u user-1 -g read-only-group").returncode == 0
    refused = workshop.tessera(
        f"duplicate {pair(silent, 'project')} --reference Annotation "
        "--duplicate CommentAnnotation,LongAnnotation --report"
    )
    assert refused.returncode == 5
    assert refused.stderr.splitlines()[-2].endswith("failed: 'graph-fail'")

    done = workshop.tessera(
        f"duplicate {pair(silent, 'project')} --ignore IAnnotationLink,Roi --report"
    )
    assert done.returncode == 0, done.stderr
    assert "Annotation" not in done.stdout
    assert "Roi" not in done.stdout


def test_a_delete_reports_to_the_letter_and_comes_back(workshop: Workshop) -> None:
    lab, group = workshop.lab, workshop.groups["Lab1"]
    images = [lab.row("Image", "1", group, name=f"i{place}") for place in range(4)]
    lab.row("Image", "1", group, name="kept")
    last = lab.row("Image", "1", group, name="last")
    tag = lab.annotate(images[0], "TagAnnotation", "1")
    assert workshop.tessera("login -u user-1 -g Lab1").returncode == 0
    ids = f"Image:{images[0].id},{images[1].id},{images[2].id},{images[3].id},{last.id}"
    printed = f"Image:{images[0].id}-{images[3].id},{last.id}"

    ranged = workshop.tessera(f"delete Image:{images[0].id}-{images[3].id}")
    assert ranged.stdout == (
        f"omero.cmd.Delete2 Image:{images[0].id}-{images[3].id} Dry run performed\nok\n"
    )
    assert "dry run" in ranged.stderr

    done = workshop.tessera(f"delete {ids} --report")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        rf"omero\.cmd\.Delete2 {printed} ok\nSteps: 6\nElapsed time: \d+\.\d{{3}} secs\.\n"
        rf"Flags: \[\]\nDeleted objects\n  ImageAnnotationLink:\d+\n  {printed}\n",
        done.stdout,
    ), done.stdout
    assert lab.is_live(tag)

    listed = workshop.tessera("trash list")
    assert listed.returncode == 0
    entry = listed.stdout.split()[0]
    assert f"  {images[0]} i0" in listed.stdout
    back = workshop.tessera(f"trash restore {entry}")
    assert back.returncode == 0, back.stderr
    assert lab.is_live(images[0])

    again = workshop.tessera(f"delete {images[0]} --include TagAnnotation FileAnnotation")
    assert again.returncode == 0, again.stderr
    assert not lab.is_live(tag)
    erased = workshop.tessera(f"trash purge {images[0]} --yes")
    assert erased.returncode == 0, erased.stderr
    assert lab.value(images[0], "id") is None


def test_moving_and_giving_by_name_with_exit_codes(workshop: Workshop) -> None:
    lab, groups = workshop.lab, workshop.groups
    made = workshop.project("1", groups["Lab1"])
    assert workshop.tessera("login user-1@127.0.0.1:" + str(workshop.port)).returncode == 0

    shown = workshop.tessera(f"chgrp read-only-group {made['project']} --dry-run --report")
    assert shown.returncode == 0, shown.stderr
    assert "Included objects" in shown.stdout
    assert lab.group_of(made["image"]) == groups["Lab1"]

    moved = workshop.tessera(f"chgrp read-only-group /Project/Dataset:{made['project'].id}")
    assert moved.returncode == 0, moved.stderr
    assert moved.stdout == f"omero.cmd.Chgrp2 Project/Dataset:{made['project'].id} ok\n"
    assert lab.group_of(made["dataset"]) == groups["read-only-group"]
    assert lab.group_of(made["project"]) == groups["Lab1"]

    codes = {
        "chgrp Lab1 Image:987654": 3,
        "chgrp nowhere Image:1": 3,
        f"chown user-2 {made['image']}": 4,
        "delete Nonsense:1": 2,
        "delete Image:5-1": 2,
        "delete Image:": 2,
        "delete": 2,
        f"chgrp Lab1 {made['dataset']} --json": 0,
    }
    for line, code in codes.items():
        done = workshop.tessera(line)
        assert done.returncode == code, (line, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
    (answer,) = json.loads(done.stdout)
    assert (answer["exitCode"], answer["activity"]["state"]) == (0, "SUCCEEDED")

    assert workshop.tessera("login -u root-2").returncode == 0
    given = workshop.tessera(f"chown user-2 {made['image']} Experimenter:{lab.people['3']}")
    assert given.returncode == 0, given.stderr
    assert lab.value(made["image"], "owner_id") == lab.people["2"]
    listed = workshop.tessera("activities")
    assert "change_owner succeeded" in listed.stdout
    assert workshop.tessera("activities dismiss").returncode == 0
    assert "change_owner" not in workshop.tessera("activities").stdout


def test_links_from_the_command_line(workshop: Workshop) -> None:
    lab, group = workshop.lab, workshop.groups["Lab1"]
    dataset, images = lab.row("Dataset", "1", group), [lab.image("1", group) for _ in range(3)]
    assert workshop.tessera("login -u user-1").returncode == 0
    ids = f"Image:{images[0].id}-{images[2].id}"

    made = workshop.tessera(f"link {dataset} {ids}")
    assert made.returncode == 0, made.stderr
    links = made.stdout.split()
    assert len(links) == 3
    assert workshop.tessera(f"link {dataset} {ids}").stdout.split() == links
    cut = workshop.tessera(f"unlink {dataset} {images[0]}")
    assert cut.stdout.split() == links[:1]
    assert f"{images[0]} is in no container any more." in cut.stderr
    assert workshop.tessera(f"unlink {links[1]}").stdout.split() == links[1:2]


def test_wrong_logins_and_strange_groups_are_told(workshop: Workshop) -> None:
    wrong = workshop.tessera("login -u user-1", TESSERA_PASSWORD="wrong")
    assert wrong.returncode == 4
    assert "Traceback" not in wrong.stderr
    foreign = workshop.tessera("login -u user-1 -g nowhere")
    assert foreign.returncode == 3
    assert workshop.tessera("duplicate Image:1").returncode == 4


def test_an_administrator_logs_somebody_in_and_a_key_lets_in_again(workshop: Workshop) -> None:
    refused = workshop.tessera("login -u user-1 --sudo user-2")
    assert (refused.returncode, "sudo" in refused.stderr.lower()) == (4, True)

    done = workshop.tessera("login -u user-1 --sudo root-2 -t 120 -g Lab1")

    host = f"127.0.0.1:{workshop.port}"
    assert done.stdout == (
        f"Created session for user-1@{host}. Idle timeout: 2 min. Current group: Lab1\n"
    )
    kept = json.loads((workshop.folder / "session.json").read_text())
    with workshop.lab.database.read() as connection:
        opened = connection.execute(select(Session.sudoer_id, Session.idle_s)).all()
    assert (workshop.lab.people["0"], 28_800) in [tuple(each) for each in opened]
    assert (None, 120) in [tuple(each) for each in opened]
    again = workshop.tessera(f"login -q -k {kept['token']}")
    assert (again.returncode, again.stdout) == (0, "")
    assert workshop.tessera(f"login -u user-2 -k {kept['token']}").returncode == 2
    (workshop.folder / "session.json").write_text(json.dumps(kept))
    assert workshop.tessera("logout").returncode == 0
    for token in (kept["token"], kept["sudoer"]):
        assert workshop.tessera(f"login -k {token}").returncode == 4
