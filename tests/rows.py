"""Rows of a report for tests: each says what matters to it, and the rest is as for a target that was not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from enrich.model import (
    Described,
    Element,
    Glimpse,
    Metadata,
    ReportEntry,
    ReportLink,
    ReportTarget,
    Status,
)


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
