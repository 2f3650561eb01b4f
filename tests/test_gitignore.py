"""The rules of .gitignore, by examples and by asking git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requirements import require

from enrich.gitignore import is_ignored, rules_of


def ignored(rules: str, path: str) -> bool:
    return is_ignored(path.rstrip("/").split("/"), path.endswith("/"), [(0, rules_of(rules))])


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "b/c/a.txt", True),
        ("*.txt", "a.txt.md", False),
        ("/a.md", "a.md", True),
        ("/a.md", "b/a.md", False),
        ("b/a.md", "b/a.md", True),
        ("b/a.md", "c/b/a.md", False),
        ("site/", "site/", True),
        ("site/", "site", False),
        ("site/", "x/site/", True),
        ("b/**/a.md", "b/a.md", True),
        ("b/**/a.md", "b/x/y/a.md", True),
        ("**/b/a.md", "x/y/b/a.md", True),
        ("b/**", "b/", False),
        ("b/**", "b/x/", True),
        ("*.md\n!a.md", "a.md", False),
        ("!a.md\n*.md", "a.md", True),
        ("# a.md", "# a.md", False),
        ("\\#a.md", "#a.md", True),
        ("\\!a.md", "!a.md", True),
        ("a.md  ", "a.md", True),
        ("a\\ ", "a ", True),
        ("a.md\r", "a.md", True),
        ("\ufeffa.md", "a.md", True),
        ("[ab].md", "b.md", True),
        ("[!ab].md", "b.md", False),
        ("[[:digit:]].md", "7.md", True),
        ("[a.md", "[a.md", False),
        ("a\\", "a\\", False),
        ("*b*c*.md", "abxcx.md", True),
        ("*a?c", "xabc", True),
        ("标题*", "标题 1.md", True),
        ("", "a.md", False),
    ],
)
def test_a_rule_names_what_git_says_it_names(rules: str, path: str, expected: bool) -> None:
    assert ignored(rules, path) is expected


def test_the_deepest_file_decides_first() -> None:
    layers = [(0, rules_of("*.md")), (1, rules_of("!a.md"))]
    assert is_ignored(["b", "c.md"], False, layers)
    assert not is_ignored(["b", "a.md"], False, layers)


def test_a_hostile_line_costs_no_time() -> None:
    rules = rules_of("*a" * 40 + "*b\n" + "**/a/" * 30 + "b\n" + "[" * 5000)
    begin = time.process_time()
    for _ in range(100):
        assert not is_ignored([*["a" * 250], *["a"] * 60], False, [(0, rules)])
    assert time.process_time() - begin < 5


NAMES = ("a", "b", "ab", "a.md", "[x]", "a b", "!a", "#b", "é")
PIECES = ("a", "b", "*", "?", ".md", "[ab]", "[!a]", "[a-c]", "\\*", "[[:alpha:]]", "x", "é")
segments = st.one_of(st.just("**"), st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join))
lines = st.builds(
    lambda keeps, tied, parts, end: f"{keeps}{tied}{'/'.join(parts)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(segments, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
).filter(lambda line: "***" not in line and "a**" not in line)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("git", shutil.which("git") is not None, "git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True, env=_environment(folder))
    for first in NAMES:
        for second in NAMES:
            (folder / f"f-{first}").mkdir(exist_ok=True)
            (folder / f"f-{first}" / second).mkdir(parents=True, exist_ok=True)
            (folder / f"f-{first}" / second / "a.md").touch()
        (folder / first).touch()
        (folder / "a b.d").mkdir(exist_ok=True)
        (folder / "a b.d" / first).touch()
    return folder


def _environment(folder: Path) -> dict[str, str]:
    nothing = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(folder)}
    return {"PATH": os.environ["PATH"], **nothing}


def _kept(folder: Path, rules: str) -> list[str]:
    layers = [(0, rules_of(rules))]

    def walk(parts: tuple[str, ...]) -> list[str]:
        found = []
        for entry in sorted(os.scandir(folder.joinpath(*parts)), key=lambda entry: entry.name):
            own = (*parts, entry.name)
            if entry.name in (".git", ".gitignore") or is_ignored(own, entry.is_dir(), layers):
                continue
            found += walk(own) if entry.is_dir() else ["/".join(own)]
        return found

    return sorted(walk(()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=st.lists(lines, min_size=1, max_size=3).map("\n".join))
def test_git_itself_keeps_and_ignores_the_same(repository: Path, rules: str) -> None:
    (repository / ".gitignore").write_text(rules + "\n", encoding="utf-8", newline="")
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
        cwd=repository, env=_environment(repository), check=True, capture_output=True,
    )  # fmt: skip
    theirs = [name for name in listed.stdout.decode().split("\0") if name and name != ".gitignore"]
    assert _kept(repository, rules) == sorted(theirs)
