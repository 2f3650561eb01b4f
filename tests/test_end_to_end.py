"""The whole program on notes of a few hundred links, against an internet that keeps a log.

One first run is shared by most tests; what happens afterwards happens in copies of its folder, so that no
test depends on another's order.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema
import pytest
from internet import PROJECT, Answer, Asked, Internet, Site, environment, run_enrich, saved_report
from sites import ATOM, TOKEN, Arxiv, GitHub, Preprint, Repo, WeChat, feed, pages, small_web, unavailable

NOW = "2026-11-21T06:00:00Z"
ALIVE, DELETED, CAPTCHA = "AliveAliveAliveAlive01", "DeletedDeletedDelete02", "CaptchaCaptchaCaptch03"
CONFIG = 'host_interval = 0.02\n[hosts."mp.weixin.qq.com"]\ninterval = 0.05\n[hosts."github.com"]\ninterval = 0.02\n'
HASTY = '[hosts."export.arxiv.org"]\ninterval = 0.05\n[hosts."arxiv.org"]\ninterval = 0.05\n'
FLAGS = ("--i-own-these-hosts",)
OUTSIDE = ("--config", "../hasty.toml")


def arxiv() -> Arxiv:
    papers = {f"2101.{n:05}": Preprint(f"2101.{n:05}", f"A paper about topic {n}") for n in range(1, 121)}
    papers["2101.00010"] = Preprint(
        "2101.00010", "A paper that was taken back", 2, "This paper has been withdrawn by the author"
    )
    papers["2101.00020"] = Preprint("2101.00020", "A paper with a second version", 2)
    return Arxiv(papers)


def github() -> GitHub:
    repos = {
        f"owner-{n}/project-{n}": Repo(f"Owner-{n}/Project-{n}", 1000 + n, stars=n) for n in range(150)
    }
    repos["owner-1/project-1"] = Repo("Owner-1/Project-1", 1001, archived=True)
    repos["new-home/project-two"] = Repo("New-Home/Project-Two", 1002)
    repos["owner-5/project-5"] = Repo("Owner-5/Project-5", 1005, fork=True)
    for name in ("owner-2/project-2", "owner-3/project-3"):
        del repos[name]
    return GitHub(repos, {"owner-2/project-2": "New-Home/Project-Two"}, frozenset({"owner-4/project-4"}))


PAPERS = [f"https://arxiv.org/{'pdf' if n % 3 == 0 else 'abs'}/2101.{n:05}" for n in range(1, 121)]
PAPERS[19] += "v1"
REPOSITORIES = [f"https://github.com/Owner-{n}/Project-{n}" for n in range(150)]
PAGES = [f"https://page-{n}.example/words" for n in range(12)]
TROUBLES = [
    "https://page-20.example/gone",
    "https://page-21.example/gone-for-good",
    "https://page-22.example/moved",
    "https://page-23.example/for-now",
    "https://page-24.example/head-405",
    "https://page-25.example/down",
    "https://page-26.example/login",
    "https://page-27.example/wall",
    "http://page-28.example/plain",
    "https://no-such-name.invalid/",
    "https://arxiv.org/abs/2101.09999",
    "https://arxiv.org/abs/2013.00001",
]
ARTICLES = [f"https://mp.weixin.qq.com/s/{token}" for token in (ALIVE, DELETED, CAPTCHA)]


def note(title: str, urls: list[str]) -> str:
    return (
        f"# {title}\n\n"
        + "\n".join(f"- [link {n} of the list]({url})" for n, url in enumerate(urls))
        + "\n"
    )


def write_notes(folder: Path) -> None:
    notes = folder / "notes"
    notes.mkdir(parents=True)
    (folder / "enrich.toml").write_text(CONFIG)
    (notes / "2021-02-01.md").write_text(note("Papers", PAPERS))
    (notes / "2021-02-02.md").write_text(note("Code", REPOSITORIES))
    (notes / "2021-02-03.md").write_text(note("Pages", PAGES + TROUBLES))
    (notes / "2021-02-04.md").write_text(note("文章", [*ARTICLES, PAPERS[0], REPOSITORIES[0], PAGES[0]]))


@dataclass(frozen=True)
class World:
    """A folder in which one run was made, and the internet that it was made against."""

    folder: Path
    internet: Internet
    env: dict[str, str]
    first: CompletedProcess[str]
    asked: list[Asked]

    @property
    def report(self) -> dict[str, Any]:
        return saved_report(self.folder)


def sites() -> dict[str, Site]:
    papers, code = arxiv(), github()
    wechat = WeChat({ALIVE: "alive", DELETED: "deleted", CAPTCHA: "captcha"})
    apis = {"export.arxiv.org": papers.api, "api.github.com": code.api}
    return {
        **small_web(),
        **apis,
        "arxiv.org": papers.pages,
        "github.com": code.pages,
        "mp.weixin.qq.com": wechat,
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    write_notes(folder)
    with Internet(tmp_path_factory.mktemp("authority"), sites()) as internet:
        env = environment(internet, GITHUB_TOKEN=TOKEN, ENRICH_NOW=NOW)
        first = run_enrich(["run", "notes", *FLAGS], folder, env)
        yield World(folder, internet, env, first, internet.asked())


@pytest.fixture
def later(world: World, tmp_path: Path) -> Path:
    """A copy of the folder as the first run left it, in which arXiv need not be waited for."""
    folder = Path(shutil.copytree(world.folder, tmp_path / "later"))
    (folder / "enrich.toml").write_text(CONFIG + HASTY)
    # `check` takes nothing that hurries from within.
    (tmp_path / "hasty.toml").write_text(CONFIG + HASTY)
    return folder


def targets(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {target["id"]: target for target in report["targets"]}


def by_written_url(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {link["url"]: target for target in report["targets"] for link in target["links"]}


def verdicts(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {name: (target["status"], target["reason"]) for name, target in targets(report).items()}


def broken(report: dict[str, Any]) -> set[str]:
    return {name for name, (status, _) in verdicts(report).items() if status == "broken"}


# --- the first run ----------------------------------------------------------------------------------


def test_the_run_succeeds_and_its_report_validates(world: World) -> None:
    assert world.first.returncode == 0, world.first.stderr
    schema = json.loads((PROJECT / "enrich" / "report" / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(world.report)]
    assert errors == []
    assert world.report["run"]["complete"] is True


def test_a_hundred_and_fifty_repositories_cost_at_most_six_questions(world: World) -> None:
    asked = [asked for asked in world.asked if asked.host == "api.github.com"]
    assert 2 <= len(asked) <= 6
    assert not [asked for asked in world.asked if asked.host == "github.com"]


def test_a_hundred_and_twenty_papers_cost_at_most_four_questions_three_seconds_apart(world: World) -> None:
    asked = [asked for asked in world.asked if asked.host == "export.arxiv.org"]
    assert 2 <= len(asked) <= 4
    assert min(later.at - before.at for before, later in itertools.pairwise(asked)) >= 3


def test_arxiv_pages_are_asked_only_for_papers_that_the_api_does_not_know(world: World) -> None:
    asked = {asked.path for asked in world.asked if asked.host == "arxiv.org"}
    assert asked <= {"/abs/2101.09999"}


def test_nothing_that_is_there_is_fetched_twice(world: World) -> None:
    fetched = Counter(asked.url for asked in world.asked if asked.method == "GET")
    there = [target for target in world.report["targets"] if target["status"] == "ok"]
    assert fetched[PAGES[0]] == 1
    assert {target["id"]: fetched[target["url"]] for target in there if fetched[target["url"]] > 1} == {}


def test_the_token_goes_to_the_github_api_and_nowhere_else(world: World) -> None:
    told = {
        asked.host for asked in world.asked if TOKEN in str(asked.headers) + asked.url + str(asked.body)
    }
    assert told == {"api.github.com"}
    kept = [
        path for path in world.folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]
    assert kept == []
    assert TOKEN not in world.first.stdout + world.first.stderr


def test_no_request_carries_the_name_of_a_library(world: World) -> None:
    names = {asked.headers.get("user-agent", "none") for asked in world.asked}
    assert not [name for name in names if re.match(r"python|httpx|none|arxiv\.py", name)]


def test_the_summary_equals_a_recount_of_the_rows(world: World) -> None:
    report = world.report
    summary, rows = report["summary"], report["targets"]
    statuses = Counter(row["status"] for row in rows)
    severities = Counter(finding["severity"] for finding in report["findings"])
    assert summary["documents"] == len(report["documents"]) == 4
    assert summary["targets"] == len(rows)
    assert summary["links"] == sum(len(row["links"]) for row in rows)
    assert {name: count for name, count in summary["by_status"].items() if count} == dict(statuses)
    assert {name: count for name, count in summary["findings"].items() if count} == dict(severities)
    for kind, counts in summary["by_kind"].items():
        recount = Counter(row["status"] for row in rows if row["kind"] == kind)
        assert {name: count for name, count in counts.items() if count} == dict(recount)
    assert sum(sum(counts.values()) for counts in summary["by_kind"].values()) == len(rows)


def test_the_run_counts_the_requests_that_were_made(world: World) -> None:
    assert world.report["run"]["requests"] == len(world.asked)


def test_every_link_of_the_notes_is_in_the_report_at_its_place(world: World) -> None:
    expected = set()
    for path in sorted((world.folder / "notes").glob("*.md")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for match in re.finditer(r"\((http[^)]+)\)", line):
                expected.add((f"notes/{path.name}", number, match.start(1) + 1, match[1]))
    links = [link for target in world.report["targets"] for link in target["links"]]
    assert {(link["document"], link["line"], link["column"], link["url"]) for link in links} == expected


@pytest.mark.parametrize(
    ("url", "status", "reason"),
    [
        ("https://arxiv.org/abs/2101.00001", "ok", "arxiv-found"),
        ("https://arxiv.org/abs/2101.00020v1", "ok", "arxiv-found"),
        ("https://arxiv.org/abs/2101.09999", "broken", "arxiv-not-found"),
        ("https://arxiv.org/abs/2013.00001", "broken", "arxiv-bad-id"),
        ("https://github.com/Owner-7/Project-7", "ok", "github-found"),
        ("https://github.com/Owner-2/Project-2", "redirected", "github-renamed"),
        ("https://github.com/Owner-3/Project-3", "broken", "github-not-found"),
        ("https://github.com/Owner-4/Project-4", "broken", "github-blocked"),
        (f"https://mp.weixin.qq.com/s/{ALIVE}", "ok", "wechat-article"),
        (f"https://mp.weixin.qq.com/s/{DELETED}", "broken", "wechat-deleted"),
        (f"https://mp.weixin.qq.com/s/{CAPTCHA}", "blocked", "wechat-captcha"),
        ("https://page-0.example/words", "ok", "http-200"),
        ("https://page-20.example/gone", "broken", "http-404"),
        ("https://page-21.example/gone-for-good", "broken", "http-410"),
        ("https://page-22.example/moved", "redirected", "http-301"),
        ("https://page-23.example/for-now", "ok", "http-200"),
        ("https://page-24.example/head-405", "ok", "http-200"),
        ("https://page-25.example/down", "unreachable", "http-503"),
        ("https://page-26.example/login", "blocked", "http-401"),
        ("https://page-27.example/wall", "blocked", "http-403"),
        ("http://page-28.example/plain", "ok", "http-200"),
    ],
)
def test_each_target_gets_the_verdict_that_its_answers_mean(
    world: World, url: str, status: str, reason: str
) -> None:
    target = by_written_url(world.report)[url]
    assert (target["status"], target["reason"]) == (status, reason)


def test_a_name_that_the_proxy_does_not_find_is_not_called_broken(world: World) -> None:
    assert by_written_url(world.report)["https://no-such-name.invalid/"]["status"] == "unreachable"


def test_what_is_broken_without_certainty_was_asked_twice(world: World) -> None:
    asked = Counter(asked.url for asked in world.asked if asked.method == "GET")
    assert asked["https://page-20.example/gone"] >= 2
    assert asked["https://page-21.example/gone-for-good"] == 1


@pytest.mark.parametrize(
    ("url", "better", "reason"),
    [
        (REPOSITORIES[2], "https://github.com/New-Home/Project-Two", "github-renamed"),
        ("https://page-22.example/moved", "https://page-22.example/new-place", "http-301"),
    ],
)
def test_a_moved_target_comes_with_its_new_address(
    world: World, url: str, better: str, reason: str
) -> None:
    assert by_written_url(world.report)[url]["suggestion"] == {"url": better, "reason": reason}


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("github-archived", REPOSITORIES[1]),
        ("github-fork", REPOSITORIES[5]),
        ("arxiv-withdrawn", PAPERS[9]),
        ("arxiv-newer-version", PAPERS[19]),
        ("redirected", "https://page-22.example/moved"),
        ("http-404", "https://page-20.example/gone"),
        ("wechat-deleted", ARTICLES[1]),
    ],
)
def test_what_deserves_attention_is_a_finding_at_its_place(world: World, code: str, url: str) -> None:
    target = by_written_url(world.report)[url]
    found = [
        row for row in world.report["findings"] if (row["code"], row["target"]) == (code, target["id"])
    ]
    place = target["links"][0]
    assert [(row["document"], row["line"], row["column"]) for row in found] == [
        (place["document"], place["line"], place["column"])
    ]


def test_the_report_says_what_the_links_stand_for(world: World) -> None:
    found = by_written_url(world.report)
    paper, repository = found[PAPERS[6]]["metadata"], found[REPOSITORIES[7]]["metadata"]
    assert (paper["type"], paper["title"]) == ("paper", "A paper about topic 7")
    assert paper["abstract"] == "An abstract about A paper about topic 7, broken over two lines."
    assert paper["authors"] == ["Ada Example", "李 示例"]
    assert (paper["primary_category"], paper["categories"]) == ("cs.CV", ["cs.CV", "cs.LG"])
    assert (repository["full_name"], repository["stars"], repository["license"]) == (
        "Owner-7/Project-7",
        7,
        "MIT",
    )
    article, page = found[ARTICLES[0]]["metadata"], found[PAGES[1]]["metadata"]
    assert (article["title"], article["account"]) == ("示例文章 0", "示例公众号")
    assert article["published_at"] == "2021-05-03T08:00:00+08:00"
    assert page["title"] == "The page /words of page-1.example"
    assert found[REPOSITORIES[2]]["metadata"]["full_name"] == "New-Home/Project-Two"


def test_progress_goes_to_stderr_and_the_findings_to_stdout(world: World) -> None:
    assert "http-404" in world.first.stdout
    assert "report: reports/latest.json" in world.first.stderr


def test_the_folders_that_were_made_are_not_committed_by_accident(world: World) -> None:
    for name in ("cache", "reports"):
        assert (world.folder / name / ".gitignore").read_text().startswith("*")


# --- what happens afterwards ------------------------------------------------------------------------


def test_a_second_run_asks_nobody_and_says_so(world: World, later: Path) -> None:
    before = len(world.internet.asked()) + len(world.internet.tunnels)
    again = run_enrich(["run", "notes", *FLAGS], later, world.env)
    assert again.returncode == 0, again.stderr
    assert len(world.internet.asked()) + len(world.internet.tunnels) == before
    report = saved_report(later)
    # A malformed id needs no network, so it is judged anew in every run.
    fresh = {target["reason"] for target in report["targets"] if not target["from_cache"]}
    assert fresh <= {"arxiv-bad-id"}
    assert verdicts(report) == verdicts(world.report)
    assert report["run"]["requests"] == 0
    assert report["run"]["from_cache"] == sum(target["from_cache"] for target in report["targets"])


def test_offline_answers_from_the_cache(world: World, later: Path) -> None:
    before = len(world.internet.asked())
    again = run_enrich(["run", "notes", "--offline", "--refresh", *FLAGS], later, world.env)
    assert again.returncode == 0, again.stderr
    assert len(world.internet.asked()) == before
    assert verdicts(saved_report(later)) == verdicts(world.report)


def empty_feed(_asked: Asked) -> Answer:
    """What arXiv's API says now and then for no reason."""
    return Answer(200, ATOM, feed([]))


