"""Places that a stranger laid out: links out of a checkout, and folders where this user may not look."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from internet import command, environment, run_enrich
from requirements import require

from enrich.errors import UsageError
from enrich.places import is_repository, refuse_to_be_led_out, repository_of

USAGE = 2


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a note, beside one that is none of its business."""
    (tmp_path / "outside").mkdir()
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "notes.md").write_text("# Notes\n\n<https://a.example/>\n", encoding="utf-8")
    return folder


def enrich(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return run_enrich(args, folder, environment(None))


# --- links out of the checkout ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["../outside", pytest.param("../outside/not-yet", marks=pytest.mark.soak)]
)
@pytest.mark.parametrize(
    ("link", "args", "named"),
    [
        ("cache", ["check", "--offline"], "--cache-dir: cache: "),
        ("cache", ["run", "--offline"], "--cache-dir: cache: "),
        ("a", ["run", "--offline", "--cache-dir", "a/b/cache"], "--cache-dir: a/b/cache: "),
        ("reports", ["run", "--offline"], "--reports-dir: reports: "),
        ("reports", ["check", "--offline", "--reports-dir", "reports"], "--reports-dir: reports: "),
        ("out", ["check", "--offline", "--output", "out/x.txt"], "--output: out/x.txt: "),
        ("cache", ["cache", "clear"], "--cache-dir: cache: "),
        ("enrich-demo", ["demo"], "enrich-demo/notes: "),
    ],
)
def test_nothing_is_written_through_a_link_out_of_the_checkout(
    checkout: Path, link: str, args: Sequence[str], named: str, target: str
) -> None:
    (checkout / link).symlink_to(target)
    if (checkout / link).exists():
        # What a clearing would find, and what makes a folder the demo's own.
        (checkout / link / "enrich.sqlite3").write_text("precious")
        (checkout / link / ".enrich-demo").touch()
    before = sorted((checkout.parent / "outside").iterdir())
    done = enrich(checkout, *args)
    assert done.returncode == USAGE, done.stderr
    assert named in done.stderr
    assert "leads out of the current folder; name the place that it leads to" in done.stderr
    assert sorted((checkout.parent / "outside").iterdir()) == before
    assert sorted(path.name for path in checkout.iterdir()) == sorted(["notes.md", link])


def test_a_saved_report_is_not_rendered_through_a_link_out_of_the_checkout(checkout: Path) -> None:
    assert enrich(checkout, "run", "--offline").returncode == 0
    (checkout / "out").symlink_to("../outside")
    done = enrich(checkout, "report", "--output", "out/x.txt")
    assert (done.returncode, list((checkout.parent / "outside").iterdir())) == (USAGE, [])


def test_a_check_that_writes_no_reports_does_not_mind_where_they_would_go(checkout: Path) -> None:
    (checkout / "reports").symlink_to("../outside")
    assert enrich(checkout, "check", "--offline").returncode == 0
    assert list((checkout.parent / "outside").iterdir()) == []


@pytest.mark.parametrize("way", ["in full", "upwards", "by a link that stays"])
def test_a_place_that_is_named_or_stays_inside_is_used(checkout: Path, way: str) -> None:
    outside = checkout.parent / "outside"
    (checkout / "link").symlink_to(outside)
    (checkout / "inner").mkdir()
    (checkout / "stays").symlink_to("inner")
    given, place = {
        "in full": (str(checkout / "link"), outside),
        "upwards": ("../outside", outside),
        "by a link that stays": ("stays", checkout / "inner"),
    }[way]
    done = enrich(checkout, "run", "--offline", "--cache-dir", given, "--reports-dir", given)
    assert done.returncode == 0, done.stderr
    assert {"enrich.sqlite3", "latest.json"} <= {path.name for path in place.iterdir()}


def test_only_links_out_of_the_current_folder_are_refused(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    (checkout / "out").symlink_to("..")
    for path in (".", "notes.md", "not/yet", "..", "../outside", "/"):
        refuse_to_be_led_out(path)
    for path in ("out", "out/outside/x", "./inner/../out", "out/\x1b[2J"):
        with pytest.raises(UsageError, match="leads out") as refused:
            refuse_to_be_led_out(path)
        assert "\x1b" not in str(refused.value)


# --- folders where this user may not look ------------------------------------------------------------


@pytest.fixture
def without_power() -> list[str]:
    """What to put before a command, so that even root may not look where the modes of files forbid it."""
    if os.geteuid() != 0:
        return []
    found = shutil.which("setpriv")
    require("setpriv", found is not None, "root may look everywhere, and there is no setpriv to forbid it")
    gone = "-dac_override,-dac_read_search"
    before = [str(found), f"--bounding-set={gone}", f"--inh-caps={gone}"]
    tried = subprocess.run([*before, "true"], capture_output=True, check=False)
    require("setpriv", tried.returncode == 0, f"setpriv may not take rights away: {tried.stderr.decode()}")
    return before


@pytest.fixture(params=[0o000, 0o444], ids=["closed", "names-alone"])
def locked(checkout: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder with a document and a folder in it: nothing is seen of it, or the names alone."""
    place = checkout / "locked"
    (place / "sub").mkdir(parents=True)
    (place / "x.md").write_text("<https://b.example/>\n", encoding="utf-8")
    place.chmod(request.param)
    yield place
    place.chmod(0o700)


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("named", [(), ("*",), ("locked/*",)], ids=str)
def test_a_locked_folder_costs_findings_and_not_the_run(
    checkout: Path, without_power: list[str], named: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    (checkout / "notes.md").write_text("<https://a.example/> [x](locked/x.md#y) [s](locked/sub/#y)\n")
    done = subprocess.run(
        [*without_power, *command("run", "--offline", *named)],
        cwd=checkout,
        env=environment(None),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if named == ("locked/*",):
        # Nothing can be seen to match, or names that cannot be opened.
        assert done.returncode in (0, USAGE), done.stderr
        return
    assert done.returncode == 0, done.stderr
    report = json.loads((checkout / "reports" / "latest.json").read_text(encoding="utf-8"))
    unreadable = {one["document"] for one in report["findings"] if one["code"] == "unreadable-document"}
    closed = "closed" in request.node.name
    assert unreadable == ({"locked"} if closed else {"locked/sub", "locked/x.md"})
    assert "https://a.example/" in {one["url"] for one in report["targets"]}


def test_what_may_not_be_looked_at_is_no_repository(checkout: Path, without_power: list[str]) -> None:
    (checkout / ".git").mkdir()
    (checkout / "locked").mkdir()
    assert repository_of(checkout / "locked") == checkout
    assert is_repository(checkout)
    (checkout / "locked").chmod(0)
    asked = "from pathlib import Path; from enrich.places import *; print(is_repository(Path('locked')))"
    done = subprocess.run(
        [*without_power, sys.executable, "-c", asked],
        cwd=checkout,
        env=environment(None),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "False\n"
