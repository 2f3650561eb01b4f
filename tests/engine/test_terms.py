"""What makes a verdict is the driver's in every worker; secrets are each worker's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from enrich.config import SETTINGS, Settings, load
from enrich.engine import terms
from enrich.engine.shards import Placement
from enrich.engine.terms import ASKING, settings_from, terms_of
from enrich.errors import UsageError

# Settings that no worker reads: what is looked for, what is due, what is said, and who asks.
DRIVERS = frozenset({
    "since", "until", "undated", "git_dates", "kind", "include", "exclude", "exclude_path", "files_from", "extensions",
    "hidden", "check_images", "remap", "cache_dir", "reports_dir", "keep", "max_age", "refresh", "offline", "fresh",
    "wait", "deadline", "fail_on", "warn_on", "ignore", "diff", "baseline", "update_baseline", "no_annotations", "format",
    "lang", "output", "no_progress", "cache", "engine", "insecure_cluster", "lease", "github_token",
})  # fmt: skip
CONFIGURATION = """
retries = 1
host_interval = 0.3
allow_net = ["10.1.0.0/16"]
[confirm]
checks = 5
[hosts."example.org"]
interval = 2
accept = [403]
user_agent = "me"
headers = { Authorization = "Bearer abc", X-Team = "links" }
"""


def settings(folder: Path, **given: Any) -> Settings:
    (folder / "enrich.toml").write_text(CONFIGURATION)
    return load("run", {}, environ={}, folder=folder, given=given)


def through(own: Settings, environ: dict[str, str]) -> Settings:
    """The settings of a worker with this environment."""
    told = terms.encoded(terms_of(own, "1.0", Placement(count=3)))
    return settings_from(terms.decoded(told), None, environ)


def test_every_setting_is_the_drivers_or_told_to_workers() -> None:
    assert {setting.name for setting in SETTINGS} == DRIVERS | set(ASKING)
    assert DRIVERS.isdisjoint(ASKING)


def test_a_worker_asks_by_the_drivers_settings(tmp_path: Path) -> None:
    own = settings(tmp_path, timeout=7.5, canary=["https://example.org"], github_token="secret")
    worker = through(own, terms.secrets_of(own))
    assert {name: worker[name] for name in ASKING} == {name: own[name] for name in ASKING}
    assert (worker.hosts, worker.confirm, worker.is_check) == (own.hosts, own.confirm, False)
    assert worker["github_token"] == "secret"
    for host in ("example.org", "arxiv.org", "mp.weixin.qq.com", "other.example"):
        assert worker.manners_of(host) == own.manners_of(host)
        assert worker.budget_of(host) == own.budget_of(host)


def test_no_secret_is_stored_with_the_run(tmp_path: Path) -> None:
    own = settings(tmp_path, github_token="secret-token")
    told = terms.encoded(terms_of(own, "1.0", Placement(count=3)))
    assert "secret-token" not in told
    assert "Bearer" not in told


@pytest.mark.parametrize("environ", [{}, {"GITHUB_TOKEN": ""}])
def test_a_worker_without_the_token_refuses(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="GITHUB_TOKEN"):
        through(settings(tmp_path, github_token="secret"), environ)


def test_a_worker_with_a_token_that_the_driver_lacks_refuses(tmp_path: Path) -> None:
    own = settings(tmp_path)
    with pytest.raises(UsageError, match="GITHUB_TOKEN"):
        through(own, {**terms.secrets_of(own), "GITHUB_TOKEN": "secret"})


@pytest.mark.parametrize("given", [{}, {"example.org": {"Authorization": "Bearer abc"}}])
def test_a_worker_without_the_headers_of_a_host_refuses(
    tmp_path: Path, given: dict[str, dict[str, str]]
) -> None:
    with pytest.raises(UsageError, match=r"example\.org"):
        through(settings(tmp_path), {"ENRICH_HOST_HEADERS": json.dumps(given)})


@pytest.mark.parametrize("given", ["Bearer abc", "[]", '{"example.org": "Bearer abc"}'])
def test_headers_that_cannot_be_read_are_a_usage_error(tmp_path: Path, given: str) -> None:
    with pytest.raises(UsageError, match="ENRICH_HOST_HEADERS: is not") as raised:
        through(settings(tmp_path), {"ENRICH_HOST_HEADERS": given})
    assert "abc" not in str(raised.value)
