"""Archives that timetables come in: zip, gzip and tgz, opened in memory and within limits.

Nothing is ever written to a disk, so that a name cannot lead anywhere; a name that tries to is refused all the same,
since no school's tool writes one.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from importers.errors import ImportRefused

Files = Mapping[str, bytes]

SIZE_LIMIT: Final = 200 * 2**20
RATIO_LIMIT: Final = 200
RATIO_FREE: Final = 2**20
MEMBER_LIMIT: Final = 2000
GZIP: Final = 31
ZLIB: Final = 15

_ZIP, _ZIP_EMPTY, _GZIP = b"PK\3\4", b"PK\5\6", b"\x1f\x8b"
_ZIP_ENTRY = b"PK\1\2"
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_ENCRYPTED_FLAG = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, struct.error)


def unpack(data: bytes) -> Files:
    """Return the files of an archive by name; a file that is none is alone, under an empty name.

    Raises ImportRefused: "too-large", "archive-damaged", "archive-encrypted", "archive-name" (name), "archive-nested"
    (name), "archive-crowded" (limit) and "archive-empty".
    """
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", limit=SIZE_LIMIT)
    try:
        if data.startswith((_ZIP, _ZIP_EMPTY)):
            return _gathered(_zipped(data))
        if data.startswith(_GZIP):
            inside = inflated(data, GZIP)
            return _gathered(_tarred(inside)) if _is_tar(inside) else _gathered([("", inside)])
        if _is_tar(data):
            return _gathered(_tarred(data))
    except (*_BROKEN, NotImplementedError, RuntimeError) as error:
        raise ImportRefused("archive-damaged") from error
    return {"": data}


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return several files as one zip, the same bytes for the same files: what a run keeps of them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def inflated(data: bytes, wbits: int, limit: int = SIZE_LIMIT) -> bytes:
    """Return compressed bytes inflated (zlib or gzip by `wbits`); raises ImportRefused("too-large") and zlib.error.

    A gzip file of several members is all of them (RFC 1952, 2.2).
    """
    allowed = min(limit, max(RATIO_FREE, RATIO_LIMIT * len(data)))
    found = bytearray()
    for _ in range(MEMBER_LIMIT):
        machine = zlib.decompressobj(wbits)
        found += machine.decompress(data, allowed + 1 - len(found))
        if len(found) > allowed:
            raise ImportRefused("too-large", limit=allowed)
        if not machine.eof:
            raise zlib.error("incomplete")
        data = machine.unused_data
        if wbits != GZIP or not data.startswith(_GZIP):
            return bytes(found)
    raise ImportRefused("archive-crowded", limit=MEMBER_LIMIT)


def _is_tar(data: bytes) -> bool:
    return data[_TAR_MARK_AT : _TAR_MARK_AT + len(_TAR_MARK)] == _TAR_MARK


def _gathered(found: Iterable[tuple[str, bytes]]) -> Files:
    files: dict[str, bytes] = {}
    total = 0
    for name, content in found:
        if name in files:
            raise ImportRefused("archive-name", name=name[:80])
        if content.startswith((_ZIP, _ZIP_EMPTY, _GZIP)) or _is_tar(content):
            raise ImportRefused("archive-nested", name=name[:80])
        total += len(content)
        if total > SIZE_LIMIT:
            raise ImportRefused("too-large", limit=SIZE_LIMIT)
        files[name] = content
    if not files:
        raise ImportRefused("archive-empty")
    return files


def _zipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    # Counted in the bytes: reading a list of millions takes a gigabyte. Folders and litter are in it too.
    _check_crowd(data.count(_ZIP_ENTRY) // 2)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        wanted = [each for each in archive.infolist() if not each.is_dir() and not _litter(each.filename)]
        _check_crowd(len(wanted))
        for each in wanted:
            name = _safe(each.filename)
            if each.flag_bits & _ENCRYPTED_FLAG:
                raise ImportRefused("archive-encrypted", name=name[:80])
            if each.compress_type not in _METHODS:
                raise ImportRefused("archive-damaged")
            allowed = min(SIZE_LIMIT, max(RATIO_FREE, RATIO_LIMIT * each.compress_size))
            with archive.open(each) as stream:
                content = stream.read(allowed + 1)
            if len(content) > allowed:
                raise ImportRefused("too-large", limit=allowed)
            yield name, content


def _tarred(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for number, each in enumerate(archive, 1):
            _check_crowd(number)
            if each.isdir() or _litter(each.name):
                continue
            name = _safe(each.name)
            stream = archive.extractfile(each) if each.isreg() else None
            if stream is None:
                raise ImportRefused("archive-name", name=name[:80])
            yield name, stream.read(SIZE_LIMIT + 1)


def _check_crowd(number: int) -> None:
    if number > MEMBER_LIMIT:
        raise ImportRefused("archive-crowded", limit=MEMBER_LIMIT)


def _litter(name: str) -> bool:
    return name.startswith(_LITTER[0]) or name.rpartition("/")[2] in _LITTER[1:]


def _safe(name: str) -> str:
    """Return the last part of a member's name; raises ImportRefused("archive-name") when it leads out of its folder."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or ":" in parts[0] or not name.isprintable():
        raise ImportRefused("archive-name", name="".join(c if c.isprintable() else "?" for c in name[:80]))
    return parts[-1]
