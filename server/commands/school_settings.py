"""`cadran school`: what a school decides for itself, kept in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import click

from protocols.eas.families import NAMES, VERSIONS
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
)
from server.texts import N_, _
from storage.model import Settings

_YES: Final = frozenset({"yes", "on", "true", "1", "oui"})
_NO: Final = frozenset({"no", "off", "false", "0", "non"})
FAMILIES: Final = "eas_families"
HIGHEST: Final = "eas_versions"


def _flag(text: str) -> bool:
    word = text.strip().casefold()
    if word not in _YES | _NO:
        raise click.BadParameter(_("say yes or no"))
    return word in _YES


def _number(lowest: int, highest: int, *more: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        found = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        if not lowest <= found <= highest and found not in more:
            choices = ", ".join([f"{lowest}-{highest}", *map(str, more)])
            raise click.BadParameter(_("a number is wanted: {choices}").format(choices=choices))
        return found

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise click.BadParameter(_("choose one of {choices}").format(choices=", ".join(choices)))
        return text

    return read


@dataclass(frozen=True, slots=True)
class _Key:
    """One setting: how its value is read from words, and what it means."""

    read: Callable[[str], Any]
    meaning: str


KEYS: Final[Mapping[str, _Key]] = {
    "pupils_find_pupils": _Key(_flag, N_("Pupils find other pupils in the directory.")),
    "include_class_parts": _Key(_flag, N_("Parts of classes make courses of their own.")),
    "dav_honours_switch": _Key(_flag, N_("CalDAV clients hide calendars whose switch is off.")),
    "eas_others_allowed": _Key(_flag, N_("Phones other than iPhones see more than the default calendar.")),
    "eas_shared_calendars": _Key(_flag, N_("Phones see shared calendars and courses.")),
    "eas_timetable_as_invitations": _Key(_flag, N_("Phones show lessons as invitations, which are harder to edit.")),
    "eas_unknown_devices": _Key(
        _one_of("allow", "quarantine", "block"), N_("What becomes of phones never seen before.")
    ),
    "eas_devices": _Key(_number(1, 1000), N_("How many phones one person may have.")),
    "eas_policy_required": _Key(_flag, N_("Phones synchronise only once they have taken the policy.")),
    "eas_password": _Key(_number(4, 16, 0), N_("Fewest characters of a phone's own password; 0 asks for none.")),
    "eas_lock_minutes": _Key(_number(0, 60), N_("Minutes after which a phone locks itself; 0 never.")),
    "eas_history": _Key(_number(4, 7, 0), N_("How far back phones may show: 4 two weeks to 7 six months; 0 all.")),
    "trash_days": _Key(_number(0, 180), N_("Days for which the trash keeps what was deleted; 0 keeps nothing.")),
    "notices_by_mail": _Key(_flag, N_("People are told by mail what was not taken over.")),
}


@click.group("school", help=_("Show and change what a school decides for itself."))
def school() -> None:
    """Gather the commands about a school's settings."""


@school.command("show", help=_("Show the settings of a school."))
@json_option
@school_option
@pass_workplace
def show(workplace: Workplace, as_json: bool, code: str | None) -> None:
    """Print every setting with its value and meaning."""
    with workplace.store() as store:
        found = chosen_school(store, code)
    values = asdict(found.settings)
    if as_json:
        print_json({"code": found.code, "name": found.name, "zone": found.zone, "settings": values})
        return
    rows: list[tuple[str, str, str]] = [(name, _shown(values[name]), _(key.meaning)) for name, key in KEYS.items()]
    meaning = _("As eas_others_allowed, for one family of phones.")
    rows += [(f"{FAMILIES}.{name}", _shown(on), meaning) for name, on in sorted(values[FAMILIES].items())]
    highest = _("Highest ActiveSync version for one family of phones.")
    rows += [(f"{HIGHEST}.{name}", version, highest) for name, version in sorted(values[HIGHEST].items())]
    print_table((_("Setting"), _("Value"), _("Meaning")), rows)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


@school.command(
    "set",
    short_help=_("Change a setting of a school."),
    help=_(
        "Change a setting of a school; “cadran school show” lists them. eas_families.NAME sets for one family of "
        "phones what eas_others_allowed sets for all, eas_versions.NAME the highest ActiveSync version for it; "
        "“default” takes that back."
    ),
)
@click.argument("key")
@click.argument("value")
@school_option
@pass_workplace
def set_(workplace: Workplace, key: str, value: str, code: str | None) -> None:
    """Store one setting; phones that wait learn of it at once."""
    with workplace.store() as store:
        found = chosen_school(store, code)
        with store.writing(found.id) as tx:
            tx.lock()
            before = tx.school.settings
            after = _changed(before, key, value)
            if after != before:
                tx.configure(after)
                tx.audit.record(actor(), "school-setting", found.code, key=key, value=value)
    say(_("{key} is now {value}.").format(key=key, value=value))


def _changed(before: Settings, key: str, value: str) -> Settings:
    name, _dot, family = key.partition(".")
    if name == FAMILIES and family in NAMES:
        others = {each: on for each, on in before.eas_families.items() if each != family}
        return replace(before, eas_families=others if value == "default" else others | {family: _flag(value)})
    if name == HIGHEST and family in NAMES:
        rest = {each: version for each, version in before.eas_versions.items() if each != family}
        read = _one_of(*VERSIONS, "default")(value)
        return replace(before, eas_versions=rest if read == "default" else rest | {family: read})
    if key not in KEYS:
        known = ", ".join((*KEYS, *(f"{each}.{one}" for each in (FAMILIES, HIGHEST) for one in NAMES)))
        raise Failure(_("There is no setting “{key}”. Settings: {known}.").format(key=key, known=known))
    return replace(before, **{key: KEYS[key].read(value)})
