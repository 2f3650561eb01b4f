"""The injection corpus: hostile text in every place that strangers can write to, through every output there is.

A report format joins by being there; it needs a reader in `hostile.READERS`. What a reader sees of a report with a
hostile string in it is what it sees of one with a plain word in its place: nothing of ours is missing, and nothing
of theirs is more than text.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pyte
import pytest
from hostile import CORPUS, LONG, READERS, SHORT, commands, orders, strings_in, unseen, without_ours

from enrich import cli
from enrich.backlog import Backlog, Queue, Workload
from enrich.bounds import Bound
from enrich.cli import main
from enrich.fetch.politeness import Lane
from enrich.model import (
    Article,
    CheckResult,
    Element,
    EntryLink,
    Finding,
    Manners,
    Metadata,
    Page,
    Paper,
    Report,
    ReportDocument,
    ReportEntry,
    ReportLink,
    ReportRun,
    ReportSummary,
    ReportTarget,
    ReportWarning,
    Repository,
    Severity,
    Status,
    Suggestion,
    Target,
    TargetState,
    Verdict,
)
from enrich.progress import Display
from enrich.redaction import redact
from enrich.registry import formats

pytestmark = pytest.mark.injection

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
PLAIN = "word"
SURROGATE = re.compile("[\ud800-\udfff]")


class Words(dict[str, str]):
    """What strangers wrote, by place; a plain word where a test says nothing else."""

    def __missing__(self, place: str) -> str:
        PLACES.add(place)
        return PLAIN


PLACES: set[str] = set()


def _metadata(said: Words) -> list[Metadata]:
    return [
        Article(
            title=said["article title"], account=said["account"], author=said["article author"],
            description=said["article description"], source_url=said["source url"], published_at=said["article date"],
        ),
        Paper(
            arxiv_id="2205.02101", title=said["paper title"], authors=(said["author"], "B"), abstract=said["abstract"],
            comment=said["comment"], journal_ref=said["journal"], published=said["paper date"], categories=("cs.CV",),
        ),
        Repository(
            full_name=said["repository"], description=said["repository description"], language=said["language"],
            topics=(said["topic"],), homepage=said["homepage"], license=said["licence"], stars=5,
        ),
        Page(
            title=said["page title"], description=said["page description"], canonical_url=said["canonical url"],
            citation={"title": (said["citation"],)},
        ),
    ]  # fmt: skip


def _target(
    said: Words, number: int, metadata: Metadata | None, status: Status = Status.OK
) -> ReportTarget:
    url = said["url"] if number == 0 else f"https://a.example/{number}/{said['path']}"
    suggestion = Suggestion(said["suggestion"], said["suggestion reason"])
    link = ReportLink(
        document=said["link document"], line=3, column=7, url=said["link url"], written=said["written"],
        text=said["link text"], element=Element.INLINE, image=False, date="2022-05", used_at=None,
    )  # fmt: skip
    return ReportTarget(
        id=f"url:{number}", url=url, kind="web", parent=None, stands_for=None, status=status, reason=said["reason"],
        detail=said["detail"], http_status=200, final_url=said["final url"], checked_at=NOW, from_cache=False,
        attempts=1, confirmed=True, first_failed_at=NOW, failed_checks=3, last_ok_at=NOW, suggestion=suggestion,
        metadata=metadata, metadata_source="page", metadata_fetched_at=NOW, metadata_stale=False, links=[link],
    )  # fmt: skip


def _finding(said: Words, number: int | None, severity: Severity) -> Finding:
    better = Suggestion(said["better url"], said["better reason"])
    return Finding(
        code=said["code"], severity=severity, message=said["message"], suggestion=better,
        document=said["document"] if severity is not Severity.NOTE else None, line=1, column=2,
        target=said["unknown target"] if number is None else f"url:{number}",
    )  # fmt: skip


def report(said: Words) -> Report:
    """A report in which everything that comes from outside is what ``said`` has for its place."""
    targets = [_target(said, number, facts) for number, facts in enumerate(_metadata(said))]
    targets += [_target(said, 4, None, Status.BROKEN), _target(said, 5, None, Status.BLOCKED)]
    findings = [
        _finding(said, 0, Severity.ERROR),
        _finding(said, 4, Severity.WARNING),
        _finding(said, None, Severity.ERROR),
    ]
    counts = {str(status): sum(one.status is status for one in targets) for status in Status}
    link = EntryLink(line=1, url=said["entry url"], target="url:0", title=said["entry link"])
    entry = ReportEntry(
        document=said["entry document"], line=1, section=[said["section"]], number=1, title=said["entry title"],
        topics=[said["entry topic"]], rating=2, article=link, papers=[link], code=[], others=[],
        authors=[said["entry author"]], abstract=said["entry abstract"], remarks=said["remarks"],
    )  # fmt: skip
    summary = ReportSummary(
        documents=1, documents_skipped=0, links=len(targets), undated_links=0, targets=len(targets), deferred=0,
        by_status=counts, by_kind={said["kind"]: counts}, findings={"error": 2, "warning": 1, "note": 1},
    )  # fmt: skip
    run = ReportRun(
        id="r", version="1", started_at=NOW, finished_at=NOW, complete=False, since="2021-01", until=None, requests=3,
        from_cache=0, warnings=[ReportWarning(code=said["warning code"], message=said["warning"])],
    )  # fmt: skip
    document = ReportDocument(
        path=said["document path"], title=said["document title"], date="2022-05", date_source="title"
    )
    return Report(
        run=run, summary=summary, documents=lambda: [document], targets=lambda: targets, findings=lambda: findings,
        entries=lambda: [entry],
    )  # fmt: skip


def rendered(name: str, said: Words) -> str:
    return "".join(formats()[name].render(report(said)))


report(Words())
# An address decides whether there is a link at all, so that it is compared with one of its own sort.
ADDRESSES = {"url"}


def _plain(place: str, text: str) -> Words:
    is_web = place in ADDRESSES and text.lower().startswith(("http://", "https://"))
    return Words({place: "https://a.example/"} if is_web else {})


@pytest.fixture(scope="module")
def plain() -> Callable[[str, str, str], list[str]]:
    """What a format's reader sees where a plain word or a plain address stands."""
    known: dict[tuple[str, str], list[str]] = {}

    def structure(name: str, place: str, text: str) -> list[str]:
        said = _plain(place, text)
        key = (name, str(said))
        if key not in known:
            known[key] = READERS[name](rendered(name, said))
        return known[key]

    return structure


