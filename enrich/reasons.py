"""The reason codes that are about no kind of link in particular.

A code is what a report says, what a rule is called and what a user excludes, so it is declared once, with what it
means for the link and what a person does about it. The web kind hands these to the registry.
"""

from __future__ import annotations

from enrich.model import Reason, Status

_OK, _MOVED, _BROKEN = Status.OK, Status.REDIRECTED, Status.BROKEN
_BLOCKED, _UNREACHABLE, _SKIPPED = Status.BLOCKED, Status.UNREACHABLE, Status.SKIPPED

_SUCCESSES = (
    Reason(code="http-200", status=_OK, help="The address answers with the page. Nothing to do."),
    Reason(code="http-2xx", status=_OK, help="The address answers with success. Nothing to do."),
    Reason(
        code="http-301",
        status=_MOVED,
        help="The page has moved for good (301). Replace the link by the suggested address.",
    ),
    Reason(
        code="http-308",
        status=_MOVED,
        help="The page has moved for good (308). Replace the link by the suggested address.",
    ),
    Reason(
        code="http-3xx",
        status=_UNREACHABLE,
        help="The host answered with a status of the redirect class that leads nowhere, such as 300 or 304. "
        "Open the link in a browser to see what is there.",
    ),
)

_GONE = (
    Reason(
        code="http-404",
        status=_BROKEN,
        help="The host says that there is no such page (404). It was asked twice. Correct the address, "
        "or replace it by an archived copy.",
    ),
    Reason(
        code="http-410",
        status=_BROKEN,
        certain=True,
        help="The host says that the page was removed for good (410). Remove the link or replace it by an "
        "archived copy.",
    ),
    Reason(
        code="dns-not-found",
        status=_BROKEN,
        help="The host name does not exist, while other names could be looked up. Look for a typing error; "
        "otherwise the site is gone.",
    ),
    Reason(
        code="too-many-redirects",
        status=_BROKEN,
        help="The address redirects in a circle or without end. Open it in a browser; if it works there, "
        "exclude it.",
    ),
    Reason(
        code="soft-404",
        status=_BROKEN,
        help="The host answers with success, but only with what it answers to any address: that nothing is here, its "
        "front page, or that its name is for sale. Open it to make sure, then correct the link.",
    ),
    Reason(
        code="invalid-url",
        status=_BROKEN,
        certain=True,
        help="This is not a valid address, so that no browser can open it. Correct it in the note.",
    ),
)

_REFUSED = (
    Reason(
        code="http-401",
        status=_BLOCKED,
        help="The page asks for a user name (401). We cannot tell whether it is there; a person who may log "
        "in can.",
    ),
    Reason(
        code="http-403",
        status=_BLOCKED,
        help="The host refuses us (403), often because we are a program. The page may be fine: open it in a "
        "browser.",
    ),
    Reason(
        code="http-406",
        status=_BLOCKED,
        help="The host does not answer a request of this form (406), often because we are a program. Open "
        "the link in a browser, or set other headers for this host.",
    ),
    Reason(
        code="http-407",
        status=_BLOCKED,
        help="A proxy on the way asks for a user name (407). Check the proxy settings; the link was not "
        "reached.",
    ),
    Reason(
        code="http-429",
        status=_BLOCKED,
        help="The host says that we ask too often (429). It is asked again in a later run; a longer interval "
        "for this host helps.",
    ),
    Reason(
        code="http-451",
        status=_BLOCKED,
        help="The host withholds the page for legal reasons (451), perhaps only where we ask from.",
    ),
    Reason(
        code="http-999",
        status=_BLOCKED,
        help="The host turns programs away (999, as LinkedIn does). Open the link in a browser.",
    ),
    Reason(
        code="bot-wall",
        status=_BLOCKED,
        help="A bot wall answered in place of the host, so that nothing is known about the page. Open the "
        "link in a browser.",
    ),
    Reason(
        code="login-required",
        status=_BLOCKED,
        help="The link leads to a page that asks to log in, or to consent to something, first. A person who may "
        "pass can tell what is behind it.",
    ),
    Reason(
        code="rate-limited",
        status=_BLOCKED,
        help="A service that we ask has had enough questions for now. It is asked again in a later run.",
    ),
    Reason(
        code="forbidden-address",
        status=_BLOCKED,
        help="The host is at a private or reserved address, and notes must not make us reach into a network. "
        "If this is meant, allow it with --allow-net or --allow-private.",
    ),
)

