"""Words beside a link that are about something else: what is told, and all that is not."""

from __future__ import annotations

import time
from typing import Any

import pytest
from rows import OneEntry, report_entry, report_link, report_target

from enrich import mismatch
from enrich.model import (
    Article,
    EntryLink,
    Finding,
    Metadata,
    Page,
    Paper,
    ReportEntry,
    Repository,
    Severity,
    Status,
)
from enrich.topics import Topics, share_a_topic

DETECTOR = "DINO: DETR with Improved DeNoising Anchor Boxes for End-to-End Object Detection"
FEW_SHOT = "Dense Relation Distillation with Context-aware Aggregation for Few-Shot Object Detection"
PRUNING = "Structured Pruning Learns Compact and Accurate Models"
SHIPS = "Rotated Boxes for Ships in Aerial Photographs"
ABSTRACT = (
    "Growing language models drew attention to compression. We prune layers and heads of a pre-trained model, coarse "
    "and fine at once, and distill knowledge layer by layer, so that it is ten times faster on common tasks with "
    "little loss of accuracy; neither unlabeled data nor long training of a student network are needed any more."
)
PAPER, ARTICLE, CODE = "arxiv:2204.00408", "wechat:AbCdEfGhIjKlMnOpQrStUg", "github:owner/name"


def paper_called(title: str | None, **facts: Any) -> Paper:
    return Paper(arxiv_id="2204.00408", title=title, **facts)


# --- labels -----------------------------------------------------------------------------------------


def of_label(label: str | None, metadata: Metadata | None, **facts: Any) -> list[Finding]:
    given: dict[str, Any] = {"status": Status.OK, "reason": "arxiv-found", "metadata_source": "arxiv"}
    link = report_link("https://arxiv.org/abs/2204.00408", 33, text=label)
    return list(
        mismatch.of_target(report_target(PAPER, link.url, [link], metadata=metadata, **(given | facts)))
    )


def test_a_label_that_is_the_title_of_another_paper_is_told_where_it_stands() -> None:
    (finding,) = of_label(FEW_SHOT, paper_called(DETECTOR))
    assert (finding.code, finding.severity) == ("title-mismatch", Severity.WARNING)
    assert (finding.document, finding.line, finding.column, finding.target) == ("a.md", 33, 7, PAPER)
    for part in (FEW_SHOT[:60], DETECTOR[:60], "says arXiv", "correct the link"):
        assert part in finding.message
    assert "\n" not in finding.message


@pytest.mark.parametrize(
    "label",
    [
        None, "", "link", "paper", "Paper2", "论文", "论文链接", "阅读全文", "PDF", "[12]",
        "arXiv 2022", "CVPR 2022 Oral",
        "https://arxiv.org/abs/2204.00408", "arxiv.org/abs/2204.00408", "2204.00408", "DINO", "the original DETR paper",
        "a very nice earlier paper that everybody in the field has read", "Kaiming He, Xiangyu Zhang, Shaoqing Ren",
        "Official PyTorch Implementation", "Project Page and Video Demo", "Supplementary Material",
        "目标检测的正确姿势，强烈推荐", "端到端目标检测：改进去噪锚框", DETECTOR.upper(),
        f"【检测】{DETECTOR}（CVPR 2022）",
        "DINO: A Detector That Needs No Labels", "DETR with Improved Denoising Anchors",
        "Improved DeNoising Boxes (v1)", "3. Improved Anchor Boxes for End-to-End Detection",
    ],
)  # fmt: skip
def test_short_forms_translations_names_and_ways_of_speaking_are_no_titles(label: str | None) -> None:
    paper = paper_called(DETECTOR, authors=("Kaiming He", "Xiangyu Zhang", "Shaoqing Ren"))
    assert of_label(label, paper) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"metadata_stale": True},
        {"metadata": None},
        {"metadata": paper_called(None)},
        {"metadata": Page(title="Just a moment...")},
        {"metadata": Page(title="A blog about many other things")},
        {"metadata": Article(title="另一篇文章的很长的题目")},
        {"metadata": Repository(full_name="a/b", description=DETECTOR)},
        {"status": Status.REDIRECTED, "reason": "http-301"},
        {"status": Status.BLOCKED, "reason": "http-403"},
        {"status": Status.BROKEN, "reason": "http-404"},
        {"status": Status.SKIPPED, "reason": "excluded"},
    ],
)
def test_what_is_stale_or_unknown_or_not_there_is_not_compared(facts: dict[str, Any]) -> None:
    facts = {"metadata": paper_called(DETECTOR)} | facts
    assert of_label(FEW_SHOT, facts.pop("metadata"), **facts) == []


def test_a_page_that_cites_itself_has_a_title_to_compare() -> None:
    page = Page(title="OpenReview", citation={"title": (DETECTOR,)})
    assert of_label(FEW_SHOT, page)
    assert of_label(DETECTOR, page) == []