def _inert(name: str, text: str) -> None:
    text = without_ours(name, text)
    assert orders(text) == []
    assert unseen(text) == []
    assert commands(text) == []
    assert name in READERS, f"hostile.py has no reader for the format {name}: write one"


def _each_in(
    name: str, place: str, texts: Sequence[str], plain: Callable[[str, str, str], list[str]]
) -> None:
    for text in texts:
        written = rendered(name, Words({place: text}))
        _inert(name, written)
        assert READERS[name](written) == plain(name, place, text), ascii(text)


@pytest.mark.parametrize("number", range(len(PLACES)))
@pytest.mark.parametrize("name", formats())
def test_nothing_foreign_is_active_in_any_place_of_any_format(
    name: str, number: int, plain: Callable[[str, str, str], list[str]]
) -> None:
    """A part of the corpus in each place, every string of it in some."""
    _each_in(name, sorted(PLACES)[number], SHORT[number % 16 :: 16], plain)


@pytest.mark.soak
@pytest.mark.parametrize("place", sorted(PLACES))
@pytest.mark.parametrize("name", formats())
def test_nothing_at_all_is_active_in_any_place_of_any_format(
    name: str, place: str, plain: Callable[[str, str, str], list[str]]
) -> None:
    _each_in(name, place, SHORT, plain)


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: ascii(text)[:40])
@pytest.mark.parametrize("name", formats())
def test_nothing_foreign_is_active_when_it_stands_everywhere(
    name: str, text: str, plain: Callable[[str, str, str], list[str]]
) -> None:
    written = rendered(name, Words(dict.fromkeys(PLACES, text)))
    _inert(name, written)
    found, expected = READERS[name](written), plain(name, "url", text)
    if text in LONG:
        # An address that no server would take is shown, cut, and no link.
        found, expected = (
            [part for part in seen if not part.startswith("link_")] for seen in (found, expected)
        )
    assert found == expected


