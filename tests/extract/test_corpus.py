"""Real collections of notes, read where they lie."""

from __future__ import annotations

import re
import time
from functools import cache

from requirements import shared

from enrich.extract import extract
from enrich.model import Link

_ADDRESS = re.compile(r"https?://[A-Za-z0-9]")
# The two that are there to be filled in: http://localhost:daprport/v1.0/publish/<topic>
_PATTERNS = 2
_PATTERN = re.compile(r"http://localhost:daprport/v1\.0/(?:invoke|publish)/<")
_LABEL = re.compile(r"\[[^\[\]]*\]\(")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@cache
def notes() -> dict[str, str]:
    folder = shared() / "corpus"
    files = [path for path in folder.rglob("*") if path.suffix in {".md", ".markdown"}]
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8") for path in files}


@cache
def links() -> dict[str, list[Link]]:
    return {name: extract(text, relative=True) for name, text in notes().items()}


def lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))


def test_every_link_of_the_corpus_stands_where_it_says() -> None:
    wrong = [
        (name, link)
        for name, found in links().items()
        for link in found
        if not lines(notes()[name])[link.line - 1].startswith(link.written or link.url, link.column - 1)
    ]
    assert sum(map(len, links().values())) > 8000
    assert wrong == []


def test_no_place_of_the_corpus_is_reported_twice() -> None:
    for name, found in links().items():
        places = [(link.line, link.column, link.used_at) for link in found]
        assert len(places) == len(set(places)), name


def test_every_address_in_the_corpus_is_in_a_link_or_its_label() -> None:
    """The text is searched by nothing but `://`, so that no construct can hide a link."""
    missed: list[tuple[str, int, str]] = []
    for name, text in notes().items():
        taken: dict[int, list[tuple[int, int]]] = {}
        for link in links()[name]:
            end = link.column - 1 + len(link.written or link.url)
            taken.setdefault(link.line, []).append((link.column - 1, end))
        shown = _COMMENT.sub(lambda comment: re.sub(r"[^\r\n]", " ", comment[0]), text)
        for number, line in enumerate(lines(shown), start=1):
            spans = [*taken.get(number, []), *(label.span() for label in _LABEL.finditer(line))]
            missed += [
                (name, number, line[match.start() :][:80])
                for match in _ADDRESS.finditer(line)
                if not any(start <= match.start() < end for start, end in spans)
            ]
    assert [place for place in missed if not _PATTERN.match(place[2])] == []
    assert len(missed) == _PATTERNS


def test_a_megabyte_of_notes_is_read_in_a_fraction_of_a_second() -> None:
    texts = notes().values()
    begin = time.process_time()
    for text in texts:
        extract(text)
    seconds = (time.process_time() - begin) / sum(len(text.encode()) for text in texts) * 1e6
    # 0.07 s when written; the bound leaves room for slow machines and still shows a quadratic step.
    assert seconds < 1.0, f"{seconds:.3f} s a megabyte"


def test_windows_line_endings_change_no_place() -> None:
    for name, text in notes().items():
        plain = text.replace("\r\n", "\n")
        assert extract(plain.replace("\n", "\r\n")) == extract(plain), name
