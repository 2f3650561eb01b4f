"""The one door through which foreign text reaches an output.

Titles, labels, URLs, file names and answers come from strangers. On a terminal an escape sequence can
hide a line, in a workflow log ``::error`` at the start of a line and ``##[`` anywhere in it are commands,
in Markdown a bracket makes a link, and an address may hold the credentials of the person who copied it.
"""

from __future__ import annotations

import re
import unicodedata

REDACTED = "***"

# Bidirectional marks, embeddings, overrides and isolates: they reorder what is shown, not what is there.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS = frozenset("\u2028\u2029")

# None of these patterns crosses a quotation mark or a backslash, so that they also hold inside JSON.
_USERINFO = re.compile(r"(?<=://)[^/?#\s@\"\\<>]{1,512}@")
_TELLTALE_NAMES = (
    r"(?:access_?token|api_?key|apikey|auth|authorization|client_?secret|credential|passwd|password|private_?token|"
    r"secret|sig|signature|token|x-amz-[a-z-]+|pass_ticket|exportkey|appmsg_token|tempkey|wxtoken|poc_token)"
)
# Behind `#` as well: OAuth hands tokens over in a fragment (RFC 6749 section 4.2.2).
_SECRET_PARAMETER = re.compile(rf"([?&;#]{_TELLTALE_NAMES}=)[^&#;\s\"'\\<>)]+", re.IGNORECASE)
# `key` alone is the name of an API's key as often as that of a word: its value tells them apart.
_KEY_PARAMETER = re.compile(
    r"([?&;#]key=)(?:AIza[\w-]{30}|(?=[A-Za-z_]{0,64}[0-9])(?=[0-9_]{0,64}[A-Za-z])[A-Za-z0-9_]{16})[^&#;\s\"'\\<>)]*",
    re.IGNORECASE,
)
# Short names that are secrets in WeChat addresses only (facts of that host: who copied the link).
_WECHAT_ADDRESS = re.compile(r"//mp\.weixin\.qq\.com/[^\s\"\\<>]*", re.IGNORECASE)
_WECHAT_PARAMETER = re.compile(r"([?&;](?:key|uin)=)[^&#\s]+", re.IGNORECASE)
# The shapes of well-known tokens: GitHub's, JSON web tokens. Every repetition is bounded: a note may be made of
# nothing but the beginnings of tokens.
_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}"
    r"|eyJ[\w-]{10,500}\.[\w-]{10,4000}\.[\w-]{5,1000})"
)

# Something of this is in every text that the patterns above or the rules of `printable` change.
# Each branch begins with a literal that addresses seldom hold, which the engine skips to.
_TELLTALE = re.compile(
    r"@|#(?=#\[)|_(?:(?<=gh[pousr]_)|(?<=github_pat_))|J(?<=eyJ)"
    rf"|\?(?i:{_TELLTALE_NAMES}|key|uin)=|&(?i:{_TELLTALE_NAMES}|key|uin)=|;(?i:{_TELLTALE_NAMES}|key|uin)="
    rf"|#(?i:{_TELLTALE_NAMES}|key)="
)
_PRINTABLE_ASCII = bytes(range(0x20, 0x7F)) + b"\n"

_MARKDOWN_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>()#+!|~@])")


def _redact_wechat(address: re.Match[str]) -> str:
    return _WECHAT_PARAMETER.sub(rf"\g<1>{REDACTED}", address[0])


def redact(text: str) -> str:
    """The text without credentials: userinfo, secret query values and token shapes become ``***``."""
    text = _USERINFO.sub(f"{REDACTED}@", text)
    text = _SECRET_PARAMETER.sub(rf"\g<1>{REDACTED}", text)
    text = _KEY_PARAMETER.sub(rf"\g<1>{REDACTED}", text)
    text = _WECHAT_ADDRESS.sub(_redact_wechat, text)
    return _TOKEN.sub(REDACTED, text)


def _visible(character: str) -> str:
    """A character that is safe to print, or its code in place of it."""
    if character in _BIDI or character in _SEPARATORS or unicodedata.category(character) in ("Cc", "Cs"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return character


def printable(text: str, limit: int = 2000) -> str:
    """One line that is safe on a terminal and in a workflow log: no controls, no commands, no secrets."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    shown = redact(text)
    if not shown.isprintable() or any(character in _BIDI for character in shown):
        shown = "".join(map(_visible, shown))
    shown = shown.replace("##[", "#\\#[")
    return shown.replace("::", ":\u2060:", 1) if shown.lstrip().startswith("::") else shown


def is_harmless(lines: str) -> bool:
    """Whether `printable` would leave each of these lines as it is, unless it is too long.

    Ten thousand lines are looked at in the time that a few hundred take one by one. No may be in vain.
    """
    if _TELLTALE.search(lines) or "::" in lines:
        return False
    if lines.isascii():
        return not lines.encode().translate(None, _PRINTABLE_ASCII)
    return lines.replace("\n", "").isprintable()


def markdown(text: str, limit: int = 300) -> str:
    """Text for a Markdown paragraph or table cell, with nothing active left in it."""
    return _MARKDOWN_PUNCTUATION.sub(r"\\\1", printable(" ".join(text.split()), limit))
