"""The command line as people and programs meet it: options, messages, exit codes, and what goes where.

Bad input is told with its place and the way out, before anything is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from internet import PROJECT, Internet, command, environment, run_enrich, saved_report
from requirements import require

from enrich.store.sqlite import FILE_NAME


@dataclass(frozen=True)
class Desk:
    """A folder of notes, and a way to run the program in it behind the tests' internet."""

    folder: Path
    internet: Internet

    def enrich(self, *args: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        variables = environment(self.internet, **{"ENRICH_NOW": "2026-11-21T06:00:00Z", **env})
        return run_enrich(args, self.folder, variables, stdin=stdin)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def links(self, *args: str, stdin: str | None = None) -> list[dict[str, Any]]:
        done = self.enrich("links", "--format", "jsonl", *args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    @property
    def made(self) -> set[str]:
        """The folders of results that exist."""
        return {name for name in ("cache", "reports") if (self.folder / name).exists()}


@pytest.fixture
def desk(tmp_path: Path, internet: Internet) -> Desk:
    desk = Desk(tmp_path / "desk", internet)
    desk.folder.mkdir()
    return desk


NOTES = {
    "2020-12-30.md": "# Old\n\n[an old page](https://page-1.example/old)\n",
    "2021-01-15.md": "# New\n\n[a new page](https://page-2.example/new) and ![a picture](https://page-2.example/p.png)\n",
    "undated.md": "# Whenever\n\nSee https://page-3.example/whenever or `https://page-3.example/in-code`.\n",
    "other/2021-02-01.md": "# Papers\n\n- [paper](https://arxiv.org/abs/2101.00001)\n- [code](https://github.com/o/r)\n",
}


@pytest.fixture
def noted(desk: Desk) -> Desk:
    for name, text in NOTES.items():
        desk.write(f"notes/{name}", text)
    return desk


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "config", "words"),
    [
        pytest.param(["no-such-folder"], "", ["no-such-folder"], marks=pytest.mark.smoke),
        (["notes", "--since", "2021-13"], "", ["--since", "2021-13"]),
        (["notes", "--until", "yesterday"], "", ["--until", "yesterday", "2021"]),
        (["notes", "--exclude", "(unclosed"], "", ["--exclude", "(unclosed"]),
        (["notes", "--format", "no-such-format"], "", ["--format", "no-such-format", "jsonl"]),
        (["notes", "--allow-net", "10.0.0.0/99"], "", ["--allow-net", "10.1.0.0/16"]),
        (["notes", "--kind", "no-such-kind"], "", ["--kind", "wechat"]),
        (["notes", "--timeout", "-1"], "", ["--timeout", "-1"]),
        (["notes", "--no-such-option"], "", ["--no-such-option"]),
        (["notes", "--config", "no-such.toml"], "", ["no-such.toml"]),
        pytest.param(
            ["notes"], "tiemout = 20\n", ["enrich.toml:1", "tiemout", "timeout"], marks=pytest.mark.smoke
        ),
        (["notes"], "timeout = 'soon'\n", ["enrich.toml:1", "timeout", "soon"]),
        (["notes"], "timeout = \n", ["enrich.toml"]),
        (["notes"], "retries = 1.5\n", ["enrich.toml:1", "retries", "1.5"]),
        (["notes"], '[hosts."a.example"]\nheaders = 5\n', ["enrich.toml:2", "headers", "table"]),
        (["notes"], '[hosts."a.example"]\nspeed = 1\n', ["enrich.toml:2", "speed", "interval"]),
        (
            ["notes"],
            '[hosts."mp.weixin.qq.com"]\ninterval = 1\n',
            ["enrich.toml:2", "mp.weixin.qq.com", "--config"],
        ),
        (
            ["notes"],
            '[hosts."export.arxiv.org"]\nconcurrency = 2\n',
            ["enrich.toml:2", "export.arxiv.org", "--config"],
        ),
    ],
)
def test_bad_input_is_told_with_its_place_and_the_way_out(
    noted: Desk, args: list[str], config: str, words: list[str]
) -> None:
    if config:
        noted.write("enrich.toml", config)
    before = len(noted.internet.asked())
    done = noted.enrich("check", *args)
    assert done.returncode == 2, done.stderr
    assert [word for word in words if word not in done.stderr] == []
    assert "Traceback" not in done.stderr
    assert (done.stdout, noted.made, len(noted.internet.asked())) == ("", set(), before)


