"""Names as Radicale sees them: decoded, since it decodes every path before it asks, and encodes every name it tells.

Our names can have a reserved character percent-encoded (`storage.spelling`). Such a name is shown as it is kept, and
so is one that would look like it; all others are shown as their text.
"""

from __future__ import annotations

import re
from typing import Final

from storage import spelling

_CODES: Final = "|".join(f"{ord(mark):02X}" for mark in spelling.RESERVED)
_SPELLED: Final = re.compile(f"%(?:25)*(?:{_CODES})")


def shown(name: str) -> str:
    """Return a name of ours as Radicale's name."""
    text = spelling.plain(name)
    return name if "%" in name and (_SPELLED.search(text) or spelling.of_text(text) != name) else text


def kept(name: str) -> str:
    """Return a name of Radicale's as our name; one that `shown` returned is that name again."""
    if _SPELLED.search(name) and spelling.is_name(name):
        return name
    return spelling.of_text(name)
