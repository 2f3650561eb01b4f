"""What plain HTTP outcomes mean."""

from __future__ import annotations

import pytest

from enrich import registry
from enrich.model import Failure, FailureKind, Hop, Response, Status, Suggestion
from enrich.reasons import GENERAL_REASONS
from enrich.verdict import judge_http

URL = "https://example.org/a"


def response(
    status: int,
    url: str = URL,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    hops: tuple[Hop, ...] = (),
) -> Response:
    return Response(url=url, status=status, headers=headers or {}, body=body, hops=hops)


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (200, Status.OK, "http-200"),
        (202, Status.OK, "http-202"),
        (204, Status.OK, "http-204"),
        (206, Status.OK, "http-206"),
        (404, Status.BROKEN, "http-404"),
        (410, Status.BROKEN, "http-410"),
        (401, Status.BLOCKED, "http-401"),
        (403, Status.BLOCKED, "http-403"),
        (406, Status.BLOCKED, "http-406"),
        (407, Status.BLOCKED, "http-407"),
        (429, Status.BLOCKED, "http-429"),
        (451, Status.BLOCKED, "http-451"),
        (999, Status.BLOCKED, "http-999"),
        (400, Status.UNREACHABLE, "http-400"),
        (405, Status.UNREACHABLE, "http-405"),
        (418, Status.BLOCKED, "bot-wall"),
        (422, Status.UNREACHABLE, "http-422"),
        (500, Status.UNREACHABLE, "http-500"),
        (503, Status.UNREACHABLE, "http-503"),
        (521, Status.UNREACHABLE, "http-521"),
        (300, Status.UNREACHABLE, "http-300"),
        (304, Status.UNREACHABLE, "http-304"),
        (301, Status.UNREACHABLE, "protocol-error"),
        (302, Status.UNREACHABLE, "protocol-error"),
        (308, Status.UNREACHABLE, "protocol-error"),
        (101, Status.UNREACHABLE, "protocol-error"),
        (600, Status.UNREACHABLE, "protocol-error"),
        (0, Status.UNREACHABLE, "protocol-error"),
    ],
)
def test_a_status_is_judged_by_the_table(answer: int, status: Status, reason: str) -> None:
    verdict = judge_http(response(answer))
    assert (verdict.status, verdict.reason) == (status, reason)


def test_every_judgement_agrees_with_its_declaration() -> None:
    for answer in range(100, 1000):
        verdict = judge_http(response(answer))
        assert registry.reason_of(verdict.reason).status is verdict.status
        assert (verdict.status is Status.BROKEN) == (answer in (404, 410))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.INVALID_URL, Status.BROKEN),
        (FailureKind.DNS_NOT_FOUND, Status.BROKEN),
        (FailureKind.TOO_MANY_REDIRECTS, Status.BROKEN),
        (FailureKind.DNS_FAILURE, Status.UNREACHABLE),
        (FailureKind.CONNECT, Status.UNREACHABLE),
        (FailureKind.PROXY, Status.UNREACHABLE),
        (FailureKind.TLS, Status.UNREACHABLE),
        (FailureKind.TIMEOUT, Status.UNREACHABLE),
        (FailureKind.PROTOCOL, Status.UNREACHABLE),
        (FailureKind.TOO_LARGE, Status.UNREACHABLE),
        (FailureKind.FORBIDDEN_ADDRESS, Status.BLOCKED),
        (FailureKind.UNSUPPORTED_SCHEME, Status.SKIPPED),
        (FailureKind.HOST_DEFERRED, Status.SKIPPED),
        (FailureKind.NOT_REACHED, Status.SKIPPED),
    ],
)
def test_a_failure_keeps_its_kind_as_the_reason(kind: FailureKind, status: Status) -> None:
    verdict = judge_http(Failure(kind=kind, detail="said\nso.", url=URL))
    assert (verdict.status, verdict.reason) == (status, kind.value)
    assert registry.reason_of(kind.value).status is status
    assert verdict.detail is not None
    assert verdict.detail.endswith(": said so.")


def test_every_kind_of_failure_has_a_judgement() -> None:
    for kind in FailureKind:
        assert judge_http(Failure(kind=kind, detail="", url=URL)).reason == kind.value


def test_only_a_410_and_an_impossible_address_are_certain() -> None:
    certain = {reason.code for reason in GENERAL_REASONS if reason.certain}
    assert certain == {"http-410", "invalid-url"}


