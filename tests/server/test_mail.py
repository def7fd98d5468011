"""Letters out and in: queued once, given to the mail server until taken, and answers acted on (RFC 6047)."""

from __future__ import annotations

import email
import json
import threading
from collections.abc import Callable, Iterator
from email.message import Message as Letter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server import imip, letters, mail
from server.cli import main
from server.config import ConfigError, MailSection, load, shown
from storage import itip
from storage.errors import SchedulingRefused
from storage.model import CalendarObject, Client, ClientKind, Principal, Role
from storage.outbox import FIRST_PAUSE, LEASE_SECONDS, MOST_ATTEMPTS
from storage.principals import NewPerson
from storage.store import Store
from storage.transaction import Transaction
from tests.server.conftest import Serve
from tests.server.sink import Sink, listening
from tests.storage.meetings import MARIE, PARIS, calendar, event, invited

PARENT = "mailto:parent@dehors.example"
BOSS = "mailto:recteur@dehors.example"
WEB = Client(ClientKind.WEB)


class Clock:
    """A time that tests move."""

    now = 1_795_300_000


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server."""
    with listening() as found:
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, which stands still until moved."""
    found = Clock()
    monkeypatch.setattr(Transaction, "now", lambda _tx: found.now)
    return found


@pytest.fixture
def marie(store: Store) -> Principal:
    """A teacher with a mail address."""
    with store.writing(1) as tx:
        return tx.principals.create(NewPerson("marie", "Dupont", "Marie", Role.TEACHER, email="marie@ecole.example"))


def write(
    store: Store, person: Principal, *lines: str, summary: str = "Réunion; parents", start: str = "20261123T080000Z"
) -> None:
    """Let somebody write a meeting."""
    text = calendar(event(*lines, f"SUMMARY:{summary}", start=start)).encode()
    with store.writing(1) as tx:
        tx.scheduling.put(tx.collections.by_slug(person, "agenda", WEB), "r.ics", text)


def stored(store: Store, person: Principal) -> CalendarObject:
    """Return the one meeting of somebody."""
    with store.reading(1) as tx:
        agenda = tx.collections.by_slug(person, "agenda", WEB)
        (entry,) = tx.objects.entries(agenda)
        return tx.objects.get(agenda, entry.href)


def line(store: Store, person: Principal, who: str) -> tuple[str, str | None]:
    """Return how an attendee takes part and what became of what was sent, on somebody's copy."""
    prop = itip.attendee(itip.read(stored(store, person).ical, PARIS).any, (who,))
    return itip.partstat(prop), None if prop is None else prop.param("SCHEDULE-STATUS")


def section(sink: Sink, sender: str = "") -> MailSection:
    """Return the configuration for a mail server."""
    return MailSection.model_validate({"host": "127.0.0.1", "port": sink.port, "from": sender})


def states(store: Store) -> list[tuple[str, int, str]]:
    """Return state, attempts and last error of every message."""
    with store.reading(1) as tx:
        return [(each.state, each.attempts, each.error) for each in tx.outbox.latest()]


def calendar_part(letter: Letter) -> Letter:
    """Return the calendar of a letter."""
    (found,) = (part for part in letter.walk() if part.get_content_type() == "text/calendar")
    return found


def test_an_invitation_is_mailed_once_with_words_and_the_message(store: Store, marie: Principal, sink: Sink):
    write(store, marie, *invited(MARIE, PARENT))
    write(store, marie, *invited(MARIE, PARENT))
    for _ in range(2):
        mail.work(store, section(sink))
    (letter,) = sink.letters
    assert sink.envelopes == [("marie@ecole.example", "parent@dehors.example")]
    assert (letter["From"], letter["To"]) == ("marie@ecole.example", "parent@dehors.example")
    part = calendar_part(letter)
    assert (part.get_param("method"), part.get_param("component")) == ("REQUEST", "VEVENT")
    assert "Réunion" in letter.as_string() or "R=C3=A9union" in letter.as_string()
    message = imip.read(letter.as_bytes())
    assert (message.method, message.sender, message.uid) == ("REQUEST", MARIE, "reunion")
    assert states(store) == [("sent", 1, "")]


def test_the_server_writes_in_its_own_name_when_told_to(store: Store, marie: Principal, sink: Sink):
    write(store, marie, *invited(MARIE, PARENT))
    mail.work(store, section(sink, "cadran@ecole.example"))
    assert sink.envelopes == [("cadran@ecole.example", "parent@dehors.example")]
    assert sink.letters[0]["Reply-To"] == "marie@ecole.example"


LETTER = b"From: Marie <marie@ecole.example>\r\nTo: a@dehors.example\r\nSubject: Sortie\r\n\r\n.Bonjour\r\n"


