"""What of a report deserves a person's attention, and what fails a check."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from enrich.config import Settings
from enrich.model import Finding, Past, ReportTarget, Repository, Severity, Status
from enrich.registry import finding_of, kinds, reason_of
from enrich.store.history import ALIVE, UNSTABLE_CHANGES, UNSTABLE_WITHIN

# Reasons of links that a person has excluded, or that stand in code: nothing is said about their addresses.
UNMENTIONED = frozenset({"excluded", "code"})


# The beginning of an id inside the collection; its path is that of documents as shown.
_INSIDE = "file:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What fails, what is a warning at most, and what is not reported, by status, reason or finding."""

    fail_on: frozenset[str]
    warn_on: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings, is_check: bool) -> Policy:
        default = ("broken",) if is_check else ()
        fail_on = settings["fail_on"] if settings["fail_on"] is not None else default
        return cls(
            fail_on=frozenset(fail_on),
            warn_on=frozenset(settings["warn_on"]),
            ignore=frozenset(settings["ignore"]),
        )

    def fails(self, target: ReportTarget) -> bool:
        words = words_of(target)
        return bool(words & self.fail_on) and not words & (self.ignore | self.warn_on - self.fail_on)

    def applied(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings to report, with their severities."""
        return (self._weighed(finding) for finding in findings if finding.code not in self.ignore)

    def _weighed(self, finding: Finding) -> Finding:
        if finding.code in self.fail_on:
            return replace(finding, severity=Severity.ERROR)
        if finding.code in self.warn_on:
            return replace(finding, severity=Severity.WARNING)
        return finding


def words_of(target: ReportTarget) -> frozenset[str]:
    """The words by which a target can be selected: its status, its reason, and ``confirmed``."""
    return frozenset({target.status, target.reason, *(["confirmed"] if target.confirmed else [])})


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """What findings are sorted by: their place, then their code."""
    return (
        finding.document or "",
        finding.line or 0,
        finding.column or 0,
        finding.code,
        finding.target or "",
    )


def findings_of(target: ReportTarget, policy: Policy, past: Past | None = None) -> Iterator[Finding]:
    """The findings about a target: at the place that they name, else at each place that links to it.

    The uses of a reference are one place: its definition.
    """
    about = [*_verdict_finding(target, policy), *_redirected(target), *_of_kind(target)]
    if past is not None:
        about += _of_past(target, past)
    places = dict.fromkeys((link.document, link.line, link.column) for link in target.links)
    for finding in dict.fromkeys(about):
        if finding.document is not None:
            yield replace(finding, target=target.id)
            continue
        for document, line, column in places:
            told = _from_there(finding, document)
            yield replace(told, document=document, line=line, column=column, target=target.id)


def _from_there(finding: Finding, document: str) -> Finding:
    """A suggestion inside the collection, as it is to be written in this document."""
    better = finding.suggestion
    if better is None or not better.url.startswith(_INSIDE):
        return finding
    path, mark, anchor = better.url.removeprefix(_INSIDE).partition("#")
    here = posixpath.relpath(path, posixpath.dirname(document) or ".")
    written = (quote(here) if path != document else "") + mark + anchor
    return replace(
        finding,
        message=finding.message.replace(better.url, written),
        suggestion=replace(better, url=written),
    )


def _of_kind(target: ReportTarget) -> Iterable[Finding]:
    """Needs no answer: a target that was never asked has findings where its address alone shows them."""
    return () if target.reason in UNMENTIONED else kinds()[target.kind].findings_of(target)


def _verdict_finding(target: ReportTarget, policy: Policy) -> Iterator[Finding]:
    """A broken target is a finding by itself; other verdicts are when somebody asked for them."""
    words = words_of(target)
    if words & policy.ignore:
        return
    if target.status is Status.BROKEN or words & (policy.fail_on | policy.warn_on):
        severity = Severity.WARNING if words & (policy.warn_on - policy.fail_on) else Severity.ERROR
        yield Finding(
            code=target.reason, severity=severity, message=advice(target), suggestion=target.suggestion
        )


def _redirected(target: ReportTarget) -> Iterator[Finding]:
    if target.status is Status.REDIRECTED and target.suggestion is not None:
        message = f"moved for good; write {target.suggestion.url}"
        yield finding_of("redirected", message, suggestion=target.suggestion)


def advice(target: ReportTarget) -> str:
    """What is known and what to do, in one line; nothing in it depends on when somebody was asked."""
    said = target.detail or reason_of(target.reason).help
    return f"{said.rstrip('.')}; try {target.suggestion.url}" if target.suggestion else said


def _of_past(target: ReportTarget, past: Past) -> Iterator[Finding]:
    """What only earlier runs can tell, in words that are the same whenever they were."""
    if past.recovered_from is not None and target.status in ALIVE:
        yield finding_of(
            "recovered", f"it was broken ({past.recovered_from}) in an earlier run and works again"
        )
    # What lies in the collection changes as often as its author likes.
    if past.changes >= UNSTABLE_CHANGES and target.kind != "file":
        times = f"{past.changes} times within {UNSTABLE_WITHIN.days} days"
        yield finding_of("unstable", f"it went or came back {times}, by answers that tell")
    if past.first_repository_id is not None and target.status is not Status.BROKEN:
        yield from _recreated(target, past.first_repository_id)


def _recreated(target: ReportTarget, first: int) -> Iterator[Finding]:
    """A rename keeps the number of a repository; a name that somebody else took has another one."""
    repository = target.metadata
    if isinstance(repository, Repository) and repository.repository_id not in (None, first):
        message = (
            f"{repository.full_name} is another repository than the one first seen under this name "
            f"(number {repository.repository_id}, then {first})"
        )
        yield finding_of("github-recreated", message)
