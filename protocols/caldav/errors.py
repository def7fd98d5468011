"""How every error is answered in WebDAV's terms: the one place where storage errors get a status and a precondition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.caldav import paths, xml_out
from protocols.caldav.names import caldav, dav
from protocols.wire import Request, Response
from storage.errors import (
    AttachmentRefused,
    CadranError,
    Forbidden,
    InvalidObject,
    LimitReached,
    NameTaken,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    ReadOnly,
    SchedulingRefused,
    TokenExpired,
    TokenInvalid,
    UidConflict,
)


class DavError(Exception):
    """A request refused by the protocol itself: a status, the precondition it broke, and a reason for people."""

    def __init__(
        self,
        status: int,
        precondition: str = "",
        *,
        reason: str = "",
        inner: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Keep the Clark name of the precondition and the XML it contains."""
        super().__init__(status, precondition, reason)
        self.status = status
        self.precondition = precondition
        self.reason = reason
        self.inner = inner
        self.headers = headers


def missing_privilege(path: str, privilege: str) -> DavError:
    """Return the error of an asker who lacks a privilege on a path (RFC 3744, 7.1.1)."""
    inner = (
        f"<D:resource>{xml_out.href(path)}"
        f"{xml_out.element(dav('privilege'), xml_out.element(dav(privilege)))}</D:resource>"
    )
    return DavError(403, dav("need-privileges"), inner=inner, reason=f"The privilege {privilege} is not granted here.")


def _not_found(error: NotFound, path: str) -> DavError:
    return DavError(404, reason="There is nothing here.")


def _read_only(error: ReadOnly, path: str) -> DavError:
    return missing_privilege(path, error.privilege)


def _forbidden(error: Forbidden, path: str) -> DavError:
    return missing_privilege(path, "all")


def _name_taken(error: NameTaken, path: str) -> DavError:
    return DavError(405, dav("resource-must-be-null"), reason=f"The name {error.name} is taken.")


def _limit_reached(error: LimitReached, path: str) -> DavError:
    return DavError(507, reason=f"There may be {error.limit} of these: {error.kind}.")


def _uid_conflict(error: UidConflict, path: str) -> DavError:
    holder = path.rpartition("/")[0] + "/" + paths.encode(error.href)
    return DavError(
        409,
        caldav("no-uid-conflict"),
        inner=xml_out.href(holder),
        reason=f"The UID {error.uid} is used by another object of this calendar.",
    )


def _precondition_failed(error: PreconditionFailed, path: str) -> DavError:
    headers = () if error.etag is None else (("ETag", f'"{error.etag}"'),)
    return DavError(412, reason="The object is not in the state that the request expects.", headers=headers)


def _invalid(error: InvalidObject, path: str) -> DavError:
    place = "" if error.line is None else f" (line {error.line})"
    return DavError(403, caldav(error.precondition), reason=error.reason + place)


def _attachment(error: AttachmentRefused, path: str) -> DavError:
    return DavError(403, caldav(error.precondition), reason=f"This attachment cannot be managed so: {error.detail}.")


def _quota(error: QuotaExceeded, path: str) -> DavError:
    """Return the refusal of what takes too much room (RFC 4331, 6)."""
    if error.whole_school:
        return DavError(507, dav("sufficient-disk-space"), reason="The attachments of the school take too much room.")
    return DavError(507, dav("quota-not-exceeded"), reason=f"One person keeps at most {error.limit} bytes here.")


def _scheduling(error: SchedulingRefused, path: str) -> DavError:
    """Return the refusal of a meeting (RFC 6638, 3.2.4), with the object in its way."""
    inner = ""
    if error.place is not None:
        home = "/".join(path.split("/")[:4])
        inner = xml_out.href("/".join((home, *map(paths.encode, error.place))))
    return DavError(403, caldav(error.precondition), inner=inner, reason=f"This cannot be scheduled: {error.detail}.")


def _token(error: CadranError, path: str) -> DavError:
    return DavError(403, dav("valid-sync-token"), reason="This sync token cannot be used: start again without one.")


# A storage error that is not here is a fault of ours or of the installation, and not for the client to read.
DAV_ANSWERS: Mapping[type[CadranError], Callable[..., DavError]] = {
    AttachmentRefused: _attachment,
    QuotaExceeded: _quota,
    NotFound: _not_found,
    ReadOnly: _read_only,
    Forbidden: _forbidden,
    LimitReached: _limit_reached,
    NameTaken: _name_taken,
    UidConflict: _uid_conflict,
    PreconditionFailed: _precondition_failed,
    InvalidObject: _invalid,
    SchedulingRefused: _scheduling,
    TokenInvalid: _token,
    TokenExpired: _token,
}


def translate(error: CadranError, path: str) -> DavError:
    """Return a storage error in WebDAV's terms; raises it again when it is none of the client's making."""
    wording = DAV_ANSWERS.get(type(error))
    if wording is None:
        raise error
    return wording(error, path)


def answer(error: CadranError | DavError, request: Request) -> Response:
    """Return the response to an error, with a DAV:error body (RFC 4918, 16)."""
    refusal = error if isinstance(error, DavError) else translate(error, request.path)
    body = xml_out.error_document(refusal.precondition, refusal.inner, refusal.reason)
    return Response(refusal.status, (xml_out.CONTENT_TYPE, *refusal.headers), body)
