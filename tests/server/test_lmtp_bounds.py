"""What a mail server may ask of the LMTP listener: one look for all schools, and an end to whatever is too much."""

from __future__ import annotations

import pytest
from sqlalchemy import event as listening

from server import imip, lmtp
from server.courier import NO_CALENDAR, NOBODY, WELCOME, Courier
from storage.model import Principal, Role
from storage.principals import NewPerson
from storage.store import Store
from tests.server.test_lmtp import TO, port, talk
from tests.server.test_mail import marie

__all__ = ["marie", "port"]
TEXT = b"\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def schools(store: Store, count: int) -> None:
    """Make more schools, each with somebody of the same address."""
    for number in range(count):
        school = store.directory.create_school(f"075100{number}A", f"École {number}", "Europe/Paris")
        with store.writing(school.id) as tx:
            email = "partout@ecole.example"
            tx.principals.create(NewPerson(f"p{number}", "P", "P", Role.TEACHER, email=email))


def test_recipients_are_looked_for_in_all_schools_at_once(store: Store, marie: Principal):
    schools(store, 5)
    courier, seen = Courier(store), []
    listening.listen(store.engine, "before_cursor_execute", lambda *said: seen.append(said[2]))
    assert courier.knows("marie+agenda@ecole.example") == WELCOME
    assert len([each for each in seen if each.startswith("SELECT")]) == 1
    assert courier.knows("partout@ecole.example") == WELCOME
    assert courier.knows("nobody@ecole.example") == NOBODY


def test_an_address_that_two_people_of_a_school_share_is_nobody_s(store: Store, marie: Principal):
    with store.writing(marie.school_id) as tx:
        tx.principals.create(NewPerson("jumelle", "Dupont", "Ève", Role.PUPIL, email="marie@ecole.example"))
    assert Courier(store).knows("marie@ecole.example") == NOBODY


def nested(kind: bytes, times: int) -> bytes:
    """Return a letter whose parts are in one another."""
    if kind == b"message":
        return (
            b"From: a@b.example\r\n"
            + b"Content-Type: message/rfc822\r\n\r\n" * times
            + b"Content-Type: text/calendar"
            + TEXT
        )
    begin = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
    parts = b"".join(begin % (number, number) for number in range(times))
    return b"From: a@b.example\r\n" + parts + b"Content-Type: text/calendar" + TEXT


LETTERS = {
    "messages in messages": nested(b"message", 3000),
    "parts in parts": nested(b"multipart", 3000),
    "comments in comments": b"From: " + b"(" * 50_000 + b"\r\nContent-Type: text/calendar" + TEXT,
    "a codec that is no charset": b"From: a@b.example\r\nContent-Type: text/calendar; charset=punycode" + TEXT,
    "another": b"From: a@b.example\r\nContent-Type: text/calendar; charset=unicode_escape" + TEXT,
    "none at all": b"From: a@b.example\r\nContent-Type: text/calendar; charset=undefined" + TEXT,
}


@pytest.mark.parametrize("data", LETTERS.values(), ids=LETTERS)
def test_letters_made_to_harm_are_refused_for_good(store: Store, marie: Principal, data: bytes):
    assert Courier(store).take(data, ("marie@ecole.example",)) == (NO_CALENDAR,)
    with pytest.raises(imip.LetterRefused):
        imip.read(data)


@pytest.mark.parametrize("charset", ["utf-8", "US-ASCII", "iso-8859-15", "windows-1252", "utf-8-sig"])
def test_what_letters_are_written_in_is_read(charset: str):
    data = b"From: a@b.example\r\nContent-Type: text/calendar; charset=%s" % charset.encode() + TEXT
    assert imip.read(data).method == "REQUEST"


def test_a_letter_without_end_closes_the_connection(marie: Principal, port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lmtp, "ENDLESS", imip.LARGEST + 1)
    text = [b"x" * 60_000] * (imip.LARGEST // 60_000 + 2)
    codes = talk(port, b"LHLO x", b"MAIL FROM:<>", TO, b"DATA", *text)
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"552"]


def test_addresses_are_not_tried_without_end(marie: Principal, port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lmtp, "MOST_ASKED", 3)
    tried = [b"RCPT TO:<a%d@ecole.example>" % number for number in range(5)]
    codes = talk(port, b"LHLO x", b"MAIL FROM:<>", *tried, b"QUIT")
    assert codes == [b"220", b"250", b"250", b"550", b"550", b"550", b"452", b"452", b"221"]
