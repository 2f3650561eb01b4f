"""The scripts of the recipes, run as their runners run them: variables in, outputs and an exit code out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recipes import ACTION, RECIPES, step, yaml
from requirements import require

from enrich.model import ChangedTarget, Changes, Place, Side, Status
from enrich.report.changes import json_text

NIGHTLY = RECIPES / "github" / "enrich-nightly.yml"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Ran:
    code: int
    said: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Runner:
    """What a step finds around it: a workspace, a folder for temporary files, programs of its own in front."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def temporary(self) -> Path:
        return self.folder / "temp"

    def program(self, name: str, text: str, folder: Path | None = None) -> Path:
        path = (folder or self.folder / "bin") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def run(self, path: Path, name: str, given: Mapping[str, str], **variables: str) -> Ran:
        """One step by its name; ``given`` says what stands in place of each expression."""
        found = step(path, name)
        script = self.folder / "step.sh"
        script.write_text(found["run"], encoding="utf-8")
        outputs = self.folder / "outputs"
        outputs.write_text("")
        asked = {key: expanded(str(value), given) for key, value in found.get("env", {}).items()}
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("ENRICH", "GITHUB"))
        }
        environment = {
            **inherited,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_ACTION_PATH": "/the/action",
            **asked,
            **variables,
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        lines = outputs.read_text(encoding="utf-8").splitlines()
        return Ran(done.returncode, done.stdout + done.stderr, dict(line.split("=", 1) for line in lines))


def expanded(text: str, given: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda match: given[match[1]], text)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path)
    runner.workspace.mkdir()
    runner.temporary.mkdir()
    (runner.workspace / "good.md").write_text("# T\n\n[here](#t)\n", encoding="utf-8")
    (runner.workspace / "a bad one.md").write_text("[there](nowhere.md)\n", encoding="utf-8")
    for name in ("python", "enrich"):
        runner.program(name, f'#!/bin/sh\nexec "{BIN / name}" "$@"\n', runner.temporary / "enrich-venv/bin")
    return runner


# --- the action -------------------------------------------------------------------------------------


def check(runner: Runner, **inputs: str) -> Ran:
    defaults = {name: one.get("default", "") for name, one in yaml(ACTION)["inputs"].items()}
    given = {**defaults, "args": "--offline", "token": "", **inputs}
    return runner.run(ACTION, "Check links", {f"inputs.{name}": value for name, value in given.items()})


@pytest.mark.parametrize(
    ("inputs", "code", "found"),
    [
        ({}, 1, "1"),
        ({"paths": "good.md"}, 0, "0"),
        ({"paths": '"a bad one.md"'}, 1, "1"),
        ({"paths": "good.md\n'a bad one.md'\n"}, 1, "1"),
        ({"paths": "*.md"}, 1, "1"),
        ({"fail": "false"}, 0, "1"),
        ({"args": "--offline --ignore file-missing"}, 0, "0"),
        ({"args": "--offline\n--exclude 'no where'", "paths": "good.md"}, 0, "0"),
        ({"args": "--no-such-option", "fail": "false"}, 2, "2"),
        ({"paths": "no-such-file.md", "fail": "false"}, 2, "2"),
    ],
)
def test_the_action_ends_as_the_check_does(
    inputs: dict[str, str], code: int, found: str, runner: Runner
) -> None:
    ran = check(runner, **inputs)
    assert (ran.code, ran.outputs["exit-code"]) == (code, found), ran.said
    assert ("report" in ran.outputs) is (found != "2")
    assert not (runner.workspace / "cache").exists()
    assert (runner.temporary / "enrich-cache").is_dir() is (found != "2")


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"args": "--exclude 'x"}, "the quotes in 'args' or 'paths' do not pair"),
        ({"paths": '"good.md'}, "the quotes in 'args' or 'paths' do not pair"),
        ({"fail": "perhaps"}, "the input 'fail' must be true or false"),
    ],
)
def test_an_input_that_means_nothing_is_told(inputs: dict[str, str], words: str, runner: Runner) -> None:
    ran = check(runner, **inputs)
    assert ran.code == 2
    assert f"::error::{words}" in ran.said


HOSTILE = (
    "$(touch pwned) `touch pwned` ${IFS}touch${IFS}pwned",
    "; touch pwned ; | touch pwned && touch pwned",
    "x\ntouch pwned\n",
    "\"; touch pwned; \" '; touch pwned; '",
    "exit-code=0\nreport=/etc/passwd",
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, text) for name in ("paths", "args") for text in HOSTILE),
        ("fail", HOSTILE[0]),
        ("token", HOSTILE[4]),
    ],
)
def test_nothing_in_an_input_is_run(name: str, text: str, runner: Runner) -> None:
    ran = check(runner, **{name: text})
    assert not list(runner.folder.rglob("pwned"))
    assert set(ran.outputs) <= {"exit-code", "report"}
    assert Path(ran.outputs.get("report", runner.temporary)).is_relative_to(runner.temporary)


