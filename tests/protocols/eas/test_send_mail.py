"""Letters from phones: what the server tells by itself is not sent again, the rest is sent or refused, never lost."""

import email
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.eas import letters, send_mail
from protocols.eas.errors import CommandRefused
from storage import contentlines
from storage.model import Role
from tests.eas.client import AOSP
from tests.eas.commands import respond, send
from tests.protocols.eas.harness import LocalPhone, event

OLD = replace(AOSP, version="12.1")
PROF, ADA, PARENT = "prof@school.example", "ada@school.example", "parent@home.example"
MEETING = (f"ORGANIZER:mailto:{PROF}", f"ATTENDEE:mailto:{ADA}", f"ATTENDEE:mailto:{PARENT}")
HOUR = ("20261201T080000Z", "20261201T090000Z")


def letter(to: str, calendar: bytes | None = None, *head: str, text: str = "Bonjour") -> bytes:
    """Return a mail as phones write it; a calendar goes along as an alternative."""
    lines = [f"To: {to}", "From: Somebody Else <else@home.example>", "Subject: =?utf-8?q?R=C3=A9union?=", *head]
    lines += ["MIME-Version: 1.0"]
    if calendar is None:
        return "\r\n".join([*lines, "Content-Type: text/plain; charset=utf-8", "", text, ""]).encode()
    parts = ["--b", "Content-Type: text/plain", "", text, "--b", "Content-Type: text/calendar; charset=utf-8", "", ""]
    body = "\r\n".join([*lines, 'Content-Type: multipart/alternative; boundary="b"', "", *parts]).encode()
    return body + calendar + b"--b--\r\n"


