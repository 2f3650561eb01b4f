"""One target a line, as in the JSON report: for tools that read a line at a time."""

from __future__ import annotations

from collections.abc import Iterator

from enrich.codec import encode
from enrich.model import Format, Report
from enrich.text import redact


def render(report: Report) -> Iterator[str]:
    for target in report.targets():
        yield redact(encode(target).decode()) + "\n"


FORMAT = Format(name="jsonl", suffix="jsonl", render=render)
