"""Accepted links: what a baseline lets through, what it does not, and when an entry is dropped."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from enrich.cli import main

FILE = "known.json"


@dataclass(frozen=True)
class Notes:
    folder: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def check(self, *arguments: str, day: str = "2026-11-21") -> tuple[int, str, str]:
        self.patch.setenv("ENRICH_NOW", f"{day}T06:00:00Z")
        self.patch.setattr(sys, "argv", ["enrich", "check", "--offline", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capture.readouterr()
        return int(str(ended.value.code)), out, err

    def accept(self, *arguments: str, day: str = "2026-11-21") -> str:
        code, out, err = self.check("--baseline", FILE, "--update-baseline", *arguments, day=day)
        assert code == 0, err
        return out

    def failing(self, *arguments: str) -> list[str]:
        """The places of what fails in spite of the baseline."""
        code, out, _ = self.check("--baseline", FILE, "--format", "json", *arguments)
        found = json.loads(out)["findings"]
        errors = [f"{one['document']}:{one['line']}" for one in found if one["severity"] == "error"]
        assert code == bool(errors)
        return errors

    @property
    def accepted(self) -> list[tuple[str, str, str, str]]:
        found = json.loads((self.folder / FILE).read_text(encoding="utf-8"))["accepted"]
        return [(one["document"], one["target"], one["reason"], one["accepted"]) for one in found]


@pytest.fixture
def notes(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Notes:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "ENRICH_BASELINE"):
        monkeypatch.delenv(name, raising=False)
    made = Notes(tmp_path, capsys, monkeypatch)
    made.write("b.md", "[x](gone.md)\n\n[y](lost.md)\n")
    made.write("a 文.md", "[x](gone.md)\n")
    return made


def test_what_fails_is_accepted_and_fails_no_more(notes: Notes) -> None:
    assert notes.check()[0] == 1
    out = notes.accept()
    assert "note: the baseline holds 3, of which 3 are new; 0 dropped" in out
    assert notes.accepted == [
        ("a 文.md", "file:gone.md", "file-missing", "2026-11-21"),
        ("b.md", "file:gone.md", "file-missing", "2026-11-21"),
        ("b.md", "file:lost.md", "file-missing", "2026-11-21"),
    ]
    code, out, err = notes.check("--baseline", FILE)
    assert (code, err) == (0, "")
    assert "b.md:3:5: file-missing  file:lost.md  (accepted on 2026-11-21; There is no lost.md" in out


def test_the_file_is_sorted_with_one_entry_a_line_and_the_same_for_the_same(notes: Notes) -> None:
    notes.accept()
    first = (notes.folder / FILE).read_bytes()
    first_line, *entries, last = first.decode().splitlines()
    assert (first_line, last) == ('{"schema_version": 1, "accepted": [', "]}")
    assert [json.loads(line.rstrip(","))["document"] for line in entries] == ["a 文.md", "b.md", "b.md"]
    notes.accept(day="2027-01-01")
    assert (notes.folder / FILE).read_bytes() == first


def test_lines_come_and_go_and_a_link_elsewhere_is_new(notes: Notes) -> None:
    notes.accept()
    notes.write("b.md", "new words\n\n\n[y](lost.md)\n\n[x](gone.md)\n")
    assert notes.failing() == []
    notes.write("c.md", "[x](gone.md)\n")
    notes.write("b.md", "[y](lost.md)\n\n[z](third.md)\n\n[x](gone.md)\n")
    assert notes.failing() == ["b.md:3", "c.md:1"]


def test_a_date_stays_and_what_works_again_is_dropped(notes: Notes) -> None:
    notes.accept()
    notes.write("lost.md", "found\n")
    notes.write("c.md", "[x](gone.md)\n")
    code, out, _ = notes.check("--baseline", FILE)
    assert code == 1
    assert (
        "note: of the links in the baseline 1 work again or are gone; --update-baseline drops them" in out
    )
    notes.accept(day="2027-02-03")
    assert notes.accepted == [
        ("a 文.md", "file:gone.md", "file-missing", "2026-11-21"),
        ("b.md", "file:gone.md", "file-missing", "2026-11-21"),
        ("c.md", "file:gone.md", "file-missing", "2027-02-03"),
    ]


def test_a_link_that_was_taken_out_and_a_note_that_is_gone_are_dropped(notes: Notes) -> None:
    notes.accept()
    notes.write("b.md", "[x](gone.md)\n")
    (notes.folder / "a 文.md").unlink()
    notes.accept()
    assert [entry[:2] for entry in notes.accepted] == [("b.md", "file:gone.md")]


def test_what_was_not_read_or_left_out_proves_nothing(notes: Notes) -> None:
    notes.accept()
    notes.accept("a 文.md")
    assert len(notes.accepted) == 3
    notes.accept("--kind", "web")
    assert len(notes.accepted) == 3
    notes.accept("--exclude", "lost")
    assert len(notes.accepted) == 3


def test_a_link_that_could_not_be_told_stays_accepted(notes: Notes) -> None:
    entry = {
        "document": "w.md",
        "target": "url:https://a.example/x",
        "reason": "http-404",
        "accepted": "2026-01-02",
    }
    notes.write(FILE, json.dumps({"schema_version": 1, "accepted": [entry]}))
    notes.write("w.md", "<https://a.example/x>\n")
    notes.accept("w.md")
    assert notes.accepted == [("w.md", "url:https://a.example/x", "http-404", "2026-01-02")]


def test_another_way_of_being_gone_is_the_same_trouble(notes: Notes) -> None:
    notes.write("good.md", "# Good\n")
    notes.write("c.md", "[x](good.md#bad)\n")
    notes.accept()
    text = (notes.folder / FILE).read_text(encoding="utf-8")
    notes.write(FILE, text.replace("anchor-missing", "file-missing"))
    assert notes.failing() == []
    notes.write(FILE, text.replace("anchor-missing", "wechat-captcha"))
    assert notes.failing() == ["c.md:1"]


def test_findings_that_fail_are_accepted_where_they_are_about_a_link(notes: Notes) -> None:
    notes.write("d.md", "<http://mp.weixin.qq.com/s/AAAA>\n")
    notes.accept("--fail-on", "wechat-bad-token", "d.md")
    assert [entry[2] for entry in notes.accepted] == ["wechat-bad-token"]
    assert notes.failing("--fail-on", "wechat-bad-token", "d.md") == []


def test_credentials_in_an_address_are_not_written_down(notes: Notes) -> None:
    notes.write("e.md", "<https://me:word@a.example/x?token=abcdef>\n")
    notes.accept("--fail-on", "skipped", "e.md")
    text = (notes.folder / FILE).read_text(encoding="utf-8")
    assert "word" not in text
    assert "abcdef" not in text
    assert notes.failing("--fail-on", "skipped", "e.md") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file; --update-baseline writes it"),
        ("", "is no list of accepted links"),
        ("[]", "is no list of accepted links"),
        ('{"schema_version": 2, "accepted": []}', "schema_version"),
        ('{"schema_version": 1, "accepted": [{"document": "a.md"}]}', "target"),
        (
            '{"schema_version": 1, "accepted": [{"document":"a","target":"b","reason":"c","accepted":"soon"}]}',
            "soon",
        ),
        ('{"schema_version": 1, "accepted": [], "more": 1}', "more"),
    ],
)
def test_a_file_that_is_none_is_wrong_use(notes: Notes, text: str | None, said: str) -> None:
    if text is not None:
        notes.write(FILE, text)
    code, out, err = notes.check("--baseline", FILE)
    assert (code, out) == (2, "")
    assert f"error: --baseline: {FILE}: " in err
    assert said in err
    assert not (notes.folder / "cache").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--update-baseline"], "goes with --baseline FILE"),
        (["--update-baseline", "--baseline", FILE, "--diff", "main"], "leave --diff out"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(
    notes: Notes, arguments: list[str], said: str
) -> None:
    code, _, err = notes.check(*arguments)
    assert code == 2
    assert said in err


def test_a_configuration_in_the_tree_names_no_file_to_write(notes: Notes) -> None:
    notes.write("enrich.toml", 'baseline = "/etc/passwd"\nupdate_baseline = true\n')
    code, _, err = notes.check()
    assert code == 2
    assert "unknown key" in err


def test_a_baseline_behind_a_link_out_of_the_folder_is_refused(
    notes: Notes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (notes.folder / "way").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    code, _, err = notes.check("--baseline", "way/known.json", "--update-baseline")
    assert code == 2
    assert "symbolic link" in err
