"""Keep and give back a person's out-of-office settings (MS-ASCMD 2.2.3.119, Oof).

There is no mailbox here, so nobody is answered: the settings are the same on all devices of a person, and that is all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from protocols.eas.body import HTML, plain_text, rendered
from protocols.eas.codepages import Settings as Tags
from protocols.eas.codepages import Tag
from protocols.eas.errors import ItemRefused
from protocols.eas.session import Session
from protocols.eas.times import read_compact
from protocols.eas.wbxml import E, Element

OK: Final = 1
PROTOCOL_ERROR: Final = 2
BAD_ARGUMENTS: Final = 5
CONTRADICTION: Final = 6

SETTING: Final = "eas.oof"
MAX_MESSAGE: Final = 32 * 1024
OFF, ON, TIMED = "0", "1", "2"

_AUDIENCES: Final[Mapping[Tag, str]] = {
    Tags.AppliesToInternal: "internal",
    Tags.AppliesToExternalKnown: "known",
    Tags.AppliesToExternalUnknown: "unknown",
}
_TAGS: Final = {name: tag for tag, name in _AUDIENCES.items()}
TEXT: Final = "TEXT"
_BODY_TYPES: Final = {"text": TEXT, "html": "HTML"}


class _Refused(Exception):
    """The settings cannot be kept; carries the status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def out_of_office(session: Session, asked: Element) -> Element:
    """Answer Oof: give the settings, or keep new ones."""
    if asked.has(Tags.Get):
        return E(Tags.Oof, E(Tags.Status, OK), _given(session, asked.value(Tags.Get, Tags.BodyType)))
    wanted = asked.find(Tags.Set)
    if wanted is None:
        return E(Tags.Oof, E(Tags.Status, PROTOCOL_ERROR))
    try:
        value = _read(wanted)
    except _Refused as refused:
        return E(Tags.Oof, E(Tags.Status, refused.status))
    session.tx.person_settings.set(session.principal.id, SETTING, value)
    return E(Tags.Oof, E(Tags.Status, OK))


def _given(session: Session, wanted: str | None) -> Element:
    """Return the settings, their messages in the wanted form where one is named (MS-ASCMD 2.2.3.19, BodyType)."""
    form = _BODY_TYPES.get((wanted or "").lower())
    kept = session.tx.person_settings.get(session.principal.id, SETTING) or {"state": OFF}
    times = [E(tag, kept[name]) for tag, name in _TIMES if name in kept]
    messages = [_message(audience, _in_form(said, form)) for audience, said in kept.get("messages", {}).items()]
    return E(Tags.Get, E(Tags.OofState, kept["state"]), *times, *messages)


_TIMES: Final = ((Tags.StartTime, "start"), (Tags.EndTime, "end"))


def _in_form(said: Mapping[str, str], form: str | None) -> Mapping[str, str]:
    if form in (None, said["type"]) or not said["text"]:
        return said
    return {**said, "type": form, "text": plain_text(said["text"]) if form == TEXT else rendered(said["text"], HTML)}


def _message(audience: str, said: Mapping[str, str]) -> Element:
    enabled = E(Tags.Enabled, said["enabled"])
    text, kind = E(Tags.ReplyMessage, said["text"]), E(Tags.BodyType, said["type"])
    return E(Tags.OofMessage, E(_TAGS[audience]), enabled, text, kind)


def _read(wanted: Element) -> dict[str, Any]:
    """Return settings as they are kept; raises _Refused."""
    state = wanted.value(Tags.OofState)
    if state is None or any(len(wanted.all(tag)) > 1 for tag in (Tags.OofState, Tags.StartTime, Tags.EndTime)):
        raise _Refused(PROTOCOL_ERROR)
    if state not in (OFF, ON, TIMED):
        raise _Refused(BAD_ARGUMENTS)
    found: dict[str, Any] = {"state": state, **_times(wanted, state)}
    messages: dict[str, dict[str, str]] = {}
    for each in wanted.all(Tags.OofMessage):
        audience, said = _said(each)
        if audience in messages:
            raise _Refused(CONTRADICTION)
        messages[audience] = said
    return found | {"messages": messages}


def _times(wanted: Element, state: str) -> dict[str, str]:
    """Return from when to when; both are needed where the state depends on them."""
    sent = {name: wanted.value(tag) for tag, name in _TIMES}
    if state != TIMED and not any(sent.values()):
        return {}
    try:
        start, end = (read_compact(sent[name] or "") for name in ("start", "end"))
    except ItemRefused as error:
        raise _Refused(BAD_ARGUMENTS) from error
    if start >= end:
        raise _Refused(CONTRADICTION)
    return {name: f"{each:%Y-%m-%dT%H:%M:%S}.000Z" for name, each in (("start", start), ("end", end))}


def _said(message: Element) -> tuple[str, dict[str, str]]:
    """Return to whom a message goes, and what it says."""
    audiences = [name for tag, name in _AUDIENCES.items() if message.has(tag)]
    text, kind = message.value(Tags.ReplyMessage) or "", _BODY_TYPES.get((message.value(Tags.BodyType) or "").lower())
    enabled = message.value(Tags.Enabled) or "0"
    if len(audiences) != 1 or enabled not in ("0", "1") or (text and kind is None):
        raise _Refused(BAD_ARGUMENTS)
    if len(text) > MAX_MESSAGE:
        raise _Refused(BAD_ARGUMENTS)
    return audiences[0], {"enabled": enabled, "text": text, "type": kind or TEXT}
