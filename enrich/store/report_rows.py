"""The rows of the present run, as a report reads them: in their stable order, once, never all at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import msgspec

from enrich.codec import metadata_from
from enrich.model import (
    Described,
    Element,
    EntryLink,
    Finding,
    Glimpse,
    Metadata,
    Past,
    ReportDocument,
    ReportEntry,
    ReportLink,
    ReportTarget,
    Severity,
    Status,
    TargetState,
)
from enrich.store.columns import STATE_COLUMNS, STATUSES, second, state_values, suggestion_of
from enrich.store.database import Database, Row
from enrich.store.history import UNSTABLE_WITHIN
from enrich.store.stars import stars_of

# Entries by the articles and papers that they name, where several entries name the same. Places alone are sorted.
_REPEATED = """
WITH named AS ({}), known AS (
    SELECT position, coalesce(target_id, target) AS target,
        count(*) OVER (PARTITION BY coalesce(target_id, target)) AS times
    FROM named LEFT JOIN alias ON alias = target WHERE target IS NOT NULL
)
SELECT target, position FROM known JOIN entry USING (position) WHERE times > 1
ORDER BY target, document, line, position
"""

# What is known of targets that are there, for entries that name them; a page about a paper has that paper's.
_DESCRIBED = """
SELECT t.id, coalesce(p.metadata, t.metadata) AS metadata,
    CASE WHEN p.metadata IS NULL THEN t.metadata_source ELSE p.metadata_source END AS source,
    CASE WHEN p.metadata IS NULL THEN t.id ELSE p.id END AS owner
FROM {} JOIN target t ON t.id = value JOIN selected s ON s.target_id = t.id
    LEFT JOIN target p ON p.id = t.stands_for AND p.id NOT IN (SELECT target_id FROM doubted)
WHERE t.status = 'ok' AND s.skip IS NULL AND t.id NOT IN (SELECT target_id FROM doubted)
    AND coalesce(p.metadata, t.metadata) IS NOT NULL
    AND CASE WHEN p.metadata IS NULL THEN t.metadata_stale ELSE p.metadata_stale END = 0
"""
# Entries whose targets are looked up together, and how many links to one target are looked through for a place.
_ENTRIES_AT_ONCE = 200
_LINKS_LOOKED_THROUGH = 200

# A link that is alive and has failed since: so only a withheld one is remembered (`history.merge`).
_WITHHELD = """
SELECT {} FROM selected s JOIN target t ON t.id = s.target_id
WHERE s.linked = 1 AND s.skip IS NULL AND s.due <> 3 AND t.status IN ('ok', 'redirected')
    AND t.first_failed_at IS NOT NULL AND t.id NOT IN (SELECT target_id FROM doubted) {}
"""

# The start of this run stands in `seen_at`. What a wrong clock dated in the future is not of the last days.
_PASTS = """
SELECT id, first_repository_id, changes, recovered_from FROM (
SELECT t.id, t.first_repository_id,
    count(c.at) FILTER (WHERE c.at BETWEEN t.seen_at - CAST(:within AS BIGINT)
        AND t.seen_at + CAST(:within AS BIGINT)) AS changes,
    max(substr(c.reason, 1, 100)) FILTER (WHERE c.run_id = t.run_id AND c.was = 'broken' AND c.became = 'alive')
        AS recovered_from
FROM selected s JOIN target t ON t.id = s.target_id LEFT JOIN change c ON c.target_id = t.id
WHERE s.linked = 1 AND s.skip IS NULL AND t.id NOT IN (SELECT target_id FROM doubted)
GROUP BY t.id) AS past WHERE first_repository_id IS NOT NULL OR changes > 0 ORDER BY id
"""
# Both are read by place: each look at a column by its name goes through all names, which cost more than all else.
_FACTS, _IN_RUN, _METADATA, _STATE = slice(0, 5), slice(5, 10), slice(10, 18), slice(18, None)
_TARGETS = f"""
SELECT t.id, t.url, t.kind, t.parent, t.stands_for,
    s.skip, s.deferred, s.expected, s.stated, t.id IN (SELECT target_id FROM doubted),
    t.metadata, t.metadata_source, t.metadata_fetched_at, t.metadata_stale,
    p.metadata, p.metadata_source, p.metadata_fetched_at, p.metadata_stale,
    {", ".join(f"t.{column}" for column in STATE_COLUMNS)}
