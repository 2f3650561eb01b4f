"""What changed between two reports, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from enrich.model import ChangedFact, ChangedStars, ChangedTarget, Changes, Shown
from enrich.text import fill, json_row, markdown, markdown_link, printable

CHANGES_VERSION = 1
# So many of each sort are told in words; JSON has them all.
SHOWN = 20
PLACES_SHOWN = 3


def headline(changes: Changes) -> Shown:
    """One line: what changed, in numbers."""
    counted = (
        (len(changes.newly_broken), "newly broken"),
        (len(changes.confirmed), "confirmed broken"),
        (len(changes.recovered), "recovered"),
        (len(changes.moved), "moved"),
        (len(newly_archived(changes)), "newly archived"),
        (len(changes.unsure), "cannot be told any more"),
        (changes.added, "new in the notes"),
        (changes.removed, "no longer in them"),
    )
    told = ", ".join(f"{number} {words}" for number, words in counted if number) or "nothing changed"
    return fill("since {:%Y-%m-%d %H:%M} UTC: {}", changes.old.started_at, printable(told))


def newly_archived(changes: Changes) -> list[ChangedFact]:
    return [one for one in changes.facts if one.fact == "archived" and one.now is True]


def _sections(changes: Changes) -> tuple[tuple[str, Sequence[Any], Callable[[Any], str]], ...]:
    """The title of each sort of change, its rows, and what is told of a row beside its address."""
    return (
        ("newly broken", changes.newly_broken, _verdict),
        ("confirmed broken", changes.confirmed, _verdict),
        ("recovered", changes.recovered, _verdict),
        ("moved", changes.moved, lambda one: f"to {one.suggestion}"),
        ("cannot be told any more", changes.unsure, _verdict),
        ("other facts", changes.facts, _fact),
        ("stars gained", [one for one in changes.stars if one.gained > 0], _stars),
        ("stars lost", [one for one in reversed(changes.stars) if one.gained < 0], _stars),
    )


def _verdict(one: ChangedTarget) -> str:
    before = f"was {one.was}" if one.was else "new in the notes"
    return f"{one.reason}, {before}"


def _fact(one: ChangedFact) -> str:
    return f"{one.fact}: {_value(one.was)} → {_value(one.now)}"


def _value(value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _stars(one: ChangedStars) -> str:
    return f"{one.was} → {one.now} ({one.gained:+})"


def _places(one: Any) -> str:
    links = one.links if isinstance(one, ChangedTarget) else []
    told = [f"{link.document}:{link.line}:{link.column}" for link in links[:PLACES_SHOWN]]
    more = len(links) - len(told)
    return ", ".join([*told, *([f"{more} more"] if more else [])])


def text(changes: Changes) -> Iterator[Shown]:
    """For a terminal or a mail."""
    yield fill("{}\n", headline(changes))
    for title, rows, told in _sections(changes):
        if rows:
            yield fill("\n{} ({}):\n", printable(title), len(rows))
        for row in rows[:SHOWN]:
            where = fill("  {}", printable(place)) if (place := _places(row)) else fill("")
            yield fill("  {}  ({}){}\n", printable(row.url), printable(told(row)), where)
        if len(rows) > SHOWN:
            yield fill("  … and {} more\n", len(rows) - SHOWN)


def markdown_text(changes: Changes) -> Iterator[Shown]:
    """For a page or the summary of a job."""
    yield fill("# {}\n", markdown(headline(changes)))
    for title, rows, told in _sections(changes):
        if rows:
            yield fill("\n## {} ({})\n\n", markdown(title.capitalize()), len(rows))
        for row in rows[:SHOWN]:
            where = fill(" {}", markdown(place)) if (place := _places(row)) else fill("")
            yield fill("- {} {}{}\n", markdown_link(row.url), markdown(f"({told(row)})"), where)
        if len(rows) > SHOWN:
            yield fill("- … and {} more\n", len(rows) - SHOWN)


def json_text(changes: Changes) -> Iterator[Shown]:
    """For programs: every change, a row a line."""
    table: dict[str, Any] = {name: getattr(changes, name) for name in type(changes).__dataclass_fields__}
    yield fill('{{"changes_version": {}', CHANGES_VERSION)
    for name, value in table.items():
        if not isinstance(value, list):
            yield fill(',\n"{}": {}', printable(name), json_row(value))
            continue
        yield fill(',\n"{}": [', printable(name))
        separator = fill("\n")
        for row in value:
            yield fill("{}{}", separator, json_row(msgspec.to_builtins(row)))
            separator = fill(",\n")
        yield fill("]")
    yield fill("}}\n")


RENDERERS: dict[str, Callable[[Changes], Iterator[Shown]]] = {
    "text": text,
    "markdown": markdown_text,
    "json": json_text,
}
