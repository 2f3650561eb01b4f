"""Links to GitHub, from the note to the report: what is asked where, what is said of the budget, and what waits."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from internet import Answer, Asked, Internet, environment, run_enrich, saved_report
from sites import TOKEN, GitHub, Repo, json_answer

CONFIG = '[hosts."github.com"]\ninterval = 0.02\n[hosts."raw.githubusercontent.com"]\ninterval = 0.02\n'
EXPECTED = {
    "https://github.com/Owner/Alive": ("ok", "github-found"),
    "https://github.com/Owner/Alive/blob/feature/x/a.py": ("ok", "github-found"),
    "https://github.com/Owner/Alive/blob/main/missing": ("broken", "github-not-found"),
    "https://github.com/Owner/Alive/issues/7": ("ok", "github-found"),
    "https://github.com/Owner/Alive/wiki": ("ok", "github-found"),
    "https://github.com/Owner/Gone": ("broken", "github-not-found"),
    "https://github.com/Owner/Gone/blob/main/a.py": ("broken", "github-not-found"),
    "https://github.com/Owner/Blocked": ("broken", "github-blocked"),
    "https://github.com/Old/Name": ("redirected", "github-renamed"),
    "https://github.com/Old/Name/blob/main/a.py": ("redirected", "github-renamed"),
}


def github(count: int = 0) -> GitHub:
    repos = {"owner/alive": Repo("Owner/Alive", 1), "fresh/name": Repo("Fresh/Name", 2)}
    repos |= {f"many/repo{n}": Repo(f"Many/Repo{n}", 100 + n) for n in range(count)}
    files = frozenset({"feature/x:a.py", "main:a.py"})
    return GitHub(repos, {"old/name": "Fresh/Name"}, frozenset({"owner/blocked"}), files=files)


def many(count: int) -> list[str]:
    return [f"https://github.com/Many/Repo{n}" for n in range(count)]


def run(
    folder: Path, internet: Internet, urls: list[str], *options: str, token: str | None = TOKEN, **more: str
) -> tuple[dict[str, Any], str]:
    folder.mkdir(exist_ok=True)
    (folder / "notes.md").write_text("\n".join(f"- [code]({url})" for url in urls))
    (folder / "enrich.toml").write_text(CONFIG)
    env = environment(internet, **({"GITHUB_TOKEN": token} if token else {}), **more)
    done = run_enrich(["run", "notes.md", "--retries", "0", *options], folder, env)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return saved_report(folder), done.stdout


def verdicts(report: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    rows = [(link["url"], row) for row in report["targets"] for link in row["links"]]
    return {url: (row["status"], row["reason"]) for url, row in rows}


def warnings(report: Mapping[str, Any]) -> Counter[str]:
    return Counter(warning["code"] for warning in report["run"]["warnings"])


@pytest.fixture
def code() -> GitHub:
    return github(90)


def test_every_sort_of_link_gets_its_own_verdict_in_one_batch(tmp_path: Path, code: GitHub) -> None:
    sites = {"api.github.com": code.api, "github.com": code.pages}
    with Internet(tmp_path / "authority", sites) as internet:
        report, text = run(tmp_path / "notes", internet, [*EXPECTED, *many(90)])
    found = verdicts(report)
    assert {url: found[url] for url in EXPECTED} == EXPECTED
    assert Counter(verdict for url, verdict in found.items() if url not in EXPECTED) == {
        ("ok", "github-found"): 90
    }
    api = [asked.path for asked in internet.asked("api.github.com")]
    assert sorted(api) == ["/graphql", "/repos/owner/blocked", "/repos/owner/gone"]
    # A wiki has no question; what GraphQL does not find is asked for where a person would look.
    pages = {asked.path for asked in internet.asked("github.com")}
    assert pages == {"/Owner/Alive/wiki", "/Owner/Alive/blob/main/missing", "/Owner/Gone/blob/main/a.py"}
    assert {asked.host for asked in internet.asked() if "authorization" in asked.headers} == {
        "api.github.com"
    }
    suggested = {row["url"]: row["suggestion"] for row in report["targets"] if row["suggestion"]}
    assert suggested["https://github.com/Old/Name/blob/main/a.py"]["url"] == (
        "https://github.com/Fresh/Name/blob/main/a.py"
    )
    assert warnings(report) == {"github-budget": 1, "addresses-by-proxy": 1}
    assert len(re.findall("4900 of 5000 points", text)) == 1
    assert "4900 of 5000 points" in (tmp_path / "notes" / "reports" / "latest.json").read_text()


def test_a_spent_budget_defers_and_the_next_run_goes_on(tmp_path: Path, code: GitHub) -> None:
    def spent(asked: Asked) -> Answer:
        return json_answer({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})

    sites = {"api.github.com": spent, "github.com": code.pages}
    with Internet(tmp_path / "authority", sites) as internet:
        report, text = run(tmp_path / "notes", internet, many(30))
        assert report["summary"]["deferred"] == 30
        assert report["run"]["complete"] is True
        assert set(verdicts(report).values()) == {("skipped", "host-deferred")}
        assert text.count("waits for a later run") == 1
        internet.sites["api.github.com"] = code.api
        report, _ = run(tmp_path / "notes", internet, many(30))
    assert set(verdicts(report).values()) == {("ok", "github-found")}
    assert not internet.asked("github.com")


def test_without_a_token_sixty_are_asked_an_hour_and_that_is_said_once(
    tmp_path: Path, code: GitHub
) -> None:
    sites = {"api.github.com": code.api, "github.com": code.pages}
    with Internet(tmp_path / "authority", sites) as internet:
        report, text = run(tmp_path / "notes", internet, many(90), token=None)
        assert set(verdicts(report).values()) == {("ok", "github-found")}
        assert len(internet.asked("api.github.com")) == 60
        assert len({asked.path for asked in internet.asked("github.com")}) == 30
        assert warnings(report) == {"github-no-token": 1, "addresses-by-proxy": 1}
        assert text.count("GITHUB_TOKEN") == 1
        known = {row["id"] for row in report["targets"] if row["metadata"]}
        assert len(known) == 60
        # Another run within the hour has no question left, and says so too.
        report, _ = run(tmp_path / "notes", internet, many(90), "--refresh", token=None)
        assert len(internet.asked("api.github.com")) == 60
        assert {row["id"] for row in report["targets"] if row["metadata"]} == known
        assert warnings(report) == {"github-no-token": 1, "addresses-by-proxy": 1}


def test_pages_are_asked_when_a_verdict_is_due_and_not_for_metadata_that_they_lack(
    tmp_path: Path, code: GitHub
) -> None:
    """Metadata of repositories are due each night, verdicts each week: a page knows nothing about stars."""
    inside = [
        f"https://github.com/Many/Repo{n}/{what}" for n in range(3) for what in ("wiki", "issues/7", "")
    ]
    urls = [*many(70), *inside, "https://github.com/Many"]
    sites = {"api.github.com": code.api, "github.com": code.pages}
    with Internet(tmp_path / "authority", sites) as internet:
        for day, token, expected in ((1, None, 16), (2, None, 0), (3, TOKEN, 0)):
            before = len(internet.asked("github.com"))
            code.anonymous_left = 60
            report, _ = run(
                tmp_path / "notes", internet, urls, token=token, ENRICH_NOW=f"2026-11-0{day}T02:00:00Z"
            )
            paths = [asked.path for asked in internet.asked("github.com")[before:] if asked.path != "/Many"]
            assert (day, len(set(paths))) == (day, expected)
            assert {status for status, _ in verdicts(report).values()} <= {"ok", "broken"}
            stale = sum(row["metadata_stale"] for row in report["targets"])
            assert stale == (10 if day == 2 else 0)


def test_a_token_that_is_refused_is_named_and_costs_no_verdict(tmp_path: Path, code: GitHub) -> None:
    sites = {"api.github.com": code.api, "github.com": code.pages}
    with Internet(tmp_path / "authority", sites) as internet:
        report, text = run(tmp_path / "notes", internet, many(20), token="gho_wrong")
    assert set(verdicts(report).values()) == {("ok", "github-found")}
    assert warnings(report)["github-token-refused"] == 1
    assert text.startswith("GitHub does not accept the token (401)")
    assert "gho_wrong" not in text + json.dumps(report)


def test_a_server_of_ones_own_is_asked_about_its_links_and_github_about_its_own(
    tmp_path: Path, code: GitHub
) -> None:
    def server(asked: Asked) -> Answer:
        path = asked.path.replace("/api/graphql", "/graphql").replace("/api/v3", "")
        return code.api(Asked(**{**fields_of(asked), "path": path}))

    sites = {"github.example": server, "github.com": code.pages}
    urls = [
        "https://github.example/Many/Repo1",
        "https://github.com/Many/Repo2",
        "https://github.example/Many/None",
    ]
    with Internet(tmp_path / "authority", sites) as internet:
        report, _ = run(
            tmp_path / "notes", internet, urls, "--github-api-url", "https://github.example/api/v3"
        )
    assert list(verdicts(report).values()) == [
        ("broken", "github-not-found"), ("ok", "github-found"), ("ok", "github-found"),
    ]  # fmt: skip
    assert [row["id"] for row in report["targets"]] == [
        "github://github.example/many/none", "github://github.example/many/repo1", "github:many/repo2",
    ]  # fmt: skip
    assert {asked.path for asked in internet.asked("github.example")} == {
        "/api/graphql",
        "/api/v3/repos/many/none",
    }
    assert {asked.host for asked in internet.asked() if "authorization" in asked.headers} == {
        "github.example"
    }


def fields_of(asked: Asked) -> dict[str, Any]:
    return {
        name: getattr(asked, name) for name in ("at", "scheme", "host", "method", "path", "headers", "body")
    }
