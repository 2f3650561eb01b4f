"""The guard at connect time, proxies and certificates: real sockets, made-up names.

127.0.0.2 plays the public address (the tests allow it); 127.0.0.1 plays a private service on the same port, and
nothing may reach it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import pytest
import trustme
from fetching import answer, failure, names, settings, until
from origin import Origin, serve

from enrich.errors import UsageError
from enrich.fetch import faults
from enrich.fetch.address import Guard
from enrich.fetch.client import Fetcher
from enrich.fetch.connect import GuardedConnector, connect_address
from enrich.fetch.names import alternate
from enrich.fetch.proxies import Proxies, proxies_from_environment
from enrich.model import FailureKind, Outcome, Request

pytestmark = pytest.mark.anyio

PUBLIC = "127.0.0.2"
NAMES: dict[str, Sequence[str] | int] = {
    "public.test": [PUBLIC],
    "evil.test": ["127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "six.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "azure.test": ["168.63.129.16"],
    "ten.test": ["10.0.0.1", "192.168.1.1"],
    "mixed.test": ["127.0.0.1", PUBLIC],
    "localhost": ["127.0.0.1", "::1"],
    "broken.test": socket.EAI_AGAIN,
    "empty.test": getattr(socket, "EAI_NODATA", socket.EAI_NONAME),
}

PRIVATE = [
    *("evil.test", "metadata.test", "six.test", "mapped.test", "nat64.test", "azure.test", "ten.test"),
    *("127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0.0.0.0", "0", "[::1]", "[::]"),
    *("[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "127.0.0.1.", "localhost"),
    *(
        "LOCALHOST",
        "localhost.",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "user@127.0.0.1",
        "user:pw@evil.test",
        "%31%32%37.1",
    ),
]


@dataclass
class Scene:
    """A public server and a private service that share a port."""

    public: Origin
    private_connections: list[object] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.public.port


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with serve(PUBLIC) as public:
        stage = Scene(public)

        async def reached(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stage.private_connections.append(writer)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
            writer.close()

        private = [await asyncio.start_server(reached, "127.0.0.1", public.port)]
        with contextlib.suppress(OSError):  # not every machine has IPv6
            private.append(await asyncio.start_server(reached, "::1", public.port))
        try:
            yield stage
        finally:
            for server in private:
                server.close()


async def ask(url: str, **changes: object) -> Outcome:
    usual = {"allow_nets": (f"{PUBLIC}/32",), **changes}
    async with Fetcher(settings(**usual), resolve=names(NAMES)) as asking:
        return await asking.fetch(Request(url=url))


# --- the guard --------------------------------------------------------------------------------------


@pytest.mark.ssrf
async def test_the_private_service_would_answer_if_it_were_asked() -> None:
    async with scene() as stage:
        response = answer(await ask(f"http://evil.test:{stage.port}/", allow_nets=("127.0.0.0/8",)))
    assert response.body == b"secret"


@pytest.mark.ssrf
@pytest.mark.parametrize("host", PRIVATE)
async def test_no_spelling_of_a_private_address_is_reached(host: str) -> None:
    async with scene() as stage:
        found = failure(await ask(f"http://{host}:{stage.port}/"))
    assert found.kind is FailureKind.FORBIDDEN_ADDRESS
    assert stage.private_connections == []


@pytest.mark.ssrf
@pytest.mark.parametrize("host", PRIVATE)
async def test_no_redirect_leads_to_a_private_address(host: str) -> None:
    async with scene() as stage:
        url = f"http://public.test:{stage.port}/to/302?http://{host}:{stage.port}/"
        found = failure(await ask(url))
    assert (found.kind, len(found.hops)) == (FailureKind.FORBIDDEN_ADDRESS, 1)
    assert stage.private_connections == []
    assert len(stage.public.arrivals) == 1


@pytest.mark.ssrf
async def test_a_name_with_a_public_and_a_private_address_is_asked_at_the_public_one() -> None:
    async with scene() as stage:
        assert answer(await ask(f"http://mixed.test:{stage.port}/ok")).status == 200
    assert stage.private_connections == []


@pytest.mark.ssrf
async def test_a_name_that_changes_its_address_is_judged_at_every_connection() -> None:
    flip = itertools.cycle([PUBLIC, "127.0.0.1"])

    async def resolve(_host: str, _port: int) -> list[str]:
        return [next(flip)]

    async with scene() as stage:
        outcomes = []
        for _ in range(20):
            async with Fetcher(settings(allow_nets=(f"{PUBLIC}/32",)), resolve=resolve) as asking:
                outcomes.append(await asking.fetch(Request(url=f"http://rebind.test:{stage.port}/ok")))
    assert stage.private_connections == []
    assert [getattr(each, "kind", 200) for each in outcomes] == [200, FailureKind.FORBIDDEN_ADDRESS] * 10


@pytest.mark.ssrf
async def test_an_odd_port_of_a_public_host_is_not_asked() -> None:
    assert failure(await ask("http://1.1.1.1:25/")).detail == "port 25 is not one of the web's"


@pytest.mark.ssrf
async def test_a_forbidden_address_is_neither_asked_again_nor_counted() -> None:
    async with Fetcher(settings(allow_nets=(), retries=2), resolve=names(NAMES)) as asking:
        found = failure(await asking.fetch(Request(url="http://evil.test/")))
    assert (found.attempts, asking.requests) == (1, 0)


async def test_allow_private_reaches_the_service() -> None:
    async with scene() as stage:
        assert answer(await ask(f"http://evil.test:{stage.port}/", allow_private=True)).body == b"secret"


@pytest.mark.ssrf
async def test_a_machine_does_not_ask_itself_by_its_public_address() -> None:
    class Socket(socket.socket):
        def getsockname(self) -> tuple[str, int]:
            return ("1.1.1.1", 1)

        getpeername = getsockname

    made = Socket()

    async def connect(_address: str, _port: int) -> socket.socket:
        return made

    connector = GuardedConnector(Guard(), names({"self.test": ["1.1.1.1"]}), connect)
    with pytest.raises(faults.AddressRefusedError, match="this machine"):
        await connector.connect("self.test", 80, 1.0)
    assert made.fileno() == -1, "it was not closed"


@pytest.mark.ssrf
async def test_a_small_web_in_the_process_is_guarded_by_what_a_url_says() -> None:
    def web(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"here")

    async with Fetcher(settings(allow_nets=()), httpx.MockTransport(web)) as asking:
        assert answer(await asking.fetch(Request(url="https://example.org/x"))).body == b"here"
        for url in ("http://127.0.0.1/", "http://localhost/", "http://example.org:25/", "http://[::1]/"):
            assert failure(await asking.fetch(Request(url=url))).kind is FailureKind.FORBIDDEN_ADDRESS
    assert (asking.requests, asking.answered, asking.names_resolved) == (1, True, 1)


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "precise", "kind"),
    [
        ("gone.test", True, FailureKind.DNS_NOT_FOUND),
        ("empty.test", True, FailureKind.DNS_NOT_FOUND),
        ("broken.test", True, FailureKind.DNS_FAILURE),
        ("gone.test", False, FailureKind.DNS_FAILURE),
    ],
)
async def test_a_name_that_does_not_exist_is_told_from_a_resolver_that_fails(
    monkeypatch: pytest.MonkeyPatch, host: str, precise: bool, kind: FailureKind
) -> None:
    monkeypatch.setattr(faults, "RESOLVER_IS_PRECISE", precise)
    assert failure(await ask(f"http://{host}/")).kind is kind


@pytest.mark.parametrize("code", ["AGAIN", "FAIL", "MEMORY", "SYSTEM", "SERVICE", "FAMILY", "BADFLAGS"])
async def test_all_else_that_a_resolver_says_is_our_trouble(code: str) -> None:
    trouble = getattr(socket, f"EAI_{code}")
    async with Fetcher(settings(), resolve=names({"a.test": trouble})) as asking:
        assert failure(await asking.fetch(Request(url="http://a.test/"))).kind is FailureKind.DNS_FAILURE


async def test_names_that_resolved_are_counted_once_and_this_machine_is_none() -> None:
    async with scene() as stage:
        nets = (f"{PUBLIC}/32",)
        async with Fetcher(settings(allow_nets=nets), resolve=names(NAMES)) as asking:
            for host in ("public.test", "public.test", "localhost", "gone.test", PUBLIC, "mixed.test"):
                await asking.fetch(Request(url=f"http://{host}:{stage.port}/ok"))
    assert asking.names_resolved == 2


async def test_the_systems_resolver_knows_localhost() -> None:
    async with serve() as origin, Fetcher(settings()) as asking:
        assert answer(await asking.fetch(Request(url=origin.url("/ok", "localhost")))).status == 200


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".test"])
async def test_a_name_that_no_resolver_takes_is_a_failure(host: str) -> None:
    async with Fetcher(settings(timeout_seconds=10)) as asking:
        kind = failure(await asking.fetch(Request(url=f"http://{host}/"))).kind
    assert kind in (FailureKind.DNS_NOT_FOUND, FailureKind.DNS_FAILURE)


@pytest.mark.parametrize(
    ("found", "order"),
    [
        (["a:1", "a:1", "a:2", "1.1", "1.2"], ["a:1", "1.1", "a:2", "1.2"]),
        (["1.1", "a:1"], ["1.1", "a:1"]),
        (["1.1"], ["1.1"]),
        ([f"a:{n}" for n in range(9)] + ["1.1"], ["a:0", "1.1", "a:1", "a:2", "a:3", "a:4"]),
    ],
)
def test_the_families_of_addresses_take_turns(found: list[str], order: list[str]) -> None:
    assert alternate(found) == order


async def test_a_dead_address_costs_a_quarter_second_and_not_the_link() -> None:
    async def connect(address: str, port: int) -> socket.socket:
        if address != PUBLIC:
            await anyio.sleep_forever()
        return await connect_address(address, port)

    async with serve(PUBLIC) as origin:
        resolve = names({"two.test": ["127.0.0.9", PUBLIC]})
        connector = GuardedConnector(Guard(allow_private=True), resolve, connect)
        with anyio.fail_after(60):
            sock = await connector.connect("two.test", origin.port, 30.0)
        sock.close()
        await until(lambda: origin.connections == 1)


async def test_when_all_addresses_refuse_it_is_a_failure_to_connect() -> None:
    async with serve(PUBLIC) as origin:
        port = origin.port
    async with Fetcher(settings(), resolve=names({"two.test": [PUBLIC, "127.0.0.3"]})) as asking:
        found = failure(await asking.fetch(Request(url=f"http://two.test:{port}/")))
    assert (found.kind, found.detail) == (FailureKind.CONNECT, "the connection was refused")


# --- certificates -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "bundle.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.ssrf
async def test_a_certificate_is_checked_against_the_name_and_not_the_address(
    authority: trustme.CA, bundle: str
) -> None:
    async with serve(PUBLIC, server_context(authority.issue_cert("public.test"))) as origin:
        right = await ask(origin.url("/ok", "public.test"), ca_bundle=bundle)
        wrong = await ask(origin.url("/ok", "mixed.test"), ca_bundle=bundle)
    assert answer(right).status == 200
    assert failure(wrong).kind is FailureKind.TLS
    assert failure(wrong).detail == "the certificate is for another name"
    assert [arrival.headers["host"] for arrival in origin.arrivals] == [f"public.test:{origin.port}"]


async def test_an_unknown_authority_is_a_failure_of_tls_and_not_asked_again(authority: trustme.CA) -> None:
    async with serve(PUBLIC, server_context(authority.issue_cert("public.test"))) as origin:
        found = failure(await ask(origin.url("/ok", "public.test"), retries=2))
    assert (found.kind, found.attempts) == (FailureKind.TLS, 1)
    assert found.detail == "the certificate is from an unknown authority, or its chain is incomplete"


async def test_plain_http_on_a_tls_port_is_a_failure_of_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, PUBLIC, 0)
    async with server:
        found = failure(await ask(f"https://public.test:{server.sockets[0].getsockname()[1]}/"))
    assert (found.kind, found.detail) == (
        FailureKind.TLS,
        "the TLS handshake failed (wrong version number)",
    )


async def test_a_handshake_that_never_ends_is_a_timeout_since_another_time_it_may_end() -> None:
    async with serve(PUBLIC) as origin:  # it waits for the end of a request
        url = origin.url("/ok", "public.test").replace("http:", "https:")
        found = failure(await ask(url, connect_timeout_seconds=0.2))
    assert found.kind is FailureKind.TIMEOUT


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_cannot_be_read_is_a_usage_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "bundle.pem"
    if content:
        path.write_text(content)
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        Fetcher(settings(ca_bundle=str(path)))


# --- proxies ----------------------------------------------------------------------------------------


class Proxy:
    """A proxy on 127.0.0.1: CONNECT and plain http, for names that only it can resolve."""

    def __init__(self, table: dict[str, str], status: int = 200) -> None:
        self.table = table
        self.status = status
        self.port = 0
        self.lines: list[str] = []
        self.heads: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            self.lines.append(head.splitlines()[0])
            method, target, _ = self.lines[-1].split(" ")
            if self.status != 200:
                writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self.status)
                await writer.drain()
            elif method == "CONNECT":
                await self.tunnel(target, reader, writer)
            else:
                await self.forward(method, target, head, reader, writer)
        writer.close()

    async def tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        upstream = await asyncio.open_connection(self.table[host], int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await self.join(reader, writer, *upstream)

    async def forward(
        self,
        method: str,
        target: str,
        head: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        url = httpx.URL(target)
        path = target[target.index("/", 8) :]
        upstream = await asyncio.open_connection(self.table[url.host], url.port or 80)
        upstream[1].write(head.replace(f"{method} {target}", f"{method} {path}", 1).encode("latin-1"))
        await self.join(reader, writer, *upstream)

    async def join(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        other_reader: asyncio.StreamReader,
        other_writer: asyncio.StreamWriter,
    ) -> None:
        async def copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                to.write(data)
                await to.drain()
            to.close()

        await asyncio.gather(copy(reader, other_writer), copy(other_reader, writer))


@asynccontextmanager
async def proxy(
    table: dict[str, str], status: int = 200, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Proxy]:
    serving = Proxy(table, status)
    server = await asyncio.start_server(serving.serve, "127.0.0.1", 0, ssl=tls)
    serving.port = server.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        server.close()


async def through(
    serving: Proxy, url: str, user: str = "", scheme: str = "http", **changes: object
) -> tuple[Outcome, Fetcher]:
    where = f"{scheme}://{user}127.0.0.1:{serving.port}"

    async def no_resolver(host: str, _port: int) -> list[str]:
        raise AssertionError(f"{host} was resolved here")

    usual = {"proxies": {"all": where}, "allow_nets": (), **changes}
    async with Fetcher(settings(**usual), resolve=no_resolver) as asking:
        return await asking.fetch(Request(url=url)), asking


@pytest.fixture
def web_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any port counts as one of the web's, since the server's is a random one."""
    monkeypatch.setattr(Guard, "_port_refusal", lambda _guard, _port: None)


