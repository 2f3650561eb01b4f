"""Reports: the published shape, and what a person reads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources

import jsonschema
import pytest
from hostile import markdown_structure
from rows import asked_target as target
from rows import made_report as report
from rows import rendered

from enrich.errors import UsageError
from enrich.model import (
    Article,
    ChangedTarget,
    Changes,
    Earlier,
    Finding,
    Metadata,
    Page,
    Paper,
    Report,
    Repository,
    Severity,
    Side,
    Status,
    Suggestion,
)
from enrich.registry import formats
from enrich.report import json as json_report

HOSTILE = "\x1b[2J::error::x\n##[y](z) <b>|`@name` \u202e"


METADATA: list[Metadata] = [
    Article(title="文章", account="号", published_at="2022-05-10T08:00:00+08:00", original=True),
    Paper(arxiv_id="2205.02101", version=1, title="Sparse", authors=("A", "B"), categories=("cs.CV",)),
    Repository(full_name="o/r", repository_id=1, stars=5, topics=("x",), archived=True),
    Page(title="P", citation={"title": ("T",), "author": ("A", "B")}),
]


def whole() -> Report:
    rows = [target(f"url:https://a.example/{n}", metadata=facts) for n, facts in enumerate(METADATA)]
    suggestion = Suggestion("https://b.example/", "http-301")
    rows.append(target("url:https://a.example/old", Status.REDIRECTED, "http-301", suggestion=suggestion))
    finding = Finding(
        code="http-404", severity=Severity.ERROR, message="gone", document="a.md", line=3, column=7,
        target="url:https://a.example/0", suggestion=suggestion,
    )  # fmt: skip
    return report(*rows, findings=(finding,))


def schema() -> dict[str, object]:
    text = (resources.files("enrich.report") / "schema.json").read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text)
    return found


def test_the_schema_file_is_made_from_the_records() -> None:
    text = (resources.files("enrich.report") / "schema.json").read_text(encoding="utf-8")
    assert text == json_report.schema_text(), "run: python -m enrich.report.schema"


def test_a_report_with_everything_in_it_validates() -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(rendered("json", whole())))


@pytest.mark.parametrize(
    "damage",
    [
        lambda table: table.pop("findings"),
        lambda table: table["targets"][0].pop("confirmed"),
        lambda table: table["targets"][0].update(status="fine"),
        lambda table: table["targets"][0].update(extra=1),
        lambda table: table["targets"][1]["metadata"].update(type="book"),
        lambda table: table["summary"]["by_status"].pop("ok"),
        lambda table: table.update(schema_version=2),
    ],
)
def test_the_schema_refuses_what_is_not_a_report(damage: object) -> None:
    table = json.loads(rendered("json", whole()))
    damage(table)  # type: ignore[operator]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(table)


def test_a_saved_report_comes_back_as_it_was() -> None:
    text = rendered("json", whole())
    assert rendered("json", json_report.load(text, "x.json")) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not an enrich report"),
        ("[]", "schema_version"),
        ('{"schema_version": 2}', "schema_version"),
        ('{"schema_version": 1}', "run"),
        (rendered("json", whole()).replace('"attempts":1', '"attempts":"one"'), "attempts"),
        (rendered("json", whole()).replace('"type":"paper"', '"type":"book"'), "book"),
    ],
)
def test_what_is_no_report_is_refused_with_its_name(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        json_report.load(text, "x.json")
    assert "x.json" in str(raised.value)
    assert message in str(raised.value)


def test_the_stable_form_leaves_out_when_and_how_often() -> None:
    later = replace(
        whole().run, id="other", started_at=datetime(2027, 1, 1, tzinfo=UTC), requests=99, from_cache=5
    )
    first = whole()
    rows = [
        replace(one, checked_at=None, from_cache=True, attempts=3, failed_checks=2)
        for one in first.targets()
    ]
    second = replace(whole(), run=later, targets=lambda: rows)
    assert "".join(json_report.render_stable(first)) == "".join(json_report.render_stable(second))
    assert json.loads("".join(json_report.render_stable(first)))["targets"][0]["status"] == "ok"


def test_jsonl_holds_one_target_a_line() -> None:
    lines = rendered("jsonl", whole()).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [one.id for one in whole().targets()]


def test_text_says_first_what_to_do_and_then_how_much_there_is() -> None:
    lines = rendered("text", whole()).splitlines()
    assert lines[0] == "a.md:3:7: http-404  https://a.example/0  (gone; try https://b.example/)"
    assert lines[2] == "5 links in 1 document, 5 targets: 4 ok, 1 redirected"


def test_text_says_that_a_run_is_not_complete_and_why() -> None:
    text = rendered("text", report(target("url:https://a.example/"), complete=False))
    assert "the network seems down" in text
    assert text.startswith("The run is not complete: the network seems down")


def test_text_counts_what_could_not_be_told_by_reason() -> None:
    rows = [
        target("url:https://a.example/1", Status.BLOCKED, "http-403"),
        target("url:https://a.example/2", Status.UNREACHABLE, "timeout"),
    ]
    assert "could not be told (2 targets): http-403 1, timeout 1" in rendered("text", report(*rows))


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_foreign_text_is_not_active_in_what_people_read(name: str) -> None:
    finding = Finding(
        code="http-404", severity=Severity.ERROR, message=HOSTILE, document=f"{HOSTILE}.md", line=1, column=1,
        target=f"url:https://a.example/{HOSTILE}",
    )  # fmt: skip
    hostile = target(
        f"url:https://a.example/{HOSTILE}",
        Status.BROKEN,
        "http-404",
        detail=HOSTILE,
        metadata=Page(title=HOSTILE),
    )
    text = rendered(name, report(hostile, findings=(finding,)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    if name == "markdown":
        assert "link_open" in markdown_structure(text), (
            "which fails on HTML and on what is linked by itself"
        )


def test_markdown_is_cut_where_a_step_summary_ends() -> None:
    rows = [target(f"url:https://a.example/{n}", metadata=Page(title="t" * 200)) for n in range(3000)]
    text = rendered("markdown", report(*rows))
    assert len(text.encode()) < 1 << 20
    assert text.rstrip().endswith("the JSON report has all of it.")


def test_credentials_in_notes_reach_no_format() -> None:
    secret = "https://user:hunter2@a.example/?token=hunter2"
    rows = [target(f"url:{secret}", Status.BROKEN, "http-404", detail=f"see {secret}")]
    finding = Finding(
        code="http-404", severity=Severity.ERROR, message=secret, document="a.md", target=f"url:{secret}"
    )
    side = Side(id="r", started_at=datetime(2026, 5, 10, tzinfo=UTC), complete=True)
    gone = ChangedTarget(
        id=f"url:{secret}", url=secret, kind="web", title=None, was=Status.OK, was_reason="http-200",
        status=Status.BROKEN, reason="http-404", detail=secret, confirmed=False, suggestion=None, links=[],
    )  # fmt: skip
    earlier = Earlier(changes=Changes(old=side, new=side, newly_broken=[gone]), nights=[])
    made = replace(report(*rows, findings=(finding,)), earlier=earlier)
    for name in formats():
        text = rendered(name, made)
        assert "hunter2" not in text, (name, text[text.index("hunter2") - 200 :][:220])


FOR_PEOPLE = {"html", "markdown", "text"}


@pytest.mark.parametrize("name", sorted(formats()))
def test_programs_read_the_same_in_every_language_and_people_do_not(name: str) -> None:
    english, chinese = (rendered(name, replace(whole(), language=language)) for language in ("en", "zh"))
    assert (english == chinese) is (name not in FOR_PEOPLE)


def test_text_in_chinese_counts_in_chinese() -> None:
    said = rendered("text", replace(whole(), language="zh"))
    assert "个链接" in said
    assert "已迁移" in said
    assert [word for word in ("links", "targets", "JSON report", "redirected") if word in said] == []
