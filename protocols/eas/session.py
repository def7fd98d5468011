"""Say who asks: one request of one device, and what of its past is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from protocols.eas import families, policies
from protocols.eas.answers import (
    DEVICE_BLOCKED,
    INVALID_POLICY_KEY,
    NOT_PROVISIONED,
    POLICY_CHANGED,
    QUARANTINED,
    TOO_MANY_DEVICES,
    WIPE_REQUESTED,
)
from protocols.eas.body import BodyPreference
from protocols.eas.errors import CommandRefused
from protocols.eas.item import ItemContext
from protocols.eas.query import Query
from protocols.eas.states import Ledger, Memo
from protocols.eas.wbxml import clean
from protocols.wire import Request
from storage import addresses
from storage.model import Client, Device, Principal, Wipe
from storage.transaction import Transaction

ACCOUNT_WIPE_FROM: Final = "16.1"
SEEN_EVERY: Final = 3600
_AGENT_LENGTH: Final = 256
_TYPE_LENGTH: Final = 64
# These may come before a device has its policy key (MS-ASHTTP 2.2.1.1.2.6).
_KEYLESS: Final = frozenset({"Provision", "Ping"})


@dataclass(frozen=True, slots=True)
class Session:
    """One request of a known device; `family` decides policy, `version` the form of the answer.

    `mails` tells whether there is a mail server to give letters to.
    """

    tx: Transaction
    principal: Principal
    device: Device
    query: Query
    family: str
    mails: bool = False

    @property
    def version(self) -> str:
        """The protocol version of this request."""
        return self.query.version

    @property
    def client(self) -> Client:
        """The row of the policy table this device falls under."""
        return families.client_of(self.family)

    @property
    def identity(self) -> tuple[int, int, str]:
        """School, person and device, as a parked request is known by."""
        return self.principal.school_id, self.principal.id, self.device.device_id

    def ledger(self, scope: str) -> Ledger:
        """Open the states of one scope."""
        return Ledger(self.tx, (self.principal.id, self.device.device_id), scope)

    def memo(self, scope: str) -> Memo:
        """Open the value remembered for one scope."""
        return Memo(self.tx, (self.principal.id, self.device.device_id), scope)

    def item_context(self, body: tuple[BodyPreference, ...], *, read_only: bool) -> ItemContext:
        """Say for whom items are written."""
        return ItemContext(
            version=self.version,
            zone=self.tx.zone,
            body=body,
            account_email=self.principal.email,
            account_path=f"{addresses.PRINCIPALS}{quote(self.principal.login)}/",
            family=families.item_family(self.family),
            read_only=read_only,
            invitation=read_only and self.tx.school.settings.eas_timetable_as_invitations,
        )


def open_session(request: Request, query: Query, tx: Transaction) -> Session:
    """Return the session of a request, noting the device at first and then once an hour.

    Raises CommandRefused: the device is blocked, in quarantine, to be wiped, one too many, or has not the policy key it
    should have.
    """
    device = _seen(request, query, tx)
    _admit(device, query)
    family = families.family_of(device.user_agent, device.device_type)
    if query.command not in _KEYLESS:
        _check_policy(device, query, family, tx)
    return Session(tx, request.principal, device, query, family, request.mails)


def _admit(device: Device, query: Query) -> None:
    """Raise CommandRefused for a device that may not synchronise, or has something else to do first."""
    provisions = query.command == "Provision"
    if device.wipe in (Wipe.DONE, Wipe.FAILED) and device.blocked and provisions:
        # Its acknowledgement may come again.
        return
    if device.wipe is Wipe.ACCOUNT and query.version < ACCOUNT_WIPE_FROM:
        raise CommandRefused(DEVICE_BLOCKED)
    if device.wipe in (Wipe.DEVICE, Wipe.ACCOUNT):
        if not provisions:
            raise CommandRefused(WIPE_REQUESTED)
        return
    if device.blocked:
        raise CommandRefused(DEVICE_BLOCKED)
    if device.quarantined:
        raise CommandRefused(QUARANTINED)


def _check_policy(device: Device, query: Query, family: str, tx: Transaction) -> None:
    """Raise CommandRefused unless the device has applied the policy it was given, and has one where it must."""
    settings, given = tx.school.settings, query.policy_key
    if given and given != device.policy_key:
        raise CommandRefused(INVALID_POLICY_KEY)
    if not given and settings.eas_policy_required and families.needs_of(family).provisionable:
        raise CommandRefused(NOT_PROVISIONED)
    if given and device.policy != policies.name_of(settings):
        raise CommandRefused(POLICY_CHANGED)


def _seen(request: Request, query: Query, tx: Transaction) -> Device:
    now = tx.now()
    known = tx.devices.get(request.principal.id, query.device_id)
    agent = clean(request.headers.get("user-agent", ""))[:_AGENT_LENGTH]
    kind = query.device_type[:_TYPE_LENGTH]
    before = known or _unknown(request.principal.id, query.device_id, tx)
    current = replace(before, device_type=kind, user_agent=agent, version=query.version)
    news = known is None or (not before.blocked and (current != known or now - before.last_seen >= SEEN_EVERY))
    if news:
        current = replace(current, last_seen=now)
        tx.devices.save(current)
    return current


def _unknown(principal_id: int, device_id: str, tx: Transaction) -> Device:
    """Return a device never seen before, as the school takes such; raises CommandRefused for one too many."""
    settings = tx.school.settings
    if tx.devices.count(principal_id) >= settings.eas_devices:
        raise CommandRefused(TOO_MANY_DEVICES)
    blocked, quarantined = (settings.eas_unknown_devices == each for each in ("block", "quarantine"))
    return Device(principal_id, device_id, "", first_seen=tx.now(), blocked=blocked, quarantined=quarantined)
