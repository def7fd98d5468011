"""The requests of the comparison, in the order in which both servers get them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.protocols.caldav.client import CS, SPACES, A, C, D, event_text, props, task_text
from tests.protocols.radicale.comparison import Step

ICS = {"content_type": "text/calendar; charset=utf-8"}
AGENDA = "~/agenda/"
LUNCH = AGENDA + "repas.ics"
SERIES = AGENDA + "serie.ics"
NEW = "~/theatre/"
LESSONS = "~/emploi-du-temps/"
RULE = ("DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=10", "EXDATE:20261207T080000Z")
WEEK_LEFT_OUT = '<C:time-range start="20261207T000000Z" end="20261214T000000Z"/>'
WEEK = '<C:time-range start="20261130T000000Z" end="20261207T000000Z"/>'


def propfind(name: str, path: str, depth: str, *names: str) -> Step:
    body = f'<?xml version="1.0"?><D:propfind {SPACES}>{props(*names)}</D:propfind>'
    return Step(name, "PROPFIND", path, body, {"depth": depth})


def put(name: str, path: str, text: str, **headers: str) -> Step:
    return Step(name, "PUT", path, text, ICS | headers)


def proppatch(name: str, path: str, inner: str) -> Step:
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    return Step(name, "PROPPATCH", path, body)


def sync(name: str, path: str, token: str = "{token}") -> Step:
    body = f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
    return Step(name, "REPORT", path, f"{body}{props(D + 'getetag')}</D:sync-collection>", {"depth": "1"})


def query(name: str, conditions: str, asked: str = "<D:getetag/>", path: str = AGENDA) -> Step:
    top = f'<C:filter><C:comp-filter name="VCALENDAR">{conditions}</C:comp-filter></C:filter>'
    body = f"<C:calendar-query {SPACES}><D:prop>{asked}</D:prop>{top}</C:calendar-query>"
    return Step(name, "REPORT", path, body, {"depth": "1"})


def multiget(name: str, *hrefs: str) -> Step:
    listed = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    asked = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
    return Step(name, "REPORT", AGENDA, f"<C:calendar-multiget {SPACES}>{asked}{listed}</C:calendar-multiget>")


def of(component: str, inner: str = "") -> str:
    return f'<C:comp-filter name="{component}">{inner}</C:comp-filter>'


def match(name: str, inner: str) -> str:
    return of("VEVENT", f'<C:prop-filter name="{name}">{inner}</C:prop-filter>')


def discovery() -> Iterator[Step]:
    """Find one's way, as clients do at first."""
    yield propfind("who am I", "/", "0", D + "current-user-principal")
    names = (D + "displayname", C + "calendar-home-set", D + "principal-URL", C + "calendar-user-address-set")
    yield propfind("the principal", "principal", "0", *names)
    yield propfind("the types of a principal", "principal", "0", D + "resourcetype")
    yield propfind("the home", "~/", "0", D + "resourcetype", D + "owner", D + "current-user-principal")
    listed = (D + "displayname", D + "resourcetype", D + "getetag", CS + "getctag", D + "sync-token")
    yield propfind("the calendars", "~/", "1", *listed)
    described = (A + "calendar-color", A + "calendar-order", C + "supported-calendar-component-set", D + "owner")
    yield propfind("a calendar", AGENDA, "0", *described)
    yield propfind("what one may do in one's calendar", AGENDA, "0", D + "current-user-privilege-set")
    yield propfind("what one may do in the timetable", LESSONS, "0", D + "current-user-privilege-set")
    yield propfind("a property nobody knows", AGENDA, "0", "{http://example.org/}mood")
    yield propfind("a calendar that is not there", "~/nulle-part/", "0", D + "displayname")
    yield propfind("the timetable's objects", LESSONS, "1", D + "getcontenttype", D + "resourcetype", D + "getetag")


def writing() -> Iterator[Step]:
    """Write, and be refused."""
    yield put("create", LUNCH, event_text("repas", "Repas"), if_none_match="*")
    yield put("create again", LUNCH, event_text("repas", "Repas"), if_none_match="*")
    yield put("change with a wrong tag", LUNCH, event_text("repas", "Dîner"), if_match='"x"')
    yield put("change with the right tag", LUNCH, event_text("repas", "Dîner"), if_match="{etag}")
    yield put("change what is not there", AGENDA + "rien.ics", event_text("rien"), if_match='"x"')
    yield put("the UID of another object", AGENDA + "autre.ics", event_text("repas"))
    yield put("another UID", LUNCH, event_text("autre"))
    yield put("a series", SERIES, event_text("serie", "Série", "20261123T080000Z", *RULE))
    yield put("not iCalendar", AGENDA + "x.ics", "bonjour")
    yield put("cut off", AGENDA + "x.ics", event_text("x").partition("END:VEVENT")[0])
    yield put("without UID", AGENDA + "x.ics", event_text("x").replace("UID:x\r\n", ""))
    yield put("two UIDs", AGENDA + "x.ics", event_text("x").replace("END:VCALENDAR\r\n", "") + second("y"))
    yield put("a task among events", AGENDA + "x.ics", task_text("x"))
    yield put("a rule that makes no sense", AGENDA + "x.ics", with_line("RRULE:FREQ=SOMETIMES"))
    yield put("every second for ever", AGENDA + "x.ics", with_line("RRULE:FREQ=SECONDLY"))
    yield put("an end before the start", AGENDA + "x.ics", with_line("DTEND:20261122T080000Z"))
    yield put("into the timetable", LESSONS + "x.ics", event_text("x"))
    yield put("into no calendar", "~/nulle-part/x.ics", event_text("x"))
    yield Step(
        "write a contact", "PUT", AGENDA + "x.vcf", "BEGIN:VCARD\r\nEND:VCARD\r\n", {"content_type": "text/vcard"}
    )


