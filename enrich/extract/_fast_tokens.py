"""One pattern for all that could matter in a Markdown text, and for what of it is beyond doubt.

A group with a name is a find, or a place to look at; a group without one is a doubt.

What surprised us: the engine decides on a member of a set at once, on any other character when it has been through
the set, and between two finds it looks at every character as one that may not be a member. So the sets that most
characters meet say what they hold and not what they leave out, and a find takes the plain text behind it along, which
is no part of what was found. Both together are a third of all searching. But to compile such a set takes a
millisecond, so that no other is written this way.
"""

from __future__ import annotations

import re

_WORDS = r"[^\[\]<>`\\\n\x00\x0b\x0c]*+"
_SAME_WORDS = r"[\x01-\t\r-;=?-Z^_a-\U0010ffff]*+"
_NESTED = rf"(?:\[(?!\^){_WORDS}\](?![(\[:]){_WORDS})*"
_LABEL = rf"(?!\^){_WORDS}{_NESTED}"
_SAME_LABEL = rf"(?!\^){_SAME_WORDS}{_NESTED}"
_DESTINATION = r"[^\s()<>\[\]{}\\`|\"';\x00-\x1f\x7f]++"
_SAME_DESTINATION = (
    r"[!#-&*-:=?-Z^_a-z~\x80-\x84\x86-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e"
    r"\u2060-\u2fff\u3001-\U0010ffff]++"
)
# Without a URL: in code one is found whatever attribute it is the value of.
_VALUE = r"\"[^\"<>`\[\]\\\n:]*+(?::(?!//)[^\"<>`\[\]\\\n:]*+)*+\""
_OTHER_VALUE = r"'[^'<>`\[\]\\\n:]*+(?::(?!//)[^'<>`\[\]\\\n:]*+)*+'"
ATTRIBUTES = rf"(?: (?!src=|srcset=|poster=)[a-z][a-z-]*=(?:{_VALUE}|{_OTHER_VALUE}|[A-Za-z0-9%#]+))*"
# Without a URL, or a host that stands for one.
_PLAIN = r"[^\[\]<>`\\\n\x00\x0b\x0c:：/.]*(?:(?<![wW])\.[^\[\]<>`\\\n\x00\x0b\x0c:：/.]*)*"
_PLAIN_CODE = r"[^`\n\x00\x0b\x0c:.<]*(?:(?::(?!//)|(?<![wW])\.|<(?![A-Za-z/!?]))[^`\n\x00\x0b\x0c:.<]*)*"
_SOURCE = r"[^\s\"<>`\[\]{}\\|]+"
_TAGS = (
    r"(?:b|br|center|details|div|em|font|h[1-6]|hr|i|li|ol|p|small|span|strong|sub|summary|sup"
    r"|table|tbody|td|th|thead|tr|u|ul)"
)
# A URL of running text without anything that may end it or not, as a highlight or an arrow, and what ends every URL.
_SAFE = r"[A-Za-z0-9/._=?&#+-]*"
_REST = rf"[A-Za-z0-9](?:{_SAFE}(?:(?::[0-9]|/~[A-Za-z0-9]){_SAFE})?[A-Za-z0-9/&#])?"
_END = r"[.,:?!*_]*(?=[\s<>)\]}|\"`、。，；：（）《》【】！？]|\*\*|\Z)"
_PAPER = r"[ \t]?(?:[0-9]{4}\.|[A-Za-z.-]+/[0-9])"

# Characters that no branch of `TOKEN` begins with, and those that do where none can begin.
_CALM = r"[\x01-\n\r- \"-.0-9;=-VYZ\]-_a-vyz}\x7f-\U0010ffff]*+"
_GAP = rf"{_CALM}(?:(?:x(?![iI])|w(?![wW])|:(?!//)|/(?<![mMgG0-9]/)|W(?![wW])|X(?![iI])){_CALM})*+"

