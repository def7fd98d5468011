"""How refusals are told to Radicale: it reads the status to answer in the words of a ValueError."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any

from storage.errors import (
    CadranError,
    Forbidden,
    InvalidObject,
    NameTaken,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    UidConflict,
)


class Refused(ValueError):
    """A request that Radicale answers with 400; made by `forbidden`, with 403."""


def forbidden(reason: str) -> Refused:
    """Return a refusal that Radicale answers with 403: it looks for "[Errno 13]" in the text."""
    return Refused(OSError(errno.EACCES, reason))


def _read_only(error: ReadOnly) -> Refused:
    return forbidden(f"the privilege {error.privilege} is not granted")


def _forbidden(_error: Forbidden) -> Refused:
    return forbidden("not granted")


def _name_taken(error: NameTaken) -> Refused:
    return Refused(f"the name {error.name} is taken")


def _not_found(error: NotFound) -> Refused:
    return Refused(f"there is no {error.kind} {error.key}")


def _uid_conflict(error: UidConflict) -> Refused:
    return Refused(f"the UID {error.uid} is that of {error.href}")


def _precondition(_error: PreconditionFailed) -> Refused:
    return Refused("the object is not in the state expected")


def _invalid(error: InvalidObject) -> Refused:
    return Refused(f"{error.precondition}: {error.reason}")


# A storage error that is not here is a fault of ours or of the installation: Radicale logs it and answers 500.
_REFUSALS: Mapping[type[CadranError], Callable[[Any], Refused]] = {
    ReadOnly: _read_only,
    Forbidden: _forbidden,
    NameTaken: _name_taken,
    NotFound: _not_found,
    UidConflict: _uid_conflict,
    PreconditionFailed: _precondition,
    InvalidObject: _invalid,
}


def translate(error: CadranError) -> Refused:
    """Return a storage error as Radicale's storages raise it; raises it again when no client made it."""
    refusal = _REFUSALS.get(type(error))
    if refusal is None:
        raise error
    return refusal(error)
