"""No secret of a note, of the configuration or of the environment is in anything that a run leaves behind.

A canary stands in every position where people leave secrets. Each is made of letters and digits that occur
nowhere else, so that finding one says which position leaks. The cache holds the addresses themselves, which it
needs for asking again (its mode is 0600); all it says about them is looked at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from internet import Answer, Asked, Internet, environment, run_enrich
from sites import html, redirect

from enrich.registry import formats

NAME = "c4n4ry"


def canary(number: int) -> str:
    return f"{NAME}{number:02}Zq7w3rTy9KpLmXv2"


def parameter(number: int, name: str) -> str:
    return f"https://page-{number}.example/words?a=1&{name}={canary(number)}&b=2"


GHP = "ghp_" + "c4n4ry" + "Ab1" * 10  # not a token of anybody
JWT = "eyJ" + "c4n4ryhead" * 2 + "." + "c4n4rybody" * 2 + "." + "c4n4rysign"

KEYS = ("token", "key", "secret", "sig", "password", "auth", "X-Amz-Signature", "access_token", "api_key")
POSITIONS = {
    "user and password": f"https://user:{canary(1)}@page-1.example/words",
    "user alone": f"https://{canary(2)}@page-2.example/words",
    "password alone": f"https://:{canary(3)}@page-3.example/words",
    "a token's shape in the path": f"https://page-4.example/words/{GHP}",
    "a JSON web token in the query": f"https://page-5.example/words?x={JWT}",
    "a fragment": f"https://page-6.example/words#access_token={canary(6)}",
    "a second parameter of a fragment": f"https://page-7.example/words#state=1&access_token={canary(7)}",
    "a name that does not exist": f"https://user:{canary(8)}@no-such-name.invalid/?token={canary(8)}",
    "an address that is none": f"https://user:{canary(9)}@[::1/?token={canary(9)}",
    "a forbidden address": f"http://user:{canary(10)}@127.0.0.1/?secret={canary(10)}",
    "a page that is gone": f"https://page-11.example/gone?token={canary(11)}",
    "a redirect to a secret": "https://page-12.example/signed",
    "a redirect without end": f"https://page-13.example/loop?token={canary(13)}",
    "an upper-case parameter": parameter(14, "TOKEN"),
    **{f"the parameter {name}": parameter(20 + number, name) for number, name in enumerate(KEYS)},
}

HEADER, GITHUB, PROXY = canary(90), "gho_c4n4ry" + "Xy9" * 10, canary(92)
CONFIG = (
    f'host_interval = 0.02\nretries = 0\n[hosts."page-1.example"]\nheaders = {{ X-Key = "{HEADER}" }}\n'
)


def site(asked: Asked) -> Answer:
    """A web that sets cookies, signs redirects and repeats what it is asked."""
    path = asked.path.partition("?")[0]
    match path:
        case "/signed":
            return redirect(
                f"https://page-12.example/words?X-Amz-Signature={canary(12)}&token={canary(12)}"
            )
        case "/loop":
            return redirect(f"https://page-13.example/loop?token={canary(13)}")
        case "/gone":
            return html("Gone", status=404)
        case _:
            body = html(f"The page {asked.url} and {GHP}")
            return Answer(200, {**body.headers, "set-cookie": f"id={canary(93)}; Path=/"}, body.body)


@dataclass(frozen=True)
class Visit:
    folder: Path
    env: dict[str, str]
    done: CompletedProcess[str]
    asked: list[Asked]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "enrich.toml").write_text(CONFIG)
    lines = [f"- [{position}, {GHP}]({url})" for position, url in POSITIONS.items()]
    lines += [f"- <{url}>" for url in POSITIONS.values()] + list(POSITIONS.values())
    lines.append("- [code](https://github.com/owner/project)")
    (folder / "note.md").write_text("# Notes\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    with Internet(tmp_path_factory.mktemp("authority"), {".example": site}) as internet:
        env = environment(internet, GITHUB_TOKEN=GITHUB)
        proxy = internet.url.replace("//", f"//user:{PROXY}@")
        env |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "COLUMNS": "100000"}
        done = run_enrich(["run", "-v", "note.md"], folder, env)
        yield Visit(folder, env, done, internet.asked())


def canaries_in(text: str) -> set[str]:
    """Where a canary stands in a text, with what is around it."""
    found, lower = set(), text.lower()
    place = lower.find(NAME)
    while place >= 0:
        found.add(text[max(0, place - 40) : place + 20])
        place = lower.find(NAME, place + 1)
    return found


def test_the_run_asked_what_it_was_meant_to(visit: Visit) -> None:
    assert visit.done.returncode in (0, 1), visit.done.stderr
    hosts = {asked.host for asked in visit.asked}
    assert {f"page-{number}.example" for number in (1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 20, 28)} <= hosts


def test_a_run_says_no_secret(visit: Visit) -> None:
    assert "checked" in visit.done.stderr
    assert canaries_in(visit.done.stdout + visit.done.stderr) == set()


def test_no_report_holds_a_secret(visit: Visit) -> None:
    reports = [path for path in (visit.folder / "reports").rglob("*") if path.is_file()]
    assert "latest.json" in {path.name for path in reports}
    assert canaries_in("\n".join(path.read_text(encoding="utf-8") for path in reports)) == set()


@pytest.mark.parametrize("form", sorted(formats()))
def test_no_format_shows_a_secret(visit: Visit, form: str) -> None:
    shown = run_enrich(["report", "--format", form], visit.folder, visit.env)
    assert shown.returncode == 0, shown.stderr
    assert canaries_in(shown.stdout + shown.stderr) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["links", "note.md"],
        ["links", "note.md", "--format", "jsonl"],
        ["config"],
        ["cache", "info"],
        ["check", "-v", "--offline"],
    ],
)
def test_no_other_command_shows_a_secret(visit: Visit, arguments: list[str]) -> None:
    shown = run_enrich(arguments, visit.folder, visit.env)
    assert canaries_in(shown.stdout + shown.stderr) == set()


def test_what_the_cache_says_about_an_address_holds_no_secret(visit: Visit) -> None:
    [path] = list((visit.folder / "cache").glob("*.db")) or list((visit.folder / "cache").glob("*.sqlite*"))
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as cache:
        said = cache.execute("SELECT detail, reason FROM target").fetchall()
        said += cache.execute("SELECT detail, reason FROM checks").fetchall()
        said += cache.execute("SELECT options, version FROM run").fetchall()
        said += cache.execute("SELECT message, code FROM finding").fetchall()
    cache.close()
    assert canaries_in(str(said)) == set()


def test_nobody_is_sent_a_secret_that_is_not_his(visit: Visit) -> None:
    for asked in visit.asked:
        assert "cookie" not in asked.headers
        assert "proxy-authorization" not in asked.headers or asked.scheme == "http"
        sent = str(dict(asked.headers)) + asked.body.decode("latin-1")
        if asked.host == "api.github.com":
            assert GITHUB in asked.headers["authorization"]
            continue
        assert "authorization" not in asked.headers
        assert (HEADER in sent) == (asked.host == "page-1.example")
        allowed = {HEADER} if asked.host == "page-1.example" else {PROXY}
        assert not any(each in sent for each in {GITHUB, PROXY, HEADER} - allowed)
        assert "#" not in asked.path
        assert canary(1) not in asked.path + sent, "userinfo of a note was sent"


def test_a_proxy_that_fails_is_named_without_its_password(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("https://page-1.example/words\n")
    (tmp_path / "enrich.toml").write_text("retries = 0\n")
    nowhere = f"http://user:{PROXY}@127.0.0.1:9"
    for variables in ({"HTTPS_PROXY": nowhere}, {"HTTPS_PROXY": f"socks5://user:{PROXY}@127.0.0.1:9"}):
        done = run_enrich(["run", "-v", "note.md"], tmp_path, {**visit.env, **variables})
        assert done.returncode in (2, 3), done.stderr
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        text = "\n".join(path.read_bytes().decode("latin-1") for path in kept)
        assert canaries_in(done.stdout + done.stderr + text) == set()