_SILENT = (
    Reason(
        code="http-400",
        status=_UNREACHABLE,
        help="The host calls the request bad (400). Look for a damaged address; otherwise it is asked again.",
    ),
    Reason(
        code="http-405",
        status=_UNREACHABLE,
        help="The host does not answer this kind of question (405). Open the link in a browser.",
    ),
    Reason(
        code="http-4xx",
        status=_UNREACHABLE,
        help="The host refused the request for a reason that does not say whether the page exists. Open the "
        "link in a browser.",
    ),
    Reason(
        code="http-503",
        status=_UNREACHABLE,
        help="The host is overloaded or under repair (503). It is asked again in the next run.",
    ),
    Reason(
        code="http-5xx",
        status=_UNREACHABLE,
        help="The server failed. It is asked again in the next run; after several failed checks over days "
        "the link counts as broken.",
    ),
    Reason(
        code="dns-failure",
        status=_UNREACHABLE,
        help="The host name could not be looked up just now. It is asked again in the next run.",
    ),
    Reason(
        code="connect-failure",
        status=_UNREACHABLE,
        help="The host refused the connection or cannot be reached. It is asked again in the next run.",
    ),
    Reason(
        code="tls-failure",
        status=_UNREACHABLE,
        help="The certificate has expired, is for another name or from an unknown authority, or no secure connection "
        "came about; the detail says which. It is asked again in the next run; SSL_CERT_FILE adds a private authority.",
    ),
    Reason(
        code="timeout",
        status=_UNREACHABLE,
        help="The host did not answer in time. It is asked again in the next run; --timeout gives it longer.",
    ),
    Reason(
        code="protocol-error",
        status=_UNREACHABLE,
        help="The answer was not valid HTTP, broke off, or redirected without saying where to. It is asked "
        "again in the next run.",
    ),
    Reason(
        code="too-large",
        status=_UNREACHABLE,
        help="The headers of the answer are larger than any browser accepts. Open the link in a browser.",
    ),
    Reason(
        code="provider-failure",
        status=_UNREACHABLE,
        help="The service that knows about this link (such as GitHub, arXiv, doi.org or WeChat) failed, or the way there "
        "did (a proxy that does not lead to the host), which says nothing about the link. It is asked again in a later "
        "run.",
    ),
)

_NOT_ASKED = (
    Reason(
        code="excluded",
        status=_SKIPPED,
        help="An exclude pattern or a missing include keeps this link out. Change the pattern to check it.",
    ),
    Reason(
        code="unsupported-scheme",
        status=_SKIPPED,
        help="Only http and https addresses are asked; mail addresses, FTP and the like are listed alone.",
    ),
    Reason(code="image", status=_SKIPPED, help="Images are checked only with --check-images."),
    Reason(code="code", status=_SKIPPED, help="Addresses inside code are listed, not checked."),
    Reason(
        code="relative",
        status=_SKIPPED,
        help="The path leads out of the collection, or to a page that a site generator makes, so that nothing "
        "can be said about it.",
    ),
    Reason(
        code="offline",
        status=_SKIPPED,
        help="The run was offline and nothing was known from earlier. Run again without --offline.",
    ),
    Reason(
        code="host-deferred",
        status=_SKIPPED,
        help="The host has had its share of questions for this run or refuses more; its turn comes in a "
        "later run. Nothing to do.",
    ),
    Reason(
        code="not-reached",
        status=_SKIPPED,
        help="The run ended (deadline or interrupt) before this link's turn. The next run goes on here.",
    ),
    Reason(
        code="network-down",
        status=_SKIPPED,
        help="The network here was down, was lost, or answered in place of others, so that nothing is known. Earlier "
        "verdicts stand; run again when it works.",
    ),
)

GENERAL_REASONS: tuple[Reason, ...] = _SUCCESSES + _GONE + _REFUSED + _SILENT + _NOT_ASKED
