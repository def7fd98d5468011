"""Letters that carry a scheduling message: words for people, the message itself for their programs (RFC 6047)."""

from __future__ import annotations

import email
import email.utils
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final
from zoneinfo import ZoneInfo

from server.texts import N_, _
from storage import contentlines, ical, itip
from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.outbox import NOTICE, OutboxMessage

_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9.-]{1,255}")
_SUBJECTS: Final = {
    "REQUEST": N_("Invitation: {summary}"),
    "DECLINECOUNTER": N_("Other time declined: {summary}"),
    "CANCEL": N_("Cancelled: {summary}"),
    "ACCEPTED": N_("Accepted: {summary}"),
    "DECLINED": N_("Declined: {summary}"),
    "TENTATIVE": N_("Perhaps: {summary}"),
}
_SUMMARY_LENGTH: Final = 200


class NoAddress(Exception):
    """The sender or the recipient of a message cannot have a letter; carries the address."""


def compose(message: OutboxMessage, zone: ZoneInfo, sent_by: str = "") -> EmailMessage:
    """Return the letter of a queued message; `sent_by` is the server's own address, "" to write in the sender's name.

    Raises NoAddress. The Message-ID is made of the message's key, so that a second copy can be told as such.
    """
    sender, recipient = mailbox(message.sender), mailbox(message.recipient)
    if message.kind == NOTICE:
        return _in_words(message, zone, sent_by or sender)
    root = contentlines.parse(message.body)
    components = [each for each in root.components if each.name in itip.KINDS]
    letter = EmailMessage()
    name = _name(components[0], message.sender)
    user, _at, domain = (sent_by or sender).rpartition("@")
    letter["From"] = Address(name, user, domain)
    letter["To"] = recipient
    if sent_by:
        letter["Reply-To"] = sender
    letter["Subject"] = _subject(message.method, components[0])
    letter["Message-ID"] = f"<{message.key}@{domain}>"
    letter["Date"] = datetime.fromtimestamp(message.created, zone)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(_words(components[0], root, zone, name))
    letter.add_alternative(message.body.decode(), subtype="calendar")
    calendar = letter.get_payload()[-1]  # type: ignore[index]
    calendar.set_param("method", message.method)  # type: ignore[union-attr]
    calendar.set_param("component", components[0].name)  # type: ignore[union-attr]
    return letter


def forwarded(message: OutboxMessage, sent_by: str = "") -> bytes:
    """Return the text of a letter that a person wrote, as it is given to the mail server; `sent_by` as in `compose`."""
    if not sent_by:
        return message.body
    letter = email.message_from_bytes(message.body)
    name = email.utils.parseaddr(str(letter["From"] or ""))[0]
    del letter["From"]
    letter["From"] = email.utils.formataddr((name, sent_by))
    letter["Reply-To"] = mailbox(message.sender)
    return letter.as_bytes(policy=letter.policy.clone(linesep="\r\n"))


def _in_words(message: OutboxMessage, zone: ZoneInfo, sender: str) -> EmailMessage:
    letter = EmailMessage()
    user, _at, domain = sender.rpartition("@")
    letter["From"] = Address("Cadran", user, domain)
    letter["To"] = mailbox(message.recipient)
    letter["Subject"] = _line(message.uid)
    letter["Message-ID"] = f"<{message.key}@{domain}>"
    letter["Date"] = datetime.fromtimestamp(message.created, zone)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.body.decode())
    return letter


def mailbox(address: str) -> str:
    """Return the mailbox of a calendar user address; raises NoAddress."""
    found = address.removeprefix("mailto:")
    if not _ADDRESS.fullmatch(found) or not found.isascii():
        raise NoAddress(address)
    return found


def is_mailbox(address: str) -> bool:
    """Tell whether an address can have a letter."""
    try:
        mailbox(address)
    except NoAddress:
        return False
    return True


def _name(component: Component, address: str) -> str:
    """Return the name under which the sender stands in the message, "" when it has none."""
    lines = [prop for prop in component.properties if prop.name in {"ORGANIZER", "ATTENDEE"}]
    named = next((prop.param("CN") for prop in lines if itip.address(prop.value) == address and prop.param("CN")), None)
    return _line(named or "")


def _subject(method: str, component: Component) -> str:
    answer = itip.partstat(next(iter(component.all("ATTENDEE")), None)) if method == "REPLY" else method
    template = _SUBJECTS.get(answer, N_("About: {summary}"))
    return _(template).format(summary=_line(component.text("SUMMARY") or _("an appointment")))


def _line(text: str) -> str:
    return " ".join(text.split())[:_SUMMARY_LENGTH]


def _words(component: Component, root: Component, zone: ZoneInfo, name: str) -> str:
    lines = [
        (_("What"), _line(component.text("SUMMARY") or "")),
        (_("When"), _when(component, root, zone)),
        (_("Where"), _line(component.text("LOCATION") or "")),
        (_("Who"), name),
    ]
    told = "\n".join(_("{name}: {value}").format(name=key, value=value) for key, value in lines if value)
    return f"{told}\n\n" + _("A calendar program can take over the attached appointment.") + "\n"


def _when(component: Component, root: Component, zone: ZoneInfo) -> str:
    start = component.first("DTSTART")
    if start is None:
        return ""
    try:
        moment = ical.moment(start, root, zone)
    except InvalidObject:
        return ""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} ({zone.key})"
