"""Credentials: how they are read, verified, remembered and forgotten."""

from __future__ import annotations

import base64

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from server import auth, passwords
from server.auth import CredentialCache, Credentials, parse_basic
from storage.model import Principal, Role, Source
from storage.store import Store
from tests.server.conftest import PASSWORD, Running, Serve

SOMEBODY = Principal(1, 1, "a", "A", Role.PUPIL, Source.MANUAL)


def header(raw: bytes) -> str:
    return "Basic " + base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"paul:secret", Credentials("paul", "secret")),
        (b"paul:a:b", Credentials("paul", "a:b")),
        (b"paul:", Credentials("paul", "")),
        ("amélie:é".encode(), Credentials("amélie", "é")),
        ("amélie:é".encode("latin-1"), Credentials("amélie", "é")),
        (b":secret", None),
        (b"no colon", None),
        (b"a\0b:c", None),
    ],
)
def test_basic_credentials_are_read(raw: bytes, expected: Credentials | None) -> None:
    assert parse_basic(header(raw)) == expected


@given(st.text())
def test_any_header_is_credentials_or_none(text: str) -> None:
    assert parse_basic(text) is None or isinstance(parse_basic(text), Credentials)


@given(st.binary())
def test_any_octets_are_credentials_or_none(raw: bytes) -> None:
    found = parse_basic(header(raw))
    assert found is None or found.login


@pytest.mark.parametrize(
    ("login", "logins"),
    [
        ("paul", ("paul",)),
        ("SCHOOL\\paul", ("paul",)),
        ("paul@school.example", ("paul@school.example", "paul")),
        ("SCHOOL\\paul@school.example", ("paul@school.example", "paul")),
        ("\\", ()),
    ],
)
def test_a_login_is_tried_without_what_phones_add_to_it(login: str, logins: tuple[str, ...]) -> None:
    assert Credentials(login, "x").logins == logins


def test_remembered_credentials_grow_old() -> None:
    now = [0.0]
    cache = CredentialCache(300, 10, lambda: now[0])
    digest = cache.digest(Credentials("a", "b"))
    cache.put(digest, SOMEBODY)
    now[0] = 299.9
    assert cache.get(digest) == SOMEBODY
    now[0] = 300.0
    assert cache.get(digest) is None
    assert len(cache) == 0


def test_the_credentials_used_longest_ago_are_forgotten_first() -> None:
    cache = CredentialCache(300, 2)
    first, second, third = (cache.digest(Credentials(name, "x")) for name in "abc")
    cache.put(first, SOMEBODY)
    cache.put(second, SOMEBODY)
    cache.get(first)
    cache.put(third, SOMEBODY)
    assert [cache.get(each) is not None for each in (first, second, third)] == [True, False, True]


def test_credentials_have_another_digest_in_another_process() -> None:
    pair = Credentials("a", "b")
    assert CredentialCache(1, 1).digest(pair) != CredentialCache(1, 1).digest(pair)


def test_login_and_password_cannot_be_shifted_into_one_another() -> None:
    cache = CredentialCache(1, 1)
    assert cache.digest(Credentials("ab", "c")) != cache.digest(Credentials("a", "bc"))


@pytest.mark.parametrize(
    ("login", "password", "known"),
    [
        ("amelie", PASSWORD, True),
        ("AMELIE", PASSWORD, True),
        ("DOM\\amelie", PASSWORD, True),
        ("amelie@school.example", PASSWORD, True),
        ("amelie", "wrong", False),
        ("nobody", PASSWORD, False),
        ("", PASSWORD, False),
    ],
)
def test_credentials_are_verified(store: Store, login: str, password: str, known: bool) -> None:
    assert (auth.verify(store, Credentials(login, password)) is not None) is known


def test_a_closed_account_lets_nobody_in(store: Store) -> None:
    account = store.directory.account("paul")
    assert account is not None
    with store.writing(account.principal.school_id) as tx:
        tx.principals.deactivate(account.principal.id)
    assert auth.verify(store, Credentials("paul", PASSWORD)) is None


