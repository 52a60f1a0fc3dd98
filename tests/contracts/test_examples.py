"""The examples in `examples/` do what they say, against the API on a port of this machine."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from gql.transport.exceptions import TransportError, TransportQueryError
from graphql import GraphQLError

from examples.typed_client import Refused, Tessera
from shared.activities.queue import book
from shared.models.containers import Dataset, Project
from tests.support.graphql_client import api_settings
from tests.support.live import served
from tests.support.logins import HASH, PASSWORD
from tests.support.people import make_group, make_link, make_row, make_user
from tests.support.public_data import PROJECT

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TYPESCRIPT = PROJECT / "examples" / "typescript"


@pytest_asyncio.fixture
async def address(settings: Settings, database: Database) -> AsyncIterator[str]:
    with database.write() as connection:
        ada = make_user(connection, "ada", password_hash=HASH)
        lab = make_group(connection, "lab", "rwra--", members=[ada])
        project = make_row(connection, Project, owner=ada, group=lab, name="Mitosis")
        dataset = make_row(connection, Dataset, owner=ada, group=lab, name="Plate 1")
        make_link(connection, "ProjectDatasetLink", project, dataset, owner=ada, group=lab)
    async with served(api_settings(settings)) as url:
        yield url


async def run(*command: str) -> subprocess.CompletedProcess[str]:
    def work() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
        )

    return await asyncio.to_thread(work)


@pytest.mark.parametrize("name", ["browse", "typed_client"])
async def test_python_examples_print_the_projects(address: str, name: str) -> None:
    done = await run(sys.executable, "-m", f"examples.{name}", address, "ada", PASSWORD)
    assert done.returncode == 0, done.stderr
    assert "Mitosis (ada)" in done.stdout


async def test_the_typed_client(address: str, database: Database) -> None:
    server = await asyncio.to_thread(Tessera.login, address, "ada", PASSWORD)
    (project,) = await asyncio.to_thread(lambda: list(server.projects()))
    renamed = await asyncio.to_thread(server.rename, project, "Meiosis")
    assert (renamed.name, renamed.version) == ("Meiosis", 2)
    with pytest.raises(Refused, match="changed since"):
        await asyncio.to_thread(server.rename, project, "Too late")
    with pytest.raises(GraphQLError, match="naem"):
        await asyncio.to_thread(server.ask, "{ projects { nodes { naem } } }")
    with pytest.raises((Refused, TransportError, TransportQueryError)):
        await asyncio.to_thread(Tessera.login, address, "ada", "wrong")
    async with aclosing(server.activities()) as activities:
        waiting = asyncio.ensure_future(anext(activities))
        await asyncio.sleep(1)
        with database.write() as connection:
            number = book(connection, kind="nothing", user_id=renamed_owner(database), request={})
        told = await asyncio.wait_for(waiting, 20)
    assert told == {
        "id": f"Activity:{number}", "kind": "nothing", "state": "QUEUED", "progress": None
    }  # fmt: skip


def renamed_owner(database: Database) -> int:
    from sqlalchemy import select

    from shared.models.people import User

    with database.read() as connection:
        return int(connection.scalar(select(User.id).where(User.login == "ada")) or 0)


async def test_the_curl_script(address: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed.")
    done = await run("sh", "examples/curl.sh", address, "ada", PASSWORD)
    assert done.returncode == 0, done.stderr
    assert '"name":"Made with curl"' in done.stdout
    assert '"name":"Mitosis"' in done.stdout
    wrong = await run("sh", "examples/curl.sh", address, "ada", "wrong")
    assert wrong.returncode == 1
    assert "User name or password is wrong" in wrong.stderr


def typescript_folder() -> Path:
    """The example with its packages installed, kept between runs; skips where that cannot be."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js is not installed, so the TypeScript example cannot be checked.")
    folder = Path(tempfile.gettempdir()) / "tessera-typescript-example"
    lock = (TYPESCRIPT / "package-lock.json").read_bytes()
    kept = folder / "examples" / "typescript"
    if not (kept / "lock.installed").exists() or (kept / "lock.installed").read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        kept.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(TYPESCRIPT / name, kept)
        done = subprocess.run(
            [npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=kept, check=False, capture_output=True, timeout=240,
        )  # fmt: skip
        if done.returncode:
            pytest.skip("npm could not install the example's packages (is the machine offline?).")
        (kept / "lock.installed").write_bytes(lock)
    shutil.copytree(TYPESCRIPT / "src", kept / "src", dirs_exist_ok=True)
    for name in ("codegen.yml", "tsconfig.json", "package.json"):
        shutil.copy(TYPESCRIPT / name, kept)
    schema = folder / "graphql_api" / "schema"
    schema.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "graphql_api" / "schema" / "schema.graphql", schema)
    return kept


async def test_the_typescript_documents_are_typed(database_url: str) -> None:
    folder = await asyncio.to_thread(typescript_folder)

    def check(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )

    good = await asyncio.to_thread(check, "npm", "run", "--silent", "check")
    assert good.returncode == 0, good.stdout + good.stderr
    source = folder / "src" / "browse.ts"
    text = source.read_text("utf-8")
    source.write_text(text.replace("project.owner.login", "project.owner.lgoin"), "utf-8")
    bad = await asyncio.to_thread(check, "node_modules/.bin/tsc", "--noEmit")
    assert bad.returncode != 0
    assert "lgoin" in bad.stdout
