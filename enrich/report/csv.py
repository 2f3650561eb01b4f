"""CSV (RFC 4180): one link a line, for spreadsheets.

The mark at the beginning is for Excel, which takes a file without one for the code page of the country, so that
Chinese becomes rubbish. Cells that a spreadsheet would take for a formula begin with an apostrophe.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from enrich.model import (
    Article,
    Format,
    Metadata,
    Page,
    Paper,
    Report,
    ReportLink,
    ReportTarget,
    Repository,
    Shown,
)
from enrich.text import csv_cell, fill, joined

COLUMNS = (
    "document", "line", "column", "date", "text", "url",
    "kind", "status", "reason", "detail", "suggestion", "title", "by", "published", "stars", "archived",
    "confirmed", "first_failed_at", "last_ok_at", "checked_at", "target",
)  # fmt: skip


def render(report: Report) -> Iterator[Shown]:
    yield fill("\ufeff{}\n", joined(",", map(csv_cell, COLUMNS)))
    for target in report.targets():
        known = joined(",", map(_cell, _of_target(target)))
        for link in target.links:
            yield fill("{},{}\n", joined(",", map(_cell, _of_link(link))), known)


_Value = str | int | datetime | None


def _cell(value: _Value) -> Shown:
    """Numbers as numbers, *true* and *false* as these words, everything else quoted."""
    match value:
        case None:
            return fill("")
        case bool():
            return csv_cell("true" if value else "false")
        case int():
            return fill("{}", value)
        case datetime():
            return fill("{:%Y-%m-%dT%H:%M:%SZ}", value)
        case _:
            return csv_cell(value)


def _of_link(link: ReportLink) -> tuple[_Value, ...]:
    return (link.document, link.line, link.column, link.date, link.text, link.url)


def _of_target(target: ReportTarget) -> tuple[_Value, ...]:
    return (
        target.kind,
        target.status,
        target.reason,
        target.detail,
        target.suggestion.url if target.suggestion else None,
        *_of_metadata(target.metadata),
        target.confirmed,
        target.first_failed_at,
        target.last_ok_at,
        target.checked_at,
        target.id,
    )


def _of_metadata(metadata: Metadata | None) -> tuple[_Value, ...]:
    """Title, who made it, when it appeared, stars, whether it is archived."""
    match metadata:
        case Article():
            return (metadata.title, metadata.account, metadata.published_at, None, None)
        case Paper():
            return (metadata.title, "; ".join(metadata.authors), metadata.published, None, None)
        case Repository():
            described = metadata.description or metadata.full_name
            return (described, metadata.full_name, metadata.created_at, metadata.stars, metadata.archived)
        case Page():
            return (
                metadata.title,
                "; ".join((metadata.citation or {}).get("author", ())),
                None,
                None,
                None,
            )
        case None:
            return (None,) * 5


FORMAT = Format(name="csv", suffix="csv", render=render)
