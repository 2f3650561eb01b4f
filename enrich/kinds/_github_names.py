"""What a GitHub address names: a repository, something inside one, an owner, or a gist.

The trap is the first segment: ``github.com/topics/python`` looks like a repository and is none. A name
missing from the list below makes us call a live page a deleted repository; a name too many costs only
metadata. So the list is generous, but for names that are organisations as well (``actions``, ``cli``,
``desktop``, ``npm``).

A server of one's own (GitHub Enterprise) has the same paths under another name. Its ids say which:
``github://github.example/owner/name``, since the same name on github.com is something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import can_ada

from enrich.model import CanonicalUrl, Identity, Target

# First segments that GitHub keeps for itself: routes of the site, its products, and its legal pages.
_RESERVED_NAMES = """
    401 403 404 406 429 500 502 503 504
    about accelerator account accounts admin advisories advisory-board ai api apps archives article articles
    assets attributes auth autocomplete avatars
    billing blob blog board branches business businesses
    careers case-studies categories changelog client code-of-conduct code-review codereview codesearch codespaces
    collections comments commits company compare compliance contact contact-sales contributing cookbook copilot
    copyright coupons customer customer-stories customers
    dashboard dashboards design developer developers diff discover discussions dmca docs download downloads
    early-access edit edu email employment enterprise enterprises events explore export
    faq favorites feature features feed feedback files followers following forum
    get-started ghost gist gists git-guides github-copilot github-models global-campus graphql guides
    help home hosting hovercards
    identity images importer inbox individual info integration integrations interfaces introduction
    invalid-email-address invitations issue issues
    jobs join
    languages learn legal library licenses login login_help logos logout
    mac maintenance marketplace mcp member-privileges mention mentioned mentioning mentions migrating milestones
    mirrors mobile models
    navigation network new news newsletter newsroom nonprofit nonprofits notices notifications
    oauth offer open-source opensource organizations orgs
    pages partners password_reset payments personal plans plugins popular posts premium-support press pricing
    private professional projects pulls purchases
    raw readme recommendations redeem releases render repositories resources restore reviews
    saved search security sessions settings shareholders shop showcases signin signout signup site site-map
    sitemap social-impact solutions spam spark sponsors ssh staff starred stars static statistics status
    stories styleguide subscriptions suggest suggestions support suspended
    talks teach teacher teachers team teams terms timeline topic topics tos tour train training translations
    trending trust-center
    updates user user-attachments user-images username users
    visualization
    watching webhooks welcome why-github wiki windows works-with workspaces
