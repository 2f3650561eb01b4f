"""What a run finds goes in: documents, links, entries, and the targets that links lead to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from operator import itemgetter

from enrich.codec import encode
from enrich.model import Finding
from enrich.store.belief import forget_misfiled
from enrich.store.columns import milliseconds
from enrich.store.protocol import FoundDocument, FoundTarget, Run
from enrich.store.schema import Transaction


def add(
    db: sqlite3.Connection, run: Run, documents: Sequence[FoundDocument], findings: Sequence[Finding]
) -> None:
    """Add documents in reading order, with their links, targets and entries; one transaction."""
    with Transaction(db):
        aliases = _aliases(db, documents)
        _add_targets(db, run, documents, aliases)
        for document in documents:
            _add_document(db, document, aliases)
        found = [*findings, *(finding for document in documents for finding in document.findings)]
        db.executemany(
            "INSERT INTO entry (document, line, row) VALUES (?, ?, ?)",
            [
                (entry.document, entry.line, encode(entry).decode())
                for document in documents
                for entry in document.entries
            ],
        )
        db.executemany(
            "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (f.code, f.severity, f.message, f.document, f.line, f.column, f.target,
                 f.suggestion and f.suggestion.url, f.suggestion and f.suggestion.reason)
                for f in found
            ],
        )  # fmt: skip


def _aliases(db: sqlite3.Connection, documents: Sequence[FoundDocument]) -> dict[str, str]:
    """Ids that are known to mean another target, such as the token of an article that was read."""
    ids = {link.target.identity.id for document in documents for link in document.links}
    rows = db.execute(
        "SELECT alias, target_id FROM alias WHERE alias IN (SELECT value FROM json_each(?))",
        (encode(sorted(ids)).decode(),),
    )
    return {row["alias"]: row["target_id"] for row in rows}


def _add_document(db: sqlite3.Connection, document: FoundDocument, aliases: dict[str, str]) -> None:
    position = db.execute(
        "INSERT INTO document (path, title, date, date_source, undated) VALUES (?, ?, ?, ?, ?)",
        (document.path, document.title, document.date, document.date_source, document.undated),
    ).lastrowid
    db.executemany(
        "INSERT INTO link (document, target_id, line, column_, url, written, text, element, image, date, "
        "used_line, used_column) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (position, aliases.get(found.target.identity.id, found.target.identity.id), found.link.line,
             found.link.column, found.link.url, found.link.written, found.link.text,
             found.link.element.value, int(found.link.image), found.date, *(found.link.used_at or (None, None)))
            for found in document.links
        ],
    )  # fmt: skip


def _targets_of(document: FoundDocument) -> Iterator[tuple[FoundTarget, str | None, int]]:
    """What a document leads to, why it is not asked, if so, and 1 where a link leads there.

    Numbers and not truths: SQLite's module looks for an adapter of every value that is of no plain type.
    """
    for found in document.links:
        yield found.target, found.skip, 1
    for implied in document.implied:
        yield implied, None, 0


def _add_targets(
    db: sqlite3.Connection, run: Run, documents: Sequence[FoundDocument], aliases: dict[str, str]
) -> None:
    targets = [target for document in documents for target in _targets_of(document)]
    rows = [
        (aliases.get(found.identity.id, found.identity.id), found, skip, linked)
        for found, skip, linked in targets
    ]
    # Neighbours in the notes are far apart in the tables. Those of one id stay in the order of their links.
    rows.sort(key=itemgetter(0))
    forget_misfiled(db, [(id_, found) for id_, found, _, _ in rows])
    seen_at = milliseconds(run.started_at)
    # The address of a target is that of its first link in this run, but for a later one that opens better.
    db.executemany(
        "INSERT INTO target (id, url, kind, host, parent, stands_for, run_id, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET url = excluded.url, host = excluded.host, "
        "kind = excluded.kind, parent = excluded.parent, stands_for = excluded.stands_for, "
        "run_id = excluded.run_id, seen_at = excluded.seen_at "
        "WHERE run_id <> excluded.run_id OR seen_at <> excluded.seen_at OR ?",
        [
            (id_, f.identity.url, f.identity.kind, f.host, f.identity.parent, f.identity.stands_for,
             run.id, seen_at, int(f.identity.preferred))
            for id_, f, _, _ in rows
        ],
    )  # fmt: skip
    # One link that may be asked is enough: only a target whose links are all skipped is skipped.
    db.executemany(
        "INSERT INTO selected (target_id, host, kind, by_api, linked, skip, asked_last) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (target_id) DO UPDATE SET linked = max(linked, excluded.linked), "
        "asked_last = min(asked_last, excluded.asked_last), "
        "skip = CASE WHEN skip IS NULL OR excluded.skip IS NULL THEN NULL ELSE skip END",
        [
            (id_, f.host, f.identity.kind, int(f.asks_api), linked, skip, int(f.identity.last))
            for id_, f, skip, linked in rows
        ],
    )
