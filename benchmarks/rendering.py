"""Reports: how long a great one takes to write, as the JSON of the contract and as the page.

Against the standard library's JSON encoder on the same rows, since no other program writes such a report: so much
more than plain encoding does it cost to leave secrets out and to keep output harmless.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median

import msgspec

from enrich.model import (
    Article,
    Element,
    Metadata,
    Page,
    Paper,
    Report,
    ReportDocument,
    ReportLink,
    ReportRun,
    ReportSummary,
    ReportTarget,
    Repository,
    Severity,
    Status,
)
from enrich.registry import formats

TARGETS = 100_000
QUICK_TARGETS = 500
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = (
    "sparse",
    "graph",
    "attention",
    "image",
    "network",
    "学习",
    "检测",
    "分割",
    "transformer",
    "robust",
    "图像",
    "视频",
)


def measure(count: int, runs: int) -> dict[str, float]:
    """Median seconds of processor for each form of a report of so many targets."""
    rows = list(_targets(count))
    made = _report(rows)
    forms: dict[str, Callable[[], object]] = {
        "json": lambda: sum(map(len, formats()["json"].render(made))),
        "html": lambda: sum(map(len, formats()["html"].render(made))),
        "plain encoding": lambda: [len(json.dumps(msgspec.to_builtins(row))) for row in rows],
    }
    found: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(runs):
        for name, form in forms.items():
            begin = time.process_time()
            form()
            found[name].append(time.process_time() - begin)
    return {name: median(seconds) for name, seconds in found.items()}


def table(count: int, measured: dict[str, float]) -> str:
    plain = measured["plain encoding"]
    rows = [f"| {name} | {seconds:.2f} s | {seconds / plain:.2f} |" for name, seconds in measured.items()]
    head = ["| | processor | ratio to plain encoding |", "|---|---|---|"]
    return "\n".join([f"A report of {count:,} targets:", "", *head, *rows])


def _targets(count: int) -> Sequence[ReportTarget]:
    dice = random.Random(1)  # noqa: S311 - the same rows every time, and no secret
    return [_target(number, dice) for number in range(count)]


def _target(number: int, dice: random.Random) -> ReportTarget:
    host, metadata = dice.choice(
        [
            ("mp.weixin.qq.com", _article),
            ("arxiv.org", _paper),
            ("github.com", _repository),
            (f"site{number % 300}.example", _page),
        ]
    )
    url = f"https://{host}/{number}"
    link = ReportLink(
        document=f"notes/{number % 144:03}.md", line=number % 300 + 1, column=7, url=url, written=None,
        text=_text(dice, 5), element=Element.INLINE, image=False, date="2022-05", used_at=None,
    )  # fmt: skip
    return ReportTarget(
        id=f"url:https://{number:07}", url=url, kind="web", parent=None, stands_for=None, status=Status.OK,
        reason="http-200",
        detail=None, http_status=200, final_url=None, checked_at=_NOW, from_cache=False, attempts=1, confirmed=False,
        first_failed_at=None, failed_checks=0, last_ok_at=_NOW, suggestion=None, metadata=metadata(dice),
        metadata_source="page", metadata_fetched_at=_NOW, metadata_stale=False, links=[link],
    )  # fmt: skip


def _text(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(_WORDS, k=words))


def _article(dice: random.Random) -> Metadata:
    return Article(title=_text(dice, 6), account=_text(dice, 1), description=_text(dice, 20))


def _paper(dice: random.Random) -> Metadata:
    return Paper(
        arxiv_id="2205.00001", title=_text(dice, 9), authors=("A B", "C D"), abstract=_text(dice, 150)
    )


def _repository(dice: random.Random) -> Metadata:
    return Repository(
        full_name="o/r", description=_text(dice, 10), stars=dice.randrange(90_000), language="Python"
    )


def _page(dice: random.Random) -> Metadata:
    return Page(title=_text(dice, 7), description=_text(dice, 15))


def _report(rows: Sequence[ReportTarget]) -> Report:
    counts = {str(status): sum(row.status is status for row in rows) for status in Status}
    run = ReportRun(
        id="r", version="1", started_at=_NOW, finished_at=_NOW, complete=True, since=None, until=None, requests=0,
        from_cache=0, warnings=[],
    )  # fmt: skip
    summary = ReportSummary(
        documents=144, documents_skipped=0, links=len(rows), undated_links=0, targets=len(rows), deferred=0,
        by_status=counts, by_kind={"web": counts}, findings={str(severity): 0 for severity in Severity},
    )  # fmt: skip
    names = [f"notes/{number:03}.md" for number in range(144)]
    documents = [
        ReportDocument(path=name, title=None, date="2022-05", date_source="path") for name in names
    ]
    return Report(
        run=run,
        summary=summary,
        documents=lambda: documents,
        targets=lambda: rows,
        findings=list,
        entries=list,
    )
