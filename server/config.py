"""Configuration: one TOML file, the environment over it, and secrets kept in files of their own.

`CADRAN_SECTION__KEY` overrides `key` of `[section]`; `CADRAN_SECTION__KEY_FILE` (or `key_file` in the TOML file) names
a file that holds the value.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from storage.limits import Limits

DEFAULT_FILE: Final = Path("/etc/cadran/cadran.toml")
DEFAULT_DATA: Final = Path("/var/lib/cadran")
DATABASE_NAME: Final = "cadran.sqlite"
PREFIX: Final = "CADRAN_"
MIB: Final = 1024 * 1024
HIDDEN: Final = "********"

Network = IPv4Network | IPv6Network


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are pairs of a dotted key and what is wrong with it, in English."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        """Keep every problem found, so that all can be mended at once."""
        super().__init__(problems)
        self.problems = problems


def _words(value: object) -> object:
    """Read a list as an environment variable may say it: JSON, or words between spaces or commas."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return tuple(value.replace(",", " ").split())
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError('is no list in JSON, such as ["one", "two"]') from error


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]


class Section(BaseModel):
    """A section of the file: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSection(Section):
    """How the server listens and what it accepts; sizes are bytes, times are seconds."""

    listen: Words = ("tcp:8008:interface=127.0.0.1",)
    workers: int = Field(1, ge=1, le=64)
    threads: int = Field(8, ge=1, le=64)
    public_url: str = ""
    trusted_proxies: Words = ("127.0.0.1", "::1")
    max_body: int = Field(10 * MIB, ge=64 * 1024, le=100 * MIB)
    timeout: int = Field(60, ge=1, le=3600)
    stop_timeout: int = Field(10, ge=1, le=300)
    wake_window: float = Field(0.0, ge=0, le=60)
    device_rate: float = Field(5.0, ge=0, le=1000)
    device_burst: int = Field(600, ge=10, le=100_000)

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/")):
            raise ValueError("must be a scheme and a host, such as https://cadran.example")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ip_network(text, strict=False)
        return value

    @field_validator("listen")
    @classmethod
    def _somewhere(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("must name at least one endpoint, such as tcp:8008:interface=127.0.0.1")
        return value

    def proxies(self) -> tuple[Network, ...]:
        """Return the networks whose `X-Forwarded-*` headers are believed."""
        return tuple(ip_network(text, strict=False) for text in self.trusted_proxies)


class DatabaseSection(Section):
    """Where the database is; an empty `url` means the SQLite file of the data folder."""

    url: str = ""


class LogSection(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    # Spelt "json" outside; pydantic keeps the name `json` for itself.
    as_json: bool = Field(False, alias="json")
    access: bool = True


class AuthSection(Section):
    """Life of verified credentials in memory and the throttle on failed logins; times are seconds."""

    cache_seconds: int = Field(300, ge=0, le=86400)
    cache_size: int = Field(20_000, ge=1)
    account_failures: int = Field(5, ge=1)
    address_failures: int = Field(50, ge=1)
    first_delay: float = Field(1.0, gt=0)
    longest_delay: float = Field(300.0, gt=0)
    remembered: int = Field(3600, ge=1)


class MailSection(Section):
    """The mail server that takes invitations to people outside; nothing is mailed while `host` is empty."""

    host: str = ""
    port: int = Field(25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = ""
    # Spelt "from" outside, which is a keyword of the language.
    sender: str = Field("", alias="from")
    lmtp: str = ""

    @field_validator("lmtp")
    @classmethod
    def _at_home(cls, value: str) -> str:
        """Keep a port without an interface to this machine: whoever reaches it can speak for anybody."""
        outside = value.startswith("tcp:") and ":interface=" not in value
        return f"{value}:interface=127.0.0.1" if outside else value

    @field_validator("sender")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^\s@<>]+@[A-Za-z0-9.-]+", value):
            raise ValueError("must be a mail address, such as cadran@ecole.example")
        return value


class PushSection(Section):
    """Messages through push services outside, to clients that register for them."""

    enabled: bool = True
    private_hosts: Words = ()
    contact: str = ""

    @field_validator("contact")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("mailto:", "https:")):
            raise ValueError("must begin with mailto: or https:")
        return value


class AttachmentsSection(Section):
    """How much people may attach and keep, in bytes, and the program that looks at each file first."""

    max_size: int = Field(10 * MIB, ge=0, le=100 * MIB)
    per_object: int = Field(20, ge=0, le=1000)
    school_quota: int = Field(5 * 1024 * MIB, ge=0)
    person_quota: int = Field(1024 * MIB, ge=MIB)
    scan_command: Words = ()
    scan_timeout: float = Field(30.0, gt=0, le=600)


class ImportsSection(Section):
    """Timetable imports: automatic ones at the same time, and private keys of partners, each as PARTNER=FILE."""

    at_once: int = Field(1, ge=1, le=16)
    keys: Words = ()

    @field_validator("keys")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.strip() and file.strip() for name, _, file in (text.partition("=") for text in value)):
            raise ValueError("must be partners and key files, such as NEO-Open=/etc/cadran/neo.pem")
        return value


class Config(BaseSettings):
    """The whole configuration, checked; see `conf/` for a commented file."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    data: Path = DEFAULT_DATA
    server: ServerSection = ServerSection()
    database: DatabaseSection = DatabaseSection()
    log: LogSection = LogSection()
    auth: AuthSection = AuthSection()
    mail: MailSection = MailSection()
    push: PushSection = PushSection()
    attachments: AttachmentsSection = AttachmentsSection()
    imports: ImportsSection = ImportsSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only from what `load` has gathered, so that each problem is told with its key."""
        return (init_settings,)

    def listening(self, endpoints: tuple[str, ...]) -> Config:
        """Return the same configuration with other endpoints to listen on."""
        return self.model_copy(update={"server": self.server.model_copy(update={"listen": endpoints})})

    def limits(self) -> Limits:
        """Return how much people may keep; no attachment is larger than a request may be."""
        section = self.attachments
        # A file a little too large still reaches the protocol, which says so in its own terms.
        largest = min(section.max_size, self.server.max_body - 1024)
        return Limits(largest, section.per_object, section.school_quota, section.person_quota)

    def key_files(self) -> tuple[tuple[str, Path], ...]:
        """Return the partners and their key files; a relative path is one in the data folder."""
        pairs = (text.partition("=") for text in self.imports.keys)
        return tuple((name.strip(), self.data / file.strip()) for name, _, file in pairs)

    def database_url(self) -> str:
        """Return the database's address: the one configured, or the SQLite file of the data folder."""
        return self.database.url or f"sqlite:///{self.data.absolute() / DATABASE_NAME}"


