"""The same notes and the same answers give the same bytes, whoever answers first.

Every run differs in what must not matter: how many are asked at once, who answers how fast, the seed of hashes,
the locale, the time zone, and the order in which files were made.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from internet import Answer, Asked, Internet, Site, environment, run_enrich
from sites import TOKEN, Arxiv, GitHub, Preprint, Repo, html, small_web

pytestmark = pytest.mark.determinism

PAPERS = {f"2101.{number:05}": Preprint(f"2101.{number:05}", f"Paper {number}") for number in range(1, 31)}
REPOSITORIES = {f"owner-{n}/project": Repo(f"owner-{n}/project", n) for n in range(1, 31)}
DAY = "2026-11-01T06:00:00Z"


def hasty(site: Site, dice: random.Random) -> Site:
    """The same answers after another while each time."""

    def answer(asked: Asked) -> Answer:
        time.sleep(dice.uniform(0, 0.02))
        return site(asked)

    return answer


def gone(_asked: Asked) -> Answer:
    return html("nothing here", status=404)


SITES: dict[str, Site] = {
    **small_web(),
    "gone.example": gone,
    "export.arxiv.org": Arxiv(PAPERS).api,
    "api.github.com": GitHub(REPOSITORIES).api,
}


def notes() -> dict[str, str]:
    """A few documents that share targets, so that their order could show."""
    links = [f"https://page-{n % 6}.example/words/{n}" for n in range(40)]
    links += [f"https://arxiv.org/abs/{number}" for number in PAPERS]
    links += [f"https://github.com/{name}" for name in REPOSITORIES]
    links += [
        "https://gone.example/1",
        "https://gone.example/2",
        "other-3.md",
        "missing.md",
        "http://[bad/",
    ]
    return {
        f"笔记/{name}-{part}.md": f"# 笔记 2021.5.{part + 1}\n\n"
        + "".join(f"{n}. [第 {n} 条]({link})\n" for n, link in enumerate(links[part::2], 1))
        for name in ("a", "B", "é")
        for part in range(2)
    }


def differing(number: int) -> dict[str, str]:
    """What must not matter, another for each run."""
    return {
        "PYTHONHASHSEED": str(number),
        "LC_ALL": ("C.UTF-8", "C", "en_US.UTF-8", "zh_CN.GB18030", "tr_TR.UTF-8")[number % 5],
        "TZ": ("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Chatham")[number % 4],
    }


def report_of(number: int, folder: Path) -> dict[str, str]:
    """The hashes of what run ``number`` says, by form."""
    dice = random.Random(number)
    folder.mkdir()
    documents = list(notes().items())
    dice.shuffle(documents)
    for name, text in documents:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with Internet(folder / "authority", {host: hasty(site, dice) for host, site in SITES.items()}) as web:
        env = environment(web, GITHUB_TOKEN=TOKEN, ENRICH_NOW=DAY) | differing(number)
        options = ["--concurrency", ("1", "64")[number % 2], "--host-interval", "0"]
        done = run_enrich(["run", "笔记", *options], folder, env)
        assert done.returncode == 0, done.stderr
        # What people read follows the locale, which is one of the things that differ here.
        forms = [("text", "--lang", "zh"), ("markdown", "--lang", "en"), ("jsonl",), ("json", "--stable")]
        said = {}
        for form, *options in forms:
            shown = run_enrich(["report", "--format", form, *options], folder, env)
            assert shown.returncode == 0, shown.stderr
            said[form] = hashlib.sha256(shown.stdout.encode()).hexdigest()
    return said


def reports(numbers: range, folder: Path) -> Iterator[dict[str, str]]:
    for number in numbers:
        yield report_of(number, folder / str(number))


def test_the_order_of_answers_does_not_show(tmp_path: Path) -> None:
    first, *others = reports(range(2), tmp_path)
    assert all(other == first for other in others)


@pytest.mark.soak
def test_twenty_runs_give_one_report(tmp_path: Path) -> None:
    found = list(reports(range(20), tmp_path))
    assert len({tuple(said.items()) for said in found}) == 1, found
