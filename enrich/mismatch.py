"""Whether the words beside a link are about what it leads to: ``title-mismatch``. Pure.

An item that is copied from the day before, with half of its links forgotten, looks as right as any other. Its label
may even be the title of the paper it leads to: then only the article above it and the remarks are about another one.
So there are three comparisons, each silent unless it is sure:

- the label of a link, or the title that an entry gives, with the fetched title, both in one language;
- what an entry tells of its article, in whatever language, with the fetched title and abstract of its papers;
- a repository's description with everything that its entry is about, and with papers found wrong beside it.

Measured without abstracts, which only make it surer: of 882 pairs of titles that two collections of real notes give one
paper, and of 201 digest items whose Chinese article explains an English paper, no right one is called wrong. Of wrong
titles drawn at random 84 in 100 are told, of those of the next item 54 (78 with abstracts); of wrong papers below a
Chinese article half. `tests/test_mismatch_corpus.py` measures it.

What surprised us: a repository shares less with its paper than any title does (*toolbox*, *code of our paper*), so that
nearly all of them are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Protocol

from enrich.model import (
    Article,
    Described,
    EntryLink,
    Finding,
    Glimpse,
    Metadata,
    Page,
    Paper,
    ReportEntry,
    ReportTarget,
    Repository,
    Status,
)
from enrich.registry import finding_of
from enrich.titles import LEAST_WEIGHT, Likeness, Title, likeness, quoted, weight, words_of
from enrich.topics import Topics, share_a_topic

CODE = "title-mismatch"
# A fetched title is the whole one, so that a right label shares more of it than two people's short forms share. Up
# to here it is called wrong, if the abstract does not have its words either: of 194 right titles 174 share more than
# that with their abstract, of as many wrong ones 11.
MOST_WORDS_SHARED = 0.4
# Without an abstract of so many words, that two people's titles are compared by.
MOST_BY_TITLE = 0.2
LEAST_ABSTRACT = 25
MOST_TOLD_BY_ABSTRACT = 0.4
# Any shorter label may be a way of speaking.
LEAST_LABEL = 3.0
SHORTEST_LABEL = 12
LONGEST_LABEL = 300
SHORTEST_NAME = 3
LEAST_CAPITALS = 0.6
# What an entry tells has to be this much to be told from another's, and in this many terms of the field.
LEAST_TOLD = 3.0
LEAST_TERMS = 3
# So much of it an abstract of another paper has by chance.
MOST_CHANCE = 0.2
# An article about more papers than that says little of each, and whose code is whose is not clear.
MOST_PAPERS = 3
LEAST_DESCRIPTION = 3.0
# The title of a page may be that of the site; what is as long as that is about something.
LEAST_PAGE_WORDS = 4.0
LEAST_PAGE_PAIRS = 8.0
LONGEST_FETCHED = 10_000

_ADDRESS = re.compile(r"https?:|www\.", re.IGNORECASE)
_ENGLISH = re.compile(r"[A-Za-z][\w-]*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+")
_SITE_AFTER = re.compile(r"\s+[-–—|_·]+\s+|[|｜_]")
# Words that say which of a paper's things a link leads to, and none of its title.
_WAYS_OF_SPEAKING = words_of(
    "appendix author blog checkpoint colab dataset demo discussion docs documentation download homepage implementation "
    "keras notebook official original our page poster post preprint presentation project pytorch reddit report review "
    "slides source supplementary tensorflow thread tutorial unofficial version video website weights"
)
# What holds the code of many papers, and names none.
_COLLECTION = words_of(
    "algorithm awesome baseline benchmark codebase collection framework library list models papers platform repository "
    "research resources suite toolbox toolkit tools zoo"
)
_SOURCES = {
    "arxiv": "arXiv",
    "datacite": "DataCite",
    "github": "GitHub",
    "crossref": "Crossref",
    "page": "the page",
}


class Rows(Protocol):
    """What is asked of the present run's rows; `enrich.store.protocol.Rows` tells more."""

    def described(self) -> Iterator[Described]: ...
    def metadata_of(self, ids: Set[str]) -> Mapping[str, tuple[Metadata, str | None]]: ...
    def place_of(self, document: str, line: int, target: str) -> tuple[int, str | None] | None: ...


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a target stands for: its title, the words of all that was fetched of it, and who says so."""

    title: str
    compared: Title
    words: frozenset[str]
    source: str


# --- one link and its label ---------------------------------------------------------------------------


def of_target(target: ReportTarget) -> Iterator[Finding]:
    """A finding at each link whose label is the title of something else; nothing without fresh metadata."""
    if target.status is not Status.OK or target.metadata_stale or not _is_titled(target.metadata):
        return
    title = target.metadata.title if isinstance(target.metadata, (Paper, Page)) else None
    labels = {text for link in target.links if (text := link.text) and not _agree(text, title)}
    labels = {label for label in labels if _could_be_title(label)}
    thing = _thing(target.metadata, target.metadata_source) if labels else None
    if thing is None:
        return
    wrong = {label for label in labels if _label_differs(label, thing)}
    for link in target.links if wrong else ():
        if link.text in wrong and not link.image:
            yield finding_of(
                CODE, _message(f"the link is called {quoted(link.text)}", target.id, thing),
                document=link.document, line=link.line, column=link.column, target=target.id,
            )  # fmt: skip


def _is_titled(metadata: Metadata | None) -> bool:
    """Papers have one title that everybody uses; what articles, pages and repositories are called is free."""
    return isinstance(metadata, Paper) or (isinstance(metadata, Page) and bool(_cited(metadata, "title")))


def _could_be_title(label: str) -> bool:
    return SHORTEST_LABEL <= len(label) <= LONGEST_LABEL and not _ADDRESS.search(label)


def _label_differs(label: str, thing: _Thing) -> bool:
    """Whether a label has the form of a title, and is none of this thing.

    In running text a label may be any words (*the original transformer paper*): a title is capitalised.
    """
    if thing.title.casefold() in label.casefold():
        return False
    if not _is_capitalised(label) or weight(words_of(label) - _WAYS_OF_SPEAKING) < LEAST_LABEL:
        return False
    return _title_differs(label, thing)


def _is_capitalised(label: str) -> bool:
    words = [word for word in _ENGLISH.findall(label) if len(word) > 3]
    capitals = sum(1 for word in words if word[0].isupper())
    return capitals >= max(LEAST_CAPITALS * len(words), 1)


def _title_differs(words: str, thing: _Thing) -> bool:
    """Whether words that are meant as a title are that of something else."""
    if thing.title.casefold() in words.casefold():
        return False
    given = Title.of(words)
    most = MOST_WORDS_SHARED if len(thing.words) >= LEAST_ABSTRACT else MOST_BY_TITLE
    if likeness(given, thing.compared, most) is not Likeness.DIFFERENT:
        return False
    return weight(given.words & thing.words) < MOST_TOLD_BY_ABSTRACT * max(
        weight(given.words), LEAST_WEIGHT
    )


# --- entries ------------------------------------------------------------------------------------------


Told = tuple[EntryLink, str, _Thing]


@dataclass(slots=True)
class _Reading:
    """An entry while it is compared: all that was fetched of its targets, and what has been found wrong."""

    entry: ReportEntry
    metadata: Mapping[str, tuple[Metadata, str | None]]
    things: Mapping[str, _Thing]
    wrong: list[_Thing] = field(default_factory=list)


def of_entries(rows: Rows) -> Iterator[Finding]:
    """Findings about links of entries, one entry at a time.

    In nearly all of them the names alone show that everything is right, so that nothing else is read or computed.
    """
    for one in rows.described():
        if _is_plainly_right(one):
            continue
        metadata = rows.metadata_of(one.things.keys())
        things = ((id_, _thing(known, source)) for id_, (known, source) in metadata.items())
        reading = _Reading(one.entry, metadata, {id_: thing for id_, thing in things if thing is not None})
        found = [*_articles(reading), *_papers(reading), *_code(reading)]
        yield from (finding for told in found if (finding := _placed(reading, *told, rows)))


# --- a first look -------------------------------------------------------------------------------------


def _is_plainly_right(described: Described) -> bool:
    """Whether titles are the fetched ones, and what an entry tells has a topic of each paper's title."""
    entry, things = described.entry, described.things
    article = entry.article and things.get(entry.article.target)
    if article and not _agree(entry.title, article.title):
        return False
    text = _words(entry, None)[:LONGEST_FETCHED].lower()
    for paper in entry.papers:
        thing = things.get(paper.target)
        if thing is not None and thing.title and not _is_plainly_of(paper, entry, thing.title, text):
            return False
    code = entry.code if len(entry.papers) <= MOST_PAPERS else ()
    return all(_is_plainly_code(things.get(link.target), entry, text) for link in code)


