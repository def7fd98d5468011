"""Have a device wiped, or only its account on it, and note what it answers (MS-ASPROV 3.1.5.1.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from protocols.eas import families
from protocols.eas.answers import DEVICE_BLOCKED, document
from protocols.eas.codepages import Provision as Tags
from protocols.eas.codepages import Settings
from protocols.eas.device_information import DEVICE_INFORMATION_OK
from protocols.eas.errors import CommandRefused
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage.model import Wipe

OK: Final = 1
_WIPED: Final = "1"


def wiping(session: Session, root: Element, told: Element | None) -> Response:
    """Tell a device to wipe itself, or take its word that it did: it is asked once, and stays blocked after that."""
    if session.device.wipe in (Wipe.DONE, Wipe.FAILED):
        if told is None:
            raise CommandRefused(DEVICE_BLOCKED)
        return document(E(Tags.Provision, E(Tags.Status, OK)))
    if told is not None and told.value(Tags.Status) is not None:
        _acknowledged(session, told)
        return document(E(Tags.Provision, E(Tags.Status, OK)))
    order = Tags.AccountOnlyRemoteWipe if session.device.wipe is Wipe.ACCOUNT else Tags.RemoteWipe
    beside = families.needs_of(session.family).wipe_with_policies
    policies = E(Tags.Policies, E(Tags.Policy, E(Tags.PolicyKey, "0"))) if beside else None
    confirmed = DEVICE_INFORMATION_OK if root.has(Settings.DeviceInformation) else None
    return document(E(Tags.Provision, confirmed, E(Tags.Status, OK), policies, E(order)))


def _acknowledged(session: Session, told: Element) -> None:
    """Note the outcome, drop what the device held, and let it in no more."""
    outcome = Wipe.DONE if told.value(Tags.Status) == _WIPED else Wipe.FAILED
    device, person = session.device, session.principal
    session.tx.devices.drop_states(person.id, device.device_id)
    session.tx.devices.save(replace(device, wipe=outcome, blocked=True, policy_key=0, pending_key=0))
    session.tx.audit.record(person.login, "device-wiped", person.login, device=device.device_id, outcome=outcome.value)
