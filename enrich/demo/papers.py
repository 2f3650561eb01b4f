"""The paper server: the query interface of export.arxiv.org, and the pages of arxiv.org.

As the real one does, it leaves out an id that nobody has, answers a malformed one with status 400 for the
whole batch, and returns what it found in an order of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from enrich.demo.answers import Answer, Question, html, known, not_found, page

_ID = re.compile(r"(?P<id>\d{4}\.\d{4,5})(?:v(?P<version>[1-9]\d*))?")
# What a query may ask for at most when it does not say (arXiv's user manual).
_DEFAULT_RESULTS = 10

_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" \
xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/demo</id>
  <title>arXiv Query: search_query=&amp;id_list={ids}&amp;start={start}&amp;max_results={most}</title>
  <updated>2021-06-01T00:00:00Z</updated>
  <link href="https://arxiv.org/api/query?id_list={ids}" type="application/atom+xml"/>
  <opensearch:itemsPerPage>{most}</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{entries}</feed>
"""


def _published(id_with_version: str) -> Mapping[str, Any] | None:
    """The paper of an id, with the version that was asked for; None for what nobody submitted."""
    match = _ID.fullmatch(id_with_version)
    if match is None:
        return None
    paper = next((paper for paper in known()["papers"] if paper["id"] == match["id"]), None)
    if paper is None or int(match["version"] or 1) > paper.get("version", 1):
        return None
    return {**paper, "asked": int(match["version"] or paper.get("version", 1))}


def _element(name: str, text: str | None) -> str:
    return f"    <{name}>{escape(text)}</{name}>\n" if text is not None else ""


def _moment(paper: Mapping[str, Any]) -> str:
    """When the version that is described was submitted."""
    moment = paper["published"] if paper["asked"] == 1 else paper.get("updated", paper["published"])
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _entry(paper: Mapping[str, Any]) -> str:
    name = f"{paper['id']}v{paper['asked']}"
    scheme = "http://arxiv.org/schemas/atom"
    pdf = f"https://arxiv.org/pdf/{name}"
    lines = [
        _element("id", f"http://arxiv.org/abs/{name}"),
        _element("title", paper["title"]),
        _element("updated", _moment(paper)),
        f'    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>\n',
        f'    <link href="{pdf}" rel="related" type="application/pdf" title="pdf"/>\n',
        _element("summary", paper["abstract"]),
        *(f'    <category term="{term}" scheme="{scheme}"/>\n' for term in paper["categories"]),
        _element("published", paper["published"].strftime("%Y-%m-%dT%H:%M:%SZ")),
        _element("arxiv:comment", paper.get("comment")),
        f'    <arxiv:primary_category term="{paper["categories"][0]}"/>\n',
        _element("arxiv:journal_ref", paper.get("journal_ref")),
        _element("arxiv:doi", paper.get("doi")),
        *(f"    <author>\n      <name>{escape(name)}</name>\n    </author>\n" for name in paper["authors"]),
    ]
    return "  <entry>\n" + "".join(lines) + "  </entry>\n"


def _error(wrong: str) -> Answer:
    """How arXiv refuses a batch with a malformed id in it."""
    entry = (
        f"  <entry>\n    <id>https://arxiv.org/api/errors#incorrect_id_format_for_{escape(wrong)}</id>\n"
        f"    <title>Error</title>\n    <summary>incorrect id format for {escape(wrong)}</summary>\n"
        "    <author>\n      <name>arXiv api core</name>\n    </author>\n  </entry>\n"
    )
    return _feed(_FEED.format(ids=escape(wrong), start=0, most=1, total=1, entries=entry), status=400)


def _feed(text: str, status: int = 200) -> Answer:
    headers = {"content-type": "application/atom+xml; charset=utf-8"}
    return Answer(status=status, body=text.encode(), headers=headers)


def query(question: Question) -> Answer:
    """``/api/query`` by GET or by a form."""
    if question.path != "/api/query":
        return abstract_page(question)
    asked = [name for name in (question.parameter("id_list") or "").split(",") if name]
    if wrong := next((name for name in asked if not _ID.fullmatch(name)), None):
        return _error(wrong)
    start = int(question.parameter("start") or 0)
    most = int(question.parameter("max_results") or _DEFAULT_RESULTS)
    found = [paper for name in sorted(set(asked)) if (paper := _published(name)) is not None]
    entries = "".join(_entry(paper) for paper in found[start : start + most])
    ids = escape(",".join(asked))
    return _feed(_FEED.format(ids=ids, start=start, most=most, total=len(found), entries=entries))


def abstract_page(question: Question) -> Answer:
    """``/abs/ID`` and ``/pdf/ID``: there for every paper that was submitted."""
    name = re.sub(r"^/(abs|pdf)/|\.pdf$", "", question.path)
    paper = _published(name)
    if paper is None:
        return not_found()
    return html(page(f"[{name}] {paper['title']}", paper["abstract"]))
