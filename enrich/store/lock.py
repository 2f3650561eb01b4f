"""One run per cache.

The operating system frees the lock of a dead process, so a killed run never blocks the next one. Who
holds it stands in the file, for the message of those who find it taken.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from enrich.errors import CacheBusyError, StorageError

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
    lock = FileLock(folder / LOCK_NAME, timeout=wait_seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise CacheBusyError(
            f"{folder}: the cache is in use by {_holder(folder)}; wait for it, or give --wait 10m"
        ) from None
    except OSError as error:
        raise StorageError(f"{folder}: the cache cannot be locked: {error.strerror or error}") from None
    try:
        _sign(folder)
        yield
    finally:
        with suppress(OSError):
            # A name left behind says "process N, since …" only to somebody who finds the lock taken.
            (folder / HOLDER_NAME).unlink(missing_ok=True)
        lock.release()


def _sign(folder: Path) -> None:
    """Say who holds the lock. A new file takes the name's place, so that a planted link is not written through."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{HOLDER_NAME}.", dir=folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"pid": os.getpid(), "since": since}, file)
            os.replace(name, folder / HOLDER_NAME)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise StorageError(f"{folder}: the cache cannot be written: {error.strerror}") from None
