"""Which fault a certificate has, told in words that its owner can act on. Every certificate is made on the spot."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from fetching import failure, names, settings
from origin import serve

from enrich.fetch.client import Fetcher
from enrich.model import Failure, FailureKind, Request, Status
from enrich.verdict import judge_http

pytestmark = pytest.mark.anyio

NAME = "site.test"
DAY = timedelta(days=1)
Serve = Callable[[trustme.CA], ssl.SSLContext]


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


def expired(authority: trustme.CA) -> ssl.SSLContext:
    now = datetime.now(UTC)
    return context(authority.issue_cert(NAME, not_before=now - 3 * DAY, not_after=now - DAY))


def not_yet_valid(authority: trustme.CA) -> ssl.SSLContext:
    now = datetime.now(UTC)
    return context(authority.issue_cert(NAME, not_before=now + DAY, not_after=now + 3 * DAY))


def other_name(authority: trustme.CA) -> ssl.SSLContext:
    return context(authority.issue_cert("other.test"))


def unknown_authority(_authority: trustme.CA) -> ssl.SSLContext:
    return context(trustme.CA().issue_cert(NAME))


def incomplete_chain(authority: trustme.CA) -> ssl.SSLContext:
    """The certificate alone, without the one of the authority between it and the known one."""
    leaf = authority.create_child_ca().issue_cert(NAME)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with leaf.private_key_pem.tempfile() as key, leaf.cert_chain_pems[0].tempfile() as certificate:
        made.load_cert_chain(certificate, key)
    return made


def self_signed(_authority: trustme.CA) -> ssl.SSLContext:
    own = trustme.CA()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with own.private_key_pem.tempfile() as key, own.cert_pem.tempfile() as certificate:
        made.load_cert_chain(certificate, key)
    return made


def self_signed_at_the_end(_authority: trustme.CA) -> ssl.SSLContext:
    own = trustme.CA()
    leaf = own.issue_cert(NAME)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain = leaf.cert_chain_pems[0].bytes() + own.cert_pem.bytes()
    with leaf.private_key_pem.tempfile() as key, trustme.Blob(chain).tempfile() as certificates:
        made.load_cert_chain(certificates, key)
    return made


@pytest.mark.parametrize(
    ("serving", "said"),
    [
        (expired, "the certificate has expired"),
        (not_yet_valid, "the certificate is not valid yet"),
        (other_name, "the certificate is for another name"),
        (unknown_authority, "the certificate is from an unknown authority, or its chain is incomplete"),
        (incomplete_chain, "the certificate is from an unknown authority, or its chain is incomplete"),
        (self_signed, "the certificate is self-signed"),
        (self_signed_at_the_end, "the certificate chain ends in a self-signed one"),
    ],
)
async def test_a_fault_of_tls_says_which(serving: Serve, said: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    bundle = tmp_path / "bundle.pem"
    authority.cert_pem.write_to_path(str(bundle))
    limits = settings(ca_bundle=str(bundle), retries=2)
    async with (
        serve("127.0.0.1", serving(authority)) as origin,
        Fetcher(limits, resolve=names({NAME: ["127.0.0.1"]})) as asking,
    ):
        found = failure(await asking.fetch(Request(url=origin.url("/ok", NAME))))
    _tells(found, said)


# RFC 8446 section 6.2: alert (21) of version 1.2, two bytes long, fatal (2), and why.
@pytest.mark.parametrize(
    ("alert", "said"), [(40, "handshake failure"), (70, "protocol version"), (112, "unrecognized name")]
)
async def test_a_server_that_refuses_the_handshake_is_quoted(alert: int, said: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        writer.write(bytes([21, 3, 3, 0, 2, 2, alert]))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, Fetcher(settings(retries=2), resolve=names({NAME: ["127.0.0.1"]})) as asking:
        port = server.sockets[0].getsockname()[1]
        found = failure(await asking.fetch(Request(url=f"https://{NAME}:{port}/")))
    _tells(found, "the TLS handshake failed (")
    assert said in found.detail


def _tells(found: Failure, said: str) -> None:
    assert (found.kind, found.attempts) == (FailureKind.TLS, 1)
    assert found.detail.startswith(said)
    verdict = judge_http(found)
    assert (verdict.status, verdict.reason) == (Status.UNREACHABLE, "tls-failure")
    assert verdict.detail is not None
    assert said in verdict.detail