def _is_plainly_of(paper: EntryLink, entry: ReportEntry, title: str, text: str) -> bool:
    return _agree(_title_of(paper, entry), title) and (
        not _tells_of_one(entry) or share_a_topic(text, title)
    )


def _is_plainly_code(repository: Glimpse | None, entry: ReportEntry, text: str) -> bool:
    if repository is None or not repository.description:
        return True
    description = repository.description.casefold()
    titles = (title for paper in entry.papers if (title := _title_of(paper, entry)))
    names_paper = any(title.casefold() in description for title in titles)
    # A repository may be right about a paper that is wrong here; but then that paper is not plainly right.
    return names_paper or (repository.full_name or "").rpartition("/")[2].casefold() in text


def _agree(given: str | None, fetched: str | None) -> bool:
    """Whether one title is in the other as it stands, or there are not two."""
    if not given or not fetched:
        return True
    one, other = given.casefold(), fetched.casefold()
    return one in other or other in one


def _leads(article: EntryLink, entry: ReportEntry) -> bool:
    return article.line == entry.line


def _tells_of_one(entry: ReportEntry) -> bool:
    """Whether an entry has an article, which is about its papers alone."""
    return entry.article is not None and len(entry.papers) <= MOST_PAPERS


# --- a closer look ------------------------------------------------------------------------------------