FROM selected s JOIN target t ON t.id = s.target_id
    LEFT JOIN target p ON p.id = t.stands_for AND p.id NOT IN (SELECT target_id FROM doubted)
WHERE s.linked = 1 ORDER BY t.id
"""  # noqa: S608 - names from a constant
_LINKS = """
SELECT l.target_id, d.path, l.line, l.column_, l.url, l.written, l.text, l.element, l.image, l.date,
    l.used_line, l.used_column
FROM link l JOIN document d ON d.position = l.document
ORDER BY l.target_id, d.path, l.line, l.column_, l.position
"""
_ELEMENTS = {element.value: element for element in Element}
_NEVER_ASKED = state_values(TargetState())
_FINDINGS = """
SELECT * FROM finding ORDER BY document NULLS FIRST, line NULLS FIRST, column_ NULLS FIRST, code, {}
"""
_entries = msgspec.json.Decoder(ReportEntry)
# Reads the few fields that are looked at in every entry, five times as fast as all of them.
_glimpses = msgspec.json.Decoder(Glimpse)


@dataclass(frozen=True, slots=True)
class _Known:
    """Metadata, where they are from, since when, and whether newer ones could not be had."""

    metadata: Metadata | None = None
    source: str | None = None
    fetched_at: datetime | None = None
    stale: bool = False


_NOTHING = _Known()


class StoredRows:
    """The rows of the present run for a report; `enrich.store.protocol.Rows`.

    ``unreadable`` collects the ids of targets whose metadata are not what enrich stores.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._described = _DESCRIBED.format(db.dialect.given("?"))
        self.unreadable: set[str] = set()

    def documents(self) -> Iterator[ReportDocument]:
        for row in self._db.stream("SELECT * FROM document ORDER BY path, position"):
            yield ReportDocument(
                path=row["path"], title=row["title"], date=row["date"], date_source=row["date_source"]
            )

    def targets(self) -> Iterator[ReportTarget]:
        links = groupby(self._links(), key=itemgetter(0))
        for row in self._db.stream(_TARGETS):
            id_, group = next(links)
            assert id_ == row[0], "every linked target has links, in the same order"
            yield self._target(row, [link for _, link in group])

    def pasts(self) -> Iterator[Past]:
        within = round(UNSTABLE_WITHIN.total_seconds() * 1000)
        for row in self._db.stream(_PASTS, {"within": within}):
            yield Past(
                target_id=row["id"], recovered_from=row["recovered_from"], changes=row["changes"],
                first_repository_id=row["first_repository_id"],
            )  # fmt: skip

    def _target(self, row: Row, links: list[ReportLink]) -> ReportTarget:
        facts, in_run, metadata, state = row[_FACTS], row[_IN_RUN], row[_METADATA], row[_STATE]
        skip, *_, doubted = in_run
        if doubted:
            return _report_target(facts, in_run, _NEVER_ASKED, _NOTHING, links)
        known = self._shown(facts, metadata)
        return _report_target(facts, in_run, _NEVER_ASKED if skip else state, known, links)

    def _shown(self, facts: tuple[Any, ...], metadata: tuple[Any, ...]) -> _Known:
        """The metadata of what a target stands for, else its own."""
        own, source, fetched_at, stale, other, other_source, other_fetched_at, other_stale = metadata
        id_, *_, stands_for = facts
        if other is not None:
            found = self._known(stands_for, other, other_source, other_fetched_at)
            if found.metadata is not None:
                return replace(found, stale=bool(other_stale))
        if own is None and not stale:
            return _NOTHING
        return replace(self._known(id_, own, source, fetched_at), stale=bool(stale))

    def _known(self, id_: str, metadata: str | None, source: str | None, fetched_at: int | None) -> _Known:
        """Metadata as stored; none where they are not what enrich stores, which is asked for again next time."""
        try:
            found = decoded(metadata)
        except msgspec.DecodeError:
            self.unreadable.add(id_)
            return _NOTHING
        return _Known(found, source, second(fetched_at)) if found else _NOTHING

    def _links(self) -> Iterator[tuple[str, ReportLink]]:
        for row in self._db.stream(_LINKS):
            (
                target_id,
                path,
                line,
                column,
                url,
                written,
                text,
                element,
                image,
                date,
                used_line,
                used_column,
            ) = row
            yield target_id, ReportLink(
                document=path, line=line, column=column, url=url, written=written, text=text,
                element=_ELEMENTS[element], image=bool(image), date=date,
                used_at=None if used_line is None else (used_line, used_column),
            )  # fmt: skip

    def _aliases(self) -> dict[str, str]:
        rows = self._db.execute("SELECT alias, target_id FROM alias")
        return {row["alias"]: row["target_id"] for row in rows}

    def entries(self) -> Iterator[ReportEntry]:
        aliases = self._aliases()
        for row in self._db.stream("SELECT row FROM entry ORDER BY document, line, position"):
            yield _entry(row["row"], aliases)

    def repeated(self) -> Iterator[tuple[str, ReportEntry]]:
        aliases = self._aliases()
        for target, position in self._db.stream(_REPEATED.format(self._db.dialect.named_by_entries())):
            (row,) = self._db.execute("SELECT row FROM entry WHERE position = ?", (position,)).fetchone()
            yield target, _entry(row, aliases)

    def described(self) -> Iterator[Described]:
        entries = self.entries()
        while part := list(islice(entries, _ENTRIES_AT_ONCE)):
            named = [_named(entry) for entry in part]
            known = self._glimpses({id_ for ids in named for id_ in ids})
            for entry, ids in zip(part, named, strict=True):
                if things := {id_: known[id_] for id_ in ids if id_ in known}:
                    yield Described(entry, things)

    def _glimpses(self, ids: Set[str]) -> dict[str, Glimpse]:
        rows = self._db.execute(self._described, (self._db.dialect.array(sorted(ids)),))
        return {row["id"]: glimpse for row in rows if (glimpse := _glimpse(row["metadata"]))}

    def metadata_of(self, ids: Set[str]) -> dict[str, tuple[Metadata, str | None]]:
        found: dict[str, tuple[Metadata, str | None]] = {}
        for row in self._db.execute(self._described, (self._db.dialect.array(sorted(ids)),)):
            known = self._known(row["owner"], row["metadata"], row["source"], None)
            if known.metadata is not None:
                found[row["id"]] = known.metadata, known.source
        return found

    def place_of(self, document: str, line: int, target: str) -> tuple[int, str | None] | None:
        row = self._db.execute(
            "SELECT l.column_, l.text FROM (SELECT * FROM link WHERE target_id = ? ORDER BY position LIMIT ?) l "
            "JOIN document d ON d.position = l.document WHERE d.path = ? AND l.line = ? ORDER BY l.column_",
            (target, _LINKS_LOOKED_THROUGH, document, line),
        ).fetchone()
        return row and (row["column_"], row["text"])

    def stars_of(self, id_: str) -> Sequence[tuple[date, int]]:
        known = stars_of(self._db, [id_]).get(id_)
        return known.days if known is not None else ()

    def findings(self) -> Iterator[Finding]:
        for row in self._db.stream(_FINDINGS.format(self._db.dialect.row_number)):
            yield Finding(
                code=row["code"], severity=Severity(row["severity"]), message=row["message"],
                document=row["document"], line=row["line"], column=row["column_"], target=row["target"],
                suggestion=suggestion_of(row["suggestion_url"], row["suggestion_reason"]),
            )  # fmt: skip

    def undated_links(self) -> int:
        query = "SELECT (SELECT count(*) FROM link WHERE date IS NULL) + (SELECT coalesce(sum(undated), 0) FROM document)"
        return int(self._db.execute(query).fetchone()[0])

    def deferred(self) -> int:
        query = "SELECT count(*) FROM selected WHERE deferred = 'host-deferred' AND linked = 1"
        return int(self._db.execute(query).fetchone()[0])

    def withheld(self, limit: int) -> tuple[int, list[str]]:
        count = int(self._db.execute(_WITHHELD.format("count(*)", "")).fetchone()[0])
        rows = self._db.execute(_WITHHELD.format("t.url", "ORDER BY t.id LIMIT ?"), (limit,))
        return count, [row["url"] for row in rows] if count else []


