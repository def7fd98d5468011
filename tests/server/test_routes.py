"""Which protocol answers which path."""

from __future__ import annotations

import pytest

from server import routes

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/dav/", "caldav"),
        ("/dav/calendars/paul/agenda/1.ics", "caldav"),
        ("/dav/principals/paul/calendar-proxy-read/", "caldav"),
        ("/dav/principals/paul/calendar-proxy-write/", "caldav"),
        ("/dav/attachments/0123/plan.pdf", "caldav"),
        ("/Microsoft-Server-ActiveSync", "eas"),
        ("/microsoft-server-activesync", "eas"),
        ("/AutoDiscover/AutoDiscover.xml", "autodiscover"),
        ("/autodiscover/autodiscover.xml", "autodiscover"),
        ("/dav/push/abc", "caldav"),
        ("/timezones/zones", None),
        ("/.well-known/timezone", None),
        ("/autodiscover/autodiscover.json", None),
        ("/autodiscover/autodiscover.json/v1.0/a@b.example", None),
        ("/webdav/0990001X/secret/", "deposit"),
        ("/WebDAV/0990001X/secret/export.xml", "deposit"),
        ("/webdav/0990001X/secret/folder/probe", "deposit"),
        ("/webdav", None),
        ("/dav", None),
        ("/davos/", None),
        ("/Microsoft-Server-ActiveSync/", "eas"),
        ("/Microsoft-Server-ActiveSync//", None),
        ("/Microsoft-Server-ActiveSync/x", None),
        ("*", None),
        ("/feeds/1-x.ics", None),
        ("/freebusy/1-x.ifb", None),
    ],
)
def test_a_path_has_its_protocol(path: str, name: str | None) -> None:
    found = routes.find(path)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("path", "method", "limit"),
    [
        ("/dav/x", "PUT", 10 * MIB),
        ("/dav/x", "REPORT", 10 * MIB),
        ("/dav/x", "POST", 10 * MIB),
        ("/dav/x", "PROPFIND", MIB),
        ("/microsoft-server-activesync", "POST", 10 * MIB),
        ("/autodiscover/autodiscover.xml", "POST", MIB),
        ("/webdav/0990001X/secret/", "PUT", 128 * MIB),
        ("/webdav/0990001X/secret/", "PROPFIND", MIB),
        ("/webdav/0990001X/secret/folder/", "MKCOL", MIB),
    ],
)
def test_only_what_carries_events_or_names_of_many_may_be_large(path: str, method: str, limit: int) -> None:
    found = routes.find(path)
    assert found is not None
    assert found.limit(method, 10 * MIB) == limit
