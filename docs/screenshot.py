"""Takes the picture of the report that the README shows, from the demonstration.

    python docs/screenshot.py

It needs Chromium and what the tests need; nobody on the internet is asked. The page is long, so that the picture has
two cuts of it, one above the other: its top, and the first of its entries.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, ViewportSize, sync_playwright

PICTURE = Path(__file__).resolve().parent / "report.png"
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH, TOP_HEIGHT, LIST_HEIGHT = 1100, 800, 700


def demo(folder: Path) -> Path:
    """The HTML report of the demonstration, in English."""
    program = [sys.executable, "-m", "enrich"]
    reports = folder / "enrich-demo" / "reports"
    page = reports / "picture.html"
    english = ["--format", "html", "--lang", "en", "--output", str(page)]
    # Broken links are what the demonstration is about, so that `run` would not fail by them either.
    subprocess.run([*program, "demo", "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*program, "report", str(reports / "latest.json"), *english], cwd=folder, check=True)
    return page


def cuts(page: Page, report: Path) -> list[bytes]:
    """The top of the page and the beginning of its list, as PNG."""
    page.goto(report.as_uri())
    page.wait_for_selector("#app[data-ready]")
    top = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": TOP_HEIGHT})
    page.evaluate("document.querySelector('#list').scrollIntoView()")
    return [top, page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": LIST_HEIGHT})]


def paste(page: Page, parts: list[bytes]) -> None:
    """Put the cuts one above the other; a browser is the only tool for pictures that is needed anyway."""
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(part).decode()}">' for part in parts
    )
    style = "body{margin:0;background:#fff}img{display:block;width:100%}img+img{border-top:10px solid #fff}"
    page.set_content(f"<style>{style}</style>{images}")
    page.screenshot(path=PICTURE, full_page=True)


def main() -> None:
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        sys.exit(f"no Chromium: none of {', '.join(NAMES)} is installed")
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        report = demo(Path(folder))
        # Nothing but our own file is opened, so that the sandbox, which containers lack, is not needed.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        size = ViewportSize(width=WIDTH, height=TOP_HEIGHT)
        parts = cuts(browser.new_page(viewport=size, color_scheme="light"), report)
        # A page of its own: the report's policy forbids pictures.
        paste(browser.new_page(viewport=size), parts)
        browser.close()


if __name__ == "__main__":
    main()