def too_many(_asked: Asked) -> Answer:
    return Answer(429, {"retry-after": "7200", "content-type": "application/json"}, b"{}")


@pytest.mark.parametrize(
    ("host", "kind", "answer", "count"),
    [
        ("export.arxiv.org", "arxiv", unavailable, 120),
        ("export.arxiv.org", "arxiv", empty_feed, 120),
        ("api.github.com", "github", unavailable, 148),
        ("api.github.com", "github", too_many, 148),
    ],
)
def test_a_provider_in_trouble_costs_no_verdict_and_no_metadata(
    world: World, later: Path, host: str, kind: str, answer: Site, count: int
) -> None:
    known = {name: row for name, row in targets(world.report).items() if row["metadata_source"] == kind}
    assert len(known) == count
    api, world.internet.sites[host] = world.internet.sites[host], answer
    try:
        args = ["run", "notes", "--kind", kind, "--refresh", "--retries", "0", *FLAGS]
        again = run_enrich(args, later, {**world.env, "ENRICH_NOW": "2026-11-22T06:00:00Z"})
    finally:
        world.internet.sites[host] = api
    assert again.returncode in (0, 3), again.stderr
    report = saved_report(later)
    now = targets(report)
    assert {name: now[name]["status"] for name in known} == {
        name: row["status"] for name, row in known.items()
    }
    assert {name: now[name]["metadata"] for name in known} == {
        name: known[name]["metadata"] for name in known
    }
    assert [name for name in known if not now[name]["metadata_stale"]] == []
    assert broken(report) <= broken(world.report)


