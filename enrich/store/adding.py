"""What a run finds goes in: documents, links, entries, and the targets that links lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enrich.codec import encode
from enrich.model import Finding
from enrich.store.belief import forget_misfiled
from enrich.store.columns import milliseconds
from enrich.store.database import Database
from enrich.store.protocol import FoundDocument, FoundTarget, Run

_TARGET = "id, url, kind, host, parent, stands_for, run_id, seen_at"
_TARGET_AGAIN = (
    "ON CONFLICT (id) DO UPDATE SET url = excluded.url, host = excluded.host, kind = excluded.kind, "
    "parent = excluded.parent, stands_for = excluded.stands_for, run_id = excluded.run_id, seen_at = excluded.seen_at"
)
# The address of a target is that of its first link in this run.
_TARGET_OF_RUN = "WHERE target.run_id <> excluded.run_id OR target.seen_at <> excluded.seen_at"
_SELECTED = "target_id, host, kind, by_api, linked, skip, asked_last"
_SELECTED_AGAIN = (
    "ON CONFLICT (target_id) DO UPDATE SET "
    "linked = CASE WHEN selected.linked = 1 THEN 1 ELSE excluded.linked END, "
    "asked_last = CASE WHEN selected.asked_last = 0 THEN 0 ELSE excluded.asked_last END, "
    "skip = CASE WHEN selected.skip IS NULL OR excluded.skip IS NULL THEN NULL ELSE selected.skip END"
)
_LINK = (
    "document, target_id, line, column_, url, written, text, element, image, date, used_line, used_column"
)
_FINDING = "code, severity, message, document, line, column_, target, suggestion_url, suggestion_reason"


@dataclass(slots=True)
class _Met:
    """One target as a batch of documents has it. ``found`` names its address, ``first`` whom to ask."""

    first: FoundTarget
    found: FoundTarget
    linked: bool
    skip: str | None
    last: bool

    def again(self, found: FoundTarget, skip: str | None, linked: bool) -> None:
        """One link that may be asked is enough: only a target whose links are all skipped is skipped."""
        # A later address that opens better takes the place of the first.
        self.found = found if found.identity.preferred else self.found
        self.linked = self.linked or linked
        self.skip = self.skip if skip is not None else None
        self.last = self.last and found.identity.last


def add(db: Database, run: Run, documents: Sequence[FoundDocument], findings: Sequence[Finding]) -> None:
    """Add documents in reading order, with their links, targets and entries; inside a transaction."""
    aliases = _aliases(db, documents)
    _add_targets(db, run, documents, aliases)
    _add_links(db, documents, aliases)
    entries = [
        (entry.document, entry.line, encode(entry).decode())
        for document in documents
        for entry in document.entries
    ]
    db.insert("entry", "document, line, row", entries)
    found = [*findings, *(finding for document in documents for finding in document.findings)]
    db.insert(
        "finding",
        _FINDING,
        [
            (f.code, f.severity, f.message, f.document, f.line, f.column, f.target,
             f.suggestion and f.suggestion.url, f.suggestion and f.suggestion.reason)
            for f in found
        ],
    )  # fmt: skip


def _aliases(db: Database, documents: Sequence[FoundDocument]) -> dict[str, str]:
    """Ids that are known to mean another target, such as the token of an article that was read."""
    ids = {link.target.identity.id for document in documents for link in document.links}
    query = f"SELECT alias, target_id FROM alias WHERE alias IN (SELECT value FROM {db.dialect.given('?')})"  # noqa: S608
    rows = db.execute(query, (db.dialect.array(sorted(ids)),))
    return {row["alias"]: row["target_id"] for row in rows}


def _add_links(db: Database, documents: Sequence[FoundDocument], aliases: dict[str, str]) -> None:
    # Nobody else adds documents to this run, so that they can be numbered before they are in.
    begin = 1 + int(db.execute("SELECT coalesce(max(position), 0) FROM document").fetchone()[0])
    db.insert(
        "document",
        "position, path, title, date, date_source, undated",
        [
            (position, one.path, one.title, one.date, one.date_source, one.undated)
            for position, one in enumerate(documents, begin)
        ],
    )
    db.insert(
        "link",
        _LINK,
        [
            (position, aliases.get(found.target.identity.id, found.target.identity.id), found.link.line,
             found.link.column, found.link.url, found.link.written, found.link.text, found.link.element.value,
             int(found.link.image), found.date, *(found.link.used_at or (None, None)))
            for position, document in enumerate(documents, begin) for found in document.links
        ],
    )  # fmt: skip


def _met(documents: Iterable[FoundDocument], aliases: dict[str, str]) -> dict[str, _Met]:
    """The targets of a batch, each once, by id: no statement may meet a row twice."""
    met: dict[str, _Met] = {}
    for document in documents:
        found = [(link.target, link.skip, True) for link in document.links]
        found += [(implied, None, False) for implied in document.implied]
        for target, skip, linked in found:
            identity = target.identity
            id_ = aliases.get(identity.id, identity.id)
            if (known := met.get(id_)) is None:
                met[id_] = _Met(target, target, linked, skip, identity.last)
            else:
                known.again(target, skip, linked)
    # Neighbours in the notes are far apart in the tables.
    return dict(sorted(met.items()))


def _add_targets(
    db: Database, run: Run, documents: Sequence[FoundDocument], aliases: dict[str, str]
) -> None:
    met = _met(documents, aliases)
    forget_misfiled(db, [(id_, one.first) for id_, one in met.items()])
    seen_at = milliseconds(run.started_at)
    for preferred, condition in ((False, _TARGET_OF_RUN), (True, "")):
        rows = [
            (id_, f.identity.url, f.identity.kind, f.host, f.identity.parent, f.identity.stands_for, run.id, seen_at)
            for id_, f in ((id_, one.found) for id_, one in met.items()) if f.identity.preferred is preferred
        ]  # fmt: skip
        db.insert("target", _TARGET, rows, f"{_TARGET_AGAIN} {condition}")
    db.insert(
        "selected",
        _SELECTED,
        [
            (
                id_,
                one.first.host,
                one.first.identity.kind,
                int(one.first.asks_api),
                int(one.linked),
                one.skip,
                int(one.last),
            )
            for id_, one in met.items()
        ],
        _SELECTED_AGAIN,
    )
