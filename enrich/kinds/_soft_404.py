"""Pages that are gone and answer with success all the same.

Four signs raise a suspicion: one page of a site leads to the site's front page, to a place named after what is not
found, or to a page whose title or main heading says so; or somebody sells the name (`enrich.parking`). None of them
proves anything by itself. An article may be about 404 pages; a site may send everybody to its front page to log in or to
choose a country; and behind a single-page application every address answers alike, the living ones too. So a suspicion
is put to the host: it is asked for an address that nobody can ever have given out, and only a page that looks like the
answer to that is gone.

What surprised us: for the front page even this is not enough, since a site that sends everybody there (to log in, to
choose a country) treats its living pages no better. So it must also show, to us and now, a neighbour of the page: one
in the same directory, to which its front page links. Pages that stand open for everybody are in other directories.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from enrich.kinds import _html
from enrich.kinds._shown import (
    HINT,
    LEAST_TEXT,
    MOST_CHARACTERS,
    UNSEEN,
    answer_of,
    is_alike,
    is_next_404,
    is_success,
    joined,
    lead_of,
    nonsense_beside,
    question,
    source_of,
    tree_of,
)
from enrich.model import Doubt, Outcome, Response, Sight, Status, Verdict
from enrich.moves import (
    PERMANENT,
    is_deep,
    is_error_page,
    is_front_page,
    is_not_found_page,
    is_same_page,
    is_same_site,
    is_taken_down,
)
from enrich.parking import is_parked, is_shop
from enrich.urls import host_of
from enrich.verdict import is_gate

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

# Words that are compared, and links of a front page that are looked at.
_MOST_TEXT = 2000
_MOST_LINKS = 300
# What a seller says of a name; more is a site that has his advertisements.
_MOST_OFFER = 1500

# Parts of a title between which sites write these marks.
_BETWEEN_PARTS = re.compile(r"[|·•»«_–—：]|\s-\s|(?<=[\u3400-\u9fff])-(?=[\u3400-\u9fff])|:\s|::")
_THING = r"(?:page|url|file|document|article|post|content|resource|address)"
_MISSING = (
    r"(?:(?:was|is|were|are|could|can|ca) ?(?:not|nt)|cannot|cant|couldnt|isnt|wasnt|not) (?:be )?found"
    r"|(?:does not|doesnt|no longer) exists?|(?:is|has) gone"
)
_ENGLISH = re.compile(
    rf"(?:(?:oops|whoops|sorry|error|http|status) )*(?:404(?: error| page| not found| {_THING} not found)?"
    rf"|not found(?: 404)?|(?:404 )?(?:the |this |that |your )?(?:requested )?(?:web ?)?{_THING}"
    rf"(?: (?:that )?(?:you|youre|you are|you were) [a-z ]{{1,30}}?)? (?:{_MISSING})(?: 404)?"
    r"|(?:(?:this|your|the) )?(?:web ?)?(?:hosting )?(?:account|site)(?: has been| is)? suspended"
    rf"|we (?:can not|cannot|cant|could not|couldnt) find (?:the|this|that|your) {_THING}[a-z ]{{0,30}})"
)
_WHAT = r"(?:[网網]?[页頁]面?|文章|[内內]容|链接|连结|連結|地址|[网網]址|文件|文档|资源|帖子|主题)"
_WHOSE = (
    r"(?:您|你|该|該|此|这个|這個|当前|所|要|想|找|查找|寻找|尋找|访问|訪問|请求|浏览|查看|打开|指定|的)*"
)
_NO = r"(?:不存在|未找到|没有找到|沒有找到|没找到|找不到|无法找到|無法找到|不见了|走丢了|丢失|已删除|已被删除)"
_CHINESE = re.compile(
    r"(?:404|错误|抱歉|很抱歉|对不起|對不起|出错了|哎呀|糟糕)*"
    rf"(?:{_WHOSE}{_WHAT}{_NO}(?:了|啦|或已删除|或已被删除)?|{_NO}{_WHOSE}{_WHAT}|404(?:错误|錯誤|页面|頁面)"
    r"|(?:该|此|本)?(?:站点|网站)已(?:经)?被管理员停止运行(?:请联系管理员.{0,6})?)(?:404)?"
)
_JAPANESE = re.compile(
    r"(?:404|エラー)*(?:(?:お|ご)?(?:探し|指定|アクセス)(?:の|された|した)?)?ページ[はが]?(?:見つかりません(?:でした)?|存在しません)(?:404)?"
)
# A page is parsed for its words only where a hint stands in one of the first titles or headings of its text: a parse
# costs 15 ms for 130 KB, reading the title for the report has cost one already, and most pages are alive.
_SHOWN = re.compile(r"<(title|h1)\b[^>]{0,200}>", re.IGNORECASE)
_MOST_SHOWN = 8
_HINT_CHARACTERS = 1000

# What the script of a page fills in, whatever was sent along: the same file may then become any page.
_APPLICATIONS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #react-root, #svelte, #q-app, #__layout, app-root, [ng-app]"
)
_PASSWORD = "input[type=password]"  # noqa: S105 - a selector
_LOG_IN = re.compile(
    r"(?:sign|log)[ -]?(?:in|on)|登[录錄陆陸入]|立即登[录錄]|(?:登[录錄]|注册)\s*[/|]?\s*(?:登[录錄]|注册)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What an answer shows: its title and main heading, whether they say that nothing was found, whether a script
    decides what is shown in the end, whether it asks for a password, the beginning of its text, and where the page itself
    leads at once."""

    words: tuple[str, str] = ("", "")
    says_so: bool = False
    is_application: bool = False
    asks_password: bool = False
    text: str = ""
    leads_to: str = ""


