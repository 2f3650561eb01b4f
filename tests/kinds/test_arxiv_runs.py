"""Whole runs over papers: what an API in trouble costs, who describes papers meanwhile, how many questions it takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from internet import Answer, Asked, Internet, Site, environment, run_enrich, saved_report
from local_arxiv import numbers_to, record
from sites import ATOM, Arxiv, Preprint, feed

HASTY = "".join(
    f'[hosts."{host}"]\ninterval = 0.02\n' for host in ("export.arxiv.org", "arxiv.org", "api.datacite.org")
)
NIGHTS = [f"2026-11-{day}T02:00:00Z" for day in (20, 21, 22, 23)]
DATACITE = "api.datacite.org"


def papers(count: int) -> Arxiv:
    return Arxiv({number: Preprint(number, f"Paper {number}") for number in numbers_to(count)})


def datacite(asked: Asked) -> Answer:
    """Knows every paper that it is asked about."""
    dois = parse_qs(urlsplit(asked.path).query)["query"][0].split('"')[1::2]
    found = [record(doi.removeprefix("10.48550/arxiv."), 1) for doi in dois]
    return Answer(200, {"content-type": "application/vnd.api+json"}, json.dumps({"data": found}).encode())


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path / "authority", {DATACITE: datacite}) as running:
        yield running


def use(internet: Internet, arxiv: Arxiv) -> None:
    internet.sites |= {"export.arxiv.org": arxiv.api, "arxiv.org": arxiv.pages}


def write(folder: Path, links: list[str], config: str = HASTY) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "enrich.toml").write_text(config)
    (folder / "notes.md").write_text("\n".join(f"- <{url}>" for url in links) + "\n")
    return folder


def abs_urls(numbers: list[str]) -> list[str]:
    return [f"https://arxiv.org/abs/{number}" for number in numbers]


def night(internet: Internet, folder: Path, now: str, *options: str) -> dict[str, dict[str, Any]]:
    """One run of that night; its targets by id."""
    env = environment(internet, ENRICH_NOW=now)
    done = run_enrich(["run", "notes.md", "--i-own-these-hosts", "--retries", "0", *options], folder, env)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Traceback") == 0
    return {target["id"]: target for target in saved_report(folder)["targets"]}


def told(rows: dict[str, dict[str, Any]], *keys: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[key] for key in keys) for row in rows.values())


def described_by(internet: Internet, host: str) -> int:
    """How often DataCite was asked; a HEAD asks only whether the network is up."""
    return sum(one.method == "GET" for one in internet.asked(host))


TROUBLES: dict[str, Site] = {
    "503": lambda _: Answer(503, {"retry-after": "0"}, b"busy"),
    "429": lambda _: Answer(429, {"retry-after": "0"}, b"Rate exceeded."),
    "429 for hours": lambda _: Answer(429, {"retry-after": "7200"}, b"Rate exceeded."),
    "html": lambda _: Answer(200, {"content-type": "text/html"}, b"<!DOCTYPE html><p>We are busy"),
    "nothing": lambda _: Answer(200, ATOM, b""),
    "empty list": lambda _: Answer(200, ATOM, feed([])),
    "cut": lambda asked: Answer(200, ATOM, papers(250).api(asked).body[:-50]),
    "nonsense": lambda _: Answer(200, ATOM, b"\x00\xff" * 500),
    "refusal": lambda _: Answer(400, ATOM, b"bad request"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_api_in_trouble_changes_no_verdict_and_keeps_what_is_known(
    internet: Internet, tmp_path: Path, trouble: str
) -> None:
    folder = write(tmp_path / "work", abs_urls(numbers_to(250)))
    use(internet, papers(250))
    assert told(night(internet, folder, NIGHTS[0]), "status", "metadata_source") == {("ok", "arxiv"): 250}
    internet.sites["export.arxiv.org"] = TROUBLES[trouble]
    before = len(internet.asked())
    rows = night(internet, folder, NIGHTS[1], "--refresh")
    keys = ("status", "metadata_source", "metadata_stale", "from_cache", "failed_checks")
    assert told(rows, *keys) == {("ok", "arxiv", True, True, 0): 250}
    asked = Counter(one.host for one in internet.asked()[before:])
    assert asked["export.arxiv.org"] <= 12
    assert asked.keys() <= {"export.arxiv.org"}, "what is known is not asked of others"


def test_datacite_describes_new_papers_until_the_api_is_back(internet: Internet, tmp_path: Path) -> None:
    folder = write(tmp_path / "work", [*abs_urls(numbers_to(120)), "https://arxiv.org/abs/2013.00001"])
    use(internet, papers(120))
    api = internet.sites["export.arxiv.org"]
    internet.sites["export.arxiv.org"] = TROUBLES["503"]
    keys = ("status", "reason", "metadata_source", "metadata_stale")
    bad = ("broken", "arxiv-bad-id", None, False)
    first = night(internet, folder, NIGHTS[0])
    assert told(first, *keys) == {bad: 1, ("unreachable", "provider-failure", "datacite", False): 120}
    assert first["arxiv:2205.00001"]["metadata"]["authors"] == ["Ada Lovelace", "李明"]
    assert described_by(internet, DATACITE) == 2
    second = night(internet, folder, NIGHTS[1])
    assert told(second, *keys)["unreachable", "provider-failure", "datacite", True] == 120
    assert described_by(internet, DATACITE) == 2, "it has said what it knows"
    internet.sites["export.arxiv.org"] = api
    third = night(internet, folder, NIGHTS[2])
    assert told(third, *keys) == {bad: 1, ("ok", "arxiv-found", "arxiv", False): 120}
    assert third["arxiv:2205.00001"]["metadata"]["authors"] == ["Ada Example", "李 示例"]
    assert not internet.asked("arxiv.org")


@pytest.mark.parametrize("way", ["option", "file", "check"])
def test_datacite_is_not_asked_when_it_is_switched_off_or_nobody_wants_metadata(
    internet: Internet, tmp_path: Path, way: str
) -> None:
    config = ("no_datacite = true\n" if way == "file" else "") + HASTY
    folder = write(tmp_path / "work", abs_urls(numbers_to(3)), config if way != "check" else "")
    internet.sites["export.arxiv.org"] = TROUBLES["html"]
    if way == "check":
        outside = tmp_path / "outside.toml"
        outside.write_text(HASTY)
        args = ["check", "notes.md", "--i-own-these-hosts", "--config", str(outside)]
        done = run_enrich(args, folder, environment(internet))
        assert done.returncode == 0, done.stderr
    else:
        rows = night(internet, folder, NIGHTS[0], *(("--no-datacite",) if way == "option" else ()))
        assert told(rows, "reason", "metadata") == {("provider-failure", None): 3}
    assert internet.asked(DATACITE) == []
    assert internet.asked("export.arxiv.org")


def test_another_datacite_is_asked_where_one_is_named(internet: Internet, tmp_path: Path) -> None:
    config = '[arxiv]\ndatacite_url = "https://mirror.example/datacite"\n' + HASTY
    folder = write(tmp_path / "work", abs_urls(numbers_to(1)), config)
    internet.sites |= {"mirror.example": datacite, "export.arxiv.org": TROUBLES["html"]}
    assert told(night(internet, folder, NIGHTS[0]), "metadata_source") == {("datacite",): 1}
    assert described_by(internet, "mirror.example") == 1
    assert internet.asked("mirror.example")[0].path.startswith("/datacite/dois?")
    assert internet.asked(DATACITE) == []


def test_three_hundred_papers_with_every_sort_of_odd_one_cost_a_few_questions(
    internet: Internet, tmp_path: Path
) -> None:
    arxiv = papers(300)
    for gone in ("2205.00017", "2205.00290"):
        del arxiv.papers[gone]
    arxiv.papers["2205.00030"] = Preprint("2205.00030", "Revised", 3)
    forgotten, poison = "2205.00222", "2205.00150"

    def moody(asked: Asked) -> Answer:
        """Plain http is redirected; one number poisons the list without being named, another is never found there."""
        if asked.scheme == "http":
            return Answer(301, {"location": f"https://export.arxiv.org{asked.path}"})
        ids = asked.query["id_list"].split(",")
        if poison in ids:
            return Answer(400, ATOM, b"incorrect id format")
        kept = ",".join(one for one in ids if one != forgotten)
        return arxiv.api(replaced(asked, kept))

    use(internet, arxiv)
    internet.sites["export.arxiv.org"] = moody
    numbers = numbers_to(300)
    numbers[29] += "v2"
    links = [
        *abs_urls(numbers),
        "https://arxiv.org/pdf/2205.00030v3.pdf",
        "https://arxiv.org/abs/1412.12345",
    ]
    config = '[arxiv]\napi_url = "http://export.arxiv.org/api/query"\n' + HASTY
    folder = write(tmp_path / "work", links, config)
    rows = night(internet, folder, NIGHTS[0])
    assert told(rows, "status", "reason") == {
        ("ok", "arxiv-found"): 299,
        ("broken", "arxiv-not-found"): 2,
        ("broken", "arxiv-bad-id"): 1,
    }
    assert rows["arxiv:2205.00030v2"]["suggestion"]["reason"] == "arxiv-newer-version"
    assert rows["arxiv:2205.00030v3"]["suggestion"] is None
    assert {one.path.removeprefix("/abs/") for one in internet.asked("arxiv.org")} == {
        "2205.00017",
        "2205.00290",
        forgotten,
        poison,
    }
    secure = [one for one in internet.asked("export.arxiv.org") if one.scheme == "https"]
    assert len(secure) <= 4 + 1 + 12, (
        "four lists, the absent ones again, and the search for one poisonous number"
    )


def replaced(asked: Asked, ids: str) -> Asked:
    """The same question about other numbers."""
    size = asked.query["max_results"]
    path = f"/api/query?id_list={ids}&start=0&max_results={size}"
    return Asked(asked.at, asked.scheme, asked.host, asked.method, path, asked.headers, b"")


@pytest.mark.soak
@pytest.mark.manners
def test_the_api_the_pages_and_their_redirects_take_turns_three_seconds_apart(
    internet: Internet, tmp_path: Path
) -> None:
    arxiv = papers(210)
    del arxiv.papers["2205.00017"]
    use(internet, arxiv)

    def plain(asked: Asked) -> Answer:
        if asked.scheme == "http":
            return Answer(301, {"location": f"https://export.arxiv.org{asked.path}"})
        return arxiv.api(asked)

    internet.sites["export.arxiv.org"] = plain
    links = [
        *abs_urls(numbers_to(210)),
        "https://arxiv.org/list/cs.CV/recent",
        "https://www.arxiv.org/a/x_1",
    ]
    config = '[arxiv]\napi_url = "http://export.arxiv.org/api/query"\n'
    night(internet, write(tmp_path / "work", links, config), NIGHTS[0])
    asked = [one.at for one in internet.asked() if one.host.endswith("arxiv.org")]
    assert len(asked) >= 8
    assert min(later - before for before, later in pairwise(asked)) >= 3