@pytest.mark.parametrize("text", CORPUS[::5], ids=lambda text: ascii(text)[:40])
@pytest.mark.parametrize("name", ["html", "markdown", "text"])
def test_nothing_foreign_is_active_in_another_language(name: str, text: str) -> None:
    everywhere = replace(report(Words(dict.fromkeys(PLACES, text))), language="zh")
    _inert(name, "".join(formats()[name].render(everywhere)))


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_what_machines_read_is_what_was_written(name: str) -> None:
    shown = {place for place in PLACES if PLAIN + place in rendered(name, Words({place: PLAIN + place}))}
    assert len(shown) > 20
    for text in (text for text in (*SHORT, *LONG) if not SURROGATE.search(text)):
        written = rendered(name, Words({place: f"{text} {place}" for place in shown}))
        lines = [written] if name == "json" else written.split("\n")[:-1]
        found = {one for line in lines for one in strings_in(json.loads(line))}
        wanted = {redact(f"{text} {place}") for place in shown} - {
            redact(f"{text} kind"),
            redact(f"{text} path"),
        }
        assert wanted <= found, ascii(text)


# --- standard error ---------------------------------------------------------------------------------


def _result(text: str) -> tuple[CheckResult, TargetState]:
    result = CheckResult(target_id=text, at=NOW, verdict=Verdict(Status.BROKEN, "http-404", text))
    return result, TargetState(status=Status.BROKEN, reason=text)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: ascii(text)[:40])
def test_progress_and_faults_are_inert(text: str) -> None:
    stream = io.StringIO()
    with Display(live=False, plain=True, lines=True, stream=stream) as display:
        display.planned(1)
        display.counted(*_result(text))
        display.broke(Target(id=text, url=text, kind="web", host=text), ValueError(text))
    _inert("text", stream.getvalue())
    assert stream.getvalue().startswith("checked broken ")
    assert "internal error at " in stream.getvalue()


@pytest.mark.parametrize("text", SHORT[::9], ids=lambda text: ascii(text)[:40])
def test_a_live_bar_draws_itself_and_nothing_of_theirs(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream, screen = _Terminal(), pyte.Screen(200, 50)
    lane = Lane(Manners(), anyio.CapacityLimiter(1), random=lambda: 0.0, clock=lambda: 0.0).state()
    workload = Workload(
        backlog=Backlog(left={Queue(text): 5}), lanes=lambda: {text: lane}, manners_of=lambda _: Manners()
    )
    with Display(live=True, plain=False, lines=True, stream=stream) as display:
        display.planned(2)
        display.foretold([Bound(called=f"links to {text}", due=2, asked=1, gap_seconds=9.0)], None)
        display.watch(workload)
        display.counted(*_result(text))
        display.tick()
    pyte.Stream(screen).feed(stream.getvalue().replace("\n", "\r\n"))
    assert any("checked broken" in line for line in screen.display)
    assert screen.title == ""
    assert not {"set_title", "set_icon_name", "reset", "report_device_status"} & {
        *orders(stream.getvalue())
    }


# --- the commands -----------------------------------------------------------------------------------

# All that an argument of a program and a name of a file can hold.
ARGUMENT = "a\n::error::x\x85##[error]x\x1b]0;t\x07\u202e\udcff\r  ::error::y"


def _all_inert(out: str, err: str) -> None:
    _inert("text", out)
    _inert("text", err)
    assert "Traceback" not in err


def _main(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["enrich", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "-q", f"./{ARGUMENT}"),
        ("check", f"--{ARGUMENT}"),
        (ARGUMENT,),
        ("check", f"--fail-on={ARGUMENT}"),
        ("check", "--since", ARGUMENT),
        ("check", "--since", "--output=x"),
        ("check", "--exclude", f"({ARGUMENT}"),
        ("report", f"./{ARGUMENT}"),
    ],
    ids=lambda given: ascii(given)[:40],
)
def test_wrong_use_is_said_without_obeying_it(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = _main(capsys, *arguments)
    _all_inert(out, err)
    assert (code, out) == (2, "")
    assert "rror: " in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "config",
    [
        '"\\u001b]0;t\\u0007" = 1',
        '"\\n::error::x" = 1',
        'format = "\\u0085##[error]x"',
        'exclude = ["(\\n::error::x"]',
        '[hosts."\\u001b[2J"]\nbogus = 1',
        "\x1b[2J = 1",
    ],
)
def test_a_wrong_configuration_is_said_without_obeying_it(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "enrich.toml").write_text(config, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, out, err = _main(capsys, "check", ".")
    _all_inert(out, err)
    assert code == 2
    assert "enrich.toml" in err


def test_a_mistake_of_ours_is_told_without_obeying_what_it_quotes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: list[str]) -> None:
        raise ValueError("".join(SHORT))

    monkeypatch.setattr(cli, "_invoke", fail)
    code, out, err = _main(capsys, "links")
    assert (code, out) == (70, "")
    _inert("text", err)
    assert err.startswith("Traceback")


