"""The APIs of GitHub and arXiv for benchmarks, in a process of their own: `python -m benchmarks.apis`.

It answers what enrich really asks: GraphQL about many repositories, and an Atom feed about many
papers, which like the real one comes in an order of its own, and with ten entries unless more are asked for. What is said
of a repository or a paper follows from its number alone, so that a benchmark knows what a report has to say. `/counts`
tells how often each was asked.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.server import answer_all

GITHUB, ARXIV = "github", "arxiv"
TOKEN = "a-token-of-the-benchmark"  # noqa: S105 - opens nothing
_LANGUAGES = ("Python", "C++", "Rust", "Jupyter Notebook")
_LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause")
_TOPICS = ("vision", "detection", "transformers", "语言")
_CATEGORIES = ("cs.CV", "cs.CL", "cs.LG", "stat.ML")
_ABSTRACT = "We propose a method for task {}, which is better than x < y & z on three data sets. " + (
    "It needs no labels, and it is simple enough to be described in one sentence. " * 12
)
_ALIAS = re.compile(r'(\w+): repository\(owner: "([^"]+)", name: "([^"]+)"')
_NUMBER_AT_END = re.compile(r"-(\d+)$")


# --- what is known ----------------------------------------------------------------------------------


def repository_name(number: int) -> str:
    return f"owner-{number % 700}/method-{number}"


def repository(number: int) -> dict[str, Any]:
    """What a report has to say of a repository, but for what is the same of all."""
    return {
        "full_name": repository_name(number),
        "repository_id": 1_000_000 + number,
        "description": f"Code of the method for task {number} | 第{number}个任务的方法",
        "stars": number * 7919 % 90_000,
        "forks": number % 500,
        "language": _LANGUAGES[number % 4],
        "license": _LICENSES[number % 3],
        "topics": [_TOPICS[number % 4], f"topic-{number % 50}"],
        "archived": number % 40 == 0,
        "homepage": f"https://method-{number}.example",
        "created_at": f"20{10 + number % 10}-01-26T19:01:12Z",
        "pushed_at": f"2026-{number % 9 + 1:02}-26T19:06:43Z",
        "latest_release": f"v{number % 7}.{number % 10}",
    }


def paper_id(number: int) -> str:
    """One of ten thousand a month."""
    return f"{15 + number // 120_000:02}{1 + number // 10_000 % 12:02}.{number % 10_000 + 1:05}"


def paper(number: int) -> dict[str, Any]:
    """What a report has to say of a paper, but for what is the same of all."""
    version = number % 4 + 1
    return {
        "arxiv_id": paper_id(number),
        "version": version,
        "title": f"A Method for Task {number}, Better Than x < y & z",
        "authors": [f"Ada {number % 31} Lovelace", "李明", f"Emmy {number % 7} Noether"],
        "abstract": _ABSTRACT.format(number).strip(),
        "categories": [_CATEGORIES[number % 4], "cs.AI"],
        "primary_category": _CATEGORIES[number % 4],
        "published": f"20{15 + number // 120_000:02}-05-01T08:00:00Z",
        "updated": f"2024-05-0{version}T17:59:59Z",
        "comment": f"{number % 30 + 1} pages",
        "journal_ref": f"Proceedings of the {number}th Workshop" if number % 5 == 0 else None,
        "doi": f"10.1000/{number}" if number % 5 == 0 else None,
    }


def _number_of(arxiv_id: str) -> int:
    month, _, within = arxiv_id.partition(".")
    return (int(month[:2]) - 15) * 120_000 + (int(month[2:]) - 1) * 10_000 + int(within) - 1


# --- how the APIs say it ----------------------------------------------------------------------------


def _node(known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "databaseId": known["repository_id"],
        "nameWithOwner": known["full_name"],
        "url": f"https://github.com/{known['full_name']}",
        "stargazerCount": known["stars"],
        "forkCount": known["forks"],
        "isArchived": known["archived"],
        "archivedAt": None,
        **dict.fromkeys(("isDisabled", "isFork", "isMirror", "isTemplate", "isEmpty", "isLocked"), False),
        "lockReason": None,
        "licenseInfo": {"spdxId": known["license"]},
        "description": known["description"],
        "homepageUrl": known["homepage"],
        "pushedAt": known["pushed_at"],
        "createdAt": known["created_at"],
        "primaryLanguage": {"name": known["language"]},
        "defaultBranchRef": {"name": "main"},
        "repositoryTopics": {"nodes": [{"topic": {"name": name}} for name in known["topics"]]},
        "latestRelease": {"tagName": known["latest_release"], "publishedAt": known["pushed_at"]},
        "visibility": "PUBLIC",
    }


def _graphql(query: str) -> bytes:
    limits = {"cost": 1, "limit": 5000, "remaining": 4900, "used": 100, "nodeCount": 2000}
    data: dict[str, Any] = {"rateLimit": limits | {"resetAt": "2100-01-01T00:00:00Z"}}
    for alias, owner, name in _ALIAS.findall(query):
        number = _NUMBER_AT_END.search(name)
        known = repository(int(number[1])) if number else None
        is_there = known is not None and known["full_name"] == f"{owner}/{name}"
        data[alias] = _node(known) if known and is_there else None
    return json.dumps({"data": data}).encode()


_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
      xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
  <id>https://arxiv.org/api/benchmark</id><title>arXiv Query</title><updated>2026-11-21T00:00:00Z</updated>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  {entries}
</feed>
"""
_ENTRY = """<entry>
    <id>http://arxiv.org/abs/{name}</id><title>{title}</title><updated>{updated}</updated>
    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>
    <summary>{abstract}</summary>{categories}<published>{published}</published>
    <arxiv:comment>{comment}</arxiv:comment><arxiv:primary_category term="{primary}"/>
    {more}{authors}
  </entry>"""


