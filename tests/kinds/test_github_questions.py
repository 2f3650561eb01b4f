"""What GraphQL is asked about files, issues, owners and gists: none of them lives because its repository does."""

from __future__ import annotations

from typing import Any

import graphql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_github import (
    LocalGithub,
    aliases,
    existing,
    identified,
    looked_up,
    names,
    query_of,
    reason,
    target_of,
    targets,
)
from npm import published

from enrich.kinds._github_names import enterprise, identify_on
from enrich.kinds._github_questions import graphql_query, question_of
from enrich.kinds.github import asks_api, judge, look_up
from enrich.model import (
    Api,
    CanonicalUrl,
    Found,
    Hop,
    Response,
    Status,
    Suggestion,
    Target,
)
from enrich.registry import identify

GIST = "https://gist.github.com/ada/0123456789abcdef0123456789abcdef"
# One address of each sort that GraphQL is asked about, with the expressions that a file may have.
ASKED = {
    "Owner/Name": [],
    "Owner/Name/blob/main/a.py": ["main:a.py"],
    "Owner/Name/blob/main/a%20b/%E6%B3%A8.md?plain=1": ["main:a b/注.md"],
    "Owner/Name/blob/a/b/c/d/e/f": ["a:b/c/d/e/f", "a/b:c/d/e/f", "a/b/c:d/e/f", "a/b/c/d:e/f"],
    "Owner/Name/tree/main": ["main:"],
    "Owner/Name/tree/dev/docs": ["dev:docs", "dev/docs:"],
    "Owner/Name/raw/v1.0/a.py": ["v1.0:a.py"],
    "https://raw.githubusercontent.com/Owner/Name/main/a.py": ["main:a.py"],
    "https://raw.githubusercontent.com/Owner/Name/refs/heads/main/a.py": [
        "refs:heads/main/a.py", "refs/heads:main/a.py", "refs/heads/main:a.py",
    ],
    "Owner/Name/commit/0a1b2c3": ["0a1b2c3"],
    "Owner/Name/issues/7": [],
    "Owner/Name/pull/8": [],
    "Owner/Name/discussions/9": [],
    "Owner/Name/milestone/1": [],
    "Owner/Name/releases/tag/v1.0": [],
    "Lovelace": [],
    GIST: [],
}  # fmt: skip
NOT_ASKED = [
    "Owner/Name/wiki", "Owner/Name/wiki/Home", "Owner/Name/releases", "Owner/Name/tags", "Owner/Name/issues",
    "Owner/Name/releases/download/v1/a.zip", "Owner/Name/archive/main.zip", "Owner/Name/stargazers",
    "Owner/Name/pull/8/files", "Owner/Name/commits/main", "Owner/Name/compare/a...b", "Owner/Name/blob/main",
    "Owner/Name/blob/main~1/a.py", "Owner/Name/blob/main@%7B1%7D/a.py", "Owner/Name/tree/:a", "Owner/Name/issues/new",
    "Owner/Name/blob/main/a%2Fb.py", "Owner/Name/blob/main/%FF.py", "Owner/Name/commit/main",
    "https://gist.githubusercontent.com/ada/0123456789abcdef0123/raw/x.py",
    "https://codeload.github.com/Owner/Name/zip/main",
]  # fmt: skip


@pytest.mark.parametrize("address", ASKED)
def test_what_graphql_can_answer_is_asked_there(address: str) -> None:
    (target,) = targets([address])
    assert asks_api(target)
    assert list(getattr(question_of(target), "expressions", ())) == ASKED[address]


@pytest.mark.parametrize("address", NOT_ASKED)
def test_what_graphql_cannot_answer_is_left_to_its_page(address: str) -> None:
    (target,) = targets([address])
    assert not asks_api(target)


# --- answers ----------------------------------------------------------------------------------------


