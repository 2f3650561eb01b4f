"""GitHub: which addresses name what, what its pages' answers mean, and what is found out about a repository."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_github import LocalGithub, identified, looked_up
from rows import report_target

from enrich.kinds._github_names import RESERVED, identify
from enrich.kinds.github import KIND, confirm, findings_of, judge
from enrich.model import (
    CanonicalUrl,
    Failure,
    FailureKind,
    Hop,
    Identity,
    Outcome,
    ReportTarget,
    Repository,
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


# What name servers, firewalls and bad days do to hosts that exist: it must never add up to a broken link.
TROUBLE = (
    FailureKind.DNS_NOT_FOUND,
    FailureKind.CONNECT,
    FailureKind.TLS,
    FailureKind.TIMEOUT,
    FailureKind.TOO_MANY_REDIRECTS,
)


def test_a_server_of_ones_own_can_be_gone() -> None:
    target = replace(
        FILE, id="github://git.example/o/n/blob/main/x", url="https://git.example/o/n/blob/main/x"
    )
    failure = Failure(kind=FailureKind.DNS_NOT_FOUND, detail="", url=target.url)
    assert judge(target, failure).reason == "dns-not-found"


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (page(200), Status.OK, "github-found"),
        (page(404), Status.BROKEN, "github-not-found"),
        (page(451), Status.BROKEN, "github-blocked"),
        (page(429), Status.BLOCKED, "http-429"),
        (page(400), Status.UNREACHABLE, "http-400"),
        (page(503), Status.UNREACHABLE, "provider-failure"),
        (page(503, "https://storage.example/x", (FILE.url, 302)), Status.UNREACHABLE, "provider-failure"),
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
        *(
            (Failure(kind=kind, detail="", url=FILE.url), Status.UNREACHABLE, "provider-failure")
            for kind in TROUBLE
        ),
    ],
)
def test_a_page_is_judged_by_its_own_answer(outcome: Outcome, status: Status, code: str) -> None:
    verdict = judge(FILE, outcome)
    assert (verdict.status, verdict.reason) == (status, code)


def test_a_page_that_moved_with_its_repository_suggests_its_new_address() -> None:
    new = "https://github.com/Fresh/name/blob/main/x.py"
    assert judge(FILE, page(200, new, (FILE.url, 301))).suggestion == Suggestion(new, "github-renamed")


@pytest.mark.parametrize("rest", ["stargazers", "watchers", "settings/access", "graphs/traffic"])
@pytest.mark.parametrize("answers", ["404", "403", "login"])
def test_a_page_for_members_only_is_not_broken_and_suggests_the_repository(rest: str, answers: str) -> None:
    target = replace(FILE, id=f"github:owner/name/{rest}", url=f"https://github.com/Owner/name/{rest}")
    login = page(200, "https://github.com/login?return_to=x", (target.url, 302))
    verdict = judge(target, login if answers == "login" else page(int(answers), target.url))
    assert (verdict.status, verdict.reason) == (Status.BLOCKED, "login-required")
    assert verdict.suggestion == Suggestion("https://github.com/Owner/name", "login-required")


WIKI = "https://github.com/Owner/name/wiki"


@pytest.mark.parametrize(
    ("rest", "leads_to", "code"),
    [
        ("wiki/Install", WIKI, "github-not-found"),
        ("wiki/Install", "https://github.com/Owner/name", "github-not-found"),
        ("wiki/Install?raw=1", WIKI, "github-not-found"),
        ("wiki/Home", WIKI, "github-found"),
        ("wiki/Install", f"{WIKI}/Installing", "github-found"),
        ("wiki/_pages", WIKI, "github-found"),
        ("wiki", "https://github.com/Owner/name", "github-found"),
        ("releases/latest", "https://github.com/Owner/name/releases", "github-found"),
    ],
)
def test_a_page_that_a_wiki_has_not_leads_to_its_front_page(rest: str, leads_to: str, code: str) -> None:
    target = replace(FILE, id=f"github:owner/name/{rest}", url=f"https://github.com/Owner/name/{rest}")
    assert judge(target, page(200, leads_to, (target.url, 302))).reason == code
    assert judge(target, page(200, target.url)).reason == "github-found"


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


# --- what tests share --------------------------------------------------------------------------------


def row(repository: Repository) -> ReportTarget:
    url = "https://github.com/owner/name"
    return report_target(
        "github:owner/name", url, status=Status.OK, reason="github-found", metadata=repository
    )
