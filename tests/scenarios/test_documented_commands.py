"""The command lines of the page on moving, giving, copying and deleting work as written there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.workshop import open_workshop

if TYPE_CHECKING:
    from tests.support.lab import Lab

PAGE = Path("docs/how-to/move-give-copy-delete.md")
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_command_of_the_page_succeeds(lab: Lab, tmp_path: Path) -> None:
    lines = re.findall(r"^\$ tessera (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) > 15
    with open_workshop(lab, tmp_path) as workshop:
        group = workshop.groups["Lab1"]
        known: dict[str, str] = {"Experimenter:1": f"Experimenter:{lab.people['1']}"}

        def real(match: re.Match[str]) -> str:
            """The object that stands for an example's, made when it is first named."""
            top, below, numbers = match[1], match[2], match[3].split(",")
            found = []
            for number in numbers:
                text = f"{top}:{number}"
                if text not in known:
                    made = workshop.project("1", group)
                    known[text] = str(made[top.lower()])
                found.append(known[text].partition(":")[2])
            return f"{top}{below}:{','.join(found)}"

        for line in lines:
            who = "0" if line.startswith("chown") else "1"
            login = workshop.tessera(f"login -u {'root-2' if who == '0' else 'user-1'}")
            assert login.returncode == 0, login.stderr
            typed = re.sub(r"\b([A-Z][a-z]+)((?:/[A-Z]\w+)*):([\d,]+)", real, line)
            if not line.startswith("login"):
                done = workshop.tessera(typed)
                assert done.returncode == 0, (typed, done.stderr)
