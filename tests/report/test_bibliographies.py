"""Papers for BibTeX, reference managers and citation processors, read back by programs of others."""

from __future__ import annotations

import json

import bibtexparser
import pytest
import rispy
from rows import asked_target, made_report, rendered

from enrich.model import Metadata, Page, Paper, Report
from enrich.report._references import Person, of_paper, person
from enrich.text import bibtex

RESNET = Paper(
    arxiv_id="1512.03385", title="Deep Residual Learning for Image Recognition", authors=("Kaiming He", "Xiangyu Zhang"),
    abstract="Deeper networks are harder to train: 50% & more_so.", primary_category="cs.CV", published="2015-12-10",
    journal_ref="CVPR 2016, pp. 770-778", doi="10.1109/CVPR.2016.90",
)  # fmt: skip
PREPRINT = Paper(
    arxiv_id="2205.02101", title="A Study of $\\alpha$-Nets {in} 100%", published="2022-05-04",
    authors=("李雷", "Aäron van den Oord"),
)  # fmt: skip
JOURNAL = Paper(
    arxiv_id="hep-th/9901001",
    title="Strings",
    authors=("E. Witten",),
    published="1999-01-01",
    doi="10.1/x_y",
)
PAGE = Page(
    title="ignored",
    citation={
        "title": ("Attention & Co",), "author": ("Vaswani, Ashish", "Noam Shazeer"), "publication_date": ("2017/12/4",),
        "conference_title": ("Advances in Neural Information Processing Systems",), "firstpage": ("5998",),
        "lastpage": ("6008",), "volume": ("30",),
    },
)  # fmt: skip


def papers(*more: tuple[str, Metadata]) -> Report:
    rows = [
        ("arxiv:1512.03385", RESNET), ("arxiv:1512.03385v1", RESNET), ("arxiv:2205.02101", PREPRINT),
        ("arxiv:hep-th/9901001", JOURNAL), ("url:https://papers.example/attention", PAGE),
        ("url:https://plain.example/", Page(title="no paper")), *more,
    ]  # fmt: skip
    return made_report(*(asked_target(id_, metadata=metadata) for id_, metadata in rows))


def entries(text: str) -> dict[str, dict[str, str]]:
    """Entries by key as a parser of BibTeX reads them."""
    library = bibtexparser.parse_string(text)
    assert library.failed_blocks == []
    return {
        entry.key: {"type": entry.entry_type, **{field.key: str(field.value) for field in entry.fields}}
        for entry in library.entries
    }


KEYS = [
    "he2015deep-1512.03385", "2205.02101", "witten1999strings-hep.th.9901001",
    "vaswani2017attention-9bd2c1d0",
]  # fmt: skip


def test_bibtex_comes_back_from_a_parser_as_it_was_meant() -> None:
    found = entries(rendered("bibtex", papers()))
    assert list(found)[:3] == KEYS[:3]
    resnet = found[KEYS[0]]
    assert resnet == {
        "type": "inproceedings",
        "title": "{Deep Residual Learning for Image Recognition}",
        "author": "He, Kaiming and Zhang, Xiangyu",
        "year": "2016",
        "booktitle": "CVPR 2016, pp. 770-778",
        "doi": "10.1109/CVPR.2016.90",
        "eprint": "1512.03385",
        "archiveprefix": "arXiv",
        "primaryclass": "cs.CV",
        "url": "https://arxiv.org/abs/1512.03385",
        "abstract": r"Deeper networks are harder to train: 50\% \& more\_so.",
    }
    preprint = found["2205.02101"]
    assert preprint["type"] == "misc"
    assert preprint["author"] == "{李雷} and van den Oord, Aäron"
    assert preprint["title"] == r"{A Study of $\alpha$-Nets \textbraceleft{}in\textbraceright{} 100\%}"
    assert preprint["month"] == "may"


def test_a_paper_with_a_doi_alone_is_published_too() -> None:
    witten = entries(rendered("bibtex", papers()))[KEYS[2]]
    assert (witten["type"], witten["doi"], witten["eprint"]) == ("article", r"10.1/x\_y", "hep-th/9901001")


def test_a_page_that_says_that_it_is_a_paper_is_one() -> None:
    (page,) = (
        one for key, one in entries(rendered("bibtex", papers())).items() if key.startswith("vaswani")
    )
    assert page["booktitle"] == "Advances in Neural Information Processing Systems"
    assert (page["pages"], page["volume"], page["year"]) == ("5998--6008", "30", "2017")
    assert page["title"] == r"{Attention \& Co}"


def test_two_versions_and_two_pages_of_a_paper_are_one_reference() -> None:
    twin = Page(citation={"title": ("Deep Residual Learning",), "doi": ("10.1109/cvpr.2016.90",)})
    text = rendered("bibtex", papers(("url:https://publisher.example/", twin)))
    assert len(entries(text)) == 4


