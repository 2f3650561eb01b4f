"""What the pictures show, counted in one pass over the targets."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from enrich.model import UNSURE, Paper, Report, ReportTarget, Status
from enrich.report.page.data import shown_host

HOSTS_SHOWN = 15
YEARS_SHOWN = 15
MONTHS_SHOWN = 48
STARS_SHOWN = 12
NIGHTS_SHOWN = 60

Counts = Mapping[str, int]
_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")


@dataclass(slots=True)
class Numbers:
    """Links by status for each year and host, papers by month, and why links cannot be told."""

    years: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    hosts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    months: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)
    broken: int = 0

    def add(self, target: ReportTarget) -> None:
        for link in target.links:
            year = link.date[:4] if link.date else ""
            self.years[year][target.status] += 1
        if host := shown_host(target.url):
            self.hosts[host][target.status] += len(target.links)
        published = target.metadata.published if isinstance(target.metadata, Paper) else None
        if (month := _MONTH.match(published or "")) and target.stands_for is None:
            self.months[month[0]] += 1
        if target.status in UNSURE:
            self.unsure[target.reason] += 1
        self.broken += target.status is Status.BROKEN


def numbers_of(report: Report) -> Numbers:
    numbers = Numbers()
    for target in report.targets():
        numbers.add(target)
    return numbers


def by_year(numbers: Numbers, undated: str) -> list[tuple[str, Counts]]:
    """Links by year, oldest first, what is older than can be shown in one row, and what has no date at the end."""
    years = sorted(year for year in numbers.years if year)
    older, shown = years[:-YEARS_SHOWN], years[-YEARS_SHOWN:]
    before: Counter[str] = Counter()
    for year in older:
        before += numbers.years[year]
    rows = [
        *([(f"…{older[-1]}", before)] if older else []),
        *((year, numbers.years[year]) for year in shown),
    ]
    return [*rows, *([(undated, numbers.years[""])] if "" in numbers.years else [])]


def by_host(numbers: Numbers) -> list[tuple[str, Counts]]:
    """The hosts with most links."""
    most = sorted(numbers.hosts.items(), key=lambda one: (-one[1].total(), one[0]))
    return list(most[:HOSTS_SHOWN])


def by_month(numbers: Numbers) -> list[tuple[str, int]]:
    """Papers by the month of their first version, without gaps; by year where that is too many columns."""
    months = sorted(numbers.months)
    if not months:
        return []
    every = list(_months(months[0], months[-1]))
    if len(every) <= MONTHS_SHOWN:
        return [(month, numbers.months[month]) for month in every]
    years: Counter[str] = Counter()
    for month, number in numbers.months.items():
        years[month[:4]] += number
    return [(str(year), years[str(year)]) for year in range(int(months[0][:4]), int(months[-1][:4]) + 1)]


def _months(first: str, last: str) -> Iterable[str]:
    """All months from one to another."""
    year, month = map(int, first.split("-"))
    while (year, month) <= tuple(map(int, last.split("-"))):
        yield f"{year:04}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