def is_suspicious_way(outcome: Outcome) -> bool:
    """Whether redirects led where a missing page leads, so that the page itself is worth a look."""
    if not isinstance(outcome, Response) or not outcome.hops:
        return False
    asked = outcome.hops[0].url
    return (
        _leads_home(outcome)
        or (is_shop(outcome.url) and not is_shop(asked))
        or is_taken_down(outcome.url)
        or (
            (is_not_found_page(outcome.url) or is_error_page(outcome.url))
            and not (is_not_found_page(asked) or is_error_page(asked))
        )
    )


def doubt_of(response: Response) -> Doubt | None:
    """Why a page that answered with success may be gone, and what to ask to be sure; None where nothing says so."""
    if not (response.body or response.hops):
        # Nearly every link: HEAD shows neither words nor, without redirects, a way.
        return None
    asked = response.hops[0].url if response.hops else response.url
    judge = _judge_of(asked, response)
    if judge is None:
        return None
    return Doubt(name="nonsense", question=question(nonsense_beside(asked)), see=_see, settle=judge)


def _judge_of(asked: str, response: Response) -> Callable[[Sight], Verdict | Doubt | None] | None:
    if _is_sold(asked, response):
        return partial(_settle_sold, _look(response, whole=True))
    if is_taken_down(response.url) and not is_taken_down(asked):
        return partial(_settle_place, response)
    if is_front_page(asked) or is_not_found_page(asked):
        return None
    if _leads_home(response):
        return partial(_settle_front, asked, response)
    if response.hops and is_not_found_page(response.url):
        return partial(_settle_place, response)
    look = _look(response)
    if look.leads_to and is_not_found_page(look.leads_to):
        return partial(_settle_lead, look)
    return partial(_settle_words, asked, look) if look.says_so and not look.is_application else None


def _leads_home(response: Response) -> bool:
    if not response.hops or not is_front_page(response.url):
        return False
    asked = response.hops[0].url
    return is_deep(asked) and is_same_site(asked, response.url)


# --- settling ---------------------------------------------------------------------------------------


def _settle_place(response: Response, nonsense: Sight) -> Verdict | None:
    if not is_success(nonsense) or not _ends_like(response, nonsense):
        return None
    if is_not_found_page(response.url) and not is_not_found_page(nonsense.url):
        return None
    return _gone(f"leads to {urlsplit(response.url).path[:MOST_CHARACTERS]}")


def _is_sold(asked: str, response: Response) -> bool:
    """Whether a seller of names answers, at his shop or under the name itself."""
    if is_shop(asked):
        return False
    return is_shop(response.url) or is_parked(response.body, host_of(asked))


def _settle_sold(look: _Look, nonsense: Sight) -> Verdict | None:
    if not is_success(nonsense) or not nonsense.sold or len(look.text) > _MOST_OFFER:
        return None
    return _gone("offers the name for sale") if is_alike(look.text, nonsense.text) else None


def _settle_lead(look: _Look, nonsense: Sight) -> Verdict | None:
    same = look.leads_to.partition("?")[0] == nonsense.leads_to.partition("?")[0]
    return _gone("leads on to a page for what is not found") if is_success(nonsense) and same else None


def _settle_words(asked: str, look: _Look, nonsense: Sight) -> Verdict | None:
    if not is_success(nonsense) or _without_names(look.words, asked) != nonsense.words:
        return None
    if not is_alike(look.text, nonsense.text):
        # A site may have given one title to all of its pages; what stands on them differs.
        return None
    if look.asks_password:
        detail = "It says that nothing is there, as every address of this site does, and asks to log in."
        return Verdict(Status.BLOCKED, "login-required", detail)
    return _gone(f"says “{look.words[0] or look.words[1]}”")


_ASKS_TO_LOG_IN = Verdict(
    Status.BLOCKED,
    "login-required",
    "It leads to a front page where one can log in, as every address of this site does.",
)


def _settle_front(asked: str, front: Response, nonsense: Sight) -> Verdict | Doubt | None:
    """A host that sends nonsense to its front page too either has nothing else to show, or nothing else to us."""
    if not is_success(nonsense) or not _ends_like(front, nonsense):
        return None
    tree = tree_of(source_of(front))
    if tree is None:
        return None
    if tree.css_first(_PASSWORD) is not None:
        return _ASKS_TO_LOG_IN
    neighbour = _neighbour(tree, front.url, asked)
    if neighbour is None:
        return None
    if not _is_for_good(front) and _offers_login(tree, front.url):
        return _ASKS_TO_LOG_IN
    name = f"a neighbour in {_directory(asked)}"
    return Doubt(
        name=name, question=question(neighbour), see=_see, settle=partial(_settle_neighbour, neighbour)
    )