def test_a_named_file_that_is_binary_is_a_usage_error(desk: Desk) -> None:
    (desk.folder / "picture.md").write_bytes(b"\x89PNG\x00\x00https://page-1.example/\x00")
    done = desk.enrich("run", "picture.md")
    assert (done.returncode, desk.made) == (2, set())
    assert "picture.md" in done.stderr


def test_a_named_file_without_permission_is_a_usage_error(desk: Desk) -> None:
    require("unprivileged", os.geteuid() != 0, "root may read every file")
    desk.write("secret.md", "https://page-1.example/\n").chmod(0)
    done = desk.enrich("run", "secret.md")
    assert (done.returncode, desk.made) == (2, set())
    assert "secret.md" in done.stderr


def test_an_unreadable_document_met_on_the_way_costs_one_finding(noted: Desk) -> None:
    (noted.folder / "notes" / "broken.md").write_bytes(b"\x00\x01\x02 binary \x00")
    done = noted.enrich("run", "notes", "--kind", "web")
    assert done.returncode == 0, done.stderr
    report = saved_report(noted.folder)
    found = [row for row in report["findings"] if row["code"] == "unreadable-document"]
    assert [(row["document"], row["severity"]) for row in found] == [("notes/broken.md", "error")]
    assert report["summary"]["documents_skipped"] == 1
    assert report["summary"]["by_status"]["ok"] == 3


@pytest.mark.parametrize("url", ["http://exa mple/", "http://[::1", "https://:99/"])
def test_an_address_that_cannot_be_parsed_is_broken_without_a_question(desk: Desk, url: str) -> None:
    desk.write("notes.md", f"[bad](<{url}>)\n")
    before = len(desk.internet.asked())
    done = desk.enrich("run", "notes.md")
    assert done.returncode == 0, done.stderr
    rows = [(row["status"], row["reason"]) for row in saved_report(desk.folder)["targets"]]
    assert rows == [("broken", "invalid-url")]
    assert len(desk.internet.asked()) == before


# --- trust ------------------------------------------------------------------------------------------

FROM_A_STRANGER = {
    "allow_net": 'allow_net = ["10.0.0.0/8"]',
    "allow_private": "allow_private = true",
    "cache_dir": 'cache_dir = "elsewhere"',
    "cache": 'cache = "sqlite:elsewhere.sqlite3"',
    "reports_dir": 'reports_dir = "elsewhere"',
    "output": 'output = "elsewhere.txt"',
    "remap": 'remap = ["https://page-1 https://page-9"]',
    "github_token": 'github_token = "abc"',
    "github.api_url": '[github]\napi_url = "https://page-9.example"',
    "headers": '[hosts."page-1.example"]\nheaders = {Cookie = "a=b"}',
}


@pytest.mark.parametrize("name", FROM_A_STRANGER)
def test_check_refuses_what_a_stranger_must_not_decide(noted: Desk, name: str) -> None:
    noted.write("enrich.toml", FROM_A_STRANGER[name])
    done = noted.enrich("check", "notes")
    assert done.returncode == 2
    assert name.rpartition(".")[2] in done.stderr
    assert "enrich.toml:" in done.stderr
    assert noted.made == set()


def test_check_knows_no_proxy_setting_at_all(noted: Desk) -> None:
    noted.write("enrich.toml", 'proxy = "http://page-9.example:3128"')
    assert noted.enrich("check", "notes").returncode == 2


