"""Passwords: right and wrong ones, equal cost, and two at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from shared.auth import passwords
from shared.auth.passwords import hash_password, verify_password
from shared.errors import Busy, Invalid


def test_a_hash_opens_for_its_password_only() -> None:
    stored = hash_password("Ångström \ud800")
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, "Ångström \ud800")
    assert not verify_password(stored, "Ångstrom \ud800")
    assert not verify_password(stored, "")
    assert not verify_password("not a hash", "x")


def test_a_missing_account_costs_one_hash_of_the_same_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []
    true_verify = PasswordHasher.verify

    def watched(self: PasswordHasher, stored: str, password: bytes) -> bool:
        tried.append(stored)
        return true_verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not verify_password(None, "anything")
    (dummy,) = tried
    with pytest.raises(VerifyMismatchError):  # it is worked out, not found to be malformed
        true_verify(PasswordHasher(), dummy, b"anything")
    assert extract_parameters(dummy) == extract_parameters(hash_password("x"))


def test_empty_and_endless_passwords_are_not_set() -> None:
    for password in ("", "x" * 1025):
        with pytest.raises(Invalid):
            hash_password(password)


def test_at_most_two_are_worked_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()
    running, most = 0, 0
    both = threading.Barrier(2)
    true_verify = PasswordHasher.verify

    def watched(self: PasswordHasher, stored: str, password: bytes) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(timeout=20)
        try:
            return true_verify(self, stored, password)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: verify_password(None, "x"), range(6)))
    assert most == 2


def test_who_waits_too_long_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_S", 0.01)
    inside, leave = threading.Semaphore(0), threading.Event()

    def slow(self: PasswordHasher, stored: str, password: bytes) -> bool:
        inside.release()
        leave.wait(timeout=20)
        return True

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(verify_password, None, "x")
        inside.acquire()
        inside.acquire()
        with pytest.raises(Busy):
            verify_password(None, "x")
        leave.set()
