"""The kind of links inside the collection: only words, since no host is asked."""

from __future__ import annotations

import pytest

from enrich.kinds.file import KIND
from enrich.model import CanonicalUrl, Failure, FailureKind, Response, Status, Target
from enrich.registry import kinds, reason_of

TARGET = Target(id="file:a.md", url="file:a.md", kind="file", host="")
FAILURE = Failure(kind=FailureKind.TIMEOUT, detail="", url="file:a.md")
RESPONSE = Response(url="file:a.md", status=200, headers={})


def test_it_is_found_by_being_there() -> None:
    assert kinds()["file"] is KIND


def test_no_url_is_of_this_kind() -> None:
    assert KIND.identify(CanonicalUrl("file:///etc/passwd")) is None
    assert KIND.hosts == frozenset()


def test_its_reasons_are_certain() -> None:
    assert reason_of("file-found").status is Status.OK
    for code in ("file-missing", "anchor-missing"):
        assert (reason_of(code).status, reason_of(code).certain) == (Status.BROKEN, True)


def test_asking_a_host_about_it_is_a_mistake_of_ours() -> None:
    for ask in (
        lambda: KIND.request(TARGET, False),
        lambda: KIND.judge(TARGET, FAILURE),
        lambda: KIND.confirm(TARGET, FAILURE, True),
        lambda: KIND.read_page(TARGET, RESPONSE),
    ):
        with pytest.raises(AssertionError, match="judged from the disk"):
            ask()
