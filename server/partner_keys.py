"""The private keys that open encrypted exports (R119): those the configuration names, and those a command has added.

Added keys are kept as files of the data folder that only its owner reads, never in the database, whose backups and
copies travel further. A key serves one school or the whole server.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from importers.container import KeyUnusable, PartnerKey, load_key
from server.config import Config, ConfigError
from storage.errors import NameTaken, NotFound

SIZE_LIMIT: Final = 64 * 1024
FOLDER: Final = "partner-keys"
_INDEX: Final = "index.json"
_NUMBER_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What may be told of a key: a number made of its public half, its partner, the school it serves, empty for all."""

    id: str
    partner: str
    school: str = ""
    source: str = ""


def load(config: Config, school: str = "") -> tuple[PartnerKey, ...]:
    """Return the keys that serve a school; raises ConfigError, naming each file that cannot be read or holds none."""
    wanted = [(each.partner, _file(config, each.id)) for each in _added(config) if each.school in ("", school.upper())]
    return tuple(key for _path, key in _loaded((*config.key_files(), *wanted)))


def kept(config: Config) -> tuple[KeptKey, ...]:
    """Return every key without its private half, the configured ones first; raises ConfigError as `load` does.

    `source` is the file of a configured key, empty for an added one.
    """
    configured = _loaded(config.key_files())
    return (*(KeptKey(number(key), key.partner, "", str(path)) for path, key in configured), *_added(config))


def add(config: Config, partner: str, data: bytes, school: str = "") -> KeptKey:
    """Keep a copy of a private key, PKCS#8 in DER or PEM; raises KeyUnusable, and NameTaken when it is there."""
    if len(data) > SIZE_LIMIT:
        raise KeyUnusable(partner)
    key = load_key(partner, data)
    plain = hashlib.sha256(f"{number(key)} {partner} {school.upper()}".encode()).hexdigest()[:_NUMBER_LENGTH]
    new = KeptKey(plain, partner, school.upper())
    before = _added(config)
    if any(each.id == new.id for each in before):
        raise NameTaken("partner-key", new.id)
    pem = key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(_file(config, new.id), pem)
    _list(config, (*before, new))
    return new


def remove(config: Config, start: str) -> KeptKey:
    """Delete an added key by the beginning of its number; raises NotFound, also for one the configuration names."""
    added = _added(config)
    found = [each for each in added if start and each.id.startswith(start)]
    if len(found) != 1:
        raise NotFound("partner-key", start)
    _list(config, tuple(each for each in added if each != found[0]))
    _file(config, found[0].id).unlink(missing_ok=True)
    return found[0]


def number(key: PartnerKey) -> str:
    """Return what tells a key from others: the beginning of the SHA-256 of its public half."""
    public = key.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()[:_NUMBER_LENGTH]


def _loaded(named: tuple[tuple[str, Path], ...]) -> list[tuple[Path, PartnerKey]]:
    keys: list[tuple[Path, PartnerKey]] = []
    problems: list[tuple[str, str]] = []
    for partner, path in named:
        try:
            with path.open("rb") as stream:
                keys.append((path, load_key(partner, stream.read(SIZE_LIMIT))))
        except OSError as error:
            problems.append(("imports.keys", f"{path}: {error.strerror or 'cannot be read'}"))
        except KeyUnusable:
            problems.append(("imports.keys", f"{path}: holds no RSA private key without password (PKCS#8, PEM or DER)"))
    if problems:
        raise ConfigError(tuple(problems))
    return keys


def _file(config: Config, name: str) -> Path:
    return config.data / FOLDER / f"{name}.pem"


def _added(config: Config) -> tuple[KeptKey, ...]:
    index = config.data / FOLDER / _INDEX
    try:
        rows = json.loads(index.read_bytes())
        return tuple(KeptKey(str(row["id"]), str(row["partner"]), str(row["school"])) for row in rows)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigError((("imports.keys", f"{index}: {error.strerror or 'cannot be read'}"),)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError((("imports.keys", f"{index}: is not the list of added keys"),)) from error


def _list(config: Config, keys: tuple[KeptKey, ...]) -> None:
    rows = [{name: value for name, value in asdict(each).items() if name != "source"} for each in keys]
    _write(config.data / FOLDER / _INDEX, json.dumps(rows, indent=1).encode())


def _write(path: Path, data: bytes) -> None:
    """Put a file in its place whole, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
