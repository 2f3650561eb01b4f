"""GitHub: which addresses name what, what its APIs' answers mean, and how few questions it takes."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_github import LocalGithub, Special, aliases, answer, node, not_found
from requirements import require
from rows import report_target

from enrich.kinds._github_api import graphql_query, graphql_url, may_carry_token
from enrich.kinds._github_names import RESERVED, identify
from enrich.kinds.github import KIND, asks_api, confirm, findings_of, judge, look_up
from enrich.model import (
    Api,
    CanonicalUrl,
    Failure,
    FailureKind,
    Found,
    Hop,
    Identity,
    Outcome,
    ReportTarget,
    Repository,
    Request,
    Response,
    Status,
    Suggestion,
    Target,
)
from enrich.urls import canonical

# --- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Owner/Repo.py",
        "http://www.github.com/Owner/Repo.py/",
        "https://github.com/Owner/Repo.py.git",
        "https://github.com/Owner/Repo.py?tab=readme-ov-file#usage",
        "https://github.com//Owner/Repo.py",
        "https://GitHub.com/Owner/Repo%2Epy",
        "https://api.github.com/repos/Owner/Repo.py",
        "https://github.dev/Owner/Repo.py",
        "git://github.com/Owner/Repo.py.git",
        "ssh://git@github.com/Owner/Repo.py.git",
        "git+https://github.com/Owner/Repo.py",
    ],
)
def test_every_address_of_a_repository_is_one_target(url: str) -> None:
    assert identified(url) == Identity(
        id="github:owner/repo.py", kind="github", url=CanonicalUrl("https://github.com/Owner/Repo.py")
    )


@pytest.mark.parametrize(
    ("url", "rest", "own_url"),
    [
        (
            "http://github.com/Owner/Repo/blob/Main/a%20b.py",
            "blob/Main/a%20b.py",
            "https://github.com/Owner/Repo/blob/Main/a%20b.py",
        ),
        (
            "https://github.com/Owner/Repo/tree/master/",
            "tree/master",
            "https://github.com/Owner/Repo/tree/master",
        ),
        ("https://github.com/Owner/Repo/issues/7", "issues/7", "https://github.com/Owner/Repo/issues/7"),
        (
            "https://github.com/Owner/Repo/issues?q=is%3Aopen",
            "issues?q=is%3Aopen",
            "https://github.com/Owner/Repo/issues?q=is%3Aopen",
        ),
        ("https://github.com/Owner/Repo/pull/3/files", "pull/3/files", None),
        ("https://github.com/Owner/Repo/releases/tag/v1", "releases/tag/v1", None),
        ("https://github.com/Owner/Repo/wiki/Home", "wiki/Home", None),
        ("https://github.com/Owner/Repo/commit/0a1b2c", "commit/0a1b2c", None),
        ("https://github.com/Owner/Repo/discussions/9", "discussions/9", None),
        ("https://github.com/Owner/Repo/archive/master.zip", "archive/master.zip", None),
        ("https://github.com/Owner/Repo/stargazers", "stargazers", None),
        ("https://github.com/Owner/Repo/watchers", "watchers", None),
        ("https://github.com/Owner/Repo.wiki.git", "wiki", "https://github.com/Owner/Repo/wiki"),
        ("https://raw.githubusercontent.com/Owner/Repo/main/x.md", "raw/main/x.md", None),
        ("https://raw.github.com/Owner/Repo/main/x.md", "raw/main/x.md", None),
        ("https://codeload.github.com/Owner/Repo/zip/main", "zip/main", None),
    ],
)
def test_what_is_inside_a_repository_has_it_as_parent(url: str, rest: str, own_url: str | None) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.parent) == (f"github:owner/repo/{rest}", "github:owner/repo")
    assert identity.url == (own_url or url)
    assert not asks_api(target_of(identity))


HASH = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "target_id", "own_url"),
    [
        ("https://github.com/Lovelace?tab=repositories", "github:@lovelace", "https://github.com/Lovelace"),
        ("https://github.com/Lovelace-/", "github:@lovelace-", "https://github.com/Lovelace-"),
        ("https://github.com/name_corp", "github:@name_corp", "https://github.com/name_corp"),
        (f"https://gist.github.com/ada/{HASH}", f"gist:{HASH}", f"https://gist.github.com/ada/{HASH}"),
        (f"https://gist.github.com/{HASH}.git", f"gist:{HASH}", f"https://gist.github.com/{HASH}"),
        ("https://gist.github.com/1234567", "gist:1234567", "https://gist.github.com/1234567"),
        (
            f"https://gist.githubusercontent.com/ada/{HASH}/raw/x.py",
            f"gist:{HASH}/raw/x.py",
            f"https://gist.githubusercontent.com/ada/{HASH}/raw/x.py",
        ),
    ],
)
def test_owners_and_gists_are_asked_at_their_pages(url: str, target_id: str, own_url: str) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.url) == (target_id, own_url)
    assert not asks_api(target_of(identity))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "topics/python",
        "sponsors/ada",
        "orgs/openai/repositories",
        "users/ada",
        "marketplace/actions",
        "features/copilot",
        "blog/1184-contributing-guidelines",
        "collections/music",
        "settings/profile",
        "about/press",
        "security/advanced-security",
        "customer-stories/x",
        "trending/python",
        "explore",
        "search?q=x",
        "enterprise/contact",
        "user-attachments/assets/1",
        "Topics/Python",
        "models/x",
        "solutions/ci-cd",
        "-owner/name",
        "owner/..",
        "owner/.git",
        "own%20er/name",
        f"{'x' * 41}/name",
        f"owner/{'x' * 101}",
    ],
)
def test_pages_of_the_site_itself_are_left_to_the_plain_check(path: str) -> None:
    assert identified(f"https://github.com/{path}") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com:8443/owner/name",
        "https://gist.github.com/ada",
        "https://gist.github.com/ada/starred",
        "https://api.github.com/users/ada",
        "https://raw.githubusercontent.com/owner/name",
        "ftp://github.com/owner/name",
    ],
)
def test_what_names_nothing_of_ours_is_left_to_the_plain_check(url: str) -> None:
    assert identified(url) is None


def test_the_reserved_names_hold_those_that_were_seen_and_no_organisation_with_code() -> None:
    seen = """topics sponsors marketplace features blog collections orgs apps settings login about security
        customer-stories pricing readme trending explore search stars enterprise site users gist raw
        github-copilot copilot mcp user-attachments models spark solutions user-images codesearch
        accelerator premium-support integrations"""
    assert set(seen.split()) <= RESERVED
    assert not {"actions", "cli", "desktop", "npm", "dependabot", "github", "community"} & RESERVED


@given(
    st.sampled_from(sorted(KIND.hosts)),
    st.text(alphabet="abAB01._-/%?é\\ ", max_size=40) | st.text(max_size=40),
)
def test_no_address_makes_identify_fail(host: str, rest: str) -> None:
    url = canonical(f"https://{host}/{rest}")
    assert url is not None
    identity = identify(url)
    assert identity is None or identity.url.startswith("https://")


# --- GraphQL ----------------------------------------------------------------------------------------


def names(count: int) -> list[str]:
    return [f"owner/repo{number}" for number in range(count)]


def existing(count: int) -> dict[str, dict[str, Any]]:
    return {name: {} for name in names(count)}


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
async def test_of_many_missing_repositories_only_ten_are_asked_about_again() -> None:
    local = LocalGithub(existing(60))
    found = await looked_up(local, names(100))
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count("github-not-found")) == (60, 40)
    assert len(local.asked) == 11


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
        return local._graphql(request)

    local.specials = dict.fromkeys(range(1, 50), poisoned)
    found = await looked_up(local, names(100))
    assert [one.target_id for one in found.values() if one.verdict is None] == ["github:owner/repo42"]
    assert len(local.asked) < 20


@pytest.mark.anyio
async def test_a_server_that_is_down_is_asked_a_few_times_only() -> None:
    local = LocalGithub(existing(300), widest=0)
    found = await looked_up(local, names(300))
    assert {one.verdict for one in found.values()} == {None}
    assert len(local.asked) < 12


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
async def test_a_forbidden_repository_is_never_called_gone_by_graphql() -> None:
    local = LocalGithub()
    error = {"type": "FORBIDDEN", "path": ["r0"], "message": "Resource protected by organization SAML."}
    local.specials[1] = lambda request: answer(request, 200, {"data": {"r0": None}, "errors": [error]})
    local.specials[2] = lambda request: answer(request, 403, {"message": "SAML"})
    found = await looked_up(local, ["owner/name"])
    assert found["github:owner/name"].verdict is None


@pytest.mark.parametrize(
    ("special", "requests"),
    [
        (
            lambda request: answer(
                request, 200, {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
            ),
            1,
        ),
        (lambda request: answer(request, 403, {"message": "You have exceeded a secondary rate limit"}), 1),
        (lambda request: answer(request, 429, None), 1),
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


@pytest.mark.anyio
async def test_a_budget_that_ends_with_an_answer_ends_the_lookup() -> None:
    local = LocalGithub(existing(150))
    data = {
        "rateLimit": {"remaining": 0},
        **{f"r{place}": node(name) for place, name in enumerate(names(100))},
    }
    local.specials[1] = lambda request: answer(request, 200, {"data": data})
    found = await looked_up(local, names(150))
    assert sum(one.verdict is not None for one in found.values()) == 100
    assert len(local.asked) == 1


@pytest.mark.anyio
async def test_a_wrong_token_is_put_away_and_rest_goes_on_without_it() -> None:
    local = LocalGithub(existing(150), budget=60)
    found = await looked_up(local, names(150), token="wrong")
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count(None)) == (60, 90)
    assert len(local.asked) == 61
    assert all("authorization" not in dict(request.headers) for request in local.asked[1:])


# --- REST, without a token --------------------------------------------------------------------------


@pytest.mark.anyio
async def test_without_a_token_repositories_are_asked_one_by_one_until_the_budget_ends() -> None:
    local = LocalGithub(existing(100), budget=60)
    found = await looked_up(local, names(100), token=None)
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count(None)) == (60, 40)
    assert len(local.asked) == 60
    assert all("authorization" not in dict(request.headers) for request in local.asked)


@pytest.mark.anyio
async def test_a_budget_that_was_spent_before_costs_one_request() -> None:
    local = LocalGithub(existing(100), budget=0)
    found = await looked_up(local, names(100), token=None)
    assert {one.verdict for one in found.values()} == {None}
    assert len(local.asked) == 1


@pytest.mark.anyio
async def test_rest_tells_renames_blocks_and_what_is_gone() -> None:
    local = LocalGithub(
        {"new/place": {}}, renamed={"old/name": "New/Place"}, blocked=frozenset({"owner/blocked"})
    )
    found = await looked_up(local, ["old/name", "owner/blocked", "owner/gone"], token=None)
    assert [reason(one) for one in found.values()] == [
        "github-renamed",
        "github-blocked",
        "github-not-found",
    ]
    repository = found["github:old/name"].metadata
    assert isinstance(repository, Repository)
    assert (repository.license, repository.topics, repository.archived) == (None, ("vision",), True)


@pytest.mark.parametrize(
    ("special", "expected"),
    [
        (lambda request: answer(request, 404, b"<html>no such page of this proxy"), None),
        (lambda request: answer(request, 200, {"full_name": "../x"}), None),
        (lambda request: answer(request, 301, None), None),
        (
            lambda request: answer(request, 403, {"message": "x", "block": {"reason": "tos"}}),
            "github-blocked",
        ),
        (lambda request: answer(request, 451, b""), "github-blocked"),
        (lambda request: Failure(kind=FailureKind.TLS, detail="", url=request.url), None),
    ],
)
@pytest.mark.anyio
async def test_only_githubs_own_word_makes_a_repository_broken(
    special: Special, expected: str | None
) -> None:
    found = await looked_up(LocalGithub(specials={1: special}), ["owner/name"], token=None)
    assert reason(found["github:owner/name"]) == expected


@pytest.mark.anyio
async def test_rest_that_fails_twice_in_a_row_is_left_in_peace() -> None:
    def down(request: Request) -> Outcome:
        return answer(request, 500, None)

    local = LocalGithub(specials=dict.fromkeys(range(1, 50), down))
    found = await looked_up(local, names(30), token=None)
    assert {one.verdict for one in found.values()} == {None}
    assert len(local.asked) == 2


@pytest.mark.anyio
async def test_hostile_numbers_and_texts_become_absent_facts() -> None:
    facts = b'"id": 1e999, "stargazers_count": 99999999999999999999999, "description": "\\ud800x"'
    body = b'{"full_name": "owner/name", ' + facts + b"}"
    local = LocalGithub(specials={1: lambda request: answer(request, 200, body)})
    found = await looked_up(local, ["owner/name"], token=None)
    repository = found["github:owner/name"].metadata
    assert isinstance(repository, Repository)
    assert (repository.repository_id, repository.stars, repository.description) == (None, None, "?x")


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


def test_the_query_is_valid_by_githubs_own_schema() -> None:
    schema = Path(os.environ.get("ENRICH_GITHUB_SCHEMA", "schema.graphql"))
    present = schema.is_file() and importlib.util.find_spec("graphql") is not None
    reason = "needs graphql-core, and ENRICH_GITHUB_SCHEMA naming schema.graphql of @octokit/graphql-schema"
    require("github-schema", present, reason)
    graphql = importlib.import_module("graphql")
    # GitHub's own text repeats fields, so it is taken as it is.
    built = graphql.build_schema(schema.read_text(), assume_valid=True, assume_valid_sdl=True)
    assert graphql.validate(built, graphql.parse(graphql_query(names(100)))) == []


def test_the_query_asks_for_stars_by_the_field_that_still_answers() -> None:
    query = graphql_query(["owner/name"])
    assert "stargazerCount" in query
    assert "stargazers" not in query


# --- pages ------------------------------------------------------------------------------------------

FILE = Target(
    id="github:owner/name/blob/main/x.py",
    url="https://github.com/Owner/name/blob/main/x.py",
    kind="github",
    host="github.com",
    parent="github:owner/name",
)


def page(status: int, url: str = FILE.url, *hops: tuple[str, int]) -> Response:
    return Response(url=url, status=status, headers={}, hops=tuple(Hop(*hop) for hop in hops))


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (page(200), Status.OK, "github-found"),
        (page(404), Status.BROKEN, "github-not-found"),
        (page(451), Status.BROKEN, "github-blocked"),
        (page(429), Status.BLOCKED, "http-429"),
        (page(503), Status.UNREACHABLE, "http-503"),
        (
            page(200, "https://github.com/login?return_to=x", (FILE.url, 302)),
            Status.BLOCKED,
            "login-required",
        ),
        (
            page(200, "https://github.com/Owner/name/blob/dev/x.py", (FILE.url, 301)),
            Status.OK,
            "github-found",
        ),
        (
            page(200, "https://github.com/Fresh/name/blob/main/x.py", (FILE.url, 301)),
            Status.REDIRECTED,
            "github-renamed",
        ),
        (
            page(200, "https://github.com/Fresh/name/blob/main/x.py", (FILE.url, 302)),
            Status.OK,
            "github-found",
        ),
        (page(404, "https://storage.example/x", (FILE.url, 302)), Status.BROKEN, "http-404"),
        (Failure(kind=FailureKind.TIMEOUT, detail="", url=FILE.url), Status.UNREACHABLE, "timeout"),
    ],
)
def test_a_page_is_judged_by_its_own_answer(outcome: Outcome, status: Status, code: str) -> None:
    verdict = judge(FILE, outcome)
    assert (verdict.status, verdict.reason) == (status, code)


def test_a_page_that_moved_with_its_repository_suggests_its_new_address() -> None:
    new = "https://github.com/Fresh/name/blob/main/x.py"
    assert judge(FILE, page(200, new, (FILE.url, 301))).suggestion == Suggestion(new, "github-renamed")


@pytest.mark.parametrize("rest", ["stargazers", "watchers", "settings/access", "graphs/traffic"])
def test_a_page_for_members_only_is_not_broken_and_suggests_the_repository(rest: str) -> None:
    target = replace(FILE, id=f"github:owner/name/{rest}", url=f"https://github.com/Owner/name/{rest}")
    verdict = judge(target, page(404, target.url))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "login-required")
    assert verdict.suggestion == Suggestion("https://github.com/Owner/name", "login-required")


@pytest.mark.parametrize(("status", "again"), [(200, False), (404, True), (405, True), (429, False)])
def test_a_404_to_head_is_asked_again_with_get(status: int, again: bool) -> None:
    question = confirm(FILE, page(status), False)
    assert (question is not None and question.method == "GET") is again


# --- findings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, []),
        ({"isArchived": True}, ["github-archived"]),
        ({"isDisabled": True}, ["github-disabled"]),
        ({"isEmpty": True}, ["github-empty"]),
        ({"isFork": True}, ["github-fork"]),
        ({"isArchived": True, "isFork": True}, ["github-archived", "github-fork"]),
    ],
)
@pytest.mark.anyio
async def test_findings_tell_what_state_a_repository_is_in(
    fields: dict[str, bool], codes: list[str]
) -> None:
    found = await looked_up(LocalGithub({"owner/name": fields}), ["owner/name"])
    repository = found["github:owner/name"].metadata
    assert isinstance(repository, Repository)
    assert [one.code for one in findings_of(row(repository))] == codes


# --- small helpers ----------------------------------------------------------------------------------


def identified(url: str) -> Identity | None:
    address = canonical(url)
    assert address is not None
    return identify(address)


def target_of(identity: Identity) -> Target:
    return Target(
        id=identity.id, url=identity.url, kind="github", host="github.com", parent=identity.parent
    )


def targets(full_names: Sequence[str]) -> list[Target]:
    found = [identified(f"https://github.com/{name}") for name in full_names]
    return [target_of(identity) for identity in found if identity]


async def looked_up(
    local: LocalGithub, full_names: Sequence[str], token: str | None = "right"
) -> dict[str, Found]:
    asked = targets(full_names)
    found = [one async for one in look_up(asked, Api(fetch=local.fetch, github_token=token))]
    assert sorted(one.target_id for one in found) == sorted(one.id for one in asked), "one answer a target"
    return {one.target_id: one for one in found}


def reason(found: Found) -> str | None:
    return found.verdict.reason if found.verdict else None


def detail(found: Found) -> str | None:
    return found.verdict.detail if found.verdict else None


def row(repository: Repository) -> ReportTarget:
    url = "https://github.com/owner/name"
    return report_target(
        "github:owner/name", url, status=Status.OK, reason="github-found", metadata=repository
    )