def test_run_accepts_them_from_a_file_of_ones_own(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a\n")
    lines = [FROM_A_STRANGER[name] for name in ("allow_net", "cache_dir", "remap", "headers")]
    desk.write("enrich.toml", "\n".join(lines).replace("page-1.example", "page-9.example") + "\n")
    done = desk.enrich("run", "notes.md")
    assert done.returncode == 0, done.stderr
    assert (desk.folder / "elsewhere").is_dir()
    asked = desk.internet.asked("page-9.example")
    assert asked
    assert {request.headers.get("cookie") for request in asked} == {"a=b"}


def test_check_takes_them_as_options(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a\n")
    options = [
        "--cache-dir",
        "mine",
        "--remap",
        "https://page-1 https://page-7",
        "--allow-net",
        "10.0.0.0/8",
    ]
    done = desk.enrich("check", "notes.md", *options)
    assert done.returncode == 0, done.stderr
    assert (desk.folder / "mine").is_dir()
    assert [request.path for request in desk.internet.asked("page-7.example")][:1] == ["/a"]


# --- links ------------------------------------------------------------------------------------------

FIELDS = [
    *("document", "line", "column", "url", "written", "text", "element", "image"),
    *("kind", "id", "target_url", "date", "date_source", "used_at"),
]


@pytest.mark.smoke
def test_links_prints_what_would_be_checked(noted: Desk) -> None:
    rows = noted.links("notes")
    assert [list(row) for row in rows] == [FIELDS] * len(rows)
    new = next(row for row in rows if row["text"] == "a new page")
    assert new == {
        "document": "notes/2021-01-15.md",
        "line": 3,
        "column": 14,
        "url": "https://page-2.example/new",
        "written": None,
        "text": "a new page",
        "element": "inline",
        "image": False,
        "kind": "web",
        "id": "url:https://page-2.example/new",
        "target_url": "https://page-2.example/new",
        "date": "2021-01-15",
        "date_source": "filename",
        "used_at": None,
    }
    assert {row["id"] for row in rows} >= {"arxiv:2101.00001", "github:o/r"}
    assert noted.made == set()


def test_links_shows_how_a_url_stands_when_that_differs(desk: Desk) -> None:
    rows = desk.links(
        "-", stdin="[a](https://page-1.example/?a=1&amp;b=2) [b][r]\n\n[r]: https://page-1.example/r\n"
    )
    assert [(row["url"], row["written"]) for row in rows] == [
        ("https://page-1.example/?a=1&b=2", "https://page-1.example/?a=1&amp;b=2"),
        ("https://page-1.example/r", None),
    ]
    reference = rows[1]
    assert (reference["element"], reference["line"], reference["column"]) == ("reference", 3, 6)
    assert reference["used_at"] == [1, 42]


def test_a_document_can_come_from_standard_input(desk: Desk) -> None:
    assert [row["url"] for row in desk.links("-", stdin="see https://page-1.example/a\n")] == [
        "https://page-1.example/a"
    ]
    done = desk.enrich("check", "-", stdin="see https://page-1.example/gone-for-good\n")
    assert done.returncode == 1, done.stderr
    assert "http-410" in done.stdout


@pytest.mark.parametrize(
    ("options", "documents"),
    [
        (["--since", "2021-01"], {"2021-01-15.md", "other/2021-02-01.md", "undated.md"}),
        (["--since", "2021-01", "--undated", "skip"], {"2021-01-15.md", "other/2021-02-01.md"}),
        (["--since", "2021-01-16", "--undated", "skip"], {"other/2021-02-01.md"}),
        (["--until", "2020", "--undated", "skip"], {"2020-12-30.md"}),
        (["--until", "2021-01", "--undated", "skip"], {"2020-12-30.md", "2021-01-15.md"}),
        (["--kind", "arxiv", "--kind", "github"], {"other/2021-02-01.md"}),
        (["--exclude-path", "other/", "--exclude-path", "undated"], {"2020-12-30.md", "2021-01-15.md"}),
    ],
)
def test_links_can_be_chosen_by_date_kind_and_path(
    noted: Desk, options: list[str], documents: set[str]
) -> None:
    assert {row["document"].removeprefix("notes/") for row in noted.links("notes", *options)} == documents


def test_a_run_since_a_date_counts_the_links_whose_date_nobody_knows(noted: Desk) -> None:
    before = len(noted.internet.asked())
    done = noted.enrich("run", "notes", "--since", "2021-01", "--kind", "web")
    assert done.returncode == 0, done.stderr
    report = saved_report(noted.folder)
    assert report["run"]["since"] == "2021-01"
    assert report["summary"]["undated_links"] == 2
    assert {link["date"] for row in report["targets"] for link in row["links"]} == {"2021-01-15", None}
    assert "/old" not in {asked.path for asked in noted.internet.asked()[before:]}


def test_the_summary_counts_undated_links_that_were_left_out_too(noted: Desk) -> None:
    done = noted.enrich("run", "notes", "--since", "2021-01", "--undated", "skip", "--offline")
    assert done.returncode == 0, done.stderr
    assert saved_report(noted.folder)["summary"]["undated_links"] == 2
    assert "2 links without a known date" in done.stdout


def test_verdicts_that_need_no_network_are_given_offline(desk: Desk) -> None:
    desk.write(
        "a.md", "[a](https://arxiv.org/abs/2013.00001) <http://host:99999/> <https://page-1.example/>\n"
    )
    done = desk.enrich("run", "a.md", "--offline")
    assert done.returncode == 0, done.stderr
    found = {row["id"]: (row["status"], row["reason"]) for row in saved_report(desk.folder)["targets"]}
    assert found == {
        "arxiv:2013.00001": ("broken", "arxiv-bad-id"),
        "url:http://host:99999/": ("broken", "invalid-url"),
        "url:https://page-1.example/": ("skipped", "offline"),
    }


def test_a_near_path_or_anchor_is_suggested_as_it_is_to_be_written(desk: Desk) -> None:
    desk.write("sub/b.md", "# 中文 标题\n\n[up](../x%20yy.md) [here](#中文标题)\n")
    desk.write("x y.md", "# X\n")
    done = desk.enrich("check", ".", "--offline")
    assert done.returncode == 1
    assert "try ../x%20y.md" in done.stdout
    assert "try #中文-标题" in done.stdout


def test_prose_without_markup_has_names_too(desk: Desk) -> None:
    for name in ("a.txt", "a.rst"):
        desk.write(name, "see arXiv:2001.12345 and github.com/o/r\n")
    assert [row["id"] for row in desk.links("a.txt", "a.rst")] == ["arxiv:2001.12345", "github:o/r"] * 2


def test_a_file_name_that_is_no_unicode_costs_nothing(desk: Desk) -> None:
    (desk.folder / "notes").mkdir()
    name = os.fsencode(desk.folder / "notes") + b"/\xc4\xe3.md"
    with open(name, "w", encoding="utf-8") as file:
        file.write("<https://page-1.example/>\n")
    for arguments in (
        ["run", "notes", "--offline"],
        ["links", "notes", "--format", "jsonl"],
        ["links", "notes"],
    ):
        done = desk.enrich(*arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_excluded_links_are_skipped_and_include_wins(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a https://page-1.example/b https://page-2.example/c\n")
    done = desk.enrich("run", "notes.md", "--exclude", r"page-1\.example", "--include", "/b$")
    assert done.returncode == 0, done.stderr
    rows = {row["url"]: (row["status"], row["reason"]) for row in saved_report(desk.folder)["targets"]}
    assert rows["https://page-1.example/a"] == ("skipped", "excluded")
    assert rows["https://page-1.example/b"] == ("ok", "http-200")


def test_an_ignore_file_excludes_too(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a https://page-2.example/b\n")
    desk.write(".enrichignore", "# not this one\npage-1\\.example\n")
    assert desk.enrich("run", "notes.md").returncode == 0
    rows = {row["url"]: row["reason"] for row in saved_report(desk.folder)["targets"]}
    assert rows == {"https://page-1.example/a": "excluded", "https://page-2.example/b": "http-200"}


def test_code_and_images_are_listed_and_skipped(noted: Desk) -> None:
    done = noted.enrich("run", "notes", "--kind", "web")
    assert done.returncode == 0, done.stderr
    rows = {row["url"]: (row["status"], row["reason"]) for row in saved_report(noted.folder)["targets"]}
    assert rows["https://page-3.example/in-code"] == ("skipped", "code")
    assert rows["https://page-2.example/p.png"] == ("skipped", "image")
    again = noted.enrich("run", "notes", "--kind", "web", "--check-images")
    assert again.returncode == 0, again.stderr
    rows = {row["url"]: (row["status"], row["reason"]) for row in saved_report(noted.folder)["targets"]}
    assert rows["https://page-2.example/p.png"] == ("ok", "http-200")


@pytest.mark.parametrize(
    ("options", "documents"),
    [
        (["notes/2021-01-15.md"], {"notes/2021-01-15.md"}),
        (["notes/*.md"], {"notes/2020-12-30.md", "notes/2021-01-15.md", "notes/undated.md"}),
        (["notes/other", "notes/other/2021-02-01.md"], {"notes/other/2021-02-01.md"}),
        (["--files-from", "list.txt"], {"notes/undated.md"}),
        (["notes", "--extensions", "txt"], {"notes/words.txt"}),
        ([".secret"], {".secret/hidden.md"}),
        ([".", "--hidden", "--exclude-path", "notes"], {".secret/hidden.md", "cache.md"}),
    ],
)
def test_documents_can_be_chosen_by_path(noted: Desk, options: list[str], documents: set[str]) -> None:
    for name in ("notes/words.txt", ".secret/hidden.md", "cache.md", "cache/old.md", "reports/old.md"):
        noted.write(name, "https://page-1.example/\n")
    noted.write("list.txt", "notes/undated.md\n")
    assert {row["document"] for row in noted.links(*options)} == documents


@pytest.mark.parametrize("name", ["enrich.toml", "pyproject.toml"])
def test_the_configuration_is_found_at_the_git_root(desk: Desk, name: str) -> None:
    prefix = "" if name == "enrich.toml" else "[tool.enrich]\n"
    desk.write(name, prefix + 'exclude_path = ["left-out"]\n')
    (desk.folder / ".git").mkdir()
    for document in ("left-out.md", "read.md"):
        desk.write(f"deep/{document}", "https://page-1.example/\n")
    below = Desk(desk.folder / "deep", desk.internet)
    assert {row["document"] for row in below.links(".")} == {"read.md"}


def test_hosts_may_be_left_for_later(desk: Desk) -> None:
    desk.write("notes.md", "\n".join(f"- <https://page-1.example/deferred/{n}>" for n in range(5)))
    for asked, deferred in ((2, 3), (4, 1), (5, 0)):
        done = desk.enrich("run", "notes.md", "--max-per-host", "2")
        assert done.returncode == 0, done.stderr
        report = saved_report(desk.folder)
        assert report["run"]["complete"] is True
        assert report["summary"]["by_status"] == {
            **dict.fromkeys(report["summary"]["by_status"], 0),
            "ok": asked,
            "skipped": deferred,
        }
        assert report["summary"]["deferred"] == deferred


# --- the other commands -----------------------------------------------------------------------------


@pytest.fixture
def ran(desk: Desk) -> Desk:
    desk.write(
        "notes.md", "# Notes\n\n[a](https://page-1.example/a) [b](https://page-2.example/gone-for-good)\n"
    )
    done = desk.enrich("run", "notes.md")
    assert done.returncode == 0, done.stderr
    return desk


def test_config_shows_every_setting_and_where_it_came_from(desk: Desk) -> None:
    desk.write("enrich.toml", "retries = 7\n")
    done = desk.enrich("config", ENRICH_TIMEOUT="11", GITHUB_TOKEN="gho_secret_of_somebody")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.split()}
    assert "7" in lines["retries"]
    assert "enrich.toml:1" in lines["retries"]
    assert "11" in lines["timeout"]
    assert "ENRICH_TIMEOUT" in lines["timeout"]
    assert "default" in lines["concurrency"]
    assert "gho_secret_of_somebody" not in done.stdout + done.stderr
    wechat = "1 at a time, 8 to 12 s apart, at most 500 a day, at most 30 in one check"
    assert lines['hosts."mp.weixin.qq.com":'].endswith(wechat)
    assert lines['hosts."arxiv.org":'].endswith("1 at a time, 3 s apart")


@pytest.mark.smoke
@pytest.mark.parametrize("form", ["text", "json", "jsonl", "markdown"])
def test_a_saved_report_is_rendered_again(ran: Desk, form: str) -> None:
    done = ran.enrich("report", "reports/latest.json", "--format", form)
    assert done.returncode == 0, done.stderr
    assert "https://page-2.example/gone-for-good" in done.stdout
    assert ran.enrich("report", "--format", form).stdout == done.stdout


def test_a_saved_report_as_json_is_the_same_report(ran: Desk) -> None:
    done = ran.enrich("report", "reports/latest.json", "--format", "json")
    assert json.loads(done.stdout) == saved_report(ran.folder)


def test_the_stable_form_leaves_out_what_differs_between_runs(ran: Desk) -> None:
    stable = json.loads(ran.enrich("report", "--format", "json", "--stable").stdout)
    assert "run" not in stable
    varying = {"checked_at", "from_cache", "attempts", "first_failed_at", "failed_checks"}
    varying |= {"last_ok_at", "metadata_fetched_at"}
    kept = set(saved_report(ran.folder)["targets"][0]) - varying
    assert [set(row) for row in stable["targets"]] == [kept] * 2


def test_a_report_that_does_not_exist_is_a_usage_error(desk: Desk) -> None:
    done = desk.enrich("report", "no-such.json", "--format", "text")
    assert done.returncode == 2
    assert "no-such.json" in done.stderr


def test_the_cache_can_be_looked_at_pruned_and_cleared(ran: Desk) -> None:
    info = ran.enrich("cache", "info")
    assert info.returncode == 0, info.stderr
    assert "2" in info.stdout
    assert ran.enrich("cache", "prune").returncode == 0
    before = len(ran.internet.asked())
    assert ran.enrich("run", "notes.md").returncode == 0
    assert len(ran.internet.asked()) == before
    assert ran.enrich("cache", "clear").returncode == 0
    assert ran.enrich("run", "notes.md").returncode == 0
    assert len(ran.internet.asked()) > before


def test_check_writes_its_format_to_a_file_when_asked(ran: Desk) -> None:
    done = ran.enrich("check", "notes.md", "--format", "json", "--output", "out.json")
    assert (done.returncode, done.stdout) == (1, "")
    written = json.loads((ran.folder / "out.json").read_text(encoding="utf-8"))
    assert written["summary"]["by_status"]["broken"] == 1


def test_stdout_holds_data_alone(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a https://page-1.example/gone-for-good\n")
    done = desk.enrich("check", "notes.md", "--format", "json", "-v")
    assert done.returncode == 1
    assert json.loads(done.stdout)["summary"]["targets"] == 2
    assert "checked ok http-200 url:https://page-1.example/a" in done.stderr


def test_only_so_many_dated_reports_are_kept(ran: Desk) -> None:
    for day in range(1, 5):
        now = f"2026-12-0{day}T06:00:00Z"
        assert ran.enrich("run", "notes.md", "--offline", "--keep", "2", ENRICH_NOW=now).returncode == 0
    dated = {path.name for path in (ran.folder / "reports").glob("*.json")} - {
        "latest.json",
        "latest.changes.json",
    }
    assert len(dated) == 2
    assert json.loads((ran.folder / "reports" / max(dated)).read_text()) == saved_report(ran.folder)


def test_a_document_cannot_forge_the_output(desk: Desk) -> None:
    desk.write("notes.md", "[\x1b[2J\x07 red](https://page-1.example/gone-for-good)\n")
    done = desk.enrich("check", "notes.md", "-v")
    assert done.returncode == 1, done.stderr
    assert [sign for sign in ("\x1b[2J", "\x07") if sign in done.stdout + done.stderr] == []


def test_a_private_address_is_not_asked(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a http://127.0.0.1:1/ http://169.254.169.254/latest\n")
    done = desk.enrich("run", "notes.md")
    assert done.returncode == 0, done.stderr
    rows = {row["url"]: (row["status"], row["reason"]) for row in saved_report(desk.folder)["targets"]}
    refused = ("blocked", "forbidden-address")
    assert rows["http://127.0.0.1:1/"] == rows["http://169.254.169.254/latest"] == refused
    assert desk.internet.asked("127.0.0.1:1", "169.254.169.254") == []


def test_a_clock_in_the_environment_dates_what_is_stored(ran: Desk) -> None:
    report = saved_report(ran.folder)
    dates = {row["checked_at"] for row in report["targets"]} | {report["run"]["started_at"]}
    assert {date[:10] for date in dates} == {"2026-11-21"}


def test_quiet_says_nothing_when_nothing_is_wrong(desk: Desk) -> None:
    desk.write("notes.md", "https://page-1.example/a\n")
    done = desk.enrich("run", "notes.md", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_damaged_cache_is_set_aside_and_said(ran: Desk) -> None:
    (cache,) = (path for path in (ran.folder / "cache").iterdir() if path.name.endswith("sqlite3"))
    for path in (ran.folder / "cache").glob("*sqlite3*"):
        path.unlink()
    cache.write_bytes(b"this is no database, whatever its name says" * 1000)
    assert "corrupt-1" in ran.enrich("cache", "info").stderr
    cache.write_bytes(b"")
    done = ran.enrich("run", "notes.md")
    assert (done.returncode, "corrupt-2" in done.stderr) == (0, True)
    warnings = saved_report(ran.folder)["run"]["warnings"]
    assert [(warning["code"], "corrupt-2" in warning["message"]) for warning in warnings] == [
        ("cache-set-aside", True),
        ("addresses-by-proxy", False),
    ]
    assert "corrupt" not in ran.enrich("run", "notes.md").stderr
    assert ran.enrich("cache", "clear").returncode == 0
    assert list((ran.folder / "cache").glob("*sqlite3*")) == []


def test_a_cache_that_git_keeps_is_not_believed_by_a_check(desk: Desk) -> None:
    """A pull request could bring one that calls its own broken links alive."""
    desk.write("notes.md", "<https://page-1.example/gone-for-good>\n")
    assert desk.enrich("run", "notes.md").returncode == 0
    with contextlib.closing(sqlite3.connect(desk.folder / "cache" / FILE_NAME)) as cache:
        cache.execute("UPDATE target SET status = 'ok', attempted_status = 'ok', reason = 'http-200'")
        cache.commit()
    assert desk.enrich("check", "notes.md").returncode == 0
    before = (desk.folder / "cache" / FILE_NAME).read_bytes()
    for arguments in (["init", "-q"], ["add", "--force", "cache"]):
        subprocess.run(["git", *arguments], cwd=desk.folder, check=True)
    done = desk.enrich("check", "notes.md")
    assert done.returncode == 1
    assert "git keeps this cache" in done.stderr
    assert (desk.folder / "cache" / FILE_NAME).read_bytes() == before
    desk.enrich("run", "notes.md", "--offline")
    assert [row["status"] for row in saved_report(desk.folder)["targets"]] == ["ok"]


def test_a_reader_who_has_had_enough_is_no_fault(desk: Desk) -> None:
    desk.write("notes.md", "\n".join(f"- <https://page-1.example/{n}>" for n in range(5000)))
    env = environment(desk.internet)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("links"), cwd=desk.folder, env=env, stdout=pipe, stderr=pipe, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert "notes.md:1:4" in running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == ""


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTPS_PROXY": "::::"},
        {"HTTPS_PROXY": "http://no proxy at all"},
        {"SSL_CERT_FILE": "no-such.pem"},
        {"ENRICH_NOW": "soon"},
        {"ENRICH_TIMEOUT": "long"},
    ],
)
def test_a_bad_environment_is_bad_input_too(desk: Desk, extra: dict[str, str]) -> None:
    desk.write("notes.md", "https://page-1.example/a\n")
    done = desk.enrich("run", "notes.md", **extra)
    assert (done.returncode, done.stdout) == (2, "")
    assert next(iter(extra)) in done.stderr
    assert "Traceback" not in done.stderr
    assert desk.made == set()


@pytest.mark.smoke
def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = "import enrich.cli, sys; print('\\n'.join(sys.modules))"
    env = environment(None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=PROJECT, capture_output=True, text=True, check=True
    )
    heavy = {"httpx", "arxiv", "selectolax", "anyio", "requests", "lxml", "tenacity"}
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.smoke
def test_help_and_version_are_there(desk: Desk) -> None:
    done = desk.enrich("--help")
    assert done.returncode == 0
    commands = ("run", "check", "links", "report", "cache", "config")
    assert [name for name in commands if name not in done.stdout] == []
    version = desk.enrich("--version")
    assert (version.returncode, desk.made) == (0, set())
    assert any(character.isdigit() for character in version.stdout)
