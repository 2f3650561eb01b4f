"""TLS between two streams of bytes: what came in is opened, what goes out is sealed, and no socket is known here.

OpenSSL does all of it; these are its buffers, driven by hand. asyncio's own layer reserves a quarter of a megabyte for
each connection and costs more than OpenSSL itself for a question of a few hundred bytes. A connection here takes some
40 KB, so that one can be kept for every host of a usual run: opening it anew is what TLS really costs (0.8 ms).
"""

from __future__ import annotations

import ssl

# The most that one record holds (RFC 8446 section 5.1).
_RECORD_BYTES = 16 << 10


class Tls:
    """Our end of one TLS connection: ``is_ready`` after the handshake, ``is_over`` when the other end said goodbye."""

    __slots__ = ("_incoming", "_outgoing", "_tls", "_unsealed", "is_over", "is_ready")

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._unsealed = b""
        self.is_ready = False
        self.is_over = False

    def opened(self, data: bytes) -> bytes:
        """What there is to read after these bytes came in. Raises ssl.SSLError.

        Whatever TLS has to say to that itself, an alert among it, stands in `outgoing` afterwards.
        """
        self._incoming.write(data)
        pieces = []
        try:
            if not self.is_ready:
                self._tls.do_handshake()
                self.is_ready = True
            # Asked without need, it raises, which costs as much as the reading.
            while not self.is_over and (self._incoming.pending or self._tls.pending()):
                piece = self._tls.read(_RECORD_BYTES)
                self.is_over = not piece
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass  # the rest of a record is still to come
        self._seal()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def sealed(self, data: bytes) -> bytes:
        """What is to be sent so that the other end reads these bytes.

        While the other end wants a new handshake (TLS 1.2), they wait for it, and stand in `outgoing` later.
        """
        self._unsealed += data
        self._seal()
        return self._outgoing.read()

    def _seal(self) -> None:
        """Seal what can be: OpenSSL takes one record at a time."""
        try:
            while self._unsealed and self.is_ready:
                self._unsealed = self._unsealed[self._tls.write(self._unsealed) :]
        except ssl.SSLWantReadError:
            pass  # for the answer of the other end

    def outgoing(self) -> bytes:
        """What TLS itself has to say."""
        return self._outgoing.read()