def _articles(reading: _Reading) -> Iterator[Told]:
    """The article that leads an entry, under the title of another."""
    entry, article = reading.entry, reading.entry.article
    if article is None or not _leads(article, entry) or not entry.title:
        return
    thing = reading.things.get(article.target)
    if thing is None or not _title_differs(entry.title, thing):
        return
    if not isinstance(reading.metadata[article.target][0], Page) or _page_tells(entry.title, thing):
        yield article, f"the entry is called {quoted(entry.title)}", thing


def _page_tells(words: str, thing: _Thing) -> bool:
    """Whether nothing of what a page says of itself is in the words, and it says enough."""
    main = Title.of(max(_SITE_AFTER.split(thing.title), key=len))
    given = Title.of(words)
    is_long = weight(main.words) >= LEAST_PAGE_WORDS or weight(main.pairs) >= LEAST_PAGE_PAIRS
    return is_long and not given.words & thing.words and not given.pairs & thing.compared.pairs


def _papers(reading: _Reading) -> Iterator[Told]:
    """Papers under the title of another, then those that the rest of the entry is not about."""
    entry = reading.entry
    told = Topics.of(_words(entry, reading.things.get(entry.article.target) if entry.article else None))
    is_sure = _tells_of_one(entry) and told.weight >= LEAST_TOLD and len(told.terms) >= LEAST_TERMS
    for paper in entry.papers:
        thing = reading.things.get(paper.target)
        if thing is None or not _is_titled(reading.metadata[paper.target][0]):
            continue
        title = _title_of(paper, entry)
        if title and _title_differs(title, thing):
            yield paper, f"the paper is called {quoted(title)}", thing
        elif is_sure and _is_about_another(told, thing):
            yield paper, f"the entry is about {quoted(_subject(entry))}", thing
        else:
            continue
        reading.wrong.append(thing)


def _title_of(paper: EntryLink, entry: ReportEntry) -> str | None:
    """The title that a note gives to a paper; an article that leads the entry has its own, a heading may be any."""
    if paper.title or not entry.title or len(entry.papers) != 1:
        return paper.title
    leads = entry.article is not None and _leads(entry.article, entry)
    return entry.title if not leads and _is_capitalised(entry.title) else None


def _words(entry: ReportEntry, article: _Thing | None) -> str:
    """All that an entry says but for its links, and the title that its article really has."""
    given = (entry.title, article and article.title, entry.abstract, entry.remarks)
    return "\n".join(words for words in given if words)


def _is_about_another(told: Topics, thing: _Thing) -> bool:
    """Whether a title has no topic of an entry, and its abstract no more than chance gives."""
    if weight(thing.compared.words) < LEAST_WEIGHT or told.shared_with(thing.compared.words).weight:
        return False
    return told.shared_with(thing.words).weight <= MOST_CHANCE * told.weight


# --- repositories -------------------------------------------------------------------------------------


def _code(reading: _Reading) -> Iterator[Told]:
    """Repositories whose description is about a paper found wrong, or about nothing that the entry has."""
    for link in reading.entry.code if len(reading.entry.papers) <= MOST_PAPERS else ():
        repository, source = reading.metadata.get(link.target, (None, None))
        if isinstance(repository, Repository) and _is_code_of_another(repository, reading):
            description = repository.description or ""
            thing = _Thing(description, Title.of(description), frozenset(), _said_by(source))
            yield link, f"the entry is about {quoted(_subject(reading.entry))}", thing


