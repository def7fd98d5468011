"""A whole .ics written into a calendar, object by object, with a report for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from protocols.caldav import errors, paths, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.resources import Calendar
from protocols.wire import Response
from storage import ical_split
from storage.errors import CadranError
from storage.ical_split import Piece

_SHOWN = 120


def write_all(context: Context, holder: Calendar) -> Response:
    """Write every object of the body; an object that cannot be kept is told, and does not hold up the others.

    An object whose UID is in the calendar already replaces what is there. Raises InvalidObject when the body as a
    whole is no calendar.
    """
    pieces = ical_split.split(context.request.body)
    told = list(_written(pieces, context, holder))
    context.tx.usage.check_owner(holder.collection)
    return multistatus_response(context, xml_out.multistatus(told))


def _written(pieces: tuple[Piece, ...], context: Context, holder: Calendar) -> Iterator[str]:
    for piece in pieces:
        found = context.tx.objects.by_uid(holder.collection, piece.uid)
        name = found.href if found is not None else fresh_name()
        path = holder.path + paths.encode(name)
        try:
            written = context.tx.objects.put(holder.collection, name, piece.text)
        except CadranError as error:
            yield _refused(piece, path, errors.translate(error, path))
            continue
        yield xml_out.response_of(path, 201 if written.created else 204, _described(piece))


def _refused(piece: Piece, path: str, error: errors.DavError) -> str:
    precondition = xml_out.element(error.precondition, error.inner) if error.precondition else ""
    return xml_out.response_of(path, error.status, _described(piece, error.reason), precondition)


def _described(piece: Piece, reason: str = "") -> str:
    return " ".join(f"UID {piece.uid[:_SHOWN]}: {piece.summary[:_SHOWN]}. {reason}".split())


def fresh_name() -> str:
    """Return a name that no object has."""
    return f"{uuid.uuid4()}.ics"
