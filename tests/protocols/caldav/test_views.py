"""A timetable made of other calendars: read-only, and told only of what it shows."""

from dataclasses import dataclass

import pytest

from storage.lessons import NewLesson
from storage.model import DAWN, FOREVER, CalendarKind
from storage.transaction import Transaction
from tests.protocols.caldav.client import C, D, Dav, event_text

MONDAY = 1_795_420_800
WHOLE = ((DAWN, FOREVER),)


@dataclass
class Course:
    """Two lesson calendars, of which the timetable of one person may show either."""

    client: Dav
    maths: int
    latin: int

    def show(self, *calendars: int) -> None:
        """Make the timetable show exactly these."""
        with self.client.store.writing(self.client.person.school_id) as tx:
            feeds = tx.lessons.feeds
            timetable = tx.lessons.timetables()[self.client.person.id]
            wanted = {(timetable, each): WHOLE if each in calendars else () for each in (self.maths, self.latin)}
            feeds.set_windows(feeds.live(CalendarKind.TIMETABLE), wanted)

    def names(self, token: str = "") -> tuple[dict[str, int | None], str]:
        """Return what a sync tells, by name, and the next token."""
        answer = self.client.sync(self.client.timetable, token)
        rows = {href.removeprefix(self.client.timetable): row.status for href, row in answer.rows.items()}
        return rows, answer.token


def lesson(calendar: int, uid: str, hours: int) -> NewLesson:
    """Return an hour of a lesson."""
    starts = MONDAY + hours * 3600
    return NewLesson(calendar, uid, "1", starts, starts + 3600, event_text(uid, uid).encode())


def create(tx: Transaction) -> tuple[int, int]:
    """Make the two calendars and their lessons."""
    made = tx.lessons.create_calendars(CalendarKind.LESSONS, {"maths": "Maths", "latin": "Latin"})
    maths, latin = made["maths"], made["latin"]
    tx.lessons.create([lesson(maths, "m1", 0), lesson(maths, "m2", 24), lesson(latin, "l1", 2)])
    return maths, latin


@pytest.fixture
def course(leo: Dav) -> Course:
    """The courses of a pupil."""
    with leo.store.writing(leo.person.school_id) as tx:
        return Course(leo, *create(tx))


def test_joining_and_leaving_a_course_reaches_the_client(course: Course):
    nothing, token = course.names()
    assert nothing == {}
    course.show(course.maths, course.latin)
    joined, token = course.names(token)
    assert joined == {"m1.ics": None, "m2.ics": None, "l1.ics": None}
    course.show(course.maths)
    left, token = course.names(token)
    assert left == {"l1.ics": 404}
    assert course.names(token)[0] == {}
    assert course.names()[0] == {"m1.ics": None, "m2.ics": None}


def test_a_lesson_is_read_through_the_timetable_only_while_it_shows(course: Course):
    course.show(course.latin)
    path = course.client.timetable + "l1.ics"
    assert b"SUMMARY:l1" in course.client.send("GET", path).body
    assert "l1" in course.client.multiget(course.client.timetable, [path]).row.text(C + "calendar-data")
    course.show()
    assert course.client.send("GET", path).status == 404
    assert course.client.multiget(course.client.timetable, [path]).row.status == 404


@pytest.mark.req("R206")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PROPPATCH"])
def test_lessons_are_not_the_pupils_to_change(course: Course, method: str):
    course.show(course.maths)
    path = course.client.timetable + ("m1.ics" if method != "PROPPATCH" else "")
    body = event_text("m1") if method == "PUT" else '<D:propertyupdate xmlns:D="DAV:"/>' * (method == "PROPPATCH")
    refused = course.client.send(method, path, body)
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert b"SUMMARY:m1" in course.client.send("GET", course.client.timetable + "m1.ics").body
