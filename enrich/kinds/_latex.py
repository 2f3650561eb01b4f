r"""LaTeX that proceedings leave in titles and names.

Publishers make their pages from BibTeX, where ``{\'e}`` is an é. What nobody but TeX writes, a macro inside braces,
becomes the character. Formulas such as ``$\alpha$-net`` stay as they are: many readers of Markdown show them, and
taken apart they would be wrong as often as right.
"""

from __future__ import annotations

import re
import unicodedata

# The combining character of each accent macro ("The LaTeX Companion", table of accents in text mode).
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ",
}  # fmt: skip
# {\'e} {\'{e}} {\'\i} \'{e} {\c c} {\c{c}}; each is short, so that no text takes longer than its length.
_ACCENTED = re.compile(
    r"""\{\\(['`^"~=.])\{?\\?([A-Za-z])\}?\}|\\(['`^"~=.])\{\\?([A-Za-z])\}"""
    r"""|\{\\([cvuHkrdb])(?:\ \\?([A-Za-z])|\{\\?([A-Za-z])\})\}"""
)
_LETTER = re.compile(r"\{\\(ss|ae|AE|oe|OE|aa|AA|[oOlLij])\}")
_ESCAPED = re.compile(r"\\([&%#])")


def plain(text: str) -> str:
    """The text with its accents and special letters as characters; formulas and unknown macros stay."""
    if "\\" not in text:
        return text
    text = _LETTER.sub(lambda match: _LETTERS[match[1]], _ACCENTED.sub(_character, text))
    return _ESCAPED.sub(r"\1", text)


def _character(match: re.Match[str]) -> str:
    accent, letter = (group for group in match.groups() if group is not None)
    return unicodedata.normalize("NFC", letter + _ACCENTS[accent])
