"""A protocol made for these tests: it echoes, waits, writes, fails and counts."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable

from protocols.wire import Park, Request, Response
from server.route import Route
from storage.model import Client, ClientKind, NewCalendar, Watch
from storage.transaction import Transaction

PREFIX = "/dav/"
CLIENT = Client(ClientKind.WEB)
handled: Counter[str] = Counter()


def handle(request: Request, tx: Transaction) -> Response | Park:
    """Answer by the last part of the path."""
    name = request.path.removeprefix(PREFIX)
    handled[name] += 1
    return ANSWERS[name](request, tx)


def echo(request: Request, tx: Transaction) -> Response:
    """Tell what came."""
    told = {
        "method": request.method,
        "query": request.query,
        "base": request.base,
        "login": request.principal.login,
        "length": len(request.body),
        "accept": request.headers.get("accept", ""),
    }
    return Response(200, (("Content-Type", "application/json"),), json.dumps(told).encode())


def large(request: Request, tx: Transaction) -> Response:
    """Answer with a body worth compressing."""
    return Response(200, (("Content-Type", "text/calendar"), ("ETag", 'W/"1"')), b"BEGIN:VCALENDAR\r\n" * 1000)


def counted(request: Request, tx: Transaction) -> Response:
    """Answer with as many numbered lines of sixteen octets as the query says."""
    return Response(200, (("ETag", '"1"'),), b"".join(b"%015d\n" % each for each in range(int(request.query))))


def strong(request: Request, tx: Transaction) -> Response:
    """Answer with a body worth compressing whose tag is of its octets."""
    return Response(200, (("Content-Type", "text/calendar"), ("ETag", '"1"')), b"BEGIN:VCALENDAR\r\n" * 1000)


def boom(request: Request, tx: Transaction) -> Response:
    """Fail as nobody foresaw."""
    raise RuntimeError("a secret of the inside")


def create(request: Request, tx: Transaction) -> Response:
    """Write, and only then find that the request was wrong when its body says so."""
    tx.collections.create(request.principal, NewCalendar(request.query, request.query))
    return Response(409 if request.body else 201)


def split(request: Request, tx: Transaction) -> Response:
    """Answer with a header that tries to add another one."""
    return Response(200, (("X-Odd", "a\r\nX-Injected: yes"),), b"")


def park(request: Request, tx: Transaction) -> Park:
    """Wait for the person's agenda, as long as the query says."""
    agenda = tx.collections.by_slug(request.principal, "agenda", CLIENT)
    watch = frozenset({Watch("collection", agenda.id)})
    device = (tx.school_id, request.principal.id, request.headers.get("x-device", "phone"))
    woken = Response(200, (), b"woken")
    seconds = float(request.query or "30")
    return Park(watch, tx.changes.clock(), seconds, Response(200, (), b"expired"), device, lambda moved: woken)


def again(request: Request, tx: Transaction) -> Park | Response:
    """Wait for the agenda once, and when handled anew tell its head."""
    if handled["again"] > 1:
        return Response(200, (), b"handled again")
    waiting = park(request, tx)
    return Park(waiting.watch, waiting.since, waiting.seconds, waiting.expired, waiting.device)


def stuck(request: Request, tx: Transaction) -> Response:
    """Take longer than anybody waits."""
    threading.Event().wait(60)
    return Response(200)


def thread(request: Request, tx: Transaction) -> Response:
    """Tell the thread it is answered in, with as much more as the query says."""
    return Response(200, (), threading.current_thread().name.encode() + b" " * int(request.query or "0"))


def writing_thread(request: Request, tx: Transaction) -> Response:
    """Write, then tell the thread it is answered in."""
    tx.collections.create(request.principal, NewCalendar("light", "light"))
    return thread(request, tx)


ANSWERS: dict[str, Callable[[Request, Transaction], Response | Park]] = {
    "echo": echo,
    "large": large,
    "strong": strong,
    "counted": counted,
    "boom": boom,
    "create": create,
    "split": split,
    "stuck": stuck,
    "park": park,
    "again": again,
    "thread": thread,
    "light": thread,
    "light-writing": writing_thread,
    "light-boom": boom,
    "light-park": park,
}
ROUTE = Route(
    "test",
    handle,
    lambda request: request.path == "/dav/boom",
    frozenset({"PUT"}),
    atomic=True,
    light=lambda incoming: incoming.path.startswith(f"{PREFIX}light"),
)


def find(path: str) -> Route | None:
    """Return the protocol of these tests for its paths."""
    return ROUTE if path.startswith(PREFIX) else None