def test_an_account_without_password_lets_nobody_in(store: Store) -> None:
    account = store.directory.account("paul")
    assert account is not None
    with store.writing(account.principal.school_id) as tx:
        tx.principals.set_password(account.principal.id, "")
    assert auth.verify(store, Credentials("paul", "")) is None


def test_a_hash_of_older_parameters_is_replaced(store: Store) -> None:
    account = store.directory.account("paul")
    assert account is not None
    with store.writing(account.principal.school_id) as tx:
        tx.principals.set_password(account.principal.id, PasswordHasher(1, 8, 1).hash(PASSWORD))
    principal = auth.verify(store, Credentials("paul", PASSWORD))
    after = store.directory.account("paul")
    assert after is not None
    assert after.principal == principal
    assert not passwords.needs_rehash(after.password_hash)


@pytest.mark.parametrize("password_hash", ["", "nonsense", "$argon2id$v=19$m=1"])
def test_a_hash_that_is_none_verifies_nothing(password_hash: str) -> None:
    assert not passwords.verify(password_hash, "x")


def test_who_is_not_there_costs_as_much_as_who_is() -> None:
    made = passwords.hash("x")
    assert made != passwords.NOBODY
    assert not passwords.needs_rehash(passwords.NOBODY)
    assert [len(part) for part in passwords.NOBODY.split("$")] == [len(part) for part in made.split("$")]
    assert not passwords.verify("", "x")


def test_generated_passwords_differ() -> None:
    assert len({passwords.generate() for _ in range(50)}) == 50


def test_a_verified_password_is_not_verified_again(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    running.ask("GET", "/dav/echo")
    monkeypatch.setattr(passwords, "verify", lambda *_: pytest.fail("verified again"))
    assert running.ask("GET", "/dav/echo")[0].status == 200


def test_a_changed_password_is_asked_for_at_once(running: Running) -> None:
    assert running.ask("GET", "/dav/echo")[0].status == 200
    account = running.store.directory.account("amelie")
    assert account is not None
    with running.store.writing(account.principal.school_id) as tx:
        tx.principals.set_password(account.principal.id, passwords.hash("another"))
    assert running.ask("GET", "/dav/echo")[0].status == 401
    assert running.ask("GET", "/dav/echo", password="another")[0].status == 200


def test_a_closed_account_is_out_at_once(running: Running) -> None:
    assert running.ask("GET", "/dav/echo")[0].status == 200
    account = running.store.directory.account("amelie")
    assert account is not None
    with running.store.writing(account.principal.school_id) as tx:
        tx.principals.deactivate(account.principal.id)
    assert running.ask("GET", "/dav/echo")[0].status == 401


def test_guessing_is_slowed_down_and_says_for_how_long(serve: Serve) -> None:
    running = serve(auth={"account_failures": 2, "first_delay": 100})
    guesses = [running.ask("GET", "/dav/echo", password=f"wrong{n}")[0] for n in range(3)]
    assert [each.status for each in guesses] == [401, 401, 429]
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 100
    assert running.ask("GET", "/dav/echo", login="paul")[0].status == 200


def test_who_is_logged_in_is_not_locked_out_by_others_guesses(serve: Serve) -> None:
    running = serve(auth={"account_failures": 1, "first_delay": 100})
    assert running.ask("GET", "/dav/echo")[0].status == 200
    running.ask("GET", "/dav/echo", password="wrong")
    assert running.ask("GET", "/dav/echo", password="wrong again")[0].status == 429
    assert running.ask("GET", "/dav/echo")[0].status == 200


def test_requests_without_credentials_count_nothing(serve: Serve) -> None:
    running = serve(auth={"account_failures": 1, "address_failures": 1, "first_delay": 100})
    for _ in range(3):
        assert running.ask("GET", "/dav/echo", login="")[0].status == 401
    assert running.ask("GET", "/dav/echo")[0].status == 200
