"""The people file of a sample school: the CSV that feeds its accounts (pronote-format 4.2)."""

import codecs
import csv
import io

from importers.sample.model import SampleSchool
from importers.sample.names import unaccented

UNACCENT = "cadran-unaccented"
"""Name of the error handler that writes a letter without its accent."""

COLUMNS = (
    "Login",
    "Type",
    "Nom",
    "Nom de naissance",
    "Prénom",
    "Date de naissance",
    "Classe",
    "Email",
    "Identifiant",
)


def write_people_csv(school: SampleSchool, encoding: str = "utf-8") -> bytes:
    """Return every account, one per row: semicolons, all fields quoted, births as dd/mm/yyyy.

    ``encoding`` is any codec, such as ``utf-8-sig``, ``cp1252`` or ``latin-1``; a letter it lacks
    is written without its accent, as directories do.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for account in school.accounts:
        writer.writerow(
            (
                account.login,
                account.role,
                account.family,
                account.birth_name,
                account.given,
                account.birth.strftime("%d/%m/%Y"),
                account.school_class,
                account.email,
                account.identifier,
            )
        )
    return text.getvalue().encode(encoding, errors=UNACCENT)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Stand a letter that a codec lacks by its unaccented form, or failing that by a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return unaccented(lost).encode("ascii", "replace").decode("ascii"), error.end


codecs.register_error(UNACCENT, _plain)
