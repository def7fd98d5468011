"""The checks of the thresholds by name (R237): stored reports and refusals hold their codes."""

from __future__ import annotations

from typing import Final

from server.texts import N_, _

_CHECKS: Final = {
    "subjects-created": N_("Subjects created"),
    "services-created": N_("Teaching services created"),
    "services-changed": N_("Teaching services modified"),
    "services-deleted": N_("Teaching services deleted"),
    "sessions": N_("Sessions more or fewer than at the last import"),
    "incomplete-services": N_("Sessions created on incomplete teaching services"),
    "closures-added": N_("Closure periods added"),
    "closures-deleted": N_("Closure periods deleted"),
    "teachers": N_("Teachers not recognised"),
    "pupils": N_("Pupils not recognised"),
    "classes": N_("Classes not recognised"),
    "groups": N_("Groups not recognised"),
    "closures-kept": N_("Consistency with the closure periods"),
}


def check(code: str) -> str:
    """Return what a check of the thresholds looks at, in words."""
    return _(_CHECKS.get(code, code))


def checks(codes: str) -> str:
    """Return several checks in words, from their codes as a refusal lists them."""
    return ", ".join(check(code) for code in codes.split(", "))
