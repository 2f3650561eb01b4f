"""The rows of the page as its script reads them: short keys, nothing that it does not show.

Addresses are what a browser may open (``h``), or absent; everything else is text. An abstract is most of a row, and
stays, since people search for its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from enrich.model import (
    Article,
    EntryLink,
    Finding,
    Metadata,
    Page,
    Paper,
    ReportDocument,
    ReportEntry,
    ReportTarget,
    Repository,
)
from enrich.text import web_address
from enrich.urls import host_of

ABSTRACT_CHARACTERS = 3000
SPARK_POINTS = 40


def _without_nothing(row: Mapping[str, Any]) -> dict[str, Any]:
    """Absent facts cost a page of twenty thousand rows a third of its size. No stars are a fact."""
    return {key: value for key, value in row.items() if value or (value == 0 and value is not False)}


def _address(url: str) -> str | None:
    address = web_address(url)
    return None if address is None else str(address)


def _spark(stars: Sequence[tuple[date, int]]) -> list[tuple[str, int]] | None:
    """As many points as a small picture has room for, the first and the last among them."""
    if len(stars) < 2:
        return None
    step = -(-len(stars) // SPARK_POINTS)
    return [(f"{day:%Y-%m-%d}", number) for day, number in [*stars[:-1:step], stars[-1]]]


def shown_host(url: str) -> str:
    """The host of an address; half of a surrogate pair, which no parser takes, is none of a name."""
    return host_of(url.encode("utf-8", "replace").decode())


def target_row(target: ReportTarget, stars: Sequence[tuple[date, int]]) -> dict[str, Any]:
    """One target: id, address, verdict, what it stands for, and where it is linked."""
    better = target.suggestion
    return _without_nothing(
        {
            "i": target.id,
            "u": target.url,
            "h": _address(target.url),
            "o": shown_host(target.url),
            "k": target.kind,
            "s": target.status,
            "r": target.reason,
            "d": target.detail,
            "c": target.confirmed,
            "f": target.first_failed_at and target.first_failed_at.date().isoformat(),
            "l": target.last_ok_at and target.last_ok_at.date().isoformat(),
            "g": better and _without_nothing({"u": better.url, "h": _address(better.url)}),
            "w": [
                [link.document, link.line, link.column, link.date or "", link.text or ""]
                for link in target.links
            ],
            **_facts(target.metadata),
            "x": _spark(stars),
        }
    )


def _facts(metadata: Metadata | None) -> dict[str, Any]:
    """Title, by whom, when, in which words; and of a repository how it is doing."""
    match metadata:
        case Article():
            by = [name for name in (metadata.account, metadata.author) if name]
            return {"t": metadata.title, "b": by, "p": (metadata.published_at or "")[:10],
                    "a": metadata.description}  # fmt: skip
        case Paper():
            return {"t": metadata.title, "b": metadata.authors, "p": (metadata.published or "")[:10],
                    "a": (metadata.abstract or "")[:ABSTRACT_CHARACTERS], "v": metadata.journal_ref}  # fmt: skip
        case Repository():
            return {"t": metadata.full_name, "a": metadata.description, "st": metadata.stars, "la": metadata.language,
                    "ar": metadata.archived, "pu": (metadata.pushed_at or "")[:10], "li": metadata.license}  # fmt: skip
        case Page():
            authors = (metadata.citation or {}).get("author", ())
            return {
                "t": metadata.title,
                "b": authors,
                "a": (metadata.description or "")[:ABSTRACT_CHARACTERS],
            }
        case None:
            return {}


def document_row(document: ReportDocument) -> dict[str, Any]:
    return _without_nothing({"p": document.path, "t": document.title, "d": document.date})


def finding_row(finding: Finding) -> dict[str, Any]:
    better = finding.suggestion
    return _without_nothing(
        {
            "c": finding.code,
            "s": finding.severity,
            "m": finding.message,
            "d": finding.document,
            "l": finding.line,
            "o": finding.column,
            "t": finding.target,
            "g": better and _without_nothing({"u": better.url, "h": _address(better.url)}),
        }
    )


def entry_row(entry: ReportEntry) -> dict[str, Any]:
    """One entry; its links name targets by id."""

    def ids(links: Sequence[EntryLink]) -> list[str]:
        return [link.target for link in links]

    return _without_nothing(
        {
            "d": entry.document,
            "l": entry.line,
            "n": entry.number,
            "t": entry.title,
            "se": entry.section,
            "to": entry.topics,
            "ra": entry.rating,
            "ar": entry.article and entry.article.target,
            "pa": [_without_nothing({"i": paper.target, "t": paper.title}) for paper in entry.papers],
            "co": ids(entry.code),
            "ot": ids(entry.others),
            "au": entry.authors,
            "ab": entry.abstract,
            "re": entry.remarks,
        }
    )
