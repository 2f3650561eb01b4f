"""HTML: one file to open from a disk or a mail, without any request.

What is drawn stands in the page as it is written; the lists below are made by its script from rows of data, with
``textContent`` alone, so that nothing of a stranger ever becomes markup. The page's own policy allows the one style
sheet and the one script by their hashes and refuses everything else.

What surprised us: such a policy refuses every ``style`` attribute too, and rows of data in a ``script`` element of
another type are not subject to it, since a browser never runs them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

from enrich.model import ChangedTarget, Format, Night, Report, Shown, Status
from enrich.redaction import redact
from enrich.report._findings import help_of
from enrich.report.changes import newly_archived
from enrich.report.page import charts
from enrich.report.page.data import document_row, entry_row, finding_row, target_row
from enrich.report.page.labels import words
from enrich.report.page.numbers import (
    NIGHTS_SHOWN,
    STARS_SHOWN,
    Numbers,
    by_host,
    by_month,
    by_year,
    numbers_of,
)
from enrich.report.text import asides, banner, counted
from enrich.text import fill, joined, json_array, markup, own_source, script_json

# More rows than this no browser digests; those that are fine are left out then.
MOST_TARGETS = 200_000
CHANGES_SHOWN = 12
Words = Mapping[str, str]


def render(report: Report) -> Iterator[Shown]:
    told = words(report.language)
    numbers = numbers_of(report)
    yield from _head(report, told)
    yield from _top(report, told)
    yield from _changes(report, told)
    yield from _unsure(report, told, numbers)
    yield from _pictures(report, told, numbers)
    yield from _lists(report, told)
    yield from _data(report, told)
    yield fill("<script>")
    yield _asset("page.js")
    yield fill("</script>\n</body>\n</html>\n")


@cache
def _asset(name: str) -> Shown:
    folder = resources.files("enrich.report.page")
    return own_source((folder / name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _head(report: Report, told: Words) -> Iterator[Shown]:
    policy = (
        f"default-src 'none'; script-src '{_hash(_asset('page.js'))}'; style-src '{_hash(_asset('page.css'))}'; "
        "base-uri 'none'; form-action 'none'"
    )
    language = "zh-CN" if report.language == "zh" else report.language
    yield fill('<!doctype html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n', markup(language))
    # A page that is saved among the notes is read with them; its links are not the reader's.
    yield fill("<!-- enrich-disable: a report of enrich -->\n")
    yield fill('<meta http-equiv="Content-Security-Policy" content="{}">\n', markup(policy))
    yield fill('<meta name="viewport" content="width=device-width, initial-scale=1">\n')
    yield fill(
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
    )
    title = fill("{} {:%Y-%m-%d}", markup(told["title"]), report.run.started_at)
    yield fill("<title>{}</title>\n<style>", title)
    yield _asset("page.css")
    yield fill("</style>\n</head>\n<body>\n")


# --- the top ----------------------------------------------------------------------------------------


def _top(report: Report, told: Words) -> Iterator[Shown]:
    """When it ran, whether it is complete, and how things stand."""
    run, summary = report.run, report.summary
    yield fill('<a class="skip" href="#list">{}</a>\n<header>\n', markup(told["skip"]))
    yield fill("<h1>{}</h1>\n", markup(told["title"]))
    moment = run.finished_at or run.started_at
    state = told["complete" if run.complete else "incomplete"]
    when = fill('<time datetime="{:%Y-%m-%dT%H:%M:%SZ}">{:%Y-%m-%d %H:%M} UTC</time>', moment, moment)
    yield fill('<p class="when">{} {}, {}', markup(told["ran"]), when, markup(state))
    counts = ((summary.links, "link"), (summary.documents, "document"), (summary.targets, "target"))
    parts = [counted(number, name, report.language) for number, name in counts]
    if not run.requests:
        # Whatever stands below is of earlier runs, or of the notes alone.
        parts.append(told["nobody_asked"])
    yield fill(" · {}</p>\n", joined(" · ", map(markup, parts)))
    yield fill('<button type="button" id="theme">{}</button>\n</header>\n<main>\n', markup(told["theme"]))
    for line in banner(report, report.language):
        yield fill('<p class="banner" role="alert">{}</p>\n', markup(line))
    for line in asides(report):
        yield fill('<p class="aside">{}</p>\n', markup(f"{line}."))
    yield fill('<ul class="counts" id="counts">\n')
    for status in Status:
        number = summary.by_status[status]
        told_of = fill("<b>{}</b> {}", number, markup(told[f"status:{status}"]))
        where = fill('class="count s-{}" href="#view=targets&amp;status={}"', status, status)
        yield fill("<li><a {}>{}</a></li>\n", where, told_of)
    yield fill("</ul>\n")


def _changes(report: Report, told: Words) -> Iterator[Shown]:
    """What is new since the last run comes before everything that was there yesterday too."""
    changes = report.earlier.changes
    yield fill('<section aria-labelledby="changed">\n<h2 id="changed">{}</h2>\n', markup(told["changed"]))
    if changes is None:
        alone = told["first_run" if report.run.complete else "first_incomplete"]
        yield fill("<p>{}</p>\n</section>\n", markup(alone))
        return
    yield fill(
        '<p class="when">{} {:%Y-%m-%d %H:%M} UTC</p>\n', markup(told["since"]), changes.old.started_at
    )
    lists: list[tuple[str, list[Shown]]] = [
        (name, [_changed(one) for one in getattr(changes, name)])
        for name in ("newly_broken", "confirmed", "recovered", "moved", "unsure")
    ]
    lists.insert(4, ("newly_archived", [_item(one.id, one.url, "") for one in newly_archived(changes)]))
    if not any(items for _, items in lists):
        nothing = told["nothing_changed" if report.run.complete else "nothing_changed_yet"]
        yield fill("<p>{}</p>\n", markup(nothing))
    for name, items in lists:
        if items:
            opening = fill(" open") if name == "newly_broken" else fill("")
            summary = fill("<summary>{} <b>{}</b></summary>", markup(told[name]), len(items))
            more = (
                fill("<li>… {}</li>", len(items) - CHANGES_SHOWN)
                if len(items) > CHANGES_SHOWN
                else fill("")
            )
            shown = joined("", items[:CHANGES_SHOWN])
            yield fill(
                '<details class="c-{}"{}>{}<ul>{}{}</ul></details>\n',
                markup(name),
                opening,
                summary,
                shown,
                more,
            )
    yield fill("</section>\n")


def _changed(one: ChangedTarget) -> Shown:
    place = one.links[0] if one.links else None
    where = f" {place.document}:{place.line}" if place else ""
    told = f"{one.reason}{f' → {one.suggestion}' if one.suggestion else ''}{where}"
    return _item(one.id, one.title or one.url, told)


def _item(id_: str, name: str, told: str) -> Shown:
    """A line that leads to the row of its target further down."""
    link = fill('<a href="#view=targets&amp;id={}">{}</a>', _fragment(id_), markup(name, 160))
    return fill("<li>{} <small>{}</small></li>\n", link, markup(told))


def _fragment(id_: str) -> Shown:
    # Credentials are found in plain text alone; the row that this leads to has the id without them too.
    return markup(quote(redact(id_).encode("utf-8", "replace"), safe=""))


def _unsure(report: Report, told: Words, numbers: Numbers) -> Iterator[Shown]:
    total = numbers.unsure.total()
    if not total and not report.summary.deferred:
        return
    yield fill(
        '<section aria-labelledby="unsure">\n<h2 id="unsure">{} ({})</h2>\n',
        markup(told["cannot_tell"]),
        total,
    )
    if total:
        yield fill('<p>{}</p>\n<ul class="reasons">\n', markup(told["unsure_help"]))
        for reason, number in sorted(numbers.unsure.items(), key=lambda one: (-one[1], one[0])):
            link = fill('href="#view=targets&amp;reason={}"', _fragment(reason))
            told_of = fill("{} <b>{}</b>", markup(reason), number)
            yield fill("<li><a {}>{}</a> <small>{}</small></li>\n", link, told_of, markup(help_of(reason)))
        yield fill("</ul>\n")
    if report.summary.deferred:
        waits = told["deferred_one" if report.summary.deferred == 1 else "deferred"]
        yield fill("<p>{} {}</p>\n", report.summary.deferred, markup(waits))
    yield fill("</section>\n")


# --- pictures ---------------------------------------------------------------------------------------


def _pictures(report: Report, told: Words, numbers: Numbers) -> Iterator[Shown]:
    yield fill(
        '<section aria-labelledby="pictures">\n<h2 id="pictures">{}</h2>\n', markup(told["pictures"])
    )
    yield fill('<div class="figures">\n')
    kinds = [(told.get(f"kind:{kind}", kind), by) for kind, by in report.summary.by_kind.items()]
    years = by_year(numbers, told["undated"])
    yield charts.bars(charts.of_statuses(words=told, id_="by_kind", first="kind", counts=kinds))
    yield charts.columns(charts.of_statuses(words=told, id_="by_age", first="year", counts=years))
    yield charts.bars(charts.of_statuses(words=told, id_="by_host", first="host", counts=by_host(numbers)))
    yield charts.lines(_over_time(report, told))
    yield charts.bars(_stars(report, told))
    yield charts.columns(
        charts.single(words=told, id_="paper_months", first="month", name="papers", rows=by_month(numbers))
    )
    yield fill("</div>\n</section>\n")


def _over_time(report: Report, told: Words) -> charts.Figure:
    nights = [
        *report.earlier.nights,
        Night(started_at=report.run.started_at, by_status=report.summary.by_status),
    ]
    shown = (Status.BROKEN, Status.BLOCKED, Status.UNREACHABLE)
    rows = [
        (f"{night.started_at:%m-%d}", [night.by_status.get(status, 0) for status in shown])
        for night in nights[-NIGHTS_SHOWN:]
    ]
    return charts.figure(
        words=told,
        id_="over_time",
        first="night",
        series=[told[f"status:{status}"] for status in shown],
        classes=[f"s-{status}" for status in shown],
        rows=rows,
    )


def _stars(report: Report, told: Words) -> charts.Figure:
    changes = report.earlier.changes
    gained = [one for one in changes.stars if one.gained > 0] if changes else []
    rows = [(one.id.removeprefix("github:"), one.gained) for one in gained[:STARS_SHOWN]]
    return charts.single(words=told, id_="stars_gained", first="repository", name="gained", rows=rows)


# --- the lists --------------------------------------------------------------------------------------


def _lists(report: Report, told: Words) -> Iterator[Shown]:
    """The frame that the script fills."""
    yield fill(
        '<section id="list" aria-labelledby="listed" tabindex="-1">\n<h2 id="listed">{}</h2>\n',
        markup(told["list"]),
    )
    yield fill("<noscript><p>{}</p></noscript>\n", markup(told["no_script"]))
    if report.summary.targets > MOST_TARGETS:
        yield fill("<p>{}</p>\n", markup(told["left_out"]))
    yield fill('<div id="app"></div>\n</section>\n</main>\n')


def _data(report: Report, told: Words) -> Iterator[Shown]:
    everything = report.summary.targets <= MOST_TARGETS
    targets = (
        target_row(target, report.stars_of(target.id) if target.kind == "github" else ())
        for target in report.targets()
        if everything or target.status is not Status.OK
    )
    yield fill('<script type="application/json" id="words">{}</script>\n', script_json(told))
    yield from _rows("documents", map(document_row, report.documents()))
    yield from _rows("targets", targets)
    yield from _rows("findings", map(finding_row, report.findings()))
    yield from _rows("entries", map(entry_row, report.entries()))


def _rows(name: str, rows: Iterable[dict[str, Any]]) -> Iterator[Shown]:
    yield fill('<script type="application/json" id="{}">', markup(name))
    yield from json_array(map(script_json, rows))
    yield fill("</script>\n")


FORMAT = Format(name="html", suffix="html", render=render, tells_earlier=True)
