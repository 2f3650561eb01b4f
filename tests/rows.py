"""Rows of a report for tests: each says what matters to it, and the rest is as for a target that was not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from enrich.model import (
    Described,
    Element,
    EntryLink,
    Finding,
    Glimpse,
    Metadata,
    Report,
    ReportDocument,
    ReportEntry,
    ReportLink,
    ReportRun,
    ReportSummary,
    ReportTarget,
    ReportWarning,
    Severity,
    Status,
)
from enrich.registry import formats

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)


def report_link(url: str, line: int = 3, **facts: Any) -> ReportLink:
    """A link of ``a.md``."""
    given: dict[str, Any] = {
        "document": "a.md", "column": 7, "written": None, "text": None, "element": Element.INLINE, "image": False,
        "date": None, "used_at": None,
    }  # fmt: skip
    return ReportLink(url=url, line=line, **(given | facts))


def report_target(id_: str, url: str, links: Sequence[ReportLink] = (), **facts: Any) -> ReportTarget:
    """A target; its kind is the beginning of its id unless it is given."""
    given: dict[str, Any] = {
        "kind": id_.partition(":")[0], "parent": None, "stands_for": None, "status": Status.SKIPPED,
        "reason": "offline", "detail": None, "http_status": None, "final_url": None, "checked_at": None,
        "from_cache": False, "attempts": 0, "confirmed": False, "first_failed_at": None, "failed_checks": 0,
        "last_ok_at": None, "suggestion": None, "metadata": None, "metadata_source": None,
        "metadata_fetched_at": None, "metadata_stale": False,
    }  # fmt: skip
    return ReportTarget(id=id_, url=url, links=list(links), **(given | facts))


def asked_target(
    id_: str,
    status: Status = Status.OK,
    reason: str = "http-200",
    *,
    url: str | None = None,
    **more: object,
) -> ReportTarget:
    """A target that was asked and is fine unless told otherwise; its address is its id without ``url:``."""
    url = url or id_.removeprefix("url:")
    facts: dict[str, object] = {
        "kind": "web", "status": status, "reason": reason, "http_status": 200, "checked_at": NOW, "attempts": 1,
        "last_ok_at": NOW,
    }  # fmt: skip
    link = report_link(url, text="label", date="2022-05", used_at=(9, 1))
    return report_target(id_, url, **({"links": [link]} | facts | more))


def made_report(
    *targets: ReportTarget, findings: tuple[Finding, ...] = (), complete: bool = True
) -> Report:
    """A whole report of one document around these rows."""
    by_status = {str(status): sum(one.status is status for one in targets) for status in Status}
    summary = ReportSummary(
        documents=1, documents_skipped=0, links=len(targets), undated_links=0, targets=len(targets), deferred=0,
        by_status=by_status, by_kind={"web": by_status},
        findings={str(s): sum(f.severity is s for f in findings) for s in Severity},
    )  # fmt: skip
    warnings = [] if complete else [ReportWarning(code="network-down", message="the network seems down")]
    run = ReportRun(
        id="r", version="1", started_at=NOW, finished_at=NOW, complete=complete, since="2021-01", until=None,
        requests=3, from_cache=0, warnings=warnings,
    )  # fmt: skip
    link = EntryLink(line=1, url="https://a.example/", target="url:https://a.example/", title=None)
    entry = ReportEntry(
        document="a.md", line=1, section=["S"], number=1, title="E", topics=[], rating=2, article=link,
        papers=[link], code=[], others=[], authors=["A"], abstract=None, remarks=None,
    )  # fmt: skip
    document = ReportDocument(path="a.md", title="T", date="2022-05", date_source="title")
    return Report(
        run=run,
        summary=summary,
        documents=lambda: [document],
        targets=lambda: targets,
        findings=lambda: findings,
        entries=lambda: [entry],
    )


def report_entry(document: str = "a.md", line: int = 9, **facts: Any) -> ReportEntry:
    """An entry that names nothing."""
    given: dict[str, Any] = {
        "section": ["Today"], "number": None, "title": None, "topics": [], "rating": None, "article": None,
        "papers": [], "code": [], "others": [], "authors": [], "abstract": None, "remarks": None,
    }  # fmt: skip
    return ReportEntry(document=document, line=line, **(given | facts))


@dataclass(frozen=True)
class OneEntry:
    """The rows of a run with one entry, of whose targets this is known; each link stands in column 5."""

    entry: ReportEntry
    known: Mapping[str, Metadata]
    label: str | None = None

    def described(self) -> Iterator[Described]:
        names = ("type", "title", "full_name", "description")
        things = {
            id_: Glimpse(*(getattr(metadata, name, None) for name in names))
            for id_, metadata in self.known.items()
        }
        yield Described(self.entry, things)

    def metadata_of(self, ids: Set[str]) -> Mapping[str, tuple[Metadata, str | None]]:
        sources = {"paper": "arxiv", "repository": "github"}
        return {id_: (self.known[id_], sources.get(self.known[id_].type, "page")) for id_ in ids}

    def place_of(self, document: str, line: int, target: str) -> tuple[int, str | None] | None:
        return (5, self.label) if document == self.entry.document else None


def rendered(name: str, made: Report) -> str:
    """A report in one of the formats that there are."""
    return "".join(formats()[name].render(made))
