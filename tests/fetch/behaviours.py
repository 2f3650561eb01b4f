"""What servers do, as bytes: the table of `test_conformance.py`.

Each row is a server that answers every request with the same bytes (`wire`) and then keeps, closes or resets the
connection. What is expected (`gives`, `body`, `connections`) is what httpx on httpcore makes of it, which the
test asks as well: a row that httpcore answers otherwise one day fails by itself.

The rows follow RFC 9110 and RFC 9112, and what the test suites of HTTP clients look at. Where our transport may
differ, `stricter` says how and why. It may refuse where two readers could see two different messages; it is
nowhere allowed to take what httpcore refuses, but for a question that is safely asked again and for zeros in front
of a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """The family of an error."""

    PROTOCOL = "protocol"  # what came is not proper HTTP, or ended early
    NETWORK = "network"  # the connection broke
    TIMEOUT = "timeout"  # nothing came, and nothing ended


class Then(StrEnum):
    """What the server does after its bytes."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What our transport may make of the bytes instead, and the reason."""

    reason: str
    gives: int | Trouble
    body: bytes = b""
    connections: int = 2


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A row: bytes of a server and what two requests, one after the other, make of it.

    ``asked`` is how many requests are made; ``connections`` how many the server then counted. ``later`` are
    the bytes for the second and later requests of one connection, where they are others. ``early`` sends
    before the request was read; ``bytewise`` sends one byte at a time.
    """

    name: str
    wire: bytes
    gives: int | Trouble
    body: bytes = b""
    connections: int = 1
    then: Then = Then.KEEP
    method: str = "GET"
    asked: int = 2
    later: bytes | None = None
    again: int | Trouble | None = None
    again_body: bytes | None = None
    early: bool = False
    bytewise: bool = False
    stricter: Difference | None = None


OK = b"HTTP/1.1 200 OK\r\n"


def ok(*lines: bytes, body: bytes = b"") -> bytes:
    """A 200 with these header lines and these bytes behind them."""
    return OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def hello(*lines: bytes) -> bytes:
    """A 200 with these header lines and `hello`, measured."""
    return ok(*lines, b"Content-Length: 5", body=b"hello")


def chunked(body: bytes, *lines: bytes) -> bytes:
    return ok(*lines, b"Transfer-Encoding: chunked", body=body)


def status(line: bytes, *lines: bytes, body: bytes = b"") -> bytes:
    """Any status line."""
    rest = b"".join(each + b"\r\n" for each in lines)
    return line + b"\r\n" + rest + b"\r\n" + body


ONE_MESSAGE = (
    "two readers could see two different messages here; the answer is refused or its connection closed"
)
LEFTOVER = "bytes behind an answer are nobody's; kept, they would be taken for the next answer"

# A body that ends with the connection: its length is nobody's to know, so the connection is spent.
UNTIL_CLOSE = {"connections": 2, "then": Then.CLOSE}
REFUSED = {"gives": Trouble.PROTOCOL, "connections": 2}
SILENT = {"gives": Trouble.TIMEOUT, "then": Then.SILENCE, "asked": 1}


def _row(
    name: str, wire: bytes, gives: int | Trouble = 200, body: bytes = b"", **rest: object
) -> Behaviour:
    return Behaviour(name, wire, **{"gives": gives, "body": body, **rest})  # type: ignore[arg-type]


def _statuses() -> Iterator[Behaviour]:
    for code in (200, 201, 202, 203, 206, 226, 300, 400, 401, 404, 410, 418, 429, 451, 500, 503, 599):
        line = b"HTTP/1.1 %d Words" % code
        yield _row(
            f"status {code} with a body", status(line, b"Content-Length: 2", body=b"hi"), code, b"hi"
        )
    for code in (301, 302, 303, 307, 308):
        line = b"HTTP/1.1 %d Moved" % code
        wire = status(line, b"Location: /elsewhere", b"Content-Length: 5", body=b"moved")
        yield _row(f"redirect {code} is handed on, not followed", wire, code, b"moved")
    for code in (600, 999):
        line = b"HTTP/1.1 %d Odd" % code
        yield _row(f"status {code} outside the classes", status(line, b"Content-Length: 0"), code)
    yield _row("status 000", status(b"HTTP/1.1 000 Nothing", b"Content-Length: 0"), **REFUSED)
    yield _row("status 099", status(b"HTTP/1.1 099 Low", b"Content-Length: 0"), **REFUSED)
    yield _row("status of two digits", status(b"HTTP/1.1 99 Low", b"Content-Length: 0"), **REFUSED)
    yield _row("status of four digits", status(b"HTTP/1.1 2000 High", b"Content-Length: 0"), **REFUSED)
    yield _row("status of letters", status(b"HTTP/1.1 abc Words", b"Content-Length: 0"), **REFUSED)
    yield _row("negative status", status(b"HTTP/1.1 -20 Words", b"Content-Length: 0"), **REFUSED)
    yield _row("no status at all", status(b"HTTP/1.1", b"Content-Length: 0"), **REFUSED)
    yield _row("status line with two spaces", status(b"HTTP/1.1  200 OK", b"Content-Length: 0"), **REFUSED)
    yield _row("a tab in the status line", status(b"HTTP/1.1\t200 OK", b"Content-Length: 0"), **REFUSED)


def _phrases() -> Iterator[Behaviour]:
    yield _row(
        "empty reason phrase", status(b"HTTP/1.1 200 ", b"Content-Length: 2", body=b"hi"), 200, b"hi"
    )
    yield _row("no reason phrase and no space", status(b"HTTP/1.1 200", b"Content-Length: 0"))
    yield _row("non-ASCII reason phrase", status("HTTP/1.1 200 好的".encode(), b"Content-Length: 0"))
    yield _row("latin-1 reason phrase", status(b"HTTP/1.1 200 D\xe9j\xe0", b"Content-Length: 0"))
    yield _row("an escape in the reason phrase", status(b"HTTP/1.1 200 \x1b[31m", b"Content-Length: 0"))
    yield _row("a tab in the reason phrase", status(b"HTTP/1.1 200 O\tK", b"Content-Length: 0"))
    yield _row("NUL in the reason phrase", status(b"HTTP/1.1 200 O\0K", b"Content-Length: 0"), **REFUSED)
    yield _row(
        "bare CR in the reason phrase", status(b"HTTP/1.1 200 O\rK", b"Content-Length: 0"), **REFUSED
    )


def _versions() -> Iterator[Behaviour]:
    zero = b"HTTP/1.0 200 OK"
    yield _row(
        "HTTP/1.0 closes by default",
        status(zero, b"Content-Length: 5", body=b"hello"),
        200,
        b"hello",
        connections=2,
    )
    yield _row(
        "HTTP/1.0 with keep-alive stays open",
        status(zero, b"Connection: keep-alive", b"Content-Length: 5", body=b"hello"),
        200,
        b"hello",
        connections=2,
    )
    yield _row("HTTP/1.0 until close", status(zero, body=b"to the end"), 200, b"to the end", **UNTIL_CLOSE)
    yield _row(
        "HTTP/1.0 with chunks",
        status(zero, b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"),
        200,
        b"hello",
        **UNTIL_CLOSE,
        stricter=Difference(reason=ONE_MESSAGE, gives=Trouble.PROTOCOL),
    )
    yield _row(
        "HTTP/0.9: a body and nothing else",
        b"<html>hello</html>\r\n\r\n",
        **{**REFUSED, "then": Then.CLOSE},
    )
    unheard_of = Difference(
        reason="nobody speaks that version, and its rules are not known", gives=Trouble.PROTOCOL
    )
    for version, connections in ((b"HTTP/1.2", 1), (b"HTTP/1.9", 1), (b"HTTP/2.0", 1), (b"HTTP/0.9", 2)):
        wire = status(version + b" 200 OK", b"Content-Length: 0")
        yield _row(f"version {version.decode()}", wire, connections=connections, stricter=unheard_of)
    for version in (b"HTTP/2", b"HTTP/11.1", b"HTTP/1.10", b"HTTP/1.", b"HTTP/1", b"HTTP/1.x"):
        wire = status(version + b" 200 OK", b"Content-Length: 0")
        yield _row(f"version {version.decode()}", wire, **REFUSED)
    yield _row("lower-case http/1.1", status(b"http/1.1 200 OK", b"Content-Length: 0"), **REFUSED)
    yield _row("another protocol's name", status(b"ICY 200 OK", b"Content-Length: 0"), **REFUSED)
    yield _row(
        "an answer in HTTP/2 frames",
        b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0\0\x06\0\x01\0\0",
        **{**REFUSED, "then": Then.CLOSE},
    )
    yield _row("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", **REFUSED)
    yield _row("an answer in TLS", b"\x15\x03\x03\0\x02\x02\x46\r\n\r\n", **REFUSED)
    yield _row("an answer of a mail server", b"220 mail.example ESMTP\r\n\r\n", **REFUSED)
    yield _row("a request instead of an answer", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", **REFUSED)


def _informational() -> Iterator[Behaviour]:
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    yield _row("100 before the answer", go_on + hello(), 200, b"hello")
    yield _row("102 before the answer", b"HTTP/1.1 102 Processing\r\n\r\n" + hello(), 200, b"hello")
    yield _row("103 with headers before the answer", hints + hello(), 200, b"hello")
    yield _row("100 and 103, twice each", (go_on + hints) * 2 + hello(), 200, b"hello")
    yield _row("twenty times 100", go_on * 20 + hello(), 200, b"hello")
    yield _row("an unknown 1xx", b"HTTP/1.1 199 Odd\r\n\r\n" + hello(), 200, b"hello")
    yield _row("100 and then the end", go_on, **{**REFUSED, "then": Then.CLOSE})
    yield _row("100 and then nothing", go_on, **SILENT)
    yield _row(
        "100 that announces a length has no body",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n" + hello(),
        200,
        b"hello",
    )
    yield _row(
        "101 to somebody who wanted no other protocol",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        **REFUSED,
    )
    yield _row(
        "101 and an answer behind it", b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + hello(), **REFUSED
    )
    yield _row(
        "an offer to upgrade beside the answer",
        hello(b"Upgrade: h2c", b"Connection: upgrade"),
        200,
        b"hello",
    )


def _bodyless() -> Iterator[Behaviour]:
    yield _row("204 without a length", status(b"HTTP/1.1 204 No Content"), 204)
    yield _row("204 with length 0", status(b"HTTP/1.1 204 No Content", b"Content-Length: 0"), 204)
    yield _row("304 without a length", status(b"HTTP/1.1 304 Not Modified", b'ETag: "x"'), 304)
    yield _row(
        "304 with the length of what was not sent",
        status(b"HTTP/1.1 304 Not Modified", b"Content-Length: 99"),
        304,
    )
    yield _row(
        "304 with chunks announced",
        status(b"HTTP/1.1 304 Not Modified", b"Transfer-Encoding: chunked"),
        304,
    )
    yield _row(
        "204 with a length and no body", status(b"HTTP/1.1 204 No Content", b"Content-Length: 5"), 204
    )
    yield _row(
        "205 with a body", status(b"HTTP/1.1 205 Reset", b"Content-Length: 2", body=b"hi"), 205, b"hi"
    )
    head = {"method": "HEAD"}
    yield _row("HEAD with a length", ok(b"Content-Length: 1000"), **head)
    yield _row("HEAD with chunks announced", ok(b"Transfer-Encoding: chunked"), **head)
    yield _row("HEAD without a length", ok(b"Content-Type: text/html"), **head)
    yield _row("HEAD, and the connection ends", ok(b"Content-Length: 1000"), **head, **UNTIL_CLOSE)
    yield _row(
        "HEAD with HTTP/1.0", status(b"HTTP/1.0 200 OK", b"Content-Length: 9"), **head, connections=2
    )
    yield _row(
        "HEAD to a page that is not there", status(b"HTTP/1.1 404 No", b"Content-Length: 7"), 404, **head
    )
    yield _row(
        "HEAD with a length that is no number",
        ok(b"Content-Length: many"),
        **{**REFUSED, **head},
    )


def _leftovers() -> Iterator[Behaviour]:
    """Bytes behind the end of an answer. httpcore takes what came with it for the beginning of the next."""
    clean = Difference(reason=LEFTOVER, gives=200, body=b"hello")
    poisoned = {"again": Trouble.PROTOCOL, "stricter": clean}
    yield _row("a second answer behind the first", hello() + hello(), 200, b"hello", stricter=clean)
    yield _row("an empty line behind the answer", hello() + b"\r\n", 200, b"hello", **poisoned)
    yield _row("garbage behind the answer", hello() + b"garbage", 200, b"hello", **poisoned)
    yield _row(
        "bytes behind the last chunk", chunked(b"5\r\nhello\r\n0\r\n\r\nmore"), 200, b"hello", **poisoned
    )
    for line, code in ((b"HTTP/1.1 204 No Content", 204), (b"HTTP/1.1 304 Not Modified", 304)):
        unread = {**poisoned, "stricter": Difference(reason=LEFTOVER, gives=code)}
        yield _row(f"a body behind {code}", status(line, body=b"body"), code, **unread)
        yield _row(
            f"an announced body behind {code}",
            status(line, b"Content-Length: 4", body=b"body"),
            code,
            **unread,
        )
    unread = {**poisoned, "stricter": Difference(reason=LEFTOVER, gives=200)}
    yield _row("a body behind the answer to HEAD", hello(), method="HEAD", **unread)
    yield _row("close, and more bytes", hello(b"Connection: close") + b"more", 200, b"hello", **UNTIL_CLOSE)


def _lengths() -> Iterator[Behaviour]:
    yield _row("a body as long as announced", hello(), 200, b"hello")
    yield _row("an empty body", ok(b"Content-Length: 0"))
    yield _row("a length with leading zeros", ok(b"Content-Length: 0005", body=b"hello"), 200, b"hello")
    yield _row("a length with spaces around it", ok(b"Content-Length:   5  ", body=b"hello"), 200, b"hello")
    yield _row("a length after a tab", ok(b"Content-Length:\t5", body=b"hello"), 200, b"hello")
    yield _row("a length without a space before it", ok(b"Content-Length:5", body=b"hello"), 200, b"hello")
    yield _row("a length in another case", ok(b"cOnTeNt-LeNgTh: 5", body=b"hello"), 200, b"hello")
    yield _row("the same length twice", hello(b"Content-Length: 5"), 200, b"hello")
    yield _row(
        "the same length twice in one line", ok(b"Content-Length: 5, 5", body=b"hello"), 200, b"hello"
    )
    yield _row("two different lengths", hello(b"Content-Length: 6"), **REFUSED)
    yield _row("two different lengths in one line", ok(b"Content-Length: 5, 6", body=b"hello"), **REFUSED)
    for text in (b"-5", b"+5", b"5.0", b"0x5", b"five", b"5 5", b"5;", b"1e1", b"", "５".encode()):
        shown = text.decode() or "nothing"
        yield _row(f"the length is {shown}", ok(b"Content-Length: " + text, body=b"hello"), **REFUSED)
    yield _row(
        "a length beyond all numbers",
        ok(b"Content-Length: " + b"9" * 40, body=b"x"),
        **{**REFUSED, "then": Then.CLOSE},
    )
    yield _row(
        "a body shorter than announced",
        ok(b"Content-Length: 9", body=b"hello"),
        **{**REFUSED, "then": Then.CLOSE},
    )
    yield _row(
        "no body where one was announced", ok(b"Content-Length: 9"), **{**REFUSED, "then": Then.CLOSE}
    )
    yield _row("half a body and silence", ok(b"Content-Length: 9", body=b"hello"), **SILENT)
    yield _row("a body of 200 KiB", ok(b"Content-Length: 204800", body=b"x" * 204800), 200, b"x" * 204800)
    yield _row(
        "a length and chunks",
        chunked(b"5\r\nhello\r\n0\r\n\r\n", b"Content-Length: 3"),
        200,
        b"hello",
        stricter=Difference(reason=ONE_MESSAGE, gives=200, body=b"hello"),
    )


def _until_close() -> Iterator[Behaviour]:
    yield _row(
        "a body that ends with the connection", ok(body=b"to the end"), 200, b"to the end", **UNTIL_CLOSE
    )
    yield _row("an empty body that ends with the connection", ok(), 200, b"", **UNTIL_CLOSE)
    yield _row("close and a length", hello(b"Connection: close"), 200, b"hello", **UNTIL_CLOSE)
    yield _row(
        "close, a length, and the server waits", hello(b"Connection: close"), 200, b"hello", connections=2
    )
    yield _row("neither a length nor an end", ok(body=b"to no end"), **SILENT)


def _chunks() -> Iterator[Behaviour]:
    end = b"0\r\n\r\n"
    good = {
        "two chunks": b"3\r\nhel\r\n2\r\nlo\r\n" + end,
        "chunks of one byte": b"".join(b"1\r\n%c\r\n" % byte for byte in b"hello") + end,
        "a chunk size in upper-case hex": b"A\r\nhellohello\r\n" + end,
        "a chunk size in lower-case hex": b"a\r\nhellohello\r\n" + end,
        "a chunk size with leading zeros": b"00005\r\nhello\r\n" + end,
        "the last chunk as 000": b"5\r\nhello\r\n000\r\n\r\n",
        "a chunk extension": b"5;name=value\r\nhello\r\n" + end,
        "a quoted chunk extension": b'5;name="a;b"\r\nhello\r\n' + end,
        "a chunk extension without a value": b"5;name\r\nhello\r\n" + end,
        "an extension of the last chunk": b"5\r\nhello\r\n0;last\r\n\r\n",
        "a space behind the chunk size": b"5 \r\nhello\r\n" + end,
        "a trailer": b"5\r\nhello\r\n0\r\nExpires: 0\r\n\r\n",
        "several trailers": b"5\r\nhello\r\n0\r\nA: 1\r\nB: 2\r\nA: 3\r\n\r\n",
        "a trailer that names a length": b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
        "chunks without a body": end,
    }
    for name, data in good.items():
        body = b"hellohello" if "hex" in name else b"" if "without a body" in name else b"hello"
        yield _row(name, chunked(data), 200, body)
    bad = {
        "a chunk size that is no number": b"zz\r\nhello\r\n" + end,
        "a negative chunk size": b"-5\r\nhello\r\n" + end,
        "a chunk size with a sign": b"+5\r\nhello\r\n" + end,
        "a chunk size with 0x": b"0x5\r\nhello\r\n" + end,
        "an empty chunk size": b"\r\nhello\r\n" + end,
        "a chunk size with a space before it": b" 5\r\nhello\r\n" + end,
        "a chunk size with an underscore": b"0_5\r\nhello\r\n" + end,
        "a chunk that is longer than its size": b"3\r\nhello\r\n" + end,
        "a chunk that ends in LF": b"5\r\nhello\n" + end,
        "a chunk that ends in two other bytes": b"5\r\nhelloXX" + end,
        "a chunk without an end": b"5\r\nhello" + end,
        "a trailer without a colon": b"5\r\nhello\r\n0\r\nnonsense\r\n\r\n",
    }
    for name, data in bad.items():
        yield _row(name, chunked(data), **REFUSED)
    zeros = Difference(
        reason="zeros in front change no number, however many (RFC 9112 7.1)",
        gives=200,
        body=b"hello",
        connections=1,
    )
    wire = chunked(b"0" * 20 + b"5\r\nhello\r\n" + end)
    yield _row("a chunk size of 21 digits", wire, **REFUSED, stricter=zeros)
    odd = Difference(reason=ONE_MESSAGE, gives=Trouble.PROTOCOL)
    yield _row(
        "a chunk extension with a bare CR",
        chunked(b"5;a\rb\r\nhello\r\n" + end),
        200,
        b"hello",
        stricter=odd,
    )
    yield _row(
        "a chunk extension with NUL", chunked(b"5;a\0b\r\nhello\r\n" + end), 200, b"hello", stricter=odd
    )
    yield _row(
        "no empty line behind the last chunk",
        chunked(b"5\r\nhello\r\n0\r\n"),
        **{**REFUSED, "then": Then.CLOSE},
    )
    yield _row(
        "a last chunk without its line end", chunked(b"5\r\nhello\r\n0"), **{**REFUSED, "then": Then.CLOSE}
    )
    yield _row("no last chunk", chunked(b"5\r\nhello\r\n"), **{**REFUSED, "then": Then.CLOSE})
    yield _row("the end within a chunk", chunked(b"5\r\nhel"), **{**REFUSED, "then": Then.CLOSE})
    yield _row(
        "the end within a chunk size", chunked(b"5\r\nhello\r\n1"), **{**REFUSED, "then": Then.CLOSE}
    )
    yield _row(
        "the end within a trailer", chunked(b"5\r\nhello\r\n0\r\nExp"), **{**REFUSED, "then": Then.CLOSE}
    )
    yield _row(
        "a chunk size of 17 digits",
        chunked(b"1" + b"0" * 16 + b"\r\nhello"),
        **{**REFUSED, "then": Then.CLOSE},
    )
    yield _row("no chunk at all", chunked(b""), **{**REFUSED, "then": Then.CLOSE})
    yield _row("a chunk extension without end", chunked(b"5;" + b"x" * 300_000), **REFUSED)
    yield _row("half a chunk and silence", chunked(b"5\r\nhel"), **SILENT)
    yield _row("no last chunk and silence", chunked(b"5\r\nhello\r\n"), **SILENT)


def _codings() -> Iterator[Behaviour]:
    hello_chunk = b"5\r\nhello\r\n0\r\n\r\n"
    for name in (b"CHUNKED", b"Chunked", b" chunked "):
        wire = ok(b"Transfer-Encoding: " + name, body=hello_chunk)
        yield _row(f"the transfer coding {name.decode()!r}", wire, 200, b"hello")
    for name in (
        b"gzip, chunked",
        b"identity",
        b"gzip",
        b"chunked, chunked",
        b"xchunked",
        b"chunked;q=1",
        b'"chunked"',
    ):
        wire = ok(b"Transfer-Encoding: " + name, body=hello_chunk)
        yield _row(f"the transfer coding {name.decode()}", wire, **REFUSED)
    yield _row(
        "chunked twice",
        ok(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=hello_chunk),
        **REFUSED,
    )
    packed = b"\x1f\x8b\x08\x00not really"
    for name in (b"gzip", b"br", b"zstd", b"gzip, gzip", b"x-unknown"):
        wire = ok(b"Content-Encoding: " + name, b"Content-Length: %d" % len(packed), body=packed)
        yield _row(f"the content coding {name.decode()} is handed on as it came", wire, 200, packed)


def _headers() -> Iterator[Behaviour]:
    fine = {
        "header without a value": b"X-Empty:",
        "header with nothing but spaces": b"X-Empty:   ",
        "header without a space": b"X-A:b",
        "spaces around the value": b"X-A: \t b \t ",
        "colons in the value": b"X-A: b:c: d",
        "all token characters in a name": b"!#$%&'*+-.^_`|~09azAZ: b",
        "UTF-8 in a value": "X-A: 中文".encode(),
        "bytes that are no UTF-8 in a value": b"X-A: \xff\xfe\xd6\xd0",
        "a tab within a value": b"X-A: b\tc",
        "an escape in a value": b"X-A: \x1b[31m",
        "DEL in a value": b"X-A: b\x7fc",
        "a bell in a value": b"X-A: \x07",
        "a quoted string": b'X-A: "b, \\"c\\""',
        "many cookies": b"\r\n".join(b"Set-Cookie: c%d=%d; Path=/" % (n, n) for n in range(50)),
        "the same name in three cases": b"X-A: 1\r\nx-a: 2\r\nX-a: 3",
        "200 headers": b"\r\n".join(b"X-%d: %d" % (n, n) for n in range(200)),
        "2000 headers": b"\r\n".join(b"X-%d: %d" % (n, n) for n in range(2000)),
        "a header line of 9 KiB": b"X-A: " + b"x" * 9000,
        "a header line of 60 KiB": b"X-A: " + b"x" * 60_000,
        "a header line of 90 KiB": b"X-A: " + b"x" * 90_000,
        "a header name of 1 KiB": b"x" * 1000 + b": 1",
    }
    for name, line in fine.items():
        yield _row(name, hello(line), 200, b"hello")
    bad = {
        "header without a colon": b"X-A b",
        "header without a name": b": b",
        "space before the colon": b"X-A : b",
        "tab before the colon": b"X-A\t: b",
        "space in a name": b"X A: b",
        "non-ASCII in a name": "X-Ä: b".encode(),
        "NUL in a name": b"X-\0A: b",
        "brackets in a name": b"X-(A): b",
        "NUL in a value": b"X-A: b\0c",
        "bare CR in a value": b"X-A: b\rc",
        "300 KiB of one header": b"X-A: " + b"x" * 300_000,
        "300 KiB of many headers": b"\r\n".join(b"X-%05d: xxxxx" % n for n in range(20_000)),
    }
    for name, line in bad.items():
        yield _row(name, hello(line), **REFUSED)
    folded = Difference(reason=ONE_MESSAGE, gives=Trouble.PROTOCOL)
    yield _row("a folded header", hello(b"X-A: b\r\n c"), 200, b"hello", stricter=folded)
    yield _row("a header folded with a tab", hello(b"X-A: b\r\n\tc"), 200, b"hello", stricter=folded)
    yield _row(
        "a header folded three times", hello(b"X-A: b\r\n c\r\n  d\r\n e"), 200, b"hello", stricter=folded
    )
    yield _row("the first header is a fold", OK + b" X-A: b\r\nContent-Length: 0\r\n\r\n", **REFUSED)
    yield _row(
        "a folded length", ok(b"Content-Length:\r\n 5", body=b"hello"), 200, b"hello", stricter=folded
    )
    yield _row(
        "lines that end in LF", hello(b"X-A: b").replace(b"\r\n", b"\n"), 200, b"hello", stricter=folded
    )
    yield _row("one line that ends in LF", OK + b"X-A: b\nContent-Length: 0\r\n\r\n", 200, stricter=folded)
    yield _row(
        "lines that end in CR", hello(b"X-A: b").replace(b"\r\n", b"\r"), **{**REFUSED, "then": Then.CLOSE}
    )
    yield _row("an empty line before the answer", b"\r\n" + hello(), **REFUSED)
    yield _row("a byte order mark before the answer", b"\xef\xbb\xbf" + hello(), **REFUSED)


def _connections() -> Iterator[Behaviour]:
    yield _row(
        "keep-alive, said",
        hello(b"Connection: keep-alive", b"Keep-Alive: timeout=5, max=100"),
        200,
        b"hello",
    )
    yield _row(
        "close among other words", hello(b"Connection: x-thing, Close"), 200, b"hello", connections=2
    )
    yield _row("close in another case", hello(b"connection: CLOSE"), 200, b"hello", connections=2)
    yield _row(
        "close and keep-alive", hello(b"Connection: close, keep-alive"), 200, b"hello", connections=2
    )
    yield _row("closed without a word after the answer", hello(), 200, b"hello", **UNTIL_CLOSE)
    yield _row("reset after the answer", hello(), 200, b"hello", connections=2, then=Then.RESET)
    yield _row(
        "chunks and close",
        chunked(b"5\r\nhello\r\n0\r\n\r\n", b"Connection: close"),
        200,
        b"hello",
        connections=2,
    )
    yield _row(
        "the second question on a connection is not answered",
        hello(),
        200,
        b"hello",
        later=b"",
        again=Trouble.PROTOCOL,
        stricter=Difference(
            reason="the server closed as we asked, so GET is asked again on a new connection (RFC 9112 9.3.1)",
            gives=200,
            body=b"hello",
        ),
    )
    yield _row(
        "the second answer on a connection is another",
        hello(),
        200,
        b"hello",
        later=status(b"HTTP/1.1 404 Not Found", b"Content-Length: 4", body=b"gone"),
        again=404,
        again_body=b"gone",
    )
    yield _row(
        "keep-alive after an error",
        status(b"HTTP/1.1 500 Oh", b"Content-Length: 2", body=b"no"),
        500,
        b"no",
    )


def _early() -> Iterator[Behaviour]:
    """Ends before their time, and answers before theirs."""
    stages = {
        "the end before a word": b"",
        "the end within the version": b"HTT",
        "the end within the status": b"HTTP/1.1 20",
        "the end within the status line": b"HTTP/1.1 200 O",
        "the end after the status line": OK,
        "the end within a header name": OK + b"Conte",
        "the end within a header value": OK + b"Content-Length: 1",
        "the end after a header": OK + b"Content-Length: 0\r\n",
        "the end within the empty line": OK + b"Content-Length: 0\r\n\r",
    }
    for name, wire in stages.items():
        yield _row(name, wire, **{**REFUSED, "then": Then.CLOSE})
    resets = {
        "reset before a word": b"",
        "reset within the status line": b"HTTP/1.1 20",
        "reset within the headers": OK + b"Content-Le",
        "reset within the body": ok(b"Content-Length: 9", body=b"hello"),
        "reset within a chunk": chunked(b"5\r\nhel"),
        "reset within a body that ends with the connection": ok(body=b"to the en"),
    }
    for name, wire in resets.items():
        yield _row(name, wire, Trouble.NETWORK, connections=2, then=Then.RESET)
    silences = {
        "silence": b"",
        "silence within the status line": b"HTTP/1.1 2",
        "silence within the headers": OK + b"Content-Le",
    }
    for name, wire in silences.items():
        yield _row(name, wire, **SILENT)
    yield _row(
        "an answer before the question", hello(), 200, b"hello", early=True, connections=2, then=Then.CLOSE
    )
    yield _row(
        "408 before the question",
        status(b"HTTP/1.1 408 Late", b"Connection: close", b"Content-Length: 0"),
        408,
        early=True,
        **UNTIL_CLOSE,
    )
    yield _row("one byte at a time", hello(b"X-A: b"), 200, b"hello", bytewise=True)
    yield _row(
        "chunks, one byte at a time",
        chunked(b"5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"),
        200,
        b"hello",
        bytewise=True,
    )


def _all() -> Iterator[Behaviour]:
    for part in (
        _statuses,
        _phrases,
        _versions,
        _informational,
        _bodyless,
        _leftovers,
        _lengths,
        _until_close,
        _chunks,
        _codings,
        _headers,
        _connections,
        _early,
    ):
        yield from part()


BEHAVIOURS = tuple(_all())