@pytest.mark.usefixtures("web_port")
async def test_https_goes_through_a_tunnel_and_the_certificate_is_the_origins(
    authority: trustme.CA, bundle: str
) -> None:
    tls = server_context(authority.issue_cert("public.test"))
    async with serve(PUBLIC, tls) as origin, proxy({"public.test": PUBLIC}) as serving:
        url = origin.url("/a%7Eb?[x]|y", "public.test")
        outcome, asking = await through(serving, url, "user:pass@", ca_bundle=bundle)
    assert answer(outcome).status == 404
    assert origin.arrivals[0].target == "/a%7Eb?[x]|y"
    assert "proxy-authorization" not in origin.arrivals[0].headers
    assert serving.lines == [f"CONNECT public.test:{origin.port} HTTP/1.1"]
    assert base64.b64encode(b"user:pass").decode() in serving.heads[0]
    assert (asking.requests, asking.answered, asking.names_resolved) == (1, True, 0)


@pytest.mark.usefixtures("web_port")
async def test_plain_http_is_forwarded_with_the_whole_url() -> None:
    async with serve(PUBLIC) as origin, proxy({"public.test": PUBLIC}) as serving:
        url = origin.url("/a%7Eb?[x]|y", "public.test")
        outcome, _ = await through(serving, url)
    assert answer(outcome).status == 404
    assert serving.lines == [f"GET {url} HTTP/1.1"]
    assert origin.arrivals[0].headers["host"] == f"public.test:{origin.port}"


