"""What of a report deserves a person's attention, and what fails a check."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from enrich.config import Rule, Settings
from enrich.model import ALIVE, Finding, Past, ReportTarget, Repository, Severity, Status
from enrich.registry import finding_of, kinds, reason_of
from enrich.store.history import UNSTABLE_CHANGES, UNSTABLE_WITHIN
from enrich.urls import host_of

# Reasons of links that a person has excluded, or that stand in code: nothing is said about their addresses.
UNMENTIONED = frozenset({"excluded", "code"})


# The beginning of an id inside the collection; its path is that of documents as shown.
_INSIDE = "file:"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A finding with its severity, and whether it fails the command."""

    finding: Finding
    fails: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What fails, what is a warning at most, and what is not reported, by status, reason or finding.

    Of several words for one thing the most precise decides: a reason or finding, then ``confirmed``, then a status. Of
    the same word in several places *ignore* wins over *fail*, and that over *warn*. A rule that holds decides over these,
    the last of several.
    """

    fail_on: frozenset[str]
    warn_on: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    _asked_for: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        words = self.fail_on.union(self.warn_on, *(rule.codes for rule in self.rules))
        object.__setattr__(self, "_asked_for", words)

    @classmethod
    def of(cls, settings: Settings, is_check: bool) -> Policy:
        default = ("broken",) if is_check else ()
        fail_on = settings["fail_on"] if settings["fail_on"] is not None else default
        return cls(
            fail_on=frozenset(fail_on),
            warn_on=frozenset(settings["warn_on"]),
            ignore=frozenset(settings["ignore"]),
            rules=settings.rules,
        )

    def may_tell(self, target: ReportTarget) -> bool:
        """Whether the verdict on a target may be a finding: a broken one is, others where somebody asked for them."""
        return target.status is Status.BROKEN or not self._asked_for.isdisjoint(_ranked(target))

    def weighed(self, finding: Finding, target: ReportTarget | None) -> Weighed | None:
        """A finding about a target, or about none, with its severity; None for what is not to be reported."""
        is_verdict = target is not None and finding.code == target.reason
        ranked = _ranked(target) if target is not None and is_verdict else (finding.code,)
        holding = [rule for rule in self.rules if _holds(rule, finding, target, frozenset(ranked))]
        word = self._word(ranked)
        is_asked_for = word is not None or any(rule.codes for rule in holding)
        if is_verdict and target is not None and target.status is not Status.BROKEN and not is_asked_for:
            # Such a verdict is a finding only where somebody asked for it by its name.
            return None
        word = holding[-1].severity if holding else word
        if word == "ignore":
            return None
        severity = finding.severity if word is None else Severity(word)
        # Who lets nothing fail the command means that of rules, too.
        return Weighed(replace(finding, severity=severity), fails=word == "error" and bool(self.fail_on))

    def _word(self, ranked: Sequence[str]) -> str | None:
        """What the options say of the most precise word that they name."""
        for word in ranked:
            for names, severity in (
                (self.ignore, "ignore"),
                (self.fail_on, "error"),
                (self.warn_on, "warning"),
            ):
                if word in names:
                    return severity
        return None


def _holds(rule: Rule, finding: Finding, target: ReportTarget | None, words: frozenset[str]) -> bool:
    if not rule.holds_for(finding.document, words):
        return False
    if not rule.is_about_targets:
        return True
    return target is not None and rule.holds_for_target(target.url, host_of(target.url), target.kind)


def _ranked(target: ReportTarget) -> tuple[str, ...]:
    """The words of a verdict, the most precise first."""
    return (target.reason, *(["confirmed"] if target.confirmed else []), str(target.status))


def words_of(target: ReportTarget) -> frozenset[str]:
    """The words by which a target can be selected: its status, its reason, and ``confirmed``."""
    return frozenset(_ranked(target))


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
    about = [*_of_kind(target)]
    if target.status is Status.REDIRECTED:
        about[:0] = _redirected(target)
    if policy.may_tell(target):
        about.insert(0, _verdict_finding(target))
    if past is not None:
        about += _of_past(target, past)
    if not about:
        return
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
    # Within a document an anchor is enough, and nothing at all would be no address.
    written = (quote(here) if path != document or not anchor else "") + mark + anchor
    return replace(
        finding,
        message=finding.message.replace(better.url, written),
        suggestion=replace(better, url=written),
    )


def _of_kind(target: ReportTarget) -> Iterable[Finding]:
    """Needs no answer: a target that was never asked has findings where its address alone shows them."""
    return () if target.reason in UNMENTIONED else kinds()[target.kind].findings_of(target)


def _verdict_finding(target: ReportTarget) -> Finding:
    return Finding(
        code=target.reason, severity=Severity.ERROR, message=advice(target), suggestion=target.suggestion
    )


def _redirected(target: ReportTarget) -> Iterator[Finding]:
    if target.suggestion is not None:
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