def _entry(known: Mapping[str, Any]) -> str:
    # The real one breaks lines at the width of a terminal.
    return _ENTRY.format(
        name=f"{known['arxiv_id']}v{known['version']}",
        title=escape(known["title"]).replace(", ", ",\n  ", 1),
        updated=known["updated"],
        abstract=escape(known["abstract"]).replace(". ", ".\n"),
        categories="".join(f'<category term="{term}"/>' for term in known["categories"]),
        published=known["published"],
        comment=known["comment"],
        primary=known["primary_category"],
        more="".join(
            f"<arxiv:{name}>{escape(known[name])}</arxiv:{name}>"
            for name in ("journal_ref", "doi")
            if known[name]
        ),
        authors="".join(f"<author><name>{name}</name></author>" for name in known["authors"]),
    )


def _feed(query: str) -> bytes:
    asked = parse_qs(query)
    names = sorted(set(asked["id_list"][0].split(",")), reverse=True)
    first, most = (
        int(asked.get(name, [default])[0]) for name, default in (("start", 0), ("max_results", 10))
    )
    entries = [_entry(paper(_number_of(name))) for name in names[first : first + most]]
    return _FEED.format(total=len(names), entries="".join(entries)).encode()


# --- serving ----------------------------------------------------------------------------------------


class _Apis:
    """Both APIs, and how often each was asked."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def answer(self, head: bytes, body: bytes) -> bytes:
        """What is asked, with its head around it."""
        method, target, _ = head.decode("latin-1").split(" ", 2)
        status, content = self._told(method, target, body)
        headers = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return headers.encode() + content

    def _told(self, method: str, target: str, body: bytes) -> tuple[str, bytes]:
        parts = urlsplit(target)
        if parts.path == "/counts":
            return "200 OK", json.dumps(self._counts).encode()
        if (method, parts.path) == ("POST", "/graphql"):
            self._counts[GITHUB] += 1
            return "200 OK", _graphql(json.loads(body)["query"])
        if parts.path == "/api/query":
            self._counts[ARXIV] += 1
            return "200 OK", _feed(parts.query)
        self._counts[target] += 1
        return "404 Not Found", b"{}"


if __name__ == "__main__":
    asyncio.run(answer_all(_Apis().answer))
