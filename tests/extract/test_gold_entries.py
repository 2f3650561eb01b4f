"""The entries of the seeds, as a reader has written them down by hand."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from brief import indexes_of
from requirements import shared

from enrich.extract.entries import entries
from enrich.extract.markdown import read
from enrich.model import Entry, Link

EXACT = ("daily-2022-05-10", "daily-2021-04-25", "cvpr2020")
NEARLY = ("notes-2021-05", "deep-learning-44")
SHARE = 0.95


def gold(seed: str) -> list[dict[str, Any]]:
    """The entries of a seed, in the order of their lines."""
    seeds = json.loads((shared() / "gold" / "entries.json").read_text("utf-8"))
    written = seeds[f"seeds/{seed}.md"]
    listed = written.get("entries") or [*written["papers"], *written["interpretations"]]
    return sorted(listed, key=lambda entry: entry["line"])


def found(seed: str) -> tuple[list[Entry], list[Link]]:
    text = (shared() / "corpus" / "seeds" / f"{seed}.md").read_bytes().decode("utf-8")
    links = read(text).links
    return entries(text, links), links


Row = tuple[str, Any, Any]


def fields(want: dict[str, Any], got: Entry, links: list[Link]) -> Iterator[Row]:
    """Each field of an entry that is written down, as it is there and as it was read."""
    yield "title", want["title"], got.title
    for theirs, ours in (("number", got.number), ("stars", got.rating), ("abstract", got.abstract)):
        if theirs in want:
            yield theirs, want[theirs], ours
    if "stars" in want:
        yield "remarks", want.get("tips"), got.remarks
    if "topics" in want:
        yield "topics", tuple(want["topics"]), got.topics
        yield "authors", tuple(want.get("authors") or ()), got.authors
    if "section" in want:
        path = (want["section"], want.get("subsection"))
        yield "section", tuple(part for part in path if part), got.section
    yield from link_fields(want, got, links)
    yield article_field(want, got, links)


def link_fields(want: dict[str, Any], got: Entry, links: list[Link]) -> Iterator[Row]:
    ours = {"papers": [index for index, _ in got.papers], "code": got.code, "other": got.others}
    for name, found_here in ours.items():
        if name in want:
            places = [(one["line"], one["url"]) for one in want[name]]
            yield name, places, [(links[index].line, links[index].url) for index in found_here]
    for paper, (_, title) in zip(want.get("papers", ()), got.papers, strict=False):
        if "title" in paper:
            yield "paper title", paper["title"], title


def article_field(want: dict[str, Any], got: Entry, links: list[Link]) -> Row:
    """The article; a leading link that is none may stand among the others."""
    led_by = [] if got.article is None else [links[got.article].url]
    if "interpretations" in want:
        return "article", [one["url"] for one in want["interpretations"]], led_by
    others = [links[index].url for index in got.others]
    wanted = [want["url"]] if want["url"] else []
    return "article", wanted, wanted if wanted and wanted[0] in others else led_by


def compared(seed: str) -> list[tuple[int, str, Any, Any]]:
    """Line, field, what is written and what was read, of all fields; an entry too many is a field too."""
    read_entries, links = found(seed)
    by_line = {entry.line: entry for entry in read_entries}
    rows: list[tuple[int, str, Any, Any]] = []
    for want in gold(seed):
        got = by_line.pop(want["line"], Entry(line=want["line"]))
        rows.extend((want["line"], *row) for row in fields(want, got, links))
    rows.extend((line, "no entry", None, entry.title) for line, entry in by_line.items())
    return rows


def figures(seed: str, rows: list[tuple[int, str, Any, Any]]) -> str:
    right = Counter(name for _, name, want, got in rows if want == got)
    counts = Counter(name for _, name, _, _ in rows)
    listed = ", ".join(f"{name} {right[name]}/{count}" for name, count in sorted(counts.items()))
    return f"{seed}: {sum(right.values())}/{len(rows)} fields ({listed})\n"


@pytest.mark.parametrize("seed", [*EXACT, *NEARLY])
def test_the_entries_of_a_seed_are_those_that_a_reader_sees(seed: str) -> None:
    rows = compared(seed)
    sys.stdout.write(figures(seed, rows))
    wrong = [row for row in rows if row[2] != row[3]]
    if seed in EXACT:
        assert wrong == []
    else:
        assert 1 - len(wrong) / len(rows) >= SHARE, wrong


@pytest.mark.parametrize("seed", [*EXACT, *NEARLY])
def test_a_seed_has_as_many_entries_as_a_reader_counts(seed: str) -> None:
    read_entries, _ = found(seed)
    assert [entry.line for entry in read_entries] == [entry["line"] for entry in gold(seed)]


@pytest.mark.parametrize("seed", EXACT[:2])
def test_the_footer_of_a_digest_belongs_to_no_entry(seed: str) -> None:
    read_entries, links = found(seed)
    last = max(entry["line"] for entry in gold(seed))
    of_last = {index for entry in read_entries if entry.line == last for index in indexes_of(entry)}
    footer = {
        index for index, link in enumerate(links) if "关注" in (link.text or "") or link.line > last + 5
    }
    assert footer
    assert not footer & of_last


def test_no_link_of_the_whole_corpus_is_in_two_entries() -> None:
    for path in sorted((shared() / "corpus").rglob("*.md")):
        text = path.read_bytes().decode("utf-8", "replace")
        links = read(text).links
        listed = entries(text, links)
        indexes = [index for entry in listed for index in indexes_of(entry)]
        lines = [entry.line for entry in listed]
        assert len(indexes) == len(set(indexes)), path
        assert lines == sorted(set(lines)), path
        assert not any(links[index].image for index in indexes), path
