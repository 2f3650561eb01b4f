"""Small sites made of bytes, and the verdict that a careful person would give on a link to each.

In a site, the path `*` answers for every path that is not named, a path may have a host before it, and a pair answers
HEAD and GET. A list is answered one after the other, the last one again and again. `{port}` in a header stands for the
server's port.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from origin import Answer

HTML = {"content-type": "text/html; charset=utf-8"}
Answers = Answer | list[Answer]
Site = Mapping[str, Answers | tuple[Answers, Answers]]


def page(
    title: str = "Moss", body: str = "<p>Some words about moss.</p>", status: int = 200, **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return Answer(status, {**HTML, **named}, text.encode())


def to(location: str, status: int = 302) -> Answer:
    return Answer(status, {"location": location})


def bare(status: int, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()})


SORRY = page("Page not found | Moss", "<h1>Page not found</h1>")
SORRY_ZH = page("页面不存在 - 苔藓网", "<h1>您访问的页面不存在</h1>")
MISSING = page("Not here", status=404)
FRONT = page("Moss, the site", '<a href="/">home</a> <a href="/blog/first-post">our first post</a>')
GEO = page("Choose your country", '<a href="/blog/germany">Deutschland</a>')
OPEN = page(
    "Moss", '<a href="/sso">Log in</a> <a href="/legal/terms">Terms</a> <a href="/blog/first-post">x</a>'
)
LOGIN = page("Moss", '<form><input name="u"><input type="password"></form><a href="/blog/first-post">x</a>')
PASSWORD = '<p>This page was not found, or is not for everybody.</p><form><input type="password"></form>'
MEMBERS = page("Moss", '<a href="/login">Log in</a> <a href="/blog/first-post">our first post</a>')
LOST = "<h1>Page not found</h1><p>The page that you asked for is not on this site, or not any more. Go back.</p>"
MOSS = "<p>Mosses drink with their leaves, dry out in summer and wake up in the first rain of autumn.</p>"
SHELLS = (
    '<my-app>Loading…</my-app><script src="/app.js"></script>',
    '<noscript>Please enable JavaScript</noscript><div id="mount"></div><script src="/app.js"></script>',
)
SHELL = '<div id="app"></div><script src="/app.js"></script>'
PAGE = {"/blog/a": page(), "*": MISSING}
SILENT = Answer(200, after_seconds=50.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A site, the link to it, and what a careful person would say: status, reason, suggested path or None."""

    name: str
    said: str
    site: Site
    link: str = "/blog/a"
    better: str | None = None
    host: str = "site.test"
    wants_page: bool = True
    timeout_seconds: float = 30.0
    retries: int = 0


def case(
    name: str,
    said: str,
    site: Site,
    link: str = "/blog/a",
    better: str | None = None,
    **more: bool | str | float,
) -> Case:
    return Case(name, said, site, link, better, **more)  # type: ignore[arg-type]


def answers(status: int, said: str, **headers: str) -> Case:
    """A host that has one answer for this page, whatever the method."""
    shown = "".join(f" with {name} {value}" for name, value in headers.items())
    return case(f"answers {status}{shown}", said, {"/blog/a": bare(status, **headers), "*": MISSING})


STATUSES = [
    case("answers 200", "ok http-200", PAGE),
    *(answers(status, f"ok http-{status}") for status in (202, 204, 206)),
    answers(404, "broken http-404"),
    answers(410, "broken http-410"),
    *(answers(status, f"blocked http-{status}") for status in (401, 403, 406, 407, 429, 451, 999)),
    *(answers(status, f"unreachable http-{status}") for status in (400, 405, 412, 500, 502, 503, 521, 530)),
    *(answers(status, f"unreachable http-{status}") for status in (300, 304)),
    answers(301, "unreachable protocol-error"),
    answers(429, "blocked http-429", retry_after="1"),
    *(answers(status, "skipped host-deferred", retry_after="3600") for status in (429, 503)),
    case(
        "404 with a page full of links",
        "broken http-404",
        {"*": page("Not found", FRONT.body.decode(), 404)},
    ),
    case(
        "503 with a page that says it is gone",
        "unreachable http-503",
        {"*": page("Page not found", status=503)},
    ),
    case(
        "403 with a page that says it is gone",
        "blocked http-403",
        {"*": page("Page not found", status=403)},
    ),
]