# --- bot walls --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, {"cf-mitigated": "challenge"}, b""),
        (200, {"cf-mitigated": "challenge"}, b""),
        (503, {}, b"<script>window._cf_chl_opt={}</script>"),
        (202, {"x-amzn-waf-action": "challenge"}, b""),
        (405, {"x-amzn-waf-action": "captcha"}, b""),
        (403, {"x-datadome": "protected"}, b""),
        (403, {"x-iinfo": "1-2-3"}, b""),
        (403, {"x-cdn": "Imperva"}, b""),
        (403, {"server": "AkamaiGHost"}, b""),
        (200, {}, b"<iframe></iframe>Request unsuccessful. Incapsula incident ID: 1-2"),
        (404, {"cf-mitigated": "challenge"}, b""),
        (428, {"server": "AkamaiGHost"}, b""),
        (200, {}, b'<div id="sec-if-cpt-container"></div>'),
        (403, {"x-sucuri-id": "1"}, b""),
        (429, {"x-kpsdk-ct": "1"}, b""),
        (403, {}, b'<div id="px-captcha"></div>'),
        (403, {}, b'<meta id="zh-zse-ck" content="004">'),
    ],
)
def test_a_challenge_says_nothing_about_the_page(status: int, headers: dict[str, str], body: bytes) -> None:
    verdict = judge_http(response(status, headers=headers, body=body))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "bot-wall")


WALLS = [
    "https://www.zhihu.com/account/unhuman?type=unhuman&message=x",
    "https://www.google.com/sorry/index?continue=https://example.org/a",
    "https://wappass.baidu.com/static/captcha/tuxing.html?backurl=x",
    "https://passport.weibo.com/visitor/visitor?entry=miniblog",
    "https://geo.captcha-delivery.com/captcha/?initialCid=x",
]


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("status", [301, 302])
def test_who_is_sent_to_a_walls_own_page_has_not_seen_the_one_he_wanted(wall: str, status: int) -> None:
    verdict = judge_http(response(200, wall, hops=(Hop(URL, status),)))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "bot-wall")


@pytest.mark.parametrize("wall", WALLS)
def test_a_link_to_a_walls_own_page_is_a_link(wall: str) -> None:
    assert judge_http(response(200, wall)).status is Status.OK
    assert judge_http(response(200, f"{wall}&b", hops=(Hop(wall, 302),))).status is Status.OK


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"x-datadome": "protected", "x-cdn": "Imperva", "x-iinfo": "1"}, b"<p>a page</p>"),
        (404, {"x-cdn": "Imperva"}, b""),
        (404, {"server": "AkamaiGHost"}, b""),
        (200, {"server": "cloudflare"}, b"text" * 9000 + b" about _cf_chl_opt"),
    ],
)
def test_an_answer_through_the_same_service_is_an_answer(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    assert judge_http(response(status, headers=headers, body=body)).reason == f"http-{status}"


# --- redirects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("statuses", [(301,), (308,), (301, 308), (308, 301, 301)])
def test_a_move_for_good_is_redirected_and_says_where_to(statuses: tuple[int, ...]) -> None:
    hops = tuple(Hop(f"https://example.org/{place}", status) for place, status in enumerate(statuses))
    verdict = judge_http(response(200, "https://example.org/new", hops=hops))
    reason = f"http-{statuses[0]}"
    assert (verdict.status, verdict.reason) == (Status.REDIRECTED, reason)
    assert verdict.suggestion is not None
    assert (verdict.suggestion.url, verdict.suggestion.reason) == ("https://example.org/new", reason)


@pytest.mark.parametrize("statuses", [(302,), (303,), (307,), (302, 301), (307, 308, 301)])
def test_one_temporary_hop_makes_the_address_a_good_one(statuses: tuple[int, ...]) -> None:
    hops = tuple(Hop(f"https://example.org/{place}", status) for place, status in enumerate(statuses))
    verdict = judge_http(response(200, "https://example.org/new", hops=hops))
    assert (verdict.status, verdict.reason, verdict.suggestion) == (Status.OK, "http-200", None)


@pytest.mark.parametrize("statuses", [(301, 302), (308, 301, 307, 301)])
def test_a_move_for_good_is_suggested_as_far_as_it_is_for_good(statuses: tuple[int, ...]) -> None:
    hops = tuple(Hop(f"https://example.org/{place}", status) for place, status in enumerate(statuses))
    verdict = judge_http(response(200, "https://example.org/new", hops=hops))
    first_temporary = next(place for place, status in enumerate(statuses) if status in (302, 307))
    assert (verdict.status, verdict.reason) == (Status.OK, "http-200")
    assert verdict.suggestion == Suggestion(f"https://example.org/{first_temporary}", f"http-{statuses[0]}")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("https://example.org/a", "https://example.org/a/"),
        ("https://example.org/a/", "https://example.org/a"),
        ("https://example.org/a", "https://www.example.org/a"),
        ("https://www.example.org/a", "https://example.org/a"),
        ("https://example.org/Some-Page", "https://example.org/some-page"),
        ("https://example.org/%7Ea", "https://example.org/~a"),
        ("https://example.org/a", "https://example.org/en/a"),
        ("https://example.org/a", "https://example.org/zh-CN/a/"),
        ("https://example.org/docs/a", "https://example.org/docs/zh_Hans_CN/a"),
        ("https://example.org/de/a", "https://example.org/en-us/a"),
        ("https://example.org/", "https://example.org/en/"),
        ("https://example.org/a", "https://example.org/a?hl=zh-CN"),
        ("https://example.org/a?b=c", "https://example.org/a?b=c&lang=en"),
        ("https://www.example.org/a", "https://zh.example.org/a"),
        ("http://example.org/a", "https://example.org/en/a"),
    ],
)
def test_a_move_that_a_reader_would_not_notice_is_no_redirect(asked: str, answered: str) -> None:
    verdict = judge_http(response(200, answered, hops=(Hop(asked, 301),)))
    assert (verdict.status, verdict.suggestion) == (Status.OK, None)


