"""What stands in a page's place: walls, applications that a script writes, videos that are gone, names for sale.

Each is a small site as in `outcomes`, with the verdict that a careful person would give.
"""

from __future__ import annotations

from origin import Answer
from outcomes import HTML, MISSING, MOSS, SHELL, answers, bare, case, page, to

# What walls answer to programs in place of a page, cut down to their marks; the last word is whose it is.
CHALLENGES = (
    (200, '<script id="anubis_challenge" type="application/json">{}</script>', "Anubis"),
    (200, '<link href="/.well-known/.git.gammaspectra.live/git/go-away/cmd/go-away/style.css">', "go-away"),
    (200, "<title>Request Rejected</title>The requested URL was rejected. Your support ID is: 1", "F5"),
    (200, '<script src="/TSPD/08?type=7"></script><noscript>Please enable JavaScript.</noscript>', "F5"),
    (202, '<meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2Fblog%2Fa">', "SiteGround"),
    (200, "<title>Pardon Our Interruption...</title>", "Imperva"),
    (200, "<script>sucuri_cloudproxy_js=''</script>", "Sucuri"),
    (503, "<!-- To discuss automated access to Amazon data please contact us -->", "Amazon"),
    (200, "<script>window.byted_acrawler.init({aid:99999999,dfp:!0})</script>", "ByteDance"),
    (200, '<p id="wci" class="_wafchallengeid"></p>Please wait...', "ByteDance"),
    (200, "<script>var arg1='0A';document.cookie='acw_sc__v2='+arg1</script>", "Aliyun"),
    (200, "<script>location='/_____tmd_____/punish?x5secdata=1'</script>", "Alibaba"),
    (200, "<title>百度安全验证</title>", "Baidu"),
    (202, "<script>$_ts=window['$_ts'];</script>", "Ruishu"),
    (412, "<script>$_ts=window['$_ts'];</script>" + "/* much more */" * 4000, "Ruishu"),
    (405, '<title>405</title><img src="https://errors.aliyun.com/images/1.png">', "Aliyun"),
)
MORE_WALLS = [
    *(
        case(
            f"{wall} answers {status} with {text[:30]}",
            "blocked bot-wall",
            {"*": Answer(status, HTML, text.encode())},
        )
        for status, text, wall in CHALLENGES
    ),
    answers(521, "blocked bot-wall", set_cookie="__jsluid_s=1; path=/"),
    answers(403, "blocked bot-wall", x_vercel_mitigated="challenge"),
    answers(202, "blocked bot-wall", sg_captcha="challenge"),
    answers(418, "blocked bot-wall"),
    case("a page behind Ruishu", "ok http-200", {"*": page(body="<script>$_ts={}</script><p>moss</p>")}),
    case("a page behind Jiasule", "ok http-200", {"*": page(set_cookie="__jsluid_s=1; path=/")}),
]

