"""How often words are rightly called those of something else, measured on real notes where they lie.

What one collection calls an arXiv paper stands for the title that another would fetch; a wrong pair is one title beside
another paper, drawn at random or taken from the next item of a note, which is mostly of the same topic. In a daily
digest, Chinese articles explain English papers. In another, abstracts stand below the titles.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import pytest
from offline import offline
from requirements import shared
from rows import OneEntry, report_entry, report_link, report_target

from enrich import mismatch
from enrich.model import EntryLink, Paper, ReportEntry, Status

ID = "arxiv:2101.00001"
_VERSION = re.compile(r"v\d+$")
# Items whose link was copied from a neighbour, each opened and read.
SLIPS = {"arxiv:2104.10386"}
WRONG_PAPERS = {
    "Structured Pruning Learns Compact and Accurate Models",  # below an article on weakly supervised segmentation
    "Training Compute-Optimal Large Language Models",  # below an article on Flamingo, which is another paper
}


class Named(NamedTuple):
    """A paper by the title of a note, and its abstract where the note has it."""

    collection: str
    document: str
    target: str
    title: str
    abstract: str | None = None


Entries = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    folder = tmp_path_factory.mktemp("corpus")
    report = offline(folder, str(shared() / "corpus"))
    return list(report["entries"])


@pytest.fixture(scope="module")
def named(entries: Entries) -> list[Named]:
    return [name for entry in entries for name in _names(entry)]


def _names(entry: Mapping[str, Any]) -> Iterable[Named]:
    collection = entry["document"].split("corpus/")[1].split("/")[0]
    own = entry["title"] if not entry["article"] and len(entry["papers"]) == 1 else None
    for paper in entry["papers"]:
        if paper["target"].startswith("arxiv:") and (title := paper["title"] or own):
            yield Named(collection, entry["document"], _VERSION.sub("", paper["target"]), title)


@pytest.fixture(scope="module")
def described() -> list[Named]:
    """Titles with the English abstracts that stand below them."""
    found = []
    for file in sorted((shared() / "corpus" / "amusi__daily-paper-computer-vision").rglob("*.md")):
        title = None
        for line in file.read_text(encoding="utf-8").splitlines():
            if match := re.search(r"《([^\u4e00-\u9fff]{8,300})》", line):
                title = match[1]
            elif title and re.match(r"> *[A-Z]", line) and len(line) > 150 and line.isascii():
                found.append(Named("amusi", file.name, title, title, line[1:].strip()))
                title = None
    return found


def given(title: str, paper: Named) -> bool:
    """Whether a title of an entry's paper is told beside another record."""
    entry = report_entry(papers=[EntryLink(line=9, url="u", target=ID, title=title)])
    record = Paper(arxiv_id="2101.00001", title=paper.title, abstract=paper.abstract)
    return any(mismatch.of_entries(OneEntry(entry, {ID: record})))


def labelled(title: str, paper: Named) -> bool:
    record = Paper(arxiv_id="2101.00001", title=paper.title, abstract=paper.abstract)
    link = report_link("u", text=title)
    row = report_target(ID, "u", [link], status=Status.OK, metadata=record, metadata_source="arxiv")
    return any(mismatch.of_target(row))


def share(what: str, found: int, all_: int) -> float:
    sys.stdout.write(f"{what}: {found} of {all_}, {found / all_:.1%}\n")
    return found / all_


def shuffled(rows: Sequence[Any]) -> list[tuple[Any, Any]]:
    other = list(rows)
    random.Random(1).shuffle(other)
    return list(zip(rows, other, strict=True))


@pytest.mark.parametrize("tells", [given, labelled])
def test_no_right_title_of_two_collections_is_called_wrong(
    named: list[Named], tells: Callable[[str, Named], bool]
) -> None:
    by_target: dict[str, list[Named]] = {}
    for name in dict.fromkeys(named):
        by_target.setdefault(name.target, []).append(name)
    pairs = [
        pair
        for names in by_target.values()
        for one, other in combinations(names, 2)
        if one.collection != other.collection
        for pair in ((one, other), (other, one))
    ]
    wrong = {other.target for one, other in pairs if tells(one.title, other)}
    assert len(pairs) > 800
    assert share("right pairs called wrong", len(wrong - SLIPS), len(pairs)) == 0
    assert wrong == SLIPS