@pytest.mark.parametrize("status", [301, 308, 302, 307])
@pytest.mark.parametrize(
    ("way", "better"),
    [
        (["http://example.org/a", "https://example.org/a"], "https://example.org/a"),
        (["http://www.example.org/A?b=c", "https://example.org/a/?b=c"], "https://example.org/a/?b=c"),
        (
            ["http://example.org/a", "https://example.org/a", "https://example.org/en/a"],
            "https://example.org/a",
        ),
    ],
)
def test_a_secure_address_of_the_same_page_is_no_move_but_is_told(
    way: list[str], better: str, status: int
) -> None:
    verdict = judge_http(response(200, way[-1], hops=tuple(Hop(url, status) for url in way[:-1])))
    assert (verdict.status, verdict.reason) == (Status.OK, "http-200")
    assert verdict.suggestion == Suggestion(better, "https-available")


@pytest.mark.parametrize(
    "answered",
    [
        *("https://example.org/b", "https://example.org/a?b=1", "https://m.example.org/a"),
        *("https://example.org/ai/a", "https://example.org/en/b", "https://example.org/a?hl=moss"),
    ],
)
def test_a_move_that_shows_is_a_redirect(answered: str) -> None:
    verdict = judge_http(response(200, answered, hops=(Hop(URL, 301),)))
    assert verdict.status is Status.REDIRECTED


@pytest.mark.parametrize(
    "way",
    [
        ["https://example.org/a", "http://example.org/b"],
        ["https://example.org/a", "http://example.org/a"],
        ["https://example.org/a", "http://other.example/b", "https://other.example/b"],
        ["http://example.org/a", "https://example.org/a", "http://example.org/b"],
    ],
)
@pytest.mark.parametrize("status", [301, 308, 302])
def test_a_way_from_https_to_http_is_noted_and_not_suggested(way: list[str], status: int) -> None:
    verdict = judge_http(response(200, way[-1], hops=tuple(Hop(url, status) for url in way[:-1])))
    assert (verdict.status, verdict.reason, verdict.suggestion) == (Status.OK, "http-200", None)
    assert verdict.detail is not None
    assert "unencrypted" in verdict.detail


@pytest.mark.parametrize(
    "way",
    [
        ["http://example.org/a", "http://example.org/b"],
        ["http://example.org/a", "https://example.org/b"],
        ["https://example.org/a", "https://example.org/b", "https://example.org/c"],
    ],
)
def test_a_way_that_is_as_safe_at_its_end_is_a_move(way: list[str]) -> None:
    verdict = judge_http(response(200, way[-1], hops=tuple(Hop(url, 301) for url in way[:-1])))
    assert verdict.status is Status.REDIRECTED
    assert verdict.suggestion is not None
    assert verdict.suggestion.url == way[-1]


def test_an_unencrypted_way_to_a_login_page_still_says_nothing() -> None:
    verdict = judge_http(response(200, "http://example.org/login", hops=(Hop(URL, 301),)))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "login-required")


