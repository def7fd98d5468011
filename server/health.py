"""Probes: is the process alive, can it serve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import structlog

from protocols.wire import Response
from storage.errors import SchemaMissing, SchemaOutdated, SchemaTooNew
from storage.store import Store

LIVE: Final = "/health/live"
READY: Final = "/health/ready"

_log = structlog.get_logger("health")


def live() -> Response:
    """Return 200: the process answers."""
    return _json(200, {"status": "live"})


def ready(store: Store) -> Response:
    """Return 200 when the database is there with this program's schema, else 503 with a reason for machines."""
    try:
        store.check()
    except SchemaMissing:
        return _not_ready("schema-missing")
    except (SchemaOutdated, SchemaTooNew) as error:
        reason = "schema-outdated" if isinstance(error, SchemaOutdated) else "schema-too-new"
        return _not_ready(reason, found=error.found, known=error.known)
    except Exception:
        _log.exception("database unreachable")
        return _not_ready("database-unreachable")
    return _json(200, {"status": "ready"})


def _not_ready(reason: str, **details: str) -> Response:
    return _json(503, {"status": "unavailable", "reason": reason, **details})


def _json(status: int, values: Mapping[str, str]) -> Response:
    body = json.dumps(values).encode() + b"\n"
    return Response(status, (("Content-Type", "application/json"), ("Cache-Control", "no-store")), body)
