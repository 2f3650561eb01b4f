"""What enrich raises.

    EnrichError
    ├── UsageError        the user's input is wrong; names the place and the way out (exit 2)
    ├── CacheBusyError    another run holds the cache (exit 4)
    └── StorageError      a disk is full or read-only, or a cache cannot be used (exit 3)

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
    """Something that a person can put right; ``str()`` says where and how."""


class UsageError(EnrichError):
    """Wrong options, configuration or input."""


class CacheBusyError(EnrichError):
    """Another run holds the lock of this cache."""


class StorageError(EnrichError):
    """The cache or a report could not be read or written."""
