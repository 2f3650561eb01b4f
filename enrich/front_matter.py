"""Front matter: the block of settings that static site generators read at the top of a note.

Found by hand rather than by the Markdown parser, which takes any text between two rules of dashes for
such a block, in the middle of a document too, and would hide the links in it.
"""

from __future__ import annotations

import re

# Jekyll and Hugo: the very first line is the fence; YAML closes with dashes or dots, TOML with pluses.
# A first line without a key is a rule and prose; the keys with a space are those of Obsidian.
_BLOCK = re.compile(
    r"(?:---[ \t]*\r?\n(?=[ \t]*(?:\#|(?:[\w\"'-]+|date (?:created|modified))[ \t]*:))"
    r".*?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
    r"|\+\+\+[ \t]*\r?\n.*?^\+\+\+[ \t]*(?:\r?\n|\Z))",
    re.DOTALL | re.MULTILINE,
)


def front_matter(text: str) -> str:
    """The block with its fences, or an empty string. ``text`` has no byte order mark."""
    match = _BLOCK.match(text)
    return match[0] if match else ""


def front_matter_value(text: str, key: str) -> str | None:
    """The value of a top-level key on one line, in any case and without quotes; None when absent or empty.

    Not a YAML parser: nested and folded values are nobody's title or date.
    """
    match = re.search(
        rf"^{re.escape(key)}[ \t]*[:=][ \t]*(\S.*?)[ \t\r]*$",
        front_matter(text),
        re.MULTILINE | re.IGNORECASE,
    )
    if match is None:
        return None
    value = match[1]
    if value[0] in "\"'" and (closing := value.find(value[0], 1)) > 0:
        value = value[1:closing]
    else:
        value = re.split(r"[ \t]#", value, maxsplit=1)[0].rstrip()
    return value or None
