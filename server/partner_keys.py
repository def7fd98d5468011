"""The private keys that open encrypted exports, from the files the configuration names (R119)."""

from __future__ import annotations

from importers.container import KeyUnusable, PartnerKey, load_key
from server.config import Config, ConfigError

SIZE_LIMIT = 64 * 1024


def load(config: Config) -> tuple[PartnerKey, ...]:
    """Return every key; raises ConfigError, naming each file that cannot be read or holds none."""
    keys: list[PartnerKey] = []
    problems: list[tuple[str, str]] = []
    for partner, path in config.key_files():
        try:
            with path.open("rb") as stream:
                keys.append(load_key(partner, stream.read(SIZE_LIMIT)))
        except OSError as error:
            problems.append(("imports.keys", f"{path}: {error.strerror or 'cannot be read'}"))
        except KeyUnusable:
            problems.append(("imports.keys", f"{path}: holds no RSA private key without password (PKCS#8, PEM or DER)"))
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(keys)
