"""Where a redirect leads, as a reader sees it: to the same page, to a site's front page, or somewhere else.

Most redirects are housekeeping: a scheme, ``www.``, a final slash, the visitor's language. None of these is worth
writing another address into a note, and a language is that of whoever asked. What surprised us: two letters in
an address are a language only by agreement (``/ai/`` is none, ``/it/`` may be the IT department), so that the list
below is short, and a wrong guess costs no more than a suggestion.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

# The statuses that lead elsewhere with a Location, and those of them that say it is for good (RFC 9110 section 15.4).
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})

# Codes of ISO 639-1 that sites are published in, and the countries that stand for a language in addresses.
_LANGUAGE_CODES = """
    ar bg bn ca cs da de el en es et fa fi fil fr he hi hr hu id it ja ko lt lv ms nb nl no pl pt ro ru sk sl sr sv
    th tr uk vi zh cn hk jp kr tw us
"""
_LANGUAGES = frozenset(_LANGUAGE_CODES.split())
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_](?:[a-z]{2}|\d{3}|hans|hant|chs|cht)){0,2}")
# The parameters by which sites are asked for a language; `hl` is Google's.
_LANGUAGE_PARAMETERS = frozenset({"hl", "lang", "language", "locale", "lng", "setlang", "ui-lang"})

# The names of front pages, as servers have them by default.
_FRONT = re.compile(r"(?:index|default|home|main|welcome)(?:\.(?:html?|php|aspx?|jsp|do))?", re.IGNORECASE)
# A path of a single name may be a section that a small site folded into its front page; with a digit or a dot in it it
# names one page, as `post-17` and `about.html` do.
_ONE_PAGE = re.compile(r"[\d.]")
# How places are called to which sites send whoever asks for what they have not.
_NOT_FOUND = re.compile(
    r"(?:error|err|page)?[-_]?404[-_]?(?:error|page|(?:page[-_]?)?not[-_]?found)?(?:\.\w{2,5})?"
    r"|(?:page|file)?[-_]?(?:not[-_]?found|no[-_]?found|notexist)(?:\.\w{2,5})?"
)
# The same in a query, as IIS and hand-written rules do: `/?404;http://…`, `/error?code=404`.
_NOT_FOUND_QUERY = re.compile(
    r"404(?:[;=&]|\Z)|(?:.*&)?(?:e|err|error|code|status|(?:error|status|http)[-_]?(?:code|status))"
    r"=(?:404|not[-_]?found)(?:&|\Z)"
)
# Where cPanel leads whoever asks for a site that its host has taken down or does not know.
_TAKEN_DOWN = re.compile(r"/cgi-sys/(?:suspendedpage|defaultwebpage)\.cgi")
_ERROR = re.compile(
    r"(?:err|error|errors|oops|sorry|missing|expired|deleted)\d?(?:[-_]?page)?(?:\.\w{2,5})?"
)


def is_same_page(asked: str, answered: str) -> bool:
    """Whether two addresses differ only by scheme, ``www.``, a final slash, escapes, letter case or a language."""
    return _page(asked) == _page(answered)


def is_same_but_secure(asked: str, answered: str) -> bool:
    """Whether an http address was answered at the https address of the same page, in no other language."""
    schemes = (urlsplit(asked).scheme, urlsplit(answered).scheme)
    return schemes == ("http", "https") and _written(asked) == _written(answered)


def is_front_page(url: str) -> bool:
    """Whether an address is that of a site's front page, in whatever language."""
    return not urlsplit(url).query and not _names(url)


def is_deep(url: str) -> bool:
    """Whether an address names one page of a site, and not the site or one of its sections."""
    names = _names(url)
    return len(names) > 1 or bool(urlsplit(url).query) or any(_ONE_PAGE.search(name) for name in names)


def is_not_found_page(url: str) -> bool:
    """Whether an address is called after what is not found, as ``/404.html`` and ``/error?code=404`` are."""
    names = _names(url)
    if bool(names) and _NOT_FOUND.fullmatch(names[-1]) is not None:
        return True
    # Whatever asks for page 404 of a list has a name, or an error for one.
    nameless = not names or _ERROR.fullmatch(names[-1]) is not None
    return nameless and _NOT_FOUND_QUERY.match(urlsplit(url).query.lower()) is not None


def is_taken_down(url: str) -> bool:
    """Whether an address is that at which a host says that it shows this site no longer."""
    return _TAKEN_DOWN.match(urlsplit(url).path) is not None


def is_error_page(url: str) -> bool:
    """Whether an address is called after some trouble or other; what it is, only the page tells."""
    names = _names(url)
    return bool(names) and _ERROR.fullmatch(names[-1]) is not None


def is_same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one site, but for ``www.`` and a language before its name."""
    return _site(one) == _site(other)


def _names(url: str) -> list[str]:
    """The names in a path that tell one page from another."""
    names = [name for name in unquote(urlsplit(url).path).lower().split("/") if name]
    told = [name for name in names if not _is_language(name)]
    return told[:-1] if told and _FRONT.fullmatch(told[-1]) else told


def _is_language(word: str) -> bool:
    found = _LANGUAGE.fullmatch(word.lower())
    return found is not None and found[1] in _LANGUAGES


def _site(url: str) -> str:
    """The host, with its port where that is an unusual one."""
    parts = urlsplit(url)
    host = parts.netloc.lower().rpartition("@")[2].removeprefix("www.")
    first, _, rest = host.partition(".")
    return rest if "." in rest and _is_language(first) else host


def _written(url: str) -> str:
    """An address without its scheme and what else no reader would miss, its language kept."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    host = parts.netloc.lower().removeprefix("www.")
    return unquote(f"{host}{parts.path.rstrip('/')}{query}").lower()


def _page(url: str) -> str:
    """What tells one page from another to a reader of any language."""
    parts = urlsplit(url)
    path = unquote(parts.path).lower().split("/")
    words = "/".join(name for name in path if name and not _is_language(name))
    return f"{_site(url)}/{words}?{unquote(_without_language(parts.query)).lower()}"


def _without_language(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [
        (name, value) for name, value in pairs if not (name in _LANGUAGE_PARAMETERS and _is_language(value))
    ]
    return query if len(kept) == len(pairs) else urlencode(kept)
