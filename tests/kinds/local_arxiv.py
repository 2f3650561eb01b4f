"""arXiv as a local function: the API at export.arxiv.org, the pages of papers, and DataCite beside them.

It keeps what the real one does: numbers are exact terms, ``X`` and ``Xv1`` are two documents, entries come
in an order of their own, what does not exist is absent, and one malformed number refuses the whole list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from enrich.kinds.arxiv import look_up
from enrich.model import Api, Failure, FailureKind, Found, Outcome, Paper, Request, Response, Target

PAPER = Target(
    id="arxiv:2205.02101", url="https://arxiv.org/abs/2205.02101", kind="arxiv", host="arxiv.org"
)

WELL_FORMED = re.compile(
    r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7})(v[0-9]+)?|[0-9]{4}\.[0-9]{4,5}V[0-9]+"
)

Special = Callable[[Request], Outcome]


def ended(request: Request) -> Outcome:
    """What is heard at the end of a run."""
    return Failure(kind=FailureKind.NOT_REACHED, detail="deadline", url=request.url)


def deferred(request: Request) -> Outcome:
    """What is heard of a host that is to be left alone."""
    return Failure(kind=FailureKind.HOST_DEFERRED, detail="asked to wait until 2026", url=request.url)


@dataclass
class LocalArxiv:
    """``papers`` gives each known number its newest version; ``fields`` more elements of an entry.

    ``specials`` are answers for the first, second … question to the API in place of the usual one, ``always`` for all
    others; ``datacite`` those of DataCite. ``refuses`` are numbers that the API takes for malformed, and names as long
    as ``names_refused``.
    """

    papers: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    refuses: frozenset[str] = frozenset()
    specials: dict[int, Special] = field(default_factory=dict)
    always: Special | None = None
    names_refused: bool = True
    asked: list[Request] = field(default_factory=list)
    datacite_asked: list[Request] = field(default_factory=list)
    datacite: Special | None = None

    async def fetch(self, request: Request) -> Outcome:
        if "/dois?" in request.url:
            self.datacite_asked.append(request)
            return (self.datacite or self._records)(request)
        self.asked.append(request)
        if "/api/query" not in request.url:
            return self._page(request)
        if special := self.specials.get(len(self.asked), self.always):
            return special(request)
        return self._feed(request)

    def _records(self, request: Request) -> Outcome:
        known = [
            record(number, self.papers[number]) for number in dois_of(request) if number in self.papers
        ]
        return answer(request, 200, json.dumps({"data": known, "meta": {"total": len(known)}}).encode())

    def _page(self, request: Request) -> Outcome:
        number, _, version = request.url.rpartition("/abs/")[2].partition("v")
        known = self.papers.get(number)
        found = known is not None and (not version or int(version) <= known)
        return answer(request, 200 if found else 404, b"<html>")

    def _feed(self, request: Request) -> Outcome:
        wanted = ids_of(request)
        for one in wanted:
            if one in self.refuses or not WELL_FORMED.fullmatch(one):
                return answer(
                    request, 400, feed(error_entry(one)) if self.names_refused else b"bad request"
                )
        found = {entry for one in wanted if (entry := self._entry(one))}
        asked = parse_qs(urlsplit(request.url).query)
        given = sorted(found, reverse=True)[: int(asked.get("max_results", ["10"])[0])]
        return answer(request, 200, feed(*given))

    def _entry(self, wanted: str) -> str | None:
        number, _, version = wanted.partition("v")
        newest = self.papers.get(number)
        if newest is None or (version and int(version) > newest):
            return None
        return entry(number, int(version or newest), self.fields.get(number, ""))


def ids_of(request: Request) -> list[str]:
    return parse_qs(urlsplit(request.url).query)["id_list"][0].split(",")


def dois_of(request: Request) -> list[str]:
    """The numbers in a question to DataCite, which knows DOIs in lower case alone."""
    query = parse_qs(urlsplit(request.url).query)["query"][0]
    assert re.fullmatch(r"id:\(.+\)", query)
    return re.findall(r'"10\.48550/arxiv\.([^"]+)"', query)


def record(number: str, version: int, **more: Any) -> dict[str, Any]:
    """A paper as DataCite has it."""
    dates = [
        {"date": f"2022-05-{day + 1:02}T08:00:00Z", "dateType": "Submitted", "dateInformation": f"v{day}"}
        for day in range(1, version + 1)
    ]
    return {
        "id": f"10.48550/arxiv.{number}",
        "type": "dois",
        "attributes": {
            "doi": f"10.48550/arxiv.{number}",
            "creators": [
                {
                    "name": "Lovelace, Ada",
                    "nameType": "Personal",
                    "givenName": "Ada",
                    "familyName": "Lovelace",
                },
                {"name": "李明"},
            ],
            "titles": [{"title": f"A title that\n  is broken for {number}"}],
            "descriptions": [{"description": "We show,\n at some length.", "descriptionType": "Abstract"}],
            "dates": [*dates, {"date": "2022", "dateType": "Issued"}],
            **more,
        },
    }


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


# --- asking it --------------------------------------------------------------------------------------


def numbers_to(count: int, month: str = "2205") -> list[str]:
    return [f"{month}.{number:05}" for number in range(1, count + 1)]


def targets(of: Sequence[str]) -> list[Target]:
    return [replace(PAPER, id=f"arxiv:{number}", url=f"https://arxiv.org/abs/{number}") for number in of]


async def looked_up(local: LocalArxiv, *of: str, **more: Any) -> dict[str, Found]:
    """What a lookup finds, by id: one answer a target, without pauses. ``more`` is for `Api`."""
    asked = targets(of)
    api = Api(fetch=local.fetch, arxiv_backoff_seconds=0.0, **more)
    found = [one async for one in look_up(asked, api)]
    assert sorted(one.target_id for one in found) == sorted(one.id for one in asked), "one answer a target"
    return {one.target_id: one for one in found}


def reason(found: Found) -> str | None:
    return found.verdict.reason if found.verdict else None


def metadata(found: Found) -> Paper:
    assert isinstance(found.metadata, Paper)
    return found.metadata
