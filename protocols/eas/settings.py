"""Answer Settings: device data, the person's addresses, out of office, recovery password (MS-ASCMD 2.2.1.18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from protocols.eas.answers import document
from protocols.eas.codepages import Settings as Tags
from protocols.eas.codepages import Tag
from protocols.eas.device_information import DEVICE_INFORMATION_OK, remember
from protocols.eas.errors import CommandRefused
from protocols.eas.out_of_office import out_of_office
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response

OK: Final = 1
PROTOCOL_ERROR: Final = 2
CONTRADICTION: Final = 6
DENIED_BY_POLICY: Final = 7
RIGHTS_DISABLED: Final = 168
MAX_PARTS: Final = 32


def settings(session: Session, root: Element) -> Response:
    """Answer each part of the request, in its order."""
    parts = [_part(session, each) for each in root.children if each.tag.page == Tags.Settings.page]
    if not parts or len(parts) > MAX_PARTS:
        raise CommandRefused(PROTOCOL_ERROR)
    return document(E(Tags.Settings, E(Tags.Status, OK), *parts))


def _part(session: Session, asked: Element) -> Element:
    """Answer one part: what is not known is refused by itself, and so is a question that is an order too."""
    answer = _PARTS.get(asked.tag)
    if answer is None:
        return E(asked.tag, E(Tags.Status, PROTOCOL_ERROR))
    if asked.has(Tags.Get) and asked.has(Tags.Set):
        return E(asked.tag, E(Tags.Status, CONTRADICTION))
    return answer(session, asked)


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


def _device_password(_session: Session, asked: Element) -> Element:
    """Refuse to keep a recovery password: the policy does not provide for one."""
    meant = asked.find(Tags.Set, Tags.Password) is not None
    return E(Tags.DevicePassword, E(Tags.Status, DENIED_BY_POLICY if meant else PROTOCOL_ERROR))


def _rights_management(session: Session, asked: Element) -> Element:
    meant = asked.has(Tags.Get) and session.version >= "14.1"
    return E(Tags.RightsManagementInformation, E(Tags.Status, RIGHTS_DISABLED if meant else PROTOCOL_ERROR))


_PARTS: Final[Mapping[Tag, Callable[[Session, Element], Element]]] = {
    Tags.DeviceInformation: _device_information,
    Tags.UserInformation: _user_information,
    Tags.Oof: out_of_office,
    Tags.DevicePassword: _device_password,
    Tags.RightsManagementInformation: _rights_management,
}