def test_a_key_does_not_depend_on_other_papers() -> None:
    alone = made_report(asked_target("arxiv:1512.03385", metadata=RESNET))
    assert list(entries(rendered("bibtex", alone))) == KEYS[:1]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b & c", r"a\_b \& c"),
        ("$x^2$ and $5", r"$x^2$ and \$5"),
        (r"$\mathbf{x}_{i}$", r"$\mathbf{x}_{i}$"),
        (
            r"$\input{/etc/passwd}$",
            r"\$\textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{}\$",
        ),
        ("$a}$", r"\$a\textbraceright{}\$"),
        ("}, x = {", r"\textbraceright{}, x = \textbraceleft{}"),
        (r"ends\ ".strip(), r"ends\textbackslash{}"),
        ("深度学习", "深度学习"),
    ],
)
def test_nothing_but_formulas_is_a_command_of_tex(text: str, written: str) -> None:
    assert bibtex(text) == written
    assert bibtex(text).count("{") == bibtex(text).count("}")


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [
        ("Kaiming He", "He", "Kaiming"),
        ("Aäron van den Oord", "van den Oord", "Aäron"),
        ("He, Kaiming", "He", "Kaiming"),
        ("Sammy Davis Jr.", "Davis Jr.", "Sammy"),
        ("李雷", "李雷", None),
        ("OpenAI", "OpenAI", None),
        ("J. von Neumann", "von Neumann", "J."),
    ],
)
def test_names_are_taken_apart_as_people_would(name: str, family: str, given: str | None) -> None:
    assert person(name) == Person(family, given)


def test_the_year_is_that_of_the_publication_where_it_is_known() -> None:
    assert of_paper(RESNET).date == "2016"
    assert of_paper(PREPRINT).date == "2022-05-04"


def test_ris_comes_back_from_a_parser() -> None:
    first, second, third, fourth = rispy.loads(rendered("ris", papers()))
    assert first["type_of_reference"] == "CPAPER"
    assert first["title"] == RESNET.title
    assert first["authors"] == ["He, Kaiming", "Zhang, Xiangyu"]
    assert (first["year"], first["doi"], first["id"]) == ("2016", RESNET.doi, KEYS[0])
    assert second["authors"] == ["李雷", "van den Oord, Aäron"]
    assert second["date"] == "2022/05/04/"
    assert third["type_of_reference"] == "JOUR"
    assert (fourth["start_page"], fourth["end_page"]) == ("5998", "6008")


def test_csl_json_has_what_citation_processors_read() -> None:
    first, second, third, fourth = json.loads(rendered("csl-json", papers()))
    assert first == {
        "id": KEYS[0],
        "type": "paper-conference",
        "title": RESNET.title,
        "author": [{"family": "He", "given": "Kaiming"}, {"family": "Zhang", "given": "Xiangyu"}],
        "issued": {"date-parts": [[2016]]},
        "container-title": "CVPR 2016, pp. 770-778",
        "DOI": RESNET.doi,
        "URL": "https://arxiv.org/abs/1512.03385",
        "abstract": RESNET.abstract,
    }
    assert second["author"][0] == {"literal": "李雷"}
    assert (second["type"], second["number"], second["publisher"]) == (
        "article",
        "arXiv:2205.02101",
        "arXiv",
    )
    assert second["issued"] == {"date-parts": [[2022, 5, 4]]}
    assert third["type"] == "article-journal"
    assert fourth["page"] == "5998-6008"


# The types and the names of variables of csl-data.json 1.0.2 that are used here, from the specification's appendices
# III and IV.
CSL_TYPES = {"article", "article-journal", "paper-conference"}
CSL_TEXT = {
    "id",
    "title",
    "container-title",
    "volume",
    "issue",
    "page",
    "publisher",
    "number",
    "DOI",
    "URL",
    "abstract",
}


def test_csl_json_keeps_to_its_schema() -> None:
    for item in json.loads(rendered("csl-json", papers())):
        assert item["type"] in CSL_TYPES
        assert all(isinstance(item[name], str) for name in CSL_TEXT & item.keys())
        assert item.keys() <= CSL_TEXT | {"type", "author", "issued"}
        assert all(name.keys() in ({"literal"}, {"family", "given"}) for name in item["author"])
        assert all(isinstance(part, int) for part in item["issued"]["date-parts"][0])


def test_a_report_without_papers_is_an_empty_bibliography() -> None:
    empty = made_report(asked_target("url:https://a.example/"))
    assert rendered("bibtex", empty) == ""
    assert rendered("ris", empty) == ""
    assert json.loads(rendered("csl-json", empty)) == []
