"""The HTML report in a real browser, as its readers use it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from browser import Browser, chromium, visit
from hostile import CORPUS
from internet import environment, run_enrich
from npm import published
from rows import NOW, asked_target, made_report, rendered, report_link

from enrich.config import LANGUAGES
from enrich.model import (
    Article,
    ChangedStars,
    ChangedTarget,
    Changes,
    Earlier,
    EntryLink,
    Finding,
    Night,
    Paper,
    Report,
    ReportDocument,
    ReportEntry,
    ReportWarning,
    Repository,
    Severity,
    Side,
    Status,
)
from enrich.registry import kinds
from enrich.report.page.data import SPARK_POINTS, target_row
from enrich.report.page.labels import words

DAYS = [(date(2026, 5, 1), 90), (date(2026, 5, 9), 95), (date(2026, 5, 10), 99)]
GONE, KEPT = "https://github.com/demo/gone", "https://github.com/demo/kept"


def entry(number: int, title: str, article: str, paper: str, remarks: str, topic: str) -> ReportEntry:
    return ReportEntry(
        document="notes/a.md", line=number * 10, section=["今日要点"], number=number, title=title, topics=[topic],
        rating=number, article=EntryLink(line=number * 10, url="", target=article),
        papers=[EntryLink(line=1, url="", target=paper, title=title)], code=[], others=[], authors=[], abstract=None,
        remarks=remarks,
    )  # fmt: skip


def small() -> Report:
    """Two entries, four targets, a finding, and a night before."""
    link = [report_link("x", 10, document="notes/a.md", date="2022-05")]
    other = [report_link("y", 3, document="notes/b.md", date="2021-01")]
    paper = Paper(
        arxiv_id="2205.00001", title="Sparse Networks", authors=("A. Author",), abstract="We study sparsity.",
        published="2022-05-01",
    )  # fmt: skip
    kept = Repository(full_name="demo/kept", stars=99, archived=True)
    article = Article(title="稀疏网络", account="号")
    rows = [
        replace(asked_target("arxiv:2205.00001", metadata=paper, links=link), kind="arxiv"),
        asked_target("github:demo/gone", Status.BROKEN, "github-not-found", kind="github", links=link, url=GONE,
                     metadata=Repository(full_name="demo/gone", stars=41)),
        asked_target("github:demo/kept", kind="github", links=other, url=KEPT, metadata=kept),
        asked_target("wechat:AAA", Status.BLOCKED, "wechat-captcha", kind="wechat", links=link, metadata=article),
    ]  # fmt: skip
    finding = Finding(
        code="github-not-found", severity=Severity.ERROR, message="gone or private", document="notes/a.md", line=10,
        column=7, target="github:demo/gone",
    )  # fmt: skip
    side = Side(id="r", started_at=NOW, complete=True)
    gone = ChangedTarget(
        id="github:demo/gone", url=GONE, kind="github", title="demo/gone", was=Status.OK, was_reason="github-found",
        status=Status.BROKEN, reason="github-not-found", detail=None, confirmed=False, suggestion=None, links=[],
    )  # fmt: skip
    stars = ChangedStars(id="github:demo/kept", url=KEPT, was=90, now=99, gained=9)
    earlier = Earlier(
        changes=Changes(old=side, new=side, newly_broken=[gone], stars=[stars]),
        nights=[Night(started_at=NOW, by_status={"broken": 3, "blocked": 1, "unreachable": 0})],
    )
    entries = [
        entry(1, "稀疏网络的研究", "wechat:AAA", "arxiv:2205.00001", "值得一读", "稀疏"),
        entry(2, "Another entry", "github:demo/gone", "github:demo/kept", "robust", "code"),
    ]
    documents = [
        ReportDocument(path=path, title=None, date=None, date_source="none")
        for path in ("notes/a.md", "notes/b.md")
    ]

    def stars_of(id_: str) -> list[tuple[date, int]]:
        return DAYS if id_ == "github:demo/kept" else []

    made = made_report(*rows, findings=(finding,))
    return replace(
        made, entries=lambda: entries, documents=lambda: documents, earlier=earlier, stars_of=stars_of
    )


def written(folder: Path, made: Report, name: str = "latest.html") -> Path:
    path = folder / name
    path.write_text(rendered("html", made), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page"), small())


def test_it_opens_from_the_disk_and_shows_first_what_is_new(browser: Browser, page: Path) -> None:
    with visit(browser, page) as report:
        changed = report.page.inner_text("section:has(#changed)")
        assert "newly broken 1" in changed
        assert "demo/gone" in changed
        assert "wechat-captcha 1" in report.page.inner_text("section:has(#unsure)")
        assert report.page.inner_text("#counts li:nth-child(3)").split() == ["1", "broken"]


def test_every_picture_has_a_table_with_its_numbers(browser: Browser, page: Path) -> None:
    with visit(browser, page) as report:
        figures = report.page.locator("figure")
        assert figures.count() == 6
        for number in range(figures.count()):
            figure = figures.nth(number)
            assert figure.locator("svg[role=img]").count() == 1
            figure.locator("summary").click()
            assert figure.locator("table").is_visible()
        by_kind = report.page.locator("figure", has_text="Status by kind").locator("tbody tr")
        assert by_kind.count() == 1
        assert "9" in report.page.locator("figure", has_text="Stars gained").locator("td").inner_text()


def test_pictures_of_links_count_every_link(browser: Browser, tmp_path: Path) -> None:
    """Of hosts and of years alike; the oldest of many years share a column."""
    links = [report_link(KEPT, year, date=f"{year}-05") for year in range(2000, 2025)]
    path = written(tmp_path, made_report(asked_target("github:demo/kept", links=links, url=KEPT)))
    with visit(browser, path) as report:

        def rows(title: str) -> list[list[str]]:
            figure = report.page.locator("figure", has_text=title)
            return [row.locator("th, td").all_text_contents() for row in figure.locator("tbody tr").all()]

        assert rows("Hosts with most links") == [["github.com", "25"]]
        by_year = rows("Age of links")
        assert by_year[:2] == [["…2009", "10"], ["2010", "1"]]
        assert sum(int(number) for _, number in by_year) == 25


def test_search_finds_chinese_and_english_in_titles_abstracts_and_remarks(
    browser: Browser, page: Path
) -> None:
    wanted = {"稀疏": "1 of 2", "sparsity": "1 of 2", "值得 SPARSE": "1 of 2", "nothing": "0 of 2"}
    with visit(browser, page) as report:
        assert report.count() == "2 of 2"
        for text, expected in wanted.items():
            report.search(text)
            assert report.count() == expected, text


def test_filters_live_in_the_address_and_come_back_from_it(browser: Browser, page: Path) -> None:
    with visit(browser, page) as report:
        report.page.click("[data-view=targets]")
        report.page.select_option("label:has-text('status') select", "broken")
        report.page.select_option("label:has-text('kind') select", "github")
        assert report.count() == "1 of 4"
        assert report.chosen() == "#view=targets&status=broken&kind=github"
    with visit(browser, page, "#view=targets&status=broken&kind=github") as again:
        assert again.count() == "1 of 4"
        assert again.page.input_value("label:has-text('status') select") == "broken"
        again.page.click("#clear")
        assert again.count() == "4 of 4"


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("#view=targets&host=github.com", 2), ("#view=targets&document=notes/b.md", 1), ("#view=targets&from=2022", 3),
        ("#view=targets&until=2021", 1), ("#view=targets&finding=github-not-found", 1), ("#view=entries&topic=code", 1),
        ("#view=targets&id=wechat%3AAAA", 1), ("#view=targets&reason=wechat-captcha", 1), ("#view=findings", 1),
        ("#view=targets&q=demo%2Fkept", 1), ("#rubbish=%zz&view=no", 2),
    ],
)  # fmt: skip
def test_deep_links(browser: Browser, page: Path, fragment: str, expected: int) -> None:
    with visit(browser, page, fragment) as report:
        assert report.count().split()[0] == str(expected)


def test_links_stand_in_the_order_of_the_notes(browser: Browser, tmp_path: Path) -> None:
    placed = {"first": 9, "second": 30, "third": 4}
    rows = [
        asked_target(f"url:https://a.example/{name}", links=[report_link(f"https://a.example/{name}", line)],
                     url=f"https://a.example/{name}")
        for name, line in placed.items()
    ]  # fmt: skip
    path = written(tmp_path, replace(made_report(*rows), entries=list))
    with visit(browser, path, "#view=targets") as report:
        shown = report.page.locator("#holder tbody td:nth-child(2) a:first-of-type").all_inner_texts()
        names = [text.rpartition("/")[2] for text in shown if "example" in text]
        assert list(dict.fromkeys(names)) == ["third", "first", "second"]


def test_the_table_sorts_by_its_headings(browser: Browser, page: Path) -> None:
    with visit(browser, page, "#view=targets") as report:

        def first() -> str:
            return report.page.inner_text("#holder tbody tr:first-child td:nth-child(2) a")

        report.page.click("th button:has-text('stars')")
        assert first() == "demo/kept"
        assert report.page.get_attribute("th:has-text('stars')", "aria-sort") == "descending"
        report.page.click("th button:has-text('status')")
        assert first() == "demo/gone"
        assert report.chosen() == "#view=targets&sort=status"


def test_a_heading_that_sorts_keeps_the_keyboard(browser: Browser, page: Path) -> None:
    with visit(browser, page, "#view=targets") as report:
        report.page.focus("th button:has-text('stars')")
        report.page.keyboard.press("Enter")
        assert report.page.evaluate("document.activeElement.textContent") == "stars"
        report.page.keyboard.press("Enter")
        assert report.chosen() == "#view=targets"


def test_dates_choose_by_every_link_of_a_target_and_the_own_link_of_an_entry(
    browser: Browser, tmp_path: Path
) -> None:
    """A diary met one page twice: neither visit hides the other."""
    links = [
        report_link(GONE, line, document="log.md", date=day)
        for line, day in ((5, "2020-06-18"), (90, "2022-01-02"))
    ]
    target = asked_target("github:demo/gone", Status.BROKEN, "github-not-found", links=links, url=GONE)
    finding = Finding(code="label-differs", severity=Severity.WARNING, message="m", document="log.md", line=5,
                      column=7, target=target.id)  # fmt: skip
    entries = [
        replace(entry(number, str(number), target.id, target.id, "", ""), document="log.md", line=line)
        for number, line in ((1, 4), (2, 88))
    ]
    path = written(tmp_path, replace(made_report(target, findings=(finding,)), entries=lambda: entries))
    expected = {("targets", "2020"): 1, ("targets", "2021"): 0, ("targets", "2022"): 1, ("entries", "2020"): 1,
                ("entries", "2022"): 1, ("findings", "2020"): 1, ("findings", "2022"): 0}  # fmt: skip
    for (view, year), number in expected.items():
        with visit(browser, path, f"#view={view}&from={year}&until={year}") as report:
            assert report.count().split()[0] == str(number), (view, year)


def test_a_link_into_the_list_leads_there_each_time_and_from_outside(browser: Browser, page: Path) -> None:
    window = {"viewport": {"width": 1000, "height": 500}}
    is_there = "Math.abs(document.getElementById('list').getBoundingClientRect().top) < 40"
    with visit(browser, page, "#view=targets&status=broken", **window) as report:
        assert report.page.evaluate(is_there)
    with visit(browser, page, **window) as report:
        assert report.page.evaluate("scrollY") == 0
        for _ in range(2):
            report.page.evaluate("scrollTo(0, 0)")
            report.page.click("#counts li:nth-child(3) a")
            report.page.wait_for_function(f"() => {is_there}")


def test_no_stars_are_a_number_too(browser: Browser, tmp_path: Path) -> None:
    row = asked_target("github:demo/new", kind="github", metadata=Repository(full_name="demo/new", stars=0))
    with visit(browser, written(tmp_path, made_report(row)), "#view=targets") as report:
        assert report.page.inner_text("td[data-name=stars]") == "0"


def test_a_click_on_a_change_leads_to_its_row(browser: Browser, page: Path) -> None:
    with visit(browser, page) as report:
        report.page.click("section:has(#changed) li a")
        report.page.wait_for_function("() => document.activeElement.id === 'list'")
        assert report.count() == "1 of 4"
        assert "github-not-found" in report.page.inner_text("#holder tbody")


def test_the_keyboard_is_enough(browser: Browser, page: Path) -> None:
    with visit(browser, page) as report:
        report.page.keyboard.press("Tab")
        assert report.page.evaluate("document.activeElement.className") == "skip"
        report.page.keyboard.press("Enter")
        report.page.keyboard.press("/")
        assert report.page.evaluate("document.activeElement.id") == "search"
        report.page.keyboard.type("robust")
        report.page.wait_for_function("() => location.hash.includes('robust')")
        assert report.count() == "1 of 2"
        for _ in range(12):
            report.page.keyboard.press("Tab")
            outline = report.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", report.page.evaluate("document.activeElement.outerHTML.slice(0, 80)")


def test_dark_and_light(browser: Browser, page: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, page, color_scheme="light") as report:
        light = report.page.evaluate(paper)
        report.page.click("#theme")
        dark = report.page.evaluate(paper)
        assert light != dark
    with visit(browser, page, color_scheme="dark") as report:
        assert report.page.evaluate(paper) == dark
        report.page.click("#theme")
        assert report.page.evaluate(paper) == light


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, page: Path) -> None:
    for fragment in ("", "#view=targets", "#view=findings"):
        with visit(browser, page, fragment, viewport={"width": 390, "height": 844}) as report:
            assert report.page.evaluate("document.documentElement.scrollWidth") <= 390, fragment


@pytest.mark.parametrize(("width", "least"), [(390, 9), (900, 12), (1280, 12)])
def test_words_in_pictures_can_be_read_and_none_covers_another(
    browser: Browser, tmp_path: Path, width: int, least: int
) -> None:
    months = [f"20{year}-{month:02}-01" for year in (21, 22, 23) for month in (1, 5, 12)]
    papers = [
        replace(asked_target(f"arxiv:2205.{number:05}", metadata=Paper(arxiv_id="x", title="x", published=day)),
                kind="arxiv", url=f"https://papers.department-{number}.university.example/")
        for number, day in enumerate(months, 9)
    ]  # fmt: skip
    nights = [Night(started_at=NOW + timedelta(days=day), by_status={"broken": day}) for day in range(60)]
    made = replace(made_report(*papers), earlier=Earlier(nights=nights))
    with visit(browser, written(tmp_path, made), viewport={"width": width, "height": 844}) as report:
        shown = report.page.evaluate(
            """[...document.querySelectorAll("figure svg")].map(one => [one.getBoundingClientRect().left,
               one.getBoundingClientRect().right, [...one.querySelectorAll("text")].map(text =>
               [text.getBoundingClientRect().left, text.getBoundingClientRect().right,
                parseFloat(getComputedStyle(text).fontSize) * one.getScreenCTM().a, text.getAttribute("class")])])"""
        )
        assert len(shown) >= 3
        for left, right, texts in shown:
            outside = [one for one in texts if one[0] < left - 1 or one[1] > right + 1]
            assert outside == [], (left, right)
            assert least <= min(size for _, _, size, _ in texts) <= 17
            ticks = sorted((start, end) for start, end, _, css in texts if css == "tick")
            assert all(end < start for (_, end), (start, _) in pairwise(ticks))


def test_a_short_fact_stays_on_its_line(browser: Browser, page: Path) -> None:
    """In a table of long addresses a date was broken at its hyphens, and GitHub within the word."""
    with visit(browser, page, "#view=targets", viewport={"width": 1100, "height": 900}) as report:
        heights = report.page.evaluate(
            "[...document.querySelectorAll('td.short')].map(one => { const range = document.createRange();"
            " range.selectNodeContents(one); return range.getClientRects().length; })"
        )
        assert set(heights) - {0} == {1}


def test_stars_over_time_are_drawn_beside_them(browser: Browser, page: Path) -> None:
    with visit(browser, page, "#view=targets&kind=github") as report:
        told = report.page.get_attribute("svg.spark", "aria-label")
        assert told == "2026-05-01: 90 → 2026-05-10: 99"


def test_its_words_are_those_of_its_reader(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, written(tmp_path, replace(small(), language="zh"))) as report:
        assert report.page.inner_text("h1") == "链接报告"
        assert report.page.get_attribute("html", "lang") == "zh-CN"
        assert "新失效 1" in report.page.inner_text("section:has(#changed)")
        assert report.page.inner_text("[data-view=findings]").startswith("提示")
        assert report.count() == "2 / 2"


def test_an_empty_report_says_so(browser: Browser, tmp_path: Path) -> None:
    empty = replace(made_report(), entries=list)
    with visit(browser, written(tmp_path, empty)) as report:
        assert "Nothing matches" in report.page.inner_text("#holder")
        assert "first complete run" in report.page.inner_text("section:has(#changed)")


def top_of(report: Report) -> str:
    """What stands above the pictures, as text."""
    page = rendered("html", report)
    top = page[page.index("<header>") : page.index('id="pictures"')]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", top)).split())


def compared(report: Report) -> Report:
    """The same, where nothing changed since an earlier complete run."""
    old = Side(id="before", started_at=NOW - timedelta(days=1), complete=True)
    new = Side(id=report.run.id, started_at=report.run.started_at, complete=report.run.complete)
    return replace(report, earlier=Earlier(changes=Changes(old=old, new=new)))


def waiting(report: Report, deferred: int) -> Report:
    return replace(report, summary=replace(report.summary, deferred=deferred))


def asking(report: Report, requests: int) -> Report:
    return replace(report, run=replace(report.run, requests=requests))


@pytest.mark.parametrize(
    ("report", "said", "unsaid"),
    [
        (made_report(), "This is the first complete run that is known here", "not complete"),
        (made_report(complete=False), "and no complete one is known here", "first complete run"),
        (compared(made_report()), "Nothing changed. ", "in what was asked"),
        (compared(made_report(complete=False)), "Nothing changed in what was asked. ", "Nothing changed. "),
        (asking(made_report(), 0), "nobody was asked", "requests"),
        (asking(made_report(), 3), " ok ", "nobody was asked"),
        (made_report(), "0 links · 1 document · 0 targets", "1 documents"),
        (waiting(made_report(), 1), " 1 waits for a later run ", " wait for"),
        (waiting(made_report(), 2), " 2 wait for a later run ", " waits for"),
    ],
)
def test_the_top_says_of_every_run_what_is_true_of_it(report: Report, said: str, unsaid: str) -> None:
    top = top_of(report)
    assert said in top
    assert unsaid not in top


def test_a_run_that_is_not_complete_says_so_at_the_top(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, written(tmp_path, made_report(complete=False))) as report:
        assert "The run is not complete" in report.page.inner_text(".banner")


def test_what_is_worth_knowing_of_the_run_is_told_without_alarm(browser: Browser, tmp_path: Path) -> None:
    made = made_report()
    warning = ReportWarning(code="arxiv-unavailable", message="arXiv's API was in trouble")
    told = replace(made, run=replace(made.run, warnings=[warning]))
    with visit(browser, written(tmp_path, told)) as report:
        assert report.page.inner_text(".aside") == "arXiv's API was in trouble."
        assert report.page.locator("[role=alert]").count() == 0


def test_more_rows_come_when_they_are_wanted(browser: Browser, tmp_path: Path) -> None:
    many = made_report(*(asked_target(f"url:https://{number:04}.example/") for number in range(300)))
    with visit(browser, written(tmp_path, many), "#view=targets") as report:
        report.page.locator("#more").scroll_into_view_if_needed()
        report.page.wait_for_function("() => document.querySelectorAll('#holder tbody tr').length > 40")
        report.page.keyboard.press("End")
        report.page.wait_for_function("() => document.querySelectorAll('#holder tbody tr').length > 80")


@pytest.mark.injection
def test_nothing_foreign_runs_or_is_loaded(browser: Browser, tmp_path: Path) -> None:
    """Hostile text in all that a row shows, with every row and every abstract opened."""
    rows = []
    for number, text in enumerate(CORPUS):
        clean = text.encode("utf-8", "replace").decode()
        link = report_link(clean, number + 1, document=f"{clean}.md", text=clean)
        facts = Paper(
            arxiv_id=str(number), title=clean, abstract=clean, authors=(clean,), journal_ref=clean
        )
        row = asked_target(f"url:{number:04}", metadata=facts, links=[link], detail=clean, url=clean)
        rows.append(replace(row, id=f"{row.id}{clean}"))
    rows.sort(key=lambda row: row.id)
    hostile = made_report(*rows)
    with visit(browser, written(tmp_path, hostile), "#view=targets") as report:
        for _ in range(len(rows) // 40 + 1):
            report.page.evaluate("document.getElementById('more').click()")
        report.page.wait_for_function(
            f"() => document.querySelectorAll('#holder tbody tr').length === {len(rows)}"
        )
        schemes = report.page.evaluate(
            "[...new Set([...document.querySelectorAll('a')].map(a => a.protocol))]"
        )
        assert set(schemes) <= {"http:", "https:", "file:"}
        assert (
            report.page.evaluate("document.querySelectorAll('img, iframe, object, embed, link').length")
            == 0
        )
        assert report.page.evaluate("document.querySelectorAll('#app script').length") == 0


def test_a_page_saved_among_the_notes_adds_no_links_to_check(page: Path) -> None:
    links = run_enrich(["links", "--format", "jsonl", "latest.html"], page.parent, environment(None)).stdout
    assert links.strip()
    shown = run_enrich(
        ["check", "--offline", "--format", "json", "latest.html"], page.parent, environment(None)
    )
    reasons = {row["reason"] for row in json.loads(shown.stdout)["targets"]}
    assert (shown.returncode, reasons) == (0, {"excluded"})


def test_its_policy_allows_its_own_style_and_script_alone(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe" not in policy
    assert 'name="referrer" content="no-referrer"' in text
    assert " style=" not in text


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which looks for barriers."""
    return published("axe-core@4", "axe.min.js")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fragment", ["", "#view=targets", "#view=findings"])
