"""Paths and anchors inside the collection.

They are no URLs and nobody is asked: what a link means depends on the document it stands in, and the answer
lies on the disk. So `enrich.files` identifies and judges them, and here are only the words for it.
"""

from __future__ import annotations

from typing import NoReturn

from enrich.model import CanonicalUrl, Kind, Outcome, Reason, Request, Response, Status, Target


def identify(_url: CanonicalUrl) -> None:
    """No URL is of this kind; a relative link becomes a target through `enrich.files`."""


def request(target: Target, _wants_page: bool) -> Request:
    _refuse(target)


def judge(target: Target, _outcome: Outcome) -> NoReturn:
    _refuse(target)


def confirm(target: Target, _outcome: Outcome, _wants_page: bool) -> Request | None:
    _refuse(target)


def read_page(target: Target, _response: Response) -> NoReturn:
    _refuse(target)


def _refuse(target: Target) -> NoReturn:
    raise AssertionError(f"{target.id}: is judged from the disk, and no host is asked about it")


REASONS = (
    Reason(code="file-found", status=Status.OK, help="The file or folder is there. Nothing to do."),
    Reason(
        code="file-missing",
        status=Status.BROKEN,
        certain=True,
        help="There is no such file or folder in the collection; upper and lower case are told apart, as on "
        "most servers. Correct the path.",
    ),
    Reason(
        code="anchor-missing",
        status=Status.BROKEN,
        certain=True,
        help="The file is there, but no heading or id in it has this name, by the rule that GitHub follows. "
        "Correct the part behind the number sign.",
    ),
)

KIND = Kind(
    name="file",
    hosts=frozenset(),
    identify=identify,
    request=request,
    judge=judge,
    confirm=confirm,
    read_page=read_page,
    reasons=REASONS,
    # All targets are decided together and without their own address, as those of an API are.
    asks_api=lambda _target: True,
    # The disk may have changed a second ago, and asking it costs nothing.
    ok_age_seconds=0.0,
)
