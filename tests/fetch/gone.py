"""Pages that are gone, as the servers and systems of the world write them, some of them under status 200."""

from __future__ import annotations

from in_place import video
from origin import Answer
from outcomes import HTML, LOST, MISSING, MOSS, SHELL, Site, bare, case, page, to


def raw(text: str, status: int = 404) -> Answer:
    return Answer(status, HTML, text.encode())


NEXT_DATA = (
    '<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"statusCode":404}},"page":"%s","query":{}}'
    '</script><script src="/_next/static/chunks/main.js" async></script>'
)
NEXT = f'<div id="__next"><h1>404</h1><h2>This page could not be found.</h2></div>{NEXT_DATA % "/_error"}'
ROUTER = (
    '<h1 class="next-error-h1">404</h1><h2>This page could not be found.</h2>'
    '<script src="/_next/static/chunks/webpack.js">'
    '</script><script>self.__next_f.push([1,"404: This page could not be found."])</script>'
)
FOOT = '<script src="/wp-includes/js/wp-emoji-release.min.js"></script><script src="/theme.js"></script>'
MAKES = {
    "nginx": "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr>"
    "<center>nginx</center></body></html>",
    "Apache": "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1>"
    "<p>The requested URL was not found on this server.</p></body></html>",
    "IIS": "<html><head><title>404 - File or directory not found.</title></head><body><h1>Server Error</h1>"
    "</body></html>",
    "GitHub Pages": "<html><head><title>Site not found &middot; GitHub Pages</title></head><body><h1>404</h1>"
    "<p>There isn't a GitHub Pages site here.</p></body></html>",
    "WordPress": f"<title>Page not found – Moss</title><h1>Oops! That page can’t be found.</h1>{MOSS * 4}{FOOT}",
    "WordPress without words": f"<title>Moss</title><div id='page'><img src='/lost.png'></div>{FOOT}",
    "Docusaurus": '<title>Page Not Found | Moss</title><div id="__docusaurus"><h1>Page Not Found</h1></div>'
    '<script src="/m.js">'
    "</script>",
    "Read the Docs": "<title>404 Not Found | Read the Docs</title><h1>404 Documentation page not found</h1>"
    "<script src='/a.js'></script>",
    "Next.js": f"<title>404: This page could not be found</title>{NEXT}",
    "Next.js of today": f"<title>404: This page could not be found.</title>{ROUTER}",
    "VitePress": f"<title>404 | Moss</title>{SHELL}",
    "VuePress": '<title>Moss</title><div id="app"><h1>404</h1><blockquote>Nothing here.</blockquote></div>'
    '<script src="/app.js">'
    "</script>",
    "Gatsby": '<title>Not found</title><div id="___gatsby"><h1>404: Not Found</h1></div><script src="/app.js"></script>',
    "Nuxt": '<title>Moss</title><div id="__nuxt"><h1>404</h1>This page could not be found</div>'
    '<script src="/_nuxt/a.js"></script>',
    "GitBook": "<title>Page not found | Moss</title><p>The page you are looking for doesn't exist.</p>"
    "<script src='/a.js'></script>",
    "Netlify": "<title>Page not found</title><h1>Page not found</h1><p>Looks like you followed a broken link.</p>",
    "a shop whose page is written by a script": '<title>Shop</title><div id="root"></div>'
    '<script src="/error.js"></script>',
    "DedeCMS": "<title>404-对不起！您访问的页面不存在</title><script>var s = 5; location.href</script>",
    "Discuz": "<title>提示信息 - 苔藓论坛</title><div id='messagetext'><p>指定的主题不存在</p></div><script></script>",
    "Tencent": '<title>404</title><script src="//qzonestyle.gtimg.cn/qzone/hybrid/app/404/search_children.js"></script>',
    "who leads home": '<title>Moss</title><script>location.href = "/"</script>',
    "who leads home by an element": '<title>Moss</title><meta http-equiv="refresh" content="0;url=/">',
}
PLAIN = [
    *(
        case(f"404 of {make}", "broken http-404", {"/": page("Moss", MOSS), "*": raw(text)})
        for make, text in MAKES.items()
    ),
    case(
        "404 of Vercel",
        "broken http-404",
        {"*": Answer(404, {"content-type": "text/plain"}, b"404: NOT_FOUND")},
    ),
    case("404 without a word", "broken http-404", {"*": bare(404)}),
]


def discuz(
    said: str, title: str = "提示信息 - 苔藓论坛 - Powered by Discuz!", error: str = "alert_error"
) -> Site:
    text = f'<title>{title}</title><div id="ct"><div id="messagetext" class="{error}">\n<p>{said}</p></div></div>'
    return {"/thread-1-1-1.html": raw(text, 200), "*": MISSING}


FORUMS = [
    case(f"Discuz says {said}", verdict, discuz(said), "/thread-1-1-1.html")
    for said, verdict in (
        ("抱歉，指定的主题不存在或已被删除或正在被审核", "broken soft-404"),
        ("抱歉，指定的版块不存在", "broken soft-404"),
        ("抱歉，您尚未登录，没有权限访问该版块", "blocked login-required"),
        ("您需要登录后才可以继续本操作", "blocked login-required"),
        ("抱歉，本帖要求阅读权限高于 20 才能浏览", "blocked login-required"),
        ("抱歉，站点正在维护", "ok http-200"),
    )
] + [
    case(
        "a thread about what Discuz says",
        "ok http-200",
        discuz("抱歉，指定的主题不存在或已被删除", "指定的主题不存在怎么办 - 苔藓论坛"),
        "/thread-1-1-1.html",
    ),
]