def test_a_saved_report_that_somebody_else_made_is_rendered_inert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Words(dict.fromkeys(PLACES, "".join(text for text in SHORT if not SURROGATE.search(text))))
    saved = tmp_path / "saved.json"
    saved.write_text(rendered("json", said), encoding="utf-8")
    for name in formats():
        code, out, err = _main(capsys, "report", str(saved), "--format", name)
        _all_inert(without_ours(name, out), err)
        assert (code, bool(out)) == (0, True)


@pytest.fixture(scope="module")
def hostile_notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every string of the corpus as a heading, a label and an address, in files with hostile names."""
    top = tmp_path_factory.mktemp("hostile")
    notes = top / "notes"
    notes.mkdir()
    for number, text in enumerate(text for text in SHORT if not SURROGATE.search(text)):
        body = f"# {text}\n\n[{text}](https://127.0.0.1:1/{text})\n\n<https://127.0.0.1:1/{number}?{text}>\n\n{text}\n"
        (notes / f"{number}.md").write_text(body, encoding="utf-8", newline="")
    for name in (
        "\n::error::x",
        "::error::x",
        "##[error]x",
        "\x1b]0;t\x07",
        "\u202e",
        "\udcff",
        "\x85",
        "=1",
        "@a",
        "a|b",
    ):
        (notes / f"{name}.md").write_text(
            f"# {name}\n\n<https://127.0.0.1:1/>\n", "utf-8", "surrogateescape"
        )
        # One that cannot be read, which is a finding.
        (notes / f"{name}\x1b[31m.md").write_bytes(b"\x00" * 10)
    cell = {"cell_type": "markdown", "source": ["[half \ud800](https://a.example/\ud800)\n"]}
    notebook = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (notes / "surrogates.ipynb").write_text(notebook, encoding="utf-8")
    listed = ", ".join(f'"{name}"' for name in formats())
    (top / "enrich.toml").write_text(f"[report]\nformats = [{listed}]\n", encoding="utf-8")
    return top


@pytest.mark.parametrize(
    "command",
    [
        "links notes",
        "links notes --kind web",
        "links notes --format jsonl",
        "links notes --dates",
        "run notes --offline -v",
        "check notes --offline --fail-on skipped",
    ],
)
def test_hostile_notes_are_inert_in_whatever_a_command_writes(command: str, hostile_notes: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "enrich", *command.split()],
        cwd=hostile_notes,
        capture_output=True,
        timeout=300,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    _all_inert(out, err)
    assert out.count("\n") > 50
    assert done.returncode == ("check" in command), err
    if "jsonl" in command:
        assert all(map(json.loads, out.split("\n")[:-1]))
    if "run" in command:
        for name, form in formats().items():
            text = (hostile_notes / "reports" / f"latest.{form.suffix}").read_text(encoding="utf-8")
            _inert(name, text)
            # No note here is about a paper.
            assert READERS[name](text) or name in ("bibtex", "ris", "csl-json")
