"""RIS of all papers, for reference managers such as Zotero and EndNote."""

from __future__ import annotations

from collections.abc import Iterator

from enrich.model import Format, Report, Shown
from enrich.report._references import Person, Reference, references
from enrich.text import fill, printable

_TYPES = {"article": "JOUR", "conference": "CPAPER", "preprint": "UNPB"}


def render(report: Report) -> Iterator[Shown]:
    for reference in references(report):
        yield fill("TY  - {}\n", printable(_TYPES[reference.sort]))
        for tag, value in _lines(reference):
            if value:
                yield fill("{}  - {}\n", printable(tag), printable(value, limit=20_000))
        yield fill("ER  - \n\n")


def _lines(reference: Reference) -> Iterator[tuple[str, str | None]]:
    yield "ID", reference.key
    yield "TI", reference.title
    for author in reference.authors:
        yield "AU", _name(author)
    first, _, last = (reference.pages or "").partition("--")
    year, month, day = (*(reference.date or "").split("-"), "", "")[:3]
    yield "PY", year
    yield "DA", f"{year}/{month}/{day}/" if month else None
    yield "T2", reference.venue
    yield "VL", reference.volume
    yield "IS", reference.issue
    yield "SP", first
    yield "EP", last
    yield "PB", reference.publisher
    yield "DO", reference.doi
    yield "M1", f"arXiv:{reference.arxiv_id}" if reference.arxiv_id else None
    yield "UR", reference.url
    yield "AB", reference.abstract


def _name(person: Person) -> str:
    return person.family if person.given is None else f"{person.family}, {person.given}"


FORMAT = Format(name="ris", suffix="ris", render=render)
