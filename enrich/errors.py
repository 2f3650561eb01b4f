"""What enrich raises.

    EnrichError
    ├── UsageError        the user's input is wrong; names the place and the way out (exit 2)
    ├── CacheBusyError    another run holds the cache (exit 4)
    └── StorageError      a disk is full or read-only, or a cache cannot be used (exit 3)
        └── LeaseLostError  what was held for a time is somebody else's now; nothing more is written or asked

Failures of the web are values (`enrich.model.Failure`), never exceptions, and a mistake of ours is left
to crash (exit 70).
"""

from __future__ import annotations

from typing import TypeVar

Kind = TypeVar("Kind", bound=BaseException)


def first_of(group: BaseException, kind: type[Kind]) -> Kind | None:
    """The first error of a kind in a group of errors, at any depth."""
    if isinstance(group, kind):
        return group
    if isinstance(group, BaseExceptionGroup):
        found = (first_of(error, kind) for error in group.exceptions)
        return next((error for error in found if error is not None), None)
    return None


class EnrichError(Exception):
    """Something that a person can put right; ``str()`` says where and how.

    ``hint`` is a way out that is worth a line of its own. It becomes a note (PEP 678), as it does where a reader of
    one value raises ValueError and somebody else knows the place.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.add_note(hint)


def hint_of(error: BaseException) -> str | None:
    """The way out that an error was given."""
    notes = getattr(error, "__notes__", None)
    return "; ".join(notes) if notes else None


class UsageError(EnrichError):
    """Wrong options, configuration or input."""


class CacheBusyError(EnrichError):
    """Another run holds the lock of this cache."""


class StorageError(EnrichError):
    """The cache or a report could not be read or written."""


class LeaseLostError(StorageError):
    """What was held for a time, a shard of a run or the run itself, is somebody else's now."""


class ElsewhereError(Exception):
    """No error of anybody: the way leads to a host that another worker of the same run asks. Caught where it is asked."""
