"""The door of the time zone service: anybody may ask, without an account and without a database."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from protocols.tzdist import actions, parameters, problems
from protocols.tzdist.problems import Problem
from protocols.wire import Response

PREFIX: Final = "/timezones"
WELL_KNOWN: Final = "/.well-known/timezone"

_NOTHING: Final[frozenset[str]] = frozenset()
_LIST: Final = frozenset({"changedsince", "pattern"})
_GET: Final = frozenset({"start", "end"})
_EXPAND: Final = frozenset({"start", "end", "changedsince"})
_ACTION = re.compile(r"/zones/(?P<tzid>.+?)(?P<expand>/observances)?", re.DOTALL)
_LONGEST: Final = 300
_QUALITY = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE | re.ASCII)
# A day: new versions of the database come some six times a year.
_CACHE: Final = ("Cache-Control", "public, max-age=86400")


def mine(path: str) -> bool:
    """Tell whether a path is one of this service's."""
    return path in {WELL_KNOWN, PREFIX} or path.startswith((PREFIX + "/", WELL_KNOWN + "/"))


def answer(method: str, target: tuple[str, str], headers: Mapping[str, str], base: str) -> Response:
    """Answer a request; `target` is the path on the wire and the raw query, `base` scheme and authority."""
    path, query = target
    if path.startswith(WELL_KNOWN):
        location = base.rstrip("/") + PREFIX + path.removeprefix(WELL_KNOWN).rstrip("/")
        return Response(301, (("Location", location + (f"?{query}" if query else "")), _CACHE))
    if method not in {"GET", "HEAD"}:
        return problems.wrong_method()
    try:
        return _act(path.removeprefix(PREFIX), query, headers)
    except Problem as problem:
        return problems.answer(problem)


def _act(path: str, query: str, headers: Mapping[str, str]) -> Response:
    if path == "/capabilities":
        parameters.read(query, _NOTHING)
        return _answered(actions.capabilities(), headers)
    if path == "/leapseconds":
        parameters.read(query, _NOTHING)
        return _answered(actions.leap_seconds(), headers)
    if path in {"/zones", "/zones/"}:
        return _answered(_zones(query), headers)
    match = _ACTION.fullmatch(path)
    if match is None or len(path) > _LONGEST:
        raise Problem("invalid-action")
    tzid = actions.known(_decoded(match["tzid"]))
    if match["expand"]:
        return _answered(actions.observances(tzid, parameters.read(query, _EXPAND)), headers)
    kind = _kind(headers.get("accept", ""))
    values = parameters.read(query, _GET)
    body = actions.zone(tzid, values, as_json=kind == actions.JCAL)
    # The tag that the list tells is the one of the plain text.
    tag = actions.synctoken() if kind == actions.CALENDAR and not values else ""
    return _answered(body, headers, f"{kind}; charset=utf-8", tag)


def _zones(query: str) -> bytes:
    values = parameters.read(query, _LIST)
    if "pattern" in values:
        if "changedsince" in values:
            raise Problem("invalid-changedsince")
        return actions.found(values["pattern"])
    return actions.listed(unchanged=actions.check_token(values))


def _decoded(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise Problem("tzid-not-found") from error


def _answered(body: bytes, headers: Mapping[str, str], kind: str = "application/json", opaque: str = "") -> Response:
    """Return an answer with its entity tag, or 304 to a client that has it."""
    tag = f'"{opaque or f"{actions.synctoken()}-{zlib.crc32(body):08x}"}"'
    # Lists are sent compressed to those who take it, so that their octets are not what the tag is of.
    fixed = (("ETag", tag if opaque else f"W/{tag}"), ("Vary", "Accept"), _CACHE)
    wanted = {each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(",")}
    if wanted & {tag, "*"}:
        return Response(304, fixed)
    return Response(200, (("Content-Type", kind), *fixed), body)


def _kind(accept: str) -> str:
    """Return which of the two forms a client would rather have; raises Problem when it takes neither."""
    qualities: dict[str, float] = {}
    for part in accept.split(",")[:32]:
        name, *rest = part.split(";")
        quality = next((float(found[1]) for each in rest if (found := _QUALITY.fullmatch(each))), 1.0)
        qualities.setdefault(name.strip().lower(), quality)
    if not accept.strip():
        return actions.CALENDAR
    wished = {kind: _wish(qualities, kind) for kind in (actions.CALENDAR, actions.JCAL)}
    best = max(wished, key=lambda kind: wished[kind])
    if wished[best] <= 0:
        raise Problem("invalid-format")
    return best


def _wish(qualities: Mapping[str, float], kind: str) -> float:
    ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
    return next((qualities[name] for name in ranges if name in qualities), 0.0)
