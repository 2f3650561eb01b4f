"""Two languages for people, one for programs."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter

import pytest
from internet import environment, run_enrich

from enrich.config import LANGUAGES, load
from enrich.earlier import language_of
from enrich.registry import kinds
from enrich.report.page.labels import words as page_words
from enrich.report.words import KINDS, words


def test_a_template_has_the_same_places_in_each_language() -> None:
    for name in words("en"):
        places = [
            {place for _, place, _, _ in Formatter().parse(words(language)[name]) if place is not None}
            for language in LANGUAGES
        ]
        assert places[0] == places[1], name


def test_every_word_is_translated_and_every_kind_has_one() -> None:
    for table in (words, page_words):
        assert all(word.strip() for language in LANGUAGES for word in table(language).values())
    assert set(KINDS) >= set(kinds())


@pytest.mark.parametrize(
    ("command", "lang", "environ", "language"),
    [
        ("run", None, {}, "en"),
        ("run", None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        ("run", None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ("report", None, {"LC_MESSAGES": "zh_TW"}, "zh"),
        ("run", "en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("check", None, {"LANG": "zh_CN.UTF-8"}, "en"),
        ("check", "zh", {}, "zh"),
    ],
)
def test_people_read_the_language_of_their_locale_and_a_check_is_the_same_everywhere(
    command: str, lang: str | None, environ: dict[str, str], language: str
) -> None:
    assert language_of(load(command, {"lang": lang}, environ={}, use_files=False), environ) == language


def test_a_saved_report_is_shown_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("<https://a.example/>\n", encoding="utf-8")
    env = environment(None, LC_ALL="zh_CN.UTF-8", ENRICH_NOW="2026-11-21T06:00:00Z")
    ran = run_enrich(["run", "notes.md", "--offline"], tmp_path, env)
    assert "1 篇文档，1 个链接，1 个目标：1 未检查" in ran.stdout
    asked = run_enrich(["report", "--lang", "en"], tmp_path, env)
    assert "1 link in 1 document, 1 target: 1 skipped" in asked.stdout
    assert "1 link in" in run_enrich(["check", "notes.md", "--offline"], tmp_path, env).stdout
    plain = [
        run_enrich(["report", "--format", "json", "--lang", language], tmp_path, env)
        for language in LANGUAGES
    ]
    assert plain[0].stdout == plain[1].stdout
    assert json.loads(plain[0].stdout)["summary"]["links"] == 1
