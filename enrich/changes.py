"""What changed between two reports. Pure, and in one pass over both: their targets come in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from enrich.model import (
    ALIVE,
    UNSURE,
    Article,
    ChangedFact,
    ChangedStars,
    ChangedTarget,
    Changes,
    Metadata,
    Page,
    Paper,
    Place,
    ReportRun,
    ReportTarget,
    Repository,
    Side,
    Status,
)

# Facts whose change is news; those that change every night (stars, pushes) are not among them.
_NEWS: dict[str, tuple[str, ...]] = {
    "article": ("title", "account", "paid"),
    "paper": ("title", "version", "withdrawn", "journal_ref", "doi"),
    "repository": ("full_name", "archived", "disabled", "license", "latest_release"),
    "page": ("title",),
}


def compare(
    old_run: ReportRun, old: Iterable[ReportTarget], new_run: ReportRun, new: Iterable[ReportTarget]
) -> Changes:
    """What changed from one report to another; both give their targets in the order of their ids."""
    changes = Changes(old=_side(old_run), new=_side(new_run))
    renamed: dict[str, ReportTarget] = {}
    for before, after in _pairs(old, new):
        if after is None:
            assert before is not None, "a pair has at least one side"
            changes.removed += 1
            if before.kind == "wechat":
                # Its page may have said by which id it is known since.
                renamed[before.url] = before
            continue
        if before is None and (before := renamed.pop(after.url, None)) is not None:
            changes.removed -= 1
        if before is None:
            changes.added += 1
        _verdict(changes, before, after)
        if before is not None:
            _metadata(changes, before, after)
    changes.stars.sort(key=lambda one: (-one.gained, one.id))
    return changes


def _side(run: ReportRun) -> Side:
    return Side(id=run.id, started_at=run.started_at, complete=run.complete)


def _pairs(
    old: Iterable[ReportTarget], new: Iterable[ReportTarget]
) -> Iterator[tuple[ReportTarget | None, ReportTarget | None]]:
    """Targets of both sides by id, with None for the side that does not have one."""
    olds, news = iter(old), iter(new)
    before, after = next(olds, None), next(news, None)
    while before is not None or after is not None:
        if after is None or (before is not None and before.id < after.id):
            yield before, None
            before = next(olds, None)
        elif before is None or after.id < before.id:
            yield None, after
            after = next(news, None)
        else:
            yield before, after
            before, after = next(olds, None), next(news, None)


def _verdict(changes: Changes, before: ReportTarget | None, after: ReportTarget) -> None:
    was = before.status if before is not None else None
    if after.status is Status.BROKEN:
        if was is not Status.BROKEN:
            changes.newly_broken.append(_changed(before, after))
        elif before is not None and after.confirmed and not before.confirmed:
            changes.confirmed.append(_changed(before, after))
    elif after.status in ALIVE and was is Status.BROKEN:
        changes.recovered.append(_changed(before, after))
    elif after.status in UNSURE and was in ALIVE:
        changes.unsure.append(_changed(before, after))
    if before is not None and _moved(before, after):
        changes.moved.append(_changed(before, after))


def _moved(before: ReportTarget, after: ReportTarget) -> bool:
    if after.status is not Status.REDIRECTED:
        return False
    return before.status is not Status.REDIRECTED or before.suggestion != after.suggestion


def _changed(before: ReportTarget | None, after: ReportTarget) -> ChangedTarget:
    return ChangedTarget(
        id=after.id,
        url=after.url,
        kind=after.kind,
        title=title_of(after.metadata),
        was=before.status if before is not None else None,
        was_reason=before.reason if before is not None else None,
        status=after.status,
        reason=after.reason,
        detail=after.detail,
        confirmed=after.confirmed,
        suggestion=after.suggestion.url if after.suggestion else None,
        links=[Place(document=link.document, line=link.line, column=link.column) for link in after.links],
    )


def title_of(metadata: Metadata | None) -> str | None:
    """The one line that says what a target is."""
    match metadata:
        case Article() | Paper() | Page():
            return metadata.title
        case Repository():
            return metadata.full_name
        case None:
            return None


def _metadata(changes: Changes, before: ReportTarget, after: ReportTarget) -> None:
    was, now = before.metadata, after.metadata
    if was is None or now is None or was.type != now.type or after.stands_for is not None:
        return
    for fact in _NEWS[now.type]:
        values = attrgetter(fact)(was), attrgetter(fact)(now)
        # A fact that was never known is not news, but for what a paper gets when it is published.
        if values[0] != values[1] and (values[0] is not None or now.type == "paper"):
            changes.facts.append(
                ChangedFact(id=after.id, url=after.url, fact=fact, was=values[0], now=values[1])
            )
    if isinstance(was, Repository) and isinstance(now, Repository):
        _stars(changes, after, was.stars, now.stars)


def _stars(changes: Changes, after: ReportTarget, was: int | None, now: int | None) -> None:
    if was is not None and now is not None and was != now:
        changes.stars.append(ChangedStars(id=after.id, url=after.url, was=was, now=now, gained=now - was))
