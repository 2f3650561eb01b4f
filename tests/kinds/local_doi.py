"""A resolver of DOIs, an agency behind it, and publishers, for `internet.Internet`. The words are ours.

doi.org answers as its documentation says: 302 to the publisher, or to the agency where the question accepts nothing
but metadata, and 404 for a name that nobody registered. What stands behind the name of a publication tells its story.
"""

from __future__ import annotations

import json
from typing import Any

from internet import HTML, Answer, Asked, Site

CSL = {"content-type": "application/vnd.citationstyles.csl+json"}
MEBIBYTE = 1 << 20

RECORD: dict[str, Any] = {
    "type": "journal-article",
    "DOI": "10.5555/good",
    "title": "Nets of <i>k</i> &amp; $\\alpha$-  Nets",
    "container-title": "Journal of Nets",
    "author": [
        {"given": "Wei", "family": "Li", "sequence": "first"},
        {"family": "García"},
        {"literal": "The Net Group"},
    ],
    "issued": {"date-parts": [[2020, 4, 2]]},
    "volume": "12",
    "issue": 3,
    "page": "101-117",
    "publisher": "Net Press",
    "ISSN": ["1234-5678", "8765-4321"],
    "abstract": "<jats:title>Abstract</jats:title><jats:p>Nets help.</jats:p><jats:p>They do.</jats:p>",
}
CITATION = {
    "author": ["Li, Wei", "García", "The Net Group"],
    "title": ["Nets of k & $\\alpha$- Nets"],
    "doi": ["10.5555/good"],
    "journal_title": ["Journal of Nets"],
    "publication_date": ["2020/04/02"],
    "volume": ["12"],
    "issue": ["3"],
    "publisher": ["Net Press"],
    "issn": ["1234-5678"],
    "firstpage": ["101"],
    "lastpage": ["117"],
}

PUBLISHED = "<title>Nets | Net Press</title><meta name=citation_title content='Nets in Print'>"
# What the publisher says to a program, by the suffix of the DOI; others answer 200.
PUBLISHER = {"walled": 403, "lost": 404, "failing": 503}
# What the agency says of a DOI; others get the record.
AGENCY = {
    "html": Answer(200, HTML, b"<title>Welcome</title>"),
    "huge": Answer(200, CSL, json.dumps({**RECORD, "note": "x" * (3 * MEBIBYTE)}).encode()),
    "deep": Answer(200, CSL, b"[" * MEBIBYTE),
    "malformed": Answer(200, CSL, b'{"title": "Nets'),
    "list": Answer(200, CSL, b"[]"),
    "empty": Answer(200, CSL, b"{}"),
    "nothing": Answer(204, {}),
    "unknown-here": Answer(404, {"content-type": "text/plain"}, b"Resource not found."),
    "no-format": Answer(406, {}),
    "down": Answer(500, HTML, b"<title>Error</title>"),
}


def resolver(asked: Asked) -> Answer:
    """doi.org."""
    name = asked.path.removeprefix("/10.5555/")
    if name == "unregistered":
        return Answer(404, HTML, b"<title>Error: DOI Not Found</title>")
    if name == "resolver-fails":
        return Answer(502, HTML, b"<title>Bad gateway</title>")
    wants_record = asked.headers["accept"] == "application/vnd.citationstyles.csl+json"
    if wants_record and name != "other-agency":
        host = "api.datacite.org" if name == "data" else "api.crossref.org"
        return Answer(302, {"location": f"https://{host}/works/10.5555/{name}"})
    return Answer(302, {"location": f"https://publisher.example/{name}"})


def agency(asked: Asked) -> Answer:
    """Crossref, and DataCite for ``10.5555/data``."""
    name = asked.path.removeprefix("/works/10.5555/")
    return AGENCY.get(name) or Answer(200, CSL, json.dumps(RECORD).encode())


def publisher(asked: Asked) -> Answer:
    return Answer(PUBLISHER.get(asked.path[1:], 200), HTML, PUBLISHED.encode())


SITES: dict[str, Site] = {
    "doi.org": resolver,
    "api.crossref.org": agency,
    "api.datacite.org": agency,
    "publisher.example": publisher,
}