def queue_letter(store: Store, *recipients: str) -> None:
    """Queue what somebody wrote on a phone."""
    with store.writing(1) as tx:
        assert tx.outbox.add_letter("marie@ecole.example", recipients, LETTER)
        assert not tx.outbox.add_letter("marie@ecole.example", recipients, LETTER)


def test_a_letter_from_a_phone_is_given_to_the_mail_server_as_it_is(store: Store, marie: Principal, sink: Sink):
    queue_letter(store, "a@dehors.example", "b@dehors.example")
    for _ in range(2):
        mail.work(store, section(sink))
    (letter,) = sink.letters
    assert sink.envelopes == [("marie@ecole.example", "b@dehors.example")]
    assert (letter["From"], letter["Subject"]) == ("Marie <marie@ecole.example>", "Sortie")
    assert letter.get_payload() == ".Bonjour\r\n"
    assert states(store) == [("sent", 1, "")]


def test_a_letter_from_a_phone_goes_in_the_servers_name_when_told_to(store: Store, marie: Principal, sink: Sink):
    queue_letter(store, "a@dehors.example")
    mail.work(store, section(sink, "cadran@ecole.example"))
    (letter,) = sink.letters
    assert sink.envelopes == [("cadran@ecole.example", "a@dehors.example")]
    assert (letter["From"], letter["Reply-To"]) == ("Marie <cadran@ecole.example>", "marie@ecole.example")


def test_a_letter_that_nobody_takes_is_given_up_with_the_servers_words(store: Store, marie: Principal, sink: Sink):
    sink.refusal = "550 no such user"
    queue_letter(store, "a@dehors.example")
    mail.work(store, section(sink))
    assert states(store) == [("failed", 1, "550 no such user")]


def test_a_change_and_its_undoing_and_the_change_again_are_three_letters_more(
    store: Store, marie: Principal, sink: Sink
):
    for start in ("20261201T080000Z", "20261202T080000Z", "20261201T080000Z", "20261202T080000Z"):
        write(store, marie, *invited(MARIE, PARENT), start=start)
    mail.work(store, section(sink))
    assert len(sink.letters) == 4
    assert len({letter["Message-ID"] for letter in sink.letters}) == 4


def test_without_a_host_messages_wait(store: Store, marie: Principal):
    write(store, marie, *invited(MARIE, PARENT))
    mail.work(store, MailSection())
    assert states(store) == [("waiting", 0, "")]


def test_a_refusal_for_now_is_tried_again_later_and_not_before(
    store: Store, marie: Principal, sink: Sink, clock: Clock
):
    write(store, marie, *invited(MARIE, PARENT))
    sink.refusal = "451 greylisted"
    mail.work(store, section(sink))
    mail.work(store, section(sink))
    assert states(store) == [("waiting", 1, "451 greylisted")]
    sink.refusal = ""
    clock.now += FIRST_PAUSE
    mail.work(store, section(sink))
    assert states(store) == [("sent", 2, "")]


def test_a_refusal_for_good_is_told_on_the_organizers_copy(store: Store, marie: Principal, sink: Sink):
    write(store, marie, *invited(MARIE, PARENT))
    tag = stored(store, marie).schedule_tag
    sink.refusal = "550 no such user"
    mail.work(store, section(sink))
    assert states(store) == [("failed", 1, "550 no such user")]
    assert line(store, marie, PARENT) == ("NEEDS-ACTION", "5.1")
    assert stored(store, marie).schedule_tag == tag


def test_a_server_that_never_answers_is_given_up_at_last(store: Store, marie: Principal, clock: Clock):
    write(store, marie, *invited(MARIE, PARENT))
    nobody = MailSection(host="127.0.0.1", port=1)
    for _ in range(MOST_ATTEMPTS):
        clock.now += 7 * 3600
        mail.work(store, nobody)
    assert [state for state, *_ in states(store)] == ["failed"]


def test_a_message_that_another_process_is_sending_is_left_to_it(store: Store, marie: Principal, clock: Clock):
    write(store, marie, *invited(MARIE, PARENT))
    with store.writing(1) as tx:
        assert len(tx.outbox.claim(5)) == 1
        assert tx.outbox.claim(5) == ()
    clock.now += LEASE_SECONDS
    with store.writing(1) as tx:
        assert len(tx.outbox.claim(5)) == 1


@pytest.mark.parametrize("address", ["mailto:a b@c.example", "mailto:x", "mailto:é@c.example", "mailto:a@b\r\nBcc: c"])
def test_what_is_no_address_gets_no_letter(address: str):
    with pytest.raises(letters.NoAddress):
        letters.mailbox(itip.address(address))


