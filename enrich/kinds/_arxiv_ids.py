"""arXiv identifiers, and the many addresses that carry one.

A paper has one number and a dozen addresses: abstract, PDF, HTML, source, dead mirrors, a DOI, and pages of
other sites about it. All of them are one target here, except the pages of other sites, which can be dead
while the paper lives.

What surprised us: the API matches numbers as exact index terms, so ``math.GT/0309136`` and ``2001.1234``
pass its own check and then match nothing. Only the canonical spelling may be sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

import can_ada

from enrich.model import CanonicalUrl, Identity

# Every archive that ever gave out numbers of the old form, those long closed included (arXiv's taxonomy).
_ARCHIVE_NAMES = """
    acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas cond-mat cs
    dg-ga econ eess funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th nlin nucl-ex nucl-th
    patt-sol physics plasm-ph q-alg q-bio q-fin quant-ph solv-int stat supr-con
"""
ARCHIVES = frozenset(_ARCHIVE_NAMES.split())

# arXiv itself repairs a lost hyphen: hepth/9901001 leads to hep-th/9901001.
_WITHOUT_HYPHEN = {archive.replace("-", ""): archive for archive in ARCHIVES}

# No paper is near a thousand versions; the bound keeps an id short whatever a URL says.
_VERSION = r"(?:[vV](?P<version>[1-9][0-9]{0,3}))?"
# arXiv ignores whatever follows the number behind a slash.
_REST = r"(?:/.*)?"
_NEW = re.compile(
    rf"(?P<year>[0-9]{{2}})(?P<month>0[1-9]|1[0-2])\.(?P<number>[0-9]{{4,5}}){_VERSION}{_REST}", re.DOTALL
)
_OLD = re.compile(
    r"(?P<archive>[a-zA-Z]+(?:-[a-zA-Z]{2,})?)(?:\.[A-Za-z-]{2,})?/"
    rf"(?P<year>[0-9]{{2}})(?P<month>0[1-9]|1[0-2])(?P<number>[0-9]{{3}}){_VERSION}{_REST}",
    re.DOTALL,
)
_PREFIX = re.compile(r"arxiv:\s*", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?:pdf|ps|ps\.gz|gz|html)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PaperId:
    """A canonical number, and the version where one is pinned. ``str()`` is what the API understands."""

    number: str
    version: int | None = None

    def __str__(self) -> str:
        return self.number if self.version is None else f"{self.number}v{self.version}"

    @property
    def abs_url(self) -> str:
        return f"https://arxiv.org/abs/{self}"


def parse_id(text: str) -> PaperId | None:
    """The paper that a number names in any spelling arXiv accepts; None when it cannot name one.

    Rules: https://info.arxiv.org/help/arxiv_identifier.html, and the class arxiv.org reads them with.
    """
    text = re.sub("//+", "/", _PREFIX.sub("", text.strip(), count=1)).strip("/")
    text = _SUFFIX.sub("", text)
    if match := _NEW.fullmatch(text):
        return _new(match)
    if match := _OLD.fullmatch(text):
        return _old(match)
    return None


def _new(match: re.Match[str]) -> PaperId | None:
    """Numbers since April 2007: four digits until 2014, five from 2015."""
    year, month, number = int(match["year"]), match["month"], int(match["number"])
    digits = 4 if year < 15 else 5
    if (year, int(month)) < (7, 4) or not 0 < number < 10**digits:
        return None
    return PaperId(f"{match['year']}{month}.{number:0{digits}}", _version(match))


def _old(match: re.Match[str]) -> PaperId | None:
    """Numbers from July 1991 to March 2007; the subject class is no part of them."""
    archive = match["archive"].lower()
    archive = _WITHOUT_HYPHEN.get(archive, archive)
    year = int(match["year"])
    month = (1900 + year if year >= 91 else 2000 + year, int(match["month"]))
    if archive not in ARCHIVES or not (1991, 7) <= month <= (2007, 3) or match["number"] == "000":
        return None
    return PaperId(f"{archive}/{match['year']}{match['month']}{match['number']}", _version(match))


def _version(match: re.Match[str]) -> int | None:
    return int(match["version"]) if match["version"] else None


def paper_of(target_id: str) -> PaperId | None:
    """The paper behind a target id such as ``arxiv:2205.02101v1``; None when the id is not a valid one."""
    text = target_id.removeprefix("arxiv:")
    paper = parse_id(text)
    return paper if str(paper) == text else None


# --- addresses --------------------------------------------------------------------------------------

# The mirrors were shut down on 2024-09-15; their addresses still name papers.
MIRRORS = frozenset({"xxx.lanl.gov", "xxx.itp.ac.cn"})
DOI_HOSTS = frozenset({"doi.org", "www.doi.org", "dx.doi.org"})

# Hosts of arXiv with pages about other things than papers.
_OTHER_SERVICES = re.compile(r"(?:.*\.)?(?:blog|info|labs|listserv|oaipmh|rss|search|status)\.arxiv\.org")

_FORM_NAMES = "abs audio bibtex cits dvi e-print format html pdf ps refs src tb trackback"
_FORMS = frozenset(_FORM_NAMES.split())
# Addresses of which a wrong number is wrong for certain: arXiv's own check of it answers.
_CHECKED_FORMS = frozenset({"abs", "pdf"})

_ARXIV_DOI = re.compile(r"/10\.48550/arxiv\.(?P<id>.+)", re.IGNORECASE)

# Sites with a page of their own about a paper, and where its number stands in their paths.
_FOREIGN = {
    host: re.compile(path, re.IGNORECASE)
    for host, path in {
        "ar5iv.org": "/(?:abs|html|pdf)/(?P<id>.+)",
        "ar5iv.labs.arxiv.org": "/(?:abs|html|pdf)/(?P<id>.+)",
        "alphaxiv.org": "/(?:abs|html|overview|pdf|resources)/(?P<id>.+)",
        "api.semanticscholar.org": "/(?P<id>arxiv:.+)",
        "arxiv-vanity.com": "/papers/(?P<id>.+)",
        "catalyzex.com": "/paper/(?P<id>arxiv:.+)",
        "hf.co": "/papers/(?P<id>.+)",
        "hjfy.top": "/arxiv/(?P<id>.+)",
        "huggingface.co": "/papers/(?P<id>.+)",
        "papers.cool": "/arxiv/(?P<id>.+)",
        "scirate.com": "/arxiv/(?P<id>.+)",
        "semanticscholar.org": "/arxiv/(?P<id>.+)",
    }.items()
}
FOREIGN_HOSTS = frozenset(_FOREIGN) | {f"www.{host}" for host in _FOREIGN}

_MAX_BAD_ID = 80


def identify(url: CanonicalUrl) -> Identity | None:
    """What an address on one of our hosts stands for: a paper, a page about one, or None."""
    parsed = can_ada.parse(url)
    host, path = parsed.hostname, unquote(parsed.pathname)
    if pattern := _FOREIGN.get(host.removeprefix("www.")):
        return _foreign(url, pattern.fullmatch(path))
    if host in DOI_HOSTS:
        return _paper_by_doi(url, _ARXIV_DOI.fullmatch(path))
    if _OTHER_SERVICES.fullmatch(host):
        return None
    segments = path.strip("/").split("/")
    paper = _paper_in(segments, unquote(parsed.search.removeprefix("?")))
    return _identity(paper) or _bad_identity(url, segments, parsed.pathname)


def _identity(paper: PaperId | None) -> Identity | None:
    if paper is None:
        return None
    return Identity(id=f"arxiv:{paper}", kind="arxiv", url=CanonicalUrl(paper.abs_url))


def _paper_by_doi(url: CanonicalUrl, match: re.Match[str] | None) -> Identity | None:
    """A DOI leads to the newest version. One for a version was never registered: whether it opens, its page tells."""
    paper = parse_id(match["id"]) if match else None
    return _foreign(url, match) if paper and paper.version else _identity(paper)


def _foreign(url: CanonicalUrl, match: re.Match[str] | None) -> Identity | None:
    paper = parse_id(match["id"]) if match else None
    if paper is None:
        return None
    return Identity(id=f"url:{url}", kind="web", url=url, stands_for=f"arxiv:{paper}")


def _paper_in(segments: Sequence[str], query: str) -> PaperId | None:
    """The paper that a path of arXiv's own names, such as ``/abs/ID`` or ``/show-email/HASH/ID``."""
    match segments:
        case ["abs"]:
            return _paper_in_query(query)
        case ["show-email", _, *rest]:
            return parse_id("/".join(rest))
        case ["ftp", "arxiv", "papers", _, name]:
            return parse_id(name)
        case ["ftp", archive, "papers", _, name]:
            return parse_id(f"{archive}/{name}")
        case [form, *rest] if form in _FORMS:
            return parse_id("/".join(rest))
    return None


def _paper_in_query(query: str) -> PaperId | None:
    """``/abs?id=ID``, ``/abs?archive=math&papernum=0309136`` and ``/abs?math/0309136``."""
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if "papernum" in fields:
        return parse_id(f"{fields.get('archive', '')}/{fields['papernum']}")
    return parse_id(fields.get("id", query))


def _bad_identity(url: CanonicalUrl, segments: Sequence[str], raw_path: str) -> Identity | None:
    """An address whose number arXiv never gave out, kept as a target so that it can be reported."""
    match segments:
        case [form, *rest] if form in _CHECKED_FORMS and any(rest):
            if rest[-1].lower() in ARCHIVES:
                return None  # /abs/cs leads to the page of the archive
            return Identity(id=f"arxiv:{_bounded(raw_path[len(form) + 2 :])}", kind="arxiv", url=url)
    return None


def _bounded(raw: str) -> str:
    """A wrong number as it stands in the URL (so plain ASCII), shortened so that two stay two."""
    if len(raw) <= _MAX_BAD_ID:
        return raw
    return f"{raw[:64]}~{hashlib.sha256(raw.encode()).hexdigest()[:12]}"
