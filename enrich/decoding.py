"""Text from bytes, whatever their encoding. Pure.

What surprised us: GB18030 accepts nearly any pair of bytes, so that one damaged character must not turn a note in UTF-8
into one in GB18030; and files called notes may be pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

from enrich.extract.positions import lines_of
from enrich.model import Remark

MAX_BYTES = 20 << 20
TOO_LARGE = f"is larger than {MAX_BYTES >> 20} MiB"

# The longer marks first: that of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_REPLACEMENT = "\ufffd"
# Text has no NUL bytes, or one by accident; pictures, archives and UTF-16 without its mark have many.
_BINARY_NULS = 1 / 1000
# What is broken in every third place was never text.
_BINARY_DAMAGE = 1 / 3
# Of Chinese notes in GB18030, read as UTF-8 by mistake, at most 0.4 characters were whole for each that was not,
# over files of a real collection, and at most 2 on single lines; in a damaged UTF-8 file nearly all are whole.
_WHOLE_PER_BROKEN = 4


class Unreadable(Exception):  # noqa: N818 - it ends as a finding, or as an error of the user
    """Why a file is not a document."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and what was wrong with its bytes where not all of them made characters."""

    text: str
    damage: Remark | None = None


def decode(data: bytes) -> Decoded:
    """Text from bytes: by byte order mark, else UTF-8, else GB18030; Unreadable says why it is none.

    Bytes that make no character are replaced, and reported: the links around them are still good. A few
    damaged characters do not turn a UTF-8 text into GB18030, which accepts nearly any pair of bytes.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(TOO_LARGE)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding)
    # Counting takes ten times as long as looking, and hardly a text holds one.
    nuls = data.count(0) if 0 in data else 0
    if nuls > len(data) * _BINARY_NULS:
        raise Unreadable("is binary: it holds NUL bytes")
    if (text := _strictly(data, "utf-8")) is not None:
        # Looking for them in text takes as long as decoding it did.
        return _text(text) if nuls else Decoded(text)
    if not _is_damaged_utf8(data) and (text := _strictly(data, "gb18030")) is not None:
        return _text(text)
    return _decoded(data, "utf-8")


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _text(text: str, damage: Remark | None = None) -> Decoded:
    # CommonMark, 2.3: a NUL is replaced.
    return Decoded(text.replace("\x00", _REPLACEMENT), damage)


def _is_damaged_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    broken = text.count(_REPLACEMENT)
    whole = sum(not character.isascii() for character in text) - broken
    return whole >= _WHOLE_PER_BROKEN * broken


def _decoded(data: bytes, encoding: str) -> Decoded:
    try:
        return _text(data.decode(encoding))
    except UnicodeDecodeError as error:
        begin = data[: error.start].decode(encoding, "replace")
    text = data.decode(encoding, "replace")
    if (broken := text.count(_REPLACEMENT)) > len(text) * _BINARY_DAMAGE:
        raise Unreadable("is binary: most of it is no text in UTF-8, UTF-16 or GB18030")
    line, column = lines_of(text).place(len(begin))
    damaged = f"{broken} damaged character{'' if broken == 1 else 's'}"
    message = f"read with {damaged}: it is not valid {encoding.upper()}"
    return _text(text, Remark(code="unreadable-document", message=message, line=line, column=column))
