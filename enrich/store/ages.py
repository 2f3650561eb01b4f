"""How long a verdict lasts. Pure.

Links of one note are checked in one night, and would all be due again in one night a week later, and every week
after that. So each verdict lasts a little shorter or longer than its age: by how much is read off a hash of the
target and of the moment it was asked, which is the same on every machine and other dice at every check.
"""

from __future__ import annotations

from hashlib import blake2b

DAY_MILLISECONDS = 86_400_000


def dice(target_id: str, attempted_at: int) -> float:
    """At least 0 and below 1; ``attempted_at`` in milliseconds."""
    digest = blake2b(f"{target_id}\n{attempted_at}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def jitter(target_id: str, attempted_at: int, spread: int) -> int:
    """How much longer than its age a verdict lasts, from -spread to +spread, all in milliseconds.

    A nightly job sees only whole days, and of 7 ± 2 of them there are five, not four: a day's share falls on
    the very beginning of the range, so that the first night has as much to do as each of the others.
    """
    thrown = dice(target_id, attempted_at) * (2 * spread + DAY_MILLISECONDS)
    return round(max(0.0, thrown - DAY_MILLISECONDS)) - spread
