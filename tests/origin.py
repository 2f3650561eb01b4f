"""A web server on 127.0.0.1 that misbehaves on request.

A path per kind of trouble (`_TROUBLES`), and answers that a test sets for a path of its own (`script`). It
speaks HTTP by hand, so that it can break every rule, and writes down who asked for what, and when.

    async with serve() as origin:                 # in the event loop of the test
        ... origin.url("/status/404") ... origin.arrivals

    with serve_in_thread() as origin:             # for tests that run a whole command
        ...
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from enrich.standstill import run

LIMIT = 4 << 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came in. ``target`` is what stood in the request line; ``connection`` counts from 1."""

    at: float
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that a test sets. ``after_seconds`` is how long it takes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_seconds: float = 0.0


@dataclass(slots=True)
class Wire:
    """The connection that a kind of trouble may ill-treat."""

    writer: asyncio.StreamWriter
    arrival: Arrival
    keep: bool = True

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.arrival.target).query).items()}

    @property
    def words(self) -> list[str]:
        return self.arrival.path.strip("/").split("/")

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        await self.raw("\r\n".join([*lines, "", ""]).encode("utf-8"))

    async def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """A proper answer; underscores in header names are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self.head(status, {"Content-Length": str(len(body)), **named})
        if self.arrival.method != "HEAD":
            await self.raw(body)


Trouble = Callable[[Wire], Awaitable[None]]


async def _ok(wire: Wire) -> None:
    await wire.answer(body=b"<title>fine</title>", Content_Type="text/html; charset=utf-8")


async def _status(wire: Wire) -> None:
    await wire.answer(int(wire.words[1]), body=b"as you wish", Content_Type="text/plain")


async def _redirect(wire: Wire) -> None:
    """/redirect/3 leads to /redirect/2 … and at last to /ok."""
    left = int(wire.words[1])
    await wire.answer(302, b"moved", Location=f"/redirect/{left - 1}" if left > 1 else "/ok")


async def _to(wire: Wire) -> None:
    """/to/302?URL leads to that URL, verbatim."""
    await wire.answer(int(wire.words[1]), b"moved", Location=unquote(urlsplit(wire.arrival.target).query))


async def _loop(wire: Wire) -> None:
    await wire.answer(302, b"moved", Location="/loop")


async def _cookie_loop(wire: Wire) -> None:
    await wire.answer(302, b"moved", Location="/cookie-loop", Set_Cookie="seen=1")


async def _long_redirect(wire: Wire) -> None:
    """A redirect with an endless body."""
    await wire.head(302, {"Location": "/ok", "Connection": "close"})
    while True:
        await wire.raw(b"x" * 65536)


async def _big_redirect(wire: Wire) -> None:
    """/big-redirect/512: a redirect with a body of so many MiB."""
    size = int(wire.words[1]) << 20
    await wire.head(302, {"Location": "/ok", "Content-Length": str(size)})
    for _ in range(size >> 16):
        await wire.raw(b"x" * 65536)


async def _drip(wire: Wire) -> None:
    await wire.head(200, {"Content-Length": "100000"})
    while True:
        await wire.raw(b".")
        await asyncio.sleep(0.05)


async def _drip_headers(wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 200 OK\r\n")
    for number in range(100000):
        await wire.raw(b"X-%d: 1\r\n" % number)
        await asyncio.sleep(0.05)


async def _silent(wire: Wire) -> None:
    await asyncio.sleep(60)


async def _slow(wire: Wire) -> None:
    """/slow/0.3 answers after that many seconds."""
    await asyncio.sleep(float(wire.words[1]))
    await _ok(wire)


async def _rst(wire: Wire) -> None:
    """The connection is reset instead of an answer."""
    wire.keep = False
    # Closing with a linger of zero seconds is what sends RST instead of FIN.
    connection: socket.socket = wire.writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.writer.transport.abort()


async def _half(wire: Wire) -> None:
    """Half of the body that was announced."""
    await wire.head(200, {"Content-Length": "1000"})
    await wire.raw(b"x" * 500)
    wire.keep = False


async def _empty(wire: Wire) -> None:
    """The connection is closed without a word."""
    wire.keep = False


async def _garbage(wire: Wire) -> None:
    await wire.raw(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
    wire.keep = False


async def _chunked(wire: Wire) -> None:
    await wire.head(200, {"Transfer-Encoding": "chunked"})
    await wire.raw(b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: 1\r\n\r\n")


async def _bad_chunks(wire: Wire) -> None:
    await wire.head(200, {"Transfer-Encoding": "chunked"})
    await wire.raw(b"zz\r\nhello\r\n")
    wire.keep = False


async def _until_close(wire: Wire) -> None:
    await wire.raw(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
    wire.keep = False


async def _hundred(wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    await _ok(wire)


async def _endless_hundred(wire: Wire) -> None:
    while True:
        await wire.raw(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.01)


async def _big_headers(wire: Wire) -> None:
    """/big-headers/300: so many KiB of them."""
    await wire.answer(200, b"", X_Big="x" * (int(wire.words[1]) << 10))


async def _many_headers(wire: Wire) -> None:
    """/many-headers/200000: so many short ones."""
    lines = b"".join(b"X-%d: 1\r\n" % number for number in range(int(wire.words[1])))
    await wire.raw(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n")


async def _flood(wire: Wire) -> None:
    """/flood/headers: one part of an answer, again and again, as fast as it can be taken."""
    start, again = _FLOODS[wire.words[1]]
    await wire.raw(start)
    while True:
        await wire.raw(again * (1 + 65536 // len(again)))


_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_FLOODS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Again: and again\r\n"),
    "one-header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "phrase": (b"HTTP/1.1 200 ", b"O"),
    "hundred": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "trailers": (_CHUNKS + b"0\r\n", b"X-Again: and again\r\n"),
    "extension": (_CHUNKS + b"1;", b"x"),
    "small-chunks": (_CHUNKS, b"1\r\nx\r\n"),
    "wide-chunks": (_CHUNKS, b"1;" + b"y" * 1000 + b"\r\nx\r\n"),
    "empty-lines": (b"", b"\r\n"),
}


async def _odd_headers(wire: Wire) -> None:
    await wire.raw(
        b"HTTP/1.1 200 OK\r\nX-Odd: \xff\xfe\r\nX-Text: \xe4\xb8\xad\r\nX-Two: a\r\nx-two: b\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


async def _raw_location(wire: Wire) -> None:
    """A redirect whose address is written in GBK."""
    await wire.raw(
        b"HTTP/1.1 302 Found\r\nLocation: /echo/\xd6\xd0?a=\xce\xc4\r\nContent-Length: 0\r\n\r\n"
    )


async def _cookie(wire: Wire) -> None:
    await wire.answer(302, b"", Location="/echo", Set_Cookie="id=1; Path=/")


async def _echo(wire: Wire) -> None:
    """What was asked, as JSON."""
    arrival = wire.arrival
    said = {"method": arrival.method, "target": arrival.target, "headers": dict(arrival.headers)}
    said["body"] = arrival.body.decode("latin-1")
    await wire.answer(body=json.dumps(said).encode(), Content_Type="application/json")


async def _bytes(wire: Wire) -> None:
    """/bytes/1000: so many bytes, as ?type= and ?coding= say."""
    await wire.answer(
        body=b"x" * int(wire.words[1]),
        Content_Type=wire.query.get("type", "text/html"),
        Content_Encoding=wire.query.get("coding", "identity"),
    )


async def _gzip(wire: Wire) -> None:
    """/gzip/1000: so many bytes, compressed, as ?coding= says."""
    coding = wire.query.get("coding", "gzip")
    window = {"gzip": 31, "deflate": 15, "bare": -15}[coding]
    body = _squeeze(b"x" * int(wire.words[1]), window)
    await wire.answer(body=body, Content_Encoding="deflate" if coding == "bare" else coding)


async def _bomb(wire: Wire) -> None:
    """/bomb/64: so many MiB in a thousandth of that; ?twice=1 squeezes it again."""
    body, coding = _bomb_of(int(wire.words[1])), "gzip"
    if "twice" in wire.query:
        body, coding = _squeeze(body, 31), "gzip, gzip"
    await wire.answer(body=body, Content_Encoding=coding)


async def _zeros(wire: Wire) -> None:
    """/zeros/1024: so many MiB of zeros, made in a moment; ?twice=1 packs them again."""
    mebibytes, zeros = int(wire.words[1]), bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    tail = b"\x03\0" + _crc_of_zeros(mebibytes) + struct.pack("<I", (mebibytes << 20) & 0xFFFFFFFF)
    body, coding = head + block * mebibytes + tail, "gzip"
    if "twice" in wire.query:
        body, coding = _squeeze(body, 31), "gzip, gzip"
    await wire.answer(body=body, Content_Encoding=coding)


@cache
def _crc_of_zeros(mebibytes: int) -> bytes:
    check, zeros = 0, bytes(1 << 20)
    for _ in range(mebibytes):
        check = zlib.crc32(zeros, check)
    return struct.pack("<I", check)


async def _endless(wire: Wire) -> None:
    await wire.head(200, {"Content-Type": "text/html"})
    while True:
        await wire.raw(b"x" * 65536)


@cache
def _bomb_of(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(mebibytes)) + packer.flush()


def _squeeze(data: bytes, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(data) + packer.flush()


_TROUBLES: dict[str, Trouble] = {
    "ok": _ok,
    "status": _status,
    "redirect": _redirect,
    "to": _to,
    "loop": _loop,
    "cookie-loop": _cookie_loop,
    "long-redirect": _long_redirect,
    "big-redirect": _big_redirect,
    "drip": _drip,
    "drip-headers": _drip_headers,
    "silent": _silent,
    "slow": _slow,
    "rst": _rst,
    "half": _half,
    "empty": _empty,
    "garbage": _garbage,
    "chunked": _chunked,
    "bad-chunks": _bad_chunks,
    "until-close": _until_close,
    "hundred": _hundred,
    "endless-hundred": _endless_hundred,
    "big-headers": _big_headers,
    "many-headers": _many_headers,
    "flood": _flood,
    "odd-headers": _odd_headers,
    "raw-location": _raw_location,
    "cookie": _cookie,
    "echo": _echo,
    "bytes": _bytes,
    "gzip": _gzip,
    "bomb": _bomb,
    "zeros": _zeros,
    "endless": _endless,
}


class Origin:
    """The server, and what it saw."""

    def __init__(self, scheme: str = "http") -> None:
        self.scheme = scheme
        self.port = 0
        self.connections = 0
        self.most_at_once = 0
        self.arrivals: list[Arrival] = []
        # What answers where there is neither a script nor a trouble; without it that is 404.
        self.otherwise: Callable[[Arrival], Answer] | None = None
        # By the first word of a path, as in `_TROUBLES`; a test may add its own.
        self.troubles = dict(_TROUBLES)
        self._at_work = 0
        self._scripts: dict[str, list[Answer]] = {}
        self._open: set[asyncio.StreamWriter] = set()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def script(self, path: str, *answers: Answer) -> None:
        """What a path answers, one after the other; the last one stays."""
        self._scripts[path] = list(answers)

    def asked(self, path: str) -> list[Arrival]:
        """The requests for a path, in the order of their arrival."""
        return [arrival for arrival in self.arrivals if arrival.path == path]

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            while (arrival := await _read_request(reader, number)) and await self._serve(arrival, writer):
                continue
        self._open.discard(writer)
        writer.close()

    async def _serve(self, arrival: Arrival, writer: asyncio.StreamWriter) -> bool:
        self.arrivals.append(arrival)
        self._at_work += 1
        self.most_at_once = max(self.most_at_once, self._at_work)
        wire = Wire(writer, arrival)
        try:
            await self._answer(wire)
        finally:
            self._at_work -= 1
        return wire.keep

    async def _answer(self, wire: Wire) -> None:
        path = wire.arrival.path
        if path in self._scripts:
            answers = self._scripts[path]
            await _give(wire, answers.pop(0) if len(answers) > 1 else answers[0])
        elif wire.words[0] in self.troubles:
            await self.troubles[wire.words[0]](wire)
        elif self.otherwise is not None:
            await _give(wire, self.otherwise(wire.arrival))
        else:
            await wire.answer(404, b"no such page")

    def close(self) -> None:
        for writer in self._open:
            writer.transport.abort()


async def _give(wire: Wire, answer: Answer) -> None:
    await asyncio.sleep(answer.after_seconds)
    headers = {name.replace("-", "_"): value for name, value in answer.headers.items()}
    await wire.answer(answer.status, answer.body, **headers)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Arrival | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    line, *rest = head.strip().split("\r\n")
    method, target, _version = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Arrival(time.monotonic(), method, target, headers, body, connection)


@asynccontextmanager
async def serve(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Origin]:
    """The server in the running event loop (asyncio)."""
    origin = Origin("https" if tls else "http")
    server = await asyncio.start_server(origin.serve_connection, host, 0, ssl=tls, limit=LIMIT)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()
        origin.close()
        await asyncio.sleep(0)


@contextmanager
def serve_in_thread(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Origin]:
    """The server in a thread of its own."""
    ready: list[tuple[Origin, asyncio.AbstractEventLoop, asyncio.Event]] = []
    started = threading.Event()

    async def main() -> None:
        async with serve(host, tls) as origin:
            stop = asyncio.Event()
            ready.append((origin, asyncio.get_running_loop(), stop))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=run, args=(main,), daemon=True)
    thread.start()
    assert started.wait(60), "the server did not start"
    origin, loop, stop = ready[0]
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
