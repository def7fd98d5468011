"""What an import file says of itself, in words: the first step of an import shows it (R121 to R124)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.texts import _


def lines(origin: Mapping[str, Any] | None, run_id: str) -> Iterator[str]:
    """Yield school, number of the import, encryption, key, program and export time, as far as they are known."""
    if not origin:
        return
    yield _("File for the school: {code}").format(code=origin.get("school") or "?")
    yield _("Number of the import: {number}").format(number=run_id)
    yield _("File encrypted: {answer}").format(answer=_answer(origin.get("encrypted")))
    needed = origin.get("encrypted")
    answer = _answer(origin.get("key_present")) if needed else _("not needed, the file is not encrypted")
    yield _("Key present: {answer}").format(answer=answer)
    if origin.get("software"):
        yield _("Written by: {software}").format(software=origin["software"])
    if origin.get("schema"):
        yield _("Version of the format: {version}").format(version=origin["schema"])
    if origin.get("exported"):
        yield _("Exported: {when}").format(when=origin["exported"])


def _answer(told: object) -> str:
    return _("yes") if told else _("no")
