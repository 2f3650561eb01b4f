"""What the GitHub API is asked, what its answers mean, and how few questions it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from local_github import (
    RATE_LIMITED,
    LocalGithub,
    Special,
    aliases,
    answer,
    detail,
    existing,
    looked_up,
    names,
    node,
    not_found,
    reason,
    targets,
)

from enrich.kinds._github_api import graphql_url, may_carry_token
from enrich.kinds.github import look_up
from enrich.model import (
    Api,
    Failure,
    FailureKind,
    Outcome,
    Repository,
    Request,
    Response,
    Status,
    Suggestion,
)

# --- GraphQL ----------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_150_repositories_with_a_token_cost_two_requests() -> None:
    local = LocalGithub(existing(150))
    found = await looked_up(local, names(150))
    assert [len(aliases(request)) for request in local.asked] == [100, 50]
    assert {reason(one) for one in found.values()} == {"github-found"}
    assert {dict(request.headers)["authorization"] for request in local.asked} == {"Bearer right"}
    assert {request.url for request in local.asked} == {"https://api.github.com/graphql"}


@pytest.mark.anyio
async def test_a_node_becomes_metadata() -> None:
    local = LocalGithub({"owner/name": {}})
    found = await looked_up(local, ["owner/name"])
    assert found["github:owner/name"].metadata == Repository(
        full_name="owner/name",
        repository_id=1296269,
        description="First  of its kind",
        stars=80,
        forks=9,
        language="Python",
        license="MIT",
        topics=("vision", "detection"),
        archived=False,
        disabled=False,
        fork=False,
        homepage=None,
        created_at="2011-01-26T19:01:12Z",
        pushed_at="2026-01-26T19:06:43Z",
        latest_release="v1.0",
    )


@pytest.mark.anyio
async def test_a_renamed_repository_is_redirected_to_its_new_name() -> None:
    local = LocalGithub({"new/place": {}}, renamed={"old/name": "New/Place"})
    found = (await looked_up(local, ["old/name"]))["github:old/name"]
    assert found.verdict is not None
    assert (found.verdict.status, found.verdict.reason) == (Status.REDIRECTED, "github-renamed")
    assert found.verdict.suggestion == Suggestion("https://github.com/New/Place", "github-renamed")
    assert found.alias == "github:new/place"
    assert isinstance(found.metadata, Repository)


@pytest.mark.anyio
async def test_another_letter_case_is_no_rename() -> None:
    local = LocalGithub({"owner/name": {}}, renamed={"owner/name": "Owner/Name"})
    found = (await looked_up(local, ["owner/name"]))["github:owner/name"]
    assert (reason(found), found.alias) == ("github-found", None)


@pytest.mark.anyio
async def test_rest_tells_a_blocked_repository_from_one_that_is_gone() -> None:
    local = LocalGithub({"owner/here": {}}, blocked=frozenset({"owner/blocked"}))
    found = await looked_up(local, ["owner/here", "owner/gone", "owner/blocked"])
    assert [reason(found[f"github:owner/{name}"]) for name in ("here", "gone", "blocked")] == [
        "github-found",
        "github-not-found",
        "github-blocked",
    ]
    assert "dmca" in (detail(found["github:owner/blocked"]) or "")
    assert len(local.asked) == 3


@pytest.mark.anyio
async def test_of_many_missing_repositories_ten_are_asked_about_again_and_the_others_at_their_pages() -> (
    None
):
    local = LocalGithub(existing(160))
    found = await looked_up(local, names(300))
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count("github-not-found"), reasons.count(None)) == (
        160,
        10,
        130,
    )
    assert len(local.asked) == 3 + 10


@pytest.mark.anyio
async def test_a_repository_that_only_graphql_lacks_is_found() -> None:
    local = LocalGithub({"owner/name": {}})
    local.specials[1] = lambda request: answer(
        request, 200, {"data": {"r0": None}, "errors": [not_found("r0", "owner/name")]}
    )
    found = await looked_up(local, ["owner/name"])
    assert reason(found["github:owner/name"]) == "github-found"


@pytest.mark.anyio
async def test_a_question_too_large_is_split_until_it_fits() -> None:
    local = LocalGithub(existing(250), widest=60)
    found = await looked_up(local, names(250))
    assert {reason(one) for one in found.values()} == {"github-found"}
    assert [len(aliases(request)) for request in local.asked] == [100, 50, 50, 50, 50, 50]


@pytest.mark.anyio
async def test_one_repository_that_breaks_every_question_is_left_to_its_page() -> None:
    local = LocalGithub(existing(100))

    def poisoned(request: Request) -> Outcome:
        if "owner/repo42" in aliases(request).values():
            return answer(request, 502, None)
        return local.graphql(request)

    local.specials = dict.fromkeys(range(1, 50), poisoned)
    found = await looked_up(local, names(100))
    assert [one.target_id for one in found.values() if one.verdict is None] == ["github:owner/repo42"]
    assert len(local.asked) < 20


@pytest.mark.anyio
async def test_a_server_that_is_down_is_asked_a_few_times_only() -> None:
    local, told = LocalGithub(existing(300), widest=0), {}
    found = await looked_up(local, names(300), tell=told.__setitem__)
    assert {one.verdict for one in found.values()} == {None}
    assert len(local.asked) < 12
    assert list(told) == ["github-unavailable"]


@pytest.mark.parametrize(
    "error",
    [
        {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."},
        {"message": "Something went wrong. This may be the result of a timeout."},
    ],
)
@pytest.mark.anyio
async def test_part_of_the_data_is_kept_and_the_rest_asked_for_again(error: dict[str, Any]) -> None:
    local = LocalGithub(existing(40))

    def partial(request: Request) -> Outcome:
        data = {f"r{place}": node(name) if place < 30 else None for place, name in enumerate(names(40))}
        return answer(request, 200, {"data": data, "errors": [error]})

    local.specials[1] = partial
    found = await looked_up(local, names(40))
    assert {reason(one) for one in found.values()} == {"github-found"}
    assert [len(aliases(request)) for request in local.asked] == [40, 5, 5]


@pytest.mark.anyio
async def test_organisations_that_do_not_let_the_token_in_are_left_to_their_pages() -> None:
    """A token that single sign-on does not know: REST says 403, or 404 as if nothing were there."""
    local = LocalGithub(existing(250))

    def withholding(request: Request) -> Outcome:
        response = local.graphql(request)
        assert isinstance(response, Response)
        body = json.loads(response.body)
        message = "Resource protected by organization SAML enforcement."
        body["errors"] = [
            {"type": "FORBIDDEN", "path": [alias], "message": message} for alias in ("r0", "r7", "r9")
        ]
        body["data"] |= dict.fromkeys(("r0", "r7", "r9"))
        return replace(response, body=json.dumps(body).encode())

    local.specials[1] = withholding
    found = await looked_up(local, names(250))
    untold = {name for name, one in found.items() if one.verdict is None}
    assert untold == {f"github:owner/repo{number}" for number in (0, 7, 9)}
    assert len(local.asked) == 3, "nobody is asked about them by REST"


@pytest.mark.parametrize(
    ("special", "requests"),
    [
        (lambda request: answer(request, 403, {"message": "You have exceeded a secondary rate limit"}), 1),
        (lambda request: answer(request, 403, {"message": "Resource not accessible by integration"}), 2),
        (lambda request: answer(request, 429, None), 1),
        (lambda request: answer(request, 429, None, {"retry-after": "1"}), 2),
        (lambda request: answer(request, 403, {"message": "slow down"}, {"retry-after": "1"}), 2),
        (lambda request: Failure(kind=FailureKind.HOST_DEFERRED, detail="", url=request.url), 1),
        (lambda request: answer(request, 500, None), 2),
        (lambda request: answer(request, 200, b"<html>"), 2),
        (lambda request: answer(request, 200, b"[" * 100_000), 2),
        (lambda request: answer(request, 200, {"message": "hello"}), 2),
        (lambda request: answer(request, 200, {"data": None, "errors": "what"}), 2),
        (lambda request: Failure(kind=FailureKind.TIMEOUT, detail="", url=request.url), 2),
    ],
)
@pytest.mark.anyio
async def test_trouble_of_the_api_leaves_every_repository_to_its_page(
    special: Special, requests: int
) -> None:
    local = LocalGithub(specials=dict.fromkeys(range(1, 10), special))
    found = await looked_up(local, names(300))
    assert {one.verdict for one in found.values()} == {None}
    assert len(local.asked) == requests


@pytest.mark.parametrize(("points", "asked"), [(252, 200), (10, 100)])
@pytest.mark.anyio
async def test_a_budget_that_falls_to_its_reserve_defers_the_rest(points: int, asked: int) -> None:
    local, told = LocalGithub(existing(350), points=points), {}
    reasons = [reason(one) for one in (await looked_up(local, names(350), tell=told.__setitem__)).values()]
    assert reasons == ["github-found"] * asked + ["host-deferred"] * (350 - asked)
    assert len(local.asked) == asked // 100
    assert told.keys() == {"github-budget"}
    assert f"{local.points} of 5000 points" in told["github-budget"]
    assert "until 2026-11-21T09:00:00Z" in told["github-budget"]


@pytest.mark.parametrize(
    "special",
    [
        lambda request: answer(request, 200, {"errors": [RATE_LIMITED]}),
        lambda request: answer(request, 403, {"message": "API rate limit exceeded"}),
        lambda request: answer(request, 429, None, {"x-ratelimit-remaining": "0"}),
    ],
)
@pytest.mark.anyio
async def test_a_spent_budget_defers_and_says_nothing_of_a_repository(special: Special) -> None:
    local, told = LocalGithub(specials={1: special}), {}
    found = await looked_up(local, names(300), tell=told.__setitem__)
    assert {(one.verdict.status, one.verdict.reason) for one in found.values() if one.verdict} == {
        (Status.SKIPPED, "host-deferred")
    }
    assert (len(found), len(local.asked), list(told)) == (300, 1, ["github-budget"])


@pytest.mark.anyio
async def test_a_server_with_an_older_schema_is_asked_by_rest() -> None:
    local = LocalGithub(existing(20))
    message = "Field 'visibility' doesn't exist on type 'Repository'"
    error = {"path": ["fragment R"], "extensions": {"code": "undefinedField"}, "message": message}
    local.specials[1] = lambda request: answer(request, 200, {"errors": [error]})
    found = await looked_up(local, names(20))
    assert {reason(one) for one in found.values()} == {"github-found"}
    assert (len(local.asked), {request.method for request in local.asked[1:]}) == (21, {"GET"})


@pytest.mark.anyio
async def test_a_limit_met_halfway_keeps_what_was_told() -> None:
    local = LocalGithub(existing(40))

    def half(request: Request) -> Outcome:
        data = {f"r{place}": node(name) if place < 30 else None for place, name in enumerate(names(40))}
        return answer(request, 200, {"data": data, "errors": [RATE_LIMITED]})

    local.specials[1] = half
    reasons = [reason(one) for one in (await looked_up(local, names(40))).values()]
    assert (reasons.count("github-found"), reasons.count("host-deferred")) == (30, 10)
    assert len(local.asked) == 1


@pytest.mark.anyio
async def test_a_secondary_limit_that_says_for_how_long_is_waited_for() -> None:
    local = LocalGithub(existing(150))
    local.specials[2] = lambda request: answer(request, 403, {"message": "wait"}, {"retry-after": "60"})
    found = await looked_up(local, names(150))
    assert {reason(one) for one in found.values()} == {"github-found"}
    assert [len(aliases(request)) for request in local.asked] == [100, 50, 50]


@pytest.mark.anyio
async def test_a_token_that_goes_bad_halfway_costs_no_verdict() -> None:
    local, told = LocalGithub(existing(250), budget=60), {}
    local.specials[2] = lambda request: answer(request, 401, {"message": "Bad credentials"})
    found = await looked_up(local, names(250), tell=told.__setitem__)
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count(None)) == (160, 90)
    assert list(told) == ["github-budget", "github-token-refused", "github-no-token"]
    assert not any("right" in message for message in told.values())
    assert all("authorization" not in dict(request.headers) for request in local.asked[2:])


@pytest.mark.parametrize("count", [300, 1000])
@pytest.mark.anyio
async def test_a_healthy_api_is_asked_once_for_a_hundred_and_ten_times_more(count: int) -> None:
    gone = {f"owner/repo{number}" for number in range(0, count, 25)}
    blocked, old = frozenset({"owner/repo50"}), {"owner/repo25": "New/Home"}
    here = {name: {} for name in existing(count) if name not in gone} | {"new/home": {}}
    local = LocalGithub(here, renamed=old, blocked=blocked)
    found = await looked_up(local, names(count))
    reasons = [reason(one) for one in found.values()]
    assert len(local.asked) <= count / 100 + 10
    assert (reasons.count("github-blocked"), reasons.count("github-renamed")) == (1, 1)
    assert {name for name, one in found.items() if reason(one) == "github-not-found"} <= {
        f"github:{name}" for name in gone - blocked - old.keys()
    }
    assert reasons.count("github-found") == count - len(gone)


@pytest.mark.anyio
async def test_a_question_that_was_too_large_grows_back_but_not_to_where_it_failed() -> None:
    local = LocalGithub(existing(600), widest=60)
    await looked_up(local, names(600))
    sizes = [len(aliases(request)) for request in local.asked]
    assert sizes[:8] == [100, 50, 50, 50, 50, 50, 75, 37]
    assert sum(size > 60 for size in sizes) <= 4
    assert len(sizes) < 22


@pytest.mark.anyio
async def test_one_bad_moment_does_not_keep_questions_small() -> None:
    local = LocalGithub(existing(800))
    local.specials[1] = lambda request: answer(request, 504, None)
    await looked_up(local, names(800))
    assert max(len(aliases(request)) for request in local.asked[2:]) > 85
    assert len(local.asked) < 16


@pytest.mark.anyio
async def test_a_wrong_token_is_put_away_and_rest_goes_on_without_it() -> None:
    local = LocalGithub(existing(150), budget=60)
    found = await looked_up(local, names(150), token="wrong")
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count(None)) == (60, 90)
    assert len(local.asked) == 61
    assert all("authorization" not in dict(request.headers) for request in local.asked[1:])


# --- where the token goes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api_url", "carries"),
    [
        ("https://api.github.com", True),
        ("https://github.example/api/v3", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://api.github.com", False),
        ("http://localhost:8080", False),
        ("http://127.0.0.1.example.org", False),
        ("ftp://127.0.0.1", False),
    ],
)
def test_the_token_travels_encrypted_or_stays_on_the_machine(api_url: str, carries: bool) -> None:
    assert may_carry_token(api_url) is carries


@pytest.mark.anyio
async def test_a_token_that_may_not_travel_is_left_at_home() -> None:
    local = LocalGithub({"owner/name": {}})
    api = Api(fetch=local.fetch, github_token="right", github_api_url="http://api.example.org")
    assert [found async for found in look_up(targets(["owner/name"]), api)]
    assert [dict(request.headers).get("authorization") for request in local.asked] == [None]


@pytest.mark.parametrize(
    ("api_url", "url"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://github.example/api/v3", "https://github.example/api/graphql"),
        ("https://github.example/api/v3/", "https://github.example/api/graphql"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/graphql"),
    ],
)
def test_graphql_lies_beside_rest(api_url: str, url: str) -> None:
    assert graphql_url(api_url) == url