def _is_for_good(response: Response) -> bool:
    return all(hop.status in PERMANENT for hop in response.hops)


def _offers_login(tree: LexborHTMLParser, front: str) -> bool:
    """Whether visitors can log in here. Then the neighbours that stand open say nothing about the others: a site
    sends who has not logged in away for now, and not for good."""
    for node in tree.css("a, button")[:_MOST_LINKS]:
        link = joined(front, node.attributes.get("href") or "")
        if _LOG_IN.fullmatch(_html.text_of(node)) or (link is not None and is_gate(link)):
            return True
    return False


def _settle_neighbour(neighbour: str, seen: Sight) -> Verdict | None:
    shown = is_success(seen) and is_same_page(seen.url, neighbour) and not _say_so(seen.words)
    return _gone("leads to the front page") if shown else None


def _gone(what: str) -> Verdict:
    return Verdict(
        Status.BROKEN, "soft-404", f"It answers as an address that was never given out does: it {what}."
    )


def _ends_like(response: Response, nonsense: Sight) -> bool:
    """Whether both end at one place; its parameters may name what was asked for."""
    return is_same_page(response.url.partition("?")[0], nonsense.url.partition("?")[0])


# --- asking -----------------------------------------------------------------------------------------


def _neighbour(tree: LexborHTMLParser, front: str, asked: str) -> str | None:
    """Another page in the directory of the one that was asked, to which the front page of their site links."""
    for node in tree.css("a[href]")[:_MOST_LINKS]:
        found = joined(front, node.attributes.get("href") or "")
        if (
            found
            and _directory(found) == _directory(asked)
            and is_deep(found)
            and not is_same_page(found, asked)
        ):
            return found
    return None


def _directory(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/").rpartition("/")[0]


def _see(outcome: Outcome) -> Sight:
    """What is remembered of the answer to a question of ours; a bot wall's is none."""
    if (answer := answer_of(outcome)) is None:
        return Sight(None, outcome.url)
    asked = answer.hops[0].url if answer.hops else answer.url
    sold = _is_sold(asked, answer)
    look = _look(answer, whole=sold)
    words = _without_names(look.words, asked)
    return Sight(answer.status, answer.url, words, look.text, sold, look.leads_to)


# --- reading ----------------------------------------------------------------------------------------


def _look(response: Response, whole: bool = False) -> _Look:
    text = source_of(response)
    leads_to = joined(response.url, lead) if (lead := lead_of(text)) else None
    tree = tree_of(text) if whole or _may_say_so(text) else None
    if tree is None:
        return _Look(leads_to=leads_to or "")
    title = _html.text_of(tree.css_first("head > title"))[:MOST_CHARACTERS]
    heading = _html.text_of(tree.css_first("h1"))[:MOST_CHARACTERS]
    has_password = tree.css_first(_PASSWORD) is not None
    has_script = tree.css_first("script") is not None
    is_application = has_script and not is_next_404(text) and tree.css_first(_APPLICATIONS) is not None
    tree.strip_tags(UNSEEN)
    shown = _html.text_of(tree.body)
    is_application = is_application or (has_script and len(shown) < LEAST_TEXT and not HINT.search(shown))
    return _Look(
        (title, heading),
        _say_so((title, heading)),
        is_application,
        has_password,
        shown[:_MOST_TEXT],
        leads_to or "",
    )


def _may_say_so(text: str) -> bool:
    for shown in islice(_SHOWN.finditer(text), _MOST_SHOWN):
        behind = text[shown.end() : shown.end() + _HINT_CHARACTERS].lower()
        if HINT.search(behind.partition(f"</{shown[1].lower()}")[0]):
            return True
    return False


def _say_so(words: tuple[str, str]) -> bool:
    return any(says_not_found(text) for text in words)


def says_not_found(text: str) -> bool:
    """Whether one whole part of a title says that there is nothing here; words inside a sentence do not."""
    return any(_is_sign(part) for part in [text, *_BETWEEN_PARTS.split(text)])


def _is_sign(part: str) -> bool:
    words = " ".join(re.sub(r"[^\w\s]", " ", re.sub(r"['’]", "", part.lower())).split())
    squeezed = words.replace(" ", "")
    return bool(_ENGLISH.fullmatch(words) or _CHINESE.fullmatch(squeezed) or _JAPANESE.fullmatch(squeezed))


def _without_names(words: tuple[str, str], url: str) -> tuple[str, str]:
    """What a page says but for the address that was asked, which many of them repeat."""
    path = urlsplit(url).path.strip("/")
    names = {path, unquote(path), path.rpartition("/")[2], unquote(path.rpartition("/")[2])} - {""}
    repeated = re.compile(
        "|".join(rf"(?<!\w)/?{re.escape(name)}(?!\w)" for name in sorted(names, key=len)[::-1])
    )
    return (repeated.sub("…", words[0]), repeated.sub("…", words[1])) if names else words
