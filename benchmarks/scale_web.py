"""The web of a simulated run: everybody answers, after as long as such hosts take, and writes down who asked when.

The answers are as small as those who read them allow: arXiv's feed and GitHub's JSON are really parsed, and a
WeChat article is that of the demonstration.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import anyio
import httpx

from benchmarks.scale_mix import class_of
from benchmarks.virtual_time import Clock
from enrich.demo import articles
from enrich.demo.answers import Question, known
from enrich.kinds.doi import CSL_TYPE

# Who tells what a DOI stands for.
AGENCY = "data.crossref.org"
# How long answers take, in seconds; each takes up to a quarter more or less. GitHub's is of a query for 100
# repositories, arXiv's of 100 papers, that of data.crossref.org of one record. Assumed, not measured.
ANSWER_SECONDS = {
    "api.github.com": 2.0,
    "export.arxiv.org": 1.0,
    "doi.org": 0.15,
    AGENCY: 0.3,
    "mp.weixin.qq.com": 1.0,
}
USUAL_ANSWER_SECONDS = 0.3
_SPREAD = 0.25
# The points that GitHub gives a token in an hour.
POINTS = 5_000
HOUR = 3600.0

_ALIAS = re.compile(r'(r\d+): repository\(owner: "([^"]+)", name: "([^"]+)"')
_FEED = (
    '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><id>x</id><title>x</title>'
    "<updated>2026-01-01T00:00:00Z</updated><opensearch:itemsPerPage>{count}</opensearch:itemsPerPage>"
    "<opensearch:totalResults>{count}</opensearch:totalResults><opensearch:startIndex>0</opensearch:startIndex>"
    "{entries}</feed>"
)
_ENTRY = (
    "<entry><id>http://arxiv.org/abs/{id}v1</id><title>A paper</title><updated>2021-01-01T00:00:00Z</updated>"
    '<link href="https://arxiv.org/abs/{id}v1" rel="alternate" type="text/html"/><summary>Words.</summary>'
    '<published>2021-01-01T00:00:00Z</published><category term="cs.CV"/><author><name>A B</name></author></entry>'
)
_PAGE = b"<!doctype html><html><head><title>A page</title></head><body><p>Some words on a page.</p></body></html>"


def answer_seconds(host: str) -> float:
    """How long an answer of a host takes on average."""
    return ANSWER_SECONDS.get(host, USUAL_ANSWER_SECONDS)


@dataclass(slots=True)
class Visits:
    """What a host saw: how many questions, when the last one was answered, and the least time from one to the next.

    ``gap_seconds`` counts from start to start, ``rest_seconds`` from the end of an answer to the next question.
    """

    count: int = 0
    started: float = float("-inf")
    ended: float = float("-inf")
    gap_seconds: float = float("inf")
    rest_seconds: float = float("inf")
    at_once: int = 0
    most_at_once: int = 0

    def begin(self, now: float) -> None:
        self.gap_seconds = min(self.gap_seconds, now - self.started)
        self.rest_seconds = min(self.rest_seconds, now - self.ended)
        self.started = now
        self.count += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)

    def end(self, now: float) -> None:
        self.ended = now
        self.at_once -= 1


class SimulatedWeb(httpx.AsyncBaseTransport):
    """Answers every question. Each costs the one who asks ``cost_seconds`` of its processor."""

    def __init__(self, clock: Clock, cost_seconds: float) -> None:
        self._clock = clock
        self._cost = cost_seconds
        self._dice = random.Random(1)  # noqa: S311 - the same run every time, and no secret
        self._article = articles.answer(
            Question(method="GET", url=f"https://mp.weixin.qq.com/s/{known()['articles'][0]['token']}")
        )
        self._hour, self._points = 0, 0
        self.visits: dict[str, Visits] = {}

    def last_answers(self) -> Mapping[str, float]:
        """When each class of hosts gave its last answer."""
        found: dict[str, float] = {}
        for host, seen in self.visits.items():
            name = class_of(host)
            found[name] = max(found.get(name, 0.0), seen.ended)
        return found

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        seen = self.visits.setdefault(host, Visits())
        seen.begin(self._clock.now)
        self._clock.spend(self._cost)
        await anyio.sleep(answer_seconds(host) * self._dice.uniform(1 - _SPREAD, 1 + _SPREAD))
        seen.end(self._clock.now)
        return self._answer(host, request)

    def _answer(self, host: str, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        match host:
            case "api.github.com":
                return self._repositories(json.loads(request.content)["query"])
            case "export.arxiv.org":
                return _papers(request.url.query.decode())
            case "doi.org":
                return httpx.Response(302, headers={"location": f"https://{AGENCY}{request.url.path}"})
            case _ if host == AGENCY:
                return httpx.Response(
                    200, headers={"content-type": CSL_TYPE}, content=b'{"title": "A paper"}'
                )
            case "mp.weixin.qq.com":
                return httpx.Response(200, headers=dict(self._article.headers), content=self._article.body)
        return httpx.Response(200, headers={"content-type": "text/html"}, content=_PAGE)

    def _repositories(self, query: str) -> httpx.Response:
        """What GraphQL answers, at a point for each question."""
        hour = int(self._clock.now // HOUR)
        self._points = self._points + 1 if hour == self._hour else 1
        self._hour = hour
        limits = {"cost": 1, "limit": POINTS, "remaining": POINTS - self._points, "resetAt": None}
        data: dict[str, Any] = {"rateLimit": limits}
        for alias, owner, name in _ALIAS.findall(query):
            data[alias] = {"nameWithOwner": f"{owner}/{name}", "stargazerCount": 1}
        return httpx.Response(200, json={"data": data})


def _papers(query: str) -> httpx.Response:
    numbers = [number for number in parse_qs(query)["id_list"][0].split(",") if number]
    text = _FEED.format(count=len(numbers), entries="".join(_ENTRY.format(id=number) for number in numbers))
    return httpx.Response(200, headers={"content-type": "application/atom+xml"}, content=text.encode())
