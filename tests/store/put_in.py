"""What tests of a store put into it: one target, one link, one document, and what came of asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from enrich.model import CheckResult, Element, Identity, Link, ReportTarget, Status, Verdict
from enrich.store.history import Confirmation
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget, Store

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Confirmation()
OK = Verdict(Status.OK, "http-200")
GONE = Verdict(Status.BROKEN, "http-410")
AGES = Ages(by_kind=dict.fromkeys(("web", "arxiv", "github", "wechat"), (7 * 86400.0, 30 * 86400.0)))


def target(name: str, *, host: str = "a.example", asks_api: bool = False, kind: str = "web") -> FoundTarget:
    identity = Identity(id=name, kind=kind, url=f"https://{host}/{name}")  # type: ignore[arg-type]
    return FoundTarget(identity=identity, host=host, asks_api=asks_api)


def link(
    found: FoundTarget, line: int = 1, *, skip: str | None = None, date: str | None = None
) -> FoundLink:
    made = Link(url=found.identity.url, line=line, column=3, element=Element.INLINE, text="label")
    return FoundLink(link=made, target=found, skip=skip, date=date)


def document(*links: FoundLink, path: str = "a.md", implied: tuple[FoundTarget, ...] = ()) -> FoundDocument:
    return FoundDocument(
        path=path, title="T", date="2022-05", date_source="title", links=links, implied=implied
    )


async def begin(store: Store, *documents: FoundDocument, now: datetime = NOW, fresh: bool = True) -> None:
    await store.begin(version="1", options="{}", now=now, fresh=fresh)
    await store.add(documents)


async def due(store: Store, ages: Ages = AGES, now: datetime = NOW) -> int:
    return await store.plan(ages, now)


async def rows(store: Store) -> list[ReportTarget]:
    return await store.read(lambda rows: list(rows.targets()))


def result(name: str, verdict: Verdict = OK, at: datetime = NOW, **more: object) -> CheckResult:
    return CheckResult(target_id=name, at=at, verdict=verdict, **more)  # type: ignore[arg-type]