REFRESH = '<meta http-equiv="refresh" content="0; url=/404.html">'
SUSPENDED = page("Account Suspended", "<h1>Account Suspended</h1><p>This Account has been suspended.</p>")
TAKEN_DOWN = {"/cgi-sys/suspendedpage.cgi": SUSPENDED, "*": to("/cgi-sys/suspendedpage.cgi")}
MASKED: list[tuple[str, str, Site, str]] = [
    ("led to /?404", "broken soft-404", {"/?404": page(), "/": page(), "*": to("/?404")}, "/blog/a"),
    (
        "led to /error?code=404",
        "broken soft-404",
        {"/error": page("Oh"), "*": to("/error?code=404")},
        "/blog/a",
    ),
    (
        "led to /?404, nonsense is 404",
        "ok http-200",
        {"/?404": page(), "/blog/a": to("/?404"), "*": MISSING},
        "/blog/a",
    ),
    (
        "led to /?404, nonsense home",
        "ok http-200",
        {"/?404": page(), "/": page(), "/blog/a": to("/?404"), "*": to("/")},
        "/blog/a",
    ),
    (
        "led to an error of another code",
        "ok http-200",
        {"/error": page("Oh"), "*": to("/error?code=500")},
        "/blog/a",
    ),
    (
        "led to a list at number 404",
        "ok http-200",
        {"/list": page("All"), "*": to("/list?code=404")},
        "/blog/a",
    ),
    ("leads on to a 404", "broken soft-404", {"/404.html": page("Oh"), "*": raw(REFRESH, 200)}, "/blog/a"),
    (
        "leads on to a 404 by one statement",
        "broken soft-404",
        {"*": raw('<html><head><script>window.location.href="/404.html";</script></head></html>', 200)},
        "/blog/a",
    ),
    (
        "leads on to a 404, nonsense is 404",
        "ok http-200",
        {"/blog/a": raw(REFRESH, 200), "*": MISSING},
        "/blog/a",
    ),
    (
        "leads on to a page",
        "ok http-200",
        {"*": raw(REFRESH.replace("404.html", "b.html"), 200)},
        "/blog/a",
    ),
    (
        "leads on without scripts",
        "ok http-200",
        {"*": page("Moss", f"<noscript>{REFRESH}</noscript>{SHELL}")},
        "/blog/a",
    ),
    ("leads on in a comment", "ok http-200", {"*": page("Moss", f"<!-- {REFRESH} -->{SHELL}")}, "/blog/a"),
    (
        "leads on after a while",
        "ok http-200",
        {"*": page("Moss", REFRESH.replace("0;", "600;") + MOSS)},
        "/blog/a",
    ),
    (
        "leads on where something fails",
        "ok http-200",
        {
            "*": page(
                "Moss",
                '<script>window.onerror = function () { location.href = "/404.html" }</script>' + SHELL,
            )
        },
        "/blog/a",
    ),
    ("suspended", "broken soft-404", TAKEN_DOWN, "/blog/a"),
    ("suspended as a whole", "broken soft-404", TAKEN_DOWN, "/"),
    ("suspended in place", "broken soft-404", {"*": SUSPENDED}, "/blog/a"),
    ("one member is suspended", "ok http-200", {"/blog/a": SUSPENDED, "*": MISSING}, "/blog/a"),
    (
        "an article on suspended accounts",
        "ok http-200",
        {"*": page("Account suspended? What to do", MOSS)},
        "/blog/a",
    ),
    (
        "Next.js under 200",
        "broken soft-404",
        {"*": page("404: This page could not be found", NEXT)},
        "/blog/a",
    ),
    (
        "Next.js of today under 200",
        "broken soft-404",
        {"*": page("404: This page could not be found.", ROUTER)},
        "/blog/a",
    ),
    (
        "Next.js of one page, which a script makes any other",
        "ok http-200",
        {"*": page("404", f'<div id="__next"><h1>404</h1></div>{NEXT_DATA % "/"}')},
        "/blog/a",
    ),
    (
        "stopped",
        "broken soft-404",
        {"*": page("抱歉", "<h1>抱歉！该站点已经被管理员停止运行，请联系管理员</h1>")},
        "/blog/a",
    ),
]

PLAYERS = [
    case(
        f"YouTube says an error for {whom}",
        said,
        {"*": video(f'ERROR","reason":"{why}')},
        "/watch?v=a",
        host="www.youtube.com",
    )
    for whom, why, said in (
        ("everybody", "This video isn’t available any more", "broken soft-404"),
        ("this country", "The uploader has not made this video available in your country", "ok http-200"),
        ("the moment", "This content isn’t available, try again later.", "ok http-200"),
    )
]
SIGNS_OF_NOTHING = [
    case(f"says it of one page: {title}", "ok http-200", {"/blog/a": page(title, LOST), "*": MISSING})
    for title in ("404", "Not found | Moss", "页面不存在", "404 Not Found: a love story")
]

IN_OTHER_WORDS = [
    *PLAIN,
    *FORUMS,
    *(case(name, said, site, link) for name, said, site, link in MASKED),
    *PLAYERS,
    *SIGNS_OF_NOTHING,
]
