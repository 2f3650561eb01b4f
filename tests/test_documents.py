"""Documents are found and read safely."""

from __future__ import annotations

import json
import os
import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from enrich.codec import encode
from enrich.decoding import Decoded, Unreadable, decode
from enrich.discovery import MAX_DEPTH, Place, discover, walk_of
from enrich.documents import read, type_of
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
    assert found(".") == ["a.md", "notes/b.markdown", "notes/c.txt"]
    hidden = [".hidden/d.md", "a.md", "notes/.f.md", "notes/b.markdown", "notes/c.txt"]
    assert found(".", hidden=True) == hidden
    assert found(".", extensions=(".txt",)) == ["notes/c.txt"]
    assert found(".", excluded=["^notes/"]) == ["a.md"]


def test_documents_come_by_path_while_a_folder_is_walked(tmp_path: Path) -> None:
    for name in ("n/a.md", "n/a/x.md", "n/a-b.md", "n/a/b/y.md", "n/a b.md", "n/z/a.md", "n/B.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = discover([str(tmp_path / "n")], walk_of((), False, (), ()))
    assert isinstance(found, Iterator)
    first = next(found)
    (tmp_path / "n/z/b.md").write_text("made meanwhile")
    shown = [place.shown.removeprefix(f"{tmp_path}/") for place in (first, *found)]
    assert shown == sorted(shown)
    assert {"n/a/b/y.md", "n/z/b.md"} <= set(shown)


def test_every_known_type_is_read_in_a_folder_and_log_files_are_none(tmp_path: Path) -> None:
    names = [
        "a.HTML",
        "b.htm",
        "c.ipynb",
        "d.mdx",
        "e.rst",
        "f.text",
        "g.txt",
        "h.xhtml",
        "i.qmd",
        "j.rest",
    ]
    for name in (*names, "k.log", "l.py", "README", "m.md.bak"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    assert [Path(shown).name for shown in found(str(tmp_path))] == names


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
    assert found(".") == ["a.md", "notes/b.markdown", "notes/c.txt"]


@pytest.mark.parametrize("named", ["link.md", "folder", "folder/x.md", "inner/../folder", "./folder/"])
def test_a_named_path_that_a_link_leads_out_of_the_current_folder_is_refused(
    tree: Path, named: str
) -> None:
    """In a pull request the folder that a job names may have become a link to all of the machine."""
    outside = tree.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "x.md").write_text("x\n", encoding="utf-8")
    (tree / "inner").mkdir()
    (tree / "link.md").symlink_to(outside / "x.md")
    (tree / "folder").symlink_to(outside)
    with pytest.raises(UsageError, match="leads out of the current folder; name the place"):
        found(named)
    # What somebody names in full is meant, and so is a link that stays inside.
    assert found(str(outside)) == [str(outside / "x.md")]
    assert found("../outside/x.md") == ["../outside/x.md"]
    (tree / "stays.md").symlink_to("a.md")
    assert found("stays.md") == ["stays.md"]


def test_a_glob_goes_through_no_symbolic_link(tree: Path) -> None:
    """Two links to their own folder have more paths through them than anybody can walk."""
    outside = tree.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "x.md").write_text("x\n", encoding="utf-8")
    for name in ("one", "two", "notes/three"):
        (tree / name).symlink_to(tree)
    (tree / "out").symlink_to(outside)
    (tree / "notes" / "y.md").symlink_to(outside / "x.md")
    assert found("**/*.md") == ["a.md"], "the cache is never read"
    assert found("*") == ["a.md", "notes/b.markdown", "notes/c.txt"]
    assert found("*/*.m*") == ["notes/b.markdown"]
    assert found(".hid*/*.md") == [".hidden/d.md"]
    assert found("**/*.md", hidden=True) == [".hidden/d.md", "a.md", "notes/.f.md"]
    assert found(f"{tree}/**/*.txt") == ["notes/c.txt"]


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder link", "device link"])
def test_what_is_no_file_is_not_opened(tree: Path, kind: str) -> None:
    path = tree / "strange.md"
    holder = socket.socket(socket.AF_UNIX)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            holder.bind("strange.md")
        case "folder link":
            path.symlink_to(tree / "notes")
        case _:
            path.symlink_to("/dev/zero")
    holder.close()
    places = [place for place in discover(["."], walk_of((), False, (), ())) if place.shown == "strange.md"]
    assert [isinstance(read(place), Finding) for place in places] == ([] if "link" in kind else [True])
    # Behind the back of whoever walked: it was a file then.
    assert isinstance(read(Place(file=str(path), shown="strange.md", dated="")), Finding)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_that_is_named_is_wrong_input(device: str) -> None:
    (place,) = discover([device], walk_of((), False, (), ()))
    with pytest.raises(UsageError, match=f"^{device}: "):
        read(place)


