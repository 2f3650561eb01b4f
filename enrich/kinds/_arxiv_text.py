"""What authors write about a paper, and how to read from it that they took the paper back.

Neither arXiv's feed nor DataCite has a flag for that: a withdrawal is one more version, whose comment or abstract
says so in words of the authors' own.
"""

from __future__ import annotations

import re

_WITHDRAWN_COMMENT = re.compile(r"\b(?:withdrawn|retracted)\b", re.IGNORECASE)
# Another paper, an older version, or a plan that came to nothing.
_OTHER_WITHDRAWN = re.compile(
    r"\b(?:replac|supersed|(?:not|previously|earlier|formerly) (?:be |been )?(?:withdrawn|retracted)"
    r"|(?:earlier|first|former|old|original|previous|wrong) (?:version|submission|draft)s?\b[^.;]{0,40}"
    r"\b(?:withdrawn|retracted))",
    re.IGNORECASE,
)
_PAPER = (
    r"(?:\w+ )?(?:paper|article|submission|manuscript|preprint|work|note|notes|version|report|thesis|text)"
)
_WITHDRAWN_ABSTRACT = re.compile(
    rf"\W*(?:(?:this|these|the) {_PAPER} (?:has been|have been|is|is being|was|were) (?:\w+ )?(?:withdrawn|retracted)"
    rf"|(?:the authors?|we|i) (?:(?:has|have) )?(?:withdrawn?|withdrew|retract(?:ed)?) (?:this|the|our|my) {_PAPER}\b"
    rf"|(?:(?:this )?{_PAPER} )?(?:withdrawn|retracted)\b(?=\W*$|\s*[.:;,)\]]|\s+(?:by|due|because)\b))",
    re.IGNORECASE,
)


def is_withdrawn(comment: str | None, abstract: str | None) -> bool:
    """Whether the authors' comment or the beginning of the abstract says that the paper was withdrawn."""
    if comment and _WITHDRAWN_COMMENT.search(comment) and not _OTHER_WITHDRAWN.search(comment):
        return True
    return bool(abstract and _WITHDRAWN_ABSTRACT.match(abstract))


def collapsed(text: object) -> str | None:
    """Text on one line: arXiv breaks titles and abstracts at the width of a terminal."""
    return " ".join(text.split()) or None if isinstance(text, str) else None
