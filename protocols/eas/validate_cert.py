"""Answer ValidateCert: no certificate can be judged here (MS-ASCMD 2.2.1.22)."""

from __future__ import annotations

from typing import Final

from protocols.eas.answers import document
from protocols.eas.codepages import ValidateCert as Tags
from protocols.eas.errors import CommandRefused
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response

OK: Final = 1
PROTOCOL_ERROR: Final = 2
# "The server could not find out": neither that a certificate is good nor that it is bad.
NOT_JUDGED: Final = 17
MAX_CERTIFICATES: Final = 100


def validate_cert(_session: Session, root: Element) -> Response:
    """Say of each certificate that it was not judged: a school's calendar server has no authorities it trusts."""
    listed = root.find(Tags.Certificates)
    asked = listed.all(Tags.Certificate) if listed is not None else ()
    if not asked or len(asked) > MAX_CERTIFICATES or len(root.all(Tags.Certificates)) > 1:
        raise CommandRefused(PROTOCOL_ERROR)
    judged = [E(Tags.Certificate, E(Tags.Status, NOT_JUDGED)) for _ in asked]
    return document(E(Tags.ValidateCert, E(Tags.Status, OK), *judged))
