"""The command line's own parts: addresses, kept sessions, exit codes."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from cli import classes
from cli.output import exit_code, exit_code_of
from cli.session import (
    DEFAULT_SERVER,
    StoredSession,
    current_session,
    forget_session,
    load_session,
    save_session,
    server_url,
    session_file,
)
from graphql_api.graph.policies.delete import LEGAL
from shared import errors
from shared.auth.rules import DUPLICABLE, GIVABLE, MOVABLE, base_class
from tests.support.processes import environment, run_cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSERA_SESSION_FILE", str(tmp_path / "kept" / "session.json"))
    monkeypatch.delenv("TESSERA_SERVER", raising=False)
    monkeypatch.delenv("TESSERA_TOKEN", raising=False)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("example.org", "http://example.org:8000"),
        ("example.org:9000", "http://example.org:9000"),
        ("https://example.org/tessera/", "https://example.org/tessera"),
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("http://example.org", "http://example.org"),
        ("[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_a_server_is_a_host_a_host_with_port_or_a_url(typed: str, url: str) -> None:
    assert server_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("example.org", "http://example.org:9001"),
        ("example.org:9000", "http://example.org:9001"),
        ("https://example.org:1/tessera", "https://example.org:9001/tessera"),
    ],
)
def test_a_named_port_goes_before_that_of_the_address(typed: str, url: str) -> None:
    assert server_url(typed, 9001) == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "ftp://example.org",
        "http://",
        "https:///x",
        "host:0",
        "host:99999",
        "host:x",
        ":9",
    ],
)
def test_other_addresses_are_refused(typed: str) -> None:
    with pytest.raises(errors.Invalid):
        server_url(typed)


def test_a_kept_session_is_readable_by_its_user_only() -> None:
    save_session(StoredSession("http://example.org:8000", "tes_secret", "ada", "Lab1"))

    assert stat.S_IMODE(session_file().stat().st_mode) == 0o600
    assert current_session() == load_session()


def test_a_forgotten_session_keeps_its_server() -> None:
    save_session(StoredSession("http://example.org:8000", "tes_secret", "ada"))
    forget_session()

    kept = load_session()
    assert kept == StoredSession("http://example.org:8000", "")
    with pytest.raises(errors.Unauthenticated, match=r"example\.org"):
        current_session()


def test_the_environment_goes_before_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    save_session(StoredSession("http://kept:8000", "tes_kept"))
    monkeypatch.setenv("TESSERA_TOKEN", "tep_other")
    assert current_session() == StoredSession("http://kept:8000", "tep_other")

    monkeypatch.setenv("TESSERA_SERVER", "elsewhere")
    assert current_session() == StoredSession("http://elsewhere:8000", "tep_other")

    monkeypatch.delenv("TESSERA_TOKEN")
    with pytest.raises(errors.Unauthenticated):
        current_session()


def test_without_anything_it_is_the_local_server() -> None:
    with pytest.raises(errors.Unauthenticated, match=DEFAULT_SERVER):
        current_session()


def test_a_damaged_session_file_counts_as_none() -> None:
    session_file().parent.mkdir(parents=True)
    session_file().write_text("{not json")
    assert load_session() is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.TesseraError("x"), 1),
        (errors.Invalid("x"), 2),
        (errors.TooLarge("x"), 2),
        (errors.NotFound("x"), 3),
        (errors.Denied("x"), 4),
        (errors.Unauthenticated("x"), 4),
        (errors.Conflict("x"), 5),
        (errors.BrokenFile("x"), 6),
        (errors.UnknownFormat("x"), 6),
        (errors.Busy("x"), 7),
    ],
)
def test_an_error_ends_with_its_code_here_and_over_the_wire(
    error: errors.TesseraError, code: int
) -> None:
    assert exit_code(error) == code
    if not isinstance(error, errors.TooLarge):
        assert exit_code_of(error.code.upper()) == code


def test_a_wrong_option_is_a_usage_error() -> None:
    assert run_cli("import", "--nonsense").returncode == 2


def test_nobody_logged_in_is_told_what_to_do(tmp_path: Path) -> None:
    env = environment() | {"TESSERA_SESSION_FILE": str(tmp_path / "none.json")}
    refused = run_cli("logout", env=env)

    assert refused.returncode == 4
    assert "tessera login" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_listed_classes_are_those_at_which_the_engine_starts() -> None:
    legal = {
        classes.CHGRP: MOVABLE, classes.CHOWN: GIVABLE, classes.DUPLICATE: DUPLICABLE,
        classes.DELETE: LEGAL,
    }  # fmt: skip
    for listed, engine in legal.items():
        assert set(listed) == {base_class(name) for name in engine}