CLOUDFLARE = page(
    "Just a moment...", "<script>window._cf_chl_opt={}</script>", 403, cf_mitigated="challenge"
)

# What HEAD is answered with, and GET: by the first a check asks, by the second a run.
METHODS = [
    case(
        "HEAD is never answered, GET is",
        "ok http-200",
        {"*": (Answer(200, after_seconds=50.0), page())},
        timeout_seconds=2.0,
    ),
    case("HEAD 404, GET 200", "ok http-200", {"*": (bare(404), page())}),
    case("HEAD 410, GET 200", "ok http-200", {"*": (bare(410), page())}),
    case("HEAD 405, GET 200", "ok http-200", {"*": (bare(405), page())}),
    case("HEAD 403, GET 200", "ok http-200", {"*": (bare(403), page())}),
    case("HEAD 500, GET 200", "ok http-200", {"*": (bare(500), page())}),
    case(
        "HEAD is led to log in, GET is fine",
        "ok http-200",
        {"/blog/a": (to("/login?next=/blog/a"), page()), "*": page("Log in")},
    ),
    case("HEAD 501, GET 404", "broken http-404", {"*": (bare(501), MISSING)}),
    case(
        "HEAD 404, GET moved",
        "redirected http-301",
        {"/blog/a": (bare(404), to("/new", 301)), "*": page()},
        better="/new",
    ),
    case("HEAD leads in a circle, GET is fine", "ok http-200", {"*": (to("/blog/a"), page())}),
    case(
        "HEAD 200, GET is never answered",
        "ok http-200",
        {"*": (page(), Answer(200, after_seconds=50.0))},
        timeout_seconds=2.0,
    ),
    case("HEAD 200, GET leads in a circle", "ok http-200", {"*": (page(), to("/blog/a"))}),
]
HEADS = [
    *METHODS,
    *(replace(one, name=f"{one.name}, in a check", wants_page=False) for one in METHODS),
    case("HEAD 200, GET 404", "broken http-404", {"*": (page(), MISSING)}),
    case("HEAD 200, GET 503", "unreachable http-503", {"*": (page(), bare(503))}),
    case(
        "HEAD 404, GET is never answered",
        "unreachable timeout",
        {"*": (bare(404), Answer(200, after_seconds=50.0))},
        timeout_seconds=2.0,
    ),
    case(
        "HEAD 405, GET is answered the second time",
        "ok http-200",
        {"*": (bare(405), [SILENT, page()])},
        timeout_seconds=2.0,
        retries=2,
    ),
    case(
        "HEAD 403, GET 503 and then 200", "ok http-200", {"*": (bare(403), [bare(503), page()])}, retries=2
    ),
    case("HEAD 200, GET 206", "ok http-206", {"*": (page(), page(status=206))}),
    case("HEAD 200, GET 405", "unreachable http-405", {"*": (page(), bare(405))}),
    case("HEAD 200, GET is challenged", "blocked bot-wall", {"*": (page(), CLOUDFLARE)}),
    case(
        "HEAD leads to nowhere, GET elsewhere",
        "redirected http-301",
        {"/blog/a": (to("/gone", 301), to("/new", 301)), "/gone": MISSING, "*": page()},
        better="/new",
    ),
]

