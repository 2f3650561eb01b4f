"""Markdown: a step summary of a CI job, or a page in a repository.

What to do comes first, tables after. Nothing foreign stays active in it: no link but to http and https,
no HTML, no mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from enrich.changes import title_of
from enrich.model import (
    Article,
    Finding,
    Format,
    Metadata,
    Paper,
    Report,
    ReportTarget,
    Repository,
    Severity,
    Shown,
    Status,
)
from enrich.report._findings import SEVERITIES, is_let_through, place
from enrich.report.text import asides, banner, headline
from enrich.report.words import words
from enrich.text import fill, joined, markdown, markdown_code, markdown_link

# A step summary of GitHub Actions holds at most 1 MiB.
MAX_CHARACTERS = 300_000
# More rows never fit.
MOST_ROWS = MAX_CHARACTERS // 20
LONGEST_TITLE = 400
_TITLES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "let_through"}


def _table(heading: Iterable[str], rows: Iterable[Iterable[Shown]]) -> Iterator[Shown]:
    names = [markdown(name) for name in heading]
    yield fill("| {} |\n|{}\n", joined(" | ", names), joined("", [fill(" --- |")] * len(names)))
    for row in rows:
        yield fill("| {} |\n", joined(" | ", row))


def _counts(kind: str, counts: Mapping[str, int]) -> list[Shown]:
    return [markdown(kind), *(fill("{}", counts[status]) for status in Status)]


def _summary(report: Report) -> Iterator[Shown]:
    told = words(report.language)
    for line in banner(report, report.language):
        yield fill("> **{}**\n\n", markdown(line))
    title = f"{told['title']}{told['colon']}{headline(report, report.language)}"
    yield fill("# {}\n\n", markdown(title, LONGEST_TITLE))
    heading = [told["kind"], *(told[f"status:{status}"] for status in Status)]
    yield from _table(heading, (_counts(*row) for row in report.summary.by_kind.items()))
    yield fill("\n")


def _findings(report: Report) -> Iterator[Shown]:
    told = words(report.language)
    for severity in SEVERITIES:
        if number := _number(report, severity):
            chosen = (
                finding
                for finding in report.findings()
                if finding.severity is severity and _is_told(finding)
            )
            fitting = list(islice(chosen, MOST_ROWS))
            wanted = {finding.target for finding in fitting}
            urls = {target.id: target.url for target in report.targets() if target.id in wanted}
            yield fill("## {} ({})\n\n", markdown(told[_TITLES[severity]]), number)
            heading = [told["where"], told["what"], told["address"], told["to_do"]]
            yield from _table(heading, (_finding(one, urls) for one in fitting))
            yield fill("\n")


def _is_told(finding: Finding) -> bool:
    return finding.severity is not Severity.NOTE or is_let_through(finding)


def _number(report: Report, severity: Severity) -> int:
    if severity is not Severity.NOTE or not report.summary.findings[severity]:
        return report.summary.findings[severity]
    return sum(map(is_let_through, report.findings()))


def _finding(finding: Finding, urls: dict[str, str]) -> list[Shown]:
    url = urls.get(finding.target or "")
    return [
        markdown(place(finding)),
        markdown_code(finding.code),
        fill("") if url is None else markdown_link(url),
        markdown(finding.message),
    ]


def _facts(metadata: Metadata | None, told: Mapping[str, str]) -> str:
    match metadata:
        case Article():
            parts = [metadata.account, (metadata.published_at or "")[:10]]
        case Paper():
            authors = ", ".join(metadata.authors[:3]) + (" …" if len(metadata.authors) > 3 else "")
            parts = [authors, (metadata.published or "")[:10]]
        case Repository():
            starred = told["stars_one" if metadata.stars == 1 else "stars"]
            stars = None if metadata.stars is None else starred.format(number=metadata.stars)
            parts = [stars, metadata.language, told["archived"] if metadata.archived else None]
        case _:
            parts = []
    return ", ".join(part for part in parts if part)


def _target(target: ReportTarget, told: Mapping[str, str]) -> list[Shown]:
    return [
        markdown_code(target.status),
        markdown_link(target.url),
        markdown(title_of(target.metadata) or ""),
        markdown(_facts(target.metadata, told)),
    ]


def _targets(report: Report) -> Iterator[Shown]:
    told = words(report.language)
    yield fill("## {}\n\n", markdown(told["all_targets"]))
    asked = (_target(target, told) for target in report.targets() if target.status is not Status.SKIPPED)
    yield from _table([told["status"], told["address"], told["name"], told["facts"]], asked)


def _pieces(report: Report) -> Iterator[Shown]:
    yield from _summary(report)
    yield from _findings(report)
    for told in asides(report):
        yield fill("{}.\n\n", markdown(told))
    yield from _targets(report)


def render(report: Report) -> Iterator[Shown]:
    """The report, cut at a row where it would grow beyond what a step summary holds."""
    written = 0
    for piece in _pieces(report):
        written += len(piece)
        if written > MAX_CHARACTERS:
            yield fill("\n{}\n", markdown(words(report.language)["more"]))
            return
        yield piece


FORMAT = Format(name="markdown", suffix="md", render=render)
