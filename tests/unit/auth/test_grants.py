"""Secret keys and signed path segments."""

from __future__ import annotations

import base64
import hashlib
import hmac
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.auth.grants import cut_grant, principal_of_grant, read_grant
from shared.auth.keys import SecretKeys, make_secret_file
from shared.auth.principal import load_principal
from shared.auth.sessions import authenticate, log_out, open_session
from shared.auth.tokens import create_token, revoke_token
from shared.database import Database, counted_statements
from shared.errors import Invalid, Unauthenticated
from shared.refs import ObjectRef
from shared.settings import Settings
from tests.support.people import make_user

OLD, NEW = "old:" + "a" * 40, "new:" + "b" * 40
KEYS = SecretKeys.parse(NEW)
IMAGE = ObjectRef("Image", 42)
HALF_PAST_NINE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(HALF_PAST_NINE, tick=False) as traveller:
        yield traveller


def test_the_newest_key_signs_and_all_verify() -> None:
    before, after = SecretKeys.parse(OLD), SecretKeys.parse(f"{NEW}, {OLD}")
    assert after.newest == "new"
    after.verify("p", b"m", "old", before.sign("p", b"m"))
    with pytest.raises(Unauthenticated):
        before.verify("p", b"m", "new", after.sign("p", b"m"))
    with pytest.raises(Unauthenticated):
        after.verify("another", b"m", "new", after.sign("p", b"m"))
    assert "bbbb" not in repr(after)


@pytest.mark.parametrize(
    "text", ["", "x", "k:short", "k " + "a" * 40, ":" + "a" * 40, f"{NEW},{NEW}", f"{NEW},,{OLD}"]
)
def test_bad_keys_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="TESSERA_SECRET_KEY"):
        SecretKeys.parse(text)


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with pytest.raises(Invalid, match="TESSERA_SECRET_KEY"):
        SecretKeys.load(Settings(data_dir=folder))
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: make_secret_file(folder), range(8)))
    (path,) = paths
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in folder.iterdir()] == ["secret.key"]
    text = path.read_text()
    make_secret_file(folder)
    assert path.read_text() == text
    assert SecretKeys.load(Settings(data_dir=folder)) == SecretKeys.parse(text)
    named = Settings(data_dir=folder, secret_key=NEW)
    assert SecretKeys.load(named) == KEYS


def test_a_grant_says_who_asked_for_what_until_when(time: time_machine.Traveller) -> None:
    text = cut_grant(KEYS, session_id=7, ref=IMAGE, expires_at=None)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(text) < 120
    grant = read_grant(KEYS, text)
    assert (grant.key_id, grant.session_id, grant.token_id) == ("new", 7, None)
    assert grant.ref == IMAGE
    # Half past nine and twelve hours, down to the full hour.
    assert clock.to_datetime(grant.expires_at) == datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
    time.shift(29 * 60)
    assert cut_grant(KEYS, session_id=7, ref=IMAGE, expires_at=None) == text
    token = read_grant(
        KEYS, cut_grant(KEYS, token_id=3, ref=ObjectRef("Plate", 1), expires_at=None)
    )
    assert (token.session_id, token.token_id) == (None, 3)


def test_a_grant_never_outlives_the_session(time: time_machine.Traveller) -> None:
    end = clock.now() + 20 * clock.MINUTE
    text = cut_grant(KEYS, session_id=7, ref=IMAGE, expires_at=end)
    assert read_grant(KEYS, text).expires_at == end
    time.shift(20 * 60)
    with pytest.raises(Unauthenticated):
        read_grant(KEYS, text)


def test_grants_are_for_images_and_plates_of_one_session_or_token() -> None:
    with pytest.raises(Invalid):
        cut_grant(KEYS, session_id=7, ref=ObjectRef("Project", 1), expires_at=None)
    with pytest.raises(Invalid):
        cut_grant(KEYS, ref=IMAGE, expires_at=None)
    with pytest.raises(Invalid):
        cut_grant(KEYS, session_id=7, token_id=7, ref=IMAGE, expires_at=None)


def test_the_signature_is_hmac_sha256_over_all_that_the_grant_says() -> None:
    text = cut_grant(KEYS, session_id=7, ref=IMAGE, expires_at=None)
    signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    message, signature = signed[:-32], signed[-32:]
    derived = hmac.new(b"b" * 40, b"tessera grant 1", hashlib.sha256).digest()
    assert hmac.new(derived, message, hashlib.sha256).digest() == signature
    assert message.startswith(b"1.new.s7.Image:42.")


def forged(message: str, keys: SecretKeys = KEYS) -> str:
    signed = message.encode() + keys.sign("grant 1", message.encode())
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "~", "é", "A" * 600, "A" * 44, "!!!!",
        forged("2.new.s7.Image:42.99999999999999999"),
        forged("1.new.s7.Project:42.99999999999999999"),
        forged("1.new.s7.Image:99999999999999999999.99999999999999999"),
        forged("1.new.s7.Image:42.1"),
        forged("1.new.x7.Image:42.99999999999999999"),
        forged("1.gone.s7.Image:42.99999999999999999"),
        forged("1.new.s7.Image:42.99999999999999999", SecretKeys.parse("new:" + "c" * 40)),
    ],
)  # fmt: skip
def test_what_is_not_a_grant_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        read_grant(KEYS, text)


@given(st.data())
def test_no_changed_grant_passes(data: st.DataObject) -> None:
    text = cut_grant(KEYS, session_id=7, ref=IMAGE, expires_at=None)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz0189-_"))
    changed = text[:place] + letter + text[place + 1 :]
    if base64.urlsafe_b64decode(changed + "==") != base64.urlsafe_b64decode(text + "=="):
        with pytest.raises(Unauthenticated):
            read_grant(KEYS, changed)


def test_a_grant_stands_while_its_session_or_token_does(
    database: Database, settings: Settings, time: time_machine.Traveller
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
    end = clock.now() + clock.DAY
    opened = open_session(database, settings, ada, expires_at=end)
    who = authenticate(database, settings, opened.token)
    made = create_token(database, who, "script", ["read"])
    by_session = read_grant(
        KEYS, cut_grant(KEYS, session_id=opened.session_id, ref=IMAGE, expires_at=end)
    )
    by_token = read_grant(KEYS, cut_grant(KEYS, token_id=made.token_id, ref=IMAGE, expires_at=None))
    with database.read() as connection:
        with counted_statements() as count:
            assert principal_of_grant(connection, by_session) == who
        assert len(count) == 1
        token_who = principal_of_grant(connection, by_token)
        assert token_who.scopes == frozenset({"read"})
        plain = load_principal(connection, ada)
        assert plain.memberships == who.memberships
    revoke_token(database, who, made.token_id)
    log_out(database, who)
    with database.read() as connection:
        for grant in (by_session, by_token):
            with pytest.raises(Unauthenticated):
                principal_of_grant(connection, grant)
