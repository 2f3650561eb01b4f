"""The names of a WeChat article.

One article has a short address with a token, and a long one whose ``__biz``, ``mid`` and ``idx`` identify it
while ``sn`` and ``chksm`` only sign it. Several tokens may lead to one article, so the article's own id is
``wx:<account number>:<mid>:<idx>``; ``__biz`` is that number in base64, often without its padding, and in
links out of other articles percent-encoded once more.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote, urlsplit

HOST = "mp.weixin.qq.com"
LONG_PATHS = frozenset({"/s", "/s/", "/mp/appmsg/show"})

# 128 bits in URL-safe base64: 21 full characters, and a last one that carries two bits.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_SHORT_PATH = re.compile(r"/s/([^/]+)/?")
_ALIASES = {"appmsgid": "mid", "itemidx": "idx", "sign": "sn"}
# What becomes of ``&`` where an address was escaped for HTML or a script, and stayed so.
_ESCAPED_AMPERSAND = re.compile(r"(?:&|\\x26)amp;")


def unescaped(url: str) -> str:
    """The address with every separator of its query restored."""
    return _ESCAPED_AMPERSAND.sub("&", url)


def secure(url: str) -> str:
    """The address with https: the host answers both alike."""
    return f"https://{url[7:]}" if url.startswith("http://") else url


def token_of(url: str) -> str | None:
    """The token of a short address, well formed or not; None for another address."""
    short = _SHORT_PATH.fullmatch(urlsplit(url).path)
    return short[1] if short else None


def is_token(token: str) -> bool:
    return _TOKEN.fullmatch(token) is not None


def repaired(token: str) -> str | None:
    """The token at the beginning of one to which punctuation or words were glued, else None."""
    found = _TOKEN.match(token)
    return found[0] if found and found[0] != token else None


def parameters(url: str) -> dict[str, str]:
    """The query by parameter name, old names put into today's.

    Not ``parse_qsl``: a plus sign belongs to base64 here, it is no space.
    """
    found: dict[str, str] = {}
    for part in urlsplit(unescaped(url)).query.split("&"):
        name, _, value = part.partition("=")
        found.setdefault(_ALIASES.get(name, name), unquote(value))
    return found


def account_number(biz: str) -> str | None:
    """The decimal account number in a ``__biz`` value, or None when it holds none."""
    text = unquote(biz).strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        number = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return str(int(number)) if number.isdigit() and len(number) <= 20 else None


def article_id(biz: str, mid: str, idx: str) -> str | None:
    """``wx:<account number>:<mid>:<idx>``, or None when a part is not what it should be."""
    account = account_number(biz)
    if account is None or not re.fullmatch(r"[0-9]{1,12}", mid) or not re.fullmatch(r"[0-9]{1,2}", idx):
        return None
    return f"wx:{account}:{int(mid)}:{int(idx)}"


def is_long(url: str) -> bool:
    """Whether an address is a long one: it names an account and a message."""
    return urlsplit(url).path in LONG_PATHS and {"__biz", "mid"} <= parameters(url).keys()


def is_signed(url: str) -> bool:
    """Whether a long address carries the signature without which WeChat asks for a captcha."""
    return bool(parameters(url).get("chksm"))


def is_temporary(url: str) -> bool:
    """Whether an address opens for some hours only: one out of a search (``src``, ``signature``), or a preview."""
    given = parameters(url)
    is_found = {"src", "timestamp", "signature"} <= given.keys()
    return urlsplit(url).path in LONG_PATHS and (is_found or "tempkey" in given)


def is_permanent(url: str) -> bool:
    """Whether an address of the host names an article for good."""
    parts = urlsplit(url)
    if parts.netloc != HOST or is_temporary(url):
        return False
    return is_token(token_of(url) or "") or article_id_of(url) is not None


def article_id_of(url: str) -> str | None:
    """The article's id in a long address; None for any other address."""
    if not is_long(url):
        return None
    given = parameters(url)
    return article_id(given["__biz"], given["mid"], given.get("idx", ""))