@pytest.mark.parametrize(("tells", "random_ones", "neighbours"), [(given, 0.8, 0.5), (labelled, 0.65, 0.4)])
def test_most_titles_beside_another_paper_are_told(
    named: list[Named], tells: Callable[[str, Named], bool], random_ones: float, neighbours: float
) -> None:
    one_each = list({name.target: name for name in named}.values())
    drawn = [(one, other) for one, other in shuffled(one_each) if one.target != other.target]
    told = sum(tells(one.title, other) for one, other in drawn)
    assert share("random pairs told", told, len(drawn)) > random_ones
    beside = [
        (one, other)
        for one, other in pairwise(named)
        if one.document == other.document and one.target != other.target
    ]
    told = sum(tells(one.title, other) for one, other in beside)
    assert share("neighbours told", told, len(beside)) > neighbours


def test_with_abstracts_neighbours_are_told_as_well_as_any(described: list[Named]) -> None:
    drawn = [(one, other) for one, other in shuffled(described) if one.title != other.title]
    assert (
        share("random pairs told", sum(given(one.title, other) for one, other in drawn), len(drawn)) > 0.75
    )
    beside = [(one, other) for one, other in pairwise(described) if one.document == other.document]
    assert (
        share("neighbours told", sum(given(one.title, other) for one, other in beside), len(beside)) > 0.7
    )
    assert not any(given(one.title, one) or labelled(one.title, one) for one in described)


# --- Chinese articles about English papers ----------------------------------------------------------


@pytest.fixture(scope="module")
def digests(entries: Entries) -> list[tuple[ReportEntry, Named]]:
    """Items of the daily digest, each with its first paper."""
    found = []
    for entry in entries:
        is_daily = "dairly_learning" in entry["document"] or "seeds/daily" in entry["document"]
        if is_daily and entry["article"] and entry["papers"] and entry["papers"][0]["title"]:
            article = EntryLink(line=9, url="u", target="wechat:x")
            paper = EntryLink(line=11, url="u", target=ID)
            words = {key: entry[key] for key in ("title", "abstract", "remarks")}
            row = report_entry(article=article, papers=[paper], **words)
            found.append((row, Named("daily", entry["document"], "", entry["papers"][0]["title"])))
    return found


def is_told(entry: ReportEntry, paper: Named) -> bool:
    record = Paper(arxiv_id="2101.00001", title=paper.title, abstract=paper.abstract)
    return any(mismatch.of_entries(OneEntry(entry, {ID: record})))


def test_of_right_papers_below_chinese_articles_none_is_called_wrong(
    digests: list[tuple[ReportEntry, Named]],
) -> None:
    """Without abstracts, which would only make more of them plainly right."""
    wrong = {paper.title for entry, paper in digests if is_told(entry, paper)}
    assert len(digests) > 190
    assert share("right papers called wrong", len(wrong - WRONG_PAPERS), len(digests)) == 0
    assert wrong == WRONG_PAPERS


def test_half_of_wrong_papers_below_chinese_articles_are_told(
    digests: list[tuple[ReportEntry, Named]], described: list[Named]
) -> None:
    drawn = [(one[0], other[1]) for one, other in shuffled(digests) if one is not other]
    assert share("random papers told", sum(is_told(*pair) for pair in drawn), len(drawn)) > 0.45
    beside = [(one[0], other[1]) for one, other in pairwise(digests)]
    assert share("neighbours told", sum(is_told(*pair) for pair in beside), len(beside)) > 0.4
    choose = random.Random(5)
    whole = [(entry, choose.choice(described)) for entry, _ in digests]
    assert share("with abstracts told", sum(is_told(*pair) for pair in whole), len(whole)) > 0.35