def test_a_dead_network_changes_no_verdict(world: World, later: Path, tmp_path: Path) -> None:
    options = ["--refresh", "--retries", "0", "--network-wait", "1s", *FLAGS]
    again = run_enrich(["run", "notes", *options], later, dead_proxy(tmp_path))
    assert again.returncode == 3, again.stderr
    report = saved_report(later)
    assert verdicts(report) == verdicts(world.report)
    assert report["run"]["complete"] is False


def test_a_first_run_without_a_network_breaks_only_what_needs_none(tmp_path: Path) -> None:
    write_notes(tmp_path / "first")
    (tmp_path / "first" / "enrich.toml").write_text(CONFIG + HASTY)
    first = run_enrich(["run", "notes", "--retries", "0", *FLAGS], tmp_path / "first", dead_proxy(tmp_path))
    assert first.returncode == 3, first.stderr
    report = saved_report(tmp_path / "first")
    reasons = Counter(verdicts(report).values())
    assert set(reasons) == {("broken", "arxiv-bad-id"), ("skipped", "network-down")}
    assert reasons["broken", "arxiv-bad-id"] == 1


def dead_proxy(folder: Path) -> dict[str, str]:
    """The environment of a run whose proxy refuses every connection."""
    with Internet(folder / "closed", {}) as closed:
        pass
    return environment(closed, GITHUB_TOKEN=TOKEN, ENRICH_NOW="2026-11-22T06:00:00Z")


