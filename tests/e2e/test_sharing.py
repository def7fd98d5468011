"""Sharing over a real socket, from the command line and from a client."""

from __future__ import annotations

import json

from tests.e2e.running import XMLNS, Dav, Demo

EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261122T100000Z\r
DTSTART:20261201T090000Z\r
DTEND:20261201T100000Z\r
SUMMARY:{uid}\r
CLASS:{kind}\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_a_teacher_shares_with_a_class_and_a_pupil_sees_busy_blocks(own_demo: Demo):
    teacher, pupil = (Dav(own_demo.base, own_demo.account(role)["login"]) for role in ("teacher", "pupil"))
    agenda = f"/dav/calendars/{teacher.login}/agenda/"
    for uid, kind in (("open", "PUBLIC"), ("secret", "PRIVATE")):
        text = EVENT.format(uid=uid, kind=kind)
        assert teacher.send("PUT", f"{agenda}{uid}.ics", text, Content_Type="text/calendar").status == 201
    groups = json.loads(own_demo.cli("calendar", "groups", "--json"))
    assert {"school", "class", "team", "course"} <= {each["kind"] for each in groups}
    grant = "<D:ace><D:principal><D:href>/dav/groups/role-pupils/</D:href></D:principal><D:grant><D:privilege><D:read/>"
    grant += "</D:privilege></D:grant></D:ace>"
    assert teacher.send("ACL", agenda, f"<D:acl {XMLNS}>{grant}</D:acl>").status == 200
    home = pupil.propfind(f"/dav/calendars/{pupil.login}/", 1, "D:resourcetype").responses()
    (path,) = (href for href, row in home.items() if row.find(".//{http://calendarserver.org/ns/}shared") is not None)
    changed, _ = pupil.sync(path)
    assert {href.removeprefix(path) for href in changed} == {"open.ics", "secret.ics"}
    texts = pupil.multiget(path, sorted(changed))
    assert "SUMMARY:open" in texts[path + "open.ics"]
    assert "SUMMARY" not in texts[path + "secret.ics"]
    assert pupil.send("PUT", path + "open.ics", EVENT, Content_Type="text/calendar").status == 403
    own_demo.cli("calendar", "share", teacher.login, "agenda", "--with", "role-pupils", "--remove")
    assert pupil.send("GET", path + "open.ics").status == 404