def test_a_summary_with_line_breaks_stays_one_header(store: Store, marie: Principal, sink: Sink):
    write(store, marie, *invited(MARIE, PARENT), summary="a\\nBcc: spy@dehors.example")
    mail.work(store, section(sink))
    assert sink.letters[0]["Bcc"] is None
    assert sink.letters[0]["Subject"] == "Invitation: a Bcc: spy@dehors.example"


def letter(method: str, text: str, sender: str, **headers: str) -> bytes:
    """Return a letter as another calendar program writes it."""
    body = text.replace("VERSION:2.0", f"VERSION:2.0\r\nMETHOD:{method}")
    head = {"From": f"Someone <{sender.removeprefix('mailto:')}>", "To": "x@ecole.example", "MIME-Version": "1.0"}
    head |= {"Content-Type": f"text/calendar; charset=utf-8; method={method}"} | headers
    return "\r\n".join([*(f"{name}: {value}" for name, value in head.items()), "", body]).encode()


def take(store: Store, data: bytes) -> list[str]:
    """Act on a letter; returns who got it."""
    return [person.login for person in imip.take(store, imip.read(data), (1,))]


def answer(status: str, sender: str = PARENT, who: str = PARENT) -> bytes:
    """Return the answer of somebody outside."""
    lines = (f"ORGANIZER:{MARIE}", f"ATTENDEE;PARTSTAT={status}:{who}", "SUMMARY:Réunion")
    return letter("REPLY", calendar(event(*lines)), sender)


def test_an_answer_by_mail_reaches_the_organizers_copy(store: Store, marie: Principal):
    write(store, marie, *invited(MARIE, PARENT))
    assert take(store, answer("ACCEPTED")) == ["marie"]
    assert line(store, marie, PARENT) == ("ACCEPTED", "2.0")


def test_an_attendee_who_asks_is_sent_the_meeting_once_more(store: Store, marie: Principal, sink: Sink):
    write(store, marie, *invited(MARIE, PARENT))
    lines = (f"ORGANIZER:{MARIE}", f"ATTENDEE:{PARENT}")
    for _ in range(3):
        assert take(store, letter("REFRESH", calendar(event(*lines)), PARENT)) == ["marie"]
    mail.work(store, section(sink))
    assert [imip.read(each.as_bytes()).method for each in sink.letters] == ["REQUEST", "REQUEST"]


@pytest.mark.parametrize(
    "data",
    [
        answer("ACCEPTED", sender=BOSS),
        answer("ACCEPTED", sender="mailto:marie@ecole.example", who="mailto:marie@ecole.example"),
        letter("CANCEL", calendar(event(*invited(MARIE, PARENT))), "mailto:marie@ecole.example"),
        letter("REQUEST", calendar(event(*invited(MARIE, by=BOSS))), PARENT),
    ],
)
def test_who_speaks_for_others_is_refused(store: Store, marie: Principal, data: bytes):
    write(store, marie, *invited(MARIE, PARENT))
    before = stored(store, marie).ical
    with pytest.raises(SchedulingRefused):
        take(store, data)
    assert stored(store, marie).ical == before


def test_someone_who_is_not_invited_changes_nothing(store: Store, marie: Principal):
    write(store, marie, *invited(MARIE, PARENT))
    take(store, answer("ACCEPTED", sender=BOSS, who=BOSS))
    assert BOSS not in stored(store, marie).ical.decode()


def test_an_invitation_from_outside_is_answered_by_mail(store: Store, marie: Principal, sink: Sink):
    assert take(store, letter("REQUEST", calendar(event(*invited(MARIE, by=BOSS))), BOSS)) == ["marie"]
    found = stored(store, marie)
    accepted = found.ical.decode().replace(f"ATTENDEE:{MARIE}", f"ATTENDEE;PARTSTAT=ACCEPTED:{MARIE}")
    with store.writing(1) as tx:
        tx.scheduling.put(tx.collections.by_slug(marie, "agenda", WEB), found.href, accepted.encode())
    mail.work(store, section(sink))
    assert sink.envelopes == [("marie@ecole.example", "recteur@dehors.example")]
    message = imip.read(sink.letters[0].as_bytes())
    assert (message.method, itip.partstat(message.components[0].all("ATTENDEE")[0])) == ("REPLY", "ACCEPTED")


def test_the_same_and_an_older_letter_change_nothing_more(store: Store, marie: Principal):
    new = event(*invited(MARIE, by=BOSS), "SEQUENCE:2", "LOCATION:B2")
    assert take(store, letter("REQUEST", calendar(new), BOSS)) == ["marie"]
    first = stored(store, marie)
    assert take(store, letter("REQUEST", calendar(new), BOSS)) == ["marie"]
    assert take(store, letter("REQUEST", calendar(event(*invited(MARIE, by=BOSS), "SEQUENCE:1")), BOSS)) == []
    assert stored(store, marie).seq == first.seq


