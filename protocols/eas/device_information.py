"""Take what a device says of itself: of all that, only the model is kept (reference/eas.md section 10.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from protocols.eas.body import one_line
from protocols.eas.codepages import Settings as Tags
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from storage.model import Device

DEVICE_INFORMATION_OK: Final = E(Tags.DeviceInformation, E(Tags.Status, 1))
_MODEL_LENGTH: Final = 128


def remember(session: Session, information: Element) -> Device:
    """Store the model of a device and return the device; IMEI and phone numbers of minors are dropped."""
    model = one_line(information.value(Tags.Set, Tags.Model) or "")[:_MODEL_LENGTH]
    device = session.device
    if not model or model == device.model:
        return device
    device = replace(device, model=model)
    session.tx.devices.save(device)
    return device