GATES = (
    "/wp-login.php?redirect_to=x",
    "/sessions/new",
    "/user/login/index",
    "/member.php?mod=logging&action=login",
    "/index.php?route=account/login",
    "/cookies/accept?u=1",
    "/choose-a-country?back=/blog/a",
    "/auth?next=%2Fblog%2Fa",
)
WALLS = [
    *(
        case(f"moved to {gate}", "blocked login-required", {"/blog/a": to(gate, 301), "*": page("Welcome")})
        for gate in GATES
    ),
    case("Douban to programs", "blocked bot-wall", {"*": bare(418)}, host="book.douban.com"),
    case("Bilibili to programs", "blocked bot-wall", {"*": bare(412)}, host="www.bilibili.com"),
    answers(402, "blocked bot-wall", crawler_price="USD 0.01"),
    case(
        "shows itself only to who keeps cookies",
        "blocked bot-wall",
        {"*": Answer(302, {"location": "/blog/a", "set-cookie": "seen=1"})},
    ),
    case("Cloudflare challenges", "blocked bot-wall", {"*": CLOUDFLARE}),
    case("Cloudflare challenges with 404", "blocked bot-wall", {"*": replace(CLOUDFLARE, status=404)}),
    case("Cloudflare challenges with 503", "blocked bot-wall", {"*": replace(CLOUDFLARE, status=503)}),
    case("Cloudflare lets it pass", "ok http-200", {"*": page(server="cloudflare", cf_ray="1")}),
    answers(202, "blocked bot-wall", x_amzn_waf_action="challenge"),
    answers(405, "blocked bot-wall", x_amzn_waf_action="captcha"),
    answers(403, "blocked bot-wall", x_datadome="protected"),
    answers(429, "blocked bot-wall", x_iinfo="1-2-3"),
    answers(403, "blocked bot-wall", server="AkamaiGHost"),
    case(
        "a page behind Akamai is missing", "broken http-404", {"*": page(status=404, server="AkamaiGHost")}
    ),
    case(
        "Imperva answers with 200",
        "blocked bot-wall",
        {"*": page("", "Request unsuccessful. Incapsula incident ID: 1-2")},
    ),
    case(
        "Zhihu's script wall",
        "blocked bot-wall",
        {"*": page("", '<meta id="zh-zse-ck" content="004">', 403)},
    ),
    case(
        "Zhihu asks who is there",
        "blocked bot-wall",
        {"/p/1": to("/account/unhuman?type=x"), "*": page("安全验证")},
        "/p/1",
        host="www.zhihu.com",
    ),
    case(
        "a short page quotes a wall's header",
        "ok http-200",
        {"*": page(body="<p>They send cf-mitigated.</p>")},
    ),
]

REDIRECTS = [
    *(
        case(
            f"moved with {status}",
            f"redirected http-{status}",
            {"/blog/a": to("/b", status), "*": page()},
            better="/b",
        )
        for status in (301, 308)
    ),
    *(
        case(
            f"elsewhere for now with {status}", "ok http-200", {"/blog/a": to("/b/c", status), "*": page()}
        )
        for status in (302, 303, 307)
    ),
    case(
        "moved twice",
        "redirected http-301",
        {"/blog/a": to("/b", 301), "/b": to("/c", 308), "*": page()},
        better="/c",
    ),
    case(
        "moved, then for now",
        "ok http-200",
        {"/blog/a": to("/b", 301), "/b": to("/c"), "*": page()},
        better="/b",
    ),
    case("for now, then moved", "ok http-200", {"/blog/a": to("/b"), "/b": to("/c", 301), "*": page()}),
    case("moved to nowhere", "broken http-404", {"/blog/a": to("/b", 301), "*": MISSING}),
    case("moved to a refusal", "blocked http-403", {"/blog/a": to("/b", 301), "*": bare(403)}),
    case("moved to a failure", "unreachable http-500", {"/blog/a": to("/b", 301), "*": bare(500)}),
    case("a slash is added", "ok http-200", {"/blog/a": to("/blog/a/", 301), "*": page()}),
    case("a language is added", "ok http-200", {"/blog/a": to("/en/blog/a", 301), "*": page()}),
    case("a Chinese language is added", "ok http-200", {"/blog/a": to("/zh-cn/blog/a", 308), "*": page()}),
    case(
        "a language parameter is added",
        "ok http-200",
        {"/blog/a": to("/blog/a?hl=zh-CN", 301), "/blog/a?hl=zh-CN": page()},
    ),
    case("a front page gets a language", "ok http-200", {"/": to("/en/", 301), "*": page()}, "/"),
    case(
        "a front page moves on the site",
        "redirected http-301",
        {"/": to("/start", 301), "*": page()},
        "/",
        "/start",
    ),
    case(
        "www is added",
        "ok http-200",
        {"/blog/a": page(), "site.test/blog/a": to("//www.site.test{port}/blog/a", 301)},
    ),
    case("a circle", "broken too-many-redirects", {"/blog/a": to("/b"), "/b": to("/blog/a")}),
    case(
        "asked to log in",
        "blocked login-required",
        {"/blog/a": to("/login?next=/blog/a"), "*": page("Log in")},
    ),
    case(
        "asked to consent",
        "blocked login-required",
        {"/blog/a": to("/consent?to=/blog/a"), "*": page("Cookies")},
    ),
    case("a link to a log-in page", "ok http-200", {"/login": page("Log in")}, "/login"),
    case("led to a private address", "blocked forbidden-address", {"*": to("http://10.0.0.1/")}),
    case("led to another scheme", "skipped unsupported-scheme", {"*": to("ftp://site.test/x")}),
]