# --- check ------------------------------------------------------------------------------------------

LINE = re.compile(r"(?P<path>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<reason>\S+)\s+(?P<url>\S+)")


def test_check_lists_the_broken_links_and_fails(world: World, later: Path) -> None:
    shutil.rmtree(later / "reports")
    done = run_enrich(["check", "notes", *OUTSIDE, *FLAGS], later, world.env)
    assert done.returncode == 1, done.stderr
    lines = [match.groupdict() for line in done.stdout.splitlines() if (match := LINE.match(line))]
    found = {
        (row["path"], int(row["line"]), int(row["column"]), row["reason"]): row["url"] for row in lines
    }
    for target in world.report["targets"]:
        if target["status"] != "broken":
            continue
        for link in target["links"]:
            place = (link["document"], link["line"], link["column"], target["reason"])
            assert found.get(place) in (link["url"], target["url"]), done.stdout
    assert not (later / "reports").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-on", "broken"], 1),
        (["--fail-on", "blocked"], 1),
        (["--fail-on", "http-410"], 1),
        (["--fail-on", "github-archived"], 1),
        (["--fail-on", "confirmed"], 0),
        (["--fail-on", "wechat-rumour"], 0),
        (["--fail-on", "wechat-rumour", "--fail-on", "http-503"], 1),
        (["--ignore", "broken"], 0),
        (["--fail-on", "no-such-code"], 2),
    ],
)
def test_what_fails_a_check_can_be_chosen(world: World, later: Path, options: list[str], code: int) -> None:
    done = run_enrich(["check", "notes", *OUTSIDE, "--offline", *FLAGS, *options], later, world.env)
    assert done.returncode == code, done.stderr


