"""What is said about a collection: where, how often, and what only several entries together show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from offline import offline
from requirements import shared
from rows import report_entry as entry
from rows import report_link, report_target

from enrich.findings import Policy, findings_of
from enrich.model import (
    EntryLink,
    Finding,
    Paper,
    ReportEntry,
    ReportLink,
    ReportTarget,
    Status,
    Suggestion,
)
from enrich.repeats import repeats
from enrich.titles import Likeness, Title, likeness

NOTHING = Policy(fail_on=frozenset())


# --- one target -------------------------------------------------------------------------------------


def link(url: str, line: int, **facts: Any) -> ReportLink:
    return report_link(url, line, **({"column": 3} | facts))


def row(kind: str, *links: ReportLink, **facts: Any) -> ReportTarget:
    return report_target(f"{kind}:x", links[0].url, links, **facts)


def places(found: Iterable[Finding]) -> list[tuple[str, str | None, int | None, int | None]]:
    return [(one.code, one.document, one.line, one.column) for one in found]


UNSIGNED = "https://mp.weixin.qq.com/s?__biz=MzI4NjAxNjY4Nw==&mid=1&idx=1&sn=0a"


def test_each_damaged_link_has_one_finding_where_it_stands() -> None:
    """Two links to one article give two findings, not each at the places of both."""
    target = row("wechat", *(link("https://mp.weixin.qq.com/s/AAAA", line) for line in (4, 9)))
    found = findings_of(target, NOTHING)
    assert places(found) == [("wechat-bad-token", "a.md", 4, 3), ("wechat-bad-token", "a.md", 9, 3)]


def test_only_the_unsigned_link_of_an_article_is_called_so() -> None:
    target = row("wechat", link(f"{UNSIGNED}&chksm=9", 4), link(UNSIGNED, 9))
    assert places(findings_of(target, NOTHING)) == [("wechat-unsigned-link", "a.md", 9, 3)]


@pytest.mark.parametrize("reason", ["offline", "host-deferred", "not-reached", "network-down"])
def test_a_target_that_was_never_asked_has_the_findings_of_its_address(reason: str) -> None:
    assert places(findings_of(row("wechat", link(UNSIGNED, 9), reason=reason), NOTHING))


@pytest.mark.parametrize("reason", ["excluded", "code"])
def test_nothing_is_said_about_the_addresses_that_somebody_excluded(reason: str) -> None:
    assert places(findings_of(row("wechat", link(UNSIGNED, 9), reason=reason), NOTHING)) == []


def test_a_fact_about_a_target_is_told_at_each_of_its_links() -> None:
    paper = Paper(arxiv_id="2101.00001", withdrawn=True)
    target = row("arxiv", link("https://arxiv.org/abs/2101.00001", 4), link("https://arxiv.org/pdf/2101.00001", 9),
                 status=Status.OK, reason="arxiv-found", metadata=paper)  # fmt: skip
    found = list(findings_of(target, NOTHING))
    assert places(found) == [("arxiv-withdrawn", "a.md", 4, 3), ("arxiv-withdrawn", "a.md", 9, 3)]
    assert {one.target for one in found} == {"arxiv:x"}


def test_the_uses_of_a_definition_are_one_place() -> None:
    uses = [link("https://example.org/gone", 9, used_at=(line, 1)) for line in (2, 3)]
    target = row(
        "web", *uses, status=Status.BROKEN, reason="http-404", suggestion=Suggestion("https://a.b/", "x")
    )
    assert places(findings_of(target, NOTHING)) == [("http-404", "a.md", 9, 3)]


def test_a_better_path_that_is_the_note_itself_is_written_out() -> None:
    facts = {"status": Status.BROKEN, "reason": "file-missing", "detail": "There is no b.md in docs."}
    where = link("b.md", 2, document="docs/a.md")
    for better, written in (
        ("file:docs/a.md", "a.md"),
        ("file:docs/a.md#top", "#top"),
        ("file:c.md", "../c.md"),
    ):
        target = row("file", where, **facts, suggestion=Suggestion(better, "file-missing"))
        (found,) = findings_of(target, NOTHING)
        assert found.message == f"There is no b.md in docs; try {written}"
        assert found.suggestion == Suggestion(written, "file-missing")


# --- several entries --------------------------------------------------------------------------------

ARTICLE, PAPER = "wechat:AbCdEfGhIjKlMnOpQrStUg", "arxiv:2203.03605"


def article(line: int = 9, target: str = ARTICLE) -> EntryLink:
    return EntryLink(line=line, url="https://mp.weixin.qq.com/s/x", target=target)


def paper(title: str | None = None, line: int = 11, target: str = PAPER) -> list[EntryLink]:
    return [EntryLink(line=line, url="https://arxiv.org/abs/2203.03605", target=target, title=title)]


def found(*entries: ReportEntry, documents: Sequence[str] = ()) -> list[Finding]:
    """What is found in entries, given as the store gives them."""
    pairs = [
        (target, one)
        for one in entries
        for target in dict.fromkeys(
            named.target for named in ([one.article] if one.article else []) + one.papers
        )
    ]
    times = Counter(target for target, _ in pairs)
    pairs.sort(key=lambda pair: (pair[0], pair[1].document, pair[1].line))
    return list(repeats((pair for pair in pairs if times[pair[0]] > 1), documents))


def codes(*entries: ReportEntry) -> list[tuple[str, str | None, int | None]]:
    return [(one.code, one.document, one.line) for one in found(*entries)]


def test_an_article_that_is_listed_again_on_another_day_is_a_note_there() -> None:
    first, second = (entry(name, title="Rotated boxes", article=article()) for name in ("a.md", "b.md"))
    (finding,) = found(first, second)
    assert (finding.code, finding.severity) == ("duplicate-target", "note")
    assert (finding.document, finding.line, finding.target) == ("b.md", 9, ARTICLE)
    assert "a.md:9" in finding.message
    assert "Rotated boxes" in finding.message


def test_a_paper_that_is_listed_twice_in_a_section_is_a_note() -> None:
    assert codes(entry(line=9, papers=paper()), entry(line=20, papers=paper(line=21))) == [
        ("duplicate-target", "a.md", 21)
    ]


@pytest.mark.parametrize(
    ("one", "other", "more", "is_told"),
    [
        ("a/x.md", "b/x.md", [], True),
        ("a/x.md", "b/x.md", ["a/README.md", "b/readme.rst"], False),
        ("a/x.md", "b/x.md", ["a/README.md"], False),
        ("a/x.md", "b/x.md", ["README.md", "a/README.md", "b/README.md"], True),
        ("a/2021/x.md", "a/2022/x.md", ["a/README.md", "a/2021/README.md"], True),
        ("a/README.md", "a/x.md", ["a/README.md"], True),
        ("a/_posts/x.md", "a/_posts/c/x.md", [], True),
        ("a/_posts/x.md", "b/_posts/x.md", [], False),
        ("ab/x.md", "a/x.md", ["a/README.md"], False),
        ("/notes/a/x.md", "/notes/b/x.md", ["/notes/README.md"], True),
        ("a/x.md", "b/x.md", ["a/notreadme.md"], True),
    ],
)
def test_what_stands_in_another_collection_is_no_duplicate(
    one: str, other: str, more: list[str], is_told: bool
) -> None:
    entries = [entry(name, article=article()) for name in sorted((one, other))]
    assert bool(found(*entries, documents=[one, other, *more])) is is_told


def test_one_document_repeats_itself_in_any_collection() -> None:
    twice = (entry("a/x.md", 9, article=article(9)), entry("a/x.md", 20, article=article(20)))
    (finding,) = found(*twice, documents=["a/README.md", "a/x.md"])
    assert (finding.code, finding.line) == ("duplicate-target", 20)


def test_two_titles_of_one_paper_are_told_across_collections() -> None:
    one = entry("a/x.md", papers=paper("Rotated boxes for ships"))
    other = entry("b/x.md", papers=paper("Speech recognition with wavelets"))
    findings = found(one, other, documents=["a/README.md", "b/README.md"])
    assert {finding.code for finding in findings} == {"same-id-two-titles"}


def test_each_further_entry_is_told_once() -> None:
    entries = [entry(name, article=article()) for name in ("a.md", "b.md", "c.md", "d.md")]
    assert [document for _, document, _ in codes(*entries)] == ["b.md", "c.md", "d.md"]


def test_sections_that_list_and_explain_name_a_thing_twice_on_purpose() -> None:
    listed = entry(line=9, section=["Papers"], article=article(12), papers=paper())
    explained = entry(line=80, section=["Explained"], article=article(80), papers=paper(line=81))
    assert codes(listed, explained) == []


def test_two_articles_about_one_paper_are_two_entries() -> None:
    other = "wechat:ZyXwVuTsRqPoNmLkJiHgFw"
    one = entry("a.md", article=article(), papers=paper())
    assert codes(one, entry("b.md", article=article(target=other), papers=paper())) == []
    assert codes(one, entry("b.md", papers=paper())) == [("duplicate-target", "b.md", 11)]


def test_one_entry_may_name_a_paper_in_two_places() -> None:
    assert codes(entry(papers=paper(line=10) + paper(line=11))) == []


def test_an_article_and_a_paper_are_not_the_same_thing() -> None:
    assert codes(entry("a.md", article=article(target=PAPER)), entry("b.md", papers=paper())) == []


def test_a_target_with_very_many_entries_costs_no_square_of_them() -> None:
    many = [entry("a.md", line, section=[str(line)], article=article(line)) for line in range(20_000)]
    assert codes(*many) == []


DETECTOR = "DINO: DETR with Improved DeNoising Anchor Boxes for End-to-End Object Detection"
FEW_SHOT = "Dense Relation Distillation with Context-aware Aggregation for Few-Shot Object Detection"


def titled(*titles: str | None) -> list[tuple[str, str | None]]:
    entries = [
        entry(f"{name}.md", papers=paper(title), article=article(target=f"wechat:{name}"))
        for name, title in zip("abcdefg", titles, strict=False)
    ]
    return [(code, document) for code, document, _ in codes(*entries) if code == "same-id-two-titles"]


def test_a_paper_under_the_title_of_another_is_a_warning() -> None:
    """As one of 748 items of a real digest has it: the number is that of the paper of the day before."""
    one, other = (
        entry(f"{name}.md", papers=paper(title), article=article(target=f"wechat:{name}"))
        for name, title in (("12", DETECTOR), ("13", FEW_SHOT))
    )
    (finding,) = found(one, other)
    assert (finding.code, finding.severity) == ("same-id-two-titles", "warning")
    assert (finding.document, finding.line, finding.target) == ("13.md", 11, PAPER)
    assert "12.md:11" in finding.message


def test_the_title_that_fewer_entries_give_is_the_doubtful_one() -> None:
    assert titled(FEW_SHOT, DETECTOR, DETECTOR, None) == [("same-id-two-titles", "a.md")]


@pytest.mark.parametrize(
    "other",
    [None, "", "Paper", "PDF", "论文链接", "DINO", "DINO: a detector", "目标检测的正确姿势，强烈推荐",
     DETECTOR.upper()],
)  # fmt: skip
def test_labels_translations_and_short_forms_are_no_other_titles(other: str | None) -> None:
    assert titled(DETECTOR, other) == []


def test_an_article_under_two_titles_is_a_warning() -> None:
    one = entry("a.md", title="GMTracker：一种基于图匹配的多目标跟踪方法", article=article())
    other = entry("b.md", title="用双注意力模块来做语义分割", article=article())
    assert codes(one, other) == [("duplicate-target", "b.md", 9), ("same-id-two-titles", "b.md", 9)]


def test_the_title_of_a_paper_is_not_that_of_its_interpretation() -> None:
    """One article may explain several papers, and stand below each of them."""
    one, other = (
        entry(f"{name}.md", title=title, article=article(line=12), papers=paper(target=f"arxiv:{name}"))
        for name, title in (("2101.00001", DETECTOR), ("2101.00002", FEW_SHOT))
    )
    assert [code for code, _, _ in codes(one, other)] == ["duplicate-target"]


def test_a_page_of_papers_may_be_called_in_many_ways() -> None:
    page = "url:https://conference.example/2019"
    one, other = (
        entry(f"{name}.md", papers=paper(title, target=page), article=article(target=f"wechat:{name}"))
        for name, title in (("a", DETECTOR), ("b", FEW_SHOT))
    )
    assert codes(one, other) == []


# --- titles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (DETECTOR, FEW_SHOT, Likeness.DIFFERENT),
        ("Learning Affinity from Weak Labels", "Structured Pruning Learns Compact Models", Likeness.DIFFERENT),
        ("自动微分的实现与应用(1)", "自动微分的实现与应用(2)", Likeness.DIFFERENT),
        ("自动微分的实现与应用（上）", "自动微分的实现与应用（下）", Likeness.DIFFERENT),
        ("悉尼科技大学入选的九篇论文都研究什么", "用于图像篡改检测和定位的双编码器", Likeness.DIFFERENT),
        # Renamed between versions, numbered, misspelt, glued, shortened, decorated.
        ("AE-GAN: adversarial eliminating", "APE-GAN: Adversarial Perturbation Elimination", Likeness.SAME),
        ("Multi-Scale Gradients for Adversarial Networks", "MSG-GAN: Multi-Scale Gradient for Synthesis", Likeness.SAME),
        ("15. High Frequency Component Helps", "5. High Frequency Component Helps", Likeness.SAME),
        ("A 85.4% Top-1 Accuracy Vision Transformer", "A 85.5% Top-1 Accuracy Vision Transformer", Likeness.SAME),
        ("The Definitive Guide to Policy Gradients", "The Definitive Guide to PolicyGradients", Likeness.SAME),
        ("Zooming Slow-Mo: Fast and Accurate Super-Resolution", "Zooming Slow-Mo", Likeness.SAME),
        ("MagDR: Mask-guided Detection", "MagDR：Mask-guided Detection", Likeness.SAME),
        ("解读-基于对抗的对比学习方法", "基于对抗的对比学习方法", Likeness.SAME),
        ("GMTracker横空出世，性能直接拉满", "多目标追踪还能这样玩：GMTracker", Likeness.SAME),
        ("SRWarp: Generalized Image Super-Resolution", "SRWarp: Arbitrary Transformation of Photographs", Likeness.SAME),
        # Nobody can tell.
        ("DETR", FEW_SHOT, Likeness.UNKNOWN),
        ("目标检测的正确姿势与实践经验", FEW_SHOT, Likeness.UNKNOWN),
        ("Deep Learning for Image Segmentation", "Object Detection in Videos", Likeness.UNKNOWN),
    ],
)  # fmt: skip
def test_titles_differ_only_when_they_surely_do(one: str, other: str, expected: Likeness) -> None:
    assert likeness(Title.of(one), Title.of(other)) is expected
    assert likeness(Title.of(other), Title.of(one)) is expected


# --- whole runs, without a network ------------------------------------------------------------------


def by_code(report: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    rows = sorted((row["code"], row["document"], row["line"]) for row in report["findings"])
    return {
        code: [(document, line) for _, document, line in group]
        for code, group in groupby(rows, lambda row: row[0])
    }


NOTES = {
    "2022-03-12.md": f"""# Notes

