"""What the small web is asked, what it answers, and what it knows.

The web of the demonstration is made of plain functions from a question to an answer; only ``web.py``
knows that httpx carries them. What the sites say lies in ``web.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request as a site sees it."""

    method: str
    url: str
    body: bytes = b""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    def parameter(self, name: str) -> str | None:
        """A value of the query or, as forms send it, of the body."""
        sent = urlsplit(self.url).query + "&" + self.body.decode("utf-8", "replace")
        return next(iter(parse_qs(sent).get(name, ())), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response: status, headers and body."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Site = Callable[[Question], Answer]


def html(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a page in it."""
    return Answer(status=status, body=text.encode(), headers={"content-type": HTML, **(headers or {})})


def page(title: str, description: str = "", status: int = 200) -> str:
    """A plain page with a title, a description and a word of text."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta name="description" content="{escape(description)}"></head>\n'
        f"<body><h1>{escape(title)}</h1><p>{escape(description)}</p><p>status {status}</p></body></html>\n"
    )


def not_found() -> Answer:
    """The page of a site that does not have what was asked for."""
    return html(page("Not found", status=404), status=404)


def moved(to: str, status: int = 301) -> Answer:
    """A redirect."""
    return html(page("Moved", status=status), status=status, headers={"location": to})


@cache
def known() -> Mapping[str, Any]:
    """The facts of ``web.toml``."""
    return tomllib.loads((resources.files(__package__) / "web.toml").read_text(encoding="utf-8"))
