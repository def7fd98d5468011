"""Say who asks: one request of one device, and what of its past is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from protocols.eas import families
from protocols.eas.answers import DEVICE_BLOCKED, INVALID_POLICY_KEY, TOO_MANY_DEVICES
from protocols.eas.body import BodyPreference
from protocols.eas.errors import CommandRefused
from protocols.eas.item import ItemContext
from protocols.eas.query import Query
from protocols.eas.states import Ledger, Memo
from protocols.eas.wbxml import clean
from protocols.wire import Request
from storage import addresses
from storage.model import Client, Device, Principal
from storage.transaction import Transaction

MAX_DEVICES: Final = 100
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
        )


def open_session(request: Request, query: Query, tx: Transaction) -> Session:
    """Return the session of a request, noting the device at first and then once an hour.

    Raises CommandRefused: the device is blocked, one too many, or has another policy key than it was given.
    """
    device = _seen(request, query, tx)
    if device.blocked:
        raise CommandRefused(DEVICE_BLOCKED)
    wrong = query.policy_key and query.policy_key != device.policy_key
    if wrong and query.command not in _KEYLESS:
        raise CommandRefused(INVALID_POLICY_KEY)
    family = families.family_of(device.user_agent, device.device_type)
    return Session(tx, request.principal, device, query, family, request.mails)


def _seen(request: Request, query: Query, tx: Transaction) -> Device:
    now = tx.now()
    known = tx.devices.get(request.principal.id, query.device_id)
    agent = clean(request.headers.get("user-agent", ""))[:_AGENT_LENGTH]
    kind = query.device_type[:_TYPE_LENGTH]
    if known is None and len(tx.devices.list(request.principal.id)) >= MAX_DEVICES:
        raise CommandRefused(TOO_MANY_DEVICES)
    before = known or Device(request.principal.id, query.device_id, kind, first_seen=now)
    current = replace(before, device_type=kind, user_agent=agent, version=query.version)
    if not before.blocked and (current != known or now - before.last_seen >= SEEN_EVERY):
        current = replace(current, last_seen=now)
        tx.devices.save(current)
    return current
