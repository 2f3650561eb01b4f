"""Documents are found and read safely."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from enrich.documents import Place, decode, discover, read, walk_of
from enrich.errors import UsageError
from enrich.model import Document, Finding


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.md", "notes/b.markdown", "notes/c.txt", ".hidden/d.md", "cache/e.md", "notes/.f.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*paths: str, **rules: object) -> list[str]:
    walk = walk_of(
        rules.get("extensions", ()),  # type: ignore[arg-type]
        bool(rules.get("hidden", False)),
        rules.get("excluded", ()),  # type: ignore[arg-type]
        [Path("cache")],
    )
    return [place.shown for place in discover(paths, walk)]


@pytest.mark.usefixtures("tree")
def test_a_folder_gives_its_documents_by_path_without_hidden_ones_and_the_cache() -> None:
    assert found(".") == ["a.md", "notes/b.markdown"]
    assert found(".", hidden=True) == [".hidden/d.md", "a.md", "notes/.f.md", "notes/b.markdown"]
    assert found(".", extensions=(".txt",)) == ["notes/c.txt"]
    assert found(".", excluded=["^notes/"]) == ["a.md"]


@pytest.mark.usefixtures("tree")
def test_a_named_file_is_read_whatever_its_suffix_and_once() -> None:
    assert found("notes/c.txt", "notes/c.txt", "./notes/../notes/c.txt") == ["notes/c.txt"]


@pytest.mark.usefixtures("tree")
def test_a_glob_stands_for_what_it_matches() -> None:
    assert found("**/*.markdown") == ["notes/b.markdown"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("path", ["missing", "missing/*.md", "a.md/x"])
def test_a_path_that_is_not_there_is_an_error(path: str) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        found(path)


def test_symbolic_links_are_not_followed(tree: Path) -> None:
    outside = tree.parent / "outside.md"
    outside.write_text("# outside\n", encoding="utf-8")
    (tree / "link.md").symlink_to(outside)
    (tree / "loop").symlink_to(tree)
    assert found(".") == ["a.md", "notes/b.markdown"]


def test_a_pipe_that_is_met_costs_a_finding(tree: Path) -> None:
    os.mkfifo(tree / "pipe.md")
    finding = read(Place(file=Path("pipe.md"), shown="pipe.md", dated="pipe.md"))
    assert isinstance(finding, Finding)
    assert "not a regular file" in finding.message


def test_a_binary_file_is_an_error_when_named_and_a_finding_when_met(tree: Path) -> None:
    (tree / "x.md").write_bytes(b"\x00\x01")
    met = read(Place(file=Path("x.md"), shown="x.md", dated="x.md"))
    assert isinstance(met, Finding)
    assert (met.code, met.document) == ("unreadable-document", "x.md")
    with pytest.raises(UsageError, match=r"x\.md: is binary"):
        read(Place(file=Path("x.md"), shown="x.md", dated="x.md", named=True))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("标题".encode(), "标题"),
        ("标题".encode("utf-8-sig"), "标题"),
        ("标题".encode("utf-16"), "标题"),
        ("标题".encode("utf-32"), "标题"),
        ("标题，论文链接".encode("gb18030"), "标题，论文链接"),
        (b"", ""),
    ],
)
def test_encodings_are_recognised(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_a_document_knows_its_date_and_title(tree: Path) -> None:
    path = tree / "notes" / "202205" / "0510.md"
    path.parent.mkdir()
    path.write_text("# Learning notes\n", encoding="utf-8")
    (place,) = discover(["notes/202205"], walk_of((), False, (), ()))
    document = read(place)
    assert isinstance(document, Document)
    assert (document.title, document.date, document.date_source) == ("Learning notes", "2022-05-10", "path")