SOFT = [
    case("says so for nonsense too", "broken soft-404", {"*": SORRY}),
    case("says so in Chinese", "broken soft-404", {"*": SORRY_ZH}),
    *(
        case(f"says so for nonsense too: {title}", "broken soft-404", {"*": page(title, LOST)})
        for title in (
            "百度网盘-链接不存在",
            "Oops! That page can’t be found. – Moss",
            "ページが見つかりません | Moss",
        )
    ),
    case(
        "says so in its heading alone",
        "broken soft-404",
        {"*": page("Moss", "<h1>404 - Page Not Found</h1>")},
    ),
    case(
        "says so and repeats the address",
        "broken soft-404",
        {"/blog/a": page("/blog/a: not found"), "*": None},
    ),  # type: ignore[dict-item]
    case("says so, and has an extension", "broken soft-404", {"*": SORRY}, "/blog/a.html"),
    case("says so, but has a proper 404", "ok http-200", {"/blog/a": SORRY, "*": MISSING}),
    case("says so, but nonsense is refused", "ok http-200", {"/blog/a": SORRY, "*": bare(403)}),
    case("says so, but nonsense fails", "ok http-200", {"/blog/a": SORRY, "*": bare(500)}),
    case(
        "says so, but nonsense meets a wall",
        "ok http-200",
        {"/blog/a": SORRY, "*": replace(CLOUDFLARE, status=200)},
    ),
    case("says so, nonsense says something else", "ok http-200", {"/blog/a": SORRY, "*": page("Search")}),
    case(
        "an article about 404 pages",
        "ok http-200",
        {"*": page("How to design a 404 page that people like")},
    ),
    case(
        "an article called like one",
        "ok http-200",
        {"/blog/a": page("404 Not Found - HTTP | Docs"), "*": MISSING},
    ),
    case("a magazine of that name", "ok http-200", {"*": page("Moss is back | 404 Media")}),
    case("one title for everything", "ok http-200", {"*": page("Moss App", SHELL)}),
    case("an application that begins with not found", "ok http-200", {"*": page("404 Not Found", SHELL)}),
    *(
        case(
            f"an application of another make: {shell}", "ok http-200", {"*": page("Page not found", shell)}
        )
        for shell in SHELLS
    ),
    case(
        "one title for everything, and each page has its own words",
        "ok http-200",
        {"/blog/a": page("Page not found", MOSS), "*": page("Page not found", "<p>It is not here.</p>")},
    ),
    case(
        "gone, beside other suggestions each time",
        "broken soft-404",
        {
            "/blog/a": page("Page not found", f"{LOST} <p>See Ferns.</p>"),
            "*": page("Page not found", f"{LOST} <p>See Lichen.</p>"),
        },
    ),
    case(
        "not shown in this country",
        "ok http-200",
        {"*": page("Content not available", "<h1>This content is not available in your country</h1>")},
    ),
    case(
        "not shown to who has not logged in",
        "blocked login-required",
        {"*": page("Page not found", PASSWORD)},
    ),
    case("a front page that says so", "ok http-200", {"*": SORRY}, "/"),
    case("a front page in a language that says so", "ok http-200", {"*": SORRY}, "/en/"),
    case("only HEAD was asked", "ok http-200", {"*": SORRY}, wants_page=False),
]