def there() -> LocalGithub:
    """A repository with a few of everything, which was called old/name before."""
    return LocalGithub(
        {"owner/name": {"nameWithOwner": "Owner/Name"}},
        renamed={"old/name": "Owner/Name"},
        objects={
            "owner/name": {
                "main:a.py": "Blob", "main:docs": "Tree", "main:": "Tree", "feature/x:a.py": "Blob",
                "refs/heads/main:a.py": "Blob", "0a1b2c3": "Commit", "main:注.md": "Blob",
            }
        },
        discussions={"owner/name": frozenset({9})},
        resources={
            "https://github.com/Owner/Name/issues/7": ("Issue", "https://github.com/Owner/Name/issues/7"),
            "https://github.com/Owner/Name/issues/8": ("PullRequest", "https://github.com/Owner/Name/pull/8"),
            "https://github.com/Owner/Name/issues/5": ("Issue", "https://github.com/Fresh/Home/issues/1"),
            "https://github.com/Owner/Name/releases/tag/v1": ("Release", "https://github.com/Owner/Name/releases/tag/v1"),
            "https://github.com/Owner/Name/milestone/1": ("Repository", "https://github.com/Owner/Name"),
            "https://github.com/Lovelace": ("User", "https://github.com/Lovelace"),
            GIST: ("Gist", GIST),
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Owner/Name/blob/main/a.py", "github-found"),
        ("Owner/Name/blob/feature/x/a.py", "github-found"),
        ("Owner/Name/blob/main/docs", "github-found"),
        ("Owner/Name/blob/main/%E6%B3%A8.md#L3", "github-found"),
        ("Owner/Name/tree/main", "github-found"),
        ("Owner/Name/raw/main/docs", None),
        ("Owner/Name/blob/main/gone.py", None),
        ("Owner/Name/blob/master/a.py", None),
        ("Owner/Missing/blob/main/a.py", None),
        ("https://raw.githubusercontent.com/Owner/Name/refs/heads/main/a.py", "github-found"),
        ("https://raw.githubusercontent.com/Owner/Name/main/gone.py", None),
        ("Owner/Name/commit/0a1b2c3", "github-found"),
        ("Owner/Name/commit/ffffff0", None),
        ("Owner/Name/issues/7", "github-found"),
        ("Owner/Name/issues/8", "github-found"),
        ("Owner/Name/issues/6", None),
        ("Owner/Name/milestone/1", None),
        ("Owner/Name/discussions/9", "github-found"),
        ("Owner/Name/discussions/10", None),
        ("Owner/Name/releases/tag/v1", "github-found"),
        ("Lovelace", "github-found"),
        ("Nobody", None),
        (GIST, "github-found"),
    ],
)
@pytest.mark.anyio
async def test_only_what_is_there_itself_is_alive_and_graphql_calls_nothing_else_gone(
    address: str, expected: str | None
) -> None:
    (found,) = (await looked_up(there(), [address])).values()
    assert reason(found) == expected


@pytest.mark.parametrize(
    ("address", "new"),
    [
        ("Old/Name", "https://github.com/Owner/Name"),
        ("Old/Name/blob/main/a.py", "https://github.com/Owner/Name/blob/main/a.py"),
        ("Old/Name/tree/main/docs", "https://github.com/Owner/Name/tree/main/docs"),
        ("Old/Name/discussions/9", "https://github.com/Owner/Name/discussions/9"),
        (
            "https://raw.githubusercontent.com/Old/Name/main/a.py",
            "https://raw.githubusercontent.com/Owner/Name/main/a.py",
        ),
        ("Owner/Name/issues/5", "https://github.com/Fresh/Home/issues/1"),
    ],
)
@pytest.mark.anyio
async def test_an_address_inside_a_renamed_repository_keeps_its_path(address: str, new: str) -> None:
    (found,) = (await looked_up(there(), [address])).values()
    assert found.verdict is not None
    assert (found.verdict.status, found.verdict.reason) == (Status.REDIRECTED, "github-renamed")
    assert found.verdict.suggestion == Suggestion(new, "github-renamed")


