"""Answer Settings: device data, the person's addresses, out of office, recovery password (MS-ASCMD 2.2.1.18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from protocols.eas.answers import document
from protocols.eas.codepages import Settings as Tags
from protocols.eas.codepages import Tag
from protocols.eas.device_information import DEVICE_INFORMATION_OK, remember
from protocols.eas.errors import CommandRefused
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response

OK: Final = 1
PROTOCOL_ERROR: Final = 2
DENIED: Final = 3
DENIED_BY_POLICY: Final = 7
RIGHTS_DISABLED: Final = 168


def settings(session: Session, root: Element) -> Response:
    """Answer each part of the request, in its order."""
    parts = [_PARTS[each.tag](session, each) for each in root.children if each.tag in _PARTS]
    if not parts:
        raise CommandRefused(PROTOCOL_ERROR)
    return document(E(Tags.Settings, E(Tags.Status, OK), *parts))


def _device_information(session: Session, asked: Element) -> Element:
    if not asked.has(Tags.Set):
        return E(Tags.DeviceInformation, E(Tags.Status, PROTOCOL_ERROR))
    remember(session, asked)
    return DEVICE_INFORMATION_OK


def _user_information(session: Session, asked: Element) -> Element:
    if not asked.has(Tags.Get):
        return E(Tags.UserInformation, E(Tags.Status, PROTOCOL_ERROR))
    mail = session.principal.email
    if session.version < "14.1":
        found = E(Tags.EmailAddresses, E(Tags.SMTPAddress, mail)) if mail else None
    else:
        addresses = E(Tags.EmailAddresses, E(Tags.SMTPAddress, mail), E(Tags.PrimarySmtpAddress, mail))
        name = E(Tags.UserDisplayName, session.principal.name)
        found = E(Tags.Accounts, E(Tags.Account, name, addresses if mail else None))
    return E(Tags.UserInformation, E(Tags.Status, OK), E(Tags.Get, found))


def _out_of_office(_session: Session, asked: Element) -> Element:
    """Say that nothing is answered in anybody's absence: there is no mailbox here."""
    if asked.has(Tags.Get):
        return E(Tags.Oof, E(Tags.Status, OK), E(Tags.Get, E(Tags.OofState, 0)))
    wanted = asked.value(Tags.Set, Tags.OofState)
    if wanted is None:
        return E(Tags.Oof, E(Tags.Status, PROTOCOL_ERROR))
    return E(Tags.Oof, E(Tags.Status, OK if wanted == "0" else DENIED))


def _device_password(_session: Session, _asked: Element) -> Element:
    """Refuse to keep a recovery password: the policy does not provide for one."""
    return E(Tags.DevicePassword, E(Tags.Status, DENIED_BY_POLICY))


def _rights_management(_session: Session, _asked: Element) -> Element:
    return E(Tags.RightsManagementInformation, E(Tags.Status, RIGHTS_DISABLED))


_PARTS: Final[Mapping[Tag, Callable[[Session, Element], Element]]] = {
    Tags.DeviceInformation: _device_information,
    Tags.UserInformation: _user_information,
    Tags.Oof: _out_of_office,
    Tags.DevicePassword: _device_password,
    Tags.RightsManagementInformation: _rights_management,
}
