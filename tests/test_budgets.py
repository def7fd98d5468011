"""The size of the code and its habits: how long, how many parameters, which docstrings (design, section 2)."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PRODUCT = ("storage", "protocols", "importers", "booking", "server", "bench")

FUNCTION_P95, FUNCTION_MOST = 40, 70
FILE_P95, FILE_MOST = 350, 500
PARAMETERS_MOST = 6

# Files that are nothing but a table, with the reason why a table of that size is one thing.
PURE_TABLES = {
    "protocols/eas/codepages.py": "the WBXML code pages of MS-ASWBXML, one line for each of their tokens",
}
TABLE_FUNCTION_MOST = 5

# Revisions are lists of tables in the form of two functions: no bound on their length, no docstring on the two.
REVISIONS = "storage/migrations/versions/"
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One file of Python: its name from the root, its text and its tree."""

    name: str
    text: str
    tree: ast.Module

    @property
    def length(self) -> int:
        """Count the lines."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Yield every function, nested ones and methods included."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def at(self, node: Function | ast.ClassDef | ast.stmt) -> str:
        """Say where something stands."""
        return f"{self.name}:{node.lineno} {getattr(node, 'name', '')}".rstrip()


def _sources(*folders: str) -> tuple[Source, ...]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(_source(path) for path in paths)


def _source(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


SOURCES = _sources(*PRODUCT)
MEASURED = tuple(source for source in SOURCES if not source.name.startswith(REVISIONS))
TESTS = _sources("tests")


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _p95(numbers: list[int]) -> int:
    """Return the nearest-rank 95th percentile; 0 of nothing."""
    ranked = sorted(numbers)
    return ranked[-(-len(ranked) * 95 // 100) - 1] if ranked else 0


def _parameters(function: Function) -> int:
    """Count what a caller may give: `self` and `cls` are not counted."""
    every = function.args
    named = [argument.arg for argument in (*every.posonlyargs, *every.args, *every.kwonlyargs)]
    return len(named[1:] if named[:1] in (["self"], ["cls"]) else named)


def _undocumented(source: Source) -> Iterator[str]:
    if not ast.get_docstring(source.tree):
        yield f"{source.name}:1 module"
    if not source.name.startswith(REVISIONS):
        yield from (source.at(node) for node in _public(source.tree) if not ast.get_docstring(node))


def _public(scope: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    """Yield the public classes, functions and methods of a module; what a function holds is its own affair."""
    for node in scope.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_") or _restated(node):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _public(node)


def _restated(node: Function | ast.ClassDef) -> bool:
    """Whether the docstring stands on another definition of the same name."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter", "deleter"})


def _imports_inside_functions(source: Source) -> set[str]:
    return {
        source.at(node)
        for function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_no_function_is_too_long():
    everywhere = MEASURED + TESTS
    assert [source.at(f) for source in everywhere for f in source.functions() if _lines(f) > FUNCTION_MOST] == []


def test_nearly_all_functions_are_short():
    assert _p95([_lines(node) for source in MEASURED for node in source.functions()]) <= FUNCTION_P95


def test_no_file_is_too_long():
    long = [(source.name, source.length) for source in MEASURED if source.length > FILE_MOST]
    assert [row for row in long if row[0] not in PURE_TABLES] == []


def test_nearly_all_files_are_short():
    assert _p95([source.length for source in MEASURED if source.name not in PURE_TABLES]) <= FILE_P95


def test_a_file_excused_as_a_table_is_one():
    tables = [source for source in SOURCES if source.name in PURE_TABLES]
    assert [table.at(f) for table in tables for f in table.functions() if _lines(f) > TABLE_FUNCTION_MOST] == []
    assert PURE_TABLES.keys() == {source.name for source in tables}


def test_no_function_takes_too_many_parameters():
    assert [source.at(f) for source in SOURCES for f in source.functions() if _parameters(f) > PARAMETERS_MOST] == []


def test_everything_public_has_a_docstring():
    assert [place for source in SOURCES for place in _undocumented(source)] == []


def test_no_import_stands_inside_a_function():
    assert sorted(place for source in SOURCES + TESTS for place in _imports_inside_functions(source)) == []


def test_nothing_is_left_for_later():
    notes = [(source.name, line, text) for source in SOURCES + TESTS for line, text in _comments(source)]
    assert [note for note in notes if UNFINISHED.search(note[2])] == []