"""
RESERVED = frozenset(_RESERVED_NAMES.split())

# Old accounts may end in a hyphen; accounts managed by an enterprise end in _shortcode.
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:_[A-Za-z0-9]{1,10})?")
_REPOSITORY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
# Gists have had numbers, then 20, then 32 hexadecimal digits.
_GIST = re.compile(r"[0-9]{1,9}|[0-9a-f]{20}|[0-9a-f]{32}")

# Clones are written with other schemes than the pages; git:// itself is no longer served.
_SCHEMES = frozenset({"http:", "https:", "git:", "ssh:", "git+https:", "git+ssh:"})

_SITE_HOSTS = frozenset({"github.com", "www.github.com", "github.dev"})
# Hosts that serve what is inside a repository under /OWNER/REPOSITORY/…, and what they put before the rest.
_FILE_HOSTS = {
    "raw.githubusercontent.com": "raw/",
    "raw.github.com": "raw/",
    "codeload.github.com": "",
}
_GIST_HOSTS = frozenset({"gist.github.com", "gist.githubusercontent.com"})
API_HOST = "api.github.com"
# A site of somebody else with a page about each repository, which can be dead while the repository lives.
_FOREIGN_HOSTS = frozenset({"githubbox.com", "www.githubbox.com"})
# The clouds of single enterprises: their API is at api.NAME.ghe.com.
_CLOUD = re.compile(r"api\.([a-z0-9-]+\.ghe\.com)")
HOSTS = _SITE_HOSTS | frozenset(_FILE_HOSTS) | _GIST_HOSTS | _FOREIGN_HOSTS | {API_HOST}


@dataclass(frozen=True, slots=True)
class Site:
    """Where repositories are: how their ids begin, and their addresses."""

    ids: str
    base: str


GITHUB = Site("github:", "https://github.com")


def enterprise(api_url: str) -> Site | None:
    """The server that has its API there (``https://github.example/api/v3``); None for github.com's or a mirror of it."""
    parts = urlsplit(api_url)
    authority = parts.netloc.rpartition("@")[2].lower()
    if parts.path.rstrip("/").endswith("/api/v3"):
        return Site(f"github://{authority}/", f"{parts.scheme}://{authority}")
    if cloud := _CLOUD.fullmatch(authority):
        return Site(f"github://{cloud[1]}/", f"https://{cloud[1]}")
    return None


def identify_at(url: CanonicalUrl, site: Site) -> Identity | None:
    """What an address names on a server of one's own, whose links may be written with either scheme."""
    parsed = can_ada.parse(url)
    if parsed.protocol not in _SCHEMES or parsed.host.lower() != urlsplit(site.base).netloc:
        return None
    return _on_site([one for one in parsed.pathname.split("/") if one], parsed.search, site)


def identify_on(url: CanonicalUrl, api_url: str) -> Identity | None:
    """The same, for the server that is asked at ``api_url``."""
    site = enterprise(api_url)
    return identify_at(url, site) if site else None


def site_of(target: Target) -> Site:
    """The site that a target belongs to, by its id; its address says with which scheme it is asked."""
    if not target.id.startswith("github://"):
        return GITHUB
    parts = urlsplit(target.url)
    return Site(f"github://{parts.netloc}/", f"{parts.scheme}://{parts.netloc}")


def identify(url: CanonicalUrl) -> Identity | None:
    """What an address on one of GitHub's hosts names, or None when it is a page like any other."""
    parsed = can_ada.parse(url)
    if parsed.protocol not in _SCHEMES or parsed.port:
        return None
    host = parsed.hostname.lower()
    segments = [segment for segment in parsed.pathname.split("/") if segment]
    if host in _SITE_HOSTS:
        return _on_site(segments, parsed.search, GITHUB)
    if host == API_HOST and len(segments) == 3 and segments[0] == "repos":
        return _repository(segments[1], segments[2], GITHUB)
    if host in _FOREIGN_HOSTS:
        return _foreign(url, segments)
    if host in _FILE_HOSTS:
        return _file(url, segments, _FILE_HOSTS[host])
    if host in _GIST_HOSTS:
        return _gist(url, segments)
    return None


def _on_site(segments: Sequence[str], query: str, site: Site) -> Identity | None:
    match segments:
        case [owner]:
            return _owner(owner, site)
        case [owner, name]:
            return _repository(owner, name, site)
        case [owner, name, *rest]:
            return _inside(owner, name, "/".join(rest) + query, site)
    return None


def full_name(owner: str, name: str) -> str | None:
    """``owner/name`` as written, without a clone's ``.git``; None when GitHub has no such names."""
    owner, name = unquote(owner), unquote(name).removesuffix(".git")
    if not _OWNER.fullmatch(owner) or owner.lower() in RESERVED or not _REPOSITORY.fullmatch(name):
        return None
    return f"{owner}/{name}"


def is_full_name(text: str) -> bool:
    """Whether a text is ``owner/name``, as GitHub lets both be called."""
    owner, _, name = text.partition("/")
    return bool(_OWNER.fullmatch(owner) and _REPOSITORY.fullmatch(name))


def repository_id(full: str, site: Site = GITHUB) -> str:
    """The target id of a repository: GitHub does not tell letter case apart."""
    return f"{site.ids}{full.lower()}"


def repository_url(full: str, site: Site = GITHUB) -> CanonicalUrl:
    return CanonicalUrl(f"{site.base}/{full}")


def _owner(name: str, site: Site) -> Identity | None:
    if not _OWNER.fullmatch(name) or name.lower() in RESERVED:
        return None
    return Identity(id=f"{site.ids}@{name.lower()}", kind="github", url=repository_url(name, site))


def _repository(owner: str, name: str, site: Site) -> Identity | None:
    full = full_name(owner, name)
    if full is None:
        return None
    if full.endswith(".wiki"):  # the clone of a wiki; no repository may be called so
        return _inside(owner, full.partition("/")[2].removesuffix(".wiki"), "wiki", site)
    return Identity(id=repository_id(full, site), kind="github", url=repository_url(full, site))


def _inside(owner: str, name: str, rest: str, site: Site) -> Identity | None:
    full = full_name(owner, name)
    if full is None:
        return None
    parent = repository_id(full, site)
    url = CanonicalUrl(f"{repository_url(full, site)}/{rest}")
    return Identity(id=f"{parent}/{rest}", kind="github", url=url, parent=parent)


def _file(url: CanonicalUrl, segments: Sequence[str], before: str) -> Identity | None:
    """A file or archive of a repository, asked where it is served from."""
    match segments:
        case [owner, name, _, *_] if full := full_name(owner, name):
            parent = repository_id(full)
            rest = before + "/".join(segments[2:])
            return Identity(id=f"{parent}/{rest}", kind="github", url=url, parent=parent)
    return None


def _foreign(url: CanonicalUrl, segments: Sequence[str]) -> Identity | None:
    match segments:
        case [owner, name, *_] if full := full_name(owner, name):
            return Identity(id=f"url:{url}", kind="web", url=url, stands_for=repository_id(full))
    return None


def _gist(url: CanonicalUrl, segments: Sequence[str]) -> Identity | None:
    """``/HASH`` or ``/OWNER/HASH``, and below it the files and revisions of the gist."""
    names = [segment.removesuffix(".git") for segment in segments]
    match names:
        case [owner, gist, *rest] if _GIST.fullmatch(gist):
            page = f"{owner}/{gist}"
        case [gist, *rest] if _GIST.fullmatch(gist):
            page = gist
        case _:
            return None
    if rest:
        below = "/".join([f"gist:{gist}", *rest])
        return Identity(id=below, kind="github", url=url, parent=f"gist:{gist}")
    return Identity(id=f"gist:{gist}", kind="github", url=CanonicalUrl(f"https://gist.github.com/{page}"))


_ID = re.compile(r"github:(?://[^/]+/)?(?P<full>[^/@][^/]*/[^/]+)(?:/(?P<rest>.+))?", re.DOTALL)


def parts_of(target_id: str) -> tuple[str, str] | None:
    """``owner/name`` of the repository that a target id names or lies in, and what follows; None for others."""
    found = _ID.fullmatch(target_id)
    return (found["full"], found["rest"] or "") if found else None


def full_name_of(target_id: str) -> str | None:
    """``owner/name`` of the repository that a target id names; None for everything else."""
    found = parts_of(target_id)
    return found[0] if found and not found[1] else None


def renamed_url(target: Target, full: str) -> str:
    """The address of a target once its repository is called ``full``; what lies inside keeps its path."""
    scheme, _, host, _, _, *rest = target.url.split("/")
    return "/".join([scheme, "", host, full, *rest])
