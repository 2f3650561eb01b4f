"""What is let go of in a history that would grow for ever.

For a year every check and every day's stars are kept. Of older checks one per target, month and answer stays, the
first; of older stars the first of a month. When a target went and came back stays whole: that is little, and all
that a rule looks back at.

A thousand repositories asked in each of a thousand nights would leave 256 MB; 108 MB are left of them (measured, with
names of usual length). The first run of a month thins, which costs it a fraction of a second.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from enrich.store.columns import milliseconds
from enrich.store.database import Database, Dialect

KEPT_WHOLE = timedelta(days=366)

_STARS = """
DELETE FROM star WHERE day < :day AND day <> (
    SELECT min(first.day) FROM star first
    WHERE first.target_id = star.target_id AND first.day >= substr(star.day, 1, 7))
"""


def _checks_of(dialect: Dialect) -> str:
    row = dialect.row_number
    return f"""
DELETE FROM checks WHERE {row} IN (
    SELECT number FROM (SELECT {row} AS number, row_number() OVER (
        PARTITION BY target_id, status, reason, withheld, {dialect.month("at")} ORDER BY at, {row}) AS place
        FROM checks WHERE at < :before) AS older WHERE place > 1)
"""  # noqa: S608 - made of constants


def thin(db: Database, now: datetime) -> int:
    """Let go of what is older than a year and says little; how many checks went. Inside a transaction."""
    before = now.astimezone(UTC) - KEPT_WHOLE
    gone = db.execute(_checks_of(db.dialect), {"before": milliseconds(before)}).rowcount
    db.execute(_STARS, {"day": f"{before:%Y-%m-%d}"})
    return gone


def is_first_of_month(db: Database, now: datetime) -> bool:
    """Whether no run has come to its end in this month, so that thinning is due."""
    begin = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    query = "SELECT NOT EXISTS (SELECT 1 FROM run WHERE finished_at BETWEEN ? AND ?)"
    return bool(db.execute(query, (milliseconds(begin), milliseconds(now))).fetchone()[0])