def test_no_barrier_is_found(browser: Browser, page: Path, axe: str, fragment: str, scheme: str) -> None:
    with visit(browser, page, fragment, color_scheme=scheme) as report:
        report.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        report.page.evaluate(axe)
        found = report.page.evaluate("axe.run(document).then(found => found.violations)")
        told = [
            f"{one['id']}: {one['nodes'][0]['html'][:120]} {one['nodes'][0]['failureSummary'][:300]}" for one in found
            if one["impact"] in ("moderate", "serious", "critical")
        ]  # fmt: skip
        assert told == []


def test_a_small_picture_has_few_points_and_ends_where_the_stars_do() -> None:
    days = [(date(2026, 1, 1) + timedelta(days=number), number) for number in range(365)]
    row = target_row(asked_target("github:demo/kept", metadata=Repository(full_name="demo/kept")), days)
    assert len(row["x"]) <= SPARK_POINTS + 1
    assert (row["x"][0], row["x"][-1]) == (("2026-01-01", 0), ("2026-12-31", 364))
    assert "x" not in target_row(asked_target("github:demo/kept"), days[:1])


def test_every_kind_and_status_has_a_name_in_each_language() -> None:
    for language in LANGUAGES:
        told = words(language)
        assert {f"kind:{kind}" for kind in kinds()} <= told.keys()
        assert {f"status:{status}" for status in Status} <= told.keys()
        assert all(told.values())
