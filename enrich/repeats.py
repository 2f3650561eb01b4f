"""What only several entries together show: one thing listed twice, and one thing under two names.

Both come from copying. Whoever copies yesterday's item and forgets to change its link gives one paper two titles,
which is worth a warning. Whoever meets an article again on another day lists it again, which is worth a note.

The note is for one collection. Whoever reads the notes of many people finds the same papers in all of them, and can
change nothing. So a folder with a README, the outermost counts, and a site's folder with `_posts` in it are
collections of their own; all other documents of a run make one together. A wrong title is one wherever the other stands.

Repositories are left out of both: one repository holds the code of many papers, so that entries may share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from enrich.model import Finding, ReportEntry
from enrich.registry import finding_of
from enrich.titles import Likeness, Title, likeness, quoted

# Each mention is compared with so many others at most, or a link in every item would cost the square of them.
COMPARED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mention:
    """One entry that names a target as its article or a paper, on which line, and by which title."""

    target: str
    entry: ReportEntry
    collection: str
    is_article: bool
    line: int
    title: str | None


def repeats(
    repeated: Iterable[tuple[str, ReportEntry]], documents: Iterable[str] = ()
) -> Iterator[Finding]:
    """Findings about targets that several entries name; ``documents`` are the paths of all that were read.

    ``repeated`` are targets, each with the entries that name it as article or paper, ordered by target, then by
    place; only one target's entries are held at a time.
    """
    folders = collections(documents)
    for target, group in groupby(repeated, key=itemgetter(0)):
        mentions = [_mention(target, entry, folders) for _, entry in group]
        yield from _duplicates(mentions)
        yield from _two_titles(mentions)


def collections(documents: Iterable[str]) -> frozenset[str]:
    """The folders that are collections of their own, told by the paths of the documents in them."""
    found: set[str] = set()
    for path in documents:
        folder, _, name = path.rpartition("/")
        if name.lower().partition(".")[0] == "readme":
            found.add(folder)
        above, posts, _ = path.partition("/_posts/")
        if posts:
            found.add(above)
    return frozenset(found)


def collection_of(document: str, folders: frozenset[str]) -> str:
    """The outermost collection that a document stands in; empty for what is in none."""
    if "" in folders:
        return ""
    ends = (place for place, character in enumerate(document) if character == "/")
    return next((above for end in ends if (above := document[:end]) in folders), "")


def _mention(target: str, entry: ReportEntry, folders: frozenset[str]) -> _Mention:
    """Where an entry names a target, and how.

    The title of an entry is that of the article that leads it, or of the only paper; an article among the further
    links of a paper is about the paper, and may be about others.
    """
    article, papers = entry.article, entry.papers
    collection = collection_of(entry.document, folders)
    if article is not None and article.target == target:
        title = entry.title if article.line == entry.line else None
        return _Mention(
            target=target,
            entry=entry,
            collection=collection,
            is_article=True,
            line=article.line,
            title=title,
        )
    paper = next(paper for paper in papers if paper.target == target)
    title = paper.title or (entry.title if article is None and len(papers) == 1 else None)
    return _Mention(
        target=target, entry=entry, collection=collection, is_article=False, line=paper.line, title=title
    )


# --- one target, two entries ------------------------------------------------------------------------


def _duplicates(mentions: Iterable[_Mention]) -> Iterator[Finding]:
    """A finding at each entry that repeats an earlier one of its collection."""
    earlier_of: dict[str, list[_Mention]] = {}
    for one in mentions:
        earlier = earlier_of.setdefault(one.collection, [])
        known = next((other for other in earlier if _repeats(one, other)), None)
        if known is not None:
            message = f"{one.target} has an entry already: {_named(known)} at {_place(known)}"
            yield _finding("duplicate-target", one, message)
        elif len(earlier) < COMPARED:
            earlier.append(one)


def _repeats(one: _Mention, other: _Mention) -> bool:
    """Whether two mentions of a target make their entries the same.

    Two articles about one paper are two entries. A document that lists papers in one section and explains some
    of them in another means to name them twice.
    """
    here, there = one.entry, other.entry
    if one.is_article != other.is_article:
        return False
    if here.document == there.document and here.section != there.section:
        return False
    if one.is_article or here.article is None or there.article is None:
        return True
    return here.article.target == there.article.target


# --- one target, two titles -------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """A title that a target has somewhere, and all mentions that agree with it."""

    title: Title
    mentions: list[_Mention] = field(default_factory=list)


def _two_titles(mentions: Iterable[_Mention]) -> Iterator[Finding]:
    """A finding at each mention whose title is another one than the title that most mentions give."""
    readings: list[_Reading] = []
    for mention in filter(_has_one_title, mentions):
        title = Title.of(mention.title or "")
        if title.tells and len(readings) < COMPARED:
            _reading_of(title, readings).mentions.append(mention)
    readings.sort(key=lambda reading: -len(reading.mentions))
    for place, reading in enumerate(readings):
        better = (other for other in readings[:place] if _differ(reading, other))
        if (usual := next(better, None)) is not None:
            for mention in reading.mentions:
                yield _finding("same-id-two-titles", mention, _message(mention, usual.mentions[0]))


def _has_one_title(mention: _Mention) -> bool:
    """Papers outside arXiv may be lists of papers, which everybody calls as he likes."""
    return mention.is_article or mention.target.startswith("arxiv:")


def _reading_of(title: Title, readings: list[_Reading]) -> _Reading:
    for reading in readings:
        if likeness(title, reading.title) is Likeness.SAME:
            return reading
    readings.append(_Reading(title))
    return readings[-1]


def _differ(one: _Reading, other: _Reading) -> bool:
    return likeness(one.title, other.title) is Likeness.DIFFERENT


def _message(mention: _Mention, usual: _Mention) -> str:
    return f"{mention.target} is {_named(mention)} here, but {_named(usual)} at {_place(usual)}"


# --- words ------------------------------------------------------------------------------------------


def _named(mention: _Mention) -> str:
    title = mention.title or mention.entry.title
    return quoted(title) if title else "the entry"


def _place(mention: _Mention) -> str:
    return f"{mention.entry.document}:{mention.line}"


def _finding(code: str, mention: _Mention, message: str) -> Finding:
    document = mention.entry.document
    return finding_of(code, message, document=document, line=mention.line, target=mention.target)