@pytest.mark.usefixtures("web_port")
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_may_be_spoken_to_over_tls(authority: trustme.CA, bundle: str, scheme: str) -> None:
    inner = server_context(authority.issue_cert("public.test")) if scheme == "https" else None
    outer = server_context(authority.issue_cert("127.0.0.1"))
    async with serve(PUBLIC, inner) as origin, proxy({"public.test": PUBLIC}, tls=outer) as serving:
        url = origin.url("/bytes/300000", "public.test")
        outcome, _ = await through(serving, url, "us%40er:p%3Ass@", "https", ca_bundle=bundle)
    assert len(answer(outcome).body) == 300_000
    said = base64.b64encode(b"us@er:p:ss").decode()
    assert f"Proxy-Authorization: Basic {said}" in serving.heads[0]
    assert scheme == "http" or "proxy-authorization" not in origin.arrivals[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_with_a_wrong_certificate_is_the_proxys_fault(
    authority: trustme.CA, bundle: str, scheme: str
) -> None:
    async with proxy({}, tls=server_context(authority.issue_cert("other.test"))) as serving:
        outcome, _ = await through(serving, f"{scheme}://public.test/", scheme="https", ca_bundle=bundle)
    assert failure(outcome).kind is FailureKind.CONNECT
    assert failure(outcome).detail.startswith("proxy: ")


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 2", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n\r\nearly"])
async def test_a_proxy_that_opens_no_tunnel_is_the_proxys_fault(reply: bytes) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(play, "127.0.0.1", 0) as listening:
        where = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        found = failure(await ask("https://public.test/", proxies={"all": where}))
    assert found.kind is FailureKind.CONNECT
    assert found.detail.startswith("proxy: ")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_a_password_is_a_failure_to_connect(scheme: str) -> None:
    async with proxy({}, 407) as serving:
        outcome, asking = await through(serving, f"{scheme}://public.test/")
    assert failure(outcome).kind is FailureKind.CONNECT
    assert failure(outcome).detail.startswith("proxy: ")
    assert not asking.answered


