"""The table inside a CSV file: encoding, delimiter and headers found out, rows as cells by meaning."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from importers.errors import ImportRefused
from importers.names import squeeze

SIZE_LIMIT = 20 * 2**20
ROW_LIMIT = 50_000
FIELD_LIMIT = 1000
COLUMN_LIMIT = 200
DELIMITERS = (";", ",", "\t", "|")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Bytes that ISO-8859-15 made letters of (Š š Ž ž Œ œ Ÿ) and that cp1252 has as signs no name contains.
_LATIN9_LETTERS = frozenset(b"\xa6\xa8\xb4\xb8\xbc\xbd\xbe")
_UNSAID = re.compile("[^a-z0-9]")
_C1 = frozenset(range(0x80, 0xA0))


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its first line in the file, trimmed cells by meaning, and the headers as written, for messages."""

    line: int
    cells: Mapping[str, str]
    headers: Mapping[str, str]
    surplus: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file and how it was written; `ignored` are the headers without a known meaning."""

    rows: tuple[Row, ...]
    encoding: str
    delimiter: str
    ignored: tuple[str, ...]


def read_table(data: bytes, meanings: Mapping[str, str], required: Sequence[str]) -> Table:
    """Read a CSV, its headers looked up in `meanings` by their bare letters and digits; raises ImportRefused."""
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", size=len(data), limit=SIZE_LIMIT)
    text, encoding = decode(data)
    skipped, text = _without_preamble(text)
    delimiter = _delimiter(text, meanings)
    lines = _lines(text, delimiter, skipped)
    _, header = next(lines, (1, []))
    if len(header) > COLUMN_LIMIT:
        raise ImportRefused("bad-csv", line=1, limit=COLUMN_LIMIT)
    columns = _columns(header, meanings)
    missing = tuple(name for name in required if name not in columns.values())
    if missing:
        raise ImportRefused("missing-column", columns=missing, found=tuple(name[:80] for name in header))
    headers = {meaning: header[index].strip() for index, meaning in columns.items()}
    rows = tuple(Row(line, _cells(cells, columns), headers, _surplus(cells, header)) for line, cells in lines)
    ignored = tuple(name.strip()[:80] for index, name in enumerate(header) if index not in columns and name.strip())
    return Table(rows, encoding, delimiter, ignored)


def header_key(name: str) -> str:
    """Return a header in bare letters and digits, under which it is looked up."""
    return _UNSAID.sub("", squeeze(name[:FIELD_LIMIT]))


def decode(data: bytes) -> tuple[str, str]:
    """Return a file's text and its encoding: by BOM, else UTF-16 by its zeros, UTF-8 if valid, else a Latin one."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decoded(data[len(bom) :], encoding), encoding
    head = data[:2000]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if head.count(0) > len(head) // 3 and head[offset::2].count(0) > len(head) // 3:
            return _decoded(data, encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _latin(data)


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ImportRefused("bad-encoding", encoding=encoding, offset=error.start) from None


def _latin(data: bytes) -> tuple[str, str]:
    used = set(data)
    if not used & _C1:
        encoding = "iso-8859-15" if used & _LATIN9_LETTERS else "cp1252"
        return data.decode(encoding), encoding
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


def _without_preamble(text: str) -> tuple[int, str]:
    """Drop the "sep=;" line spreadsheets write first; return how many lines went."""
    first, newline, rest = text.partition("\n")
    if newline and first.strip().lower().startswith("sep="):
        return 1, rest
    return 0, text


def _delimiter(text: str, meanings: Mapping[str, str]) -> str:
    """Return the delimiter under which most headers mean something; the more usual one when equal."""
    head = text.lstrip("\r\n")[: FIELD_LIMIT * 20]

    def known(delimiter: str) -> int:
        header = next(iter(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)), [])
        return len(_columns(header, meanings))

    try:
        return max(DELIMITERS, key=known)
    except csv.Error:
        return DELIMITERS[0]


def _columns(header: Sequence[str], meanings: Mapping[str, str]) -> dict[int, str]:
    """Return what each column holds; of two columns with one meaning the first counts."""
    columns: dict[int, str] = {}
    for index, name in enumerate(header[:COLUMN_LIMIT]):
        meaning = meanings.get(header_key(name))
        if meaning and meaning not in columns.values():
            columns[index] = meaning
    return columns


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the non-empty rows with the line they start on; raises ImportRefused("bad-csv") or ("too-many-rows")."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    count, line = 0, 1 + skipped
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1 + skipped
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > ROW_LIMIT + 1:
                raise ImportRefused("too-many-rows", limit=ROW_LIMIT)
            yield start, cells
    except csv.Error:
        raise ImportRefused("bad-csv", line=line) from None


def _cells(cells: Sequence[str], columns: Mapping[int, str]) -> dict[str, str]:
    return {meaning: _plain(cells[index]) if index < len(cells) else "" for index, meaning in columns.items()}


def _plain(cell: str) -> str:
    """Return a cell trimmed; spreadsheets write ="00123" to keep leading zeros."""
    cell = cell.strip(" \t\r\n\u00a0\ufeff")
    if cell.startswith('="') and cell.endswith('"') and cell.count('"') == 2:
        return cell[2:-1]
    return cell


def _surplus(cells: Sequence[str], header: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells[len(header) :])