@pytest.mark.parametrize(
    ("install", "asked"), [("", "/the/action"), ("--index-url=x ; touch pwned", None), ("./.enrich", None)]
)
def test_pip_is_given_one_thing_to_install_and_no_options(
    install: str, asked: str | None, runner: Runner
) -> None:
    record = '#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done >>"$RUNNER_TEMP/asked"\n'
    python = runner.program("own-python", record)
    runner.program("python", record, runner.temporary / "enrich-venv/bin")
    given = {"inputs.install": install, "steps.python.outputs.python-path": str(python)}
    assert runner.run(ACTION, "Install enrich", given).code == 0
    words = (runner.temporary / "asked").read_text(encoding="utf-8").splitlines()
    assert words[:3] == ["-m", "venv", str(runner.temporary / "enrich-venv")]
    assert words[-2:] == ["--", asked or install]
    assert not list(runner.folder.rglob("pwned"))


def test_the_report_of_a_failing_check_becomes_sarif(runner: Runner) -> None:
    report = check(runner).outputs["report"]
    ran = runner.run(ACTION, "Write SARIF", {"steps.check.outputs.report": report})
    assert ran.code == 0, ran.said
    found = json.loads(Path(ran.outputs["file"]).read_text(encoding="utf-8"))
    assert [one["ruleId"] for one in found["runs"][0]["results"]] == ["file-missing"]


def test_the_cache_is_saved_and_sarif_uploaded_also_when_the_check_fails() -> None:
    assert (
        step(ACTION, "Write SARIF")["working-directory"] == step(ACTION, "Check links")["working-directory"]
    )
    for name in ("Keep what was learned", "Write SARIF", "Upload SARIF"):
        assert step(ACTION, name)["if"].startswith("always() && ")
    for path in (RECIPES / "github" / "enrich-pull-request.yml", NIGHTLY):
        assert step(path, "Keep what was learned")["if"] == "always()"


# --- the night --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (3, 0), (1, 1), (2, 2), (4, 4), (70, 70), (143, 143)])
def test_a_night_that_is_not_complete_is_a_warning_and_no_failure(
    code: int, ends: int, runner: Runner
) -> None:
    runner.program("enrich", f"#!/bin/sh\nexit {code}\n")
    ran = runner.run(NIGHTLY, "Ask what is due", {"github.token": "x"})
    assert (ran.code, ran.outputs) == (ends, {"code": str(code)})
    assert ("::warning::" in ran.said) is (code == 3)
    # A fault leaves the news of an older night, and nobody is told of those again.
    after = re.findall(r'"(\d+)"', step(NIGHTLY, "Tell of links that are broken for sure")["if"])
    assert (str(code) in after) is (code in (0, 1, 3))


# A GitHub that remembers its issues, and answers by `--jq` as the real program does.
GH = f"""#!{sys.executable}
import json, os, pathlib, subprocess, sys
kept = pathlib.Path(os.environ["RUNNER_TEMP"], "issues.json")
issue = json.loads(kept.read_text()) if kept.exists() else None
words = sys.argv[1:]
def after(option):
    return words[words.index(option) + 1]
def answer(found):
    asked = ["jq", "--raw-output", after("--jq")]
    sys.exit(subprocess.run(asked, input=json.dumps(found), text=True).returncode)
match words[:2]:
    case ["label", "create"]:
        sys.exit(0)
    case ["issue", "list"]:
        answer([{{"number": 7}}] if issue else [])
    case ["issue", "view"]:
        assert words[2] == "7"
        answer(issue)
    case ["issue", "create"]:
        issue = {{"body": pathlib.Path(after("--body-file")).read_text(), "comments": []}}
    case ["issue", "comment"]:
        assert words[2] == "7"
        issue["comments"].append({{"body": pathlib.Path(after("--body-file")).read_text()}})
    case _:
        sys.exit("what is " + " ".join(words))
kept.write_text(json.dumps(issue))
"""
MOMENT = datetime(2026, 5, 10, 6, tzinfo=UTC)
SIDE = Side(id="r", started_at=MOMENT, complete=True)


def gone(url: str, document: str = "notes/a.md") -> ChangedTarget:
    return ChangedTarget(
        id=url, url=url, kind="web", title=None, was=Status.BROKEN, was_reason="http-404", status=Status.BROKEN,
        reason="http-404", detail=None, confirmed=True, suggestion=None,
        links=[Place(document=document, line=3, column=7)],
    )  # fmt: skip


def tell(runner: Runner, *confirmed: ChangedTarget) -> dict[str, object] | None:
    """Run the step over what a night changed; the issue as it is then."""
    require("jq", shutil.which("jq") is not None, "there is no jq")
    runner.program("gh", GH)
    changes = Changes(old=SIDE, new=SIDE, confirmed=list(confirmed))
    (runner.workspace / "reports").mkdir(exist_ok=True)
    text = "".join(json_text(changes))
    (runner.workspace / "reports/latest.changes.json").write_text(text, encoding="utf-8")
    ran = _tell(runner)
    assert ran.code == 0, ran.said
    kept = runner.temporary / "issues.json"
    return json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None


def _tell(runner: Runner) -> Ran:
    given = {
        "github.token": "x",
        "github.repository": "o/r",
        "github.server_url": "https://github.example",
        "github.run_id": "12",
    }
    return runner.run(NIGHTLY, "Tell of links that are broken for sure", given)


