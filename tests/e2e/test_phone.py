"""Phones against the started server: both manners of speaking, edits both ways, lost answers, waiting, restarts."""

from __future__ import annotations

import base64
import http.client
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.running import Dav, Demo, Running
from tests.eas.client import AOSP, TBSYNC, WP, Manner, Phone
from tests.eas.items import AOSP_ORDER, TBSYNC_ORDER, add, change, delete, event

PARIS = (
    "xP///1IAbwBtAGEAbgBjAGUAIABTAHQAYQBuAGQAYQByAGQAIABUAGkAbQBlAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAA"
    "AAAAAFIAbwBtAGEAbgBjAGUAIABEAGEAeQBsAGkAZwBoAHQAIABUAGkAbQBlAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAA"
    "xP///w=="
)


def facts(subject: str, **more: object) -> dict[str, object]:
    """What a phone knows of a new appointment on 13 January 2027, 09:00 in Paris."""
    return {
        "Timezone": PARIS,
        "AllDayEvent": 0,
        "BusyStatus": 2,
        "DtStamp": "20261122T100000Z",
        "StartTime": "20270113T080000Z",
        "EndTime": "20270113T090000Z",
        "Location": "B12",
        "Sensitivity": 0,
        "Subject": subject,
        "UID": f"phone-{subject}",
        "MeetingStatus": 0,
        **more,
    }


def connected(demo: Demo, login: str, manner: Manner, number: int = 1) -> Phone:
    """A phone that has its folders."""
    phone = Phone(demo.base, login, "demo", device_id=f"E2E{manner.name.replace(' ', '')}{number}", manner=manner)
    phone.connect()
    return phone


@pytest.mark.req("R242")
@pytest.mark.parametrize("manner", [TBSYNC, AOSP, WP], ids=lambda manner: manner.name)
def test_an_appointment_made_changed_and_deleted_on_a_phone_is_on_dav(demo: Demo, manner: Manner):
    login = demo.account("teacher")["login"]
    order = TBSYNC_ORDER if manner is TBSYNC else AOSP_ORDER
    phone = connected(demo, login, manner)
    folder = phone.folder_named("Mon agenda")
    phone.sync_all(folder, filter_type=0)
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/agenda/"
    _, token = dav.sync(path)
    name = f"Dentiste {manner.name}"
    made = phone.sync(folder, [add("1", event(facts(name), order))], get_changes=False, filter_type=0)
    server_id = made.responses[0].value("AirSync:ServerId")
    assert server_id is not None
    changed, token = dav.sync(path, token)
    (href,) = changed
    text = dav.multiget(path, [href])[href]
    assert f"SUMMARY:{name}" in text
    assert "DTSTART;TZID=Europe/Paris:20270113T090000" in text
    assert phone.sync_all(folder, filter_type=0).quiet, "its own appointment comes back to the phone"
    edited = event(facts(name, Location="C3"), order)
    phone.sync(folder, [change(server_id, edited)], filter_type=0)
    assert "LOCATION:C3" in dav.multiget(path, [href])[href]
    theirs = dav.multiget(path, [href])[href].replace("LOCATION:C3", "LOCATION:D4").replace("\n", "\r\n")
    theirs = theirs.replace("\r\r", "\r")
    assert dav.send("PUT", href, theirs, Content_Type="text/calendar").status == 204
    result = phone.sync_all(folder, filter_type=0)
    assert result.changed == [server_id]
    assert phone.items[folder][server_id].value("Calendar:Location") == "D4"
    phone.sync(folder, [delete(server_id)], filter_type=0)
    assert dav.send("GET", href).status == 404


def test_an_answer_lost_on_the_way_makes_no_second_appointment(demo: Demo):
    login = demo.account("teacher")["login"]
    phone = connected(demo, login, AOSP, 2)
    folder = phone.folder_named("Mon agenda")
    phone.sync_all(folder, filter_type=0)
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/agenda/"
    before, _ = dav.sync(path)
    phone.lose_answer = 1
    made = phone.sync(folder, [add("77", event(facts("Perdu")))], filter_type=0)
    after, _ = dav.sync(path)
    assert len(after) == len(before) + 1
    server_id = made.responses[0].value("AirSync:ServerId")
    phone.sync(folder, [delete(server_id or "")], filter_type=0)
    assert dav.sync(path)[0].keys() == before.keys()


