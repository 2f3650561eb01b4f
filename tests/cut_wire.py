"""A wire between a client and PostgreSQL that is cut at a word: what was on its way then arrives, or does not."""

from __future__ import annotations

import contextlib
import re
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

HOST = re.compile(r"host=([^&]*)")
NAME = ".s.PGSQL.5432"


class Wire:
    """``url`` leads over it. Armed, it is cut once, when the client says ``word`` for the given time from then on."""

    def __init__(self, folder: Path, url: str) -> None:
        found = HOST.search(url)
        assert found is not None, "the server is on a socket"
        self._server = str(Path(unquote(found[1])) / NAME)
        self.url = HOST.sub(f"host={quote(str(folder), safe='')}", url)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / NAME))
        self._listener.listen()
        self._word, self._at, self._arrives = b"", 0, False
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, word: bytes, at: int = 1, *, arrives: bool) -> None:
        """Cut when the word is said the ``at``-th time; ``arrives`` says whether the server still hears it."""
        self._word, self._at, self._arrives = word, at, arrives

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            server.connect(self._server)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(1 << 16):
                if self._is_time(data):
                    client.shutdown(socket.SHUT_RDWR)
                    if self._arrives:
                        server.sendall(data)
                        # Whoever closes right away makes the server give up what it is doing.
                        server.shutdown(socket.SHUT_WR)
                    break
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join(5)

    def _is_time(self, data: bytes) -> bool:
        if not self._word or self._word not in data:
            return False
        self._at -= 1
        if self._at:
            return False
        self._word = b""
        self.cuts += 1
        return True

    def close(self) -> None:
        """Nobody gets through any more who is not connected."""
        with contextlib.suppress(OSError):
            # Closing alone does not wake up whoever waits for the next client.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            with contextlib.suppress(OSError):
                sink.sendall(data)


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    """A wire to the server of an address."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="enrich-wire-"))
        made = Wire(Path(folder), url)
        stack.callback(made.close)
        yield made
