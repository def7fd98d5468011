"""Names of people and headers of columns, folded so that spellings can be compared."""

from __future__ import annotations

import re
from functools import lru_cache

from unidecode import unidecode

# Blanks, and every hyphen, dash, apostrophe and quotation mark people type between the parts of a name.
_JOINERS = re.compile("[\\s_'`\"\\-\u2010-\u2015\u2018\u2019\u02bc\u2032]+")


@lru_cache(maxsize=32768)
def fold(text: str) -> str:
    """Return a name in lower case without accents or ligatures; hyphens, apostrophes and blanks are one space.

    >>> fold("  PETIT-LEFÈVRE   d'Œuvre ")
    'petit lefevre d oeuvre'
    """
    return _JOINERS.sub(" ", unidecode(_JOINERS.sub(" ", text))).strip().lower()


def squeeze(text: str) -> str:
    """Return a folded name without spaces, so that "N'DIAYE", "Ndiaye" and "N DIAYE" are one name."""
    return fold(text).replace(" ", "")
