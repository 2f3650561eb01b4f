"""Links in the Markdown cells of Jupyter notebooks.

A notebook is JSON, and a person opens it as a notebook while a program that points at a link needs its line
and column in the file. There the text stands in strings, one for each line of a cell, with escapes for
quotation marks, line ends and what the writer liked to escape. So each string is kept with its place, cells
are read as Markdown, and places are carried back through the escapes.

Code, its output and raw cells are not what somebody wrote for readers.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from enrich.extract import markdown
from enrich.extract.anchors import markdown_anchors
from enrich.extract.positions import Lines, lines_of
from enrich.extract.syntax import headings
from enrich.model import DocumentType, Entry, Extraction, Link, Remark

# Possessive, so that a picture of ten megabytes is one step; white space before a token belongs to it.
_TOKEN = re.compile(
    r'[ \t\r\n]*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([{}\[\]:,])|[^\s"{}\[\]:,]++)', re.DOTALL
)
# A pair of escapes may make one character.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_CELLS = re.compile(r"(?:worksheets/\d+/)?cells/(\d+)/(?:(cell_type)|source(?:/\d+)?)")


@dataclass(frozen=True, slots=True)
class _String:
    """A string of the file: ``text[start:end]`` between its quotation marks, and what it stands for."""

    path: str
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell's text. From ``inside[i]`` up to ``inside[i + 1]`` it stands in the file from ``outside[i]`` on."""

    text: str
    inside: list[int]
    outside: list[int]


def read(text: str) -> Extraction:
    """What the Markdown cells hold, with places in the file. What is no JSON gives a remark that says where."""
    try:
        cells = _markdown_cells(text)
    except json.JSONDecodeError as error:
        return Extraction(links=[], remarks=[_unreadable(error.msg, error.lineno, error.colno)])
    except RecursionError:
        return Extraction(links=[], remarks=[_unreadable("it is nested too deeply", 1, 1)])
    links: list[Link] = []
    remarks: list[Remark] = []
    entries: list[Entry] = []
    lines = lines_of(text)
    for cell in cells:
        within = markdown.read(cell.text)
        places = _Places(text, cell, lines_of(cell.text), lines)
        entries += (_moved_entry(places, entry, len(links)) for entry in within.entries)
        links += (_moved_link(places, link) for link in within.links)
        remarks += (_moved_remark(places, remark) for remark in within.remarks)
    return Extraction(links=links, remarks=remarks, entries=entries)


def _unreadable(why: str, line: int, column: int) -> Remark:
    message = f"not read: it is not the JSON of a notebook: {why}"
    return Remark(code="unreadable-document", message=message, line=line, column=column)


# --- the file ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _markdown_cells(text: str) -> list[_Cell]:
    """The Markdown cells in order. Raises what `json.loads` raises for a text that is no JSON."""
    json.loads(text.removeprefix("\ufeff"), parse_int=str, parse_float=str)
    kinds: dict[str, str] = {}
    sources: dict[str, list[_String]] = {}
    for string in _strings(text):
        if (known := _CELLS.fullmatch(string.path)) is None:
            continue
        cell = string.path[: known.end(1)]
        if known[2]:
            kinds[cell] = string.value
        else:
            sources.setdefault(cell, []).append(string)
    return [_cell(text, pieces) for cell, pieces in sources.items() if kinds.get(cell) == "markdown"]


def _cell(text: str, pieces: list[_String]) -> _Cell:
    """Text and file run side by side but for the beginnings of strings and the ends of escapes."""
    inside, outside, begin = [0], [pieces[0].start], 0
    for piece in pieces:
        inside.append(begin)
        outside.append(piece.start)
        for escape in _ESCAPE.finditer(text, piece.start, piece.end):
            inside.append(inside[-1] + escape.start() - outside[-1] + 1)
            outside.append(escape.end())
        begin += len(piece.value)
    return _Cell("".join(piece.value for piece in pieces), inside, outside)


