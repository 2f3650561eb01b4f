"""arXiv as a local function: the API at export.arxiv.org and the pages of papers.

It keeps what the real one does: numbers are exact terms, ``X`` and ``Xv1`` are two documents, entries come
in an order of their own, what does not exist is absent, and one malformed number refuses the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qs, urlsplit

from enrich.model import Outcome, Request, Response

WELL_FORMED = re.compile(
    r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7})(v[0-9]+)?|[0-9]{4}\.[0-9]{4,5}V[0-9]+"
)

Special = Callable[[Request], Outcome]


@dataclass
class LocalArxiv:
    """``papers`` gives each known number its newest version; ``fields`` more elements of an entry.

    ``specials`` are answers for the first, second … question to the API in place of the usual one.
    """

    papers: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    refuses: frozenset[str] = frozenset()
    specials: dict[int, Special] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request) -> Outcome:
        self.asked.append(request)
        if "/api/query" not in request.url:
            return self._page(request)
        if special := self.specials.get(len(self.asked)):
            return special(request)
        return self._feed(request)

    def _page(self, request: Request) -> Outcome:
        number, _, version = request.url.rpartition("/abs/")[2].partition("v")
        known = self.papers.get(number)
        found = known is not None and (not version or int(version) <= known)
        return answer(request, 200 if found else 404, b"<html>")

    def _feed(self, request: Request) -> Outcome:
        wanted = ids_of(request)
        for one in wanted:
            if one in self.refuses or not WELL_FORMED.fullmatch(one):
                return answer(request, 400, feed(error_entry(one)))
        found = {entry for one in wanted if (entry := self._entry(one))}
        return answer(request, 200, feed(*sorted(found, reverse=True)))

    def _entry(self, wanted: str) -> str | None:
        number, _, version = wanted.partition("v")
        newest = self.papers.get(number)
        if newest is None or (version and int(version) > newest):
            return None
        return entry(number, int(version or newest), self.fields.get(number, ""))


def ids_of(request: Request) -> list[str]:
    return parse_qs(urlsplit(request.url).query)["id_list"][0].split(",")


def answer(request: Request, status: int, body: bytes, **more: object) -> Response:
    return Response(url=request.url, status=status, headers={}, body=body, **more)  # type: ignore[arg-type]


def entry(number: str, version: int, more: str = "") -> str:
    """An entry the way arXiv breaks lines in it."""
    return f"""<entry>
      <id>http://arxiv.org/abs/{number}v{version}</id>
      <updated>2022-05-0{version}T17:59:59Z</updated>
      <published>2022-05-01T08:00:00Z</published>
      <title>A title that
  is broken for {number}</title>
      <summary>  We show, at some
length, that x &lt; y.
</summary>
      <author><name>Ada  Lovelace</name></author>
      <author><name>李明</name></author>
      {more}
      <category term="cs.CV"/><category term="cs.LG"/>
      <arxiv:primary_category term="cs.CV"/>
    </entry>"""


def error_entry(number: str) -> str:
    message = escape(f"incorrect id format for {number}")
    return f"""<entry>
      <id>https://arxiv.org/api/errors#{message.replace(" ", "_")}</id>
      <title>Error</title><summary>{message}</summary><updated>2026-04-12T00:00:00Z</updated>
    </entry>"""


def feed(*entries: str) -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
      xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
  <id>https://arxiv.org/api/local</id><title>arXiv Query</title><updated>2026-11-21T00:00:00Z</updated>
  <opensearch:totalResults>{len(entries)}</opensearch:totalResults>
  {"".join(entries)}
</feed>""".encode()
