"""A real browser for tests: Chromium, headless, told to reach nothing but files of this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from requirements import require

# A machine that does other things as well may take long for what ends by itself.
PATIENCE_MILLISECONDS = 180_000.0
NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str:
    """Where Chromium lies; skips the test with a reason where it does not."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    require("chromium", found is not None, "Chromium is not installed")
    return str(found)


@contextmanager
def chromium() -> Iterator[Browser]:
    # The sandbox needs what containers and root do not have; nothing but our own files is opened.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program(), args=arguments, timeout=PATIENCE_MILLISECONDS
        )
        yield browser
        browser.close()


@dataclass(slots=True)
class Visit:
    """An open report, and what the browser had to complain of."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def count(self) -> str:
        return self.page.inner_text("#counted")

    def chosen(self) -> str:
        """What the address says is chosen."""
        return self.page.evaluate("location.hash")  # type: ignore[no-any-return]

    def search(self, text: str) -> None:
        self.page.fill("#search", text)
        self.page.wait_for_function(
            "text => decodeURIComponent(location.hash).includes(text)", arg=f"q={text}".replace(" ", "+")
        )


@contextmanager
def visit(browser: Browser, path: Path, fragment: str = "", **context: Any) -> Iterator[Visit]:
    """A report in a window of its own; it must not have complained by the end."""
    window = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | context))
    window.set_default_timeout(PATIENCE_MILLISECONDS)
    opened = Visit(window.new_page())
    opened.page.on("console", lambda message: opened.complaints.append(message.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    opened.page.goto(f"file://{path}{fragment}")
    opened.page.wait_for_selector("#app[data-ready]")
    yield opened
    assert opened.complaints == []
    assert {url.partition("#")[0] for url in opened.requests} == {f"file://{path}"}
    window.close()
