"""Bars and lines as SVG, with the same numbers in a table below each.

Drawn here, without a library: what is needed are rectangles and a line, in colours that follow the reader's theme
and without a ``style`` attribute, which the page's own security policy refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from enrich.model import Shown, Status
from enrich.text import fill, joined, markup

# Little more than a phone has, since all words in a picture shrink with it.
WIDTH = 480
_BAR = 26
_LABEL = 170
# So many letters of a wide face fit before the bars.
_NAME = 20
_NUMBER = 50
_HEIGHT = 200
_AXIS = 24
# Half of what stands below the first and the last column.
_EDGE = 25
# A column that fills a picture looks like a wall.
_WIDEST = 64.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One picture: a title, the name of the first column, the names of the series, and a row for each bar.

    ``classes`` are the CSS classes of the series, which give their colours.
    """

    id: str
    title: str
    first: str
    series: Sequence[str]
    classes: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    nothing: str
    table: str


def figure(
    *,
    words: Mapping[str, str],
    id_: str,
    first: str,
    series: Sequence[str],
    classes: Sequence[str],
    rows: Sequence[tuple[str, Sequence[int]]],
) -> Figure:
    """A figure with the words of the page around it."""
    return Figure(
        id=id_,
        title=words[id_],
        first=words[first],
        series=series,
        classes=classes,
        rows=rows,
        nothing=words["nothing"],
        table=words["table"],
    )


def single(
    *, words: Mapping[str, str], id_: str, first: str, name: str, rows: Sequence[tuple[str, int]]
) -> Figure:
    """A figure with one number a row."""
    listed = [(row, [number]) for row, number in rows]
    return figure(words=words, id_=id_, first=first, series=[words[name]], classes=["s-plain"], rows=listed)


def of_statuses(
    *, words: Mapping[str, str], id_: str, first: str, counts: Iterable[tuple[str, Mapping[str, int]]]
) -> Figure:
    """A figure with a series per status, of those that are met."""
    statuses = list(Status)
    rows = [(name, [by.get(status, 0) for status in statuses]) for name, by in counts]
    met = [number for number, _ in enumerate(statuses) if any(row[number] for _, row in rows)]
    return figure(
        words=words,
        id_=id_,
        first=first,
        series=[words[f"status:{statuses[number]}"] for number in met],
        classes=[f"s-{statuses[number]}" for number in met],
        rows=[(name, [row[number] for number in met]) for name, row in rows],
    )


def bars(figure: Figure) -> Shown:
    """Horizontal bars, stacked; for names that need room."""
    longest = max((sum(values) for _, values in figure.rows), default=0)
    if not longest:
        return _framed(figure, None)
    scale = (WIDTH - _LABEL - _NUMBER) / longest
    parts = []
    for number, (name, values) in enumerate(figure.rows):
        parts.append(_bar(figure, number * _BAR, name, values, scale))
    return _framed(figure, _svg(figure, len(figure.rows) * _BAR + 4, parts))


def _bar(figure: Figure, top: int, name: str, values: Sequence[int], scale: float) -> Shown:
    shown = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    parts = [
        fill('<text class="name" x="{}" y="{}">{}</text>', _LABEL - 8, top + 17, markup(shown)),
    ]
    left = float(_LABEL)
    for series, css, value in zip(figure.series, figure.classes, values, strict=True):
        if value:
            parts.append(
                _rectangle(css, left, top + 4, value * scale, _BAR - 8, f"{name}: {series} {value}")
            )
            left += value * scale
    parts.append(fill('<text x="{:.1f}" y="{}">{}</text>', left + 6, top + 17, sum(values)))
    return joined("", parts)


