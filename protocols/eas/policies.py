"""The policy a school asks of phones: a few settings, and the name by which a change of them is noticed."""

from __future__ import annotations

import hashlib
from typing import Final

from protocols.eas.codepages import Provision as Tags
from protocols.eas.wbxml import E, Element, encode
from storage.model import Settings

_NAME_LENGTH: Final = 16
_MINUTE: Final = 60


def document_of(settings: Settings) -> Element:
    """Return the policy; the least every client accepts is that nothing is asked (reference/eas.md section 6)."""
    password, minutes, history = settings.eas_password, settings.eas_lock_minutes, settings.eas_history
    return E(
        Tags.EASProvisionDoc,
        E(Tags.DevicePasswordEnabled, int(bool(password))),
        E(Tags.AttachmentsEnabled, 1),
        E(Tags.MinDevicePasswordLength, password) if password else None,
        E(Tags.MaxInactivityTimeDeviceLock, minutes * _MINUTE) if password and minutes else None,
        E(Tags.AllowSimpleDevicePassword, 1) if password else None,
        E(Tags.MaxCalendarAgeFilter, history) if history else None,
    )


_LEAST: Final = document_of(Settings())


def name_of(settings: Settings) -> str:
    """Return the name of the policy, another one when it asks for anything else; "" when it asks for nothing."""
    asked = document_of(settings)
    return "" if asked == _LEAST else hashlib.sha256(encode(asked)).hexdigest()[:_NAME_LENGTH]
