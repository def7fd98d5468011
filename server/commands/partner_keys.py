"""`cadran import keys list|add|remove`: the private keys that open encrypted exports (R119)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from importers.container import KeyUnusable
from server import partner_keys
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
)
from server.texts import _
from storage.model import School

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("keys", help=_("The private keys that open encrypted exports, for one school or for the whole server."))
def keys() -> None:
    """Gather the commands about partner keys."""


@keys.command("list", help=_("List the keys: their partner and the school they serve, never the keys themselves."))
@json_option
@pass_workplace
def list_(workplace: Workplace, /, as_json: bool) -> None:
    """Print what may be told of each key."""
    found = partner_keys.kept(workplace.config)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [(each.id, each.partner, each.school or _("all"), each.source or _("added")) for each in found]
    empty = _("No key is kept: encrypted exports cannot be read. “cadran import keys add PARTNER FILE” adds one.")
    print_table((_("Key"), _("Partner"), _("School"), _("From")), rows, empty=empty)


@keys.command(
    "add",
    help=_(
        "Keep a copy of a partner's private key (RSA, PKCS#8, PEM or DER, without password) in the data folder, for "
        "the school of --school or else for all schools. PARTNER is the name the export gives. Several keys may have "
        "one name."
    ),
    short_help=_("Add the private key of a partner."),
)
@click.argument("partner")
@click.argument("file", type=_FILE)
@click.option("--school", "code", metavar="UAI", help=_("Only for this school."))
@pass_workplace
def add(workplace: Workplace, /, partner: str, file: Path, code: str | None) -> None:
    """Keep a key and tell its number."""
    with file.open("rb") as stream:
        data = stream.read(partner_keys.SIZE_LIMIT + 1)
    try:
        with workplace.store() as store:
            schools = store.directory.schools() if code is None else (store.directory.school(code.upper()),)
            made = partner_keys.add(workplace.config, partner.strip(), data, code or "")
            for school in schools:
                _note(workplace, school, "partner-key-added", made)
    except KeyUnusable as error:
        text = _("{file} holds no RSA private key without password (PKCS#8, PEM or DER).")
        raise Failure(text.format(file=file)) from error
    say(_("The key {number} of “{partner}” is kept.").format(number=made.id, partner=made.partner))


@keys.command("remove", help=_("Delete an added key, by its number as “cadran import keys list” prints it."))
@click.argument("number")
@pass_workplace
def remove(workplace: Workplace, /, number: str) -> None:
    """Delete a key; encrypted exports of its partner are refused from now on."""
    gone = partner_keys.remove(workplace.config, number)
    with workplace.store() as store:
        for school in store.directory.schools():
            if gone.school in ("", school.code):
                _note(workplace, school, "partner-key-removed", gone)
    say(_("The key {number} of “{partner}” is removed.").format(number=gone.id, partner=gone.partner))


def _note(workplace: Workplace, school: School, action: str, key: partner_keys.KeptKey) -> None:
    with workplace.store() as store, store.writing(school.id) as tx:
        tx.audit.record(actor(), action, key.partner, key=key.id)