HANDS_ON = (
    '<title>Moss</title><script>var pathSegmentsToKeep = 0; l.replace(l.origin + "/?/blog/a")</script>'
)
NUXT = '<div id="__nuxt"></div><script src="/_nuxt/1.js"></script>'
KEEPS = "<script>sessionStorage.setItem('redirect', location.pathname); location.replace('/');</script>"
GOES = '<script>window.location.replace("https://moss.test" + window.location.pathname);</script>'
STARTS = (
    '<title>Moss</title><script src="/app.js"></script><app-moss></app-moss><noscript>No script!</noscript>'
)
MOSS_SHELL = page("Moss", SHELL)
# The front page of a site, and its page for what is missing.
SHELLS_ON_FILES = (
    ("a copy of the front page", MOSS_SHELL, page("Moss", SHELL, 404), "blocked bot-wall"),
    (
        "a copy under a name for finding",
        page("Pathfinder", SHELL),
        page("Pathfinder", SHELL, 404),
        "blocked bot-wall",
    ),
    ("a copy of another make", page("", STARTS), page("", STARTS, 404), "blocked bot-wall"),
    (
        "a copy, in another order",
        page("Moss", SHELL),
        page("Moss", SHELL, 404, x_a="1"),
        "blocked bot-wall",
    ),
    (
        "a copy with a version",
        page("Moss", SHELL.replace(".js", ".js?v=1")),
        page("Moss", SHELL, 404),
        "blocked bot-wall",
    ),
    ("no copy, the front page is written", page("Moss", MOSS), page("Moss", SHELL, 404), "broken http-404"),
    ("no copy, by its title", MOSS_SHELL, page("404 | Moss", SHELL, 404), "broken http-404"),
    (
        "no copy, by its title in German",
        MOSS_SHELL,
        page("Seite nicht gefunden", SHELL, 404),
        "broken http-404",
    ),
    ("no copy, it loads something else", MOSS_SHELL, page("Moss", NUXT, 404), "broken http-404"),
    ("no front page either", MISSING, page("Moss", SHELL, 404), "broken http-404"),
    ("a front page that is refused", bare(403), page("Moss", SHELL, 404), "blocked bot-wall"),
    ("a front page that fails", bare(500), page("Moss", SHELL, 404), "blocked bot-wall"),
    ("a script that hands on", page("Moss", MOSS), page("", HANDS_ON, 404), "blocked bot-wall"),
    ("a script that keeps the address", page("Moss", MOSS), page("", KEEPS, 404), "blocked bot-wall"),
    ("a script that goes to another host", page("Moss", MOSS), page("", GOES, 404), "blocked bot-wall"),
    (
        "words, and a script for another language",
        page("Moss", MOSS),
        page("Nothing", f"{GOES}<h1>Page not found</h1>", 404),
        "broken http-404",
    ),
)
APPLICATIONS = [
    *(
        case(f"404 of files: {name}", said, {"/": front, "*": lost})
        for name, front, lost, said in SHELLS_ON_FILES
    ),
    case(
        "404 of a project on GitHub Pages, which is a copy",
        "blocked bot-wall",
        {"/": page("Mosses of all countries", MOSS), "/moss/": MOSS_SHELL, "*": page("Moss", SHELL, 404)},
        "/moss/docs/a",
    ),
    case(
        "404 of a project on GitHub Pages, which is none",
        "broken http-404",
        {
            "/": page("Mosses of all countries", MOSS),
            "/moss/": page("Moss", MOSS),
            "*": page("Moss", SHELL, 404),
        },
        "/moss/docs/a",
    ),
    case(
        "404 written by the server of an application",
        "broken http-404",
        {"*": page("Moss", '<div id="app"><h1>Oh no</h1></div><script></script>', 404)},
    ),
    case("404 with a script that counts", "broken http-404", {"*": page("Oh", "Oh<script></script>", 404)}),
    case("410 of an application", "broken http-410", {"/": MOSS_SHELL, "*": page("Moss", SHELL, 410)}),
]

ARTICLE = "<h1>How mosses drink</h1><article>" + MOSS * 8 + "</article>"
OWN = '<link rel="canonical" href="/blog/a">'
SEARCHED = "<p>Nothing is here. Read about ferns, lichen, liverworts, horsetails or algae instead.</p>" * 8
ARTICLES = [
    case(
        "an article that comes with 404",
        "ok http-404",
        {
            "/moss": page("How mosses drink", OWN.replace("/blog/a", "/moss/") + ARTICLE, 404),
            "*": page("Not here", SEARCHED, 404),
        },
        "/moss",
    ),
    *(
        case(
            f"404, and {name}", "broken http-404", {"/blog/a": shown, "*": page("Not here", SEARCHED, 404)}
        )
        for name, shown in (
            ("an article without an address of its own", page("How mosses drink", ARTICLE, 404)),
            ("an article about another address", page("Moss", OWN.replace("/a", "/b") + ARTICLE, 404)),
            (
                "an article that is not to be found",
                page("Moss", OWN + '<meta name="robots" content="NoIndex">' + ARTICLE, 404),
            ),
            ("a title for what is missing", page("Page not found", OWN + ARTICLE, 404)),
            ("the title that nonsense has", page("Not here", OWN + ARTICLE, 404)),
            ("the words that nonsense has", page("Moss", OWN + SEARCHED, 404)),
            ("few words", page("Moss", OWN + MOSS, 404)),
        )
    ),
    case("404 with an article for everything", "broken http-404", {"*": page("Moss", OWN + ARTICLE, 404)}),
]


