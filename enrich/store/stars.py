"""Stars over time: one number a day and repository, as far back as it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from enrich.store.database import Database
from enrich.store.protocol import Stars


def stars_of(db: Database, ids: Sequence[str]) -> Mapping[str, Stars]:
    """The stars of each of these targets; those without any are left out."""
    query = (
        f"SELECT target_id, day, stars FROM star WHERE target_id IN (SELECT value FROM {db.dialect.given('?')}) "  # noqa: S608
        "ORDER BY target_id, day"
    )
    found: dict[str, list[tuple[date, int]]] = {}
    for id_, day, stars in db.execute(query, (db.dialect.array(list(ids)),)):
        if (read := _row(day, stars)) is not None:
            found.setdefault(id_, []).append(read)
    return {id_: Stars(days=tuple(days)) for id_, days in found.items()}


def _row(day: object, stars: object) -> tuple[date, int] | None:
    """None for a row that enrich never wrote."""
    try:
        read = date.fromisoformat(day) if isinstance(day, str) else None
    except ValueError:
        return None
    return (read, stars) if read is not None and isinstance(stars, int) and stars >= 0 else None