def test_a_file_that_became_a_link_after_it_was_found_is_not_followed(tree: Path) -> None:
    (tree.parent / "secret.md").write_text("secret\n", encoding="utf-8")
    (place,) = (place for place in discover(["."], walk_of((), False, (), ())) if place.shown == "a.md")
    (tree / "a.md").unlink()
    (tree / "a.md").symlink_to(tree.parent / "secret.md")
    assert isinstance(read(place), Finding)


def test_a_pipe_that_is_met_costs_a_finding(tree: Path) -> None:
    os.mkfifo(tree / "pipe.md")
    finding = read(Place(file="pipe.md", shown="pipe.md", dated="pipe.md"))
    assert isinstance(finding, Finding)
    assert "not a regular file" in finding.message


def test_a_binary_file_is_an_error_when_named_and_a_finding_when_met(tree: Path) -> None:
    (tree / "x.md").write_bytes(b"\x00\x01")
    met = read(Place(file="x.md", shown="x.md", dated="x.md"))
    assert isinstance(met, Finding)
    assert (met.code, met.document) == ("unreadable-document", "x.md")
    with pytest.raises(UsageError, match=r"x\.md: is binary"):
        read(Place(file="x.md", shown="x.md", dated="x.md", named=True))


TEXT = "标题，论文链接：https://a.example/b é😀\n"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-be",
        "utf-16-le",
        "utf-32",
        "utf-32-be",
        "utf-32-le",
        "gb18030",
        "gbk",
    ],
)
def test_encodings_are_recognised(encoding: str) -> None:
    text = TEXT.replace("é😀", "") if encoding == "gbk" else TEXT
    mark = {"utf-16-be": "\ufeff", "utf-16-le": "\ufeff", "utf-32-be": "\ufeff", "utf-32-le": "\ufeff"}
    decoded = decode((mark.get(encoding, "") + text).encode(encoding))
    assert (decoded.text, decoded.damage) == (text, None)


def test_an_empty_file_is_an_empty_text() -> None:
    assert decode(b"") == Decoded("")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param("甲乙丙丁戊己庚辛\n壬癸".encode()[:-1], (2, 2), id="the last character is cut off"),
        pytest.param("甲乙丙丁\r\n戊".encode() + b"\xff" + "己".encode(), (2, 2), id="one byte in UTF-8"),
        pytest.param("\ufeff甲乙".encode("utf-16-le") + b"\x00", (1, 3), id="half a character of UTF-16"),
        pytest.param("\ufeff甲乙丙丁".encode() + b"\xb1\xea", (1, 5), id="GB18030 behind a mark of UTF-8"),
        pytest.param("a caf\xe9 and more of it".encode("latin-1"), (1, 6), id="Latin-1"),
        pytest.param(
            "\n".join(("甲乙丙丁戊己庚辛" * 9, "x")).encode() + "标题".encode("gb18030"), (2, 2), id="mixed"
        ),
    ],
)
def test_damaged_text_is_read_all_the_same_and_costs_one_finding(
    data: bytes, place: tuple[int, int]
) -> None:
    decoded = decode(data)
    assert decoded.damage is not None
    assert (decoded.damage.code, (decoded.damage.line, decoded.damage.column)) == (
        "unreadable-document",
        place,
    )
    assert "\ufffd" in decoded.text
    decoded.text.encode()


def test_one_damaged_character_does_not_make_a_utf8_note_gb18030() -> None:
    """GB18030 takes nearly any pair of bytes, so that it would read this without complaint, and wrong."""
    data = "你好你好你好你".encode().replace("好".encode(), "好".encode()[:-1], 1)
    assert data.decode("gb18030")
    assert decode(data).text.endswith("你好你好你")


def test_a_nul_here_and_there_is_replaced_and_many_make_a_binary_file() -> None:
    assert decode(b"a\x00" + b"b" * 2000).text.startswith("a\ufffdb")
    for data in (b"\x00\x01", b"ab\x00\x00" * 100, b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) * 9):
        with pytest.raises(Unreadable, match="is binary"):
            decode(data)


