"""The files of an invented school on disk: what the demo imports and what `cadran sample-school` leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from importers import sample
from importers.sample import SampleSchool, container
from importers.sample.container import Wrapping

FEWEST: Final = 60
MOST: Final = 3000
PEOPLE: Final = "people.csv"
TIMETABLE: Final = "timetable.xml"
NEXT: Final = "timetable-next.xml"
ENCRYPTED: Final = "timetable-encrypted.xml"
KEY: Final = "partner-key.pem"
KEY_SIZE: Final = 2048


@dataclass(frozen=True, slots=True)
class Samples:
    """What to generate; `percent` of the coming sessions change in the next export, None for no next export."""

    pupils: int
    seed: int
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """A generated school and where its files are."""

    school: SampleSchool
    people: Path
    timetable: Path
    following: Path | None

    def all(self) -> tuple[Path, ...]:
        """Return every file written."""
        return (self.people, self.timetable, *((self.following,) if self.following else ()))


def existing(folder: Path) -> tuple[Path, ...]:
    """Return those files that `write` would replace or remove."""
    return tuple(folder / name for name in (PEOPLE, TIMETABLE, NEXT, ENCRYPTED, KEY) if (folder / name).exists())


def write(wanted: Samples, folder: Path, today: date) -> SampleFiles:
    """Generate a school for the school year of a day and write its files, making the folder.

    A next export that was not asked for is removed: it would be of another school.
    """
    school = sample.generate(wanted.pupils, wanted.seed, sample.year_of(today))
    folder.mkdir(parents=True, exist_ok=True)
    files = SampleFiles(school, folder / PEOPLE, folder / TIMETABLE, None if wanted.percent is None else folder / NEXT)
    for name in (ENCRYPTED, KEY):
        (folder / name).unlink(missing_ok=True)
    files.people.write_bytes(sample.write_people_csv(school))
    files.timetable.write_bytes(sample.write_xml(school))
    if files.following is None or wanted.percent is None:
        (folder / NEXT).unlink(missing_ok=True)
    else:
        following = sample.next_export(school, wanted.percent, wanted.seed, today)
        files.following.write_bytes(sample.write_xml(following))
    return files


def encrypt(files: SampleFiles, partner: str, now: datetime) -> tuple[Path, Path]:
    """Write the timetable once more, encrypted for an invented partner, and the key to it; return both files."""
    key = generate_private_key(65537, KEY_SIZE)
    encrypted, opener = files.timetable.with_name(ENCRYPTED), files.timetable.with_name(KEY)
    wrapping = Wrapping(uai=files.school.uai, exported=now)
    encrypted.write_bytes(container.encrypted(files.timetable.read_bytes(), {partner: key.public_key()}, wrapping))
    opener.touch(mode=0o600)
    opener.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return encrypted, opener
