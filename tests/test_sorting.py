"""Findings come in order, in memory or over temporary files, and as often as they are asked for."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from enrich.errors import StorageError
from enrich.findings import order
from enrich.model import Finding, Severity, Suggestion
from enrich.sorting import sorted_findings


def finding(number: int) -> Finding:
    return Finding(
        code="http-404",
        severity=Severity.ERROR,
        message=f"第 {number} 个\n",
        document=f"笔记/{number % 7}.md",
        line=number,
        column=None if number % 3 else number,
        target="url:https://a.example/",
        suggestion=Suggestion("https://b.example/", "http-301") if number % 2 else None,
    )


@pytest.mark.parametrize("in_memory", [10, 199, 200, 201, 1000])
def test_findings_are_sorted_and_come_again(in_memory: int) -> None:
    shuffled = [finding(number) for number in range(200)]
    random.Random(7).shuffle(shuffled)
    with sorted_findings(iter(shuffled), order, in_memory) as found:
        assert list(found()) == sorted(shuffled, key=order)
        assert list(found()) == sorted(shuffled, key=order)


def test_two_readers_at_the_same_time_do_not_disturb_each_other() -> None:
    with sorted_findings(map(finding, range(1000)), order, 64) as found:
        pairs = list(zip(found(), found(), strict=True))
    assert pairs == [(one, one) for one in sorted(map(finding, range(1000)), key=order)]


def test_no_findings_are_none() -> None:
    with sorted_findings([], order) as found:
        assert list(found()) == []


def test_a_lack_of_room_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="TMPDIR"), sorted_findings(map(finding, range(100)), order, 10):
        pass
