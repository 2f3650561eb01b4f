"""When too many links seem gone at once to be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.mass_change import Change, is_believed, is_mass_change, sites_changed

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "gone", "mass"),
    [
        (1000, 100, False),
        (1000, 101, True),
        (400, 50, False),
        (400, 51, True),
        (51, 51, True),
        (50, 50, False),
    ],
)
def test_more_than_a_tenth_and_more_than_fifty_are_a_mass(asked: int, gone: int, mass: bool) -> None:
    halves = {
        "a.example": Change(asked=asked // 2, gone=gone // 2),
        "b.example": Change(asked=asked - asked // 2, gone=gone - gone // 2),
    }
    assert is_mass_change(halves) is mass


@pytest.mark.parametrize(
    ("asked", "gone", "changed"),
    [(20, 19, True), (20, 18, False), (19, 19, False), (1000, 901, True), (1000, 900, False)],
)
def test_a_big_host_whose_links_nearly_all_go_has_changed(asked: int, gone: int, changed: bool) -> None:
    found = sites_changed({"a.example": Change(asked=asked, gone=gone), "b.example": Change(asked=500)})
    assert found == ({"a.example"} if changed else set())


def test_a_site_that_changed_is_told_of_by_itself_and_makes_no_mass() -> None:
    changes = {"a.example": Change(asked=300, gone=300), "b.example": Change(asked=300, gone=5)}
    assert is_mass_change(changes)
    assert not is_mass_change(changes, apart_from=sites_changed(changes))


@pytest.mark.parametrize(
    ("hours", "believed"), [(None, False), (0, False), (12, False), (23.9, True), (24, True), (400, True)]
)
def test_what_was_seen_a_day_ago_as_well_is_believed(hours: float | None, believed: bool) -> None:
    since = None if hours is None else NOW - timedelta(hours=hours)
    assert is_believed(since, NOW) is believed


CHANGES = st.dictionaries(
    st.integers(0, 30).map("host-{}.example".format),
    st.tuples(st.integers(0, 400), st.floats(0, 1)).map(
        lambda pair: Change(asked=pair[0], gone=round(pair[0] * pair[1]))
    ),
)


@given(CHANGES)
def test_fifty_links_never_are_a_mass_and_all_of_a_thousand_always_are(changes: dict[str, Change]) -> None:
    asked, gone = (
        sum(one.asked for one in changes.values()),
        sum(one.gone for one in changes.values()),
    )
    if gone <= 50:
        assert not is_mass_change(changes)
    if gone == asked >= 1000:
        assert is_mass_change(changes)
    for host in sites_changed(changes):
        assert changes[host].asked >= 20
