"""``links``: what would be asked, without asking; or the notes with their dates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from enrich.cli.options import SettingsCommand, config_option, paths_argument, settings_of
from enrich.cli.printing import output_of, say
from enrich.model import Shown

if TYPE_CHECKING:
    from enrich.discovery import Places
    from enrich.model import Document, Finding
    from enrich.selection import Selection


@click.command(cls=SettingsCommand, name="links")
@paths_argument
@config_option
@click.option(
    "--format", "links_format", type=click.Choice(["text", "jsonl"]), default="text", help="How to print."
)
@click.option("--output", "links_output", metavar="FILE", help="Write there instead of to standard output.")
@click.option(
    "--dates", "only_dates", is_flag=True, help="List documents instead, each with its date and its source."
)
def links_command(
    paths: tuple[str, ...],
    config_file: str | None,
    links_format: str,
    links_output: str | None,
    only_dates: bool,
    **options: Any,
) -> None:
    """List the links that would be checked, with their places. Asks nobody.

    \b
    enrich links notes/
    enrich links notes/ --format jsonl
    enrich links notes/ --dates
    """
    from enrich.listing import is_enough
    from enrich.model import Finding
    from enrich.selection import Selection, places_of

    settings = settings_of("links", config_file, options)
    selection, places = Selection.of(settings), places_of(settings, paths)
    if links_format == "text" and not only_dates and is_enough(selection, places):
        with output_of(links_output) as write:
            write(_listed_lines(places, selection))
        return
    from enrich.collect import documents_of

    documents = documents_of(places, git_dates=settings["git_dates"])

    def lines() -> Iterator[Shown]:
        for document in documents:
            if isinstance(document, Finding):
                _say_unreadable(document)
            elif only_dates:
                yield _date_line(document, links_format)
            else:
                yield from _link_lines(document, selection, links_format)

    with output_of(links_output) as write:
        write(lines())


def _listed_lines(places: Places, selection: Selection) -> Iterator[Shown]:
    """The same lines, as fast as they can be made."""
    import gc

    from enrich.listing import listed

    # Nearly all that is made here is let go at once, without a circle in it.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    for part in listed(places, selection):
        for finding in part.unreadable:
            _say_unreadable(finding)
        yield part.text


def _say_unreadable(finding: Finding) -> None:
    from enrich.text import fill, printable

    said = printable(finding.document or ""), printable(finding.code), printable(finding.message)
    say(fill("{}: {}  ({})", *said))


def _link_lines(document: Document, selection: Selection, form: str) -> Iterator[Shown]:
    from enrich.collect import found_document
    from enrich.text import fill, json_row, printable

    for found in found_document(document, selection).links:
        link, identity = found.link, found.target.identity
        if form == "text":
            skip = fill("  ({})", printable(found.skip)) if found.skip else fill("")
            path, url = printable(document.path), printable(link.url)
            yield fill("{}:{}:{}: {}{}\n", path, link.line, link.column, url, skip)
            continue
        row = {
            "document": document.path, "line": link.line, "column": link.column, "url": link.url,
            "written": link.written, "text": link.text, "element": link.element, "image": link.image,
            "kind": identity.kind, "id": identity.id, "target_url": identity.url, "date": found.date,
            "date_source": "item" if link.date else document.date_source, "used_at": link.used_at,
        }  # fmt: skip
        yield fill("{}\n", json_row(row))


def _date_line(document: Document, form: str) -> Shown:
    """The date of a document, where it stands, and what the other sources say."""
    from enrich.dates import disagree
    from enrich.extract.items import item_dates
    from enrich.text import fill, json_row, printable

    items, conflict = len(item_dates(document.text)), disagree(document.dates)
    if form == "jsonl":
        row = {
            "document": document.path, "title": document.title, "date": document.date,
            "date_source": document.date_source, "others": document.dates[1:], "dated_items": items, "conflict": conflict,
        }  # fmt: skip
        return fill("{}\n", json_row(row))
    others = ", ".join(f"{one.source} {one.date}" for one in document.dates[1:])
    notes = (
        f"also: {others}" if others else "",
        f"dated items: {items}" if items else "",
        "these disagree" if conflict else "",
    )
    date = f"{document.date} {document.date_source}" if document.date else "none"
    return fill("{}: {}\n", printable(document.path), printable("; ".join([date, *filter(None, notes)])))
