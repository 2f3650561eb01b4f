"""A web server for benchmarks, in a process of its own, seen from both sides: `serving` starts one, `answer_all` is one.

It does as little as it can, and its own cost counts for nobody. Connections stay open.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import ROOT

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)

# The whole answer, head and body, to the head and the body of a request.
Answer = Callable[[bytes, bytes], bytes]


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[int]:
    """While it lasts, the port of a module of ours that serves in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def answer_all(answer: Answer, address: str = "127.0.0.1") -> None:
    """Answer at a port of this address, which is printed, until the process is ended."""
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(answer), address, 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - what the parent waits for
    await server.serve_forever()


class _Connection(asyncio.Protocol):
    """One connection; what came of a request is kept until all of it is there."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._held += data
        while (whole := self._taken()) is not None:
            self._transport.write(self._answer(*whole))

    def _taken(self) -> tuple[bytes, bytes] | None:
        """Head and body of the first request of which all is there."""
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = _CONTENT_LENGTH.search(self._held, 0, end + 2)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._held) < whole:
            return None
        head, body, self._held = self._held[:end], self._held[end + 4 : whole], self._held[whole:]
        return head, body
