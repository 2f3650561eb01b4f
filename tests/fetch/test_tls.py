"""TLS over bytes that a test carries from one end to the other, cut wherever it likes."""

from __future__ import annotations

import contextlib
import ssl

import pytest
import trustme

from enrich.fetch.tls import Tls

NAME = "a.test"


class Server:
    """The other end."""

    def __init__(self, name: str = NAME) -> None:
        self.authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name).configure_cert(context)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def client(self) -> Tls:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return Tls(context, NAME)

    def hears(self, data: bytes) -> bytes:
        """Go on with the handshake; what is sent back."""
        self._incoming.write(data)
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    def says(self, data: bytes) -> bytes:
        self._tls.write(data)
        return self._outgoing.read()

    def reads(self, data: bytes) -> bytes:
        self._incoming.write(data)
        return self._tls.read(1 << 20)

    def leaves(self) -> bytes:
        """Its goodbye, to which it awaits no answer."""
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._outgoing.read()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def shake_hands(client: Tls, server: Server, size: int = 1 << 20) -> None:
    client.opened(b"")
    while not client.is_ready:
        for piece in cut(server.hears(client.outgoing()), size):
            assert client.opened(piece) == b""
    # Tickets, which come with the first answer.
    assert client.opened(server.hears(client.outgoing())) == b""


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_what_is_read_does_not_depend_on_where_the_bytes_were_cut(size: int) -> None:
    server = Server()
    client = server.client()
    shake_hands(client, server, size)
    said = bytes(range(256)) * 200
    sealed = server.says(said)
    assert b"".join(client.opened(piece) for piece in cut(sealed, size)) == said
    assert server.reads(client.sealed(b"a question")) == b"a question"
    assert not client.is_over


def test_what_comes_before_a_goodbye_is_read() -> None:
    server = Server()
    client = server.client()
    shake_hands(client, server)
    assert client.opened(server.says(b"the end") + server.leaves()) == b"the end"
    assert client.is_over


def test_who_is_certified_for_another_name_is_told_so() -> None:
    server = Server("another.test")
    client = server.client()
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(client, server)
    assert not client.is_ready
    assert client.outgoing(), "an alert for the other end"


def test_who_speaks_no_tls_is_understood_to_do_so() -> None:
    client = Server().client()
    client.opened(b"")
    with pytest.raises(ssl.SSLError):
        client.opened(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("size", [1, 16 << 10, (16 << 10) + 1, 300_000])
def test_a_question_of_any_length_arrives_whole(size: int) -> None:
    server = Server()
    client = server.client()
    shake_hands(client, server)
    question = b"q" * size
    server.hears(b"")
    sealed = client.sealed(question)
    heard = server.reads(sealed)
    while len(heard) < size:
        heard += server.reads(b"")
    assert heard == question
