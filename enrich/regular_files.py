"""The bytes of regular files, where a stranger may have laid them out.

Devices and pipes are not read, sizes are bounded, and a symbolic link is followed only where somebody named it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from enrich.decoding import MAX_BYTES, TOO_LARGE, Unreadable

# O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_READ_NO_LINK = _READ | getattr(os, "O_NOFOLLOW", 0)


def bytes_of(path: str | Path, *, follow: bool) -> bytes:
    """What is in a file; Unreadable says why it is none that can be read, or that it is larger than `MAX_BYTES`.

    Without ``follow`` a symbolic link is none, even one that took the place of a file since it was found.
    """
    try:
        descriptor = os.open(path, _READ if follow else _READ_NO_LINK)
    except OSError as error:
        raise Unreadable(f"cannot be opened ({error.strerror})") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is not a regular file")
        if status.st_size > MAX_BYTES:
            raise Unreadable(TOO_LARGE)
        try:
            # Not up to the limit, since room for that would be made for every file; some do not say their size.
            data = os.read(descriptor, (status.st_size or MAX_BYTES) + 1)
            # A file system over a network may hand out a part.
            while len(data) < status.st_size and (more := os.read(descriptor, status.st_size)):
                data += more
            return data
        except OSError as error:
            raise Unreadable(f"cannot be read ({error.strerror})") from None
    finally:
        os.close(descriptor)
