"""Papers as bibliographies know them, from what arXiv, publishers' pages and DOI registries say.

A published paper is cited as published: with its venue and DOI. Keys depend on the paper alone, so that a paper that
is added to the notes never renames another one in somebody's manuscript.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from enrich.model import Page, Paper, Report

Sort = Literal["article", "conference", "preprint"]

_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_DATE = re.compile(
    r"((?:19|20)[0-9]{2})(?:[-/.](0?[1-9]|1[0-2])(?:[-/.](0?[1-9]|[12][0-9]|3[01]))?)?(?![0-9])"
)
_CONFERENCE = re.compile(
    r"\b(?:proc(?:eedings|\.)|conference|workshop|symposium|aaai|acl|acm mm|accv|bmvc|coling|cvpr|eccv|emnlp|iccv|iclr"
    r"|icml|icra|icassp|ijcai|interspeech|iros|kdd|miccai|naacl|neurips|nips|sigir|wacv|www(?!\.))\b",
    re.IGNORECASE,
)
# Belong to the family name: "van den Oord", "de Freitas".
_PARTICLES = frozenset({"al", "bin", "da", "de", "del", "della", "den", "der", "di", "du", "la", "le", "ten", "ter",
                        "van", "von", "zu"})  # fmt: skip
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
_SKIPPED_WORDS = frozenset({"a", "an", "the", "on", "in", "of", "for", "to", "and", "towards", "toward"})


@dataclass(frozen=True, slots=True)
class Person:
    """A name in its parts; without ``given`` it is written as a whole, as Chinese and company names are."""

    family: str
    given: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One work. ``date`` is ``2022``, ``2022-05`` or ``2022-05-10``; ``venue`` a journal or proceedings."""

    key: str
    sort: Sort
    title: str
    authors: tuple[Person, ...]
    url: str
    date: str | None = None
    venue: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    publisher: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    category: str | None = None
    abstract: str | None = None


def references(report: Report) -> Iterator[Reference]:
    """Every paper of a report once: arXiv's, and pages that say that they are one; by target."""
    known: set[str] = set()
    for target in report.targets():
        match target.metadata:
            case Paper() as paper:
                found = of_paper(paper)
            case Page(citation=citation) if citation and citation.get("title"):
                found = of_page(citation, target.url)
            case _:
                continue
        names = {name.lower() for name in (found.doi, found.arxiv_id) if name} or {found.key}
        if not names & known:
            yield found
        known |= names


def of_paper(paper: Paper) -> Reference:
    """An arXiv paper; with a journal reference or a DOI it counts as published there."""
    authors = tuple(map(person, paper.authors))
    published = _date(paper.published)
    venue = paper.journal_ref
    year = _last_year(venue) or (published or "")[:4]
    title = paper.title or f"arXiv:{paper.arxiv_id}"
    return Reference(
        key=_key(authors, (published or "")[:4], title, paper.arxiv_id),
        sort=_sort(venue) if venue else "article" if paper.doi else "preprint",
        title=title,
        authors=authors,
        url=f"https://arxiv.org/abs/{paper.arxiv_id}",
        date=published if year == (published or "")[:4] else year,
        venue=venue,
        doi=paper.doi,
        arxiv_id=paper.arxiv_id,
        category=paper.primary_category,
        abstract=paper.abstract,
    )


def of_page(citation: Mapping[str, tuple[str, ...]], url: str) -> Reference:
    """A paper by the Highwire facts of its page, of which all but the title may be missing."""

    def first(*names: str) -> str | None:
        return next((citation[name][0] for name in names if citation.get(name)), None)

    authors = tuple(person(name) for name in citation.get("author", ()) if name.strip())
    date = _date(first("publication_date", "date", "online_date", "year"))
    title = first("title") or url
    venue = first("journal_title", "conference_title", "conference", "inbook_title")
    doi = (first("doi") or "").removeprefix("doi:").removeprefix("https://doi.org/").strip() or None
    is_talk = bool(first("conference_title", "conference", "inbook_title"))
    return Reference(
        key=_key(
            authors,
            (date or "")[:4],
            title,
            doi or hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:8],
        ),
        sort="conference" if is_talk else _sort(venue) if venue else "article" if doi else "preprint",
        title=title,
        authors=authors,
        url=url,
        date=date,
        venue=venue,
        volume=first("volume"),
        issue=first("issue"),
        pages="--".join(filter(None, [first("firstpage"), first("lastpage")])) or None,
        publisher=first("publisher"),
        doi=doi,
        arxiv_id=first("arxiv_id"),
        abstract=first("abstract"),
    )


def person(name: str) -> Person:
    """A name as arXiv ("Aäron van den Oord") or a publisher ("Oord, Aäron van den") writes it."""
    family, comma, given = " ".join(name.split()).partition(",")
    if comma:
        return Person(family.strip(), given.strip() or None)
    words = family.split()
    if len(words) < 2 or not any(character.isascii() for word in words for character in word):
        return Person(family)
    end = len(words) - (2 if words[-1].lower() in _SUFFIXES and len(words) > 2 else 1)
    while end > 1 and words[end - 1].lower() in _PARTICLES:
        end -= 1
    return Person(" ".join(words[end:]), " ".join(words[:end]))


def _sort(venue: str) -> Sort:
    return "conference" if _CONFERENCE.search(venue) else "article"


def _last_year(venue: str | None) -> str | None:
    """The year of a journal reference, which stands at its end: "Phys. Rev. 1999, 12 (2016)" is of 2016."""
    years = _YEAR.findall(venue or "")
    return years[-1] if years else None


def _date(written: str | None) -> str | None:
    """``2020/5/7``, ``2020-05`` or ``7 May 2020`` as far as it can be told: whole dates, months, years."""
    if written is None:
        return None
    if parts := _DATE.match(written.strip()):
        return "-".join(f"{int(part):02}" for part in parts.groups() if part)
    year = _YEAR.search(written)
    return year[0] if year else None


def _key(authors: tuple[Person, ...], year: str, title: str, number: str) -> str:
    """``he2015deep-1512.03385``: to be read, and unique by the number whatever else is in the notes."""
    family = _plain(authors[0].family) if authors else ""
    words = (_plain(word) for word in title.split())
    word = next((word for word in words if word and word not in _SKIPPED_WORDS), "")
    readable = f"{family}{year}{word}" if family else ""
    return f"{readable}-{_key_part(number)}".lstrip("-")


def _plain(text: str) -> str:
    """The Latin letters and digits of a text, without accents, small."""
    bare = unicodedata.normalize("NFKD", text[:200]).lower()
    return "".join(character for character in bare if character.isascii() and character.isalnum())[:40]


def _key_part(number: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", ".", number).strip(".")[:80]
