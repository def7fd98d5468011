"""What to do once an import was refused: the commands that go on, for a deposit and for a file handed over by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.texts import N_

_READ_AND_APPLY: Final = N_(
    "What to do next: “cadran import show{number}” tells everything, “cadran import apply{number}” carries it out all "
    "the same, “cadran import discard{number}” puts it aside; “cadran thresholds set” changes a limit."
)
_KEY: Final = N_(
    "What to do next: choose the right platform in EDT or Pronote, and export again. If you were given the key of that "
    "platform: “cadran import keys add PARTNER FILE”, then “cadran import again{number}”. “cadran import "
    "discard{number}” puts the file aside."
)
_TOLD: Final = N_(
    "What to do next: once that is told, “cadran import again{number}” imports this file; “cadran import "
    "discard{number}” puts it aside."
)
_ANOTHER_EXPORT: Final = N_(
    "What to do next: export again in EDT (“Déclencher l’export” does it at once), the timetable stays as it is until "
    "then. “cadran import show{number}” tells everything, “cadran import discard{number}” puts this file aside."
)
_ANOTHER_FILE: Final = N_(
    "What to do next: import the right file. “cadran import discard{number}” puts this one aside, and it is forgotten."
)

_ASIDE: Final = N_("“cadran import discard{number}” puts this file aside.")
_INSIDE: Final = N_("Hand over the file inside.")

# “apply” only where a person may decide that the file is right; what cannot be read has nothing to apply.
_DEPOSITED: Final[Mapping[str, str]] = {
    "thresholds": _READ_AND_APPLY,
    "people-missing": N_(
        "What to do next: “cadran import show{number}” tells everything, “cadran import apply{number}” carries it out "
        "all the same, “cadran import discard{number}” puts it aside."
    ),
    "older-export": N_(
        "What to do next: “cadran import apply{number}” imports it all the same, “cadran import discard{number}” puts "
        "it aside."
    ),
    "no-manual-import": N_("What to do next: “cadran import again{number}” imports this file by hand."),
    "empty-replace": N_(
        "What to do next: if that is what you want, “cadran import apply{number} --confirm {school}” carries it out. "
        "If it is not, export again in EDT; “cadran import discard{number}” puts this file aside."
    ),
    "idpn-regenerated": N_(
        "What to do next: if they were regenerated, “cadran import apply{number} --new-identifiers” imports it. If it "
        "is another school's file, correct the export in EDT; “cadran import discard{number}” puts this one aside."
    ),
    "wrong-school": N_(
        "What to do next: in EDT, each school has an address of its own (“Une URL par établissement”): the one used "
        "here is that of {expected}. “cadran import access add LOGIN” makes another address; “cadran import "
        "discard{number}” puts this file aside."
    ),
    "not-for-us": _KEY,
    "encrypted": _KEY,
    "no-school-year": _TOLD,
    "no-alternation": _TOLD,
    "no-periods": _TOLD,
    "file-forgotten": N_("What to do next: wait for the next export, or “Déclencher l’export” in EDT."),
}
_BY_HAND: Final[Mapping[str, str]] = {
    "wrong-school": N_("Choose the file of {expected}, or with --school the school that the file is of."),
    "not-for-us": N_(
        "Choose the right platform in EDT or Pronote, and export again; “cadran import keys add PARTNER FILE” adds the "
        "key of that platform, if you were given it."
    ),
    "encrypted": N_("Add one (“cadran import keys add PARTNER FILE”), or choose an export without encryption."),
    "damaged": N_("Export it again."),
    "truncated": N_("Copy it again, or export it again."),
    "archive-damaged": N_("Copy it again, or hand over the file inside."),
    "archive-encrypted": _INSIDE,
    "archive-name": _INSIDE,
    "archive-nested": _INSIDE,
    "people-missing": N_("If they have left, import it again with --force."),
    "idpn-regenerated": N_("If they were regenerated, import it again with --new-identifiers."),
    "would-wreck": N_("If that is what you want, import it again with --force."),
    "empty-replace": N_("If that is what you want, import it again with --confirm {school}."),
    "thresholds": _READ_AND_APPLY,
    "no-manual-import": N_("What to do next: “cadran import again{number}” imports this file by hand."),
}
# What a letter may offer to its reader: to have an import carried out that somebody has to look at.
APPLICABLE: Final = frozenset({"thresholds", "people-missing", "older-export"})


def after_deposit(reason: str) -> str:
    """Return what to do about a deposit that was refused; its places are {number} and the refusal's own data."""
    return _DEPOSITED.get(reason, _ANOTHER_EXPORT)


def after_file(reason: str) -> str:
    """Return what whoever handed a file over may do at once; "" when the refusal says it already."""
    return _BY_HAND.get(reason, "")


def after_run(reason: str) -> tuple[str, ...]:
    """Return what to do about an import by hand that the history shows as refused, sentence by sentence."""
    told = _BY_HAND.get(reason)
    if told in (_READ_AND_APPLY, _BY_HAND["no-manual-import"]):
        return (told,)
    return (told, _ASIDE) if told else (_ANOTHER_FILE,)