@pytest.mark.req("R206")
def test_edits_of_the_timetable_on_a_phone_are_put_right_at_once(demo: Demo):
    login = demo.account("pupil")["login"]
    phone = connected(demo, login, AOSP, 3)
    folder = phone.folder_named("Emploi du temps")
    phone.sync_all(folder, filter_type=0, window=512)
    held = dict(phone.items[folder])
    server_id = sorted(held)[0]
    before = phone.traffic[-1].answer.status
    assert before == 200
    answer = phone.sync(folder, [change(server_id, event(facts("À moi")))], filter_type=0)
    assert [response.value("AirSync:Status") for response in answer.responses] == ["7"]
    assert answer.changed == [server_id]
    phone.strict = False
    answer = phone.sync(folder, [delete(server_id)], filter_type=0)
    assert [response.value("AirSync:Status") for response in answer.responses] == ["7"]
    assert answer.added == [server_id]
    answer = phone.sync(folder, [add("5", event(facts("Intrus")))], filter_type=0)
    assert [response.value("AirSync:Status") for response in answer.responses] == ["1"]
    assert len(answer.deleted) == 1
    now = {key: item.value("Calendar:Subject") for key, item in phone.items[folder].items()}
    assert now == {key: item.value("Calendar:Subject") for key, item in held.items()}


def test_a_waiting_phone_is_woken_by_an_import_and_by_a_switch(own_demo: Demo):
    demo = own_demo
    login = demo.account("pupil")["login"]
    phone = connected(demo, login, AOSP)
    folder = phone.folder_named("Emploi du temps")
    phone.sync_all(folder, filter_type=0, window=512)
    heard: list[tuple[str, list[str]]] = []
    waiting = threading.Thread(target=lambda: heard.append(phone.ping([folder], 600)))
    waiting.start()
    time.sleep(0.5)
    assert heard == []
    demo.cli("import", "edt", str(demo.sample("timetable-next.xml")))
    waiting.join(20)
    assert heard == [("2", [folder])]
    phone.sync_all(folder, filter_type=0, window=512)
    waiting = threading.Thread(target=lambda: heard.append(phone.ping([folder], 600)))
    waiting.start()
    time.sleep(0.5)
    demo.cli("calendar", "switch", login, "emploi-du-temps", "off")
    waiting.join(20)
    assert heard[1][0] == "7"
    assert phone.folder_sync().deleted == [folder]


def test_states_outlive_a_restart_and_stopping_answers_those_who_wait(tmp_path: Path):
    running = Running(tmp_path / "data", 60)
    with running as demo:
        login = demo.account("pupil")["login"]
        phone = connected(demo, login, AOSP)
        folder = phone.folder_named("Emploi du temps")
        phone.sync_all(folder, filter_type=0, window=512)
        heard: list[tuple[str, list[str]]] = []
        waiting = threading.Thread(target=lambda: heard.append(phone.ping([folder], 600)))
        waiting.start()
        time.sleep(2)
        assert running.stop() == 0
        waiting.join(20)
        assert heard == [("1", [])]
    with Running(tmp_path / "data", 60) as demo:
        again = Phone(demo.base, login, "demo", device_id=phone.device_id, manner=AOSP)
        again.policy_key, again.keys, again.folder_key = phone.policy_key, phone.keys, phone.folder_key
        again.folders, again.items = phone.folders, phone.items
        assert again.folder_sync().status == "1"
        assert again.sync_all(folder, filter_type=0).quiet


def test_malformed_requests_are_answered_and_the_server_goes_on(demo: Demo):
    login = demo.account("pupil")["login"]
    address = urlsplit(demo.base)
    authorization = "Basic " + base64.b64encode(f"{login}:demo".encode()).decode()
    bodies = (
        b"",
        b"\x00",
        b"\x03\x01\x6a\x00",
        b"\x03\x01\x6a\x00\x45\x5c",
        b"<xml/>",
        b"\x03\x01\x6a\x00" + b"\x45" * 500,
    )
    for command in (
        "Sync",
        "FolderSync",
        "Ping",
        "Provision",
        "Settings",
        "GetItemEstimate",
        "ItemOperations",
        "Nonsense",
    ):
        for body in bodies:
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
            query = f"Cmd={command}&User={login}&DeviceId=BAD1&DeviceType=Bad"
            headers = {"Authorization": authorization, "MS-ASProtocolVersion": "14.1"}
            headers["Content-Type"] = "application/vnd.ms-sync.wbxml"
            connection.request("POST", f"/Microsoft-Server-ActiveSync?{query}", body, headers)
            assert connection.getresponse().status < 500 or command == "Nonsense"
            connection.close()
    assert Dav(demo.base, login).propfind("/dav/", 0, "D:resourcetype").status == 207
