"""The whole program night after night: what is confirmed, what is taken back, and what is too much to be believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from internet import Answer, Asked, Internet, Site, environment, run_enrich, saved_report
from sites import html, pages, small_web


def runs_on(
    days: list[str], folder: Path, internet: Internet, sites_by_day: dict[str, Site]
) -> list[dict[str, Any]]:
    """One run with --refresh on each day; the one target of each report."""
    rows = []
    for day in days:
        internet.sites[".example"] = sites_by_day.get(day, pages)
        env = environment(internet, ENRICH_NOW=f"{day}T06:00:00Z")
        done = run_enrich(["run", "notes.md", "--refresh", "--retries", "0"], folder, env)
        assert done.returncode == 0, done.stderr
        rows.append(saved_report(folder)["targets"][0])
    return rows


def gone(_asked: Asked) -> Answer:
    return html("Not here", status=404)


@pytest.mark.parametrize(
    ("path", "days", "confirmed"),
    [
        ("gone-for-good", ["2026-11-01", "2026-11-02"], [False, True]),
        ("gone", ["2026-11-01", "2026-11-04", "2026-11-07"], [False, False, True]),
    ],
)
def test_broken_is_confirmed_by_seeing_it_again_days_later(
    tmp_path: Path, path: str, days: list[str], confirmed: list[bool]
) -> None:
    (tmp_path / "notes.md").write_text(f"<https://page-1.example/{path}> and <https://page-2.example/>\n")
    with Internet(tmp_path / "authority", small_web()) as internet:
        rows = runs_on(days, tmp_path, internet, {})
    assert [row["status"] for row in rows] == ["broken"] * len(days)
    assert [row["confirmed"] for row in rows] == confirmed
    assert [row["failed_checks"] for row in rows] == list(range(1, len(days) + 1))


def test_one_success_takes_a_broken_verdict_back(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("<https://page-1.example/words>\n")
    days = ["2026-11-01", "2026-11-04", "2026-11-05", "2026-11-08"]
    with Internet(tmp_path / "authority", small_web()) as internet:
        rows = runs_on(days, tmp_path, internet, {day: gone for day in days if day != "2026-11-05"})
    assert [row["status"] for row in rows] == ["broken", "broken", "ok", "broken"]
    assert [row["failed_checks"] for row in rows] == [1, 2, 0, 1]
    assert rows[2]["first_failed_at"] is None
    assert rows[3]["last_ok_at"].startswith("2026-11-05")


# --- too much at once to be believed --------------------------------------------------------------------

MANY = [f"https://page-{n}.example/{m}" for n in range(10) for m in range(15)]
BIG = [f"https://big.example/{m}" for m in range(40)]


def night(folder: Path, internet: Internet, day: str, *options: str) -> tuple[int, dict[str, Any]]:
    env = environment(internet, ENRICH_NOW=f"{day}T06:00:00Z")
    done = run_enrich(["run", "notes.md", "--refresh", *options], folder, env)
    return done.returncode, saved_report(folder)


@pytest.fixture
def many(tmp_path: Path) -> Iterator[tuple[Path, Internet]]:
    """A folder whose 190 links were all found alive, and the web where that may change."""
    (tmp_path / "enrich.toml").write_text(
        'host_interval = 0.0\nhost_concurrency = 16\n[report]\nformats = ["json", "text", "markdown"]\n'
    )
    (tmp_path / "notes.md").write_text("".join(f"- <{url}>\n" for url in (*MANY, *BIG)))
    with Internet(tmp_path / "authority", small_web()) as internet:
        code, report = night(tmp_path, internet, "2026-11-01")
        assert (code, report["summary"]["by_status"]["ok"]) == (0, 190)
        yield tmp_path, internet


def test_a_mass_of_dead_links_is_believed_when_a_second_day_sees_it(many: tuple[Path, Internet]) -> None:
    folder, internet = many
    internet.sites |= {f"page-{n}.example": gone for n in range(5)}
    # Five hosts of fifteen links: too small to be sites that changed, together too many to be believed.
    code, report = night(folder, internet, "2026-11-03")
    assert code == 3
    assert report["summary"]["by_status"]["ok"] == 190
    assert [warning["code"] for warning in report["run"]["warnings"]] == [
        "mass-change",
        "addresses-by-proxy",
    ]
    kept = [row for row in report["targets"] if row["detail"]]
    assert len(kept) == 75
    assert all("http-404" in row["detail"] and row["from_cache"] for row in kept)
    text = (folder / "reports" / "latest.txt").read_text()
    assert text.startswith("The run is not complete: so many links seem gone at once (75 of 190 ")
    assert "open a few of them (https://page-0.example/0, https://page-0.example/1, https://" in text
    # Within a day nothing is asked again, and what is withheld is still told of.
    env = environment(internet, ENRICH_NOW="2026-11-03T09:00:00Z")
    assert run_enrich(["run", "notes.md"], folder, env).returncode == 0
    text = (folder / "reports" / "latest.txt").read_text()
    assert text.startswith("75 links seemed gone in an earlier run")
    assert "(https://page-0.example/0, " in text
    code, report = night(folder, internet, "2026-11-04")
    assert (code, report["run"]["complete"]) == (0, True)
    assert report["summary"]["by_status"]["broken"] == 75


def test_a_mass_of_dead_links_is_believed_on_request(many: tuple[Path, Internet]) -> None:
    folder, internet = many
    internet.sites |= {f"page-{n}.example": gone for n in range(5)}
    code, report = night(folder, internet, "2026-11-03", "--accept-mass-change")
    assert (code, report["summary"]["by_status"]["broken"]) == (0, 75)


def test_a_site_that_was_rebuilt_is_one_finding_and_not_forty(many: tuple[Path, Internet]) -> None:
    folder, internet = many
    alive = internet.site("big.example")
    internet.sites["big.example"] = gone
    code, report = night(folder, internet, "2026-11-03")
    assert (code, report["run"]["complete"]) == (0, True)
    assert report["summary"]["by_status"]["ok"] == 190
    changed = [row for row in report["findings"] if row["code"] == "site-changed"]
    assert [row["severity"] for row in changed] == ["warning"]
    assert "40 of 40 links to big.example" in changed[0]["message"]
    assert "site-changed" in (folder / "reports" / "latest.txt").read_text()
    # It is back for a day, so the doubt is forgotten, and the next loss is the first again.
    assert alive is not None
    internet.sites["big.example"] = alive
    assert night(folder, internet, "2026-11-04")[1]["findings"] == []
    internet.sites["big.example"] = gone
    assert night(folder, internet, "2026-11-05")[1]["summary"]["by_status"]["broken"] == 0
    code, report = night(folder, internet, "2026-11-06")
    assert report["summary"]["by_status"]["broken"] == 40
