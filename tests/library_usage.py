"""How programs use enrich, for the type checker alone: nobody runs this."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import assert_type

import enrich


class Counter(enrich.LogObserver):
    """An observer that cares for warnings alone."""

    def warned(self, message: str) -> None:
        assert_type(message, str)


def links() -> list[enrich.Link]:
    return enrich.extract("a text", path="a.md", relative=True)


def checked(folder: Path) -> bool:
    report = enrich.check(folder, "README.md", since=date(2021, 1, 1), deadline=timedelta(minutes=5))
    assert_type(report, enrich.Report)
    assert_type(report.failed, bool | None)
    return bool(report.failed)


def stars(report: enrich.Report) -> dict[str, int]:
    found = {}
    for target in report.targets:
        assert_type(target, enrich.ReportTarget)
        if isinstance(target.metadata, enrich.Repository) and target.metadata.stars is not None:
            found[target.metadata.full_name] = target.metadata.stars
    return found


async def twins(options: enrich.Options) -> enrich.Changes:
    before = await enrich.run_async("notes", observer=Counter(), **options)
    after = await enrich.check_async(Path("notes"), kind={"arxiv", "github"}, config=False, wait="10m")
    return after.changes_since(before)


def severe(report: enrich.Report) -> list[enrich.Finding]:
    return [finding for finding in report.findings if finding.severity is enrich.Severity.ERROR]


def wrong() -> None:
    enrich.run("notes", tomeout=1)  # type: ignore[call-arg]
    enrich.run("notes", timeout="soon")  # type: ignore[arg-type]
    enrich.run("notes", exclude=[re.compile("x")])  # type: ignore[list-item]
    enrich.run(3)  # type: ignore[arg-type]
    enrich.nobody()  # type: ignore[attr-defined]
