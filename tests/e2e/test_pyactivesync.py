"""Another people's client at 16.1 against the started server: every answer is also read by `wbxml2xml`.

It speaks no other version, has no Calendar code page and names elements it does not know by page and token.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyactivesync import Client, FolderType, StatusError

from tests.e2e.running import Dav, Demo
from tests.eas.wbxml import confirm

SUBJECT, START = "page4.0x26", "page4.0x27"


@pytest.fixture
def client(demo: Demo) -> Iterator[Client]:
    """A client of a pupil, over plain HTTP."""
    login = demo.account("pupil")["login"]
    with Client(urlsplit(demo.base).netloc, login, "demo", device_id="PYAS1") as found:
        transport = found._transport
        transport.base_url = f"{demo.base}/Microsoft-Server-ActiveSync"
        transport.session.hooks["response"].append(_read_by_others)
        yield found


def _read_by_others(response: Any, *_: Any, **__: Any) -> None:
    if response.status_code == 200 and response.content:
        confirm(response.content)


def folder(client: Client, name: str) -> str:
    (found,) = (str(each.id) for each in client.list_folders() if each.name == name)
    return found


def everything(client: Client, folder_id: str, key: str, window: int) -> tuple[str, dict[str, Any], int]:
    """Sync until nothing is left; returns the last key, the items by id, and the number of pages."""
    held: dict[str, Any] = {}
    for pages in range(1, 1000):
        page = client.sync_folder(folder_id, key, window_size=window, filter_type="0")
        assert not {each.server_id for each in page.added} & held.keys()
        assert len(page.added) <= window
        held |= {each.server_id: each.fields for each in page.added}
        assert page.sync_key != key or not page.more_available
        key = page.sync_key
        if not page.more_available:
            return key, held, pages
    raise AssertionError("no end of pages")


def test_folders_are_listed_after_provisioning_by_itself(client: Client):
    kinds = {each.name: int(each.type) for each in client.list_folders()}
    assert {"Mon agenda": 8, "Emploi du temps": 13, "Tâches": 7}.items() <= kinds.items()
    assert client._transport.policy_key
    assert {2, 4} <= set(kinds.values())


def test_the_timetable_comes_in_pages_and_a_repeated_page_is_the_same(client: Client):
    timetable = folder(client, "Emploi du temps")
    first = client.sync_folder(timetable).sync_key
    page = client.sync_folder(timetable, first, window_size=25, filter_type="0")
    again = client.sync_folder(timetable, first, window_size=25, filter_type="0")
    assert (again.sync_key, again.added) == (page.sync_key, page.added)
    waiting = client.get_item_estimate(timetable, page.sync_key)
    key, held, pages = everything(client, timetable, page.sync_key, 25)
    assert pages > 1
    assert len(held) == waiting
    assert not held.keys() & {each.server_id for each in page.added}
    assert all(fields[SUBJECT] and fields[START].endswith("Z") for fields in held.values())
    assert client.sync_folder(timetable, key, filter_type="0") == type(page)(sync_key=key)


def test_one_item_is_fetched(client: Client):
    timetable = folder(client, "Emploi du temps")
    page = client.sync_folder(timetable, client.sync_folder(timetable).sync_key, window_size=1)
    (only,) = page.added
    fetched = client.fetch_item(timetable, only.server_id)
    assert fetched.fields[SUBJECT] == only.fields[SUBJECT]


def test_a_key_of_another_time_is_refused(client: Client):
    timetable = folder(client, "Emploi du temps")
    with pytest.raises(StatusError):
        client.sync_folder(timetable, "00000000-7")


def test_a_folder_is_made_renamed_and_removed(client: Client):
    made = client.create_folder("Échecs", type=FolderType(13)).id
    assert folder(client, "Échecs") == made
    client.update_folder(made, "Jeux")
    assert folder(client, "Jeux") == made
    client.delete_folder(made)
    assert made not in {each.id for each in client.list_folders()}


def test_a_ping_waits_and_is_woken(demo: Demo, client: Client):
    agenda = folder(client, "Mon agenda")
    everything(client, agenda, client.sync_folder(agenda).sync_key, 100)
    heard: list[Any] = []
    waiting = threading.Thread(
        target=lambda: heard.append(client.ping([agenda], folder_class="Calendar", heartbeat=60))
    )
    waiting.start()
    time.sleep(0.5)
    assert heard == []
    login = demo.account("pupil")["login"]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:pyas", "SUMMARY:New"]
    lines += ["DTSTAMP:20260901T000000Z", "DTSTART:20261201T080000Z", "DTEND:20261201T090000Z", "END:VEVENT"]
    path = f"/dav/calendars/{login}/agenda/pyas.ics"
    dav = Dav(demo.base, login)
    assert dav.send("PUT", path, "\r\n".join([*lines, "END:VCALENDAR", ""]), Content_Type="text/calendar").status == 201
    waiting.join(20)
    assert [(each.status, each.changed_folder_ids) for each in heard] == [("2", [agenda])]
    dav.send("DELETE", path)


def test_what_is_not_offered_is_refused_in_its_own_terms(client: Client):
    with pytest.raises(Exception, match="501"):
        client.find_gal("anyone")
