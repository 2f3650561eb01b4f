"""Reading an answer from bytes: whatever they are, and wherever they are cut.

What servers really do is the table of `test_conformance.py`; here are bytes that nobody thought of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.fetch.faults import HeadersTooLargeError
from enrich.fetch.reading import MOST_HEAD_BYTES, AnswerReader

HEADERS = (
    *(b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 5, 5", b"content-length:7", b"X-A: b"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Connection: close", b"Upgrade: h2"),
    *(b"Connection: keep-alive, Upgrade", b"X-Folded: a\r\n  b", b"Set-Cookie: \xff\xfe", b"Location: /"),
)
BODIES = (
    *(
        b"",
        b"hello",
        b"hello more",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
    ),
    *(b"0\r\n\r\n\r\n", b"5\r\nhello", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
)
FIRST_LINES = (
    *(
        b"HTTP/1.1 200 OK",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 204 No Content",
        b"HTTP/1.1 304",
        b"HTTP/1.1 404 \xe4",
    ),
    *(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", b"HTTP/1.1 101 Other", b"HTTP/2.0 200 OK"),
)
METHODS = st.sampled_from(["GET", "HEAD", "CONNECT"])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Answers of proper parts, put together carelessly."""
    lines = draw(st.lists(st.sampled_from(HEADERS), max_size=4))
    line_end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"]))
    head = line_end.join([draw(st.sampled_from(FIRST_LINES)), *lines, b"", b""])
    return head + draw(st.sampled_from(BODIES))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The same with a few bytes changed, lost, or said twice."""
    wire = draw(answers())
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(wire)))
        to = draw(st.integers(at, min(len(wire), at + 5)))
        wire = wire[:at] + draw(st.binary(max_size=3) | st.just(wire[at:to] * 2)) + wire[to:]
    return wire


def pieces_of(wire: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Wire, cut at these places (counted modulo its length)."""
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    return [wire[start:end] for start, end in pairwise(places)]


def read(pieces: Iterable[bytes], method: str = "GET", closes: bool = True) -> tuple[object, ...]:
    """What comes of the pieces: status, headers, body and whether that is all, or the sort of error."""
    reader = AnswerReader(method)
    try:
        for piece in pieces:
            reader.feed(piece)
        if closes and not reader.is_complete:
            reader.end()
    except httpx.RemoteProtocolError as error:
        return (type(error),)
    return reader.status, tuple(reader.headers), b"".join(reader.pieces), reader.is_complete


def claims(check: Callable[[bytes, list[int], str, bool], None]) -> Callable[[], None]:
    """A claim about all answers, damaged answers and random bytes, however they are cut."""
    wires = answers() | damaged() | st.binary(max_size=200)
    cuts = st.lists(st.integers(0, 1000), max_size=30)
    return given(wires, cuts, METHODS, st.booleans())(check)


def nothing_else_is_raised_and_cuts_change_nothing(
    wire: bytes, cuts: list[int], method: str, closes: bool
) -> None:
    whole = read([wire], method, closes)
    assert read(pieces_of(wire, cuts), method, closes) == whole
    assert read([wire[at : at + 1] for at in range(len(wire))], method, closes) == whole


@settings(max_examples=600, deadline=None)
@claims
def test_any_bytes_are_an_answer_or_no_http_wherever_they_are_cut(
    wire: bytes, cuts: list[int], method: str, closes: bool
) -> None:
    nothing_else_is_raised_and_cuts_change_nothing(wire, cuts, method, closes)


@pytest.mark.soak
@settings(max_examples=60_000, deadline=None)
@claims
def test_very_many_bytes_are_answers_or_no_http_wherever_they_are_cut(
    wire: bytes, cuts: list[int], method: str, closes: bool
) -> None:
    nothing_else_is_raised_and_cuts_change_nothing(wire, cuts, method, closes)


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("wire", "reusable"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", True),
        (OK + b"Content-Length: 2\r\n\r\nhi\r\n", False),
        (OK + b"Content-Length: 2\r\nConnection: Close\r\n\r\nhi", False),
        (OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n\r\n", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 204 No\r\n\r\n", True),
        (b"HTTP/1.1 204 No\r\n\r\nx", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", False),
    ],
)
def test_a_connection_is_used_again_only_when_the_answer_ended_where_it_said(
    wire: bytes, reusable: bool
) -> None:
    reader = AnswerReader("GET")
    reader.feed(wire)
    assert (reader.is_complete, reader.is_reusable) == (True, reusable)


@pytest.mark.parametrize(
    "wire",
    [
        OK + b"X: " + b"x" * MOST_HEAD_BYTES + b"\r\n\r\n",
        OK + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 4 * MOST_HEAD_BYTES,
        OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=" + b"x" * 4 * MOST_HEAD_BYTES,
    ],
)
@pytest.mark.parametrize("piece_bytes", [1000, 1 << 16])
def test_headers_and_trailers_beyond_a_bound_are_refused(wire: bytes, piece_bytes: int) -> None:
    assert read(pieces_of(wire, range(0, len(wire), piece_bytes))) == (HeadersTooLargeError,)