def test_a_paper_that_was_renamed_is_known_by_its_abstract() -> None:
    old, new = "Compressing Language Networks by Pruning Heads", "CoFi: Small and Accurate"
    assert of_label(old, paper_called(new))
    assert of_label(old, paper_called(new, abstract=ABSTRACT)) == []


def test_a_neighbour_in_its_field_is_told_where_the_abstract_is_known() -> None:
    """Two people's short forms of a title may share a quarter of their words; with the whole record, that is little."""
    label, other = "Radar Ships in Harbours behind Lighthouses", "Ships under Bridges, Cranes and Docks"
    assert of_label(label, paper_called(other)) == []
    assert of_label(label, paper_called(other, abstract=ABSTRACT))


# --- entries ----------------------------------------------------------------------------------------

AFFINITY = "从自注意力中学习语义Affinity用于端到端弱监督语义分割"
TIPS = "本文提出了一个Affinity模块，从Transformer的注意力矩阵中学习语义信息，对初始伪标签进行改善，并基于像素自适应卷积。"


def linked(target: str, line: int, title: str | None = None) -> EntryLink:
    return EntryLink(line=line, url="https://a.example/", target=target, title=title)


def digest(**facts: Any) -> ReportEntry:
    given: dict[str, Any] = {
        "title": AFFINITY, "remarks": TIPS, "article": linked(ARTICLE, 9), "papers": [linked(PAPER, 11, PRUNING)],
    }  # fmt: skip
    return report_entry(**(given | facts))


def told(entry: ReportEntry, known: dict[str, Metadata], label: str | None = None) -> list[str]:
    found = mismatch.of_entries(OneEntry(entry, known, label))
    return [f"{finding.line} {finding.target}" for finding in found]


def test_the_paper_of_another_article_is_told_though_its_label_is_right() -> None:
    paper = paper_called(PRUNING, abstract=ABSTRACT)
    (finding,) = mismatch.of_entries(OneEntry(digest(), {PAPER: paper}, PRUNING))
    assert (finding.line, finding.column, finding.target) == (11, 5, PAPER)
    assert f"the entry is about “{AFFINITY}”" in finding.message
    assert f"“{PRUNING}” (says arXiv)" in finding.message


def test_its_code_is_told_with_it() -> None:
    repository = Repository(full_name="owner/CoFi", description=f"[ACL 2022] {PRUNING}")
    known: dict[str, Metadata] = {PAPER: paper_called(PRUNING, abstract=ABSTRACT), CODE: repository}
    assert told(digest(code=[linked(CODE, 12)]), known) == [f"11 {PAPER}", f"12 {CODE}"]


@pytest.mark.parametrize(
    "title",
    [
        "Learning Affinity from Attention",
        "End-to-End Weakly-Supervised Semantic Segmentation with Transformers",
        "Pixel Adaptive Convolutions",
        "AFA",
        "语义分割中的注意力",
        "Masks from Image Labels: Parsing Scenes",
    ],
)
def test_a_paper_with_a_topic_of_the_entry_is_not(title: str) -> None:
    assert told(digest(papers=[linked(PAPER, 11)]), {PAPER: paper_called(title)}) == []


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"title": "两篇值得一读的好文章", "remarks": None}, "it says nothing of a topic"),
        ({"article": None}, "its words may be about anything"),
        (
            {"papers": [linked(f"arxiv:2101.0000{n}", 11) for n in range(3)] + [linked(PAPER, 14)]},
            "many papers",
        ),
        ({"remarks": TIPS + "与此前的 Structured Pruning 方法相比。"}, "it names the paper"),
        ({"remarks": TIPS + "模型剪枝带来更快的推理。"}, "it names the topic"),
    ],
)
def test_an_entry_that_may_be_about_the_paper_is_not_told(facts: dict[str, Any], why: str) -> None:
    assert told(digest(**facts), {PAPER: paper_called(PRUNING, abstract=ABSTRACT)}) == [], why


def test_the_number_of_the_day_before_is_told_by_the_title_of_the_note() -> None:
    entry = digest(title="小样本目标检测", remarks=None, papers=[linked(PAPER, 11, FEW_SHOT)])
    assert told(entry, {PAPER: paper_called(DETECTOR)}) == [f"11 {PAPER}"]


def test_what_a_label_has_told_is_not_told_again() -> None:
    entry = digest(papers=[linked(PAPER, 11, FEW_SHOT)])
    assert told(entry, {PAPER: paper_called(SHIPS)}, label=FEW_SHOT) == []
    assert told(entry, {PAPER: paper_called(SHIPS)}, label="paper") == [f"11 {PAPER}"]