def _entry(row: str, aliases: Mapping[str, str]) -> ReportEntry:
    """An entry with the ids that its targets have by now."""
    entry = _entries.decode(row)
    if not any(id_ in aliases for id_ in _named(entry, entry.others)):
        return entry

    def known(link: EntryLink) -> EntryLink:
        return replace(link, target=aliases.get(link.target, link.target))

    return replace(
        entry,
        article=entry.article and known(entry.article),
        papers=[known(link) for link in entry.papers],
        code=[known(link) for link in entry.code],
        others=[known(link) for link in entry.others],
    )


def _glimpse(text: str) -> Glimpse | None:
    """The names in metadata; None where they are not what enrich stores, of which `targets` takes note."""
    try:
        return _glimpses.decode(text)
    except msgspec.DecodeError:
        return None


def _named(entry: ReportEntry, more: Iterable[EntryLink] = ()) -> list[str]:
    """The ids of an entry's article, papers and code, and of ``more``."""
    links = (*([entry.article] if entry.article else []), *entry.papers, *entry.code, *more)
    return [link.target for link in links]


def decoded(text: str | None) -> Metadata | None:
    """Metadata as stored; raises msgspec.DecodeError for what enrich never stores."""
    if text is None:
        return None
    table = msgspec.json.decode(text, type=dict[str, object])
    if any(isinstance(value, int) and value < 0 for value in table.values()):
        raise msgspec.ValidationError("nothing that metadata count is below zero")
    return metadata_from(table)