def _strings(text: str) -> Iterator[_String]:
    """The strings that are values, each with its path such as ``cells/3/source/0``. The text is valid JSON.

    Without recursion: the depth of a notebook is up to whoever wrote it.
    """
    path: list[str | int] = []
    is_key = False
    for token in _TOKEN.finditer(text, len(text) - len(text.removeprefix("\ufeff"))):
        raw, mark = token.groups()
        if mark is not None:
            is_key = _step(path, mark, is_key)
        elif raw is not None and is_key:
            path[-1] = raw
        elif raw is not None and path and path[0] in ("cells", "worksheets"):
            value = json.loads(f'"{raw}"', strict=False) if "\\" in raw else raw
            yield _String("/".join(map(str, path)), *token.span(1), value)


def _step(path: list[str | int], mark: str, is_key: bool) -> bool:
    """Follow a mark of punctuation into, through or out of the structure; whether a key may come next."""
    match mark:
        case "{":
            path.append("")
            return True
        case "[":
            path.append(0)
        case "}" | "]":
            path.pop()
        case ",":
            last = path[-1]
            if isinstance(last, str):
                return True
            path[-1] = last + 1
        case _:
            pass
    return False


# --- places -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Places:
    """Carries places in a cell back to places in the file."""

    file: str
    cell: _Cell
    cell_lines: Lines
    file_lines: Lines

    def in_file(self, offset: int) -> int:
        """Where in the file the character stands that has this offset in the cell."""
        index = bisect_right(self.cell.inside, offset) - 1
        return self.cell.outside[index] + offset - self.cell.inside[index]

    def place(self, line: int, column: int) -> tuple[int, int]:
        return self.file_lines.place(self.in_file(self.offset(line, column)))

    def offset(self, line: int, column: int) -> int:
        return self.cell_lines.starts[line - 1] + column - 1


def _moved_link(places: _Places, link: Link) -> Link:
    """A link at its place in the file; how it stands there is what the file has, escapes and all."""
    first = places.offset(link.line, link.column)
    start = places.in_file(first)
    written = link.url if link.written is None else link.written
    last = places.in_file(first + len(written) - 1)
    escape = _ESCAPE.match(places.file, last)
    raw = places.file[start : escape.end() if escape else last + 1] if written else ""
    line, column = places.file_lines.place(start)
    used = None if link.used_at is None else places.place(*link.used_at)
    return replace(link, line=line, column=column, written=raw if raw != link.url else None, used_at=used)


def _moved_remark(places: _Places, remark: Remark) -> Remark:
    line, column = places.place(remark.line, remark.column)
    return replace(remark, line=line, column=column)


def _moved_entry(places: _Places, entry: Entry, before: int) -> Entry:
    """An entry with its line in the file; its links come after those of the cells before."""
    return replace(
        entry,
        line=places.place(entry.line, 1)[0],
        article=None if entry.article is None else entry.article + before,
        papers=tuple((index + before, title) for index, title in entry.papers),
        code=tuple(index + before for index in entry.code),
        others=tuple(index + before for index in entry.others),
    )


# --- what a notebook says about itself --------------------------------------------------------------


def prose(text: str) -> str:
    """The text of the Markdown cells; nothing of what is no notebook."""
    try:
        return "\n\n".join(cell.text for cell in _markdown_cells(text))
    except (json.JSONDecodeError, RecursionError):
        return ""


def title(text: str) -> str | None:
    """The first heading of level one."""
    return markdown.title(prose(text))


def anchors(text: str) -> list[str]:
    """GitHub's names for the headings, and Jupyter's, which has hyphens for spaces and keeps the rest."""
    source = prose(text)
    own = (heading.text.strip().replace(" ", "-") for heading in headings(source))
    return list(dict.fromkeys([*markdown_anchors(source), *own]))


DOCUMENT_TYPE = DocumentType(
    name="notebook",
    suffixes=frozenset({".ipynb"}),
    read=read,
    title=title,
    anchors=anchors,
    prose=prose,
)
