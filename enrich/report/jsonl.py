"""One target a line, as in the JSON report: for tools that read a line at a time."""

from __future__ import annotations

from collections.abc import Iterator

from enrich.model import Format, Report, Shown
from enrich.text import fill, json_row


def render(report: Report) -> Iterator[Shown]:
    for target in report.targets():
        yield fill("{}\n", json_row(target))


FORMAT = Format(name="jsonl", suffix="jsonl", render=render)
