"""What a request is told when the database cannot take it, and what the command line says of the same."""

from __future__ import annotations

import pytest

from protocols.wire import Request, Response
from server import wording
from server.auth import CredentialCache
from server.route import Route
from server.service import Service
from server.throttle import Limits, Throttle
from storage.errors import Busy, CadranError, LimitReached, StorageFull
from storage.model import Principal, Role, Source
from storage.store import Store
from storage.transaction import Transaction

ASKER = Principal(1, 1, "ana", "Ana", Role.PUPIL, Source.MANUAL)


@pytest.mark.parametrize(
    ("error", "status", "header"), [(Busy(), 503, ("Retry-After", "10")), (StorageFull(), 507, None)]
)
def test_a_database_that_cannot_write_is_told_without_a_500(
    store: Store, error: CadranError, status: int, header: tuple[str, str] | None
) -> None:
    def fail(_request: Request) -> bool:
        raise error

    def never(_request: Request, _tx: Transaction) -> Response:
        raise AssertionError

    service = Service(store, CredentialCache(60.0, 10), Throttle(Limits(5, 50, 1.0, 60.0, 10.0)), 1024)
    request = Request("PUT", "/dav/x", "", {}, b"", ASKER, "http://x")
    answer = service.resume(Route("dav", never, fail, frozenset()), request)
    assert isinstance(answer, Response)
    assert answer.status == status
    assert header is None or header in answer.headers


@pytest.mark.parametrize("error", [Busy(), StorageFull(), LimitReached("collection", 250)])
def test_the_command_line_has_words_for_it(error: CadranError) -> None:
    assert len(wording.sentence(error)) > 20
