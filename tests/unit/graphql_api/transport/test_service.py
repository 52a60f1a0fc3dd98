"""The service around GraphQL: start, readiness, hosts, origins, pages and their assets."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from graphql_api.app import open_services
from graphql_api.login.identity import client_address
from graphql_api.settings import ApiSettings
from shared.auth.keys import make_secret_file
from shared.database import Database
from shared.errors import Conflict, Denied
from shared.models.system import Instance
from shared.settings import Settings
from tests.support.graphql_client import URL, GraphQLClient, api_settings


def set_demo(database: Database, state: str | None) -> None:
    with database.write() as connection:
        connection.execute(update(Instance).values(demo_state=state))


async def test_ready_only_when_the_demo_is_complete_and_storage_is_writable(
    api: GraphQLClient, database: Database, settings: Settings
) -> None:
    assert (await api.http.get("/healthz")).json() == {"status": "alive"}
    assert (await api.http.get("/readyz")).status_code == 200
    set_demo(database, "building")
    waiting = await api.http.get("/readyz")
    assert waiting.status_code == 503
    assert waiting.headers["content-type"] == "application/problem+json"
    assert "demo" in waiting.json()["detail"]
    set_demo(database, "complete")
    assert (await api.http.get("/readyz")).status_code == 200
    assert list(settings.data_dir.glob(".ready-*")) == []
    assert "tessera_graphql_seconds" in (await api.http.get("/metrics")).text


def test_it_does_not_start_before_migration(tmp_path: Path) -> None:
    make_secret_file(tmp_path)
    with pytest.raises(Conflict, match="not at this version's state"):
        open_services(ApiSettings(data_dir=tmp_path))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_demo_is_not_offered_to_others(settings: Settings, database: Database) -> None:
    set_demo(database, "complete")
    for host in ("0.0.0.0", "192.168.1.4", "example.org"):
        with pytest.raises(Denied, match="public password"):
            open_services(api_settings(settings, api_host=host))
    for host in ("127.0.0.1", "::1", "localhost"):
        open_services(api_settings(settings, api_host=host)).database.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_hosts_and_origins(api: GraphQLClient) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        refused = await api.http.get("/healthz", headers={"Host": host})
        assert refused.status_code == 400
        assert refused.json()["code"] == "unknown_host"
    for host in ("localhost", "127.0.0.1:9", "[::1]:8000"):
        assert (await api.http.get("/healthz", headers={"Host": host})).status_code == 200
    preflight = {"Access-Control-Request-Method": "POST", "Origin": "http://viewer.example"}
    stranger = await api.http.options("/graphql", headers=preflight)
    assert stranger.status_code == 204
    assert stranger.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in stranger.headers
    listed = await api.http.options("/graphql", headers={**preflight, "Origin": URL})
    assert listed.headers["access-control-allow-origin"] == URL
    assert listed.headers["access-control-allow-credentials"] == "true"
    plain = await api.http.get("/healthz")
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert plain.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in plain.headers["content-security-policy"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_pages_load_nothing_from_elsewhere(api: GraphQLClient) -> None:
    html = {"Accept": "text/html,*/*;q=0.8"}
    for path in ("/", "/graphql", "/view/Image:42", "/view/Image%3A42", "/view/42"):
        page = await api.http.get(path, headers=html)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "http" not in page.text.replace("http-equiv", "")
        assert "script-src 'self'" in page.headers["content-security-policy"]
    for path in ("/view/Dataset:1", "/view/x", "/nothing"):
        missing = await api.http.get(path, headers=html)
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"
    for name in ("plain.js", "image.js", "panel.js", "session.js", "plain.css"):
        assert (await api.http.get(f"/assets/{name}")).status_code == 200
    for name in ("main.js", "package.json", "..%2Fpackage.json", "%2e%2e/package.json"):
        assert (await api.http.get(f"/assets/{name}")).status_code == 404


def test_forwarded_addresses_count_only_from_trusted_proxies() -> None:
    proxies = ("10.0.0.1", "10.0.0.2")
    assert client_address("203.0.113.9", ["198.51.100.7"], proxies) == "203.0.113.9"
    assert client_address("10.0.0.1", ["198.51.100.7"], proxies) == "198.51.100.7"
    forged = ["1.2.3.4, 198.51.100.7", "10.0.0.2"]
    assert client_address("10.0.0.1", forged, proxies) == "198.51.100.7"
    assert client_address("10.0.0.1", ["nonsense"], proxies) is None
    assert client_address("10.0.0.1", [], proxies) == "10.0.0.1"