@pytest.mark.anyio
async def test_a_hundred_targets_of_all_sorts_are_one_question() -> None:
    local = there()
    local.repositories = {**local.repositories, **existing(90)}
    found = await looked_up(
        local, [*names(90), "Owner/Name/blob/main/a.py", "Owner/Name/issues/7", "Lovelace", GIST]
    )
    assert {reason(one) for one in found.values()} == {"github-found"}
    assert len(local.asked) == 1
    assert len(aliases(local.asked[0])) == 94


@pytest.mark.anyio
async def test_a_hostile_answer_about_an_address_suggests_nothing_of_another_site() -> None:
    local = there()
    url = "https://github.com/Owner/Name/issues/7"
    local.resources = {url: ("Issue", "https://evil.example/Other/Name/issues/7")}
    (found,) = (await looked_up(local, [url])).values()
    assert found.verdict is not None
    assert found.verdict.suggestion is None


@pytest.mark.anyio
async def test_without_a_token_only_repositories_are_asked_about() -> None:
    local = there()
    found = await looked_up(
        local, ["Owner/Name", "Owner/Name/blob/main/a.py", "Lovelace", GIST], token=None
    )
    assert [request.url for request in local.asked] == ["https://api.github.com/repos/owner/name"]
    assert [reason(one) for one in found.values()] == ["github-found", None, None, None]


# --- the text of the query --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def githubs_schema() -> Any:
    """GitHub's public schema, from the package that GitHub's own clients are made with; about 2 s."""
    text = published("@octokit/graphql-schema", "schema.graphql")
    # GitHub's own text repeats fields, so it is taken as it is.
    return graphql.build_schema(text, assume_valid=True, assume_valid_sdl=True)


def validated(schema: Any, addresses: list[str]) -> list[str]:
    questions = [question for target in targets(addresses) if (question := question_of(target))]
    assert len(questions) == len(addresses)
    return [error.message for error in graphql.validate(schema, graphql.parse(graphql_query(questions)))]


@pytest.mark.parametrize(
    "addresses",
    [
        *([address] for address in ASKED),
        list(ASKED),
        [*names(100)],
        [one for one in ASKED if one != "Owner/Name"],
    ],
    ids=lambda addresses: f"{addresses[0]} and {len(addresses) - 1} more",
)
def test_every_query_is_valid_by_githubs_own_schema(githubs_schema: Any, addresses: list[str]) -> None:
    assert validated(githubs_schema, addresses) == []


def test_githubs_own_schema_would_show_a_wrong_query(githubs_schema: Any) -> None:
    wrong = 'query { repository(owner: "o", name: "n") { stargazersCount } }'
    assert graphql.validate(githubs_schema, graphql.parse(wrong))


def test_every_type_that_an_address_may_have_is_one_of_githubs(githubs_schema: Any) -> None:
    for target in targets(list(ASKED)):
        question = question_of(target)
        by_address = not getattr(question, "expressions", ())
        interface = githubs_schema.get_type("UniformResourceLocatable" if by_address else "GitObject")
        known = {one.name for one in githubs_schema.get_possible_types(interface)}
        assert getattr(question, "types", frozenset()) <= known


def test_the_query_asks_for_stars_by_the_field_that_still_answers() -> None:
    query = graphql_query(
        [question for target in targets(["owner/name"]) if (question := question_of(target))]
    )
    assert "stargazerCount" in query
    assert "stargazers" not in query


@given(st.text(min_size=1, max_size=30))
def test_no_path_leaves_its_quotes(text: str) -> None:
    identity = identified(f"https://github.com/owner/name/blob/main/{text}")
    if identity is None or (question := question_of(target_of(identity))) is None:
        return
    (operation, *others) = graphql.parse(graphql_query([question])).definitions
    assert not others
    assert [field.alias and field.alias.value for field in operation.selection_set.selections] == [
        None,
        "r0",
    ]


