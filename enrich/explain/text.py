"""An explanation as plain text: what it is, how it stands, why, what came back, what happens next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime

from enrich.explain.facts import Answer, Explanation, Next, Standing
from enrich.explain.reasoning import moment
from enrich.model import Metadata, Shown
from enrich.spelling import numbered
from enrich.text import fill, printable

_LONGEST_FACT = 300
_NAMES_OF_PARTS = {
    "inside it": "something inside a GitHub repository",
    "repository": "a GitHub repository",
    "owner": "a person or an organisation on GitHub",
    "gist": "a gist on GitHub",
}
NAMES_OF_KINDS = {
    "arxiv": "a paper on arXiv",
    "doi": "a DOI",
    "wechat": "a WeChat article",
    "web": "a page of the web",
    "file": "a file of the collection",
}


def render(about: Explanation) -> Iterator[Shown]:
    """The lines, each with its end."""
    yield fill("{}\n", printable(about.url))
    for title, lines in _sections(about):
        listed = list(lines)
        if listed:
            yield fill("\n{}\n", printable(title))
            yield from (fill("  {}\n", line) for line in listed)


def _sections(about: Explanation) -> Iterator[tuple[str, Iterable[Shown]]]:
    yield "What it is", _address(about)
    yield "Where it stands", _places(about)
    yield "Verdict", _verdict(about)
    yield "Why", map(printable, about.rules)
    yield "What came back", _answers(about)
    yield "When it went and came back", _changes(about)
    yield "What it stands for", _metadata(about)
    yield "Stars", _stars(about)
    yield "What happens next", _next(about)


# --- the address ------------------------------------------------------------------------------------


def _address(about: Explanation) -> Iterator[Shown]:
    by_parts = next((told for name, told in _NAMES_OF_PARTS.items() if name in about.parts), about.kind)
    yield fill("{}, kept as {}", printable(NAMES_OF_KINDS.get(about.kind, by_parts)), printable(about.id))
    for name, value in about.parts.items():
        yield fill("{}: {}", printable(name), printable(value))
    if about.parent:
        yield fill("lies in {}", printable(about.parent))
    if about.stands_for:
        yield fill("is about {}, and has a verdict of its own", printable(about.stands_for))
    for remark in about.remarks:
        yield fill("note: {}", printable(remark))


def _places(about: Explanation) -> Iterator[Shown]:
    if about.run is None:
        return
    for place in about.places:
        where = fill("{}:{}:{}", printable(place.document), place.line, place.column)
        label = fill("  [{}]", printable(place.text, 80)) if place.text else fill("")
        dated = fill("  ({})", printable(place.date)) if place.date else fill("")
        yield fill("{}{}{}", where, label, dated)
    if (more := about.places_in_all - len(about.places)) > 0:
        yield fill("and in {}", printable(numbered(more, "more place")))
    if not about.places:
        yield fill("in no note that was read")
    yield _run(about)


def _run(about: Explanation) -> Shown:
    assert about.run is not None, "called where there was a run"
    began = printable(moment(about.run.started_at))
    if about.run.finished_at is None:
        return fill("read by the run of {}, which has not ended: it is at work, or was killed", began)
    return fill(
        "read by the run of {}{}",
        began,
        fill("") if about.run.complete else fill(", which was not complete"),
    )


# --- the verdict ------------------------------------------------------------------------------------


def _verdict(about: Explanation) -> Iterator[Shown]:
    if not about.cache_found:
        yield fill("nothing is known: there is no cache at {}", printable(about.cache))
        yield fill("what stands here is read off the address alone; `enrich run` makes a cache")
    elif not about.known:
        yield fill("nothing is known: no run with the cache {} has met it", printable(about.cache))
    elif about.verdict is None:
        yield fill("none yet")
    else:
        yield from _standing(about.verdict)


def _standing(verdict: Standing) -> Iterator[Shown]:
    yield fill("{} ({}){}", verdict.status, printable(verdict.reason), _since(verdict))
    yield printable(verdict.detail or verdict.meaning)
    if verdict.detail:
        yield printable(verdict.meaning)
    if verdict.final_url:
        yield fill("answered from {}", printable(verdict.final_url))
    if verdict.suggestion:
        yield fill("try {}", printable(verdict.suggestion.url))
    if verdict.last_ok_at and verdict.failed_checks:
        yield fill("last seen alive {}", printable(moment(verdict.last_ok_at)))


def _since(verdict: Standing) -> Shown:
    confirmed = fill(", confirmed") if verdict.confirmed else fill("")
    if verdict.since is None:
        return confirmed
    how = fill("since") if verdict.since_exactly else fill("since at least")
    return fill("{}, {} {}", confirmed, how, printable(moment(verdict.since)))


# --- the checks -------------------------------------------------------------------------------------

_HEADER = ("when (UTC)", "answer", "counts as", "HTTP", "took", "tries", "detail")


def _answers(about: Explanation) -> Iterator[Shown]:
    if not about.answers:
        return
    rows = [_HEADER, *map(_row, about.answers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield printable("  ".join([*cells, row[-1]]).rstrip())
    if (more := about.answers_kept - len(about.answers)) > 0:
        yield fill("and {}", printable(numbered(more, "earlier one")))


def _row(answer: Answer) -> tuple[str, ...]:
    return (
        f"{answer.at:%Y-%m-%d %H:%M}",
        f"{answer.status} {answer.reason}",
        answer.counts_as,
        str(answer.http_status or "–"),
        f"{answer.elapsed_seconds:.1f} s"
        if answer.elapsed_seconds >= 1
        else f"{answer.elapsed_seconds * 1000:.0f} ms",
        str(answer.attempts),
        answer.detail or "",
    )


def _changes(about: Explanation) -> Iterator[Shown]:
    for change in about.changes[:10]:
        when = printable(moment(change.at))
        if change.became == "alive":
            yield fill("{}: came back, after {}", when, printable(change.reason))
        else:
            yield fill("{}: went, with {}", when, printable(change.reason))
    if (more := len(about.changes) - 10) > 0:
        yield fill("and {}", printable(numbered(more, "earlier change")))


# --- what it stands for -----------------------------------------------------------------------------


def _metadata(about: Explanation) -> Iterator[Shown]:
    if about.metadata is None:
        return
    if about.metadata_of:
        yield fill("these are the facts of {}", printable(about.metadata_of))
    for name, value in _facts(about.metadata):
        yield fill("{}: {}", printable(name.replace("_", " ")), printable(value, _LONGEST_FACT))
    if about.metadata_fetched_at:
        source = printable(about.metadata_source or "its page")
        stale = fill("; newer ones were asked for in vain") if about.metadata_stale else fill("")
        yield fill("fetched from {} on {}{}", source, printable(moment(about.metadata_fetched_at)), stale)
    now = getattr(about.metadata, "repository_id", None)
    if about.first_repository_id not in (None, now) and now is not None:
        yield fill(
            "it is not the repository first seen under this name, number {}", about.first_repository_id or 0
        )


def _facts(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for one in fields(metadata):
        value = getattr(metadata, one.name)
        if one.name == "type" or value is None or value == ():
            continue
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, tuple):
            value = ", ".join(value)
        elif isinstance(value, dict):
            value = "; ".join(f"{name} {', '.join(said)}" for name, said in value.items())
        yield one.name, str(value)


def _stars(about: Explanation) -> Iterator[Shown]:
    if not about.stars:
        return
    day, stars = about.stars[-1]
    yield fill("{:,} on {}", stars, printable(str(day)))
    if about.stars_gained is not None and about.stars_gained_since is not None:
        yield fill("{:+,} since {}", about.stars_gained, printable(str(about.stars_gained_since)))
    if len(about.stars) > 1:
        first, number = about.stars[0]
        yield fill("{:,} on {}, the first day known of {}", number, printable(str(first)), len(about.stars))


# --- what happens next ------------------------------------------------------------------------------


def _next(about: Explanation) -> Iterator[Shown]:
    following = about.next
    if following.never:
        yield fill("it is not asked: {}", printable(following.never))
        return
    if not about.known:
        yield fill("no note that was read links to it; once one does, the next run takes it up")
    else:
        asked = fill("due") if following.turn else fill("asked")
        yield fill("{} {}: {}", asked, _when(following.due_at), printable(following.why))
    if following.turn:
        yield printable(following.turn)
    yield printable(following.how)
    if following.manners:
        yield from _manners(following)
    for host, until in about.holds.items():
        yield fill("{} wants silence until {}", printable(host), printable(moment(until)))
    if following.robots:
        yield printable(following.robots)
    if following.last_run:
        yield fill("the last run did not ask it: {}", printable(following.last_run))


def _when(due: datetime | None) -> Shown:
    return (
        fill("by the next run")
        if due is None
        else fill("by the first run from {} on", printable(moment(due)))
    )


def _manners(following: Next) -> Iterator[Shown]:
    counted = fill("; {} asked in the last 24 hours", following.asked_in_last_day)
    yield fill(
        "{}{}",
        printable(following.manners or ""),
        counted if "a day" in (following.manners or "") else fill(""),
    )
