"""What only several entries together show: one thing listed twice, and one thing under two names.

Both come from copying. Whoever copies yesterday's item and forgets to change its link gives one paper two titles,
which is worth a warning. Whoever meets an article again on another day lists it again, which is worth a note.

The note is for one collection. Whoever reads the notes of many people finds the same papers in all of them, and can
change nothing. So a folder with a README, the outermost counts, and a site's folder with `_posts` in it are
collections of their own; all other documents of a run make one together. A wrong title is one wherever the other stands.

Repositories are left out of both: one repository holds the code of many papers, so that entries may share it.

Links outside of entries may lead to one thing as often as their author likes, and a reader sees that they do. Under two
addresses nobody sees it, such as two tokens of one WeChat article, so that these are noted as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter

from enrich.model import Finding, ReportEntry, ReportLink, ReportTarget
from enrich.registry import finding_of, identify
from enrich.titles import Likeness, Title, likeness, quoted
from enrich.urls import canonical

# Kinds whose things have several addresses that nobody can tell to be one by looking at them.
_OF_MANY_ADDRESSES = frozenset({"wechat"})
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


@dataclass(slots=True)
class OtherAddresses:
    """Links that lead where an earlier link of their collection leads, by another address.

    ``note`` takes the targets of a run one by one; few of them have two addresses, and only these are kept.
    """

    documents: Iterable[str]
    _folders: frozenset[str] | None = None
    _found: list[Finding] = field(default_factory=list)

    def note(self, target: ReportTarget) -> None:
        """Look at the links of a target."""
        if target.kind not in _OF_MANY_ADDRESSES or len({link.url for link in target.links}) < 2:
            return
        if self._folders is None:
            self._folders = collections(self.documents)
        first_of: dict[str, tuple[str, ReportLink]] = {}
        for link in target.links:
            id_ = _id_of(link)
            collection = collection_of(link.document, self._folders)
            first_id, first = first_of.setdefault(collection, (id_, link))
            if id_ != first_id:
                self._found.append(_same_target(target, link, first))

    def beside(self, mentions: Iterable[tuple[str, ReportEntry]]) -> Iterator[Finding]:
        """What was found, without the links by which several entries name a target: `repeats` tells about those."""
        if not self._found:
            return
        told = {
            (target, entry.document, line) for target, entry in mentions for line in _lines(entry, target)
        }
        for one in self._found:
            if (one.target, one.document, one.line) not in told:
                yield one


def _id_of(link: ReportLink) -> str:
    url = canonical(link.url)
    return link.url if url is None else identify(url).id


def _lines(entry: ReportEntry, target: str) -> list[int]:
    named = [entry.article, *entry.papers] if entry.article else entry.papers
    return [one.line for one in named if one is not None and one.target == target]


def _same_target(target: ReportTarget, link: ReportLink, first: ReportLink) -> Finding:
    message = f"{target.id} is linked already, under another address: {first.url} at {first.document}:{first.line}"
    found = finding_of(
        "duplicate-target", message, document=link.document, line=link.line, target=target.id
    )
    return replace(found, column=link.column)


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
