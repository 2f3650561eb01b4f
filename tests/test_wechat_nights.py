"""A large collection of WeChat links, night after night: the whole command line against a local WeChat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import quote

import pytest
from internet import Answer, Asked, Internet, environment, run_enrich, saved_report
from sites import ARTICLE, CAPTCHA, HTML, redirect

from enrich import registry

HOST = "mp.weixin.qq.com"
CONFIG = f'[hosts."{HOST}"]\ninterval = 0.01\n'
# Outside of the folder that is checked: from within, `check` takes nothing that hurries.
ASKING = (".", "--config", "../hasty.toml", "--i-own-these-hosts", "--no-progress")
# Of every run in these tests, since the local internet is a proxy.
ASIDE = "addresses-by-proxy"
Wall = Callable[[str], bool]


def token(number: int) -> str:
    return f"Night{number:016}w"


def short(number: int) -> str:
    return f"https://{HOST}/s/{token(number)}"


def unsigned(number: int) -> str:
    return f"https://{HOST}/s?__biz=MzAwMDAwMDAwMg==&mid=26510000{number:02}&idx=1&sn=0f"


def article(number: int) -> Answer:
    return Answer(200, HTML, ARTICLE.format(title=f"文章 {number}", number=number).encode())


def challenge(asked: Asked) -> Answer:
    target = quote(asked.url, safe="")
    return redirect(f"https://{HOST}/mp/wappoc_appmsgcaptcha?poc_token=t0psecret&target_url={target}", 302)


def wechat(is_challenged: Wall) -> Callable[[Asked], Answer]:
    """Articles by the number in their token, and a captcha for what ``is_challenged`` says of the path."""

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/mp/wappoc"):
            return Answer(200, HTML, CAPTCHA.format(target="x").encode())
        if asked.path.startswith("/s?") or is_challenged(asked.path):
            return challenge(asked)
        return article(int(asked.path[-17:-1]))

    return answer


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    with Internet(tmp_path / "authority", {HOST: wechat(lambda _path: False)}) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "hasty.toml").write_text(CONFIG)
    return work


def write(folder: Path, urls: list[str], name: str = "notes.md") -> None:
    (folder / name).write_text("# Notes\n\n" + "\n".join(f"- <{url}>" for url in urls) + "\n")


def run(folder: Path, internet: Internet, now: str, *told: str) -> CompletedProcess[str]:
    done = run_enrich(
        [*(told or ("run",)), *(ASKING if not told or told[0] in ("run", "check") else ())],
        folder,
        environment(internet, ENRICH_NOW=f"2026-11-{now}Z"),
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stderr
    return done


def warnings(report: dict[str, Any]) -> dict[str, str]:
    return {
        warning["code"]: warning["message"]
        for warning in report["run"]["warnings"]
        if warning["code"] != ASIDE
    }


def reasons(report: dict[str, Any]) -> Counter[str]:
    return Counter(row["reason"] for row in report["targets"])


def opened(internet: Internet) -> list[str]:
    return [asked.path for asked in internet.asked(HOST) if not asked.path.startswith("/mp/")]


@pytest.mark.soak
def test_a_large_collection_is_spread_over_nights_and_says_how_many(
    folder: Path, internet: Internet
) -> None:
    write(folder, [short(number) for number in range(1210)])
    run(folder, internet, "21T02:00:00")
    report = saved_report(folder)
    assert reasons(report) == {"wechat-article": 500, "host-deferred": 710}
    assert report["summary"]["deferred"] == 710
    told = "710 WeChat links wait for their turn: 500 a night, the last about 2026-11-23"
    assert warnings(report) == {"waiting": told}
    run(folder, internet, "22T02:00:00")
    assert reasons(saved_report(folder))["wechat-article"] == 1000
    run(folder, internet, "23T02:00:00")
    report = saved_report(folder)
    assert reasons(report) == {"wechat-article": 1210}
    assert warnings(report) == {}
    assert Counter(opened(internet)).most_common(1)[0][1] == 1


def test_what_waits_is_told_in_every_report_and_at_every_link(folder: Path, internet: Internet) -> None:
    write(folder, [short(number) for number in range(95)])
    told = "65 WeChat links wait for their turn: 30 in each check"
    done = run(folder, internet, "21T02:00:00", "check", "--reports-dir", "reports")
    report = saved_report(folder)
    assert warnings(report) == {"waiting": told}
    assert f"note: {told}\n" in done.stdout
    details = Counter(row["detail"] for row in report["targets"] if row["reason"] == "host-deferred")
    share = "WeChat is asked about 30 links in each check"
    assert details == {
        f"its turn is expected next time: {share}": 30,
        f"its turn is expected the 2nd time from now: {share}": 30,
        f"its turn is expected the 3rd time from now: {share}": 5,
    }
    last = next(row["url"] for row in report["targets"] if "3rd time" in (row["detail"] or ""))
    explained = run(folder, internet, "21T02:00:00", "explain", last).stdout
    assert (
        f"due by the next run: it was never asked\n  its turn is expected the 3rd time from now: {share}\n"
        in explained
    )
    markdown = run(folder, internet, "21T02:00:00", "report", "--format", "markdown")
    assert told in markdown.stdout
    waiting = {row["url"] for row in report["targets"] if "next time" in (row["detail"] or "")}
    run(folder, internet, "21T03:00:00", "check")
    assert {f"https://{HOST}{path}" for path in opened(internet)[30:]} == waiting


def test_a_challenged_run_stops_and_the_next_one_does_not_begin_again(
    folder: Path, internet: Internet
) -> None:
    internet.sites[HOST] = wechat(lambda _path: True)
    write(folder, [short(number) for number in range(9)])
    done = run(folder, internet, "21T02:00:00")
    report = saved_report(folder)
    assert len(opened(internet)) == 3
    assert reasons(report) == {"wechat-captcha": 3, "host-deferred": 6}
    told = warnings(report)
    assert sorted(told) == ["challenged", "waiting"]
    assert told["challenged"].startswith(
        "challenged from this network: WeChat answered 3 times with a challenge"
    )
    assert told["waiting"].endswith("left alone until 2026-11-21 08:00 UTC")
    assert done.stdout.count("challenged from this network") == 1
    internet.sites[HOST] = wechat(lambda _path: False)
    run(folder, internet, "21T07:00:00")
    assert len(opened(internet)) == 3, "within the hold nobody is asked"
    assert sorted(warnings(saved_report(folder))) == ["waiting"]
    run(folder, internet, "21T09:00:00")
    assert reasons(saved_report(folder)) == {"wechat-article": 6, "wechat-captcha": 3}


def test_one_article_among_challenges_is_no_network_that_is_challenged(
    folder: Path, internet: Internet
) -> None:
    internet.sites[HOST] = wechat(lambda path: token(1) not in path)
    write(folder, [short(number) for number in range(3)])
    run(folder, internet, "21T02:00:00")
    assert warnings(saved_report(folder)) == {}


def test_unsigned_links_come_last_and_once_and_stop_nobody(folder: Path, internet: Internet) -> None:
    write(folder, [unsigned(number) for number in range(5)] + [short(number) for number in range(5)])
    run(folder, internet, "21T02:00:00")
    paths = opened(internet)
    assert all(path.startswith("/s/") for path in paths[:5])
    assert all(path.startswith("/s?") for path in paths[5:])
    assert len(paths) == 10
    report = saved_report(folder)
    assert reasons(report) == {"wechat-article": 5, "wechat-captcha": 5}
    assert warnings(report) == {}
    explained = run(folder, internet, "23T02:00:00", "explain", unsigned(0)).stdout
    assert "asked by the first run from 2026-12-" in explained
    assert "such an address hardly ever opens" in explained
    run(folder, internet, "23T02:00:00")
    assert len(opened(internet)) == 10, "they would eat the share of every night"


SECRETS = ("key", "uin", "pass_ticket", "exportkey", "appmsg_token", "wxtoken", "wx_header", "sessionid")


def test_credentials_in_an_address_are_asked_with_and_never_shown(folder: Path, internet: Internet) -> None:
    secrets = "&".join(f"{name}=t0psecret{name}" for name in SECRETS)
    link = f"https://{HOST}/s?__biz=MzAwMDAwMDAwMg==&mid=2651000001&idx=1&sn=0f&chksm=ab&{secrets}"
    preview = f"https://{HOST}/s?__biz=MzAwMDAwMDAwMg==&mid=2651000002&idx=1&tempkey=t0psecret"
    write(folder, [link, preview, f"{short(1)}?{secrets}"])
    shown = [
        run(folder, internet, "21T02:00:00", "run", "-v"),
        run(folder, internet, "21T02:00:00", "links"),
    ]
    assert link.partition(HOST)[2] in opened(internet)
    shown += [run(folder, internet, "21T02:00:00", "links", "--format", "jsonl")]
    shown += [run(folder, internet, "21T02:00:00", "explain", link)] if has_command("explain") else []
    shown += [
        run(folder, internet, "21T02:00:00", "report", "--format", name) for name in registry.formats()
    ]
    shown += [run(folder, internet, "21T02:00:00", "check", "--fail-on", "wechat-captcha")]
    for done in shown:
        assert "t0psecret" not in done.stdout + done.stderr, done.args
    for file in (folder / "reports").glob("*"):
        assert "t0psecret" not in file.read_text(encoding="utf-8"), file


def has_command(name: str) -> bool:
    from enrich.cli import cli

    return name in cli.commands


# --- two addresses of one article ---------------------------------------------------------------------


def duplicates(report: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [
        (found["document"], found["line"], found["message"])
        for found in report["findings"]
        if found["code"] == "duplicate-target"
    ]


def one_article(asked: Asked) -> Answer:
    return article(7)


def test_two_tokens_of_one_article_are_one_target_and_a_note(folder: Path, internet: Internet) -> None:
    internet.sites[HOST] = one_article
    write(folder, [short(1), short(2), short(1)], "a.md")
    write(folder, [short(1)], "b.md")
    for hour in ("02", "03"):
        run(folder, internet, f"21T{hour}:00:00")
        report = saved_report(folder)
        (target,) = report["targets"]
        assert target["id"] == "wx:3000000001:2650000007:1"
        assert len(target["links"]) == 4
        message = f"{target['id']} is linked already, under another address: {short(1)} at a.md:3"
        assert duplicates(report) == [("a.md", 4, message)]


def test_two_entries_with_two_tokens_of_one_article_are_told_once(folder: Path, internet: Internet) -> None:
    internet.sites[HOST] = one_article
    entry = "# Daily\n\n## 论文\n\n1. [题目{n}]({url})\n\n   论文: https://arxiv.org/abs/2101.0000{n}\n\n"
    (folder / "2021-01-01.md").write_text(entry.format(n=1, url=short(1)))
    (folder / "2021-01-02.md").write_text(entry.format(n=2, url=short(2)))
    run(folder, internet, "21T02:00:00", "run", "--kind", "wechat")
    report = saved_report(folder)
    assert [entry["article"]["target"] for entry in report["entries"]] == ["wx:3000000001:2650000007:1"] * 2
    ((document, _, message),) = duplicates(report)
    assert document == "2021-01-02.md"
    assert "has an entry already" in message
