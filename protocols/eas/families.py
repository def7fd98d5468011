"""What families of devices need, as data: policy rows, item forms and quirks depend on it (R10 to R13).

This is the one place that judges a device by its name; every other difference between clients follows from what a
request says. The source of each quirk is reference/eas.md section 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocols.eas.query import Query
from storage.model import Client, ClientKind, Settings

IOS: Final = "ios"
TBSYNC: Final = "tbsync"
ANDROID: Final = "android"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Family:
    """One family: the beginnings of its User-Agents and DeviceTypes in lower case, and what it needs.

    `form` is the form of its items: "ios", "tbsync", "aosp" or "other". `mail_folders`: refuses or reports an account
    without Inbox, Sent and Deleted Items. `provisionable`: can go through Provision at all. `wipe_with_policies`: takes
    a wipe only beside a Policies block.
    """

    name: str
    agents: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    kind: ClientKind = ClientKind.EAS_OTHER
    form: str = OTHER
    mail_folders: bool = True
    provisionable: bool = True
    wipe_with_policies: bool = False


# First match wins. Outlook for Windows never completes Provision (Horde); Android before 4.4 does not see a wipe that
# comes alone (BlueMind); TbSync synchronises calendars, tasks and contacts and shows mail folders as errors.
FAMILIES: Final = (
    Family(IOS, ("apple-",), ("iphone", "ipad", "ipod"), ClientKind.EAS_IOS, form=IOS),
    Family(TBSYNC, ("thunderbird activesync",), ("tbsync",), form=TBSYNC, mail_folders=False),
    Family("samsung", ("samsung",), ("samsung",), wipe_with_policies=True),
    Family("outlook", ("outlook", "microsoft.outlook"), ("windowsoutlook", "outlook"), provisionable=False),
    Family("windows", ("msft-win", "msft-wp", "windows"), ("windows", "wp")),
    Family(ANDROID, ("android",), ("android",), form="aosp", wipe_with_policies=True),
)
_OTHERS: Final = Family(OTHER)
_BY_NAME: Final = {each.name: each for each in (*FAMILIES, _OTHERS)}
NAMES: Final = tuple(_BY_NAME)

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


def family_asking(headers: Mapping[str, str], query: Query | None = None) -> str:
    """Return the name of the family that sends a request with these headers and, unless it is a probe, this query."""
    return family_of(headers.get("user-agent", ""), query.device_type if query else "")


def family_of(user_agent: str, device_type: str) -> str:
    """Return the name of the family; the User-Agent is the better witness, DeviceType is free text."""
    agent, kind = user_agent.lower(), device_type.lower()
    named = next((each for each in FAMILIES if agent.startswith(each.agents)), None)
    typed = next((each for each in FAMILIES if kind.startswith(each.types)), _OTHERS)
    return (named or typed).name


def needs_of(family: str) -> Family:
    """Return what a family needs; one that is not known needs what most do."""
    return _BY_NAME.get(family, _OTHERS)


def client_of(family: str) -> Client:
    """Return the row of the policy table a family falls under."""
    return Client(needs_of(family).kind, family)


def item_family(family: str) -> str:
    """Return the family that the form of items depends on: "ios", "tbsync", "aosp" or "other"."""
    return needs_of(family).form
