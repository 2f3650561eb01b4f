"""Addresses with a hole in them, such as ``https://api.example/users/{id}``: a pattern for people, which nobody can open.

What surprised us: a hole in angle brackets is a tag to Markdown, so that the address seems to end in front of it, and
`https://api.example/users/` is asked for, which nobody wrote. A tag that HTML knows ends an address all the same.
"""

from __future__ import annotations

import re

_HOLE = re.compile(r"\$\{|\{\{|\{[^{}\s/]{0,64}\}|%s|<[A-Za-z][\w -]{0,40}>|://\[[^\]:\s]{0,64}\]")

_TAG_NAMES = (
    r"a|abbr|acronym|address|article|aside|audio|b|base|bdi|bdo|big|blockquote|body|br|button|canvas|caption|center|cite|code"
    r"|col|colgroup|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form"
    r"|frame|frameset|h[1-6]|head|header|hgroup|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|menu|meta"
    r"|meter|nav|nobr|noscript|object|ol|optgroup|option|output|p|param|picture|pre|progress|q|rp|rt|ruby|s|samp|script|search"
    r"|section|select|slot|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th"
    r"|thead|time|title|tr|track|tt|u|ul|var|video|wbr"
)
# Only behind what leaves a part of an address open.
_HOLE_BEHIND = re.compile(
    rf"(?<=[/=&_.:#?-])(?:\\?<|&lt;)(?!(?:{_TAG_NAMES})(?![\w-]))(?P<name>[a-z][\w-]{{0,40}})[\w -]{{0,40}}(?:\\?>|&gt;)",
    re.IGNORECASE,
)

_LONGEST_ELEMENT = 300


def is_template(url: str) -> bool:
    """Whether a URL holds a placeholder such as ``${host}`` or ``{service}``, so that nobody can open it."""
    # Asked of every address that there is, of which hardly any has one of these.
    if "{" in url or "%s" in url or "<" in url or "://[" in url:
        return _HOLE.search(url) is not None
    return False


def has_hole_behind(text: str, end: int, limit: int) -> bool:
    """Whether a URL that ends at ``end`` is one to a reader who sees no tag in ``<id>`` but something to fill in.

    Nothing behind ``limit`` counts. What is closed again is a tag, whatever its name: `<red>x</red>`.
    """
    if not text.startswith(("<", "&lt;", "\\<"), end, limit):
        return False
    hole = _HOLE_BEHIND.match(text, end, limit)
    return hole is not None and f"</{hole['name']}>" not in text[hole.end() : hole.end() + _LONGEST_ELEMENT]
