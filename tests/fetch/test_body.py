"""Bodies within bounds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.fetch.body import (
    DRAIN_BYTES,
    MIN_WIRE_BYTES,
    drain,
    is_readable,
    is_wanted,
    read_body,
    read_wanted,
    wire_cap,
)
from enrich.model import Request, Response

pytestmark = pytest.mark.anyio


async def in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def packed(data: bytes, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(data) + packer.flush()


TEXT = bytes(range(256)) * 1000


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", packed(TEXT, 31)),
        (" GZip ", packed(TEXT, 31)),
        ("x-gzip", packed(TEXT, 31)),
        ("deflate", packed(TEXT, 15)),
        ("deflate", packed(TEXT, -15)),
        ("gzip", gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])),
        ("gzip", gzip.compress(TEXT) + b"padding"),
    ],
)
async def test_a_body_is_decoded_however_it_is_cut_into_pieces(coding: str, wire: bytes, size: int) -> None:
    assert await read_body(in_pieces(wire, size), coding, 1 << 20) == (TEXT, False)


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_a_body_as_long_as_the_cap_is_whole_and_one_byte_more_is_cut(coding: str) -> None:
    wire = packed(TEXT, 31) if coding else TEXT
    assert await read_body(in_pieces(wire, 999), coding, len(TEXT)) == (TEXT, False)
    assert await read_body(in_pieces(wire, 999), coding, len(TEXT) - 1) == (TEXT[:-1], True)


async def test_nothing_more_is_read_once_the_cap_is_passed() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    body, truncated = await read_body(endless(), "", 10_000)
    assert (len(body), truncated) == (10_000, True)


async def test_the_wire_has_a_cap_of_its_own() -> None:
    body, truncated = await read_body(in_pieces(b"x" * (3 << 20), 65536), "", 4 << 20)
    assert (len(body), truncated) == (MIN_WIRE_BYTES, True)
    body, truncated = await read_body(in_pieces(b"x" * (3 << 20), 65536), "", 8 << 20)
    assert (len(body), truncated) == (3 << 20, False)


@pytest.mark.parametrize("cut", [1, 10, 100])
async def test_a_compressed_body_that_ends_early_is_cut(cut: int) -> None:
    wire = packed(TEXT, 31)
    body, truncated = await read_body(in_pieces(wire[:-cut], 50), "gzip", 1 << 20)
    assert truncated
    assert TEXT.startswith(body)


async def test_what_was_decoded_before_the_damage_is_kept() -> None:
    wire = packed(TEXT, 31)
    damaged = wire[:500] + b"\xff" * 200 + wire[700:]
    body, truncated = await read_body(in_pieces(damaged, 100), "gzip", 1 << 20)
    assert truncated
    assert body[:100] == TEXT[:100]


async def test_text_that_claims_to_be_gzip_is_an_empty_cut_body() -> None:
    assert await read_body(in_pieces(b"<html>", 10), "gzip", 100) == (b"", True)
    assert await read_body(in_pieces(b"<html>", 10), "deflate", 100) == (b"", True)
    assert await read_body(in_pieces(b"<", 10), "gzip", 100) == (b"", True)


@pytest.mark.parametrize("coding", ["", "gzip", "deflate"])
async def test_no_bytes_are_a_whole_empty_body(coding: str) -> None:
    assert await read_body(in_pieces(b"", 1), coding, 100) == (b"", False)


@given(data=st.binary(max_size=3000), size=st.integers(1, 500), cap=st.integers(0, 3000))
async def test_a_body_is_never_longer_than_its_cap(data: bytes, size: int, cap: int) -> None:
    plain = await read_body(in_pieces(data, size), "", cap)
    assert plain == (data[:cap], len(data) > cap)
    assert await read_body(in_pieces(packed(data, 31), size), "gzip", cap) == plain


@pytest.mark.parametrize(
    ("coding", "readable"),
    [("", True), ("gzip", True), ("br", False), ("zstd", False), ("gzip, gzip", False), ("gzip,", False)],
)
def test_only_single_codings_that_were_asked_for_are_read(coding: str, readable: bool) -> None:
    assert is_readable(coding) is readable


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [
        ("text/html; charset=utf-8", True),
        (" Text/HTML", True),
        ("", True),
        ("application/xhtml+xml", True),
        ("application/pdf", False),
        ("image/png", False),
    ],
)
def test_a_body_is_read_when_its_type_begins_as_asked(content_type: str, wanted: bool) -> None:
    assert is_wanted(content_type, ("text/", "application/xhtml")) is wanted
    assert is_wanted(content_type, None)


def test_the_wire_cap_follows_the_body_cap() -> None:
    assert (wire_cap(1), wire_cap(4 << 20), wire_cap(32 << 20)) == (2 << 20, 2 << 20, 16 << 20)


class Untouched:
    """An answer whose body nobody may begin to read."""

    status, headers, is_complete = 200, [], False

    def chunks(self) -> AsyncGenerator[bytes, None]:
        raise AssertionError("what is too long to be drained was read")

    async def aclose(self) -> None: ...


@pytest.mark.parametrize("length", [str(DRAIN_BYTES + 1), str(2 << 30), "9" * 5000])
async def test_an_unwanted_body_that_says_it_is_long_is_left_at_once(length: str) -> None:
    request = Request(url="https://a.example/get", body_types=("text/html",))
    headers = {"content-type": "application/octet-stream", "content-length": length}
    answer = Response(url=request.url, status=200, headers=headers)
    assert await read_wanted(request, answer, Untouched()) == (b"", False)


async def test_draining_stops_at_its_bound() -> None:
    assert await drain(in_pieces(b"x" * DRAIN_BYTES, 1000))
    assert not await drain(in_pieces(b"x" * (DRAIN_BYTES + 1), 1000))
