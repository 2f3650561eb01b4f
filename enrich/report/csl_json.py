"""CSL-JSON of all papers, for pandoc, Zotero and whatever formats citations by a style (CSL 1.0.2, csl-data.json)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from enrich.model import Format, Report, Shown
from enrich.report._references import Person, Reference, references
from enrich.text import fill, json_array, json_row

_TYPES = {"article": "article-journal", "conference": "paper-conference", "preprint": "article"}


def render(report: Report) -> Iterator[Shown]:
    yield from json_array(json_row(_item(reference)) for reference in references(report))
    yield fill("\n")


def _item(reference: Reference) -> dict[str, Any]:
    preprint = reference.sort == "preprint" and reference.arxiv_id is not None
    item = {
        "id": reference.key,
        "type": _TYPES[reference.sort],
        "title": reference.title,
        "author": [_name(author) for author in reference.authors],
        "issued": {"date-parts": [[int(part) for part in reference.date.split("-")]]}
        if reference.date
        else None,
        "container-title": reference.venue,
        "volume": reference.volume,
        "issue": reference.issue,
        "page": reference.pages and reference.pages.replace("--", "-"),
        "publisher": reference.publisher or ("arXiv" if preprint else None),
        "number": f"arXiv:{reference.arxiv_id}" if preprint else None,
        "DOI": reference.doi,
        "URL": reference.url,
        "abstract": reference.abstract,
    }
    return {name: value for name, value in item.items() if value}


def _name(person: Person) -> dict[str, str]:
    if person.given is None:
        return {"literal": person.family}
    return {"family": person.family, "given": person.given}


FORMAT = Format(name="csl-json", suffix="csl.json", render=render)
