"""Push-Dont-Notify: whoever changes something need not be told of it (draft-bitfire-webdav-push).

The header holds quoted registration addresses, or an asterisk for all. Only the asker's own registrations are kept
quiet, for nobody may keep news from others; and only those that knew everything before, for news of others' changes
must not be lost with one's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from protocols.caldav import paths
from protocols.caldav.context import Context
from protocols.caldav.paths import Place
from storage.push import Registration
from storage.push_standing import Standings, up_to_date

LONGEST = 8_192
_QUOTED = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Quiet:
    """The registrations that are not told what this request changes."""

    registrations: tuple[Registration, ...] = ()

    def keep(self, context: Context) -> None:
        """Record that they know all there is now."""
        if not self.registrations:
            return
        standings = Standings(context.tx, context.principal)
        for each in self.registrations:
            standing = standings.of(each.place, each.content)
            if standing is not None:
                context.tx.push.tell(each.id, standing)


def wanted(context: Context) -> Quiet:
    """Return what the header asks for, read before anything is written; nothing in a transaction that only reads."""
    header = context.request.headers.get("push-dont-notify", "").strip()
    if not header or len(header) > LONGEST or not context.tx.writable:
        return Quiet()
    # From here on nobody else's change can come between.
    context.tx.lock()
    mine = context.tx.push.of_person(context.principal.id)
    if header != "*":
        named = {_name(address) for address in _QUOTED.findall(header)}
        mine = tuple(each for each in mine if each.id in named)
    return Quiet(up_to_date(Standings(context.tx, context.principal), mine) if mine else ())


def _name(address: str) -> str:
    try:
        target = paths.parse(urlsplit(address).path)
    except ValueError:
        return ""
    return target.name if target is not None and target.place is Place.REGISTRATION else ""
