"""The workshop's server: the API in a thread, people with passwords, the command line in processes.

Groups and logins are those of the text on data management: user-1 and user-2 in `Lab1`,
`read-annotate-group` and `read-only-group`; user-3 leads the latter two.
"""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn

from graphql_api.app import build_app
from shared.auth.passwords import hash_password
from tests.support.graphql_client import api_settings
from tests.support.lab import Lab
from tests.support.people import make_user
from tests.support.processes import environment, run_cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "tessera-demo"
_HASH = hash_password(PASSWORD)
ANNOTATE, READ = "rwra--", "rwr---"


@dataclass
class Workshop:
    """A lab whose people log in by the command line."""

    lab: Lab
    port: int
    folder: Path
    groups: dict[str, int] = field(default_factory=dict)

    def furnish(self) -> Workshop:
        """Make the people and groups."""
        people = self.lab.people
        with self.lab.database.write() as connection:
            for letter, login in (("1", "user-1"), ("2", "user-2"), ("3", "user-3")):
                people[letter] = make_user(connection, login, password_hash=_HASH)
            people["0"] = make_user(connection, "root-2", password_hash=_HASH, is_admin=True)
        self.groups = {
            "Lab1": self.lab.group("Lab1", ANNOTATE, "12"),
            "read-annotate-group": self.lab.group("read-annotate-group", ANNOTATE, "12", "3"),
            "read-only-group": self.lab.group("read-only-group", READ, "12", "3"),
        }
        return self

    def tessera(self, line: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a line as it would be typed, with the session of the one before."""
        env = environment() | {
            "TESSERA_SERVER": f"http://127.0.0.1:{self.port}",
            "TESSERA_PASSWORD": PASSWORD,
            "TESSERA_SESSION_FILE": str(self.folder / "session.json"),
            **more,
        }
        return run_cli(*line.split(), env=env)

    def project(self, who: str, group: int) -> dict[str, Any]:
        """A project with a dataset and image, annotated and with a ROI, all of one person."""
        lab = self.lab
        project, dataset = lab.row("Project", who, group), lab.row("Dataset", who, group)
        image = lab.image(who, group)
        lab.link(project, dataset, who)
        lab.link(dataset, image, who)
        return {
            "project": project, "dataset": dataset, "image": image,
            "roi": lab.roi(image, who),
            "tag": lab.annotate(project, "TagAnnotation", who),
            "comment": lab.annotate(dataset, "CommentAnnotation", who),
            "rating": lab.annotate(image, "LongAnnotation", who),
        }  # fmt: skip


@contextmanager
def open_workshop(lab: Lab, folder: Path) -> Iterator[Workshop]:
    """The workshop with its API listening."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = build_app(api_settings(lab.settings, api_port=port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield Workshop(lab, port, folder).furnish()
        finally:
            server.should_exit = True
            thread.join()