def test_a_cancellation_from_outside_marks_the_meeting(store: Store, marie: Principal):
    take(store, letter("REQUEST", calendar(event(*invited(MARIE, by=BOSS))), BOSS))
    assert take(store, letter("CANCEL", calendar(event(*invited(MARIE, by=BOSS), "SEQUENCE:1")), BOSS)) == ["marie"]
    assert itip.cancelled(itip.read(stored(store, marie).ical, PARIS).any)


Cadran = Callable[..., Result]


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on the data folder of this test."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str, data: bytes = b"") -> Result:
        return CliRunner().invoke(main, ["--data", str(folder), *arguments], input=data, catch_exceptions=False)

    return run


def test_the_command_takes_a_letter_from_standard_input(cadran: Cadran, store: Store, marie: Principal):
    write(store, marie, *invited(MARIE, PARENT))
    result = cadran("imip", data=answer("TENTATIVE"))
    assert (result.exit_code, result.output) == (0, "Taken by: marie\n")
    assert line(store, marie, PARENT)[0] == "TENTATIVE"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no calendar"),
        (b"\xff\x00\x00", "no calendar"),
        (b"Subject: x\r\n\r\nhello", "no calendar"),
        (letter("REPLY", "BEGIN:VCALENDAR", PARENT), "not valid"),
        (letter("PUBLISH", calendar(event(*invited(MARIE, PARENT))), PARENT), "no invitation"),
        (letter("REPLY", calendar(event(*invited(MARIE, PARENT))), PARENT, From=""), "by whom"),
        (letter("REPLY", calendar(event(*invited(MARIE, PARENT))), PARENT, From="a@b.example, c@d.example"), "by whom"),
        (answer("ACCEPTED", sender=BOSS), "somebody else"),
        (answer("ACCEPTED"), "nobody here"),
        (answer("ACCEPTED").replace(b"charset=utf-8", b"charset=x"), "characters"),
        (b"x" * (imip.LARGEST + 1), "too large"),
    ],
)
def test_a_letter_that_cannot_be_acted_on_is_told_in_one_sentence(cadran: Cadran, data: bytes, told: str):
    result = cadran("imip", data=data)
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output


def test_the_outbox_is_listed_without_what_people_write_and_tried_again(
    cadran: Cadran, store: Store, marie: Principal, sink: Sink
):
    write(store, marie, *invited(MARIE, PARENT))
    sink.refusal = "550 no"
    mail.work(store, section(sink))
    (listed,) = json.loads(cadran("mail", "list", "--json").output)
    assert (listed["recipient"], listed["state"], listed["error"]) == (PARENT, "failed", "550 no")
    assert "body" not in listed
    assert "given up" in cadran("mail", "list").output
    sink.refusal = ""
    assert cadran("mail", "retry", listed["id"]).exit_code == 0
    mail.work(store, section(sink))
    assert len(sink.letters) == 1
    assert cadran("mail", "retry", listed["id"]).exit_code == 1


def test_what_was_sent_is_forgotten_after_a_while(store: Store, marie: Principal, sink: Sink, clock: Clock):
    write(store, marie, *invited(MARIE, PARENT))
    mail.work(store, section(sink))
    with store.writing(1) as tx:
        tx.outbox.forget(clock.now)
        assert tx.outbox.counts() == {"sent": 1}
        tx.outbox.forget(clock.now + 1)
        assert tx.outbox.counts() == {}


def test_the_mail_password_is_not_shown_and_a_bad_sender_is_refused(tmp_path: Path):
    config = load(None, {"data": tmp_path, "mail": {"host": "h", "password": "secret"}}, {})
    assert "secret" not in json.dumps(shown(config))
    with pytest.raises(ConfigError):
        load(None, {"data": tmp_path, "mail": {"from": "nobody"}}, {})


def test_a_letter_is_read_back_as_it_was_written(store: Store, marie: Principal):
    write(store, marie, *invited(MARIE, PARENT))
    with store.reading(1) as tx:
        (queued,) = tx.outbox.latest()
    composed = letters.compose(queued, PARIS)
    part = calendar_part(email.message_from_bytes(composed.as_bytes()))
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.replace(b"\n", b"\r\n") == queued.body


def test_a_running_server_posts_what_people_write(serve: Serve, marie: Principal, sink: Sink):
    running = serve(mail={"host": "127.0.0.1", "port": sink.port})
    write(running.store, marie, *invited(MARIE, PARENT))
    running.on_reactor(running.server.post)
    for _ in range(200):
        if sink.envelopes:
            break
        threading.Event().wait(0.02)
    assert sink.envelopes == [("marie@ecole.example", "parent@dehors.example")]