def message(method: str, *lines: str, uid: str = "m") -> bytes:
    """Return a scheduling message."""
    return event(uid, "Council", *HOUR, *lines).replace(b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:" + method.encode())


def said(status: str, *more: str) -> bytes:
    """Return Ada's answer."""
    return message("REPLY", f"ORGANIZER:mailto:{PROF}", f"ATTENDEE;PARTSTAT={status}:mailto:{ADA}", *more)


@pytest.fixture
def prof(school):
    """A teacher, who may write to the outside."""
    return school.person("prof", Role.TEACHER)


@pytest.fixture
def teacher(school, prof):
    """The teacher's phone, on a server that has a mail server."""
    found = LocalPhone(school.store, prof)
    found.connect()
    found.mails = True
    return found


def outbox(school):
    with school.reading() as tx:
        return [(each.kind, each.recipient, each.method) for each in reversed(tx.outbox.latest())]


def queued(school):
    with school.reading() as tx:
        return [email.message_from_bytes(each.body) for each in tx.outbox.latest() if each.kind == "letter"]


def invite(school, prof, *lines: str) -> None:
    with school.writing() as tx:
        tx.scheduling.put(school.calendar(tx, prof), "m.ics", event("m", "Council", *HOUR, *(lines or MEETING)))


def partstat(school, person, who: str = ADA):
    with school.reading() as tx:
        found = tx.objects.by_uid(school.calendar(tx, person), "m")
        (event_,) = contentlines.parse(found.ical).children("VEVENT")
    return next(prop.param("PARTSTAT") for prop in event_.all("ATTENDEE") if who in prop.value)


@pytest.mark.parametrize("manner", [OLD, replace(AOSP, version="14.0"), AOSP])
def test_a_letter_goes_to_the_mail_server_in_the_name_of_its_writer(school, prof, manner):
    phone = LocalPhone(school.store, prof, manner=manner)
    phone.mails = True
    mail = letter(f"Parent <{PARENT}>", None, "Cc: b@home.example", "Bcc: c@home.example", "Received: x", text="É")
    assert send(phone, mail) in ("1", "200")
    assert outbox(school) == [("letter", f"{PARENT}, b@home.example, c@home.example", "")]
    (sent,) = queued(school)
    assert sent["From"] == f"Ada Prof <{PROF}>"
    assert (sent["To"], sent["Cc"], sent["Bcc"]) == (f"Parent <{PARENT}>", "b@home.example", None)
    assert sent["Subject"] == "=?utf-8?q?R=C3=A9union?="
    assert sent["Received"] is None
    assert sent["Date"]
    assert sent.get_payload(decode=True).decode().strip() == "É"


def test_the_same_letter_is_taken_once(school, teacher):
    assert send(teacher, letter(PARENT), "7") == "1"
    assert send(teacher, letter(PARENT), "7") == "118"
    assert send(teacher, letter(PARENT, text="Another"), "8") == "1"
    assert len(outbox(school)) == 2
    for end, status in (("a", "1"), ("b", "1"), ("a", "118")):
        assert send(teacher, letter(PARENT, text=end), "x" * 100 + end) == status
    assert len(outbox(school)) == 4
    old = LocalPhone(school.store, teacher.principal, "OLD", manner=OLD)
    old.mails = True
    old.lose_answer = 1
    assert send(old, letter(PARENT, text="A third")) == "200"
    assert len(outbox(school)) == 5


@pytest.mark.parametrize("manner", [OLD, AOSP])
@pytest.mark.parametrize(("role", "mails"), [(Role.PUPIL, True), (Role.GUARDIAN, True), (Role.TEACHER, False)])
def test_a_letter_that_cannot_be_sent_is_refused_and_not_dropped(school, manner, role, mails):
    phone = LocalPhone(school.store, school.person("zoe", role), manner=manner)
    phone.mails = mails
    assert send(phone, letter(PARENT)) == ("403" if manner is OLD else "120")
    assert outbox(school) == []
    phone.mails = True
    if role is Role.TEACHER:
        assert send(phone, letter(PARENT)) in ("1", "200")


@pytest.mark.parametrize(
    ("mail", "status"),
    [
        (b" \r\n", "107"),
        (b"\xff" * 40, "119"),
        (letter(""), "119"),
        (letter("nobody"), "116"),
        (letter(", ".join(f"p{number}@home.example" for number in range(101))), "116"),
        (letter("é@home.example"), "116"),
        (letter(PARENT) + b"x" * letters.LARGEST, "122"),
        (letter(PARENT, None, *["Content-Type: multipart/mixed; boundary=a"] * 101), "107"),
    ],
)
def test_what_is_no_letter_has_its_status(school, teacher, mail, status):
    assert send(teacher, mail) == status
    assert outbox(school) == []


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [("ComposeMail:ClientId", "1")],
        [("ComposeMail:Mime", letter(PARENT))],
        [("ComposeMail:ClientId", "1"), *[("ComposeMail:Mime", letter(PARENT))] * 2],
        [("ComposeMail:ClientId", ""), ("ComposeMail:Mime", letter(PARENT))],
    ],
)
def test_a_document_without_its_parts_is_refused(school, teacher, parts):
    answer = teacher.post("SendMail", ("ComposeMail:SendMail", parts))
    assert answer.value("ComposeMail:Status") == "103"
    assert outbox(school) == []


def test_nobody_writes_without_end(school, teacher, clock, monkeypatch):
    monkeypatch.setattr(send_mail, "MOST_A_DAY", 2)
    told = [send(teacher, letter(PARENT, text=str(number)), str(number)) for number in range(3)]
    assert told == ["1", "1", "115"]
    clock.pass_days(2)
    assert send(teacher, letter(PARENT, text="3"), "3") == "1"


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_an_invitation_that_was_delivered_is_not_mailed_again(school, ada, prof, teacher, method):
    invite(school, prof)
    before = outbox(school)
    assert before == [("imip", f"mailto:{PARENT}", "REQUEST")]
    assert send(teacher, letter(f"{ADA}, {PARENT}", message(method, *MEETING))) == "1"
    assert outbox(school) == before


def test_who_is_not_in_the_meeting_gets_the_letter(school, ada, prof, teacher):
    invite(school, prof)
    mail = letter(f"{ADA}, other@home.example", message("REQUEST", *MEETING))
    assert send(teacher, mail) == "1"
    assert outbox(school)[1:] == [("letter", "other@home.example", "")]