def test_check_as_jsonl_prints_one_object_a_line(world: World, later: Path) -> None:
    done = run_enrich(
        ["check", "notes", *OUTSIDE, "--offline", "--format", "jsonl", *FLAGS], later, world.env
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows
    assert all(isinstance(row, dict) for row in rows)


def test_run_fails_on_broken_links_only_when_asked_to(world: World, later: Path) -> None:
    done = run_enrich(["run", "notes", "--fail-on", "broken", *FLAGS], later, world.env)
    assert done.returncode == 1, done.stderr
    assert broken(saved_report(later)) == broken(world.report)


# --- without a token --------------------------------------------------------------------------------


def test_without_a_token_sixty_questions_are_asked_and_every_repository_gets_a_verdict(
    tmp_path: Path,
) -> None:
    urls = [url for n, url in enumerate(REPOSITORIES) if n not in (3, 4)]
    (tmp_path / "code.md").write_text(note("Code", urls))
    (tmp_path / "enrich.toml").write_text(CONFIG)
    with Internet(tmp_path / "authority", sites()) as internet:
        done = run_enrich(["run", "code.md", *FLAGS], tmp_path, environment(internet, ENRICH_NOW=NOW))
    assert done.returncode == 0, done.stderr
    assert 0 < len(internet.asked("api.github.com")) <= 60
    report = saved_report(tmp_path)
    statuses = Counter(row["status"] for row in report["targets"])
    assert statuses == {"ok": len(urls) - 1, "redirected": 1}
    assert not any("authorization" in asked.headers for asked in internet.asked())


# --- the same again ---------------------------------------------------------------------------------


def test_the_same_notes_and_answers_give_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    with Internet(tmp_path / "authority", small_web()) as internet:
        for name, now in (("one", "2026-11-01T06:00:00Z"), ("two", "2026-11-09T07:00:00Z")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "notes.md").write_text(note("Pages", PAGES + TROUBLES[:5]))
            env = environment(internet, ENRICH_NOW=now)
            assert run_enrich(["run", "notes.md"], tmp_path / name, env).returncode == 0
            stable = run_enrich(["report", "--format", "json", "--stable"], tmp_path / name, env)
            assert stable.returncode == 0, stable.stderr
            texts.append(stable.stdout)
    assert texts[0] == texts[1] != ""


# --- manners ----------------------------------------------------------------------------------------


def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    def busy_once(asked: Asked) -> Answer:
        if len(internet.asked(asked.host)) == 1:
            return Answer(429, {"retry-after": "2", "content-type": "text/html"}, b"busy")
        return pages(asked)

    (tmp_path / "notes.md").write_text("<https://page-1.example/a> <https://page-1.example/b>\n")
    with Internet(tmp_path / "authority", {"page-1.example": busy_once}) as internet:
        done = run_enrich(["run", "notes.md", "--host-concurrency", "1"], tmp_path, environment(internet))
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in saved_report(tmp_path)["targets"]} == {"ok"}
    first, second, *_ = internet.asked("page-1.example")
    assert second.at - first.at >= 2


