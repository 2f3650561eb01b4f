"""Which remembered verdicts are believed.

A cache file may be damaged in a way that no checksum shows, or be written by somebody else. A row with a value
that enrich never writes is as good as none: its target counts as never asked, and the first answer replaces it.
Nothing is deleted before that, since the mistake may be that of our own clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache

from enrich.model import CanonicalUrl, Status
from enrich.registry import identify, reason_of
from enrich.store.columns import STATE_COLUMNS, milliseconds
from enrich.store.database import Database, Dialect
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


def _nothing_or(column: str, rule: str) -> str:
    return f"(t.{column} IS NULL OR {rule})"


@cache
def _sound(dialect: Dialect) -> str:
    """Whether the target ``t`` holds nothing but what enrich writes."""

    def whole(column: str, least: str, most: str) -> str:
        return f"({dialect.is_integer(f't.{column}')} AND t.{column} BETWEEN {least} AND {most})"

    def text(column: str, longest: int) -> str:
        return f"({dialect.is_text(f't.{column}')} AND length(t.{column}) <= {longest})"

    def address(column: str) -> str:
        """Without spaces or control characters; paths inside the collection are judged anew in any case."""
        begins = dialect.begins_as_address(f"t.{column}")
        strange = dialect.holds_any(f"t.{column}", "\x01- \x7f")
        return f"({text(column, LONGEST_TEXT)} AND (t.kind = 'file' OR {begins}) AND NOT {strange})"

    known = f"t.reason IN (SELECT value FROM {dialect.given(':reasons')})"  # noqa: S608 - of the dialect
    return " AND ".join(
        (
            _nothing_or(
                "status",
                f"(t.status IN ({_STATUSES}) AND t.checked_at IS NOT NULL AND t.attempted_at IS NOT NULL AND {known})",
            ),
            _nothing_or("attempted_status", f"t.attempted_status IN ({_STATUSES})"),
            *(_nothing_or(column, whole(column, "0", ":latest")) for column in _MOMENTS),
            *(whole(column, "0", "1") for column in ("confirmed", "metadata_stale")),
            *(whole(column, "0", str(MOST_CHECKS)) for column in ("attempts", "failed_checks")),
            _nothing_or("http_status", whole("http_status", "100", "999")),
            _nothing_or("detail", text("detail", LONGEST_TEXT)),
            _nothing_or("final_url", address("final_url")),
            _nothing_or("suggestion_url", address("suggestion_url")),
            _nothing_or("suggestion_reason", text("suggestion_reason", 100)),
            _nothing_or("metadata", text("metadata", LONGEST_METADATA)),
            _nothing_or("metadata_source", text("metadata_source", 100)),
            _nothing_or("first_repository_id", whole("first_repository_id", "0", str(1 << 53))),
        )
    )


def _doubt(dialect: Dialect) -> str:
    return f"""
INSERT INTO doubted SELECT t.id FROM selected s JOIN target t ON t.id = s.target_id
WHERE (t.status IS NOT NULL OR t.attempted_at IS NOT NULL OR t.metadata_tried_at IS NOT NULL OR t.metadata IS NOT NULL)
    AND ({_sound(dialect)}) IS NOT TRUE
"""  # noqa: S608 - made of constants above


def doubt(db: Database, now: datetime) -> None:
    """Note the targets of this run whose stored verdicts are not believed, in the temporary table ``doubted``."""
    db.execute("DELETE FROM doubted")
    stored = db.execute("SELECT DISTINCT t.reason FROM selected s JOIN target t ON t.id = s.target_id")
    known = [row[0] for row in stored if _is_known(row[0])]
    latest = milliseconds(now + CLOCKS_DIFFER)
    db.execute(_doubt(db.dialect), {"latest": latest, "reasons": db.dialect.array(known)})


def is_believed(db: Database, target_id: str, now: datetime) -> bool:
    """Whether all that is stored of one target is what enrich writes, and filed under the id of its address."""
    stored = db.execute("SELECT reason, url, kind FROM target WHERE id = ?", (target_id,)).fetchone()
    if stored is None or (stored["kind"] != "file" and target_id not in _ids_of(db, stored["url"])):
        return False
    known = [stored["reason"]] if _is_known(stored["reason"]) else []
    row = db.execute(
        f"SELECT ({_sound(db.dialect)}) IS TRUE FROM target t WHERE t.id = :id",  # noqa: S608 - made of constants above
        {
            "id": target_id,
            "latest": milliseconds(now + CLOCKS_DIFFER),
            "reasons": db.dialect.array(known),
        },
    ).fetchone()
    return row is not None and bool(row[0])


def _is_known(reason: object) -> bool:
    try:
        return isinstance(reason, str) and bool(reason_of(reason))
    except KeyError:
        return False


def forget(db: Database, target_ids: Iterable[str]) -> None:
    """Take back all that is remembered of targets, but for their history of checks."""
    blank = ", ".join(f"{column} = {'0' if column in _COUNTS else 'NULL'}" for column in _FORGOTTEN)
    db.executemany(f"UPDATE target SET {blank} WHERE id = ?", [(id_,) for id_ in target_ids])  # noqa: S608


def forget_misfiled(db: Database, targets: Iterable[tuple[str, FoundTarget]]) -> None:
    """Forget rows whose address stands for another target than the one under whose id they lie.

    Most rows have the very address that the note has, so that only the others are looked at.
    """
    asked = db.dialect.array([(id_, found.identity.url) for id_, found in targets])
    query = (
        f"SELECT t.id, t.url, t.kind FROM {db.dialect.given_pairs('?')} AS found "  # noqa: S608 - of the dialect
        "JOIN target t ON t.id = found.id WHERE t.url <> found.url"
    )
    # Which server of one's own an address belongs to is for the configuration to say.
    told = [row for row in db.execute(query, (asked,)) if not row["id"].startswith("github://")]
    moved = [(row["id"], row["url"]) for row in told if row["kind"] != "file"]
    forget(db, [id_ for id_, url in moved if id_ not in _ids_of(db, url)])


def _ids_of(db: Database, url: object) -> list[str]:
    """The id of an address, and the one that it turned out to mean."""
    if not isinstance(url, str):
        return []
    own = identify(CanonicalUrl(url)).id
    return [own, *(row[0] for row in db.execute("SELECT target_id FROM alias WHERE alias = ?", (own,)))]
