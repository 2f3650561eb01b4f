"""Settings: sources, their order, whom they are trusted from, and errors that name the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from enrich.config import SETTINGS, load, seconds
from enrich.equipment import ages_of
from enrich.errors import UsageError


def loaded(folder: Path, command: str = "run", text: str | None = None, **more: Any) -> Any:
    if text is not None:
        (folder / "enrich.toml").write_text(text, encoding="utf-8")
    return load(command, more.pop("options", {}), environ=more.pop("environ", {}), folder=folder, **more)


def test_an_option_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    text = "timeout = 11\nretries = 5\nkeep = 3\n"
    settings = loaded(
        tmp_path,
        text=text,
        environ={"ENRICH_TIMEOUT": "12", "ENRICH_RETRIES": "6"},
        options={"timeout": "13"},
    )
    assert [settings[name] for name in ("timeout", "retries", "keep", "concurrency")] == [13.0, 6, 3, 256]
    assert settings.sources["timeout"] == "option --timeout"
    assert settings.sources["retries"] == "environment ENRICH_RETRIES"
    assert settings.sources["keep"].endswith("enrich.toml:3: keep")
    assert settings.sources["concurrency"] == "default"


def test_the_file_is_found_at_the_git_root_and_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "notes" / "2022"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.enrich]\nkeep = 4\n", encoding="utf-8")
    assert loaded(inner)["keep"] == 4


def test_the_github_token_comes_from_its_usual_variable(tmp_path: Path) -> None:
    assert loaded(tmp_path, environ={"GITHUB_TOKEN": "abc"})["github_token"] == "abc"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("timeot = 3\n", "enrich.toml:1: timeot", "valid keys are"),
        ("\ntimeout = -1\n", "enrich.toml:2: timeout", "at least"),
        ("host_interval = 'fast'\n", "enrich.toml:1: host_interval", "500ms"),
        ("exclude = ['(']\n", "enrich.toml:1: exclude", "regular expression"),
        ("kind = ['wechaat']\n", "enrich.toml:1: kind", "wechat"),
        ("since = '2021-13'\n", "--since", "2021-01"),
        ("fail_on = ['http-4o4']\n", "enrich.toml:1: fail_on", "enrich config --codes"),
        ("allow_net = ['10.0.0.0/33']\n", "enrich.toml:1: allow_net", "10.1.0.0/16"),
        (
            "[ages]\nokay = '7d'\n",
            "enrich.toml:2: ages.okay",
            "valid keys are arxiv_metadata, blocked, broken",
        ),
        ("[ages]\nok = 'a week'\n", "enrich.toml:2: ages.ok", "500ms"),
        ("[ages]\nok = '3d'\nok_spread = '4d'\n", "enrich.toml:3: ages.ok_spread", "not be longer than ok"),
        ("ages = 7\n", "enrich.toml:1: ages", "must be a table"),
        ("not toml\n", "enrich.toml", "TOML"),
        ("max_age = inf\n", "enrich.toml:1: max_age", "duration"),
        ("max_age = 1e300\n", "enrich.toml:1: max_age", "duration"),
        ("cache_dir = ''\n", "enrich.toml:1: cache_dir", "empty"),
        ("cache = 'mysql://h/d'\n", "enrich.toml:1: cache", "postgresql://host/database"),
        ("cache = 'postgresql://h'\n", "enrich.toml:1: cache", "names no database"),
        ("cache = 'sqlite:'\n", "enrich.toml:1: cache", "the path of a file"),
        (
            "cache = 'sqlite:x'\ncache_dir = 'y'\n",
            "cache and cache_dir are both set",
            "leave one of them out",
        ),
        ('[hosts."a.example".headers]\n"A b" = "v"\n', "headers", "no name of a header"),
        ('[hosts."a.example"]\nspeed = 1\n', "enrich.toml:2", "interval"),
        ("[confirm]\nchecks = 0\n", "enrich.toml", "at least 1"),
        ("[report]\nformats = ['docx']\n", "formats", "markdown"),
        ('[hosts."mp.weixin.qq.com"]\ninterval = 1\n', "enrich.toml:2", "--i-own-these-hosts"),
        ('[hosts."export.arxiv.org"]\nconcurrency = 2\n', "enrich.toml:2", "--i-own-these-hosts"),
        ('[hosts."arxiv.org"]\ninterval = 1\n', "enrich.toml:2", "--i-own-these-hosts"),
        ('[hosts."www.arxiv.org"]\ninterval = 1\n', "enrich.toml:2", "--i-own-these-hosts"),
        ("[arxiv]\ndatacite = false\n", "arxiv.datacite", "valid keys are api_url, datacite_url"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_place_and_way_out(
    tmp_path: Path, text: str, place: str, hint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        loaded(tmp_path, text=text)
    assert place in str(raised.value)
    assert hint in str(raised.value)


def test_a_strict_host_may_be_asked_faster_by_its_owner_or_when_replaced(tmp_path: Path) -> None:
    text = '[hosts."export.arxiv.org"]\ninterval = 0.5\n'
    assert loaded(tmp_path, text=text, options={"i_own_these_hosts": True}).manners_of("export.arxiv.org")
    own = '[arxiv]\napi_url = "https://mirror.example/api"\n' + text
    assert loaded(tmp_path, text=own).manners_of("export.arxiv.org").interval_seconds == 0.5


@pytest.mark.parametrize(
    "text",
    [
        'allow_net = ["10.0.0.0/8"]\n',
        "allow_private = true\n",
        'cache_dir = "/tmp/x"\n',
        'cache = "sqlite:/tmp/x.sqlite3"\n',
        'reports_dir = "x"\n',
        'output = "x"\n',
        'github_token = "x"\n',
        'remap = ["a b"]\n',
        '[github]\napi_url = "https://evil.example"\n',
        '[arxiv]\napi_url = "https://evil.example"\n',
        '[arxiv]\ndatacite_url = "https://evil.example"\n',
        '[hosts."a.example".headers]\nX-Key = "v"\n',
    ],
)
def test_check_takes_only_what_narrows_from_a_file_in_the_tree(tmp_path: Path, text: str) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match="does not take this from a file in the tree"):
        loaded(tmp_path, "check", text)
    with pytest.raises(UsageError, match="does not take this from a file in the tree"):
        loaded(tmp_path, "check", named_file=str(tmp_path / "enrich.toml"))
    loaded(tmp_path, "run", text)


HASTE = [
    ("host_interval = 0\n", "host_interval", "at least 0.1"),
    ("host_interval = '99ms'\n", "host_interval", "at least 0.1"),
    ("host_concurrency = 5\n", "host_concurrency", "at most 4"),
    ("concurrency = 10000\n", "concurrency", "at most 256"),
    ("retries = 50\n", "retries", "at most 2"),
    ("max_per_host = 1000000\n", "max_per_host", "at most 2000"),
    ("timeout = 101\n", "timeout", "at most 100"),
    ("connect_timeout = 26\n", "connect_timeout", "at most 25"),
    ("network_wait = '7d'\n", "network_wait", "at most 1500"),
    ('[hosts."127.0.0.2"]\ninterval = "0s"\n', "interval", "at least 0.1"),
    ('[hosts."127.0.0.2"]\nconcurrency = 400\n', "concurrency", "at most 4"),
    ('[hosts."127.0.0.2"]\nmax_per_run = 99999999\n', "max_per_run", "at most 2000"),
    ('[hosts."a.example"]\ntimeout = 3600\n', "timeout", "at most 100"),
    ('[hosts."mp.weixin.qq.com"]\ninterval = 8\n', "interval", "at least 12"),
    ('[hosts."MP.weixin.qq.com"]\nconcurrency = 2\n', "concurrency", "at most 1"),
    ('[hosts."arxiv.org"]\ninterval = 1\n', "interval", "at least 3"),
    ('[hosts."api.github.com"]\nconcurrency = 2\n', "concurrency", "at most 1"),
]


@pytest.mark.parametrize(("text", "key", "limit"), HASTE)
def test_nothing_in_the_tree_makes_check_ask_faster_wider_or_more_often(
    tmp_path: Path, text: str, key: str, limit: str
) -> None:
    with pytest.raises(UsageError, match="does not take this from a file in the tree") as raised:
        loaded(tmp_path, "check", text)
    said = str(raised.value)
    assert limit in said
    assert f"enrich.toml:{text.count(chr(10))}: " in said, "the line on which the key stands"
    assert f"{key}: `enrich check`" in said
    assert ("--config" if "hosts" in text else "ENRICH_") in said
    trusted = {"i_own_these_hosts": True}
    loaded(tmp_path, "run", text, options=trusted)
    outside = tmp_path / "elsewhere" / "tree"
    outside.mkdir(parents=True)
    loaded(outside, "check", named_file=str(tmp_path / "enrich.toml"), options=trusted)


@pytest.mark.parametrize("name", ["host_interval", "concurrency", "retries", "max_per_host", "timeout"])
def test_haste_is_taken_from_options_and_environment(tmp_path: Path, name: str) -> None:
    value = "0" if name == "host_interval" else "9000"
    assert loaded(tmp_path, "check", options={name: value})[name] == float(value)
    assert loaded(tmp_path, "check", environ={f"ENRICH_{name.upper()}": value})[name] == float(value)


@pytest.mark.parametrize(
    "text",
    [
        "host_interval = 0.1\nhost_concurrency = 4\nconcurrency = 256\nretries = 2\nmax_per_host = 2000\n",
        "host_interval = '5s'\nhost_concurrency = 1\nconcurrency = 1\nretries = 0\nmax_per_host = 1\n",
        "timeout = 60\nconnect_timeout = 20\nnetwork_wait = 600\ndeadline = '1h'\n",
        '[hosts."a.example"]\ninterval = 2\nconcurrency = 4\nmax_per_run = 9\ntimeout = 60\n',
        '[hosts."mp.weixin.qq.com"]\ninterval = 15\n[hosts."export.arxiv.org"]\ninterval = 3\n',
    ],
)
def test_slower_and_fewer_is_taken_by_check_from_the_tree(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, "check", text).file is not None


def test_check_takes_a_file_from_outside_the_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / ".git").mkdir(parents=True)
    trusted = tmp_path / "trusted.toml"
    trusted.write_text('allow_net = ["10.0.0.0/8"]\n', encoding="utf-8")
    assert loaded(tree, "check", named_file=str(trusted))["allow_net"] == ("10.0.0.0/8",)


def test_what_narrows_is_taken_by_check(tmp_path: Path) -> None:
    assert loaded(tmp_path, "check", 'exclude = ["x"]\n')["exclude"] == ("x",)


def test_the_ignore_file_holds_one_pattern_a_line(tmp_path: Path) -> None:
    (tmp_path / ".enrichignore").write_text("# a comment\n\nexample\\.com\n", encoding="utf-8")
    assert loaded(tmp_path, options={"exclude": ("a,b",)})["exclude"] == ("a,b", "example\\.com")


def test_the_ignore_file_is_looked_for_like_the_configuration(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / ".enrichignore").write_text("top\n", encoding="utf-8")
    assert loaded(tmp_path / "notes")["exclude"] == ("top",)
    (tmp_path / "notes" / ".enrichignore").write_text("near\n", encoding="utf-8")
    assert loaded(tmp_path / "notes")["exclude"] == ("near",)


def test_an_ignore_file_in_another_encoding_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / ".enrichignore").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"\.enrichignore: cannot be read"):
        loaded(tmp_path)


@pytest.mark.parametrize("text", ["tool = 3\n", "[tool]\nenrich = 3\n"])
def test_an_odd_pyproject_is_no_reason_to_crash(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    if "enrich" in text:
        with pytest.raises(UsageError, match="must be a table"):
            loaded(tmp_path)
    else:
        assert loaded(tmp_path).file is None


def test_lists_in_the_environment_are_split(tmp_path: Path) -> None:
    settings = loaded(tmp_path, environ={"ENRICH_KIND": "arxiv, github", "ENRICH_EXCLUDE": "a{1,2}\nb"})
    assert (settings["kind"], settings["exclude"]) == (("arxiv", "github"), ("a{1,2}", "b"))


@pytest.mark.parametrize(
    ("text", "expected"), [("500ms", 0.5), ("20", 20), ("20s", 20), ("12h", 43200), ("7d", 604800), (3, 3)]
)
def test_durations_have_units(text: object, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "fast", "-1s", "1 y", True, None, -1, float("inf"), "9" * 20 + "d"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds(text)


def test_every_setting_says_what_it_is_for() -> None:
    assert all(setting.help.endswith(".") for setting in SETTINGS)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_manners_are_built_in_over_general_and_own_over_built_in(tmp_path: Path) -> None:
    text = 'host_interval = 0.5\n[hosts."a.example"]\nconcurrency = 2\ninterval = "3s"\n'
    settings = loaded(tmp_path, text=text)
    assert settings.manners_of("b.example").interval_seconds == 0.5
    assert (settings.manners_of("a.example").width, settings.manners_of("a.example").interval_seconds) == (
        2,
        3,
    )
    wechat = settings.manners_of("mp.weixin.qq.com")
    assert (wechat.width, wechat.interval_seconds, wechat.jitter_seconds) == (1, 8.0, 4.0)
    assert (wechat.daily_cap, wechat.check_cap) == (500, 30)


@pytest.mark.parametrize(
    ("text", "ok", "spread"),
    [
        ("", 7 * 86400, 2 * 86400),
        ("ok = '14d'", 14 * 86400, 4 * 86400),
        ("ok = '14d'\nok_spread = '1d'", 14 * 86400, 86400),
        ("ok_spread = 0", 7 * 86400, 0),
        ("ok = '12h'", 43200, 0),
        ("ok = '5ms'", 0.005, 0),
    ],
)
def test_an_age_has_its_spread_and_a_short_one_is_meant_exactly(
    tmp_path: Path, text: str, ok: float, spread: float
) -> None:
    ages = loaded(tmp_path, text=f"[ages]\n{text}\n").ages
    assert (ages["ok"], ages["ok_spread"]) == pytest.approx((ok, spread))
    assert (ages["wechat_ok"], ages["wechat_ok_spread"]) == (30 * 86400, 8 * 86400)


def test_built_in_ages_are_those_of_the_contract(tmp_path: Path) -> None:
    day = 86400
    assert loaded(tmp_path).ages == {
        "ok": 7 * day, "ok_spread": 2 * day, "wechat_ok": 30 * day, "wechat_ok_spread": 8 * day,
        "broken": day, "blocked": day, "unreachable": day, "confirmed": 30 * day, "confirmed_spread": 8 * day,
        "github_metadata": day, "arxiv_metadata": 30 * day, "wechat_metadata": 90 * day, "web_metadata": 30 * day,
            "doi_metadata": 30 * day,
    }  # fmt: skip


def test_ages_of_a_day_or_more_count_from_two_hours_earlier(tmp_path: Path) -> None:
    ages = ages_of(loaded(tmp_path, text="[ages]\nbroken = '1h'\n"), is_check=False)
    assert (ages.broken, ages.blocked, ages.by_kind["github"]) == (3600, 79200, (7 * 86400 - 7200, 79200))
    assert ages.by_kind["file"] == (0, 0)
    assert (ages.by_kind["wechat"][0], ages.spread_by_kind["wechat"]) == (30 * 86400 - 7200, 8 * 86400)
