"""Notices in words, and their letters where a school wants people to be told by mail."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from server.texts import N_, _
from server.wording import filled
from storage.errors import NotFound
from storage.model import Principal, School
from storage.refusals import Notice
from storage.store import Store
from storage.transaction import Transaction

AT_ONCE: Final = 50
# What is older was noted before the school wanted letters.
FRESH_SECONDS: Final = 86_400

_KINDS: Final = {
    "refused-add": N_("A new entry was not taken: “{calendar}” cannot be changed from a phone."),
    "refused-change": N_("A change was not taken: the entry in “{calendar}” stays as it was."),
    "refused-faulty": N_("What a phone sent for “{calendar}” was not taken: Cadran could not make an entry of it."),
    "refused-gone": N_("A change was not taken: the entry in “{calendar}” is no longer there."),
    "refused-often": N_("Changes of “{subject}” in “{calendar}” were refused several times: it stays as it is."),
    "hidden-from-phone": N_("“{subject}” in “{calendar}” is kept from the phone {device}, which could not take it."),
}
_FACTS: Final = {
    "subject": N_("What"),
    "starts": N_("From"),
    "ends": N_("To"),
    "location": N_("Where"),
    "text": N_("Text"),
}


def sentence(notice: Notice) -> str:
    """Return in one sentence what happened."""
    return filled(_KINDS.get(notice.kind, N_("{device}: {calendar}")), _strings(notice.data))


def _strings(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in data.items()}


def typed(notice: Notice) -> tuple[tuple[str, str], ...]:
    """Return what the person had written, each text with its name; nothing for a notice that says it already."""
    if not notice.kind.startswith("refused-") or notice.kind == "refused-often":
        return ()
    texts = _strings(notice.data)
    return tuple((_(name), texts[key]) for key, name in _FACTS.items() if texts.get(key))


def queue(store: Store, school: School, sender: str) -> None:
    """Write a letter for every notice that has none yet, if the school wants letters; the post takes them."""
    if not school.settings.notices_by_mail:
        return
    with store.reading(school.id) as tx:
        if not tx.refusals.unmailed(tx.now() - FRESH_SECONDS, 1):
            return
    with store.writing(school.id) as tx:
        tx.lock()
        for notice in (found := tx.refusals.unmailed(tx.now() - FRESH_SECONDS, AT_ONCE)):
            _write(tx, notice, sender)
        tx.refusals.mailed([each.id for each in found])


def _write(tx: Transaction, notice: Notice, sender: str) -> None:
    try:
        person = tx.principals.get(notice.principal_id)
    except NotFound:
        return
    if person.active and person.email:
        address = f"mailto:{sender or person.email}"
        tx.outbox.add_letter(address, [f"mailto:{person.email}"], _letter(notice, person, sender))


def _letter(notice: Notice, person: Principal, sender: str) -> bytes:
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender or person.email
    letter["To"] = person.email
    letter["Subject"] = _("Your calendar: something was not taken over")
    letter["Message-ID"] = f"<{notice.id}@{(sender or person.email).rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    lines = [_("{name}: {value}").format(name=name, value=value) for name, value in typed(notice)]
    letter.set_content("\n\n".join((sentence(notice), *lines)) + "\n")
    return letter.as_bytes()
