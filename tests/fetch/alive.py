"""Living pages that talk about walls, sales and missing pages, embed their scripts, or resemble them.

None may be called broken, and blocked only where nothing of the page was seen.
"""

from __future__ import annotations

from html import escape

from in_place import CHALLENGES
from origin import Answer
from outcomes import MISSING, MOSS, SHELL, case, page

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

ALIVE = [*ARTICLES, *HEALTHY]