def test_a_move_to_nowhere_is_judged_by_where_it_ends() -> None:
    verdict = judge_http(response(404, "https://example.org/b", hops=(Hop(URL, 301),)))
    assert (verdict.status, verdict.reason, verdict.suggestion) == (Status.BROKEN, "http-404", None)


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/signin?next=/a",
        "/accounts/login/",
        "/sign_in",
        "/login.php",
        "/consent?to=/a",
        "/age-gate",
        "/action/cookieAbsent",
        "/cookies_not_supported",
    ],
)
@pytest.mark.parametrize("answer", [200, 404, 410])
@pytest.mark.parametrize("status", [301, 302])
def test_a_way_to_a_login_page_says_nothing_about_the_page(path: str, status: int, answer: int) -> None:
    verdict = judge_http(response(answer, f"https://example.org{path}", hops=(Hop(URL, status),)))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "login-required")


@pytest.mark.parametrize(
    "gate",
    [
        "https://consent.example.org/m?continue=a",
        "https://accounts.example.com/v3/identifier?service=x",
        "https://adfs.example.org/adfs/ls/?SAMLRequest=fZJ&RelayState=x",
        "https://example.okta.test/oauth2/v1/authorize?client_id=a&response_type=code&state=b",
        "https://sts.example.org/adfs/ls?wa=wsignin1.0&wtrealm=urn:x",
    ],
)
def test_a_host_that_only_lets_people_pass_says_nothing_about_the_page(gate: str) -> None:
    verdict = judge_http(response(200, gate, hops=(Hop(URL, 302),)))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "login-required")
    assert judge_http(response(200, gate, hops=(Hop(f"{gate}&b", 302),))).status is Status.OK


def test_a_link_to_a_login_page_that_is_gone_is_broken() -> None:
    hops = (Hop("http://example.org/login", 302),)
    assert judge_http(response(404, "https://example.org/en/login", hops=hops)).status is Status.BROKEN


def test_a_link_to_a_login_page_is_a_good_link() -> None:
    hops = (Hop("http://example.org/login", 302),)
    assert judge_http(response(200, "https://example.org/en/login", hops=hops)).status is Status.OK
    assert judge_http(response(200, "https://example.org/login")).status is Status.OK


@pytest.mark.parametrize(
    "front", ["https://example.org/", "https://other.example/en/", "https://example.org/index.html"]
)
@pytest.mark.parametrize("status", [301, 302, 308])
def test_a_way_to_a_front_page_is_no_address_to_suggest(front: str, status: int) -> None:
    verdict = judge_http(response(200, front, hops=(Hop("https://example.org/posts/a", status),)))
    assert (verdict.status, verdict.suggestion) == (Status.OK, None)
    assert verdict.detail is not None
    assert "front page" in verdict.detail


# --- declarations -----------------------------------------------------------------------------------

CONTRACT = {
    Status.OK: "http-200 http-2xx",
    Status.REDIRECTED: "http-301 http-308",
    Status.BROKEN: "http-404 http-410 dns-not-found soft-404 too-many-redirects invalid-url",
    Status.BLOCKED: "http-401 http-403 http-406 http-407 http-429 http-451 http-999 bot-wall login-required "
    "rate-limited forbidden-address",
    Status.UNREACHABLE: "http-3xx http-400 http-405 http-4xx http-503 http-5xx dns-failure connect-failure "
    "tls-failure timeout protocol-error too-large provider-failure",
    Status.SKIPPED: "excluded unsupported-scheme image code relative offline host-deferred not-reached "
    "network-down",
}


def test_the_declared_codes_are_those_of_the_contract() -> None:
    declared = {status: {r.code for r in GENERAL_REASONS if r.status is status} for status in Status}
    assert declared == {status: set(codes.split()) for status, codes in CONTRACT.items()}


def test_every_code_is_declared_once_and_says_what_to_do() -> None:
    codes = [reason.code for reason in GENERAL_REASONS]
    assert len(codes) == len(set(codes))
    assert all(len(reason.help) > 25 and reason.help.endswith(".") for reason in GENERAL_REASONS)


def test_what_the_sentence_says_is_not_said_again() -> None:
    detail = "the host name could not be looked up (Temporary failure in name resolution)"
    outcome = Failure(kind=FailureKind.DNS_FAILURE, detail=detail, url="https://a.example/")
    said = judge_http(outcome).detail
    assert said == "The host name could not be looked up (Temporary failure in name resolution)."
