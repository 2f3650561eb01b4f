"""A web server for benchmarks, in a process of its own: `python -m benchmarks.loopback BYTES [TYPE]`.

It listens on every address of 127.0.0.0/8 at one port, which it prints, so that each address is a host. GET is
answered with that many bytes, HEAD with their length; connections stay open. It does as little as it can, and its
own cost counts for nobody. A web page is read for its title; with another type, HEAD is all that enrich asks.
"""

from __future__ import annotations

import asyncio
import sys


class _Serving(asyncio.Protocol):
    """One connection; a request has no body, and pieces of it are kept until its empty line is there."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self._head = head
        self._whole = head + body
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        *requests, self._held = (self._held + data).split(b"\r\n\r\n")
        for request in requests:
            self._transport.write(self._head if request.startswith(b"HEAD ") else self._whole)


async def _serve(size: int, media_type: str = "text/html") -> None:
    head = b"HTTP/1.1 200 OK\r\nServer: loopback\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        media_type.encode(),
        size,
    )
    body = b"x" * size
    server = await asyncio.get_running_loop().create_server(
        lambda: _Serving(head, body),
        "0.0.0.0",  # noqa: S104 - every address of 127.0.0.0/8
        0,
        backlog=4096,
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - what the parent waits for
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), *sys.argv[2:]))
