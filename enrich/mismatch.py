"""Whether the words beside a link are about what it leads to: ``title-mismatch``. Pure.

An item that is copied from the day before, with half of its links forgotten, looks as right as any other. Its label
may even be the title of the paper it leads to: then only the article above it and the remarks are about another one.
So there are three comparisons, each silent unless it is sure:

- the label of a link, or the title that an entry gives, with the fetched title, both in one language;
- what an entry tells of its article, in whatever language, with the fetched title and abstract of its papers;
- a repository's description with everything that its entry is about, and with papers found wrong beside it.

Measured without abstracts, on papers that several collections of real notes name and on 250 digest items whose
Chinese article explains an English paper: no right pair is called wrong (tests/test_mismatch_corpus.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from enrich.model import (
    Article,
    Described,
    EntryLink,
    Finding,
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
from enrich.topics import Topics

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
LEAST_CAPITALS = 0.6
# What an entry tells has to be this much to be told from another's, and in this many terms of the field.
LEAST_TOLD = 4.0
LEAST_TERMS = 3
# So much of it an abstract of another paper has by chance.
MOST_CHANCE = 0.15
# An article about more papers than that says little of each.
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
    "appendix author authors blog checkpoint checkpoints colab dataset demo discussion docs documentation download "
    "homepage implementation keras notebook official original page poster post preprint presentation project pytorch "
    "reddit report review slides source supplementary tensorflow thread tutorial unofficial version video website weights"
)
# What holds the code of many papers, and names none.
_COLLECTION = words_of(
    "algorithms awesome baselines benchmark benchmarks codebase collection framework library list models papers platform "
    "repository research resources suite toolbox toolkit tools zoo"
)
_SOURCES = {
    "arxiv": "arXiv",
    "datacite": "DataCite",
    "github": "GitHub",
    "crossref": "Crossref",
    "page": "the page",
}

Place = tuple[int, str | None]
# Where a link to a target stands in a line of a document: its column, and its label.
Places = Callable[[str, int, str], Place | None]


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
    labels = {link.text for link in target.links if link.text and _could_be_title(link.text)}
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
    return len(label) >= SHORTEST_LABEL and not _ADDRESS.search(label)


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
    """An entry while it is compared: what it tells, what was fetched, and what has been found wrong."""

    entry: ReportEntry
    things: dict[str, _Thing] = field(default_factory=dict)
    wrong: list[_Thing] = field(default_factory=list)


def of_entries(described: Iterable[Described], places: Places) -> Iterator[Finding]:
    """Findings about links of entries; one entry is held at a time.

    ``described`` are entries with what was fetched of their targets; ``places`` tells where a link stands.
    """
    for one in described:
        things = ((id_, _thing(metadata, source)) for id_, (metadata, source) in one.metadata.items())
        reading = _Reading(one.entry, {id_: thing for id_, thing in things if thing is not None})
        if reading.things:
            found = [*_articles(reading, one), *_papers(reading), *_code(reading, one)]
            yield from (finding for told in found if (finding := _placed(one, *told, places)))


def _articles(reading: _Reading, described: Described) -> Iterator[Told]:
    """The article that leads an entry, under the title of another."""
    entry, article = reading.entry, reading.entry.article
    if article is None or article.line != entry.line or not entry.title:
        return
    thing = reading.things.get(article.target)
    if thing is None or not _title_differs(entry.title, thing):
        return
    if not isinstance(described.metadata[article.target][0], Page) or _page_tells(entry.title, thing):
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
    about_one = entry.article is not None and len(entry.papers) <= MOST_PAPERS
    is_sure = about_one and told.weight >= LEAST_TOLD and len(told.terms) >= LEAST_TERMS
    for paper in entry.papers:
        thing = reading.things.get(paper.target)
        if thing is None:
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
    leads = entry.article is not None and entry.article.line == entry.line
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


def _code(reading: _Reading, described: Described) -> Iterator[Told]:
    """Repositories whose description is about a paper found wrong, or about nothing that the entry has."""
    for link in reading.entry.code:
        repository, source = described.metadata.get(link.target, (None, None))
        if isinstance(repository, Repository) and _is_code_of_another(repository, reading):
            description = repository.description or ""
            thing = _Thing(description, Title.of(description), frozenset(), _said_by(source))
            yield link, f"the entry is about {quoted(_subject(reading.entry))}", thing


def _is_code_of_another(repository: Repository, reading: _Reading) -> bool:
    words = words_of(repository.description or "")
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
    text = "\n".join([_words(reading.entry, None), *titles]).casefold()
    initials = ("".join(word[0] for word in _ENGLISH.findall(title.casefold())) for title in titles)
    return name in "".join(filter(str.isalnum, text)) or any(name in letters for letters in initials)


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


def _placed(
    described: Described, link: EntryLink, told: str, thing: _Thing, places: Places
) -> Finding | None:
    """The finding at a link's place; None where the link's own label has told it already (`of_target`)."""
    document = described.entry.document
    column, label = places(document, link.line, link.target) or (None, None)
    is_titled = _is_titled(described.metadata[link.target][0])
    if is_titled and label and _could_be_title(label) and _label_differs(label, thing):
        return None
    return finding_of(
        CODE, _message(told, link.target, thing),
        document=document, line=link.line, column=column, target=link.target,
    )  # fmt: skip