WAYS = [
    case(
        "led to the front page like nonsense",
        "broken soft-404",
        {"/": FRONT, "/blog/first-post": page(), "*": to("/")},
    ),
    case(
        "the same, where metadata are not wanted",
        "broken soft-404",
        {"/": FRONT, "/blog/first-post": page(), "*": to("/")},
        wants_page=False,
    ),
    case(
        "moved to the front page like nonsense",
        "broken soft-404",
        {"/": FRONT, "/blog/first-post": page(), "*": to("/", 301)},
    ),
    case(
        "led to a front page of its language",
        "broken soft-404",
        {"/en/": FRONT, "/blog/first-post": page(), "*": to("/en/")},
    ),
    case(
        "led to the front page, nonsense is 404",
        "ok http-200",
        {"/": FRONT, "/blog/a": to("/"), "*": MISSING},
    ),
    case(
        "moved to the front page, nonsense is 404",
        "ok http-200",
        {"/": FRONT, "/blog/a": to("/", 301), "*": MISSING},
    ),
    case("everybody is led to choose a country", "ok http-200", {"/": GEO, "*": to("/")}),
    case(
        "everybody is led to log in by a button",
        "ok http-200",
        {"/": OPEN, "/legal/terms": page(), "/blog/first-post": page(), "*": to("/")},
        "/project/17",
    ),
    case(
        "a neighbour is gone as well",
        "ok http-200",
        {"/": FRONT, "/blog/first-post": SORRY, "*": to("/")},
    ),
    case("the front page links to nothing", "ok http-200", {"/": page(), "*": to("/")}),
    case(
        "everybody is led to log in for now, some pages stand open",
        "blocked login-required",
        {"/": MEMBERS, "/blog/first-post": page(), "*": to("/")},
    ),
    *(
        case(
            f"everybody is led for now where one can log in by {way}",
            "blocked login-required",
            {
                "/": page("Moss", f'{way} <a href="/blog/first-post">x</a>'),
                "/blog/first-post": page(),
                "*": to("/"),
            },
        )
        for way in ("<button>Sign in</button>", '<a href="#now">登录</a>', '<a href="/me">登录/注册</a>')
    ),
    case(
        "led to the front page for good, where members log in",
        "broken soft-404",
        {"/": MEMBERS, "/blog/first-post": page(), "*": to("/", 301)},
    ),
    case("everybody is led to log in", "blocked login-required", {"/": LOGIN, "*": to("/")}),
    case(
        "a section is led to the front page",
        "ok http-200",
        {"/": FRONT, "/blog/first-post": page(), "*": to("/")},
        "/blog",
    ),
    case("led to another site's front page", "ok http-200", {"/": FRONT, "*": to("//other.test{port}/")}),
    case(
        "moved to another site's front page",
        "ok http-200",
        {"/": FRONT, "*": to("//other.test{port}/", 301)},
    ),
    case("led to the front page to come back", "ok http-200", {"/": FRONT, "*": to("/?return=/blog/a")}),
    case(
        "led to /404",
        "broken soft-404",
        {"/404.html": page("Oh"), "*": to("/404.html?from=x")},
        wants_page=False,
    ),
    case(
        "moved to a place for what is missing",
        "broken soft-404",
        {"/page-not-found": page("Oh"), "*": to("/page-not-found", 301)},
    ),
    case(
        "led to /404, nonsense is 404",
        "ok http-200",
        {"/404": page("Oh"), "/blog/a": to("/404", 301), "*": MISSING},
    ),
    case("led to /404 which is 404", "broken http-404", {"/404": MISSING, "*": to("/404")}),
    case("a link to a page called 404", "ok http-200", {"/404.html": SORRY}, "/404.html"),
    case(
        "led to an error that says so",
        "broken soft-404",
        {"/error": SORRY, "*": to("/error")},
        wants_page=False,
    ),
    case(
        "led to an error that does not", "ok http-200", {"/error": page("We are busy"), "*": to("/error")}
    ),
]

TROUBLES = [
    case("the connection is reset", "unreachable connect-failure", {}, "/rst"),
    case("closed without a word", "unreachable protocol-error", {}, "/empty"),
    case("no HTTP", "unreachable protocol-error", {}, "/garbage"),
    case("headers without end", "unreachable too-large", {}, "/flood/headers"),
    case("no answer in time", "unreachable timeout", {}, "/silent", timeout_seconds=0.3),
    case("no such name", "broken dns-not-found", {}, host="gone.test"),
    case("a name without an address", "broken dns-not-found", {}, host="empty.test"),
    case("the resolver is in trouble", "unreachable dns-failure", {}, host="broken.test"),
    case("a host at a private address", "blocked forbidden-address", {}, host="private.test"),
    case("nobody listens", "unreachable connect-failure", {}, host="down.test"),
    case("an answer broken off after its headers", "ok http-200", {}, "/half"),
]

CASES = [*STATUSES, *HEADS, *WALLS, *REDIRECTS, *SOFT, *WAYS, *TROUBLES]