def fenced(body: object) -> list[str]:
    match = re.search(r"```text\n(.*?)\n```\n", str(body), re.DOTALL)
    assert match is not None, body
    return match[1].splitlines()


def test_what_is_newly_confirmed_is_told_in_a_new_issue(runner: Runner) -> None:
    issue = tell(runner, gone("https://a.example/1"), gone("https://a.example/2"))
    assert issue is not None
    assert fenced(issue["body"]) == [
        "http-404  https://a.example/1  notes/a.md:3",
        "http-404  https://a.example/2  notes/a.md:3",
    ]
    assert "(2):" in str(issue["body"])
    assert "https://github.example/o/r/actions/runs/12" in str(issue["body"])


def test_an_open_issue_is_carried_on_with_what_it_does_not_tell_yet(runner: Runner) -> None:
    tell(runner, gone("https://a.example/1"))
    issue = tell(runner, gone("https://a.example/1"), gone("https://a.example/1/2"))
    assert issue is not None
    comments = issue["comments"]
    assert isinstance(comments, list)
    assert [fenced(one["body"]) for one in comments] == [["http-404  https://a.example/1/2  notes/a.md:3"]]
    assert tell(runner, gone("https://a.example/1"), gone("https://a.example/1/2")) == issue


def test_a_long_address_is_cut_and_known_again(runner: Runner) -> None:
    long = gone(f"https://a.example/{'x' * 3000}")
    issue = tell(runner, long)
    assert issue is not None
    assert len(fenced(issue["body"])[0]) < 500
    assert tell(runner, long) == issue


def test_a_night_without_news_opens_nothing(runner: Runner) -> None:
    assert tell(runner) is None


def test_a_first_night_has_nothing_to_compare_with_and_asks_github_nothing(runner: Runner) -> None:
    runner.program("gh", "#!/bin/sh\nexit 1\n")
    assert _tell(runner).code == 0


def test_when_github_fails_the_step_does(runner: Runner) -> None:
    tell(runner)
    runner.program("gh", "#!/bin/sh\nexit 1\n")
    assert _tell(runner).code != 0


def test_of_very_many_the_first_are_told(runner: Runner) -> None:
    issue = tell(runner, *(gone(f"https://a.example/{number}/{'x' * 3000}") for number in range(250)))
    assert issue is not None
    rows = fenced(issue["body"])
    assert (len(rows), rows[-1]) == (101, "and 150 more")
    assert len(str(issue["body"])) < 65_536


@pytest.mark.injection
@pytest.mark.parametrize(
    "text",
    ["```", "\n```\n@everyone", "a\u2028```\u2028b", "\r\n# heading", "\u202egnp.md", "'; touch pwned; \"$(touch pwned)",
     "\\(1)", "x" * 4000],
)  # fmt: skip
def test_what_strangers_wrote_stays_inside_its_line(text: str, runner: Runner) -> None:
    issue = tell(runner, gone(f"https://a.example/?{text}", f"notes/{text}.md"), gone("https://b.example/"))
    assert issue is not None
    body = str(issue["body"])
    rows = fenced(body)
    assert len(rows) == 2
    assert rows[1] == "http-404  https://b.example/  notes/a.md:3"
    assert body.count("\n") == 8
    assert len(body) < 2000
    assert not re.search("[\u2028\u2029\u202a-\u202e\u2066-\u2069\r]", body)
    assert not list(runner.folder.rglob("pwned"))


# --- cron -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "ends", "mail"),
    [
        (0, 0, ""),
        (3, 0, ""),
        (4, 4, "enrich: another run has held the cache for more than half an hour\n"),
        (70, 70, "enrich: ended with exit code 70; see {log}\n"),
    ],
)
def test_cron_mails_only_what_somebody_has_to_look_at(
    code: int, ends: int, mail: str, runner: Runner
) -> None:
    program = runner.program("enrich", f'#!/bin/sh\necho "$PWD: $*, $TOKEN"\nexit {code}\n')
    environment, log = runner.folder / "environment", runner.folder / "nightly.log"
    environment.write_text("TOKEN=secret\n", encoding="utf-8")
    variables = {"PATH": os.environ["PATH"], "ENVIRONMENT": str(environment)}
    places = {"NOTES": runner.workspace, "PROGRAM": program, "STATE": runner.folder / "state", "LOG": log}
    done = subprocess.run(
        [str(RECIPES / "cron" / "enrich-nightly")],
        env=variables | {key: str(value) for key, value in places.items()},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (ends, "", mail.format(log=log))
    written = log.read_text(encoding="utf-8").splitlines()
    assert written[2].startswith(f"{runner.workspace}: run --no-progress --wait 30m ")
    assert written[2].endswith(", secret")
    assert written[3] == f"== ended with exit code {code}"


def test_cron_tells_of_notes_that_are_not_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(RECIPES / "cron" / "enrich-nightly")],
        env={"PATH": os.environ["PATH"], "NOTES": str(tmp_path / "none"), "LOG": str(tmp_path / "log")},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert str(tmp_path / "none") in done.stderr
