"""A web whose pages are all alike: `python -m benchmarks.loopback BYTES [TYPE]`.

It listens on every address of 127.0.0.0/8, so that each is a host. GET is answered with that many bytes, HEAD with
their length. A web page is read for its title; with another type,
HEAD is all that enrich asks.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks.server import Answer, answer_all


def _always(size: int, media_type: str = "text/html") -> Answer:
    head = b"HTTP/1.1 200 OK\r\nServer: loopback\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        media_type.encode(),
        size,
    )
    whole = head + b"x" * size
    return lambda asked, _: head if asked.startswith(b"HEAD ") else whole


if __name__ == "__main__":
    every_address = "0.0.0.0"  # noqa: S104 - of 127.0.0.0/8
    asyncio.run(answer_all(_always(int(sys.argv[1]), *sys.argv[2:]), every_address))
