"""What a job of GitHub Actions gets by itself: annotations behind the log, and a step summary that fits."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hostile import commands, markdown_structure
from rows import asked_target, made_report

from enrich.cli import main
from enrich.cli.actions import SUMMARY_BYTES, summarise
from enrich.model import Finding, Severity
from enrich.publish import append_bounded


@dataclass(frozen=True)
class Job:
    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    @property
    def summary(self) -> Path:
        return self.folder.parent / "summary.md"

    def enrich(self, *arguments: str) -> tuple[int, str, str]:
        self.patch.setattr(sys, "argv", ["enrich", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capture.readouterr()
        return int(str(ended.value.code)), out, err


@pytest.fixture
def job(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Job:
    made = Job(tmp_path / "notes", capsys, monkeypatch)
    made.folder.mkdir()
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.summary))
    (made.folder / "a.md").write_text("[x](gone.md)\n\n[x](gone.md)\n", encoding="utf-8")
    return made


def test_the_log_keeps_its_text_and_the_annotations_come_folded_behind_it(job: Job) -> None:
    code, out, err = job.enrich("check", "--offline")
    text, _, folded = out.partition("::group::annotations\n")
    assert code == 1
    assert text.startswith("a.md:1:5: file-missing  file:gone.md  (")
    assert [line[:40] for line in folded.splitlines()] == [
        "::error file=a.md,line=1,col=5,title=fil",
        "::error file=a.md,line=3,col=5,title=fil",
        "::endgroup::",
    ]
    assert "failed: 2 findings fail: a.md:1:5 file-missing, a.md:3:5 file-missing\n" in err
    assert "# Links: 2 links in 1 document" in job.summary.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "marks"),
    [
        (("--format", "github"), 2),
        (("--format", "text"), 0),
        (("--format", "json"), 0),
        (("--no-annotations",), 0),
        (("--ignore", "broken"), 0),
    ],
)
def test_whoever_asks_for_a_format_gets_that_alone(
    job: Job, arguments: tuple[str, ...], marks: int
) -> None:
    _, out, _ = job.enrich("check", "--offline", *arguments)
    assert out.count("::error ") == marks
    assert "::group::" not in out
    assert job.summary.exists() == ("--no-annotations" not in arguments)


def test_a_run_is_summed_up_and_not_annotated(job: Job) -> None:
    code, out, _ = job.enrich("run", "--offline")
    assert code == 0
    assert "::" not in out
    assert job.summary.read_text(encoding="utf-8").startswith("# Links: ")


def test_nothing_of_it_happens_elsewhere(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    _, out, _ = job.enrich("check", "--offline")
    assert "::" not in out
    assert not job.summary.exists()


def test_a_second_command_of_a_step_appends(job: Job) -> None:
    job.enrich("check", "--offline")
    job.enrich("check", "--offline")
    assert job.summary.read_text(encoding="utf-8").count("\n# Links: ") == 1
    assert job.summary.read_text(encoding="utf-8").count("# Links: ") == 2


def test_a_summary_that_cannot_be_written_is_a_warning(job: Job) -> None:
    job.summary.mkdir()
    code, _, err = job.enrich("check", "--offline")
    assert code == 1
    assert "warning: the step summary " in err
    assert "cannot be written: Is a directory" in err


def test_quiet_is_quiet_where_nothing_fails(job: Job) -> None:
    (job.folder / "gone.md").write_text("found\n", encoding="utf-8")
    assert job.enrich("check", "--offline", "--quiet") == (0, "", "")


@pytest.mark.parametrize("there", [0, 300_000, SUMMARY_BYTES - 500, SUMMARY_BYTES - 3, SUMMARY_BYTES])
def test_a_summary_never_grows_beyond_what_the_runner_takes(tmp_path: Path, there: int) -> None:
    """Characters of four bytes: the report's own bound counts characters."""
    finding = Finding(
        code="http-404", severity=Severity.ERROR, message="𝔁" * 290, document="a.md", line=1, column=1,
        target="url:https://a.example/",
    )  # fmt: skip
    made = made_report(asked_target("url:https://a.example/"), findings=[finding] * 2000)
    made = replace(made, summary=replace(made.summary, findings={"error": 2000, "warning": 0, "note": 0}))
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * there)
    summarise(made, {"GITHUB_STEP_SUMMARY": str(path)})
    data = path.read_bytes()
    assert there <= len(data) <= SUMMARY_BYTES
    assert data.startswith(b"x" * there)
    data.decode()
    if there == 300_000:
        assert len(data) > SUMMARY_BYTES - 5000
        assert data.endswith("… and more: the log has all of it.\n".encode())


def test_what_fits_exactly_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "x"
    append_bounded(path, ["ab", "cd"], 5, "!")
    assert path.read_text(encoding="utf-8") == "abcd"
    append_bounded(path, ["ef"], 6, "!")
    assert path.read_text(encoding="utf-8") == "abcd\n!"


def test_what_strangers_wrote_gives_the_runner_no_orders(job: Job) -> None:
    hostile = "x\n::error file=a.md::forged\n::endgroup::\n##[error]forged\n"
    (job.folder / "b.md").write_text(
        f"[::stop-commands::x]({hostile.split()[0]}%0A::endgroup::%0A::error::forged)\n\n{hostile}",
        encoding="utf-8",
    )
    (job.folder / "::warning title=x::y.md").write_text("[x](gone.md)\n", encoding="utf-8")
    _, out, _ = job.enrich("check", "--offline")
    lines = out.splitlines()
    ours = [line for line in lines if line.startswith("::")]
    assert [line.split()[0].partition("::")[2].partition("::")[0] for line in ours] == [
        "group",
        "error",
        "error",
        "error",
        "error",
        "endgroup",
    ]
    assert commands("\n".join(line for line in lines if line not in ours)) == []
    assert markdown_structure(job.summary.read_text(encoding="utf-8"))