def with_line(line: str) -> str:
    """An event with one more line."""
    return event_text("x", "X", "20261123T080000Z", line)


def second(uid: str) -> str:
    """What follows the first event of an object that has two."""
    return "".join(event_text(uid).partition("BEGIN:VEVENT")[1:])


def reading() -> Iterator[Step]:
    """Read objects and search them."""
    yield Step("read", "GET", LUNCH)
    yield Step("look", "HEAD", LUNCH)
    yield Step("read what is not there", "GET", AGENDA + "rien.ics")
    yield propfind("list", AGENDA, "1", D + "getetag", D + "getcontenttype", D + "resourcetype")
    yield multiget("several", LUNCH, SERIES, AGENDA + "rien.ics")
    yield query("this week", of("VEVENT", WEEK))
    yield query("the week of the exception", of("VEVENT", WEEK_LEFT_OUT))
    yield query("tasks", of("VTODO"))
    yield query("by word", match("SUMMARY", "<C:text-match>dîn</C:text-match>"))
    yield query("by word, not", match("SUMMARY", '<C:text-match negate-condition="yes">dîn</C:text-match>'))
    yield query("those without a place", match("LOCATION", "<C:is-not-defined/>"))
    yield query("those that recur", match("RRULE", ""))
    yield query(
        "with a collation nobody knows", match("SUMMARY", '<C:text-match collation="i;klingon">x</C:text-match>')
    )
    yield query("in a time that makes no sense", of("VEVENT", '<C:time-range start="demain"/>'))
    expand = '<C:calendar-data><C:expand start="20261130T000000Z" end="20261207T000000Z"/></C:calendar-data>'
    yield query("unfolded", of("VEVENT", WEEK), expand)
    yield Step(
        "busy times", "REPORT", AGENDA, f"<C:free-busy-query {SPACES}>{WEEK}</C:free-busy-query>", {"depth": "1"}
    )
    yield sync("everything", AGENDA, "")
    yield sync("nothing new", AGENDA)
    yield sync("with a token of nobody's", AGENDA, "http://example.org/jeton")


def describing() -> Iterator[Step]:
    """Make, describe and delete calendars and objects."""
    name = "<D:displayname>Théâtre</D:displayname>"
    body = f"<C:mkcalendar {SPACES}><D:set><D:prop>{name}</D:prop></D:set></C:mkcalendar>"
    yield Step("make a calendar", "MKCALENDAR", NEW, body)
    yield Step("make it again", "MKCALENDAR", NEW, body)
    yield Step("make one in another", "MKCALENDAR", NEW + "dedans/")
    kind = "<D:resourcetype><D:collection/></D:resourcetype>"
    body = f"<D:mkcol {SPACES}><D:set><D:prop>{kind}</D:prop></D:set></D:mkcol>"
    yield Step("make a folder", "MKCOL", "~/dossier/", body)
    colour = "<A:calendar-color>#ff8800</A:calendar-color>"
    yield proppatch("paint it", NEW, colour)
    yield propfind("see its colour", NEW, "0", A + "calendar-color", D + "displayname")
    yield proppatch("paint it impossibly", NEW, "<A:calendar-color>rouge</A:calendar-color>")
    yield proppatch("set what is not kept", NEW, '<x:mood xmlns:x="http://example.org/">gai</x:mood>')
    yield proppatch("set what the server sets", NEW, "<D:getetag>x</D:getetag>")
    yield proppatch("describe the timetable", LESSONS, "<C:calendar-description>x</C:calendar-description>")
    yield put("an event in it", NEW + "a.ics", event_text("a"))
    yield Step("delete with a wrong tag", "DELETE", LUNCH, "", {"if_match": '"x"'})
    yield Step("delete", "DELETE", LUNCH)
    yield Step("delete again", "DELETE", LUNCH)
    yield sync("what was deleted", AGENDA)
    yield Step("delete the calendar", "DELETE", NEW)
    yield propfind("the calendar is gone", NEW, "0", D + "displayname")
    yield Step("delete what everybody has", "DELETE", AGENDA)
    yield Step("delete a lesson", "DELETE", LESSONS + "latin-1.ics")


def faults() -> Iterator[Step]:
    """Make mistakes."""
    yield Step("broken XML", "PROPFIND", AGENDA, "<D:propfind xmlns:D='DAV:'", {"depth": "0"})
    doctype = '<!DOCTYPE x [<!ENTITY a "b">]><D:propfind xmlns:D="DAV:"><D:prop><D:displayname/></D:prop></D:propfind>'
    yield Step("XML with an entity", "PROPFIND", AGENDA, doctype, {"depth": "0"})
    yield Step("a report nobody knows", "REPORT", AGENDA, "<x:rapport xmlns:x='http://example.org/'/>")
    yield Step("a report without body", "REPORT", AGENDA)
    yield Step("a method nobody knows", "DANSE", AGENDA)
    yield propfind("someone else's home", "/leo.martin/", "0", D + "displayname")


def steps() -> tuple[Step, ...]:
    """Every request, in order."""
    return (*discovery(), *writing(), *reading(), *describing(), *faults())
