"""A file attached in one program and opened in another, through a really started server."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from tests.e2e.running import Dav, Demo
from tests.eas.client import Phone
from tests.eas.wire import IOS

EVENT = "\r\n".join(
    (
        *(
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//test//EN",
            "BEGIN:VEVENT",
            "UID:jointe",
            "DTSTAMP:20261122T100000Z",
        ),
        *("DTSTART:20261201T090000Z", "DTEND:20261201T100000Z", "SUMMARY:Conseil"),
        "ORGANIZER:/dav/principals/{teacher}/",
        *(
            "ATTENDEE:/dav/principals/{teacher}/",
            "ATTENDEE:/dav/principals/{admin}/",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ),
    )
)


def shown_to_a_phone(demo: Demo, login: str, reference: str) -> tuple[list[str | None], bytes | None]:
    """What files an iPhone is told of in somebody's agenda, and the octets it gets for a reference."""
    phone = Phone(demo.base, login, "demo", device_id=f"FILES{login[:8]}", manner=IOS)
    phone.connect()
    agenda = phone.folder_named("Mon agenda")
    phone.sync_all(agenda, filter_type=0)
    listed = [found for item in phone.items[agenda].values() if (found := item.find("AirSyncBase:Attachments"))]
    names = [file.value("AirSyncBase:DisplayName") for each in listed for file in each.children]
    asked = [("ItemOperations:Store", "Mailbox"), ("AirSyncBase:FileReference", reference)]
    answer = phone.post("ItemOperations", ("ItemOperations:ItemOperations", [("ItemOperations:Fetch", asked)]))
    assert answer.root is not None
    fetched = answer.root.find("ItemOperations:Response", "ItemOperations:Fetch")
    assert fetched is not None
    octets = fetched.value("ItemOperations:Properties", "ItemOperations:Data")
    assert fetched.value("ItemOperations:Status") == ("15" if octets is None else "1")
    return names, None if octets is None else base64.b64decode(octets)


def test_a_colleague_opens_what_came_with_the_invitation_and_a_pupil_does_not(demo: Demo) -> None:
    logins = {role: demo.account(role)["login"] for role in ("teacher", "admin", "pupil")}
    people = {role: Dav(demo.base, login) for role, login in logins.items()}
    agenda = f"/dav/calendars/{logins['teacher']}/agenda/"
    text = EVENT.format(teacher=logins["teacher"], admin=logins["admin"])
    assert people["teacher"].send("PUT", agenda + "jointe.ics", text, Content_Type="text/calendar").status == 201
    token = people["admin"].sync(f"/dav/calendars/{logins['admin']}/agenda/")[1]
    content = bytes(range(256)) * 8192
    made = people["teacher"].send(
        "POST",
        agenda + "jointe.ics?action=attachment-add",
        content,
        Content_Type="application/pdf",
        Content_Disposition='attachment; filename="ordre du jour.pdf"',
    )
    assert (made.status, len(made.headers["cal-managed-id"])) == (201, 32)
    changed, _ = people["admin"].sync(f"/dav/calendars/{logins['admin']}/agenda/", token)
    (copy,) = changed
    assert made.headers["cal-managed-id"].encode() in people["admin"].send("GET", copy).body.replace(b"\r\n ", b"")
    file = urlsplit(made.headers["location"]).path
    found = people["admin"].send("GET", file)
    assert (found.status, found.body, found.headers["content-type"]) == (200, content, "application/pdf")
    assert people["pupil"].send("GET", file).status == 404
    reference = made.headers["cal-managed-id"]
    assert [shown_to_a_phone(demo, logins[role], reference) for role in ("teacher", "admin", "pupil")] == [
        (["ordre du jour.pdf"], content),
        (["ordre du jour.pdf"], content),
        ([], None),
    ]
    used = people["teacher"].propfind(f"/dav/calendars/{logins['teacher']}/", 0, "D:quota-used-bytes")
    assert int(used.text("D:response/D:propstat/D:prop/D:quota-used-bytes")) > len(content)
    assert people["teacher"].send("DELETE", agenda + "jointe.ics").status == 204
    assert people["teacher"].send("GET", file).status == 404