def test_a_file_that_is_too_large_is_not_read_into_memory(tree: Path) -> None:
    with (tree / "huge.md").open("wb") as file:
        file.truncate(1 << 30)
    tracemalloc.start()
    finding = read(Place(file="huge.md", shown="huge.md", dated="huge.md"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(finding, Finding)
    assert "larger than 20 MiB" in finding.message
    assert peak < 1 << 20


def test_the_links_of_a_damaged_document_are_found_beside_its_finding(tree: Path) -> None:
    (tree / "a.md").write_bytes(b"caf\xe9 <https://a.example/b>\n")
    document = read(Place(file="a.md", shown="a.md", dated="a.md", named=True))
    assert isinstance(document, Document)
    assert [remark.code for remark in document.remarks] == ["unreadable-document"]
    (link,) = type_of("a.md").read(document.text).links
    assert (link.url, link.column) == ("https://a.example/b", 7)


# --- what lies in a folder ----------------------------------------------------------------------------


def test_what_git_ignores_is_left_out_and_what_is_named_is_not(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / ".gitignore").write_text("/site/\n*.txt\n!keep.txt\n", encoding="utf-8")
    for name in ("site/x.md", "notes/keep.txt", "notes/deep/site/y.md"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x\n", encoding="utf-8")
    assert found(".") == ["a.md", "notes/b.markdown", "notes/deep/site/y.md", "notes/keep.txt"]
    assert found("notes") == ["notes/b.markdown", "notes/deep/site/y.md", "notes/keep.txt"]
    assert found("site") == ["site/x.md"]
    assert found("notes/c.txt") == ["notes/c.txt"]


def test_rules_nest_and_end_where_another_repository_begins(tree: Path) -> None:
    (tree / ".gitignore").write_text("*.markdown\n", encoding="utf-8")
    (tree / "notes" / ".gitignore").write_text("!b.markdown\nc.*\n", encoding="utf-8")
    (tree / "other" / ".git").mkdir(parents=True)
    (tree / "other" / "x.markdown").write_text("x\n", encoding="utf-8")
    assert found(".") == ["a.md", "notes/b.markdown", "other/x.markdown"]


def test_rules_above_the_top_of_a_repository_do_not_count(tree: Path) -> None:
    (tree / ".gitignore").write_text("*.markdown\n", encoding="utf-8")
    (tree / "notes" / ".git").mkdir()
    assert found("notes") == ["notes/b.markdown", "notes/c.txt"]


def test_a_gitignore_that_is_a_symbolic_link_is_not_followed(tree: Path) -> None:
    (tree / "rules").write_text("*\n", encoding="utf-8")
    (tree / ".gitignore").symlink_to(tree / "rules")
    assert "a.md" in found(".")


@pytest.mark.parametrize(
    ("name", "as_shown"),
    [
        (b"line\nbreak.md", "line\nbreak.md"),
        (b"esc\x1b[31m.md", "esc\x1b[31m.md"),
        (b"bytes\xff\xfe.md", "bytes\\xff\\xfe.md"),
        (b"n" * 252 + b".md", "n" * 252 + ".md"),
        ("标题.md".encode(), "标题.md"),
    ],
)
def test_any_file_name_can_be_read_and_written_to_a_report(tree: Path, name: bytes, as_shown: str) -> None:
    (tree / os.fsdecode(name)).write_text("# 2022-05-10\n", encoding="utf-8")
    (place,) = (place for place in discover(["."], walk_of((), False, (), ())) if place.shown == as_shown)
    document = read(place)
    assert isinstance(document, Document)
    assert json.loads(encode({"path": document.path, "dated": place.dated}))["path"] == as_shown


def test_a_folder_that_lies_too_deep_costs_a_finding_and_not_the_run(tree: Path) -> None:
    deep = tree / "/".join(["d"] * (MAX_DEPTH + 3))
    deep.mkdir(parents=True)
    (deep / "x.md").write_text("x\n", encoding="utf-8")
    places = [
        place for place in discover(["."], walk_of((), False, (), ())) if place.shown.startswith("d/")
    ]
    assert [place.unread for place in places] == ["lies deeper than 64 folders"]
    finding = read(places[0])
    assert isinstance(finding, Finding)
    assert "lies deeper than 64 folders" in finding.message


def test_a_document_knows_its_date_and_title(tree: Path) -> None:
    path = tree / "notes" / "202205" / "0510.md"
    path.parent.mkdir()
    path.write_text("# Learning notes\n", encoding="utf-8")
    (place,) = discover(["notes/202205"], walk_of((), False, (), ()))
    document = read(place)
    assert isinstance(document, Document)
    assert (document.title, document.date, document.date_source) == ("Learning notes", "2022-05-10", "path")


def test_a_file_that_is_handed_out_in_parts_is_read_whole(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "long.md").write_text("链接\n" * 5000, encoding="utf-8")
    read_at_once = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read_at_once(descriptor, min(size, 999)))
    document = read(Place(file=str(tree / "long.md"), shown="long.md", dated="long.md"))
    assert isinstance(document, Document)
    assert document.text == "链接\n" * 5000
