"""The parts of the page of figures: each between two marks of its own, written apart from the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_BLOCK: Final = re.compile(r"<!-- bench: (?P<part>[a-z-]+) -->.*?<!-- bench: end (?P=part) -->", re.DOTALL)


def marked(part: str, text: str) -> str:
    """Return the text of a part between its marks."""
    return f"<!-- bench: {part} -->\n\n{text.strip()}\n\n<!-- bench: end {part} -->"


def replaced(page: str, measured: Mapping[str, str]) -> str:
    """Return a page with these parts in place of what they were; a part that is not there goes to the end."""
    missing = dict(measured)

    def present(found: re.Match[str]) -> str:
        text = missing.pop(found["part"], None)
        return found[0] if text is None else marked(found["part"], text)

    filled = _BLOCK.sub(present, page)
    added = "".join(f"\n\n{marked(part, text)}" for part, text in missing.items())
    return f"{filled.rstrip()}{added}\n"


def write(file: Path, measured: Mapping[str, str]) -> None:
    """Put parts into a file, which need not exist."""
    page = file.read_text("utf-8") if file.is_file() else "# Performance\n"
    file.write_text(replaced(page, measured), "utf-8")
