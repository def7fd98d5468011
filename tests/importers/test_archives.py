"""Archives: what is accepted, and every trick refused in the importers' own terms."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import archives
from importers.archives import MEMBER_LIMIT, pack, unpack
from importers.errors import ImportRefused


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(*members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()


def member(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
    return made


def protected(data: bytes) -> bytes:
    """Set the flag "encrypted" in both headers of a zip with one member."""
    at = data.index(b"PK\1\2")
    local = data[:6] + struct.pack("<H", 1) + data[8:]
    return local[: at + 8] + struct.pack("<H", 1) + local[at + 10 :]


def reason(data: bytes) -> str:
    with pytest.raises(ImportRefused) as caught:
        unpack(data)
    return caught.value.reason


def test_a_file_that_is_no_archive_is_alone():
    assert unpack(b"<a/>") == {"": b"<a/>"}


def test_folders_and_litter_of_a_desktop_do_not_count():
    data = zipped(("export/", b""), ("export/a.xml", b"<a/>"), ("__MACOSX/export/._a.xml", b"x"), (".DS_Store", b"x"))
    assert unpack(data) == {"a.xml": b"<a/>"}


def test_the_same_files_make_the_same_archive():
    files = [("a.xml", b"<a/>"), ("b.xml", b"<b/>")]
    assert pack(files) == pack(files)
    assert unpack(pack(files)) == dict(files)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (zipped(("../../etc/passwd", b"x")), "archive-name"),
        (zipped(("/etc/passwd", b"x")), "archive-name"),
        (zipped(("C:\\windows\\a.xml", b"x")), "archive-name"),
        (zipped(("a\\..\\..\\b.xml", b"x")), "archive-name"),
        (zipped(("a\u202egpj.xml", b"x")), "archive-name"),
        (zipped(("a/x.xml", b"x"), ("b/x.xml", b"y")), "archive-name"),
        (tarred(member("../a.xml")), "archive-name"),
        (tarred(member("a.xml", 0, tarfile.SYMTYPE)), "archive-name"),
        (tarred(member("a.xml", 0, tarfile.LNKTYPE)), "archive-name"),
        (tarred(member("a", 0, tarfile.CHRTYPE)), "archive-name"),
        (zipped(("a.zip", zipped(("b", b"x")))), "archive-nested"),
        (zipped(("a.gz", gzip.compress(b"x"))), "archive-nested"),
        (gzip.compress(zipped(("b", b"x"))), "archive-nested"),
        (gzip.compress(gzip.compress(b"x")), "archive-nested"),
        (zipped(*((f"{number}.xml", b"") for number in range(MEMBER_LIMIT + 1))), "archive-crowded"),
        (tarred(*(member(f"{number}.xml", 0) for number in range(MEMBER_LIMIT + 1))), "archive-crowded"),
        (zipped(), "archive-empty"),
        (zipped(("empty/", b"")), "archive-empty"),
        (protected(zipped(("a.xml", b"x"))), "archive-encrypted"),
        (zipped(("a.xml", b"x" * 99), method=zipfile.ZIP_BZIP2), "archive-damaged"),
        (zipped(("a.xml", b"x" * 99))[:-10], "archive-damaged"),
        (b"PK\3\4rest", "archive-damaged"),
        (gzip.compress(b"x" * 9999)[:-9], "archive-damaged"),
        (b"\x1f\x8bnot gzip at all", "archive-damaged"),
        (zipped(("a.xml", b"\0" * 40_000_000)), "too-large"),
        (gzip.compress(b"\0" * 40_000_000), "too-large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_school_tool_makes_is_refused_by_reason(data, told):
    assert reason(data) == told


def test_all_files_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(archives, "SIZE_LIMIT", 100)
    assert reason(zipped(("a", b"x" * 60), ("b", b"y" * 60))) == "too-large"


def test_a_zip_that_lies_about_sizes_is_cut_at_what_it_really_holds():
    data = zipped(("a.xml", b"\0" * 30_000_000))
    at = data.index(b"PK\1\2")
    lying = data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]
    assert reason(lying) in ("too-large", "archive-damaged")


def test_a_deflate_stream_is_inflated_within_its_limit():
    assert archives.inflated(zlib.compress(b"x" * 50), archives.ZLIB) == b"x" * 50
    with pytest.raises(ImportRefused):
        archives.inflated(zlib.compress(b"x" * 50), archives.ZLIB, 49)


ZIP, TGZ = zipped(("a.xml", b"<a/>" * 30), ("b.xml", b"<b/>")), tarred(member("a.xml", 700), member("b.xml", 3))


@given(st.sampled_from([ZIP, TGZ, gzip.compress(b"<a/>")]), st.data())
def test_a_damaged_archive_is_read_or_refused_never_a_crash(data, draw):
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(data) - 1))
        data = data[:at] + draw.draw(st.binary(max_size=4)) + data[at + draw.draw(st.integers(0, 5)) :]
        if not data:
            break
    with suppress(ImportRefused):
        assert all(isinstance(content, bytes) for content in unpack(data).values())


def test_a_gzip_file_of_several_members_is_all_of_them():
    assert unpack(gzip.compress(b"first,") + gzip.compress(b"second")) == {"": b"first,second"}
    assert reason(gzip.compress(b"first,") + gzip.compress(b"second")[:-6]) == "archive-damaged"


def test_members_of_a_gzip_file_have_one_limit_together(monkeypatch):
    monkeypatch.setattr(archives, "SIZE_LIMIT", 3000)
    assert reason(gzip.compress(b"x" * 2000) + gzip.compress(b"x" * 2000)) == "too-large"


def test_a_list_of_very_many_entries_is_refused_before_it_is_read(monkeypatch):
    crowd = zipped(*((f"d{number}/", b"") for number in range(2 * MEMBER_LIMIT + 2)))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert reason(crowd) == "archive-crowded"
