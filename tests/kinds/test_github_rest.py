"""What GitHub's REST is asked about one repository at a time, which is all that there is without a token."""

from __future__ import annotations

import pytest
from local_github import (
    LocalGithub,
    Special,
    answer,
    existing,
    looked_up,
    names,
    reason,
)

from enrich.model import (
    Failure,
    FailureKind,
    Outcome,
    Repository,
    Request,
)


@pytest.mark.anyio
async def test_without_a_token_repositories_are_asked_one_by_one_until_the_budget_ends() -> None:
    local = LocalGithub(existing(100), budget=60)
    found = await looked_up(local, names(100), token=None)
    reasons = [reason(one) for one in found.values()]
    assert (reasons.count("github-found"), reasons.count(None)) == (60, 40)
    assert len(local.asked) == 60
    assert all("authorization" not in dict(request.headers) for request in local.asked)


@pytest.mark.anyio
async def test_that_the_sixty_are_used_up_is_said_and_remembered_beyond_the_run() -> None:
    local, told, held = LocalGithub(existing(100), budget=60), [], {}
    for expected in (60, 60):
        await looked_up(
            local,
            names(100),
            token=None,
            tell=lambda code, _: told.append(code),
            hold=held.__setitem__,
            is_held=held.__contains__,
        )
        assert len(local.asked) == expected
    assert set(told) == {"github-no-token"}
    assert held == {"api.github.com (without a token)": 1795000000.0}


@pytest.mark.anyio
async def test_nothing_is_said_where_sixty_questions_are_enough() -> None:
    told: dict[str, str] = {}
    await looked_up(LocalGithub(existing(60), budget=60), names(60), token=None, tell=told.__setitem__)
    assert told == {}


@pytest.mark.anyio
async def test_without_a_word_about_limits_sixty_are_the_most() -> None:
    local = LocalGithub(
        specials=dict.fromkeys(range(1, 101), lambda r: answer(r, 404, {"message": "Not Found"}))
    )
    await looked_up(local, names(100), token=None)
    assert len(local.asked) == 60


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
