"""The commands about the trash and about secret links."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from storage.links import school_of
from storage.model import Client, ClientKind, NewCalendar
from storage.store import Store
from tests.server.conftest import EVENT

Cadran = Callable[..., Result]
WEB = Client(ClientKind.WEB)


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school."""
    monkeypatch.setenv("LC_ALL", "C")
    return lambda *arguments: CliRunner().invoke(main, ["--data", str(folder), *arguments], catch_exceptions=False)


def dropped(store: Store, slug: str = "agenda", uid: str = "1") -> None:
    """Let paul write an event and delete it."""
    account = store.directory.account("paul")
    assert account is not None
    with store.writing(account.principal.school_id) as tx:
        if slug not in {each.slug for each in tx.collections.subscribed(account.principal)}:
            tx.collections.create(account.principal, NewCalendar(slug, slug))
        collection = tx.collections.by_slug(account.principal, slug, WEB)
        tx.objects.put(collection, f"{uid}.ics", EVENT.format(uid=uid).encode())
        tx.objects.delete(collection, f"{uid}.ics")


def test_what_is_in_the_trash_is_listed_and_restored(cadran: Cadran, store: Store) -> None:
    dropped(store)
    (found,) = json.loads(cadran("calendar", "trash", "paul", "--json").output)
    assert (found["title"], found["calendar"], found["kind"]) == ("Test", "agenda", "object")
    assert "Test" in cadran("calendar", "trash", "paul").output
    assert cadran("calendar", "restore", "amelie", str(found["item"])).exit_code == 1
    assert cadran("calendar", "restore", "paul", str(found["item"])).exit_code == 0
    assert cadran("calendar", "trash", "paul", "--json").output.strip() == "[]"
    again = cadran("calendar", "restore", "paul", str(found["item"]))
    assert again.exit_code == 1
    assert "in the trash" in again.output


def test_an_entry_that_is_there_again_is_not_restored_twice(cadran: Cadran, store: Store) -> None:
    dropped(store)
    dropped(store)
    one, two = (str(each["item"]) for each in json.loads(cadran("calendar", "trash", "paul", "--json").output))
    assert cadran("calendar", "restore", "paul", one).exit_code == 0
    refused = cadran("calendar", "restore", "paul", two)
    assert refused.exit_code == 1
    assert "already holds" in refused.output


def test_a_calendar_is_restored_with_its_entries(cadran: Cadran, store: Store) -> None:
    account = store.directory.account("paul")
    assert account is not None
    dropped(store, "club")
    with store.writing(account.principal.school_id) as tx:
        club = tx.collections.by_slug(account.principal, "club", WEB)
        tx.objects.put(club, "2.ics", EVENT.format(uid="2").encode())
        tx.collections.delete(account.principal, club)
    found = {
        each["kind"]: str(each["item"]) for each in json.loads(cadran("calendar", "trash", "paul", "--json").output)
    }
    assert cadran("calendar", "restore", "paul", found["object"]).exit_code == 1
    assert cadran("calendar", "restore", "paul", found["calendar"]).exit_code == 0
    assert cadran("calendar", "restore", "paul", found["object"]).exit_code == 0
    counts = {each["slug"]: each["entries"] for each in json.loads(cadran("calendar", "list", "paul", "--json").output)}
    assert counts["club"] == 2


def test_a_secret_link_is_made_shown_once_and_revoked(cadran: Cadran, store: Store) -> None:
    made = cadran("calendar", "link", "paul", "agenda", "--busy", "--days", "30")
    assert made.exit_code == 0
    feed, busy = made.stdout.split()
    token = feed.removeprefix("/feeds/").removesuffix(".ics")
    assert busy == f"/freebusy/{token}.ifb"
    assert school_of(token) == 1
    listed = cadran("calendar", "links", "paul", "--json").output
    assert token not in listed
    assert [(each["calendar"], each["busy"]) for each in json.loads(listed)] == [("agenda", True)]
    assert "agenda" in cadran("calendar", "links", "paul").output
    assert "1" in cadran("calendar", "link", "paul", "agenda", "--revoke").output
    assert json.loads(cadran("calendar", "links", "paul", "--json").output) == []
    assert cadran("calendar", "link", "paul", "nowhere").exit_code == 1
    assert cadran("calendar", "link", "paul", "agenda", "--days", "0").exit_code == 2
    with store.reading(1) as tx:
        trail = [each.action for each in tx.audit.trail()]
    assert trail[:2] == ["link-revoked", "link-made"]
    assert token.encode() not in b"".join(
        path.read_bytes() for path in Path(str(store.engine.url.database)).parent.glob("*.sqlite*")
    )
