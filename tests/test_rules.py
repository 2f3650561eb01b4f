"""``[[rules]]``, and what the words of ``--fail-on``, ``--warn-on`` and ``--ignore`` decide together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from requirements import ROOT
from rows import report_link, report_target

import enrich
from enrich.config import Rule, load
from enrich.errors import UsageError
from enrich.findings import Policy, findings_of
from enrich.model import Finding, ReportTarget, Repository, Severity, Status


def broken(url: str = "https://a.example/x", document: str = "a.md", **facts: Any) -> ReportTarget:
    link = report_link(url, 3, document=document)
    given: dict[str, Any] = {"kind": "web", "status": Status.BROKEN, "reason": "http-404"}
    return report_target(f"url:{url}", url, [link], **(given | facts))


def weighed(policy: Policy, target: ReportTarget) -> list[tuple[str, bool]]:
    """The severity of each finding that is reported, and whether it fails."""
    found = [policy.weighed(one, target) for one in findings_of(target, policy)]
    return [(one.finding.severity.value, one.fails) for one in found if one is not None]


def policy(fail_on: str = "broken", warn_on: str = "", ignore: str = "", *rules: Rule) -> Policy:
    words = (frozenset(given.split()) for given in (fail_on, warn_on, ignore))
    return Policy(**dict(zip(("fail_on", "warn_on", "ignore"), words, strict=True)), rules=rules)


FAILS, WARNS, TOLD = [("error", True)], [("warning", False)], [("error", False)]


@pytest.mark.parametrize(
    ("given", "confirmed", "expected"),
    [
        (policy(), False, FAILS),
        (policy(""), False, TOLD),
        (policy("confirmed"), False, TOLD),
        (policy("confirmed"), True, FAILS),
        (policy("confirmed", "broken"), False, WARNS),
        (policy("confirmed", "broken"), True, FAILS),
        (policy("broken", "http-404"), False, WARNS),
        (policy("http-404", "broken"), False, FAILS),
        (policy("broken http-404", "http-404"), False, FAILS),
        (policy("confirmed", "http-404"), True, WARNS),
        (policy("broken", "", "http-404"), True, []),
        (policy("http-404", "", "broken"), False, FAILS),
        (policy("broken", "", "broken"), False, []),
    ],
)
def test_the_most_precise_word_decides(
    given: Policy, confirmed: bool, expected: list[tuple[str, bool]]
) -> None:
    assert weighed(given, broken(confirmed=confirmed)) == expected


def rule(severity: str, **facts: Any) -> Rule:
    return Rule(severity=severity, **facts)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule("warning", path=("^archive/",))], FAILS),
        ([rule("warning", path=("^a",))], WARNS),
        ([rule("note", host=("a.example",))], [("note", False)]),
        ([rule("note", host=("example",))], [("note", False)]),
        ([rule("note", host=("ample",))], FAILS),
        ([rule("ignore", url=("/x$",))], []),
        ([rule("ignore", kind=("github", "web"))], []),
        ([rule("ignore", kind=("github",))], FAILS),
        ([rule("warning", codes=frozenset({"broken"}))], WARNS),
        ([rule("warning", codes=frozenset({"http-404"}), path=("b",))], FAILS),
        ([rule("ignore"), rule("error", host=("a.example",))], FAILS),
        ([rule("error", host=("a.example",)), rule("ignore")], []),
    ],
)
def test_the_last_rule_that_holds_decides(rules: list[Rule], expected: list[tuple[str, bool]]) -> None:
    assert weighed(policy("broken", "", "", *rules), broken()) == expected


def test_a_rule_that_names_it_makes_a_finding_of_a_verdict_that_is_none() -> None:
    blocked = broken(status=Status.BLOCKED, reason="bot-wall")
    named = rule("warning", codes=frozenset({"blocked"}), path=("^a",))
    assert weighed(policy("broken", "", "", rule("error", host=("a.example",))), blocked) == []
    assert weighed(policy("broken", "", "", named), blocked) == WARNS
    elsewhere = broken(status=Status.BLOCKED, reason="bot-wall", document="b.md")
    assert weighed(policy("broken", "", "", named), elsewhere) == []


def test_a_rule_decides_over_options_and_fails_only_where_anything_does() -> None:
    strict = rule("error", codes=frozenset({"github-archived"}))
    archived = report_target(
        "github:o/r", "https://github.com/o/r", [report_link("https://github.com/o/r", 1)], kind="github",
        status=Status.OK, reason="github-found", metadata=Repository(full_name="o/r", archived=True),
    )  # fmt: skip
    assert weighed(policy("broken", "", "github-archived", strict), archived) == FAILS
    assert weighed(policy("", "", "", strict), archived) == TOLD


def test_what_is_about_no_target_is_met_by_rules_of_paths_and_codes_alone() -> None:
    swallowed = Finding(
        code="not-rendered", severity=Severity.WARNING, message="x", document="a.md", line=1, column=1
    )
    for given, expected in (
        (rule("error", path=("^a",)), Severity.ERROR),
        (rule("error", codes=frozenset({"not-rendered"})), Severity.ERROR),
        (rule("error", host=("a.example",)), Severity.WARNING),
    ):
        found = policy("broken", "", "", given).weighed(swallowed, None)
        assert found is not None
        assert found.finding.severity is expected


# --- in a configuration -----------------------------------------------------------------------------


def loaded(folder: Path, text: str, command: str = "check") -> tuple[Rule, ...]:
    (folder / "enrich.toml").write_text(text, encoding="utf-8")
    return load(command, {}, environ={}, folder=folder).rules


def test_rules_are_read_in_their_order_also_from_the_tree(tmp_path: Path) -> None:
    text = (
        '[[rules]]\npath = "^archive/"\nseverity = "note"\n'
        '[[rules]]\nhost = ["A.Example.", "b.example"]\ncodes = ["broken", "http-418"]\n'
        'kind = "web"\nseverity = "ignore"\n'
    )
    assert loaded(tmp_path, text) == (
        Rule(severity="note", path=("^archive/",)),
        Rule(
            severity="ignore",
            host=("a.example", "b.example"),
            codes=frozenset({"broken", "http-418"}),
            kind=("web",),
        ),
    )


def test_the_rules_of_the_page_are_accepted(tmp_path: Path) -> None:
    sample = re.search(
        r"```toml\n(\[\[rules\]\].*?)```",
        (ROOT / "docs" / "configuration.md").read_text("utf-8"),
        re.DOTALL,
    )
    assert sample is not None
    assert [one.severity for one in loaded(tmp_path, sample[1])] == ["warning", "ignore"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('rules = "x"\n', "must be tables, each under [[rules]]"),
        ('[rules]\nseverity = "note"\n', "must be tables, each under [[rules]]"),
        (
            '[[rules]]\npath = "x"\n',
            "rule 1 of [[rules]]: severity: must be one of error, warning, note, ignore",
        ),
        ('[[rules]]\nseverity = "note"\n[[rules]]\nseverity = "fatal"\n', "rule 2 of [[rules]]: severity"),
        ('[[rules]]\nseverity = "note"\nhots = "x"\n', "hots: unknown key; valid keys are codes, host"),
        (
            '[[rules]]\nseverity = "note"\npath = "("\n',
            "rule 1 of [[rules]]: path: is not a regular expression",
        ),
        ('[[rules]]\nseverity = "note"\npath = "notes/**"\n', "any text is .* and not *"),
        ('[[rules]]\nseverity = "note"\nhost = "https://a.example"\n', "must be the name of a host"),
        ('[[rules]]\nseverity = "note"\nkind = "wechaat"\n', "must be one of"),
        ('[[rules]]\nseverity = "note"\ncodes = ["http-4o4"]\n', "enrich config --codes"),
        ('[[rules]]\nseverity = "note"\nhost = []\n', "names nothing"),
    ],
)
def test_a_wrong_rule_is_an_error_that_says_which(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        loaded(tmp_path, text)
    assert said in str(raised.value)
    assert "enrich.toml" in str(raised.value)


def test_paths_in_a_file_above_the_current_folder_may_be_those_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a job with a working directory, which finds the file at the root of the repository."""
    for name in ("docs/old/x.md", "docs/y.md", "docs/gone/z.md", "notes/n.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[x](nowhere.md)\n", encoding="utf-8")
    (tmp_path / ".git").mkdir()
    text = (
        'exclude_path = ["^docs/gone/"]\n[[rules]]\npath = ["^docs/old/", "^notes/"]\nseverity = "ignore"\n'
    )
    (tmp_path / "enrich.toml").write_text(text, encoding="utf-8")
    for folder, paths, found in (("", ["."], "docs/y.md"), ("docs", ["."], "y.md"), ("docs", [], "y.md")):
        monkeypatch.chdir(tmp_path / folder)
        report = enrich.check(*paths, offline=True, cache_dir=tmp_path.parent / "cache")
        assert [one.document for one in report.findings] == [found], (folder, paths)
    report = enrich.check(".", offline=True, cache_dir=tmp_path.parent / "cache", exclude_path=["^docs/"])
    assert {one.path for one in report.documents} >= {"y.md", "old/x.md"}