def _is_code_of_another(repository: Repository, reading: _Reading) -> bool:
    words = words_of(repository.description or "") - _WAYS_OF_SPEAKING
    if not words or _is_named(repository, reading):
        return False
    around, described = _around(reading), Title.of(repository.description or "")
    for wrong in reading.wrong:
        if likeness(described, wrong.compared) is Likeness.SAME:
            return not around.shared_with(words - wrong.words).weight
    knows_paper = any(Title.of(title).tells for title in _right_titles(reading))
    is_long = weight(words) >= LEAST_DESCRIPTION and around.weight >= LEAST_TOLD
    if words & _COLLECTION or not (knows_paper and is_long):
        return False
    return not around.shared_with(words | _name_words(repository)).weight


def _around(reading: _Reading) -> Topics:
    """The topics of all that an entry names, papers found wrong left out."""
    entry = reading.entry
    article = reading.things.get(entry.article.target) if entry.article else None
    topics = Topics.of("\n".join([_words(entry, article), *_right_titles(reading)]))
    fetched = [thing.words for thing in _right_papers(reading)]
    return Topics(topics.words.union(*fetched), topics.terms)


def _right_papers(reading: _Reading) -> list[_Thing]:
    things = (reading.things.get(paper.target) for paper in reading.entry.papers)
    return [thing for thing in things if thing is not None and thing not in reading.wrong]


def _right_titles(reading: _Reading) -> Sequence[str]:
    entry, wrong = reading.entry, {thing.title.casefold() for thing in reading.wrong}
    given = [title for paper in entry.papers if (title := _title_of(paper, entry))]
    fetched = [thing.title for thing in _right_papers(reading)]
    return [title for title in (*given, *fetched) if title.casefold() not in wrong]


def _name_words(repository: Repository) -> frozenset[str]:
    name = repository.full_name.rpartition("/")[2]
    return words_of(" ".join((*_CAMEL.split(name), *repository.topics)))


def _is_named(repository: Repository, reading: _Reading) -> bool:
    """Whether an entry has the name of a repository in its words, or in the initials of a title."""
    name = "".join(filter(str.isalnum, repository.full_name.rpartition("/")[2])).casefold()
    titles = _right_titles(reading)
    text = "\n".join([_words(reading.entry, None), *titles])[:LONGEST_FETCHED].casefold()
    initials = ("".join(word[0] for word in _ENGLISH.findall(title.casefold())) for title in titles)
    is_meant = len(name) >= SHORTEST_NAME and name in "".join(filter(str.isalnum, text))
    return is_meant or any(name in letters for letters in initials)


# --- what was fetched ---------------------------------------------------------------------------------


def _thing(metadata: Metadata | None, source: str | None) -> _Thing | None:
    """What is compared of metadata; None where they have no title."""
    match metadata:
        case Paper(title=str(title)):
            more = (metadata.abstract, metadata.comment, *metadata.authors)
        case Article(title=str(title)):
            more = (metadata.description, metadata.account, metadata.author)
        case Page():
            cited = _cited(metadata, "title")
            title = cited[0] if cited else metadata.title or ""
            more = (
                metadata.title,
                metadata.description,
                *_cited(metadata, "abstract"),
                *_cited(metadata, "author"),
            )
        case _:
            return None
    words = words_of(" ".join([title, *filter(None, more)])[:LONGEST_FETCHED])
    return _Thing(title, Title.of(title), words, _said_by(source)) if title else None


def _cited(page: Page, name: str) -> tuple[str, ...]:
    return (page.citation or {}).get(name, ())


# --- words --------------------------------------------------------------------------------------------


def _said_by(source: str | None) -> str:
    return _SOURCES.get(source or "", source or "the page")


def _subject(entry: ReportEntry) -> str:
    """What an entry is about, in words of its own."""
    named = next((paper.title for paper in entry.papers if paper.title), None)
    return entry.title or named or entry.abstract or entry.remarks or ""


def _message(told: str, target: str, thing: _Thing) -> str:
    return f"{told}, but {target} is {quoted(thing.title)} (says {thing.source}); correct the link, or the words"


def _placed(reading: _Reading, link: EntryLink, told: str, thing: _Thing, rows: Rows) -> Finding | None:
    """The finding at a link's place; None where the link's own label has told it already (`of_target`)."""
    document = reading.entry.document
    column, label = rows.place_of(document, link.line, link.target) or (None, None)
    is_titled = _is_titled(reading.metadata[link.target][0])
    if is_titled and label and _could_be_title(label) and _label_differs(label, thing):
        return None
    return finding_of(
        CODE, _message(told, link.target, thing),
        document=document, line=link.line, column=column, target=link.target,
    )  # fmt: skip
