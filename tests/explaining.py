"""A cache that is filled by nights of a test's own making, to be explained in the morning after."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from enrich.collect import found_target
from enrich.config import load
from enrich.explain.facts import Explanation, explain
from enrich.explain.text import render
from enrich.model import (
    CheckResult,
    Element,
    Link,
    Metadata,
    Repository,
    Status,
    Verdict,
)
from enrich.selection import resolve
from enrich.store.history import Confirmation
from enrich.store.protocol import FoundDocument, FoundLink
from enrich.store.sqlite import FILE_NAME, SqliteStore

START = datetime(2026, 5, 10, 3, tzinfo=UTC)
PAGE, PAPER = "https://page.example/words?topic=moss", "https://arxiv.org/abs/2205.02101"
REPOSITORY, ARTICLE = "https://github.com/Fern/Growth", "https://mp.weixin.qq.com/s/FernFernFernFernFern0A"

VERDICTS = {
    "ok": Verdict(Status.OK, "http-200"),
    "moved": Verdict(Status.REDIRECTED, "http-301"),
    "404": Verdict(Status.BROKEN, "http-404", "It answered 404 (Not Found)."),
    "410": Verdict(Status.BROKEN, "http-410", "It answered 410 (Gone)."),
    "timeout": Verdict(Status.UNREACHABLE, "timeout", "No answer within 20 s."),
    "wall": Verdict(Status.BLOCKED, "bot-wall", "Cloudflare answered 403 in place of the page."),
    "found": Verdict(Status.OK, "github-found"),
    "article": Verdict(Status.OK, "wechat-article"),
    "captcha": Verdict(Status.BLOCKED, "wechat-captcha", "WeChat wants a captcha."),
}
HTTP = {"ok": 200, "moved": 301, "404": 404, "410": 410, "wall": 403, "article": 200, "captcha": 200}


@dataclass
class Desk:
    """A folder with a cache that is filled by nights of our own making; ``night`` counts from the first."""

    folder: Path
    night: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / "cache" / FILE_NAME

    @property
    def now(self) -> datetime:
        return START + timedelta(days=self.night)

    def pass_by(
        self,
        url: str,
        name: str | None = None,
        *,
        metadata: Metadata | None = None,
        withheld: str | None = None,
        alias: str | None = None,
        ended: bool = True,
        more: Callable[[SqliteStore], Awaitable[object]] | None = None,
        in_note: bool = True,
    ) -> None:
        """One night: a note with a link to this address, what it answers, and what else the night does."""
        self.night += 1

        async def run() -> None:
            async with SqliteStore(self.path) as store:
                await store.begin(version="1", options="{}", now=self.now, fresh=True)
                if in_note:
                    await store.add([note(url)])
                if name is not None:
                    result = CheckResult(
                        target_id=resolve(url).id, at=self.now + timedelta(minutes=2), verdict=VERDICTS[name],
                        http_status=HTTP.get(name), elapsed_seconds=20.0 if name == "timeout" else 0.31,
                        attempts=3 if name == "timeout" else 1, metadata=metadata, wanted_metadata=True,
                        metadata_source="github" if isinstance(metadata, Repository) else "page", withheld=withheld,
                        alias=alias,
                    )  # fmt: skip
                    await store.record([result], Confirmation())
                if more is not None:
                    await more(store)
                if ended:
                    await store.finish(complete=True, now=self.now + timedelta(minutes=5))

        self.path.parent.mkdir(exist_ok=True)
        anyio.run(run)

    def explain(self, given: str) -> Explanation:
        """In the morning after the last night."""
        options = {"cache_dir": "cache", **self.options}
        settings = load("explain", options, environ={}, folder=self.folder)
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            return explain(given, settings, self.now + timedelta(hours=5))
        finally:
            os.chdir(before)

    def text(self, given: str) -> str:
        return "".join(render(self.explain(given)))


def note(url: str) -> FoundDocument:
    link = Link(url=url, line=12, column=4, element=Element.INLINE, text="苔藓 and other words")
    found = FoundLink(link=link, target=found_target(resolve(url)), date="2026-05-01")
    return FoundDocument(path="notes/may.md", title=None, date=None, date_source="none", links=[found])
