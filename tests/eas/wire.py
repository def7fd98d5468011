"""The wire under the test client: HTTP over a socket, both query forms, raw traffic, answers that get lost."""

from __future__ import annotations

import base64
import http.client
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.eas.wbxml import Node, Pair, confirm, decode, encode

PATH = "/Microsoft-Server-ActiveSync"
CODES = {
    "Sync": 0,
    "SendMail": 1,
    "SmartForward": 2,
    "SmartReply": 3,
    "FolderSync": 9,
    "FolderCreate": 10,
    "FolderDelete": 11,
    "FolderUpdate": 12,
    "MoveItems": 13,
    "GetItemEstimate": 14,
    "MeetingResponse": 15,
    "Search": 16,
    "Settings": 17,
    "Ping": 18,
    "ItemOperations": 19,
    "Provision": 20,
    "ResolveRecipients": 21,
    "ValidateCert": 22,
}


@dataclass(frozen=True)
class Manner:
    """What one family of clients puts in a Sync of a collection, and how it names itself."""

    name: str
    version: str
    device_type: str
    user_agent: str
    filter_type: int
    window: int
    class_in_options: bool
    deletes_as_moves: bool
    truncation: int | None = None


TBSYNC = Manner("TbSync", "14.0", "TbSync", "Thunderbird ActiveSync", 0, 50, True, True)
AOSP = Manner("AOSP", "14.1", "Android", "Android-Mail/7.5.7", 4, 10, False, False, 200000)
WP = Manner("Windows Mail", "14.1", "WindowsMail", "MSFT-WIN-4/10.0.19041", 5, 100, True, False)
IOS = Manner("iOS", "16.1", "iPhone", "Apple-iPhone15C2/2104.76", 0, 100, True, False, 500)
TBSYNC_16 = Manner("TbSync 16", "16.1", "TbSync", "Thunderbird ActiveSync", 0, 50, True, True)


@dataclass
class Answer:
    """One HTTP answer; `root` is None when the body is empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    root: Node | None

    def value(self, *path: str) -> str | None:
        return self.root.value(*path) if self.root else None


@dataclass
class Exchange:
    """One request and its answer, as they were on the wire."""

    command: str
    request: bytes
    answer: Answer
    lost: bool = False


class Wire:
    """One device's way to the server.

    `lose_answer` is how many answers are still to be thrown away, `binary_query` asks for the base64 query form,
    `cross_check` for `wbxml2xml` on every answer; `traffic` keeps all that went over the wire.
    """

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        device_id: str = "TESTPHONE0001",
        *,
        device_type: str | None = None,
        version: str | None = None,
        user_agent: str | None = None,
        manner: Manner = AOSP,
    ) -> None:
        self.url = urlsplit(base_url)
        self.login, self.password = login, password
        self.device_id = device_id
        self.device_type = device_type or manner.device_type
        self.version = version or manner.version
        self.user_agent = user_agent or manner.user_agent
        self.manner = manner
        self.policy_key = 0
        self.traffic: list[Exchange] = []
        self.lose_answer = 0
        self.binary_query = False
        self.cross_check = True
        self.timeout = 30.0

    def post(self, command: str, document: Pair | bytes | None = None, **parameters: str) -> Answer:
        """Send one command; `document` may be raw bytes, or None for an empty body.

        While `lose_answer` is above 0 an answer is thrown away and the same request sent again, as after a lost radio.
        """
        body = document if isinstance(document, bytes) else b"" if document is None else encode(document)
        answer = self._exchange("POST", self._query(command, parameters), body)
        while self.lose_answer > 0:
            self.lose_answer -= 1
            self.traffic.append(Exchange(command, body, answer, lost=True))
            answer = self._exchange("POST", self._query(command, parameters), body)
        self.traffic.append(Exchange(command, body, answer))
        return answer

    def _exchange(self, method: str, query: str, body: bytes) -> Answer:
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.hostname or "127.0.0.1", self.url.port, timeout=self.timeout)
        try:
            connection.request(method, f"{PATH}{'?' + query if query else ''}", body, self._headers(method))
            raw = connection.getresponse()
            payload = raw.read()
        finally:
            connection.close()
        headers = {name.lower(): value for name, value in raw.getheaders()}
        return Answer(raw.status, headers, payload, self._root(raw.status, headers, payload))

    def _root(self, status: int, headers: Mapping[str, str], payload: bytes) -> Node | None:
        multipart = headers.get("content-type", "").endswith(".multipart")
        if status != http.client.OK or not payload or multipart:
            return None
        assert headers.get("content-type", "").startswith("application/vnd.ms-sync"), headers.get("content-type")
        root = decode(payload)
        if self.cross_check:
            confirm(payload)
        return root

    def _headers(self, method: str) -> dict[str, str]:
        token = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "User-Agent": self.user_agent}
        if method == "POST":
            headers["Content-Type"] = "application/vnd.ms-sync.wbxml"
            if not self.binary_query:
                headers["MS-ASProtocolVersion"] = self.version
                headers["X-MS-PolicyKey"] = str(self.policy_key)
        return headers

    def _query(self, command: str, parameters: Mapping[str, str]) -> str:
        if self.binary_query:
            return self._packed_query(command)
        who = {"Cmd": command, "User": self.login, "DeviceId": self.device_id, "DeviceType": self.device_type}
        return urlencode({**who, **parameters})

    def _packed_query(self, command: str) -> str:
        version = int(self.version.replace(".", ""))
        device, kind = self.device_id.encode(), self.device_type.encode()
        parts = struct.pack("<BBHB", version, CODES[command], 0x0409, len(device)) + device
        parts += struct.pack("<BI", 4, self.policy_key) if self.policy_key else b"\0"
        return base64.b64encode(parts + bytes([len(kind)]) + kind).decode()
