"""Which remembered verdicts are believed.

A cache file may be damaged in a way that no checksum shows, or be written by somebody else. A row with a value
that enrich never writes is as good as none: its target counts as never asked, and the first answer replaces it.
Nothing is deleted before that, since the mistake may be that of our own clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from enrich.codec import encode
from enrich.model import CanonicalUrl, Status
from enrich.registry import identify, reason_of
from enrich.store.columns import STATE_COLUMNS, milliseconds
from enrich.store.protocol import FoundTarget

# Clocks of several machines that share a cache differ, but not by more than this.
CLOCKS_DIFFER = timedelta(days=1)
LONGEST_TEXT = 100_000
LONGEST_METADATA = 16 << 20
MOST_CHECKS = 1_000_000

_STATUSES = ", ".join(f"'{status}'" for status in Status if status is not Status.SKIPPED)
_MOMENTS = (
    "checked_at", "attempted_at", "first_failed_at", "certain_since", "last_ok_at", "metadata_fetched_at",
    "metadata_tried_at",
)  # fmt: skip
_FORGOTTEN = (*STATE_COLUMNS, "attempted_status", "metadata", "metadata_source", "metadata_fetched_at",
              "metadata_tried_at", "metadata_stale", "first_repository_id")  # fmt: skip
_COUNTS = frozenset({"attempts", "confirmed", "failed_checks", "metadata_stale"})


def _whole(column: str, least: str, most: str) -> str:
    return f"(typeof(t.{column}) = 'integer' AND t.{column} BETWEEN {least} AND {most})"


def _nothing_or(column: str, rule: str) -> str:
    return f"(t.{column} IS NULL OR {rule})"


def _text(column: str, longest: int) -> str:
    return f"(typeof(t.{column}) = 'text' AND length(t.{column}) <= {longest})"


def _address(column: str) -> str:
    """A web address without spaces or control characters; paths inside the collection are judged anew in any case."""
    return (
        f"({_text(column, LONGEST_TEXT)} AND (t.kind = 'file' OR t.{column} GLOB 'http*://*') "
        f"AND NOT t.{column} GLOB '*[' || char(1) || '-' || char(32) || char(127) || ']*')"
    )


_SOUND = " AND ".join(
    (
        _nothing_or(
            "status",
            f"(t.status IN ({_STATUSES}) AND t.checked_at IS NOT NULL AND t.attempted_at IS NOT NULL "  # noqa: S608
            "AND t.reason IN (SELECT value FROM json_each(:reasons)))",
        ),
        _nothing_or("attempted_status", f"t.attempted_status IN ({_STATUSES})"),
        *(_nothing_or(column, _whole(column, "0", ":latest")) for column in _MOMENTS),
        *(_whole(column, "0", "1") for column in ("confirmed", "metadata_stale")),
        *(_whole(column, "0", str(MOST_CHECKS)) for column in ("attempts", "failed_checks")),
        _nothing_or("http_status", _whole("http_status", "100", "999")),
        _nothing_or("detail", _text("detail", LONGEST_TEXT)),
        _nothing_or("final_url", _address("final_url")),
        _nothing_or("suggestion_url", _address("suggestion_url")),
        _nothing_or("suggestion_reason", _text("suggestion_reason", 100)),
        _nothing_or("metadata", _text("metadata", LONGEST_METADATA)),
        _nothing_or("metadata_source", _text("metadata_source", 100)),
        _nothing_or("first_repository_id", _whole("first_repository_id", "0", str(1 << 53))),
    )
)
_DOUBT = f"""
INSERT INTO doubted SELECT t.id FROM selected s JOIN target t ON t.id = s.target_id
WHERE (t.status IS NOT NULL OR t.attempted_at IS NOT NULL OR t.metadata_tried_at IS NOT NULL OR t.metadata IS NOT NULL)
    AND ({_SOUND}) IS NOT TRUE
"""  # noqa: S608 - made of constants above


def doubt(db: sqlite3.Connection, now: datetime) -> None:
    """Note the targets of this run whose stored verdicts are not believed, in the temporary table ``doubted``."""
    db.execute("DELETE FROM doubted")
    stored = db.execute("SELECT DISTINCT t.reason FROM selected s JOIN target t ON t.id = s.target_id")
    known = [row[0] for row in stored if _is_known(row[0])]
    latest = milliseconds(now + CLOCKS_DIFFER)
    db.execute(_DOUBT, {"latest": latest, "reasons": encode(known).decode()})


def is_believed(db: sqlite3.Connection, target_id: str, now: datetime) -> bool:
    """Whether all that is stored of one target is what enrich writes, and filed under the id of its address."""
    stored = db.execute("SELECT reason, url, kind FROM target WHERE id = ?", (target_id,)).fetchone()
    if stored is None or (stored["kind"] != "file" and target_id not in _ids_of(db, stored["url"])):
        return False
    known = [stored["reason"]] if _is_known(stored["reason"]) else []
    row = db.execute(
        f"SELECT ({_SOUND}) IS TRUE FROM target t WHERE t.id = :id",  # noqa: S608 - made of constants above
        {"id": target_id, "latest": milliseconds(now + CLOCKS_DIFFER), "reasons": encode(known).decode()},
    ).fetchone()
    return row is not None and bool(row[0])


def _is_known(reason: object) -> bool:
    try:
        return isinstance(reason, str) and bool(reason_of(reason))
    except KeyError:
        return False


def forget(db: sqlite3.Connection, target_ids: Iterable[str]) -> None:
    """Take back all that is remembered of targets, but for their history of checks."""
    blank = ", ".join(f"{column} = {'0' if column in _COUNTS else 'NULL'}" for column in _FORGOTTEN)
    db.executemany(f"UPDATE target SET {blank} WHERE id = ?", [(id_,) for id_ in target_ids])  # noqa: S608


def forget_misfiled(db: sqlite3.Connection, targets: Iterable[tuple[str, FoundTarget]]) -> None:
    """Forget rows whose address stands for another target than the one under whose id they lie.

    Most rows have the very address that the note has, so that only the others are looked at.
    """
    asked = encode([(id_, found.identity.url) for id_, found in targets]).decode()
    query = (
        "SELECT t.id, t.url, t.kind FROM json_each(?) AS found JOIN target t ON t.id = json_extract(found.value, '$[0]') "
        "WHERE t.url <> json_extract(found.value, '$[1]')"
    )
    # Which server of one's own an address belongs to is for the configuration to say.
    told = [row for row in db.execute(query, (asked,)) if not row["id"].startswith("github://")]
    moved = [(row["id"], row["url"]) for row in told if row["kind"] != "file"]
    forget(db, [id_ for id_, url in moved if id_ not in _ids_of(db, url)])


def _ids_of(db: sqlite3.Connection, url: object) -> list[str]:
    """The id of an address, and the one that it turned out to mean."""
    if not isinstance(url, str):
        return []
    own = identify(CanonicalUrl(url)).id
    return [own, *(row[0] for row in db.execute("SELECT target_id FROM alias WHERE alias = ?", (own,)))]