def columns(figure: Figure) -> Shown:
    """Upright bars, stacked; for time."""
    highest = max((sum(values) for _, values in figure.rows), default=0)
    if not highest:
        return _framed(figure, None)
    step = min((WIDTH - 2 * _EDGE) / len(figure.rows), _WIDEST)
    scale = (_HEIGHT - _AXIS - 20) / highest
    every = -(-len(figure.rows) // 8)
    parts = []
    for number, (name, values) in enumerate(figure.rows):
        left, bottom = _EDGE + number * step, float(_HEIGHT - _AXIS)
        for series, css, value in zip(figure.series, figure.classes, values, strict=True):
            if value:
                bottom -= value * scale
                told = f"{name}: {series} {value}"
                parts.append(_rectangle(css, left, bottom, max(step - 2, 1), value * scale, told))
        if number % every == 0:
            where = (left + step / 2, _HEIGHT - 6)
            parts.append(fill('<text class="tick" x="{:.1f}" y="{}">{}</text>', *where, markup(name)))
    parts.append(fill('<text x="{}" y="12">{}</text>', _EDGE, highest))
    return _framed(figure, _svg(figure, _HEIGHT, parts))


def lines(figure: Figure) -> Shown:
    """A line per series over time; a single night is a dot."""
    highest = max((max(values) for _, values in figure.rows), default=0)
    if not figure.rows:
        return _framed(figure, None)
    step = (WIDTH - 80) / max(1, len(figure.rows) - 1)
    scale = (_HEIGHT - _AXIS - 30) / max(1, highest)
    every = -(-len(figure.rows) // 8)
    parts = []
    for place, css in enumerate(figure.classes):
        points = [
            (40 + number * step, _HEIGHT - _AXIS - values[place] * scale)
            for number, (_, values) in enumerate(figure.rows)
        ]
        written = joined(" ", [fill("{:.1f},{:.1f}", *point) for point in points])
        parts.append(fill('<polyline class="line {}" points="{}"/>', markup(css), written))
        for (name, values), (x, y) in zip(figure.rows, points, strict=True):
            told = markup(f"{name}: {figure.series[place]} {values[place]}")
            at = fill('class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3.5"', markup(css), x, y)
            parts.append(fill("<circle {}><title>{}</title></circle>", at, told))
    for number, (name, _) in enumerate(figure.rows):
        if number % every == 0:
            where = (40 + number * step, _HEIGHT - 6)
            parts.append(fill('<text class="tick" x="{:.1f}" y="{}">{}</text>', *where, markup(name)))
    parts.append(fill('<text x="4" y="16">{}</text>', highest))
    return _framed(figure, _svg(figure, _HEIGHT, parts))


def _rectangle(css: str, x: float, y: float, width: float, height: float, told: str) -> Shown:
    where = fill('class="{}" x="{:.1f}" y="{:.1f}"', markup(css), x, y)
    size = fill('width="{:.1f}" height="{:.1f}"', max(width, 0.8), height)
    return fill("<rect {} {}><title>{}</title></rect>", where, size, markup(told))


def _svg(figure: Figure, height: int, parts: Sequence[Shown]) -> Shown:
    box = fill('viewBox="0 0 {} {}"', WIDTH, height)
    return fill(
        '<svg {} role="img" aria-labelledby="t-{}">{}</svg>', box, markup(figure.id), joined("", parts)
    )


def _framed(figure: Figure, picture: Shown | None) -> Shown:
    """The picture with its title, what the colours mean, and its numbers."""
    body = (
        fill("<p>{}</p>", markup(figure.nothing))
        if picture is None
        else fill("{}{}{}", _legend(figure), picture, _table(figure))
    )
    caption = fill('<h3 id="t-{}">{}</h3>', markup(figure.id), markup(figure.title))
    return fill("<figure>{}{}</figure>\n", caption, body)


def _legend(figure: Figure) -> Shown:
    if len(figure.series) < 2:
        return fill("")
    items = [
        fill('<li><span class="key {}"></span>{}</li>', markup(css), markup(name))
        for name, css in zip(figure.series, figure.classes, strict=True)
    ]
    return fill('<ul class="legend">{}</ul>', joined("", items))


def _table(figure: Figure) -> Shown:
    names = joined(
        "", [fill('<th scope="col">{}</th>', markup(name)) for name in (figure.first, *figure.series)]
    )
    rows = [_row(name, values) for name, values in figure.rows]
    table = fill("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", names, joined("", rows))
    return fill("<details><summary>{}</summary>{}</details>", markup(figure.table), table)


def _row(name: str, values: Sequence[int]) -> Shown:
    cells = joined("", [fill("<td>{}</td>", value) for value in values])
    return fill('<tr><th scope="row">{}</th>{}</tr>', markup(name), cells)
