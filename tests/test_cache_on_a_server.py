"""The command line with a cache on PostgreSQL: the same reports, one run at a time, and no word of its password."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from internet import Internet, command, environment, run_enrich
from postgres import Postgres, serve

psycopg = pytest.importorskip("psycopg")

from enrich.store.caches import ServerCache, hold  # noqa: E402 - psycopg may be missing

NOTES = "# Notes\n\n" + "".join(f"- <https://page-{n % 3}.example/words/{n}>\n" for n in range(12))
SECRET = "s3cr3t-w0rd"


@pytest.fixture
def url(postgres: Postgres, postgres_url: str) -> str:
    """An address with a password, which a server that trusts everybody does not ask for."""
    return postgres_url.replace("enrich@", f"enrich:{SECRET}@") + "&application_name=secret-too"


@pytest.fixture
def env(internet: Internet) -> dict[str, str]:
    return environment(internet)


@pytest.fixture
def folder(folder: Path) -> Path:
    (folder / "enrich.toml").write_text("")
    (folder / "notes.md").write_text(NOTES + "- <https://page-0.example/gone-for-good>\n")
    return folder


def test_a_run_on_a_server_gives_the_report_of_a_run_in_a_file(
    folder: Path, env: dict[str, str], url: str
) -> None:
    env["ENRICH_NOW"] = "2026-11-21T06:00:00Z"
    said = {}
    for name, options in (("file", ["--cache", "sqlite:one.sqlite3"]), ("server", ["--cache", url])):
        done = run_enrich(["run", "notes.md", *options, "--reports-dir", name], folder, env)
        assert done.returncode == 0, done.stderr
        assert SECRET not in done.stdout + done.stderr
        again = run_enrich(["run", "notes.md", *options, "--reports-dir", name, "--offline"], folder, env)
        assert again.returncode == 0, again.stderr
        shown = run_enrich(["report", f"{name}/latest.json", "--stable", "--format", "json"], folder, env)
        assert shown.returncode == 0, shown.stderr
        said[name] = shown.stdout
        assert SECRET not in "".join(path.read_text() for path in (folder / name).iterdir())
    assert said["file"] == said["server"]
    assert '"broken"' in said["file"]
    assert (folder / "one.sqlite3").is_file()
    assert not (folder / "cache").exists()


def test_all_commands_find_the_cache_and_none_tells_its_password(
    folder: Path, env: dict[str, str], url: str
) -> None:
    env["ENRICH_CACHE"] = url
    assert run_enrich(["run", "notes.md", "-q"], folder, env).returncode == 0
    asked = [
        (["cache", "info"], "13 targets"),
        (["explain", "https://page-1.example/words/1"], "http-200"),
        (["explain", "https://page-1.example/never"], "has met it"),
        (["config"], "cache = postgresql://"),
        (["check", "notes.md"], "http-410"),
        (["cache", "prune", "--unused", "1d"], "0 targets forgotten"),
        (["cache", "clear"], "cleared"),
        (["explain", "https://page-1.example/words/1"], "has met it"),
        (["cache", "info"], "0 targets"),
    ]
    for words, expected in asked:
        done = run_enrich(words, folder, env)
        assert expected in done.stdout + done.stderr, words
        for secret in (SECRET, "secret-too", "search_path"):
            assert secret not in done.stdout + done.stderr, words


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--cache", "mysql://h/d"], 2, "wants postgresql://host/database"),
        (["--cache", "postgresql://u:pass-word@h:99999999/d"], 3, "is the address right?"),
        (["--cache", "postgresql://u:pass-word@127.0.0.1:1/d"], 3, "is the server running"),
        (["--cache", 'postgresql://u:1"pass-word@127.0.0.1:1/d'], 3, "is the server running"),
        (["--cache", "postgresql://u:pass-word@h/"], 2, "names no database"),
        (["--cache", "postgresql://u:1@pass-word@h/d"], 2, "%40 for @"),
        (["--cache", "postgresql://u:1/pass-word@h/d"], 2, "%2F for /"),
        (["--cache", "postgresql://u:1?pass-word@h/d"], 2, "%3F for ?"),
        (["--cache", "postgresql://u:1?p=1/pass-word@h/d"], 2, "%3F for ?"),
        (["--cache", "postgresql://u:1#pass-word@h/d"], 2, "%23 for #"),
        (["--cache", "postgresql://u:1 pass-word@h/d"], 2, "%20 for a space"),
        (["--cache", "postgresql://u:1%pass-word@h/d"], 2, "%25 for %"),
        (["--cache", "sqlite:x.sqlite3", "--cache-dir", "y"], 2, "leave one of them out"),
    ],
)
def test_an_address_that_leads_nowhere_is_named_without_its_password(
    folder: Path, env: dict[str, str], options: list[str], code: int, message: str
) -> None:
    done = run_enrich(["run", "notes.md", *options], folder, env)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "pass-word" not in done.stdout + done.stderr


@pytest.mark.parametrize("words", ["run notes.md", "leases", "cache info", "explain https://example.org/"])
def test_without_the_driver_the_extra_is_named(folder: Path, env: dict[str, str], words: str) -> None:
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['psycopg'] = None\n")
    env["PYTHONPATH"] += f":{folder}"
    done = run_enrich([*words.split(), "--cache", "postgresql://u@h/d"], folder, env)
    assert done.returncode == 2
    assert "pip install 'enrich-links[postgres]'" in done.stderr


def test_a_run_with_a_file_does_not_load_the_driver(folder: Path, env: dict[str, str]) -> None:
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['psycopg'] = None\n")
    env["PYTHONPATH"] += f":{folder}"
    assert run_enrich(["run", "notes.md", "-q"], folder, env).returncode == 0


def test_one_run_at_a_time_and_the_other_is_told_who(folder: Path, env: dict[str, str], url: str) -> None:
    with hold(ServerCache(url)):
        done = run_enrich(["run", "notes.md", "--cache", url], folder, env)
        assert done.returncode == 4
        assert "the cache is in use by enrich" in done.stderr
        assert "process" in done.stderr
        assert run_enrich(["cache", "clear", "--cache", url], folder, env).returncode in (2, 4)
    done = run_enrich(["run", "notes.md", "--cache", url], folder, env)
    assert done.returncode == 0, done.stderr


def test_a_role_that_may_only_read_is_told_what_is_known(
    folder: Path, env: dict[str, str], url: str, postgres: Postgres
) -> None:
    assert run_enrich(["run", "notes.md", "-q", "--cache", url], folder, env).returncode == 0
    name = url.split("%3D")[1].split("&")[0]
    postgres.execute(
        f"CREATE ROLE guest_of_{name} LOGIN; GRANT USAGE ON SCHEMA {name} TO guest_of_{name}; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO guest_of_{name}"
    )
    env["ENRICH_CACHE"] = postgres.url("postgres", user=f"guest_of_{name}", options=f"-csearch_path={name}")
    info = run_enrich(["cache", "info"], folder, env)
    assert "13 targets, 13 checks in 1 run" in info.stdout, info.stderr
    told = run_enrich(["explain", "https://page-1.example/words/1"], folder, env)
    assert "http-200" in told.stdout, told.stderr
    refused = run_enrich(["run", "notes.md"], folder, env)
    assert (refused.returncode, "the role may not do this" in refused.stderr) == (3, True), refused.stderr


def test_a_cache_is_copied_to_a_server_and_back_and_never_over_another(
    folder: Path, env: dict[str, str], url: str
) -> None:
    assert run_enrich(["run", "notes.md", "-q"], folder, env).returncode == 0
    there = run_enrich(["cache", "copy", "cache", url], folder, env)
    assert there.returncode == 0, there.stderr
    assert "target: 13 rows" in there.stdout
    assert SECRET not in there.stdout + there.stderr
    assert run_enrich(["cache", "copy", "cache", url], folder, env).stdout == there.stdout, "it is one"
    assert run_enrich(["run", "notes.md", "-q", "--refresh"], folder, env).returncode == 0
    again = run_enrich(["cache", "copy", "cache", url], folder, env)
    assert (again.returncode, "is not empty" in again.stderr) == (2, True), again.stderr
    assert SECRET not in again.stderr
    back = run_enrich(["cache", "copy", url, "sqlite:back/one.sqlite3"], folder, env)
    assert back.returncode == 0, back.stderr
    env["ENRICH_CACHE"] = "sqlite:back/one.sqlite3"
    told = run_enrich(["explain", "https://page-0.example/gone-for-good"], folder, env)
    assert "http-410" in told.stdout
    assert "cache at back/one.sqlite3" not in told.stdout, "that would say that there is none"
    for words in (["nowhere", url], ["cache", "cache"], ["cache", "mysql://h/d"]):
        assert run_enrich(["cache", "copy", *words], folder, env).returncode == 2, words


def test_a_run_outlasts_a_server_that_crashes(folder: Path, env: dict[str, str]) -> None:
    with serve(durable=True) as server:
        env |= {"ENRICH_CACHE": (url := server.database()), "PYTHONUNBUFFERED": "1"}
        words = command("run", "notes.md", "-v", "--no-progress", "--host-interval", "0.2")
        with subprocess.Popen(
            words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8"
        ) as run:
            assert run.stderr is not None
            said = [next(line for line in run.stderr if line.startswith("checked "))]
            server.restart()
            said += [line for line in run.stderr if line.startswith("checked ")]
            assert run.wait(300) == 0
        assert len(said) == len(set(said)) == 13
        with psycopg.connect(url) as connection:
            counts = connection.execute("SELECT count(*), count(DISTINCT target_id) FROM checks").fetchall()
            assert counts == [(13, 13)]
            assert connection.execute("SELECT complete FROM run").fetchall() == [(1,)]