def test_a_slow_host_delays_only_itself(tmp_path: Path) -> None:
    def slow(asked: Asked) -> Answer:
        time.sleep(0.25)
        return pages(asked)

    lines = [f"<https://slow.example/{n}>\n<https://page-1.example/{n}>\n" for n in range(5)]
    (tmp_path / "notes.md").write_text("\n".join(lines))
    options = ["--host-concurrency", "1", "--host-interval", "0.01", "--concurrency", "4"]
    with Internet(tmp_path / "authority", {**small_web(), "slow.example": slow}) as internet:
        done = run_enrich(["run", "notes.md", *options], tmp_path, environment(internet))
    assert done.returncode == 0, done.stderr
    quick, delayed = internet.asked("page-1.example"), internet.asked("slow.example")
    assert quick[-1].at - quick[0].at < (delayed[-1].at - delayed[0].at) / 2


def test_no_host_has_more_visitors_than_its_share(tmp_path: Path) -> None:
    visitors, most, coming = Counter[str](), Counter[str](), threading.Condition()

    def watched(asked: Asked) -> Answer:
        """Until three were there at once each stays for a while, however slow the machine is; so a fourth would show."""
        with coming:
            visitors[asked.host] += 1
            most[asked.host] = max(most[asked.host], visitors[asked.host])
            coming.notify_all()
            coming.wait_for(lambda: most[asked.host] >= 3, timeout=2)
        time.sleep(0.05)
        with coming:
            visitors[asked.host] -= 1
        return pages(asked)

    lines = [f"<https://page-{host}.example/{n}>" for n in range(12) for host in (1, 2)]
    (tmp_path / "notes.md").write_text("\n".join(lines))
    options = ["--host-concurrency", "3", "--host-interval", "0"]
    with Internet(tmp_path / "authority", {".example": watched}) as internet:
        done = run_enrich(["run", "notes.md", *options], tmp_path, environment(internet))
    assert done.returncode == 0, done.stderr
    assert most == {"page-1.example": 3, "page-2.example": 3}
