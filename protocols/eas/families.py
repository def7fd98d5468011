"""Tell the family of a device from how it names itself: policy and item forms depend on it (R10 to R13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from storage.model import Client, ClientKind, Settings

IOS: Final = "ios"
TBSYNC: Final = "tbsync"
ANDROID: Final = "android"
OTHER: Final = "other"

# First match wins. The User-Agent is the better witness: DeviceType is free text (reference/eas.md section 20).
_AGENTS: Final = (
    ("apple-", IOS),
    ("thunderbird activesync", TBSYNC),
    ("samsung", "samsung"),
    ("outlook", "outlook"),
    ("microsoft.outlook", "outlook"),
    ("msft-win", "windows"),
    ("msft-wp", "windows"),
    ("windows", "windows"),
    ("android", ANDROID),
)
_TYPES: Final = (
    ("iphone", IOS),
    ("ipad", IOS),
    ("ipod", IOS),
    ("tbsync", TBSYNC),
    ("samsung", "samsung"),
    ("windowsoutlook", "outlook"),
    ("outlook", "outlook"),
    ("windows", "windows"),
    ("wp", "windows"),
    ("android", ANDROID),
)
# What an item looks like differs for fewer families than policy does.
_ITEM_FAMILIES: Final = {IOS: IOS, TBSYNC: TBSYNC, ANDROID: "aosp"}

_UP_TO_14: Final = ("12.1", "14.0", "14.1")
VERSIONS: Final = (*_UP_TO_14, "16.0", "16.1")
# 16.x goes to those whose behaviour there our tests replay; Android is known to fail with it (reference/eas.md 3.4).
_OFFERED: Final[Mapping[str, tuple[str, ...]]] = {IOS: VERSIONS, TBSYNC: VERSIONS}


def offered(family: str, settings: Settings) -> tuple[str, ...]:
    """Return the protocol versions told to a family: those of the table, or up to what the school set for it."""
    highest = settings.eas_versions.get(family)
    if highest is None:
        return _OFFERED.get(family, _UP_TO_14)
    return tuple(each for each in VERSIONS if each <= highest) or VERSIONS[:1]


def spoken(family: str, version: str, settings: Settings) -> bool:
    """Tell whether a request may use a version: any, unless the school set a bound for the family.

    A probe does not name the device as the requests after it do, so what was not offered is understood all the same.
    """
    return family not in settings.eas_versions or version in offered(family, settings)


def family_of(user_agent: str, device_type: str) -> str:
    """Return the family: "ios", "android", "samsung", "tbsync", "windows", "outlook" or "other"."""
    agent, kind = user_agent.lower(), device_type.lower()
    for table, text in ((_AGENTS, agent), (_TYPES, kind)):
        for start, family in table:
            if text.startswith(start):
                return family
    return OTHER


def client_of(family: str) -> Client:
    """Return the row of the policy table a family falls under."""
    return Client(ClientKind.EAS_IOS if family == IOS else ClientKind.EAS_OTHER, family)


def item_family(family: str) -> str:
    """Return the family that the form of items depends on: "ios", "tbsync", "aosp" or "other"."""
    return _ITEM_FAMILIES.get(family, OTHER)