@pytest.mark.parametrize(
    ("fetched", "is_told"),
    [
        (Article(title="用双注意力模块来做语义分割的方法"), False),
        (Article(title="树莓派复古相机，成本不到七百元"), True),
        (Article(title="Learning Affinity"), False),
        (Article(title=f"解读 | {AFFINITY}"), False),
        (Article(title=None), False),
        (Page(title="React App"), False),
        (Page(title="随心写作，自由表达 - 知乎"), False),
        (Page(title="专栏 - 博客 - 专业技术社区"), False),
        (Page(title="树莓派复古相机，成本不到七百元丨开源 - 知乎"), True),
        (Page(title="树莓派复古相机，成本不到七百元丨开源", description="顺便说说语义分割"), True),
    ],
)
def test_an_article_under_the_title_of_another(fetched: Metadata, *, is_told: bool) -> None:
    assert bool(told(digest(papers=[]), {ARTICLE: fetched})) is is_told


@pytest.mark.parametrize(
    "page", ["Computer Vision Group, University of Somewhere", "Harbour Lighthouse Radar Ships"]
)
def test_a_page_with_a_paper_on_it_may_be_called_anything(page: str) -> None:
    entry = digest(papers=[linked("url:https://lab.example/p", 11, FEW_SHOT)])
    assert told(entry, {"url:https://lab.example/p": Page(title=page)}) == []


def test_a_name_with_a_version_is_no_title() -> None:
    entry = digest(papers=[linked(PAPER, 11, "DeepLab v3 论文")])
    paper = paper_called("Rethinking Atrous Convolution for Semantic Image Segmentation")
    assert told(entry, {PAPER: paper}) == []


def test_an_entry_of_very_many_papers_and_repositories_costs_no_square_of_them() -> None:
    papers = [linked(f"arxiv:{n}", n, FEW_SHOT) for n in range(5_000)]
    code = [linked(f"github:o/r{n}", n) for n in range(5_000)]
    known: dict[str, Metadata] = {link.target: paper_called(DETECTOR) for link in papers}
    known |= {link.target: Repository(full_name="o/r", description=SHIPS) for link in code}
    start = time.process_time()
    assert len(told(digest(papers=papers, code=code), known)) == 5_000
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("name", "description", "is_told"),
    [
        ("owner/ships", f"Code of {SHIPS}", True),
        ("owner/code", None, False),
        ("owner/code", "PyTorch implementation of our paper", False),
        ("owner/code", f"Official code of {FEW_SHOT}", False),
        ("owner/code", "Few-shot detectors that distill relations", False),
        ("owner/toolbox", "Toolbox for editing pictures of ships and planes", False),
        ("owner/awesome", "Awesome papers about ships, planes and harbours", False),
        ("owner/DRD", "Boats, planes and harbours in aerial photographs", False),
        ("owner/few-shot", "Boats, planes and harbours in aerial photographs", False),
        ("owner/x", "Boats, planes and harbours in aerial photographs", True),
    ],
)
def test_a_repository_is_told_only_where_nothing_of_it_is_in_the_entry(
    name: str, description: str | None, *, is_told: bool
) -> None:
    entry = digest(
        title="小样本目标检测", remarks=None, papers=[linked(PAPER, 11, FEW_SHOT)], code=[linked(CODE, 12)]
    )
    known: dict[str, Metadata] = {
        PAPER: paper_called(FEW_SHOT),
        CODE: Repository(full_name=name, description=description),
    }
    assert told(entry, known) == ([f"12 {CODE}"] if is_told else [])


# --- topics -----------------------------------------------------------------------------------------


def test_a_term_is_any_of_its_english_words() -> None:
    topics = Topics.of("端到端弱监督语义分割，基于Transformer")
    assert topics.shared_with(frozenset({"segme", "weak"})).weight > 0
    assert topics.shared_with(frozenset({"pruni", "langu"})).weight == 0
    assert share_a_topic("弱监督语义分割", "Weak Labels for Ships")
    assert not share_a_topic("弱监督语义分割", PRUNING)


def test_a_longer_term_hides_those_within() -> None:
    assert Topics.of("超分辨率").terms == Topics.of("超分").terms != Topics.of("分辨率").terms


# --- a great many -----------------------------------------------------------------------------------


def test_labels_cost_nothing_where_nothing_is_known() -> None:
    rows = [
        report_target(f"arxiv:{n}", "u", [report_link("u", text=FEW_SHOT)], status=Status.OK)
        for n in range(20_000)
    ]
    start = time.process_time()
    assert not any(finding for row in rows for finding in mismatch.of_target(row))
    assert time.process_time() - start < 3


def test_a_very_long_label_and_a_very_long_entry_cost_little() -> None:
    start = time.process_time()
    of_label("Pruning Ships " * 50_000, paper_called(DETECTOR, abstract=ABSTRACT * 1000))
    told(digest(remarks=TIPS * 20_000), {PAPER: paper_called(SHIPS, abstract=ABSTRACT * 1000)})
    assert time.process_time() - start < 10