async def test_what_a_proxy_says_for_itself_is_no_sign_of_life() -> None:
    async with proxy({}, 502) as serving:
        outcome, asking = await through(serving, "http://public.test/")
        tunnel, _ = await through(serving, "https://public.test/")
    assert answer(outcome).status == 502
    assert not asking.answered
    assert failure(tunnel).detail == "proxy: 502 No"


@pytest.mark.parametrize("status", [403, 404, 451])
async def test_a_proxy_that_does_not_lead_to_a_host_says_nothing_about_it(status: int) -> None:
    async with proxy({}, status) as serving:
        tunnel, asking = await through(serving, "https://public.test/")
    assert not asking.answered
    assert (failure(tunnel).kind, failure(tunnel).detail) == (FailureKind.PROXY, f"{status} No")


async def test_an_ipv6_address_keeps_its_brackets_on_the_way_through_a_proxy() -> None:
    async with proxy({}, 502) as serving:
        await through(serving, "https://[2606:4700::1111]/")
        await through(serving, "http://[2606:4700::1111]:8080/x")
    assert serving.lines == [
        "CONNECT [2606:4700::1111]:443 HTTP/1.1",
        "GET http://[2606:4700::1111]:8080/x HTTP/1.1",
    ]


async def test_a_proxy_that_is_not_there_is_a_failure_to_connect() -> None:
    async with proxy({}) as serving:
        pass
    outcome, _ = await through(serving, "https://public.test/")
    assert failure(outcome).kind is FailureKind.CONNECT
    assert failure(outcome).detail.startswith("proxy: ")