# Every branch begins with a literal, so that the engine skips to the next of these characters. What has no group
# needs no look, and groups without a name are doubts.
TOKEN = re.compile(
    r"(?:"
    # A link to the web, and another; brackets that are none; an image in a link; other brackets; an image.
    rf"\[(?:{_SAME_LABEL}\](?:\( ?(?:(?P<link>https?://{_SAME_DESTINATION})|(?P<path>{_DESTINATION})) ?\))"
    rf"|{_PLAIN}\](?:\(\)|(?![(\[:]))|(?<!!\[)!\[{_LABEL}\]\((?P<inner>{_DESTINATION})\)\]\((?P<outer>{_DESTINATION})\)|())"
    rf"|!\[{_LABEL}\]\( ?(?P<image>{_DESTINATION}) ?\)"
    # A line break; tags without an address; an image; an anchor; what a blank line may not end; other tags.
    rf"|<(?!br ?/?>)(?:/?{_TAGS}{ATTRIBUTES} ?/?>|img{ATTRIBUTES} src=\"(?P<source>{_SOURCE})\"{ATTRIBUTES} ?/?>"
    rf"|a(?: (?:id|name)={_VALUE})+ ?/?>|/(?:a|pre)>"
    rf"|a href=\"(?P<anchor>{_SOURCE})\"{ATTRIBUTES}>[^<>\[\]`\\\n]{{0,900}}</a>"
    r"|(?=!|\?|(?i:script|style|pre|textarea))(?P<region>)|(?=[Aa][^A-Za-z0-9-])(?P<open>)|(?=[A-Za-z/])())"
    # Code on one line; fences and other code.
    rf"|`(?:(?!`){_PLAIN_CODE}`(?!`)|(?!`)(?P<code>[^`\n\x00\x0b\x0c]+)`(?!`)|(?P<ticks>`*))"
    # A URL; other URLs; what may be the name of a page.
    rf"|:(?://(?:(?:(?<=http://)|(?<=https://))(?P<url>{_REST}){_END}|(?<=[pPsS]://)()))"
    rf"|x(?=[iI][vV][ \t]?[:：]{_PAPER})()|X(?=[iI][vV][ \t]?[:：]{_PAPER})()"
    r"|/(?:(?<=[bB]\.[cC][oO][mM]/)|(?<=[qQ]\.[cC][oO][mM]/)|(?<=[vViI]\.[oO][rR][gG]/)|(?<=10\.[0-9]{4}/)|(?<=10\.[0-9]{5}/)"
    r"|(?<=10\.[0-9]{6}/)|(?<=10\.[0-9]{7}/)|(?<=10\.[0-9]{8}/)|(?<=10\.[0-9]{9}/))()"
    r"|w(?<![A-Za-z0-9_./@-]w)(?=[wW]{2}\.)()|W(?<![A-Za-z0-9_./@-]W)(?=[wW]{2}\.)()"
    # Escaped markup, and the attributes of a heading, which hide what they hold.
    r"|\\(?=[\[\]`<!\\(])()"
    r"|\{(?=[^{}\n]*\]\()()"
    # What may rule a table: a bar before a column's dashes, or at the end of a line.
    r"|\|[ \t]*(?::?-|(?=\n|\Z))()"
    # Fences of the other sort, and characters that every parser sees in its own way.
    "|~(?=~~)()|\x00()|\x0b()|\x0c()"
    rf"){_GAP}"
)
LINK, PATH, INNER, OUTER, IMAGE_OF, SOURCE_OF, ANCHOR, OPEN, REGION, CODE_SPAN, TICKS, URL = (
    TOKEN.groupindex[name]
    for name in (
        "link",
        "path",
        "inner",
        "outer",
        "image",
        "source",
        "anchor",
        "open",
        "region",
        "code",
        "ticks",
        "url",
    )
)
READ_EXACTLY = frozenset("~\x00\x0b\x0c")
