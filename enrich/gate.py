"""What fails a check: what is wrong by the policy, less what is accepted, less what was there before.

The three are asked in this order. Whatever is let through is not hidden: it is reported as a note that begins with the
reason, so that every format lists it and none fails on it.

Two sorts of links are brought by a change although their lines are old. A note that moves to another folder takes its
relative links along, which then lead elsewhere; and a file that is renamed or deleted, or a heading that gets another
name, breaks the links to it in notes that nobody touched. So a path or an anchor that is missing now and was there at
the merge base counts as new, wherever the link stands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote_to_bytes

from enrich.baseline import Baseline, Settled, load, written
from enrich.config import Settings, check_place
from enrich.decoding import decode
from enrich.discovery import STDIN, Place
from enrich.documents import type_of
from enrich.errors import UsageError
from enrich.files import KIND_NAME, PREFIX, is_among
from enrich.findings import Policy, Weighed
from enrich.git_changes import DocumentChange, changes_of
from enrich.model import (
    ACCEPTED,
    BEFORE,
    Finding,
    ReportLink,
    ReportTarget,
    ReportWarning,
    Severity,
    Shown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decides about each finding of a run. ``changes`` are by the path of a document as shown."""

    policy: Policy
    baseline: Baseline | None = None
    changes: Mapping[str, DocumentChange] | None = None
    is_whole: bool = True

    @classmethod
    def of(cls, settings: Settings, places: Iterable[Place], today: date, *, is_check: bool) -> Gate:
        """The gate of a run; UsageError for options that do not go together, a baseline, or a base that is none."""
        _check_options(settings)
        return cls(
            policy=Policy.of(settings, is_check),
            baseline=_baseline(settings, today),
            changes=None if settings["diff"] is None else _changes(settings["diff"], places),
            is_whole=not (settings["kind"] or settings["since"] or settings["until"]),
        )

    def saw(self, target: ReportTarget) -> None:
        """Take note of a target, of which there may be no finding."""
        if self.baseline is not None:
            self.baseline.saw(target)

    def judged(self, finding: Finding, target: ReportTarget | None) -> Weighed | None:
        """A finding as it is to be reported, if it is, and whether it fails the command."""
        weighed = self.policy.weighed(finding, target)
        if weighed is None or weighed.finding.severity is Severity.NOTE:
            return weighed
        if weighed.fails and self.baseline is not None:
            day = self.baseline.accepted_on(finding)
            if day is not None:
                return _let_through(weighed, f"{ACCEPTED} {day}")
        if self.changes is None or _is_new(weighed.finding, target, self.changes):
            return weighed
        return _let_through(weighed, BEFORE)

    def settled(self, read: Iterable[str]) -> Settled | None:
        """What became of the baseline, once all findings were judged."""
        return None if self.baseline is None else self.baseline.settled(read, is_whole=self.is_whole)

    def remarks(self, settled: Settled | None) -> list[ReportWarning]:
        """What is to be said of the baseline."""
        if settled is None or self.baseline is None:
            return []
        if self.baseline.today is not None:
            told = f"the baseline holds {len(settled.kept)}, of which {settled.new} are new; {settled.stale} dropped"
            return [ReportWarning(code="baseline-updated", message=told)]
        if not settled.stale:
            return []
        told = f"of the links in the baseline {settled.stale} work again or are gone; --update-baseline drops them"
        return [ReportWarning(code="baseline-stale", message=told)]


def baseline_text(gate: Gate, settled: Settled | None) -> Iterable[Shown] | None:
    """What is to be written to the baseline's file, if it is."""
    if settled is None or gate.baseline is None or gate.baseline.today is None:
        return None
    return written(settled.kept)


def _check_options(settings: Settings) -> None:
    if settings["update_baseline"] and settings["baseline"] is None:
        raise UsageError(
            "--update-baseline: goes with --baseline FILE, which names the file that is to be written"
        )
    if settings["update_baseline"] and settings["diff"] is not None:
        raise UsageError(
            "--update-baseline: a baseline is of all links, not of those that a change brought; leave --diff out"
        )


def _baseline(settings: Settings, today: date) -> Baseline | None:
    if settings["baseline"] is None:
        return None
    check_place("--baseline", settings["baseline"])
    updates = settings["update_baseline"]
    entries = load(Path(settings["baseline"]), may_be_missing=updates)
    return Baseline.of(entries, today if updates else None)


def _changes(base: str, places: Iterable[Place]) -> dict[str, DocumentChange]:
    files = ((Path(place.file), place.root, place.shown) for place in places if place.shown != STDIN)
    return changes_of(base, files)


def _let_through(weighed: Weighed, why: str) -> Weighed:
    finding = weighed.finding
    lowered = replace(finding, severity=Severity.NOTE, message=f"{why}; {finding.message}")
    return Weighed(lowered, fails=False)


# --- what a change brought --------------------------------------------------------------------------


def _is_new(finding: Finding, target: ReportTarget | None, changes: Mapping[str, DocumentChange]) -> bool:
    """Whether a finding is about what the change did. What is about no document is about the run, and stays as it is."""
    if finding.document in (None, STDIN):
        return True
    change = changes.get(finding.document or "")
    if change is None:
        # It lies in a repository inside this one, of which the change has only the number of a commit.
        return False
    links = _links_at(finding, target)
    uses = [link.used_at[0] for link in links if link.used_at is not None]
    if finding.line is None:
        return change.lines is None or bool(change.lines)
    if change.brought([finding.line, *uses]):
        return True
    is_missing = target is not None and target.kind == KIND_NAME and finding.code == target.reason
    return is_missing and any(_was_there(link, finding, change) for link in links)


def _links_at(finding: Finding, target: ReportTarget | None) -> list[ReportLink]:
    place = (finding.document, finding.line, finding.column)
    links = target.links if target is not None else ()
    return [link for link in links if (link.document, link.line, link.column) == place]


def _was_there(link: ReportLink, finding: Finding, change: DocumentChange) -> bool:
    """Whether a link inside the collection that leads nowhere led somewhere before the change."""
    name = _name_before(link, finding, change)
    if name is None:
        return False
    if finding.code == "anchor-missing":
        return _had_anchor(name, link.url.partition("#")[2], change)
    return change.repository.had(name)


def _name_before(link: ReportLink, finding: Finding, change: DocumentChange) -> str | None:
    """What a link led to before the change, from the top of the repository; None for what lies outside of it."""
    path = _text_of(link.url.strip().partition("#")[0].partition("?")[0])
    if not path:
        return change.before
    if not path.startswith("/") and change.before != change.name:
        return change.place_before(path)
    shown = _text_of((finding.target or "").removeprefix(PREFIX).partition("#")[0])
    place = Path(os.path.realpath(shown))
    top = change.repository.top
    return place.relative_to(top).as_posix() if place.is_relative_to(top) else None


def _text_of(quoted: str) -> str:
    return os.fsdecode(unquote_to_bytes(quoted))


def _had_anchor(name: str, fragment: str, change: DocumentChange) -> bool:
    """Whether a document had a heading or id of this name before the change."""
    anchors = type_of(name).anchors
    if anchors is None or not change.repository.touched(name):
        return False
    text = change.repository.text_before(name)
    return text is not None and is_among(anchors(decode(text).text), fragment)
