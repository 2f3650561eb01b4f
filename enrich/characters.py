"""Characters that nobody sees, and which of them a text needs.

What has no form hides in a line: two addresses that look the same are not, and a word may hold another. So it is
shown as its code. What that must not touch: emoji, Persian, Indic scripts and Chinese names need characters
without a form behind their letters, and fall apart without them.

What surprised us: Python calls fillers, vowel separators and the empty Braille cell printable, and some of Unicode's
"format characters" are seen.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Characters without a form that Python calls printable: fillers, vowel separators, the empty Braille cell.
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0"
# They have no form either, but emoji, Persian, Indic scripts and Chinese names need them behind a letter.
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
JOINERS = "\u200c\u200d"
_FORMLESS = re.compile(f"[{BLANK}{SELECTORS}]")
_BEHIND_LETTERS = re.compile(
    # A letter of such a script; a digit of a keycap; or what stands behind neither.
    rf"(?P<kept>[^\x00-\x7f{SELECTORS}{JOINERS}][{SELECTORS}]?[{JOINERS}]?|[0-9#*]\ufe0f\u20e3)"
    rf"|[{SELECTORS}{JOINERS}]"
)
_KEPT_APART = re.compile(f"[{SELECTORS}{JOINERS}]")
# Arabic and Kaithi number signs and the like are "format characters" that enclose what follows, and are seen.
_SEEN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def has_form(text: str) -> bool:
    """Whether nothing in a text is without a form; what `str.isprintable` knows of is not looked for."""
    return text.isascii() or _FORMLESS.search(text) is None


def with_codes(text: str) -> str:
    """A text in which what nobody sees is shown as its code, except where a letter needs it."""
    return _BEHIND_LETTERS.sub(_where_it_belongs, "".join(map(_visible, text)))


def _code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=4096)
def _visible(character: str) -> str:
    """A character that is seen where it stands, or its code in place of it."""
    if _KEPT_APART.match(character):
        return character
    import unicodedata

    unseen = unicodedata.category(character) in _UNSEEN_CATEGORIES and character not in _SEEN_FORMATS
    # XML 1.0 forbids two of the noncharacters (section 2.2, Char), and none of them means anything.
    if unseen or _FORMLESS.match(character) or ord(character) & 0xFFFE == 0xFFFE:
        return _code(character)
    return character


def _where_it_belongs(match: re.Match[str]) -> str:
    return match[0] if match["kept"] else _code(match[0])