# --- a server of one's own --------------------------------------------------------------------------

API = "https://github.example/api/v3"


@pytest.mark.parametrize(
    ("api_url", "base"),
    [
        ("https://github.example/api/v3", "https://github.example"),
        ("https://github.example:8443/api/v3/", "https://github.example:8443"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://api.github.com", None),
        ("http://127.0.0.1:8080", None),
    ],
)
def test_the_address_of_the_api_tells_whose_links_it_knows(api_url: str, base: str | None) -> None:
    site = enterprise(api_url)
    assert (site.base if site else None) == base


def on_server(path: str) -> Target:
    identity = identify(CanonicalUrl(f"https://github.example/{path}"), {"github": API})
    assert identity.kind == "github", path
    return Target(
        id=identity.id, url=identity.url, kind="github", host="github.example", parent=identity.parent
    )


async def found_there(local: LocalGithub, asked: list[Target]) -> dict[str, Found]:
    api = Api(fetch=local.fetch, github_token="right", github_api_url=API)
    return {found.target_id: found async for found in look_up(asked, api)}


def test_links_to_the_server_have_ids_of_their_own() -> None:
    assert on_server("Owner/Name").id == "github://github.example/owner/name"
    inside = on_server("Owner/Name/blob/main/a.py")
    assert (inside.id, inside.parent) == (
        "github://github.example/owner/name/blob/main/a.py",
        "github://github.example/owner/name",
    )
    assert on_server("Lovelace").id == "github://github.example/@lovelace"
    assert identify_on(CanonicalUrl("https://elsewhere.example/Owner/Name"), API) is None
    assert identify(CanonicalUrl("https://github.example/Owner/Name")).kind == "web"


@pytest.mark.anyio
async def test_the_server_is_asked_about_its_own_links_alone() -> None:
    """What github.com has, another server knows nothing of; its *not found* would be a lie."""
    local = there()
    own = [on_server("Owner/Name"), on_server("Owner/Name/blob/main/a.py"), on_server("Owner/Gone")]
    found = await found_there(local, [*own, *targets(["Elsewhere/Name", "Lovelace"])])
    assert [request.url for request in local.asked] == [
        "https://github.example/api/graphql",
        "https://github.example/api/v3/repos/Owner/Gone".lower(),
    ]
    assert "elsewhere" not in query_of(local.asked[0]).lower()
    assert {name: reason(one) for name, one in found.items()} == {
        "github://github.example/owner/name": "github-found",
        "github://github.example/owner/name/blob/main/a.py": "github-found",
        "github://github.example/owner/gone": "github-not-found",
        "github:elsewhere/name": None,
        "github:@lovelace": None,
    }


@pytest.mark.anyio
async def test_githubs_own_api_is_not_asked_about_another_server() -> None:
    local = there()
    found = [
        one
        async for one in look_up([on_server("Owner/Name")], Api(fetch=local.fetch, github_token="right"))
    ]
    assert ([one.verdict for one in found], local.asked) == ([None], [])


@pytest.mark.anyio
async def test_a_rename_on_the_server_is_suggested_there() -> None:
    found = await found_there(there(), [on_server("Old/Name"), on_server("Old/Name/tree/main")])
    assert [
        one.verdict.suggestion.url for one in found.values() if one.verdict and one.verdict.suggestion
    ] == [
        "https://github.example/Owner/Name",
        "https://github.example/Owner/Name/tree/main",
    ]
    assert found["github://github.example/old/name"].alias == "github://github.example/owner/name"
    page = on_server("Old/Name/wiki")
    moved = Response(
        url="https://github.example/Owner/Name/wiki", status=200, headers={}, hops=(Hop(page.url, 301),)
    )
    assert judge(page, moved).suggestion == Suggestion(
        "https://github.example/Owner/Name/wiki", "github-renamed"
    )
