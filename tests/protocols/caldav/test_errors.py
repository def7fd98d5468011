"""Storage errors in WebDAV's terms."""

import pytest

from protocols.caldav import app, errors
from protocols.caldav.names import caldav, dav
from protocols.wire import Request
from storage.errors import (
    CadranError,
    Forbidden,
    InvalidObject,
    NameTaken,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    SchemaMissing,
    TokenExpired,
    TokenInvalid,
    UidConflict,
    WritingRequired,
)
from tests.protocols.caldav.client import BASE, Dav, event_text

PATH = "/dav/calendars/leo/agenda/a.ics"
ANSWERS = {
    NotFound("object", "a.ics"): (404, ""),
    ReadOnly(7, "unbind"): (403, dav("need-privileges")),
    Forbidden(): (403, dav("need-privileges")),
    NameTaken("collection", "club"): (405, dav("resource-must-be-null")),
    UidConflict("uid", "é.ics"): (409, caldav("no-uid-conflict")),
    PreconditionFailed("abc"): (412, ""),
    PreconditionFailed(None): (412, ""),
    InvalidObject("max-instances", "too many", 3): (403, caldav("max-instances")),
    TokenInvalid(): (403, dav("valid-sync-token")),
    TokenExpired(): (403, dav("valid-sync-token")),
}


@pytest.mark.parametrize(("error", "expected"), ANSWERS.items(), ids=[type(error).__name__ for error in ANSWERS])
def test_every_storage_error_has_its_answer(error: CadranError, expected: tuple[int, str]):
    refusal = errors.translate(error, PATH)
    assert (refusal.status, refusal.precondition) == expected
    assert refusal.reason


def test_a_conflict_names_the_object_that_holds_the_uid():
    refusal = errors.translate(UidConflict("uid", "é.ics"), PATH)
    assert refusal.inner == "<D:href>/dav/calendars/leo/agenda/%C3%A9.ics</D:href>"


def test_a_failed_condition_tells_the_present_tag():
    assert errors.translate(PreconditionFailed("abc"), PATH).headers == (("ETag", '"abc"'),)


@pytest.mark.parametrize("error", [WritingRequired(), SchemaMissing()])
def test_an_error_that_is_not_the_clients_is_not_hidden(error: CadranError):
    with pytest.raises(type(error)):
        errors.translate(error, PATH)


@pytest.mark.parametrize("method", sorted(app.METHODS))
def test_only_methods_that_are_said_to_write_need_to(marie: Dav, method: str):
    request = Request(method, marie.agenda + "a.ics", "", {"depth": "0"}, event_text("a").encode(), marie.person, BASE)
    if app.writes(request):
        return
    with marie.store.reading(marie.person.school_id) as tx:
        assert app.handle(request, tx).status < 500
