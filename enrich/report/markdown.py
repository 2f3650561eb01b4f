"""Markdown: a step summary of a CI job, or a page in a repository.

What to do comes first, tables after. Nothing foreign stays active in it: no link but to http and https,
no HTML, no mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from enrich.model import (
    Article,
    Finding,
    Format,
    Metadata,
    Page,
    Paper,
    Report,
    ReportTarget,
    Repository,
    Severity,
    Status,
)
from enrich.report.text import banner, headline, place
from enrich.text import markdown, redact
from enrich.urls import is_web

# A step summary of GitHub Actions holds at most 1 MiB.
MAX_CHARACTERS = 300_000
_SEVERITIES = ((Severity.ERROR, "To put right"), (Severity.WARNING, "Worth a look"))


def _link(url: str) -> str:
    """An address as a link that shows itself; other schemes stay text."""
    if not is_web(url):
        return markdown(url)
    target = quote(redact(url), safe="/:?&=#%+,;@!$'*~[]-._").replace("|", "%7C").replace("[", "%5B")
    return f"[{markdown(url, 80)}](<{target.replace(']', '%5D')}>)"


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(heading)
    yield f"| {' | '.join(names)} |\n|{' --- |' * len(names)}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def _summary(report: Report) -> Iterator[str]:
    for line in banner(report):
        yield f"> **{markdown(line)}**\n\n"
    yield f"# Links: {markdown(headline(report))}\n\n"
    statuses = list(Status)
    rows = (
        [kind, *(str(counts[status]) for status in statuses)]
        for kind, counts in report.summary.by_kind.items()
    )
    yield from _table(["kind", *statuses], rows)
    yield "\n"


def _findings(findings: list[Finding], urls: dict[str, str]) -> Iterator[str]:
    for severity, title in _SEVERITIES:
        chosen = [finding for finding in findings if finding.severity is severity]
        if chosen:
            yield f"## {title} ({len(chosen)})\n\n"
            rows = (
                [
                    markdown(place(finding)),
                    f"`{finding.code}`",
                    _link(urls[finding.target]) if finding.target in urls else "",
                    markdown(finding.message),
                ]
                for finding in chosen
            )
            yield from _table(["where", "what", "link", "what to do"], rows)
            yield "\n"


def title_of(metadata: Metadata | None) -> str | None:
    """The one line that says what a target is."""
    match metadata:
        case Article() | Paper() | Page():
            return metadata.title
        case Repository():
            return metadata.full_name
        case None:
            return None


def _facts(metadata: Metadata | None) -> str:
    match metadata:
        case Article():
            parts = [metadata.account, (metadata.published_at or "")[:10]]
        case Paper():
            authors = ", ".join(metadata.authors[:3]) + (" …" if len(metadata.authors) > 3 else "")
            parts = [authors, (metadata.published or "")[:10]]
        case Repository():
            stars = None if metadata.stars is None else f"{metadata.stars} stars"
            parts = [stars, metadata.language, "archived" if metadata.archived else None]
        case _:
            parts = []
    return ", ".join(part for part in parts if part)


def _targets(targets: Iterable[ReportTarget]) -> Iterator[str]:
    rows = (
        [
            f"`{target.status}`",
            _link(target.url),
            markdown(title_of(target.metadata) or ""),
            markdown(_facts(target.metadata)),
        ]
        for target in targets
        if target.status is not Status.SKIPPED
    )
    yield "## All targets\n\n"
    yield from _table(["status", "link", "title", "facts"], rows)


def _pieces(report: Report) -> Iterator[str]:
    urls = {target.id: target.url for target in report.targets()}
    yield from _summary(report)
    yield from _findings(list(report.findings()), urls)
    yield from _targets(report.targets())


def render(report: Report) -> Iterator[str]:
    """The report, cut at a row where it would grow beyond what a step summary holds."""
    written = 0
    for piece in _pieces(report):
        written += len(piece)
        if written > MAX_CHARACTERS:
            yield "\n… and more: the JSON report has all of it.\n"
            return
        yield piece


FORMAT = Format(name="markdown", suffix="md", render=render)
