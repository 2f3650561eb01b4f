"""One run per cache.

The operating system frees the lock of a dead process, so a killed run never blocks the next one. Who
holds it stands in the file, for the message of those who find it taken.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from enrich.errors import CacheBusyError

LOCK_NAME = "cache.lock"
HOLDER_NAME = "cache.holder"


def _holder(folder: Path) -> str:
    try:
        known = json.loads((folder / HOLDER_NAME).read_text(encoding="utf-8"))
        return f"process {int(known['pid'])}, since {str(known['since'])[:32]}"
    except (OSError, ValueError, KeyError, TypeError):
        # The holder has the lock but has not written its name yet.
        return "another process"


@contextmanager
def hold(folder: Path, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of a cache folder; CacheBusyError names the holder when it stays taken."""
    lock = FileLock(folder / LOCK_NAME, timeout=wait_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise CacheBusyError(
            f"{folder}: the cache is in use by {_holder(folder)}; wait for it, or give --wait 10m"
        ) from None
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        (folder / HOLDER_NAME).write_text(
            json.dumps({"pid": os.getpid(), "since": since}), encoding="utf-8"
        )
        yield
    finally:
        (folder / HOLDER_NAME).unlink(missing_ok=True)
        lock.release()