def load(file: Path | None, overrides: Mapping[str, Any], environment: Mapping[str, str]) -> Config:
    """Return the configuration of a file, the environment over it and `overrides` over both.

    Without `file`, the default file is read when it is there. Raises ConfigError, naming every faulty key.
    """
    path = file or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    values = _merged(_merged(_from_file(path) if path else {}, _from_environment(environment)), overrides)
    try:
        return Config(**values)
    except ValidationError as error:
        raise ConfigError(tuple((_dotted(item["loc"]), _reason(item)) for item in error.errors())) from error


def shown(config: Config) -> dict[str, Any]:
    """Return the configuration as plain values with every secret hidden."""
    values = config.model_dump(mode="json", by_alias=True)
    values["database"]["url"] = _without_password(config.database_url())
    values["mail"]["password"] = HIDDEN if config.mail.password else ""
    return values


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if not isinstance(part, int)) or "cadran.toml"


def _reason(item: Any) -> str:
    return "is not a known key" if item["type"] == "extra_forbidden" else str(item["msg"]).removeprefix("Value error, ")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(((str(path), error.strerror or "cannot be read"),)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(((str(path), str(error)),)) from error
    return _with_secrets(values, path.parent)


def _with_secrets(values: Mapping[str, Any], folder: Path, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found[key] = _with_secrets(value, folder, f"{prefix}{key}.")
        elif key.endswith("_file") and isinstance(value, str):
            found[key.removesuffix("_file")] = _secret(folder / value, prefix + key)
        else:
            found[key] = value
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(environment):
        key = name.removeprefix(PREFIX)
        if key == name or (("__" not in key) and key != "DATA"):
            continue
        *sections, last = key.lower().split("__")
        value = environment[name]
        if last.endswith("_file"):
            last, value = last.removesuffix("_file"), _secret(Path(value), name)
        place = found
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return found


def _secret(path: Path, key: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(((key, f"{path}: {getattr(error, 'strerror', None) or 'cannot be read'}"),)) from error


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        both[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return both


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user = quote(parts.username or "", safe="")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{HIDDEN}@{host}"))


def environment() -> Mapping[str, str]:
    """Return the process's environment."""
    return os.environ