def test_a_cancellation_after_the_meeting_was_deleted_is_not_mailed_again(school, ada, prof, teacher):
    invite(school, prof)
    with school.writing() as tx:
        tx.scheduling.delete(school.calendar(tx, prof), "m.ics")
    before = outbox(school)
    assert [method for _, _, method in before] == ["REQUEST", "CANCEL"]
    assert send(teacher, letter(f"{ADA}, {PARENT}", message("CANCEL", *MEETING, "STATUS:CANCELLED"))) == "1"
    assert send(teacher, letter(f"{ADA}, {PARENT}", message("REQUEST", *MEETING)), "2") == "1"
    assert outbox(school) == before


def test_an_invitation_that_comes_before_its_event_makes_the_event(school, ada, prof, teacher):
    assert send(teacher, letter(f"{ADA}, {PARENT}", message("REQUEST", *MEETING))) == "1"
    assert outbox(school) == [("imip", f"mailto:{PARENT}", "REQUEST")]
    assert partstat(school, ada) is None
    with school.reading() as tx:
        assert b"METHOD" not in tx.objects.by_uid(school.calendar(tx, prof), "m").ical


def test_an_invitation_that_cannot_leave_is_refused_after_those_inside_got_it(school, ada, prof):
    phone = LocalPhone(school.store, ada)
    phone.connect()
    phone.mails = True
    lines = (f"ORGANIZER:mailto:{ADA}", f"ATTENDEE:mailto:{PROF}", f"ATTENDEE:mailto:{PARENT}")
    assert send(phone, letter(f"{PROF}, {PARENT}", message("REQUEST", *lines))) == "120"
    assert outbox(school) == []
    assert partstat(school, prof, PROF) is None
    assert send(phone, letter(PROF, message("REQUEST", *lines)), "2") == "1"


def test_a_letter_to_a_pupil_whom_one_may_not_know_is_one_to_nobody(school, ada):
    phone = LocalPhone(school.store, school.person("zoe"))
    phone.connect()
    phone.mails = True
    statuses = set()
    for number, who in enumerate((ADA, "nobody@school.example")):
        lines = ("ORGANIZER:mailto:zoe@school.example", f"ATTENDEE:mailto:{who}")
        statuses.add(send(phone, letter(who, message("REQUEST", *lines, uid=f"m{number}")), str(number)))
    assert statuses == {"120"}


@pytest.mark.parametrize("first", ["MeetingResponse", "SendMail"])
@pytest.mark.parametrize(("number", "status"), [(1, "ACCEPTED"), (2, "TENTATIVE"), (3, "DECLINED")])
def test_an_answer_is_given_once_whichever_way_it_comes(school, ada, prof, first, number, status):
    invite(school, prof)
    phone = LocalPhone(school.store, ada)
    phone.connect()
    with school.reading() as tx:
        item = tx.objects.by_uid(school.calendar(tx, ada), "m").item
    folder = school.folder(ada)
    if first == "MeetingResponse":
        assert respond(phone, number, CollectionId=folder, RequestId=f"{folder}:{item}")[0] == "1"
    assert send(phone, letter(PROF, said(status))) == "1"
    assert partstat(school, prof) == status
    with school.reading() as tx:
        head = tx.changes.clock()
    assert send(phone, letter(PROF, said(status)), "2") == "1"
    with school.reading() as tx:
        assert tx.changes.clock() == head
    assert outbox(school) == [("imip", f"mailto:{PARENT}", "REQUEST")]


@pytest.mark.parametrize(
    "calendar",
    [
        b"BEGIN:VCALENDAR\r\nnonsense",
        b"",
        message("PUBLISH", *MEETING),
        message("COUNTER", *MEETING),
        message("REPLY", f"ORGANIZER:mailto:{PROF}", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ADA}", uid="unknown"),
        message("REQUEST", "ORGANIZER:mailto:boss@home.example", f"ATTENDEE:mailto:{PROF}"),
        message("CANCEL", *MEETING, uid="unknown"),
        message("REQUEST"),
    ],
)
def test_a_calendar_that_is_not_the_writers_meeting_is_a_letter_like_any_other(school, teacher, calendar):
    assert send(teacher, letter(PARENT, calendar)) == "1"
    assert outbox(school) == [("letter", PARENT, "")]


def source(*facts):
    return ("ComposeMail:Source", [(f"ComposeMail:{name}", value) for name, value in facts])


