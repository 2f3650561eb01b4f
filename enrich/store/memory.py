"""What was found in a document, for as long as it is found there.

Where one note of many has changed, nothing that stands can be kept (`standing`), since what a target is depends on all
documents that link to it. Then this spares most of the work: to read back what was found takes an eighth of the time
of finding it, and, compressed, a twentieth of the room that its rows take.

What was found in a document that has vanished or changed goes after a week, which is time enough for two runs with
different settings to take turns. A damaged row counts as none: it is compressed with a checksum.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from enrich.codec import encode
from enrich.store.belief import CLOCKS_DIFFER
from enrich.store.columns import milliseconds
from enrich.store.database import Database
from enrich.store.protocol import FoundDocument, Run

KEPT_UNUSED = timedelta(days=8)
# Compressed; what is found of a million links takes some 100 MB.
MOST_BYTES = 256 << 20
# More gains a twentieth and takes three times as long.
_LEVEL = 1
_decoder = msgspec.json.Decoder(FoundDocument)


def recall(db: Database, keys: Sequence[str]) -> Mapping[str, FoundDocument]:
    """What was found in the documents with these keys, as far as it is remembered."""
    query = f"SELECT key, found FROM remembered WHERE key IN (SELECT value FROM {db.dialect.given('?')})"  # noqa: S608
    rows = db.execute(query, (db.dialect.array(list(keys)),))
    return {key: found for key, stored in rows if (found := _decoded(stored)) is not None}


def _decoded(stored: bytes) -> FoundDocument | None:
    try:
        return _decoder.decode(zlib.decompress(stored))
    except (zlib.error, TypeError, msgspec.MsgspecError):
        return None


def remember(db: Database, run: Run, new: Mapping[str, FoundDocument], again: Sequence[str]) -> None:
    """Remember what was found in a run, and that it was of use ``again``."""
    now = milliseconds(run.started_at)
    rows = [(key, zlib.compress(encode(found), _LEVEL), now) for key, found in new.items()]
    of_new = "ON CONFLICT (key) DO UPDATE SET found = excluded.found, used_at = excluded.used_at"
    db.insert("remembered", "key, found, used_at", rows, of_new)
    # A row is written as a whole, so that once a day is enough.
    day_ago = milliseconds(run.started_at - timedelta(days=1))
    used = "UPDATE remembered SET used_at = ? WHERE key = ? AND used_at NOT BETWEEN ? AND ?"
    db.executemany(used, [(now, key, day_ago, now) for key in again])


def tidy(db: Database, run: Run) -> None:
    """Forget what nobody has had a use for; and all but what stands, or even that, where it is too much.

    Of what a wrong clock dated in the future nobody can tell since when.
    """
    limits = milliseconds(run.started_at - KEPT_UNUSED), milliseconds(run.started_at + CLOCKS_DIFFER)
    of_others = (
        "DELETE FROM remembered WHERE used_at NOT BETWEEN ? AND ? AND key NOT IN (SELECT key FROM gathered)"
    )
    db.execute(of_others, limits)
    if _bytes(db) > MOST_BYTES:
        db.execute("DELETE FROM remembered WHERE key NOT IN (SELECT key FROM gathered)")
    if _bytes(db) > MOST_BYTES:
        db.execute("DELETE FROM remembered")


def _bytes(db: Database) -> int:
    return int(db.execute("SELECT coalesce(sum(length(found)), 0) FROM remembered").fetchone()[0])
