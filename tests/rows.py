"""Rows of a report for tests: each says what matters to it, and the rest is as for a target that was not asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from enrich.model import Element, ReportEntry, ReportLink, ReportTarget, Status


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


def report_entry(document: str = "a.md", line: int = 9, **facts: Any) -> ReportEntry:
    """An entry that names nothing."""
    given: dict[str, Any] = {
        "section": ["Today"], "number": None, "title": None, "topics": [], "rating": None, "article": None,
        "papers": [], "code": [], "others": [], "authors": [], "abstract": None, "remarks": None,
    }  # fmt: skip
    return ReportEntry(document=document, line=line, **(given | facts))