def test_a_forwarded_event_goes_along_without_its_alarms(school, prof, teacher):
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM")
    item, folder = school.put(prof, "a", event("a", "Trip", *HOUR, *alarm)), school.folder(prof)
    named = source(("FolderId", folder), ("ItemId", f"{folder}:{item}"))
    assert send(teacher, letter(PARENT), "1", "SmartForward", named) == "1"
    (sent,) = queued(school)
    assert sent["Subject"] == "=?utf-8?q?R=C3=A9union?="
    text, calendar = sent.get_payload()
    assert text.get_payload(decode=True).strip() == b"Bonjour"
    found = contentlines.parse(calendar.get_payload(decode=True))
    assert (found.text("METHOD"), found.components[0].text("SUMMARY")) == ("PUBLISH", "Trip")
    assert found.components[0].components == ()
    whole = (source(("LongId", f"{folder}:{item}")), ("ComposeMail:ReplaceMime", None))
    assert send(teacher, letter(PARENT, text="2"), "2", "SmartForward", *whole) == "1"
    assert send(teacher, letter(PARENT, text="3"), "3", "SmartReply", named) == "1"
    assert [each.get_content_type() for each in queued(school)][:2] == ["text/plain", "text/plain"]


def test_up_to_12_1_the_event_is_named_in_the_query(school, prof):
    phone = LocalPhone(school.store, prof, manner=OLD)
    phone.mails = True
    item, folder = school.put(prof, "a", event("a", "Trip", *HOUR)), school.folder(prof)
    answer = phone.post("SmartForward", letter(PARENT), CollectionId=folder, ItemId=f"{folder}:{item}", SaveInSent="T")
    assert answer.status == 200
    assert b"Trip" in queued(school)[0].get_payload()[1].get_payload(decode=True)
    assert phone.post("SmartForward", letter(PARENT), CollectionId=folder, ItemId=f"{folder}:999").status == 400


def test_only_what_the_phone_sees_is_forwarded(school, ada, prof, teacher):
    item, folder, own = school.put(ada, "a", event("a", "Ada's")), school.folder(ada), school.folder(prof)
    for facts in (
        [("FolderId", folder), ("ItemId", f"{folder}:{item}")],
        [("FolderId", own), ("ItemId", f"{folder}:{item}")],
        [("FolderId", own), ("ItemId", f"{own}:{item}")],
        [("FolderId", "m2"), ("ItemId", "m2:1")],
        [("LongId", f"{folder}:{item}")],
        [("ItemId", f"{own}:{item}")],
        [],
    ):
        for command in ("SmartForward", "SmartReply"):
            assert send(teacher, letter(PARENT), "1", command, source(*facts)) == "150", facts
    assert outbox(school) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    b"To: a@b.c\r\n",
                    b"Content-Type: multipart/mixed; boundary=x\r\n",
                    b"Content-Type: message/rfc822\r\n",
                    b"Content-Type: text/calendar; charset=nonsense\r\n",
                    b"Content-Type: text/plain; charset*=utf-8'en'%E9\r\n",
                    b"Content-Transfer-Encoding: base64\r\n",
                    b"\r\n",
                    b"--x\r\n",
                    b"--x--\r\n",
                    b"From: =?utf-8?q?=ff?=\r\n",
                    b"Subject: \xe9\r\n",
                    b"MIME-Version: 1.0\r\n",
                ]
            ),
            st.binary(max_size=30),
        ),
        max_size=14,
    )
)
def test_no_octets_make_a_letter_fail(lines):
    try:
        read = letters.read(b"".join(lines))
        again = letters.written(read, ("É", "e@b.c"), 0, b"BEGIN:VCALENDAR\r\n" if len(lines) % 2 else None)
        status = 1
    except CommandRefused as refused:
        again, status = b"From: <e@b.c>\r\n", refused.status
    assert status in (1, 107, 116, 119, 122)
    assert email.message_from_bytes(again)["From"].endswith("<e@b.c>")


def test_a_letter_nested_without_end_is_refused_and_not_followed():
    nested = b"To: a@b.c\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000
    with pytest.raises(CommandRefused) as refused:
        letters.read(nested)
    assert refused.value.status == 107
