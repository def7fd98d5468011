"""A phone: speaks ActiveSync over real HTTP, keeps what a phone keeps, and believes nothing.

Usage::

    phone = Phone("http://127.0.0.1:8008", "pupil", "demo")        # manner=TBSYNC for Thunderbird
    phone.connect()                                                # OPTIONS, Provision, Settings, FolderSync
    phone.sync_all("5")                                            # primes, then loops over MoreAvailable
    phone.items["5"]                                               # ServerId -> ApplicationData node

Every answer is read by the client's own decoder and, where it is installed, by `wbxml2xml`. An Add of an item it
has, or a Change or Delete of one it has not, is an AssertionError, as is anything the reference forbids.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.eas.wbxml import Node, Pair, decode, encode
from tests.eas.wire import AOSP, TBSYNC, WP, Answer, Exchange, Manner, Wire

__all__ = ["AOSP", "TBSYNC", "WP", "Answer", "Exchange", "Folder", "FolderChanges", "Manner", "Phone", "SyncResult"]

CALENDARS = {"8", "13"}
TASKS = {"7", "15"}


@dataclass
class Folder:
    server_id: str
    parent: str
    name: str
    type: str


@dataclass
class FolderChanges:
    status: str
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


@dataclass
class SyncResult:
    """What one Sync told of one collection; `empty` for the answer without a body."""

    status: str = "1"
    key: str = "0"
    more: bool = False
    empty: bool = False
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    soft_deleted: list[str] = field(default_factory=list)
    responses: list[Node] = field(default_factory=list)
    node: Node | None = None

    @property
    def quiet(self) -> bool:
        """Tell whether nothing came down."""
        return not (self.added or self.changed or self.deleted or self.soft_deleted)


class Phone(Wire):
    """One device of one person; `strict` off lets a server add what is known and change what is not."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.strict = True
        self.folder_key = "0"
        self.folders: dict[str, Folder] = {}
        self.keys: dict[str, str] = {}
        self.items: dict[str, dict[str, Node]] = {}

    def options(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the protocol versions and the commands the server offers."""
        answer = self._exchange("OPTIONS", "", b"")
        self.traffic.append(Exchange("OPTIONS", b"", answer))
        assert answer.status == http.client.OK, f"OPTIONS: {answer.status}"
        assert not answer.body, "OPTIONS has a body"
        lists = (answer.headers[f"ms-asprotocol{name}"] for name in ("versions", "commands"))
        versions, commands = (tuple(part.strip() for part in text.split(",")) for text in lists)
        return versions, commands

    def provision(self, kind: str = "MS-EAS-Provisioning-WBXML") -> Node:
        """Go through both phases; keeps the final policy key and returns the policy of the first answer."""
        first: list[Pair] = [("Provision:Policies", [("Provision:Policy", [("Provision:PolicyType", kind)])])]
        if float(self.version) >= 14.1:  # DeviceInformation belongs here from 14.1 on
            first.insert(0, self._device_information())
        self.policy_key = 0
        policy = self._provision_phase(first)
        assert policy.names()[:3] == ["Provision:PolicyType", "Provision:Status", "Provision:PolicyKey"] or (
            policy.names()[:3] == ["Provision:PolicyType", "Provision:PolicyKey", "Provision:Status"]
        ), policy.names()
        temporary = int(policy.value("Provision:PolicyKey") or 0)
        assert 0 < temporary < 2**32, "no temporary policy key"
        self.policy_key = temporary
        fields = (("Provision:PolicyType", kind), ("Provision:PolicyKey", temporary), ("Provision:Status", 1))
        final = self._provision_phase([("Provision:Policies", [("Provision:Policy", list(fields))])])
        self.policy_key = int(final.value("Provision:PolicyKey") or 0)
        assert 0 < self.policy_key < 2**32, "no final policy key"
        assert self.policy_key != temporary, "temporary and final policy key are the same"
        return policy

    def _provision_phase(self, children: list[Pair]) -> Node:
        answer = self.post("Provision", ("Provision:Provision", children))
        assert answer.status == http.client.OK, f"Provision: {answer.status}"
        assert answer.value("Provision:Status") == "1", answer.value("Provision:Status")
        assert answer.root
        policy = answer.root.find("Provision:Policies", "Provision:Policy")
        assert policy, "no policy"
        assert policy.value("Provision:Status") == "1", policy.value("Provision:Status")
        return policy

    def _device_information(self) -> Pair:
        facts = {"Model": self.manner.name, "FriendlyName": "Phone", "OS": "Test 1", "UserAgent": self.user_agent}
        return (
            "Settings:DeviceInformation",
            [("Settings:Set", [(f"Settings:{name}", value) for name, value in facts.items()])],
        )

    def settings(self) -> str | None:
        """Tell the server about the device; returns the top Status."""
        return self.post("Settings", ("Settings:Settings", [self._device_information()])).value("Settings:Status")

    def connect(self, *, provision: bool = True) -> FolderChanges:
        """Do what an account set-up does, and return the first folder list."""
        versions, _ = self.options()
        assert self.version in versions, f"{self.version} is not among {versions}"
        if provision:
            self.provision()
        assert self.settings() == "1", "Settings refused"
        return self.folder_sync()

    def folder_sync(self, key: str | None = None) -> FolderChanges:
        """Bring the folder list up to date; with key "0" from nothing. Other statuses than 1 are returned."""
        sent = self.folder_key if key is None else key
        answer = self.post("FolderSync", ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", sent)]))
        assert answer.status == http.client.OK, f"FolderSync: {answer.status}"
        assert answer.root
        assert answer.root.name == "FolderHierarchy:FolderSync"
        changes = FolderChanges(answer.root.value("FolderHierarchy:Status") or "")
        if changes.status != "1":
            assert answer.root.names() == ["FolderHierarchy:Status"], (
                "a refused FolderSync carries more than its Status"
            )
            return changes
        if sent == "0":
            self.folders.clear()
        listing = answer.root.find("FolderHierarchy:Changes")
        assert listing, "no Changes"
        self._apply_folders(listing, changes)
        self.folder_key = answer.root.value("FolderHierarchy:SyncKey") or ""
        assert self.folder_key not in ("", "0"), "no folder key"
        return changes

    def _apply_folders(self, listing: Node, changes: FolderChanges) -> None:
        entries = listing.children[1:]
        assert listing.names()[:1] == ["FolderHierarchy:Count"], "Count does not come first"
        assert listing.children[0].text == str(len(entries)), "Count is not the number of changes"
        for entry in entries:
            server_id = entry.value("FolderHierarchy:ServerId") or ""
            known = server_id in self.folders
            if entry.name == "FolderHierarchy:Delete":
                assert known, f"Delete of the unknown folder {server_id}"
                self._forget(server_id)
                changes.deleted.append(server_id)
                continue
            added = entry.name == "FolderHierarchy:Add"
            order = [f"FolderHierarchy:{name}" for name in ("ServerId", "ParentId", "DisplayName", "Type")]
            assert entry.names() == order, entry.names()
            assert added != known, f"{entry.name} of {server_id}, which is {'known' if known else 'unknown'}"
            assert 0 < len(server_id) <= 64, f"ServerId {server_id!r}"
            self.folders[server_id] = Folder(*(child.text for child in entry.children))
            (changes.added if added else changes.updated).append(server_id)
        types = [folder.type for folder in self.folders.values()]
        assert types.count("8") == 1, f"{types.count('8')} default calendars"

    def _forget(self, server_id: str) -> None:
        self.folders.pop(server_id)
        self.keys.pop(server_id, None)
        self.items.pop(server_id, None)

    @property
    def calendars(self) -> dict[str, Folder]:
        """The calendar folders by ServerId."""
        return {server_id: folder for server_id, folder in self.folders.items() if folder.type in CALENDARS}

    def folder_named(self, name: str) -> str:
        """Return the ServerId of the one folder of that name."""
        (found,) = (server_id for server_id, folder in self.folders.items() if folder.name == name)
        return found

    def sync(
        self,
        collection: str,
        commands: Sequence[Pair] = (),
        *,
        get_changes: bool | None = True,
        key: str | None = None,
        extra: Sequence[Pair] = (),
        **options: Any,
    ) -> SyncResult:
        """Do one Sync of one collection and apply what came; key "0" starts afresh.

        `commands` are `add(...)`, `change(...)`, `delete(...)`; `extra` follows Collections (Wait, HeartbeatInterval).
        Options: `window`, `filter_type`, `conflict`. The status is returned, not raised; 3 drops the local copy.
        """
        sent = key if key is not None else self.keys.get(collection, "0")
        parts = self._collection(collection, sent, commands, get_changes, options)
        document = ("AirSync:Sync", [("AirSync:Collections", [("AirSync:Collection", parts)]), *extra])
        answer = self.post("Sync", document)
        assert answer.status == http.client.OK, f"Sync: {answer.status}"
        if answer.root is None:
            assert not commands, "commands were answered by nothing"
            return SyncResult(key=sent, empty=True)
        return self._apply(collection, sent, answer.root, commands)

    def _collection(
        self, collection: str, key: str, commands: Sequence[Pair], get_changes: bool | None, options: Mapping[str, Any]
    ) -> list[Pair]:
        manner = self.manner
        parts: list[Pair] = [("AirSync:SyncKey", key), ("AirSync:CollectionId", collection)]
        if float(self.version) < 14.0:  # Class comes first up to 12.1
            parts.insert(0, ("AirSync:Class", self._class(collection)))
        if key == "0":
            return parts
        if manner.deletes_as_moves:
            parts.append(("AirSync:DeletesAsMoves", None))
        if get_changes is not None:
            parts.append(("AirSync:GetChanges", None if get_changes else "0"))
        parts.append(("AirSync:WindowSize", options.get("window", manner.window)))
        chosen: list[Pair] = [("AirSync:FilterType", options.get("filter_type", manner.filter_type))]
        if manner.class_in_options:
            chosen.append(("AirSync:Class", self._class(collection)))
        preference: list[Pair] = [("AirSyncBase:Type", 1)]
        if manner.truncation:
            preference.append(("AirSyncBase:TruncationSize", manner.truncation))
        chosen.append(("AirSyncBase:BodyPreference", preference))
        if "conflict" in options:
            chosen.append(("AirSync:Conflict", options["conflict"]))
        parts.append(("AirSync:Options", chosen))
        if commands:
            parts.append(("AirSync:Commands", list(commands)))
        return parts

    def _class(self, collection: str) -> str:
        folder = self.folders.get(collection)
        return "Tasks" if folder is not None and folder.type in TASKS else "Calendar"

    def _apply(self, collection: str, sent: str, root: Node, commands: Sequence[Pair]) -> SyncResult:
        assert root.name == "AirSync:Sync", root.name
        top = root.value("AirSync:Status")
        if top not in (None, "1"):
            return SyncResult(status=top or "", key=sent, node=root)
        node = root.find("AirSync:Collections", "AirSync:Collection")
        assert node, "an answer without collection"
        assert node.value("AirSync:CollectionId") == collection, "an answer for another collection"
        result = SyncResult(
            status=node.value("AirSync:Status") or "", key=node.value("AirSync:SyncKey") or sent, node=node
        )
        if result.status != "1":
            if result.status == "3":
                self.keys.pop(collection, None)
                self.items.pop(collection, None)
            return result
        self._check_order(node)
        if sent == "0":
            self.items[collection] = {}
            assert node.find("AirSync:Commands") is None, "items in answer to key 0"
        result.more = node.find("AirSync:MoreAvailable") is not None
        answered = node.find("AirSync:Responses")
        result.responses = answered.children if answered else []
        items = self.items.setdefault(collection, {})
        self._apply_own(items, commands, result)
        self._apply_commands(items, node, result)
        assert not (result.more and result.key == sent), "MoreAvailable with an unchanged key: a phone would loop"
        assert not (result.more and result.quiet), "MoreAvailable with nothing sent"
        self.keys[collection] = result.key
        return result

    def _check_order(self, node: Node) -> None:
        names = [name for name in node.names() if name != "AirSync:Class"]
        assert names[:3] == ["AirSync:SyncKey", "AirSync:CollectionId", "AirSync:Status"], names
        if "AirSync:MoreAvailable" in names:
            assert names[3] == "AirSync:MoreAvailable", "MoreAvailable does not follow Status"
        for name in ("AirSync:Responses", "AirSync:Commands"):
            found = node.find(name)
            assert found is None or found.children, f"an empty {name}"

    def _apply_commands(self, items: dict[str, Node], node: Node, result: SyncResult) -> None:
        told = node.find("AirSync:Commands")
        for command in told.children if told else ():
            server_id = command.value("AirSync:ServerId") or ""
            data = command.find("AirSync:ApplicationData")
            known = server_id in items
            match command.name:
                case "AirSync:Add":
                    assert not (self.strict and known), f"Add of {server_id}, which is known"
                    assert data, "an Add without data"
                    items[server_id] = data
                    result.added.append(server_id)
                case "AirSync:Change":
                    assert known or not self.strict, f"Change of {server_id}, which is unknown"
                    assert data, "a Change without data"
                    items[server_id] = data
                    result.changed.append(server_id)
                case "AirSync:Delete" | "AirSync:SoftDelete" as name:
                    assert known or not self.strict, f"{name} of {server_id}, which is unknown"
                    items.pop(server_id, None)
                    (result.deleted if name == "AirSync:Delete" else result.soft_deleted).append(server_id)
                case other:
                    raise AssertionError(f"{other} in Commands")

    def _apply_own(self, items: dict[str, Node], commands: Sequence[Pair], result: SyncResult) -> None:
        """Keep what the phone sent itself, before what the server says about it; accepted Adds get their ServerId."""
        sent = [decode(encode(command)) for command in commands]
        drafts = {node.value("AirSync:ClientId"): node.find("AirSync:ApplicationData") for node in sent}
        for node in sent:
            server_id = node.value("AirSync:ServerId") or ""
            if node.find("AirSyncBase:InstanceId"):
                continue
            if node.name == "AirSync:Delete":
                items.pop(server_id, None)
            elif node.name == "AirSync:Change" and (data := node.find("AirSync:ApplicationData")):
                items[server_id] = data
        created = [response for response in result.responses if response.name == "AirSync:Add"]
        for response in created:
            client_id, new_id = response.value("AirSync:ClientId"), response.value("AirSync:ServerId")
            assert client_id in drafts, f"an answer to {client_id}, which was not sent"
            assert new_id or response.value("AirSync:Status") != "1", "an accepted Add without ServerId"
            if new_id and (data := drafts[client_id]):
                items[new_id] = data
        adds = sum(node.name == "AirSync:Add" for node in sent)
        assert len(created) == adds, f"{adds} Adds got {len(created)} answers"

    def sync_all(self, collection: str, limit: int = 2000, **options: Any) -> SyncResult:
        """Sync until nothing is left, priming first if need be; returns everything that came as one result."""
        if self.keys.get(collection, "0") == "0":
            primed = self.sync(collection)
            assert primed.status == "1", f"priming: {primed.status}"
        total = SyncResult()
        for _ in range(limit):
            step = self.sync(collection, **options)
            total.status, total.key, total.node = step.status, step.key, step.node
            for name in ("added", "changed", "deleted", "soft_deleted", "responses"):
                getattr(total, name).extend(getattr(step, name))
            if step.status != "1" or not step.more:
                return total
        raise AssertionError(f"still MoreAvailable after {limit} requests")

    def estimate(self, collection: str, filter_type: int | None = None) -> tuple[str, int | None]:
        """Return the status and the number of changes waiting."""
        filtered = ("AirSync:FilterType", self.manner.filter_type if filter_type is None else filter_type)
        key = ("AirSync:SyncKey", self.keys.get(collection, "0"))
        where = ("GetItemEstimate:CollectionId", collection)
        parts: list[Pair] = [key, where, ("AirSync:Options", [filtered, ("AirSync:Class", "Calendar")])]
        if float(self.version) < 14.0:  # the layout up to 12.1
            parts = [("GetItemEstimate:Class", "Calendar"), where, filtered, key]
        collections = ("GetItemEstimate:Collections", [("GetItemEstimate:Collection", parts)])
        answer = self.post("GetItemEstimate", ("GetItemEstimate:GetItemEstimate", [collections]))
        assert answer.root, f"GetItemEstimate: {answer.status}"
        response = answer.root.find("GetItemEstimate:Response") or answer.root
        number = response.value("GetItemEstimate:Collection", "GetItemEstimate:Estimate")
        return response.value("GetItemEstimate:Status") or "", None if number is None else int(number)

    def ping(self, collections: Sequence[str] | None = (), heartbeat: int | None = None) -> tuple[str, list[str]]:
        """Wait for changes; returns the status and the changed folders. None for collections sends an empty body."""
        parts: list[Pair] = [("Ping:HeartbeatInterval", heartbeat)] if heartbeat else []
        folders = [("Ping:Folder", [("Ping:Id", name), ("Ping:Class", "Calendar")]) for name in collections or ()]
        if folders:
            parts.append(("Ping:Folders", folders))
        answer = self.post("Ping", None if collections is None else ("Ping:Ping", parts))
        assert answer.root, f"Ping: {answer.status}"
        assert answer.root.name == "Ping:Ping"
        changed = answer.root.find("Ping:Folders")
        return answer.value("Ping:Status") or "", [folder.text for folder in changed.children] if changed else []

    def item_operations_fetch(self, collection: str, server_id: str) -> tuple[str, Node | None]:
        """Fetch one item; returns its status and its Properties."""
        fetch: list[Pair] = [
            ("ItemOperations:Store", "Mailbox"),
            ("AirSync:CollectionId", collection),
            ("AirSync:ServerId", server_id),
            ("ItemOperations:Options", [("AirSyncBase:BodyPreference", [("AirSyncBase:Type", 1)])]),
        ]
        answer = self.post("ItemOperations", ("ItemOperations:ItemOperations", [("ItemOperations:Fetch", fetch)]))
        assert answer.root, f"ItemOperations: {answer.status}"
        result = answer.root.find("ItemOperations:Response", "ItemOperations:Fetch") or answer.root
        return result.value("ItemOperations:Status") or "", result.find("ItemOperations:Properties")
