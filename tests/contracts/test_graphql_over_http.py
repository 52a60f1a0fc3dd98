"""GraphQL over HTTP: our own table of what must be answered, and the audits of npm's graphql-http.

The audits run against the API as a process; they are skipped, with the reason, without Node.js.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import uvicorn

from graphql_api.app import build_app
from tests.support.graphql_client import GraphQLClient, api_settings, graphql_client
from tests.support.people import root

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
STRICT = "application/graphql-response+json"
VERSIONS = ("graphql-http@1.23.1", "graphql@16.15.0")
AUDIT = """
import { serverAudits } from "graphql-http";
const audits = serverAudits({ url: process.argv[2] });
const results = [];
for (const audit of audits) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));
"""


@pytest_asyncio.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with graphql_client(settings, database) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (STRICT, STRICT),
        (f"{STRICT}, application/json;q=0.9", STRICT),
        (f"application/json, {STRICT}", "application/json"),
        (f"{STRICT};q=0.5, application/json", "application/json"),
    ],
)
async def test_the_media_type_is_negotiated(
    api: GraphQLClient, accept: str | None, kind: str
) -> None:
    del api.http.headers["accept"]
    headers = {} if accept is None else {"Accept": accept}
    response = await api.post("{__typename}", headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"
    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},
        {"query": "{nothing}"},
        {"query": "query($n: Int!){projects(first:$n){totalCount}}", "variables": {"n": "x"}},
        {"query": "query a{__typename} query b{__typename}"},
        {"query": "{__typename}", "operationName": "missing"},
    ],
)
async def test_a_wrong_document_is_200_in_json_and_400_in_the_strict_type(
    api: GraphQLClient, body: dict[str, object]
) -> None:
    api.http.headers.update(api.bearer(root_of(api)))
    loose = await api.http.post("/graphql", json=body)
    strict = await api.http.post("/graphql", json=body, headers={"Accept": STRICT})
    assert (loose.status_code, strict.status_code) == (200, 400)
    for response in (loose, strict):
        answer = response.json()
        assert "data" not in answer
        assert all(error["extensions"]["code"] for error in answer["errors"])


async def test_variables_that_cannot_be_coerced_are_named(api: GraphQLClient) -> None:
    document = "query($n: Int, $where: ProjectWhere){projects(first:$n, where:$where){totalCount}}"
    wrong: list[tuple[dict[str, object], str]] = [
        ({"n": "x"}, "Int cannot represent"),
        ({"where": {"createdAt": {"gte": "x"}}}, "is no DateTime"),
        ({"where": {"nonsense": 1}}, "nonsense"),
    ]
    for variables, message in wrong:
        answer = await api.post(document, variables, headers=api.bearer(root_of(api)))
        error = answer.json()["errors"][0]
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}, error
        assert message in error["message"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'[{"query":"{__typename}"}]', "application/json", 400),
        (b"null", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query":7}', "application/json", 400),
        (b'{"query":"{__typename}","operationName":7}', "application/json", 400),
        (b'{"query":"{__typename}","variables":[]}', "application/json", 400),
        (b'{"query":"{__typename}","variables":"x"}', "application/json", 400),
        (b'{"query":"{__typename}","extensions":3}', "application/json", 400),
        (b'{"query":"\xff"}', "application/json", 400),
        (b'{"query":"{__typename}"}', "text/plain", 415),
        (b'{"query":"{__typename}"}', "application/json; charset=latin-1", 415),
        (b'{"query":"{__typename}"}', "application/json; charset=utf-8", 200),
    ],
)
async def test_malformed_requests(
    api: GraphQLClient, content: bytes, kind: str, status: int
) -> None:
    for accept in ("application/json", STRICT):
        headers = {"Content-Type": kind, "Accept": accept}
        response = await api.http.post("/graphql", content=content, headers=headers)
        assert response.status_code == status


async def test_get_runs_queries_only_and_other_methods_are_refused(api: GraphQLClient) -> None:
    query = await api.http.get("/graphql", params={"query": "{__typename}"})
    assert query.json()["data"] == {"__typename": "Query"}
    write = await api.http.get("/graphql", params={"query": "mutation{logout{errors{code}}}"})
    assert (write.status_code, write.headers["allow"]) == (405, "POST")
    for method in ("PUT", "PATCH", "DELETE"):
        response = await api.http.request(method, "/graphql")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def root_of(api: GraphQLClient) -> int:
    with api.database.read() as connection:
        return root(connection)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """The API on a port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    app = build_app(api_settings(settings, api_port=port))
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="error", ws="none", timeout_graceful_shutdown=1)
    )
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}/graphql"
    server.should_exit = True
    await running


def audits_folder() -> Path:
    """A folder with graphql-http installed, kept between runs; skips where that cannot be."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js is not installed, so npm's graphql-http audits cannot run.")
    folder = Path(tempfile.gettempdir()) / "tessera-graphql-http-1.23.1"
    if not (folder / "node_modules" / "graphql-http").is_dir():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        done = subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", *VERSIONS],
            cwd=folder, check=False, capture_output=True, timeout=120,
        )  # fmt: skip
        if done.returncode:
            pytest.skip("npm could not install graphql-http (is the machine offline?).")
    (folder / "audit.mjs").write_text(AUDIT)
    return folder


async def test_all_audits_of_graphql_http_pass(settings: Settings, database: Database) -> None:
    folder = await asyncio.to_thread(audits_folder)
    async with served(settings) as url:
        done = await asyncio.create_subprocess_exec(
            "node", "audit.mjs", url, cwd=folder, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(done.communicate(), 60)
    results = json.loads(output)
    assert len(results) == 61
    assert [result for result in results if result["status"] != "ok"] == []
