"""Living pages that talk about walls, sales and missing pages, embed their scripts, or resemble them.

None may be called broken, and blocked only where nothing of the page was seen.
"""

from __future__ import annotations

from html import escape

from in_place import CHALLENGES, PARKED
from origin import Answer
from outcomes import HTML, LOST, MISSING, MOSS, SHELL, case, page, to

PROSE = (
    "<p>We looked at what the wall sends to a program, and what a browser makes of it. "
    + "It was odd. " * 30
    + "</p>"
)


def quoted(sample: str) -> str:
    return f"<h1>How it works</h1>{PROSE}<pre><code>{escape(sample)}</code></pre>{MOSS}"


def highlighted(sample: str) -> str:
    """As some highlighters do it: quotes are left as they are, and what looks like a word is in a span."""
    inside = sample.replace("<", "&lt;").replace(">", "&gt;")
    return f'<article>{PROSE}<pre class="chroma"><span>{inside}</span></pre>{MOSS}</article>'


def carried(sample: str) -> str:
    """An article that its script carries along once more."""
    data = sample.replace("<", "\\u003c").replace('"', '\\"')
    return f'{PROSE}<script id="__NEXT_DATA__" type="application/json">{{"text":"{data}"}}</script>'


ARTICLES = [
    case(
        f"an article {way.__name__} from {wall}: {text[:20]}",
        "ok http-200",
        {"*": page(f"Inside {wall}", way(text))},
    )
    for _, text, wall in CHALLENGES
    if len(text) < 2000
    for way in (quoted, highlighted, carried)
] + [
    case(f"an article quotes {words}", "ok http-200", {"*": page(escape(words), quoted(words))})
    for words in (
        "window._cf_chl_opt = {cType: 'managed'}",
        "Request unsuccessful. Incapsula incident ID: 1-2",
        "geo.captcha-delivery.com",
        '<div id="px-captcha"></div>',
        "window.gokuProps = {}",
        "Pardon Our Interruption",
        "zh-zse-ck",
    )
]

# What healthy pages hold of walls. The body is a shell, so that no words speak for them.
EMBEDDED = (
    '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async></script>',
    "<script>window.__CF$cv$params={r:'1'};</script><script src='/cdn-cgi/challenge-platform/jsd/main.js'></script>",
    '<script src="https://www.google.com/recaptcha/api.js"></script><div class="g-recaptcha"></div>',
    '<script src="https://a.b.eu-west-1.sdk.awswaf.com/a/b/challenge.js" defer></script>',
    '<script src="https://js.datadome.co/tags.js" async></script>',
    '<link rel="dns-prefetch" href="//geo.captcha-delivery.com">',
    '<meta http-equiv="Content-Security-Policy" content="frame-src https://geo.captcha-delivery.com/">',
    '<meta name="description" content="The cookie acw_sc__v2, the page px-captcha, zh-zse-ck and window._cf_chl_opt">',
    '<script src="/TSPD/0881?type=10"></script>',
    '<script src="/_Incapsula_Resource?SWJIYLWA=1"></script>',
    "<style>#px-captcha{z-index:9} .sec-if-cpt-container{color:red}</style>",
    "<script>if(location.href.indexOf('/_____tmd_____/punish')>0){report()}</script>",
    "<script>window.byted_acrawler.init({aid:24,dfp:true})</script>",
    '<script src="https://hcaptcha.com/1/api.js"></script>',
)
HEALTHY = [
    *(
        case(f"a healthy shell with {mark}", "ok http-200", {"*": page("Moss", mark + SHELL)})
        for mark in EMBEDDED
    ),
    case(
        "source code that names walls",
        "ok http-200",
        {
            "*": Answer(
                200,
                {"content-type": "text/plain"},
                b"<title>Request Rejected</title> window._cf_chl_opt={}",
            )
        },
    ),
    case("a page called like a refusal", "ok http-200", {"*": page("Request Rejected", PROSE + MOSS)}),
    case(
        "missing, behind F5",
        "broken http-404",
        {
            "*": page(
                "404",
                '<script src="/TSPD/08?type=9"></script><noscript>On!</noscript><p>Not found</p>',
                404,
            )
        },
    ),
    case(
        "missing, in a shop that talks to programs",
        "broken http-404",
        {
            "*": page(
                "Page Not Found",
                "<!-- To discuss automated access to Amazon data please write --><p>Dogs</p>",
                404,
            )
        },
    ),
    case(
        "a short page leads on by itself",
        "ok http-200",
        {"/blog/a": page("Moss", '<meta http-equiv="refresh" content="0;url=/blog/b">'), "*": MISSING},
    ),
    case(
        "a button to log in",
        "ok http-200",
        {"*": page("Moss", '<button>Log in</button><a href="/login">x</a>')},
    ),
]

SEDO = '<iframe src="https://www.sedoparking.com/banner"></iframe>'
ADS = '<!doctype html><html data-adblockkey="MFww"><head><title>Moss</title></head><body>%s</body></html>'


def raw(text: str) -> Answer:
    return Answer(200, HTML, text.encode())


NOTHING = page("Moss", f"<p>Nothing stands at this address, dear reader.</p>{SEDO}")
LONG = MOSS * 30
SELLING = [
    case(
        "a blog with a seller's banner", "ok http-200", {"/blog/a": page("Moss", SEDO + MOSS), "*": NOTHING}
    ),
    case(
        "a blog with a seller's banner, whose front page answers for all",
        "ok http-200",
        {"*": page("Moss", SEDO + LONG)},
        "/",
    ),
    case("a shell with a seller's key", "ok http-200", {"*": raw(ADS % SHELL)}),
    case("a front page of an application with a seller's key", "ok http-200", {"*": raw(ADS % SHELL)}, "/"),
    case("a shell whose blog is for sale", "ok http-200", {"*": page("site.test is for sale", SHELL)}),
    case(
        "a blog that offers its name in every title",
        "ok http-200",
        {
            "/blog/a": page("How mosses drink | site.test is for sale", MOSS),
            "*": page("Moss | site.test is for sale", LOST),
        },
    ),
    case(
        "an application that offers its name",
        "ok http-200",
        {"*": page("Moss | site.test is for sale", "<p>Moss</p>")},
    ),
    case("a blog called domain for sale", "ok http-200", {"*": page("Domain for sale", MOSS)}, "/"),
    case("a blog that sells another name", "ok http-200", {"*": page("moss.test is for sale", MOSS)}),
    case(
        "a blog on sales",
        "ok http-200",
        {"*": page("site.test: the domain is for sale? 域名出售的故事", MOSS)},
    ),
    case(
        "a seller's own pages",
        "ok http-200",
        {"*": page("Sell names", '<script src="https://www.bodis.com/app.js"></script><p>Sell!</p>')},
        host="www.bodis.com",
    ),
    case(
        "an article that quotes a seller's page", "ok http-200", {"*": page("Parking", quoted(PARKED[2]))}
    ),
]
VIEWERS = [
    *(
        case(
            f"shown by {place}",
            "ok http-200",
            {"/blog/a": to(place), "*": page("Moss", MOSS)},
        )
        for place in (
            "/viewer.html?file=/blog/a",
            "/reader/view?src=%2Fblog%2Fa",
            "/2024/a?redirected_from=/blog/a",
            "/new?ref=/blog/a",
        )
    ),
    case(
        "a site called after the log-in",
        "ok http-200",
        {"/blog/a": to("//login.test{port}/help/what-is-it?lang=en"), "*": page("What it is", MOSS)},
    ),
]
ALIVE = [*ARTICLES, *HEALTHY, *SELLING, *VIEWERS]