def video(status: str) -> Answer:
    player = f'var ytInitialPlayerResponse = {{"playabilityStatus":{{"status":"{status}","reason":"x"}}}};'
    return page(" - YouTube", f"<script>{player}</script><p>Home, Shorts, Subscriptions, You and more</p>")


VIDEOS = [
    case(
        f"YouTube says {status}",
        said,
        {"*": video(status)},
        "/watch?v=aaaaaaaaaaa",
        host="www.youtube.com",
    )
    for status, said in (
        ("ERROR", "broken soft-404"),
        ("OK", "ok http-200"),
        ("LOGIN_REQUIRED", "ok http-200"),
        ("UNPLAYABLE", "ok http-200"),
    )
] + [
    case(
        f"Bilibili shows {title}",
        said,
        {"*": page(title)},
        "/video/av1",
        host="www.bilibili.com",
    )
    for title, said in (
        ("视频去哪了呢？_哔哩哔哩_bilibili", "broken soft-404"),
        ("苔藓为什么是绿的_哔哩哔哩_bilibili", "ok http-200"),
    )
]

PARKED = (
    '<!doctype html><html lang="en" data-adblockkey="MFwwDQYJ_x"><head></head><body><div id="target"></div></body>',
    '<html><head><script>window.onload=function(){window.location.href="/lander"}</script></head></html>',
    '<html><body><script src="//img1.wsimg.com/parking-lander/static/js/main.js"></script></body></html>',
    "<html><title>site.test is for sale</title><h1>Make an offer</h1></html>",
    "<html><title>site.test-域名出售</title></html>",
)
SHOP = "//www.hugedomains.com{port}/domain_profile.cfm?d=site.test"
SALES = [
    *(
        case(
            f"a parked name at {link}: {text[:60]}",
            "broken soft-404",
            {"*": Answer(200, HTML, text.encode())},
            link,
        )
        for text in PARKED
        for link in ("/blog/a", "/")
    ),
    *(
        case(
            f"led to the shop with {status}",
            "broken soft-404",
            {
                "www.hugedomains.com/domain_profile.cfm?d=site.test": page("site.test is for sale"),
                "*": to(SHOP, status),
            },
            wants_page=False,
        )
        for status in (301, 302)
    ),
    case(
        "moved to the shop, nonsense is 404",
        "ok http-200",
        {
            "/blog/a": to(SHOP, 301),
            "www.hugedomains.com/domain_profile.cfm?d=site.test": page("site.test is for sale"),
            "*": MISSING,
        },
    ),
    case(
        "shows advertisements as a parked name does, and knows its pages",
        "ok http-200",
        {"/blog/a": Answer(200, HTML, PARKED[0].encode()), "*": MISSING},
    ),
    case("tells of a sale", "ok http-200", {"*": page("site.test is for sale? A history", MOSS)}),
    case("sells things", "ok http-200", {"*": page("site.test - houses for sale", MOSS)}),
    case(
        "a link to the shop",
        "ok http-200",
        {"*": page("moss.test is for sale")},
        "/domain_profile.cfm?d=moss.test",
        host="www.hugedomains.com",
    ),
]

IN_PLACE = [*MORE_WALLS, *APPLICATIONS, *ARTICLES, *VIDEOS, *SALES]
