"""Links inside the collection: which file they mean, and whether it is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from internet import environment, run_enrich

from enrich.discovery import Place
from enrich.documents import read
from enrich.extract.anchors import markdown_anchors
from enrich.files import Judge, is_path, locate
from enrich.model import Document, Status, Target

DOCUMENT = "docs/guide/a.md"


@dataclass(frozen=True)
class Collection:
    """A folder with a document in it, which is the current folder."""

    root: Path

    def write(self, path: str, text: str = "x\n") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def document(self, path: str = DOCUMENT) -> Document:
        found = read(Place(file=path, shown=path, dated="", root=self.root, named=True))
        assert isinstance(found, Document)
        return found

    def verdict(self, url: str, path: str = DOCUMENT) -> tuple[str, str | None]:
        """The reason for a link in a document, and the suggestion."""
        located = locate(self.document(path), url)
        if not located.inside:
            return "relative", None
        identity = located.identity
        verdict = Judge([self.root]).verdict(
            Target(id=identity.id, url=identity.url, kind=identity.kind, host="")
        )
        if verdict is None:
            return "cannot tell", None
        return verdict.reason, verdict.suggestion and verdict.suggestion.url


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    root = (tmp_path / "notes").resolve()
    root.mkdir()
    monkeypatch.chdir(root)
    collection = Collection(root)
    collection.write(DOCUMENT, "# Title 一\n\n## Setup\n\n## Setup\n")
    return collection


# --- which file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "id_"),
    [
        ("b.md", "file:docs/guide/b.md"),
        ("./b.md", "file:docs/guide/b.md"),
        ("../b.md", "file:docs/b.md"),
        ("../../b.md", "file:b.md"),
        ("/b.md", "file:b.md"),
        ("", f"file:{DOCUMENT}"),
        ("#title", f"file:{DOCUMENT}#title"),
        ("b.md#part", "file:docs/guide/b.md#part"),
        ("b.md?raw=1", "file:docs/guide/b.md"),
        ("b.md?plain=1#L3", "file:docs/guide/b.md#L3"),
        ("b%20c.md", "file:docs/guide/b c.md"),
        ("%E6%A0%87.md#%E6%A0%87", "file:docs/guide/标.md#标"),
        ("标.md#标", "file:docs/guide/标.md#标"),
        ("100%25.md", "file:docs/guide/100%25.md"),
        ("a%23b.md", "file:docs/guide/a%23b.md"),
        ("a%FF.md", "file:docs/guide/a%FF.md"),
        ("sub/", "file:docs/guide/sub"),
        ("..", "file:docs"),
        ("../..", "file:."),
        (" b.md ", "file:docs/guide/b.md"),
    ],
)
def test_a_path_is_tied_to_its_document(notes: Collection, url: str, id_: str) -> None:
    located = locate(notes.document(), url)
    assert (located.identity.id, located.identity.kind, located.inside) == (id_, "file", True)


@pytest.mark.parametrize(
    "url", ["../../../b.md", "../../..", "../../../notes2/b.md", "C:\\b.md", "c:/b.md", "/../b.md"]
)
def test_a_path_out_of_the_collection_is_not_looked_at(notes: Collection, url: str) -> None:
    assert not locate(notes.document(), url).inside


def test_out_and_in_again_is_inside(notes: Collection) -> None:
    located = locate(notes.document(), "../../../notes/b.md")
    assert not located.inside, "the name of the collection's own folder is nobody's business"


def test_standard_input_lies_in_no_collection() -> None:
    document = Document(path="-", text="")
    assert not locate(document, "b.md").inside
    assert not locate(document, "#part").inside


def test_a_collection_elsewhere_is_shown_as_its_documents_are(notes: Collection, tmp_path: Path) -> None:
    other = Collection((tmp_path / "other").resolve())
    other.write("x/a.md")
    path = f"{other.root.as_posix()}/x/a.md"
    document = other.document(path)
    assert locate(document, "../b.md#c").identity.id == f"file:{other.root.as_posix()}/b.md#c"
    assert other.verdict("a.md", path) == ("file-found", None)
    assert other.verdict("../b.md", path)[0] == "file-missing"
    assert not locate(document, "../../notes/docs/guide/a.md").inside


def test_a_template_is_no_path() -> None:
    assert is_path("a/b.md")
    assert not any(map(is_path, ["{{ site.url }}/a", "{% link a.md %}", "${host}/a"]))


# --- whether it is there --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "reason", "suggestion"),
    [
        ("b.md", "file-found", None),
        ("../guide", "file-found", None),
        ("../guide/", "file-found", None),
        ("b.md/", "file-found", None),
        ("img/p%201.png", "file-found", None),
        ("B.md", "file-missing", "file:docs/guide/b.md"),
        ("bb.md", "file-missing", "file:docs/guide/b.md"),
        ("c.md", "file-missing", None),
        ("nothing-like-it.pdf", "file-missing", None),
        ("image/p%201.png", "file-missing", "file:docs/guide/img/p 1.png"),
        ("image/q.png", "file-missing", None),
        ("b.md/c.md", "file-missing", None),
        ("github.com/o/r", "file-missing", "https://github.com/o/r"),
        ("someone@a.com", "file-missing", "mailto:someone@a.com"),
        ("202104.md", "file-missing", None),
        ("%00.md", "cannot tell", None),
        ("sub\\中.md", "file-missing", "file:docs/guide/sub/中.md"),
        ("sub%5C中.md#a", "file-missing", "file:docs/guide/sub/中.md"),
        ("..\\guide\\b.md", "file-missing", "file:docs/guide/b.md"),
        ("..\\..\\..\\other.md", "file-missing", None),
        ("sub\\国.md", "file-missing", None),
    ],
)
def test_a_file_is_there_letter_by_letter_or_missing(
    notes: Collection, url: str, reason: str, suggestion: str | None
) -> None:
    for path in (
        "docs/guide/b.md",
        "docs/guide/img/p 1.png",
        "docs/guide/202105.md",
        "docs/guide/sub/中.md",
    ):
        notes.write(path)
    assert notes.verdict(url) == (reason, suggestion)


@pytest.mark.parametrize(
    ("url", "reason", "suggestion"),
    [
        ("#title-一", "file-found", None),
        ("#title-%E4%B8%80", "file-found", None),
        ("#TITLE-一", "file-found", None),
        ("#user-content-setup", "file-found", None),
        ("#setup-1", "file-found", None),
        ("#setup-2", "anchor-missing", None),
        ("#set-up", "anchor-missing", f"file:{DOCUMENT}#setup"),
        ("#", "file-found", None),
        ("#top", "file-found", None),
        ("#L10-L12", "file-found", None),
        ("#:~:text=a", "file-found", None),
        ("b.md#⚙️-run", "anchor-missing", "file:docs/guide/b.md#\ufe0f-run"),
        ("b.md#%E2%9A%99%EF%B8%8F-run", "anchor-missing", "file:docs/guide/b.md#\ufe0f-run"),
        ("b.md#%EF%B8%8F-run", "file-found", None),
        ("b.md#-run", "file-found", None),
        ("b.md#Own", "file-found", None),
        ("b.md#missing", "anchor-missing", None),
        ("page.html#one", "file-found", None),
        ("page.html#two", "anchor-missing", None),
        ("code.py#L3", "file-found", None),
        ("code.py#function", "file-found", None),
        ("plain.txt#anything", "file-found", None),
        ("sub#part", "file-found", None),
        ("sub#no", "anchor-missing", None),
        ("empty#no", "file-found", None),
        ("bad.ipynb#no", "anchor-missing", None),
    ],
)
def test_a_name_is_a_heading_or_an_id_of_the_document(
    notes: Collection, url: str, reason: str, suggestion: str | None
) -> None:
    notes.write("docs/guide/b.md", "# ⚙️ Run\n\n<a name='own'></a>\n")
    notes.write("docs/guide/page.html", "<p id='one'>")
    notes.write("docs/guide/sub/README.md", "# Part\n")
    notes.write("docs/guide/bad.ipynb", "{")
    for path in ("code.py", "plain.txt", "empty/x"):
        notes.write(f"docs/guide/{path}")
    assert notes.verdict(url) == (reason, suggestion)


def test_a_document_that_cannot_be_read_says_nothing_about_its_names(notes: Collection) -> None:
    (notes.root / "docs" / "guide" / "b.md").write_bytes(b"\x00" * 100)
    assert notes.verdict("b.md#x") == ("file-found", None)


def test_nothing_is_looked_at_through_a_symbolic_link_that_leads_out(
    notes: Collection, tmp_path: Path
) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n", encoding="utf-8")
    (notes.root / "out.md").symlink_to(tmp_path / "secret.md")
    (notes.root / "up").symlink_to(tmp_path)
    (notes.root / "in.md").symlink_to(notes.root / DOCUMENT)
    (notes.root / "loop.md").symlink_to(notes.root / "loop.md")
    (notes.root / "gone.md").symlink_to(notes.root / "docs/no/such/file.md")
    for url in ("/out.md", "/out.md#secret", "/up/secret.md", "/up/missing.md"):
        assert notes.verdict(url) == ("cannot tell", None), url
    assert notes.verdict("/in.md#setup") == ("file-found", None)
    assert notes.verdict("/in.md#no")[0] == "anchor-missing"
    assert notes.verdict("/gone.md") == ("file-missing", None)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_that_may_not_be_looked_into_proves_nothing(notes: Collection) -> None:
    notes.write("closed/x.md")
    (notes.root / "closed").chmod(0)
    assert notes.verdict("/closed/y.md") == ("cannot tell", None)
    (notes.root / "closed").chmod(0o700)


# --- where a program makes the pages --------------------------------------------------------------------


@pytest.mark.parametrize("url", ["b", "b.html", "b/", "b.htm#any"])
def test_a_page_may_be_made_from_a_document_beside_it(notes: Collection, url: str) -> None:
    notes.write("docs/guide/b.rst")
    assert notes.verdict(url) == ("file-found", None)


@pytest.mark.parametrize("settings", ["docs/mkdocs.yml", "docs/_config.yml", "docs/_posts/2020-01-01-x.md"])
def test_with_a_site_generator_in_sight_only_documents_can_be_missing(
    notes: Collection, settings: str
) -> None:
    notes.write(settings)
    for url in ("/2020/01/01/x.html", "/assets/a.png", "about/", "img/a.png"):
        assert notes.verdict(url) == ("cannot tell", None), url
    assert notes.verdict("missing.md") == ("file-missing", None)


def test_a_slash_means_the_top_of_the_site_or_repository_of_a_document(notes: Collection) -> None:
    notes.write("docs/mkdocs.yml")
    assert locate(notes.document(), "/a.png").identity.id == "file:docs/a.png"
    notes.write("other/.git/HEAD")
    notes.write("other/x/a.md")
    assert locate(notes.document("other/x/a.md"), "/a.png").identity.id == "file:other/a.png"


def test_a_slash_leads_out_where_only_a_part_of_a_repository_is_read(notes: Collection) -> None:
    (notes.root.parent / ".git").mkdir()
    assert notes.verdict("/LICENSE") == ("relative", None)
    assert notes.verdict("/docs/guide/a.md") == ("file-found", None)
    assert notes.verdict("LICENSE")[0] == "file-missing"


# --- time -----------------------------------------------------------------------------------------------


def test_many_wrong_names_cost_little(notes: Collection) -> None:
    notes.write("b.md", "".join(f"# Heading {number * 'x'}\n" for number in range(20_000 // 80)) * 80)
    judge = Judge([notes.root])
    begin = time.process_time()
    for number in range(5_000):
        id_ = f"file:b.md#headig-{number * 'x':.60}-"
        verdict = judge.verdict(Target(id=id_, url=id_, kind="file", host=""))
        assert verdict is not None
        assert verdict.status is Status.BROKEN
    assert time.process_time() - begin < 5


def test_a_document_is_read_once(notes: Collection) -> None:
    asked: list[Path] = []

    def names(file: Path) -> list[str]:
        asked.append(file)
        return markdown_anchors(file.read_text(encoding="utf-8"))

    judge = Judge([notes.root], names)
    for name in ("setup", "setup-1", "no"):
        id_ = f"file:{DOCUMENT}#{name}"
        judge.verdict(Target(id=id_, url=id_, kind="file", host=""))
    assert asked == [notes.root / DOCUMENT]


# --- the whole run --------------------------------------------------------------------------------------


def enrich(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_enrich(arguments, folder, environment(None, ENRICH_NOW="2026-01-02T03:04:05Z"))


NOTE = "# A\n\n[ok](b.md#b) [gone](c.md) ![gone](p.png) [no](#no) [out](../x.md) `[code](d.md)` [web](https://a.example/)\n"


def test_broken_links_inside_fail_a_check_at_their_places(notes: Collection) -> None:
    notes.write(DOCUMENT, "# 2021-05-06\n")
    notes.write("a.md", NOTE)
    notes.write("b.md", "# B\n")
    done = enrich(notes.root, "check", "--offline", "--no-progress")
    assert done.returncode == 1
    found = [line.split("  ")[0] for line in done.stdout.splitlines() if line.startswith("a.md:")]
    assert found == ["a.md:3:21: file-missing", "a.md:3:35: file-missing", "a.md:3:47: anchor-missing"]


def test_they_are_judged_anew_in_every_run(notes: Collection) -> None:
    notes.write("a.md", "[gone](c.md)\n")
    arguments = ("check", "--kind", "file", "--max-age", "7d", "--no-progress", "a.md")
    assert enrich(notes.root, *arguments).returncode == 1
    notes.write("c.md")
    assert enrich(notes.root, *arguments).returncode == 0
    (notes.root / "c.md").unlink()
    assert enrich(notes.root, *arguments).returncode == 1


def test_kinds_and_dates_and_patterns_choose_among_them(notes: Collection) -> None:
    notes.write("2020-01-02.md", "[gone](c.md)\n")
    arguments = ("check", "--offline", "--no-progress", "2020-01-02.md")
    assert enrich(notes.root, *arguments).returncode == 1
    assert enrich(notes.root, *arguments, "--kind", "web").returncode == 0
    assert enrich(notes.root, *arguments, "--since", "2020-02").returncode == 0
    assert enrich(notes.root, *arguments, "--exclude", r"^c\.md$").returncode == 0


def test_a_report_names_them_and_their_verdicts(notes: Collection) -> None:
    notes.write(DOCUMENT, "x\n")
    notes.write("a.md", NOTE)
    notes.write("b.md", "# B\n")
    done = enrich(notes.root, "run", "--kind", "file", "--no-progress")
    assert done.returncode == 0, done.stderr
    report = json.loads((notes.root / "reports" / "latest.json").read_text(encoding="utf-8"))
    assert report["run"]["requests"] == 0
    assert {target["id"]: (target["status"], target["reason"]) for target in report["targets"]} == {
        "file:../x.md": ("skipped", "relative"),
        "file:a.md#no": ("broken", "anchor-missing"),
        "file:b.md#b": ("ok", "file-found"),
        "file:c.md": ("broken", "file-missing"),
        "file:p.png": ("broken", "file-missing"),
    }


def test_a_run_over_nothing_but_them_loads_no_network_library(notes: Collection) -> None:
    notes.write("a.md", "[gone](c.md) [ok](a.md)\n")
    script = (
        "import sys\nfrom enrich.cli import main\nsys.argv = ['enrich', 'check', '--no-progress', 'a.md']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 1, end.code\n"
        "assert 'httpx' not in sys.modules and 'httpcore' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=notes.root,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_a_damaged_note_is_checked_and_named_in_the_report(notes: Collection) -> None:
    (notes.root / "a.md").write_bytes(b"caf\xe9 [gone](c.md)\n")
    done = enrich(notes.root, "check", "--offline", "--no-progress", "a.md")
    assert "a.md:1:4: unreadable-document" in done.stdout
    assert "a.md:1:13: file-missing" in done.stdout


def test_a_broken_notebook_that_is_met_costs_a_finding(notes: Collection) -> None:
    notes.write("n.ipynb", '{"cells": [')
    done = enrich(notes.root, "check", "--offline", "--no-progress")
    assert done.returncode == 0
    assert "n.ipynb:1:12: unreadable-document" in done.stdout


def test_standard_input_is_listed_with_its_relative_links_left_open(notes: Collection) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "enrich", "links", "-"],
        input="[a](b.md) https://a.example/b\n", check=True, capture_output=True, text=True, timeout=300,
        cwd=notes.root, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["-:1:5: b.md  (relative)", "-:1:11: https://a.example/b"]