1. [The right way to detect](https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUg)
   - Paper: [{DETECTOR}](https://arxiv.org/abs/2203.03605)
   - Code: [https://github.com/owner/relabel](https://github.com/owner/relabel_)
2. [Cut short](https://mp.weixin.qq.com/s/AbCdEfGhIj)
""",
    "2022-03-13.md": f"""# Notes

1. [Few shots](https://mp.weixin.qq.com/s/ZyXwVuTsRqPoNmLkJiHgFw)
   - Paper: [{FEW_SHOT}](https://arxiv.org/abs/2203.03605)
   - Code: [code](http://github.com/owner/few)
2. [Cut short](https://mp.weixin.qq.com/s/AbCdEfGhIj)
3. [Unsigned]({UNSIGNED})
4. [Signed]({UNSIGNED}&chksm=9)
""",
}  # fmt: skip


def test_a_run_that_asks_nobody_tells_what_the_text_shows(tmp_path: Path) -> None:
    for name, text in NOTES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = offline(tmp_path)
    assert by_code(report) == {
        "duplicate-target": [("2022-03-13.md", 6), ("2022-03-13.md", 8)],
        "https-available": [("2022-03-13.md", 5)],
        "label-differs": [("2022-03-12.md", 5)],
        "same-id-two-titles": [("2022-03-13.md", 4)],
        "wechat-bad-token": [("2022-03-12.md", 6), ("2022-03-13.md", 6)],
        "wechat-unsigned-link": [("2022-03-13.md", 7)],
    }
    (long,) = (row for row in report["targets"] if row["id"].startswith("wx:"))
    assert long["url"] == f"{UNSIGNED}&chksm=9"


def test_comments_and_patterns_silence_the_findings_of_the_text(tmp_path: Path) -> None:
    note = "<!-- enrich-disable -->\n[https://example.org/a](http://arxiv.org/abs/2101.00001)\n"
    (tmp_path / "a.md").write_text(
        f"{note}<!-- enrich-enable -->\n\n```\nhttp://arxiv.org/abs/2101.00002\n```\n"
    )
    assert by_code(offline(tmp_path)) == {}


# Each was opened and read. In 45 and 44, and 58 and 47, the conference list has a paper twice.
_SEED_DUPLICATES = [("cvpr2020.md", 113), ("cvpr2020.md", 125)]
# Items that were copied with the link of their neighbour, or of the day before.
_TRUE_TITLES = [
    ("encounter1997__Arxiv-Daily/202104.md", 142),
    ("extreme-assistant__CVPR2020-Paper-Code-Interpretation/CVPR2021.md", 3706),
    (
        "qiankunli__qiankunli.github.io/_posts/MachineLearning/Model/2019-08-31-mathematical_interest.md",
        234,
    ),
    ("xiaoxuebajie__dairly_learning/notes/202103/0328.md", 48),
    ("xiaoxuebajie__dairly_learning/notes/202104/0409.md", 9),
]


def test_the_seeds_have_the_findings_that_a_reader_has(tmp_path: Path) -> None:
    for file in (shared() / "corpus" / "seeds").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    codes = by_code(offline(tmp_path))
    print({code: len(rows) for code, rows in codes.items()})  # noqa: T201 - shown with -s
    assert codes["duplicate-target"] == _SEED_DUPLICATES
    assert codes["https-available"] == [("deep-learning-44.md", 174)]
    assert not codes.keys() & {
        "label-differs",
        "same-id-two-titles",
        "wechat-bad-token",
        "wechat-unsigned-link",
    }


def test_in_real_notes_every_paper_or_article_under_two_titles_is_a_slip(tmp_path: Path) -> None:
    corpus = shared() / "corpus"
    report = offline(tmp_path, str(corpus))
    codes = by_code(report)
    print({code: len(rows) for code, rows in codes.items()})  # noqa: T201 - shown with -s
    named = [(document.split("corpus/")[1], line) for document, line in codes["same-id-two-titles"]]
    assert named == _TRUE_TITLES
    assert len(codes["wechat-unsigned-link"]) == 4
    assert "wechat-bad-token" not in codes
