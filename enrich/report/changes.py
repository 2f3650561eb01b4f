"""What changed between two reports, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from enrich.model import ChangedFact, ChangedStars, ChangedTarget, Changes, Shown
from enrich.report.words import words
from enrich.text import fill, json_array, json_row, markdown, markdown_link, printable

CHANGES_VERSION = 1
# So many of each sort are told in words; JSON has them all.
SHOWN = 20
PLACES_SHOWN = 3


def headline(changes: Changes, language: str = "en") -> Shown:
    """One line: what changed, in numbers."""
    told = words(language)
    counted = (
        (len(changes.newly_broken), "newly_broken"),
        (len(changes.confirmed), "confirmed"),
        (len(changes.recovered), "recovered"),
        (len(changes.moved), "moved"),
        (len(newly_archived(changes)), "newly_archived"),
        (len(changes.unsure), "unsure_now"),
        (changes.added, "added"),
        (changes.removed, "removed"),
    )
    numbers = told["comma"].join(f"{number} {told[name]}" for number, name in counted if number)
    nothing = told["nothing_changed" if changes.new.complete else "nothing_changed_yet"]
    date = f"{changes.old.started_at:%Y-%m-%d %H:%M}"
    return printable(told["since"].format(date=date, told=numbers or nothing))


def newly_archived(changes: Changes) -> list[ChangedFact]:
    return [one for one in changes.facts if one.fact == "archived" and one.now is True]


Telling = Callable[[Any, Mapping[str, str]], str]


def _sections(changes: Changes) -> tuple[tuple[str, Sequence[Any], Telling], ...]:
    """The title of each sort of change, its rows, and what is told of a row beside its address."""
    return (
        ("newly_broken", changes.newly_broken, _verdict),
        ("confirmed", changes.confirmed, _verdict),
        ("recovered", changes.recovered, _verdict),
        ("moved", changes.moved, lambda one, told: told["moved_to"].format(url=one.suggestion)),
        ("unsure_now", changes.unsure, _verdict),
        ("other_facts", changes.facts, _fact),
        ("stars_gained", [one for one in changes.stars if one.gained > 0], _stars),
        ("stars_lost", [one for one in reversed(changes.stars) if one.gained < 0], _stars),
    )


def _verdict(one: ChangedTarget, told: Mapping[str, str]) -> str:
    if not one.was:
        return told["was_new"].format(reason=one.reason)
    return told["was"].format(reason=one.reason, was=told.get(f"status:{one.was}", one.was))


def _fact(one: ChangedFact, told: Mapping[str, str]) -> str:
    return f"{one.fact}: {_value(one.was, told)} → {_value(one.now, told)}"


def _value(value: str | int | bool | None, told: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return told["yes" if value else "no"]
    return told["none"] if value is None else str(value)


def _stars(one: ChangedStars, _told: Mapping[str, str]) -> str:
    return f"{one.was} → {one.now} ({one.gained:+})"


def _places(one: Any, told: Mapping[str, str]) -> str:
    links = one.links if isinstance(one, ChangedTarget) else []
    shown = [f"{link.document}:{link.line}:{link.column}" for link in links[:PLACES_SHOWN]]
    more = len(links) - len(shown)
    return ", ".join([*shown, *([told["number_more"].format(number=more)] if more else [])])


def text(changes: Changes, language: str = "en") -> Iterator[Shown]:
    """For a terminal or a mail."""
    told = words(language)
    yield fill("{}\n", headline(changes, language))
    for title, rows, telling in _sections(changes):
        if rows:
            yield fill("\n{} ({}):\n", printable(told[title]), len(rows))
        for row in rows[:SHOWN]:
            where = fill("  {}", printable(place)) if (place := _places(row, told)) else fill("")
            yield fill("  {}  ({}){}\n", printable(row.url), printable(telling(row, told)), where)
        if len(rows) > SHOWN:
            yield fill("  {}\n", printable(told["and_more"].format(number=len(rows) - SHOWN)))


def markdown_text(changes: Changes, language: str = "en") -> Iterator[Shown]:
    """For a page or the summary of a job."""
    told = words(language)
    yield fill("# {}\n", markdown(headline(changes, language)))
    for title, rows, telling in _sections(changes):
        if rows:
            yield fill("\n## {} ({})\n\n", markdown(told[title].capitalize()), len(rows))
        for row in rows[:SHOWN]:
            where = fill(" {}", markdown(place)) if (place := _places(row, told)) else fill("")
            beside = markdown(f"({telling(row, told)})")
            yield fill("- {} {}{}\n", markdown_link(row.url), beside, where)
        if len(rows) > SHOWN:
            yield fill("- {}\n", markdown(told["and_more"].format(number=len(rows) - SHOWN)))


def json_text(changes: Changes, _language: str = "en") -> Iterator[Shown]:
    """For programs: every change, a row a line, in no language."""
    table: dict[str, Any] = {name: getattr(changes, name) for name in type(changes).__dataclass_fields__}
    yield fill('{{"changes_version": {}', CHANGES_VERSION)
    for name, value in table.items():
        if not isinstance(value, list):
            yield fill(',\n"{}": {}', printable(name), json_row(value))
            continue
        yield fill(',\n"{}": ', printable(name))
        yield from json_array(json_row(msgspec.to_builtins(row)) for row in value)
    yield fill("}}\n")


class Renderer(Protocol):
    """Changes in the language of a reader; formats for programs have none."""

    def __call__(self, changes: Changes, language: str = "en", /) -> Iterator[Shown]: ...


RENDERERS: dict[str, Renderer] = {
    "text": text,
    "markdown": markdown_text,
    "json": json_text,
}