def _report_target(
    facts: tuple[Any, ...],
    in_run: tuple[Any, ...],
    state: tuple[Any, ...],
    known: _Known,
    links: list[ReportLink],
) -> ReportTarget:
    """A row of the report; ``state`` are the values of the `STATE_COLUMNS`, of which it shows less than a state has."""
    id_, url, kind, parent, stands_for = facts
    skip, deferred, expected, stated, _ = in_run
    (status, reason, detail, http_status, final_url, suggestion_url, suggestion_reason, checked_at, _,
     attempts, confirmed, first_failed_at, _, failed_checks, last_ok_at) = state  # fmt: skip
    waits = deferred == "host-deferred" and not skip
    return ReportTarget(
        id=id_,
        url=url,
        kind=kind,
        parent=parent,
        stands_for=stands_for,
        status=STATUSES[status] if status else Status.SKIPPED,
        reason=reason or skip or deferred or "not-reached",
        # Of a target that waits for a turn at its host: when that is expected.
        detail=detail if status else expected if waits else None,
        http_status=http_status,
        final_url=final_url,
        checked_at=second(checked_at),
        from_cache=bool(status) and not stated,
        attempts=attempts,
        confirmed=bool(confirmed),
        first_failed_at=second(first_failed_at),
        failed_checks=failed_checks,
        last_ok_at=second(last_ok_at),
        suggestion=suggestion_of(suggestion_url, suggestion_reason),
        metadata=known.metadata,
        metadata_source=known.source,
        metadata_fetched_at=known.fetched_at,
        metadata_stale=known.stale,
        links=links,
    )
