"""BibTeX of all papers, in UTF-8, which BibLaTeX and BibTeX of today read.

Titles stand in double braces, so that no style makes small letters of names and abbreviations. Formulas of the form
``$…$``, which arXiv's titles hold, stay formulas.
"""

from __future__ import annotations

from collections.abc import Iterator

from enrich.model import Format, Report, Shown
from enrich.report._references import Person, Reference, references
from enrich.text import bibtex, fill, joined, printable

_TYPES = {"article": "article", "conference": "inproceedings", "preprint": "misc"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def render(report: Report) -> Iterator[Shown]:
    for reference in references(report):
        yield fill("@{}{{{},\n", printable(_TYPES[reference.sort]), printable(reference.key))
        for name, value in _fields(reference):
            yield fill("  {} = {},\n", printable(name), value)
        yield fill("}}\n\n")


def _fields(reference: Reference) -> Iterator[tuple[str, Shown]]:
    yield "title", fill("{{{{{}}}}}", bibtex(reference.title))
    if reference.authors:
        yield "author", fill("{{{}}}", joined(" and ", map(_name, reference.authors)))
    year, _, rest = (reference.date or "").partition("-")
    plain = {
        "year": year,
        "booktitle" if reference.sort == "conference" else "journal": reference.venue,
        "volume": reference.volume,
        "number": reference.issue,
        "pages": reference.pages,
        "publisher": reference.publisher,
        "doi": reference.doi,
        "eprint": reference.arxiv_id,
        "archiveprefix": "arXiv" if reference.arxiv_id else None,
        "primaryclass": reference.category,
        "url": reference.url,
        "abstract": reference.abstract,
    }
    for name, value in plain.items():
        if value:
            yield name, fill("{{{}}}", bibtex(value))
    if rest:
        yield "month", printable(_MONTHS[int(rest[:2]) - 1])


def _name(person: Person) -> Shown:
    """Braces around a whole name keep it from being taken apart."""
    if person.given is None:
        return fill("{{{}}}", bibtex(person.family))
    return fill("{}, {}", bibtex(person.family), bibtex(person.given))


FORMAT = Format(name="bibtex", suffix="bib", render=render)