@pytest.mark.ssrf
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://169.254.169.254/latest",
        "http://localhost/",
        "http://2130706433/",
        "http://[::1]/",
        "https://public.test:25/",
        "http://public.test:6379/",
    ],
)
async def test_a_proxy_is_no_way_around_the_guard(url: str) -> None:
    async with proxy({}) as serving:
        outcome, _ = await through(serving, url)
    assert failure(outcome).kind is FailureKind.FORBIDDEN_ADDRESS
    assert serving.lines == []


async def test_a_host_without_proxy_is_asked_directly() -> None:
    async with serve(PUBLIC) as origin, proxy({}) as serving:
        where = {"http": f"http://127.0.0.1:{serving.port}"}
        outcome = await ask(
            origin.url("/ok", "public.test"), proxies=where, no_proxy="x.test, .public.test"
        )
    assert answer(outcome).status == 200
    assert serving.lines == []


@pytest.mark.parametrize(
    ("proxies", "no_proxy", "url", "chosen"),
    [
        ({}, None, ("http", "a.test", 80), None),
        ({"http": "http://p"}, None, ("http", "a.test", 80), "http://p"),
        ({"http": "http://p"}, None, ("https", "a.test", 443), None),
        ({"all": "http://p", "https": "http://q"}, None, ("https", "a.test", 443), "http://q"),
        ({"all": "http://p"}, None, ("https", "a.test", 443), "http://p"),
        ({"all": "http://p"}, "*", ("http", "a.test", 80), None),
        ({"all": "http://p"}, "b.test,a.test", ("http", "www.a.test", 80), None),
        ({"all": "http://p"}, "a.test:8080", ("http", "a.test", 80), "http://p"),
        ({"all": "http://p"}, "a.test:8080", ("http", "a.test", 8080), None),
        ({"all": "http://p"}, "::1", ("http", "[::1]", 80), None),
        ({"all": "http://p"}, "test.a", ("http", "a.test", 80), "http://p"),
    ],
)
def test_the_proxy_is_chosen_by_scheme_and_host(
    proxies: dict[str, str], no_proxy: str | None, url: tuple[str, str, int], chosen: str | None
) -> None:
    assert Proxies(proxies, no_proxy).choose(*url) == chosen


def test_the_environment_names_the_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no", "ftp"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://p:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://upper:2")
    monkeypatch.setenv("https_proxy", "http://lower:2")
    monkeypatch.setenv("ALL_PROXY", "http://a:3")
    monkeypatch.setenv("ftp_proxy", "http://f:4")
    monkeypatch.setenv("NO_PROXY", "a.test")
    expected = {"http": "http://p:1", "https": "http://lower:2", "all": "http://a:3"}
    assert proxies_from_environment() == (expected, "a.test")
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    assert "http" not in proxies_from_environment()[0], "under CGI a visitor sets HTTP_PROXY by a header"


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "http://user:secret@[::1", "gopher://p"])
def test_a_proxy_that_cannot_be_used_is_a_usage_error_that_keeps_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="proxy") as caught:
        Fetcher(settings(proxies={"https": url}))
    assert "secret" not in str(caught.value)
