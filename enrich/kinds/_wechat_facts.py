"""What a WeChat page says about its article.

The facts stand in ``meta`` elements, in variables of scripts, and since 2025 in an object literal called
``cgiDataNew``; no page has them all in one place, and no place is on every page. The literal is JavaScript,
not JSON (single quotes, bare keys, ``'0' * 1``, ``JsDecode('…')``), so it is read token by token, with
bounds, and never evaluated. Only scripts outside the article's text are looked at: an article about crawling
quotes the very same assignments, and bundles use the same names for other things.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from enrich.kinds import _html, _wechat_ids
from enrich.model import Article
from enrich.urls import canonical, is_web

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SHANGHAI = timezone(timedelta(hours=8))
# Public accounts opened in August 2012.
FIRST_TIME = datetime(2012, 1, 1, tzinfo=UTC).timestamp()

# WeChat allows 64 characters; a text post puts the whole post into its title.
TITLE_CHARACTERS = 80
NAME_CHARACTERS = 100
TEXT_CHARACTERS = 1000

AUDIO, PICTURES, TEXT = "7", "8", "10"

_LITERAL = r"""(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')"""
_ASSIGNED = re.compile(
    r"(?P<scope>var |window\.|d\.)(?P<name>_?[a-zA-Z]\w{1,30})\s*+=\s*+(?:htmlDecode\(\s*+)?"
    rf"(?P<chain>{_LITERAL}(?:\s*+\|\|\s*+{_LITERAL})*+)"
)
_LITERALS = re.compile(_LITERAL)
_ASSIGNMENTS = 5000

_OBJECT = re.compile(r"window\.cgiDataNew\s*=\s*(?=\{)")
_OBJECT_CHARACTERS = 2 << 20
_OBJECT_TOKENS = 100_000
_OBJECT_DEPTH = 3
# Neither word nor literal begins inside another: a script of one endless word would be read from each of its letters.
_TOKEN = re.compile(
    rf"(?<![\w$])(?P<key>[A-Za-z_$][\w$]*+)\s*+:|(?<!\\)(?P<text>{_LITERAL})(?P<names>\s*+:)?+"
    r"|(?P<number>\b\d{1,19}+\b)|(?P<bracket>[{}\[\]])"
)

_ESCAPE = re.compile(r"\\(?:x(?P<byte>[0-9a-fA-F]{2})|u(?P<unit>[0-9a-fA-F]{4})|(?P<other>.))", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " ", "v": " ", "0": ""}
# Escapes that survive in `meta` and in what the page itself decodes a second time.
_LEFT_OVER = re.compile(r"\\(?:x(?P<byte>0a|0d|22|26|27|3c|3e|5c)|(?P<line>n))")

# CJK ideographs and kana count each; anything else counts by the word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u3040-\u9fff]+")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


@dataclass(frozen=True, slots=True)
class _Sources:
    """The places that facts are read from, each as name to values."""

    meta: Mapping[str, list[str]]
    data: Mapping[str, str]
    assigned: Mapping[str, list[str]]
    elements: Mapping[str, str]

    def values(self, *names: str) -> Iterable[str]:
        """What these places hold, in this order, decoded, without the empty ones.

        ``og:title`` is a ``meta`` element, ``cgi.title`` a key of the literal, ``var ct`` and ``window.ct``
        are assignments, and ``#js_name`` is the text of an element.
        """
        for name in names:
            for value in self._at(name):
                if value.strip():
                    yield value

    def first(self, *names: str) -> str:
        return next(iter(self.values(*names)), "")

    def _at(self, name: str) -> Iterable[str]:
        if name[0] in "#.<":
            return [self.elements.get(name, "")]
        if name.startswith("cgi."):
            return [_value(self.data.get(name.removeprefix("cgi."), ""))]
        if name.startswith(("var ", "window.", "d.")):
            return self.assigned.get(name, [])
        return [_left_over_decoded(value) for value in self.meta.get(name, [])]


def read_article(tree: LexborHTMLParser, *, known_id: str | None, url: str, truncated: bool) -> Article:
    """The facts of an article page; the tree loses its text on the way.

    ``known_id`` is the id that the link itself gives, ``url`` where the page came from.
    """
    body, picture = _body(tree)
    sources = _sources(tree, picture)
    stat = sources.first(*_COPYRIGHT)
    return Article(
        title=_title(sources),
        account=_name(sources, *_ACCOUNT),
        author=_name(sources, *_AUTHOR),
        published_at=_published_at(sources),
        description=_line(sources.first(*_DESCRIPTION))[:TEXT_CHARACTERS] or None,
        cover_url=_address(sources, *_COVER),
        article_id=known_id or _article_id(sources, url),
        original=_original(sources, stat),
        source_url=_address(sources, *_SOURCE),
        reprint_url=_address(sources, *_REPRINT),
        paid=_flag(sources.first("cgi.is_pay_subscribe", "var is_pay_subscribe", ".rich_media_title_paid")),
        words=None if truncated else _words(sources, body),
    )


_ACCOUNT = (
    "cgi.nick_name",
    "var nickname",
    "#js_name",
    "window.name",
    ".wx_follow_nickname",
    "d.nick_name",
    ".profile_nickname",
    ".rich_media_meta_nickname",
    "#profileBt > a",
)
_AUTHOR = ("og:article:author", "author", "cgi.author", "var author", "#js_author_name")
_DESCRIPTION = (
    "og:description",
    "description",
    "cgi.desc",
    "var msg_desc",
    "window.desc",
    "d.desc",
    "cgi.voice_page_info.desc",
)
_COVER = (
    "og:image",
    "var msg_cdn_url",
    "cgi.cdn_url_235_1",
    "cgi.cdn_url_1_1",
    "cgi.cdn_url",
    "d.cdn_url",
    "cgi.picture_page_info_list.cdn_url",
    "#js_content img",
)
_COPYRIGHT = (
    "cgi.copyright_info.copyright_stat",
    "var _copyright_stat",
    "var copyright_stat",
    "window.copyright_stat",
    "d.copyright_stat",
)
_SOURCE = ("cgi.source_url", "var msg_source_url", "d.source_url", "#js_view_source")
_REPRINT = ("cgi.copyright_info.reprint_url", "#js_share_source")
_TITLE = (
    "og:title",
    "var msg_title",
    "window.msg_title",
    "cgi.title",
    "d.title",
    "#activity-name",
    ".rich_media_title",
    "cgi.voice_page_info.title",
    "<title>",
)
_EPOCHS = (
    "var ct",
    "window.ct",
    "var oriCreateTime",
    "cgi.ori_send_time",
    "cgi.ori_create_time",
    "cgi.create_timestamp",
    "d.ct",
    "d.create_time",
)
_MINUTES = ("cgi.create_time", "var createTime", "var create_time", "d.create_time", "#publish_time")
_KIND = ("cgi.item_show_type", "window.item_show_type", "var item_show_type")
_OWN_ADDRESS = ("cgi.link", "var msg_link", "og:url")
# In which scopes the parts of an article's id stand together.
_SCOPES = ("window.", "var ", "d.")

_ELEMENTS = (
    "#js_name",
    ".wx_follow_nickname",
    ".profile_nickname",
    ".rich_media_meta_nickname",
    "#js_author_name",
    "#activity-name",
    ".rich_media_title",
    "#copyright_logo",
    "#profileBt > a",
    "#publish_time",
)
# Addresses that stand in an attribute of an element.
_ATTRIBUTES = (("#js_share_source", "data-url"), ("#js_view_source", "href"))


def _body(tree: LexborHTMLParser) -> tuple[str, str]:
    """The visible text of the article and its first picture; they are taken out of the tree."""
    node = tree.css_first("#js_content")
    if node is None:
        return "", ""
    for hidden in node.css("script, style"):
        hidden.decompose()
    text = node.text(separator=" ")
    # Pictures are loaded late, so that their address is not in `src`.
    picture = _attribute(node.css_first("img[data-src]"), "data-src")
    node.decompose()
    return text, picture


def _attribute(node: LexborNode | None, name: str) -> str:
    return (node.attributes.get(name) or "") if node is not None else ""


def _sources(tree: LexborHTMLParser, picture: str = "") -> _Sources:
    scripts = [node.text() for node in tree.css("script")]
    elements = {name: _html.text_of(tree.css_first(name)) for name in _ELEMENTS}
    # The visible title ends with the words of its badges.
    for badge in (elements["#copyright_logo"], "已付费"):
        elements["#activity-name"] = elements["#activity-name"].removesuffix(badge).rstrip()
    elements["<title>"] = _html.text_of(tree.css_first("head > title"))
    elements[".rich_media_title_paid"] = (
        "1" if tree.css_matches("#activity-name.rich_media_title_paid") else ""
    )
    elements["#js_content img"] = picture
    for place, name in _ATTRIBUTES:
        elements[place] = _attribute(tree.css_first(f"{place}[{name}]"), name)
    return _Sources(
        meta=_html.contents(tree), data=_data(scripts), assigned=_assigned(scripts), elements=elements
    )


def _assigned(scripts: Iterable[str]) -> dict[str, list[str]]:
    """The string literals assigned to names, such as ``var ct``, in page order."""
    found: dict[str, list[str]] = {}
    count = 0
    for script in scripts:
        for match in _ASSIGNED.finditer(script):
            start = match.start()
            if start and (script[start - 1].isalnum() or script[start - 1] in "_$."):
                continue
            values = (_decoded(literal) for literal in _LITERALS.findall(match["chain"]))
            found.setdefault(match["scope"] + match["name"], []).extend(values)
            count += 1
            if count >= _ASSIGNMENTS:
                return found
    return found


def _data(scripts: Iterable[str]) -> dict[str, str]:
    """What ``window.cgiDataNew`` holds, as it is written, by its path in it, such as ``copyright_info.reprint_url``."""
    for script in scripts:
        if (found := _OBJECT.search(script)) is not None:
            return _strings(script, found.end())
    return {}


def _strings(script: str, start: int) -> dict[str, str]:
    """The first string or number at each path of an object literal, a few levels deep, not yet decoded.

    The place in a list is no part of a path, so that of a list of objects the first one counts.
    """
    found: dict[str, str] = {}
    path: list[str] = []
    key = ""
    tokens = _TOKEN.finditer(script, start, start + _OBJECT_CHARACTERS)
    for token, _ in zip(tokens, range(_OBJECT_TOKENS), strict=False):
        if token["key"] or token["names"]:
            key = token["key"] or _decoded(token["text"])
        elif written := token["text"] or token["number"]:
            if len(path) <= _OBJECT_DEPTH:
                found.setdefault(".".join(filter(None, [*path, key])), written)
        elif token["bracket"] in "{[":
            path.append(key)
            key = ""
        else:
            key = path.pop()
            if not path:
                break
    return found


def _value(written: str) -> str:
    return _decoded(written) if written[:1] in ("'", '"') else written


# --- decoding ---------------------------------------------------------------------------------------


def _decoded(literal: str) -> str:
    """The text of a JavaScript string literal as the page would show it."""
    inner = literal[1:-1]
    if "\\" in inner:
        inner = _left_over_decoded(_ESCAPE.sub(_escaped, inner))
    if "&" in inner:
        inner = html.unescape(inner)
    return _without_surrogates(inner)


def _escaped(match: re.Match[str]) -> str:
    if code := match["byte"] or match["unit"]:
        return chr(int(code, 16))
    return _CONTROLS.get(match["other"], match["other"])


def _left_over_decoded(text: str) -> str:
    if "\\" not in text:
        return text
    return _LEFT_OVER.sub(lambda found: chr(int(found["byte"] or "0a", 16)), text)


def _without_surrogates(text: str) -> str:
    """Pairs joined and halves replaced: a lone surrogate cannot be written to any file."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _line(text: str) -> str:
    return " ".join(text.split())


# --- the facts --------------------------------------------------------------------------------------


def _title(sources: _Sources) -> str | None:
    for value in sources.values(*_TITLE):
        first = next(_line(line) for line in value.splitlines() if line.strip())
        return first if len(first) <= TITLE_CHARACTERS else first[: TITLE_CHARACTERS - 1] + "…"
    return None


def _name(sources: _Sources, *places: str) -> str | None:
    return _line(sources.first(*places))[:NAME_CHARACTERS] or None


def _published_at(sources: _Sources) -> str | None:
    """The time of publication in Shanghai; the time at which the page was served bounds it."""
    served = next(filter(_is_epoch, sources.values("cgi.svr_time", "var svr_time")), "9999999999")
    for value in sources.values(*_EPOCHS):
        if _is_epoch(value) and int(value) <= int(served) + 86400:
            return datetime.fromtimestamp(int(value), SHANGHAI).isoformat()
    for value in sources.values(*_MINUTES):
        if _MINUTE.fullmatch(value) and (moment := _moment(value)) is not None:
            return moment.replace(tzinfo=SHANGHAI).isoformat()
    return None


def _is_epoch(value: str) -> bool:
    return len(value) == 10 and value.isascii() and value.isdigit() and int(value) >= FIRST_TIME


def _moment(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the zone is added by the caller
    except ValueError:
        return None


def _address(sources: _Sources, *places: str) -> str | None:
    """The first web address in these places."""
    for value in sources.values(*places):
        text = _wechat_ids.unescaped(value.strip())
        if is_web(text) and (url := canonical(text)) is not None:
            return url
    return None


def _article_id(sources: _Sources, url: str) -> str | None:
    """The article's id from the first source that has all three of its parts in good form."""
    parts = _parts(sources)
    if parts is not None and (found := _wechat_ids.article_id(*parts)):
        return found
    addresses = [*sources.values(*_OWN_ADDRESS), url]
    return next((found for text in addresses if (found := _wechat_ids.article_id_of(text))), None)


def _parts(sources: _Sources) -> tuple[str, str, str] | None:
    """Account, message and place of the article; None where no scope has all three in good form."""
    scopes = [("cgi.bizuin", "cgi.mid", "cgi.idx")]
    scopes += [(f"{scope}biz", f"{scope}mid", f"{scope}idx") for scope in _SCOPES]
    for names in scopes:
        biz, mid, idx = (_well_formed(sources, name) for name in names)
        if biz and mid and idx:
            return biz, mid, idx
    return None


def permanent_address(tree: LexborHTMLParser) -> str | None:
    """The address under which a page says that its article stays, for a link that was good for a while alone.

    Made of the article's parts it lacks its ``chksm`` and opens inside WeChat alone, which is better than nothing.
    """
    sources = _sources(tree)
    for text in sources.values(*_OWN_ADDRESS):
        url = canonical(_wechat_ids.unescaped(text.strip()))
        if url is not None and _wechat_ids.is_permanent(url):
            return _wechat_ids.secure(url)
    parts = _parts(sources)
    if parts is None:
        return None
    biz, mid, idx = parts
    sign = sources.first("cgi.sn", "window.sn", "var sn", "d.sn")
    signed = f"&sn={sign}" if re.fullmatch("[0-9a-f]{8,64}", sign) else ""
    return f"https://{_wechat_ids.HOST}/s?__biz={biz}&mid={mid}&idx={idx}{signed}"


def _well_formed(sources: _Sources, name: str) -> str:
    """The first value that can be what its name says: bundles assign other things to the same names."""
    forms = {"mid": r"[0-9]{6,12}", "idx": r"[1-9][0-9]?"}
    form = forms.get(name[-3:])
    for value in sources.values(name):
        if re.fullmatch(form, value) if form else _wechat_ids.account_number(value):
            return value
    return ""


def _original(sources: _Sources, stat: str) -> bool | None:
    if stat in ("0", "1", "2"):
        return stat == "1"
    return True if sources.first("#copyright_logo") else None


def _flag(value: str) -> bool | None:
    return value == "1" if value in ("0", "1") else None


def _words(sources: _Sources, body: str) -> int | None:
    kind = sources.first(*_KIND)
    if kind == TEXT:
        body = sources.first("cgi.text_page_info.content_noencode", "og:title")
    elif kind == PICTURES:
        body = sources.first("cgi.desc", "og:description")
    elif kind == AUDIO:
        body = sources.first("cgi.voice_page_info.desc", "cgi.desc", "og:description")
    return sum(1 for _ in _WORD.finditer(body)) or None
