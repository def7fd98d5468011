"""Start `cadran demo` as a user would, talk to it, and end it whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

PATIENCE_SECONDS = 90
NS = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "CS": "http://calendarserver.org/ns/",
    "A": "http://apple.com/ns/ical/",
}


def cadran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; a failure shows what it said."""
    command = [sys.executable, "-m", "server.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done


@dataclass
class Demo:
    """A demo that runs: its folder, its address and its accounts by role."""

    folder: Path
    base: str
    info: dict[str, Any]

    def account(self, role: str) -> dict[str, str]:
        """Return the first account of a role."""
        return next(account for account in self.info["accounts"] if account["role"] == role)

    def sample(self, name: str) -> Path:
        """Return one of the files the demo was made from."""
        return self.folder / "samples" / name

    def cli(self, *arguments: str) -> str:
        """Run a command on the demo's data, beside the server, and return what it printed."""
        return cadran("--data", str(self.folder), *arguments).stdout


class Running:
    """A started demo; use as a context manager."""

    def __init__(self, folder: Path, pupils: int) -> None:
        self.folder = folder
        arguments = ["demo", "--data", str(folder), "--port", "0", "--pupils", str(pupils)]
        self.log = (folder.parent / f"{folder.name}.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "server.cli", *arguments],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def __enter__(self) -> Demo:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said()
            info = self.folder / "demo-info.json"
            if info.exists():
                described = json.loads(info.read_text("utf-8"))
                if described["web"].startswith("http") and self.answers(described["web"]):
                    return Demo(self.folder, described["web"].rstrip("/"), described)
            time.sleep(0.05)
        raise AssertionError("the demo did not start: " + self.said())

    @staticmethod
    def answers(web: str) -> bool:
        """Tell whether the readiness probe is green."""
        address = urlsplit(web)
        try:
            connection = HTTPConnection(address.hostname or "", address.port, timeout=5)
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def said(self) -> str:
        """Return what the server wrote."""
        self.log.seek(0)
        return self.log.read()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.log.close()

    def stop(self) -> int:
        """Ask the server to end, and see that it does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Dav:
    """A DAV client of a few lines: one connection, one person."""

    def __init__(self, base: str, login: str, password: str = "demo", **headers: str) -> None:
        address = urlsplit(base)
        self.connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        self.authorization = "Basic " + b64encode(f"{login}:{password}".encode()).decode()
        self.headers = headers
        self.login = login

    def send(self, method: str, path: str, body: str | bytes = b"", *, auth: bool = True, **headers: str) -> Reply:
        """Send one request; header names have underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in {**self.headers, **headers}.items()}
        if auth:
            named["Authorization"] = self.authorization
        text = body.encode() if isinstance(body, str) else body
        self.connection.request(method, path, text, named)
        answer = self.connection.getresponse()
        return Reply(answer, answer.read())

    def propfind(self, path: str, depth: int, *names: str, auth: bool = True) -> Reply:
        """Ask for properties given as "D:displayname"."""
        wanted = "".join(f"<{name}/>" for name in names)
        body = f'<?xml version="1.0"?><D:propfind {XMLNS}><D:prop>{wanted}</D:prop></D:propfind>'
        return self.send("PROPFIND", path, body, auth=auth, Depth=str(depth), Content_Type="text/xml; charset=utf-8")

    def report(self, path: str, body: str, depth: str | None = "1") -> Reply:
        """Send a report whose body lacks only its namespaces."""
        marked = body.replace(" xmlns", f" {XMLNS}", 1)
        named: Any = {"Content_Type": "text/xml; charset=utf-8"} | ({} if depth is None else {"Depth": depth})
        return self.send("REPORT", path, marked, **named)

    def sync(self, path: str, token: str = "") -> tuple[dict[str, str | None], str]:
        """Return what changed, entity tags by href and None for what is gone, and the next token."""
        body = (
            f"<D:sync-collection xmlns><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getcontenttype/><D:getetag/></D:prop></D:sync-collection>"
        )
        reply = self.report(path, body)
        assert reply.status == 207, reply.body
        changed: dict[str, str | None] = {}
        for href, response in reply.responses().items():
            gone = response.findtext("D:status", "", NS)
            changed[href] = None if "404" in gone else response.findtext(".//D:getetag", None, NS)
        return changed, reply.text("D:sync-token")

    def multiget(self, path: str, hrefs: list[str]) -> dict[str, str]:
        """Return texts by href, a hundred at a time as Thunderbird does."""
        texts: dict[str, str] = {}
        for at in range(0, len(hrefs), 100):
            wanted = "".join(f"<D:href>{href}</D:href>" for href in hrefs[at : at + 100])
            body = (
                "<C:calendar-multiget xmlns><D:prop><D:getetag/><C:calendar-data/></D:prop>"
                f"{wanted}</C:calendar-multiget>"
            )
            reply = self.report(path, body)
            assert reply.status == 207, reply.body
            for href, response in reply.responses().items():
                texts[href] = response.findtext(".//C:calendar-data", "", NS)
        return texts


XMLNS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())


class Reply:
    """One answer."""

    def __init__(self, answer: HTTPResponse, body: bytes) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = body

    @property
    def root(self) -> Any:
        """The document."""
        return etree.fromstring(self.body)

    def responses(self) -> dict[str, Any]:
        """The response elements of a multistatus, by href."""
        return {each.findtext("D:href", "", NS): each for each in self.root.iterfind("D:response", NS)}

    def text(self, path: str) -> str:
        """The text at a path of the document."""
        return self.root.findtext(path, "", NS) or ""

    def has(self, path: str) -> bool:
        """Tell whether an element is anywhere in the document."""
        return self.root.find(f".//{path}", NS) is not None
