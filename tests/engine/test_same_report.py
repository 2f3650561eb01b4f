"""A run on many processes finds what a run on one finds, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster import ENGINE, OPTIONS, hosts, write_notes
from internet import Answer as WebAnswer
from internet import Asked, Internet, environment, run_enrich
from origin import Answer, Arrival, Origin
from postgres import Postgres
from sites import TOKEN, Arxiv, GitHub, Preprint, Repo, html, small_web

pytestmark = pytest.mark.determinism

FIRST_DAY, LATER = "2026-11-01T06:00:00Z", "2026-11-20T06:00:00Z"
SITES = hosts(6)
LINKS_PER_SITE = 24


def pages(origin: Origin) -> list[str]:
    """Every sort of answer: pages, what is gone, redirects here and to other sites, silence, and a site that changes."""
    port, found = (
        origin.port,
        [f"http://{host}:{origin.port}/page/{n}" for host in SITES for n in range(LINKS_PER_SITE)],
    )
    for number, host in enumerate(SITES):
        other = SITES[(number + 3) % len(SITES)]
        found += [f"http://{host}:{port}/status/{code}/{number}" for code in (404, 410, 403, 500, 200)]
        found += [f"http://{host}:{port}/redirect/2?{number}", f"http://{host}:{port}/loop?{number}"]
        found.append(f"http://{host}:{port}/to/302?http://{other}:{port}/page/{number}")
        found.append(f"http://{host}:{port}/to/301?http://{other}:{port}/status/404/{number}")
    found += [f"http://127.0.4.1:{port}/silent?{number}" for number in range(2)]
    found += [
        f"http://127.0.4.3:{port}/silent",
        f"http://{SITES[1]}:{port}/garbage",
        "http://127.0.4.2:9/closed",
    ]
    return found


def answers(gone: set[str]) -> Callable[[Arrival], Answer]:
    def answer(arrival: Arrival) -> Answer:
        host, path = arrival.headers["host"].partition(":")[0], arrival.path
        if host in gone and path.startswith("/page/"):
            return Answer(404, body=b"nothing here")
        if path.startswith("/page/"):
            return Answer(
                200, {"Content-Type": "text/html"}, b"<title>A page of some words</title><p>Words."
            )
        return Answer(404, body=b"no such page")

    return answer


def reports(folder: Path, origin: Origin, engine: tuple[str, ...]) -> list[tuple[int, str]]:
    """The exit codes and the stable reports of two nights, on the second of which two sites are gone."""
    folder.mkdir()
    write_notes(folder, pages(origin))
    (folder / "enrich.toml").write_text(
        "".join(f'[hosts."{host}"]\ntimeout = 1\n' for host in ("127.0.4.1", "127.0.4.3"))
    )
    found = []
    for day, gone in ((FIRST_DAY, set()), (LATER, {SITES[2], SITES[5]})):
        origin.otherwise = answers(gone)
        env = environment(None, ENRICH_NOW=day)
        options = [*OPTIONS, "--retries", "0", "--host-interval", "0.01", *engine]
        done = run_enrich(["run", "notes.md", "--refresh", *options], folder, env, timeout=300)
        shown = run_enrich(["report", "--format", "json", "--stable"], folder, env)
        assert shown.returncode == 0, done.stderr + shown.stderr
        found.append((done.returncode, shown.stdout))
    return found


def test_workers_give_the_report_of_one_process(tmp_path: Path, origin: Origin, postgres: Postgres) -> None:
    alone = reports(tmp_path / "alone", origin, ())
    together = reports(tmp_path / "together", origin, ("--engine", ENGINE, "--cache", postgres.namespace()))
    assert "mass-change" in alone[1][1] or "site-changed" in alone[1][1]
    assert together == alone


# --- what APIs decide -------------------------------------------------------------------------------

PAPERS = {f"2101.{number:05}": Preprint(f"2101.{number:05}", f"Paper {number}") for number in range(1, 13)}
REPOSITORIES = {f"owner-{n}/project": Repo(f"owner-{n}/project", n) for n in range(1, 13)}
APIS = ("export.arxiv.org", "api.github.com", "api.datacite.org")


def gone(_asked: Asked) -> WebAnswer:
    return html("nothing here", status=404)


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    sites = {
        **small_web(),
        "gone.example": gone,
        "export.arxiv.org": Arxiv(PAPERS).api,
        "api.github.com": GitHub(REPOSITORIES).api,
    }
    with Internet(tmp_path / "authority", sites) as running:
        yield running


@pytest.mark.soak
def test_workers_ask_apis_as_one_process_does(
    tmp_path: Path, internet: Internet, postgres: Postgres
) -> None:
    """arXiv's and GitHub's with one connection each, whoever asks."""
    urls = [f"https://page-{n % 6}.example/words/{n}" for n in range(24)]
    urls += [f"https://arxiv.org/abs/{number}" for number in (*PAPERS, "2101.99999")]
    urls += [f"https://github.com/{name}" for name in (*REPOSITORIES, "nobody/nothing")]
    urls += ["https://github.com/owner-1/project/wiki", "https://gone.example/1", "https://gone.example/2"]
    env = environment(internet, GITHUB_TOKEN=TOKEN, ENRICH_NOW=FIRST_DAY)
    found, asked = [], []
    for name, engine in (
        ("alone", ()),
        ("together", ("--engine", ENGINE, "--cache", postgres.namespace())),
    ):
        folder = tmp_path / name
        folder.mkdir()
        write_notes(folder, urls)
        before = len(internet.asked(*APIS))
        done = run_enrich(["run", "notes.md", "--host-interval", "0", *engine], folder, env, timeout=300)
        shown = run_enrich(["report", "--format", "json", "--stable"], folder, env)
        assert shown.returncode == 0, done.stderr
        found.append((done.returncode, shown.stdout))
        asked.append({(one.url, one.body) for one in internet.asked(*APIS)[before:]})
    assert found[0] == found[1]
    assert asked[0] == asked[1]
