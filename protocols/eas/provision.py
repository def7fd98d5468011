"""Answer Provision: hand out a policy and its key in two phases (MS-ASPROV 3.1.5; reference/eas.md section 6)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final

from protocols.eas import policies
from protocols.eas.answers import NOT_ENFORCED, document
from protocols.eas.codepages import Provision as Tags
from protocols.eas.codepages import Settings
from protocols.eas.device_information import DEVICE_INFORMATION_OK, remember
from protocols.eas.errors import CommandRefused
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.eas.wipe import wiping
from protocols.wire import Response
from storage.model import Wipe

OK: Final = 1
PROTOCOL_ERROR: Final = 2
UNKNOWN_TYPE: Final = 3
WRONG_KEY: Final = 5
POLICY_TYPE: Final = "MS-EAS-Provisioning-WBXML"
# Partially, or not at all: what a device says that cannot do what the policy asks.
_UNAPPLIED: Final = frozenset({"2", "3"})


def provision(session: Session, root: Element) -> Response:
    """Give a device its policy, then, when it says so, the key that shows it has applied it; or have it wiped."""
    information = root.find(Settings.DeviceInformation)
    asked = root.find(Tags.Policies, Tags.Policy)
    told = next((each for tag in (Tags.RemoteWipe, Tags.AccountOnlyRemoteWipe) if (each := root.find(tag))), None)
    if asked is None and information is None and told is None and session.device.wipe is Wipe.NONE:
        raise CommandRefused(PROTOCOL_ERROR)
    if session.device.wipe is not Wipe.NONE:
        return wiping(session, root, told)
    if information is not None:
        session = replace(session, device=remember(session, information))
    answered = None if asked is None else E(Tags.Policies, _policy(session, asked))
    confirmed = DEVICE_INFORMATION_OK if information is not None else None
    return document(E(Tags.Provision, confirmed, E(Tags.Status, OK), answered))


def _policy(session: Session, asked: Element) -> Element:
    kind = asked.value(Tags.PolicyType) or ""
    if kind != POLICY_TYPE:
        return E(Tags.Policy, E(Tags.PolicyType, kind[:64]), E(Tags.Status, UNKNOWN_TYPE))
    if asked.has(Tags.PolicyKey):
        return _acknowledged(session, asked)
    device, name = session.device, policies.name_of(session.tx.school.settings)
    key = _another(device.policy_key)
    # The key of another policy is worth nothing from now on.
    kept = device.policy_key if device.policy == name else 0
    session.tx.devices.save(replace(device, pending_key=key, policy=name, policy_key=kept))
    return _granted(key, E(Tags.Data, policies.document_of(session.tx.school.settings)))


def _acknowledged(session: Session, asked: Element) -> Element:
    """Give the final key, the same again when the answer was lost; raises CommandRefused(139)."""
    text, device, settings = asked.value(Tags.PolicyKey) or "", session.device, session.tx.school.settings
    pending = device.pending_key and text.strip() == str(device.pending_key)
    if not pending or device.policy != policies.name_of(settings):
        return E(Tags.Policy, E(Tags.PolicyType, POLICY_TYPE), E(Tags.Status, WRONG_KEY))
    if settings.eas_policy_required and asked.value(Tags.Status) in _UNAPPLIED and device.policy:
        raise CommandRefused(NOT_ENFORCED)
    if not device.policy_key:
        device = replace(device, policy_key=_another(device.pending_key))
        session.tx.devices.save(device)
    return _granted(device.policy_key)


def _granted(key: int, data: Element | None = None) -> Element:
    head = (E(Tags.PolicyType, POLICY_TYPE), E(Tags.Status, OK), E(Tags.PolicyKey, str(key)))
    return E(Tags.Policy, *head, data)


def _another(key: int) -> int:
    """Return a random key, an unsigned 32-bit number that is neither 0 nor the given one."""
    found = secrets.randbelow(2**32 - 2) + 1
    return found if found != key else 2**32 - 1
