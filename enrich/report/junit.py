"""JUnit XML: a suite per document, for whatever draws test results.

A finding that fails is a failed case, a warning or what was let through a passed one with a word to it, a link that
could not be told a skipped one. A document without any has one passed case, so that a good run is not an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from enrich.model import UNSURE, Format, Report, Severity, Shown
from enrich.report._findings import address, explained, place, targets_of, worth_showing
from enrich.text import fill, markup

# What could not be told is of less use in a list of failures the longer it is.
MOST_SKIPPED = 2000


class _Case(NamedTuple):
    """One case; ``order`` sorts it into its document."""

    document: str
    order: tuple[int, int, str]
    sort: str
    code: str
    name: str
    told: str


def render(report: Report) -> Iterator[Shown]:
    cases = sorted([*_found(report), *_skipped(report), *_passed(report)])
    yield fill('<?xml version="1.0" encoding="UTF-8"?>\n')
    yield fill('<testsuites name="enrich" {}>\n', _counts(cases))
    for document, group in groupby(cases, key=itemgetter(0)):
        of_document = list(group)
        yield fill('<testsuite name="{}" {}>\n', markup(document or "enrich"), _counts(of_document))
        yield from map(_case, of_document)
        yield fill("</testsuite>\n")
    yield fill("</testsuites>\n")


def _found(report: Report) -> Iterator[_Case]:
    found = worth_showing(report)
    targets = targets_of(report, found)
    for finding in found:
        target = targets.get(finding.target or "")
        sort = "failure" if finding.severity is Severity.ERROR else "system-out"
        name = address(finding, target) or finding.code
        told = f"{place(finding)}: {explained(finding, target)}"
        order = (finding.line or 0, finding.column or 0, finding.code)
        yield _Case(finding.document or "", order, sort, finding.code, name, told)


def _skipped(report: Report) -> Iterator[_Case]:
    """Links that nobody can tell about yet."""
    left = MOST_SKIPPED
    for target in report.targets():
        if target.status not in UNSURE:
            continue
        for link in target.links:
            told = f"{link.document}:{link.line}:{link.column}: {target.detail or target.reason}"
            order = (link.line, link.column, target.reason)
            yield _Case(link.document, order, "skipped", target.reason, target.url, told)
            left -= 1
            if left == 0:
                return


def _passed(report: Report) -> Iterator[_Case]:
    for document in report.documents():
        yield _Case(document.path, (0, 0, ""), "", "", "read", "")


def _counts(cases: Iterable[_Case]) -> Shown:
    sorts = [case.sort for case in cases]
    counts = (len(sorts), sorts.count("failure"), sorts.count("skipped"))
    return fill('tests="{}" failures="{}" errors="0" skipped="{}"', *counts)


def _case(case: _Case) -> Shown:
    opening = fill('<testcase classname="{}" name="{}" file="{}" line="{}"', *_attributes(case))
    match case.sort:
        case "failure":
            parts = (markup(case.code), markup(case.code), markup(case.told))
            return fill('{}><failure type="{}" message="{}">{}</failure></testcase>\n', opening, *parts)
        case "skipped":
            return fill(
                '{}><skipped message="{}"/></testcase>\n', opening, markup(f"{case.code}: {case.told}")
            )
        case "system-out":
            told = markup(f"{case.code}: {case.told}")
            return fill("{}><system-out>{}</system-out></testcase>\n", opening, told)
        case _:
            return fill("{}/>\n", opening)


def _attributes(case: _Case) -> tuple[Shown, Shown, Shown, int]:
    document = markup(case.document or "enrich")
    return (document, markup(case.name), document, case.order[0] or 1)


FORMAT = Format(name="junit", suffix="junit.xml", render=render)
