"""Papers as DataCite describes them, for the nights on which arXiv's API does not answer.

arXiv registers a DOI for every paper, and with it title, abstract, authors and dates of the newest version. That says
nothing about whether a page opens, so no verdict is ever made of it. What surprised us: the DOI is in lower case
there, whatever arXiv writes, and each version adds a date of its own to the list instead of replacing one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from enrich.kinds._arxiv_ids import PaperId, parse_id
from enrich.kinds._arxiv_text import collapsed, is_withdrawn
from enrich.model import Api, Manners, Outcome, Paper, Purpose, Request, Response

DATACITE_HOST = "api.datacite.org"
# Whoever does not sign in may ask 500 times in five minutes; this is a third of it, one at a time.
DATACITE_MANNERS = Manners(width=1, interval_seconds=2.0)
# A quoted DOI takes some forty characters of the address, of which servers read 8,000.
PAPERS_PER_QUESTION = 100
MAX_ANSWER_BYTES = 8 << 20

_FIELDS = "doi,creators,titles,descriptions,dates,relatedIdentifiers"
_DOI = re.compile(r"10\.48550/arxiv\.(?P<id>.+)", re.IGNORECASE)
_MOMENT = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_VERSION = re.compile(r"v([1-9][0-9]{0,3})")


async def describe(numbers: Sequence[str], api: Api) -> Mapping[str, Paper] | None:
    """Papers by number, as far as DataCite knows them; None when it gave no usable answer.

    At most ``PAPERS_PER_QUESTION`` numbers without a version, in one request.
    """
    assert api.datacite_url is not None, "whoever switched this source off is not asked"
    request = Request(
        url=_query(api.datacite_url, numbers),
        purpose=Purpose.API,
        max_body_bytes=MAX_ANSWER_BYTES,
        headers=(("accept", "application/vnd.api+json"),),
    )
    return papers_in(await api.fetch(request))


def _query(base_url: str, numbers: Sequence[str]) -> str:
    """DataCite REST API, ``GET /dois``: a query in Lucene's language, without the statistics that come with it."""
    dois = " OR ".join(f'"10.48550/arxiv.{number.lower()}"' for number in numbers)
    asked = {
        "query": f"id:({dois})",
        "page[size]": len(numbers),
        "disable-facets": "true",
        "fields[dois]": _FIELDS,
    }
    return f"{base_url.rstrip('/')}/dois?{urlencode(asked)}"


def papers_in(outcome: Outcome) -> Mapping[str, Paper] | None:
    """The papers in an answer, by number; None when it is no answer of this API."""
    if not isinstance(outcome, Response) or outcome.status != 200 or outcome.truncated:
        return None
    try:
        answer = json.loads(outcome.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        return None
    papers = [_paper(_table(record.get("attributes"))) for record in _tables(answer["data"])]
    return {paper.arxiv_id: paper for paper in papers if paper is not None}


def _paper(facts: Mapping[str, Any]) -> Paper | None:
    match = _DOI.fullmatch(str(facts.get("doi")))
    number = parse_id(match["id"]) if match else None
    title = next(
        (text for one in _tables(facts.get("titles")) if (text := collapsed(one.get("title")))), None
    )
    if number is None or title is None:
        return None
    versions = dict(_submitted(facts.get("dates")))
    newest = max(versions, default=None)
    abstract, comment = (_description(facts, sort) for sort in ("Abstract", "Other"))
    return Paper(
        arxiv_id=PaperId(number.number).number,
        version=newest,
        title=title,
        authors=tuple(name for one in _tables(facts.get("creators")) if (name := _author(one))),
        abstract=abstract,
        published=versions.get(1),
        updated=versions[newest] if newest else None,
        comment=comment,
        doi=_published_doi(facts),
        # That it does not say so proves nothing.
        withdrawn=True if is_withdrawn(comment, abstract) else None,
    )


def _author(creator: Mapping[str, Any]) -> str | None:
    """A name in the order in which arXiv writes it; DataCite's own puts the family first."""
    given, family = collapsed(creator.get("givenName")), collapsed(creator.get("familyName"))
    return f"{given} {family}" if given and family else collapsed(creator.get("name"))


def _description(facts: Mapping[str, Any], sort: str) -> str | None:
    texts = [
        one.get("description")
        for one in _tables(facts.get("descriptions"))
        if one.get("descriptionType") == sort
    ]
    return collapsed(texts[0]) if texts else None


def _submitted(dates: object) -> Iterable[tuple[int, str]]:
    """Versions and when they were submitted, as in ``{"date": …, "dateType": "Submitted", "dateInformation": "v2"}``."""
    for one in _tables(dates):
        version = _VERSION.fullmatch(str(one.get("dateInformation")))
        moment = str(one.get("date"))
        if one.get("dateType") == "Submitted" and version and _MOMENT.fullmatch(moment):
            yield int(version[1]), moment


def _published_doi(facts: Mapping[str, Any]) -> str | None:
    for one in _tables(facts.get("relatedIdentifiers")):
        if one.get("relationType") == "IsVersionOf" and one.get("relatedIdentifierType") == "DOI":
            return collapsed(one.get("relatedIdentifier"))
    return None


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
