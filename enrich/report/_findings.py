"""What formats for people and for tools tell of one finding, in the same words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from enrich.model import ACCEPTED, BEFORE, Finding, Report, ReportTarget, Severity, Status
from enrich.places import seen_from_top
from enrich.registry import finding_codes, reason_of
from enrich.report.words import words

# Most urgent first.
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def place(finding: Finding) -> str:
    """``docs/papers.md:41:7``, as editors and logs make it a link."""
    parts = (finding.document, finding.line, finding.column)
    return ":".join(str(part) for part in parts if part is not None)


def path_in_repository(report: Report, document: str) -> str:
    """A document's path from the top of the repository, for tools to which a path is that, wherever they were called.

    What lies outside of it, and standard input, keep the path that they have.
    """
    if report.folder is None or document == "-":
        return document
    return seen_from_top(document, report.folder)


def explained(finding: Finding, target: ReportTarget | None, language: str = "en") -> str:
    """What is wrong, what to do, and what is remembered; foreign words in it, so that it needs a door."""
    remembered = history(target, language) if target else ()
    return "; ".join([finding.message.rstrip("."), *_way_out(finding, language), *remembered])


def _way_out(finding: Finding, language: str) -> Iterator[str]:
    """The better address, where the message does not name it already."""
    if finding.suggestion is not None and finding.suggestion.url not in finding.message:
        yield words(language)["try"].format(url=finding.suggestion.url)


def history(target: ReportTarget, language: str = "en") -> Iterator[str]:
    """What is remembered of a target that is not fine."""
    if target.status in (Status.OK, Status.REDIRECTED):
        return
    told = words(language)
    if target.confirmed and target.first_failed_at:
        yield told["confirmed_since"].format(date=f"{target.first_failed_at:%Y-%m-%d}")
    elif target.failed_checks > 1:
        yield told["failed_checks"].format(number=target.failed_checks)
    if target.last_ok_at:
        yield told["last_ok"].format(date=f"{target.last_ok_at:%Y-%m-%d}")


def message(finding: Finding, target: ReportTarget | None) -> str:
    """The address and what is told of it, for tools that show a place beside it."""
    url = address(finding, target)
    return f"{url}: {explained(finding, target)}" if url else explained(finding, target)


def address(finding: Finding, target: ReportTarget | None) -> str | None:
    """The address that a finding is about, or the id of what is not among the rows."""
    return target.url if target is not None else finding.target


def most_urgent(
    report: Report, severities: Sequence[Severity] = SEVERITIES, most: int | None = None
) -> list[Finding]:
    """Findings of these severities, by severity, then place; ``most`` bounds them and the memory they take."""
    chosen: dict[Severity, list[Finding]] = {severity: [] for severity in severities}
    for finding in report.findings():
        found = chosen.get(finding.severity)
        if found is not None and (most is None or len(found) < most):
            found.append(finding)
    return [finding for severity in severities for finding in chosen[severity]][:most]


def is_let_through(finding: Finding) -> bool:
    """Whether it would be more severe, had it not been there before or been accepted; its message says so."""
    return finding.severity is Severity.NOTE and finding.message.startswith((BEFORE, ACCEPTED))


def worth_showing(report: Report) -> list[Finding]:
    """Errors, then warnings, then what was let through, each by place; other notes are left to programs."""
    found = [one for one in report.findings() if one.severity is not Severity.NOTE or is_let_through(one)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def targets_of(report: Report, findings: Iterable[Finding]) -> dict[str, ReportTarget]:
    """The targets that findings are about, by id."""
    wanted = {finding.target for finding in findings} - {None}
    return {target.id: target for target in report.targets() if target.id in wanted} if wanted else {}


def help_of(code: str) -> str:
    """The explanation of a finding's code, which is that of a reason where a verdict is the finding.

    A saved report may be of another version and hold codes that this one does not know.
    """
    declared = finding_codes().get(code)
    if declared is not None:
        return declared.help
    try:
        return reason_of(code).help
    except KeyError:
        return "This version of enrich does not know the code."


class Fingerprints:
    """What tells a finding from all others whatever its line: code, document, target, and the how-manieth such it is."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()

    def of(self, finding: Finding) -> str:
        about = "\0".join([finding.code, finding.document or "", finding.target or finding.message])
        digest = hashlib.sha256(about.encode("utf-8", "replace")).hexdigest()[:32]
        self._met[digest] += 1
        return f"{digest}:{self._met[digest]}"


def severity_of(code: str) -> Severity:
    """How severe a code is unless the settings say otherwise."""
    if (declared := finding_codes().get(code)) is not None:
        return declared.severity
    try:
        return Severity.ERROR if reason_of(code).status is Status.BROKEN else Severity.WARNING
    except KeyError:
        return Severity.WARNING
