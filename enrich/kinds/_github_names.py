"""What a GitHub address names: a repository, something inside one, an owner, or a gist.

The trap is the first segment: ``github.com/topics/python`` looks like a repository and is none. A name
missing from the list below makes us call a live page a deleted repository; a name too many costs only
metadata. So the list is generous, but for names that are organisations as well (``actions``, ``cli``,
``desktop``, ``npm``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

import can_ada

from enrich.model import CanonicalUrl, Identity

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
HOSTS = _SITE_HOSTS | frozenset(_FILE_HOSTS) | _GIST_HOSTS | _FOREIGN_HOSTS | {API_HOST}


def identify(url: CanonicalUrl) -> Identity | None:
    """What an address on one of GitHub's hosts names, or None when it is a page like any other."""
    parsed = can_ada.parse(url)
    if parsed.protocol not in _SCHEMES or parsed.port:
        return None
    host = parsed.hostname.lower()
    segments = [segment for segment in parsed.pathname.split("/") if segment]
    if host in _SITE_HOSTS:
        return _on_site(segments, parsed.search)
    if host == API_HOST and len(segments) == 3 and segments[0] == "repos":
        return _repository(segments[1], segments[2])
    if host in _FOREIGN_HOSTS:
        return _foreign(url, segments)
    if host in _FILE_HOSTS:
        return _file(url, segments, _FILE_HOSTS[host])
    if host in _GIST_HOSTS:
        return _gist(url, segments)
    return None


def _on_site(segments: Sequence[str], query: str) -> Identity | None:
    match segments:
        case [owner]:
            return _owner(owner)
        case [owner, name]:
            return _repository(owner, name)
        case [owner, name, *rest]:
            return _inside(owner, name, "/".join(rest) + query)
    return None


def full_name(owner: str, name: str) -> str | None:
    """``owner/name`` as written, without a clone's ``.git``; None when GitHub has no such names."""
    owner, name = unquote(owner), unquote(name).removesuffix(".git")
    if not _OWNER.fullmatch(owner) or owner.lower() in RESERVED or not _REPOSITORY.fullmatch(name):
        return None
    return f"{owner}/{name}"


def is_full_name(text: str) -> bool:
    owner, _, name = text.partition("/")
    return bool(_OWNER.fullmatch(owner) and _REPOSITORY.fullmatch(name))


def repository_id(full: str) -> str:
    """The target id of a repository: GitHub does not tell letter case apart."""
    return f"github:{full.lower()}"


def repository_url(full: str) -> CanonicalUrl:
    return CanonicalUrl(f"https://github.com/{full}")


def _owner(name: str) -> Identity | None:
    if not _OWNER.fullmatch(name) or name.lower() in RESERVED:
        return None
    return Identity(id=f"github:@{name.lower()}", kind="github", url=repository_url(name))


def _repository(owner: str, name: str) -> Identity | None:
    full = full_name(owner, name)
    if full is None:
        return None
    if full.endswith(".wiki"):  # the clone of a wiki; no repository may be called so
        return _inside(owner, full.partition("/")[2].removesuffix(".wiki"), "wiki")
    return Identity(id=repository_id(full), kind="github", url=repository_url(full))


def _inside(owner: str, name: str, rest: str) -> Identity | None:
    full = full_name(owner, name)
    if full is None:
        return None
    parent = repository_id(full)
    url = CanonicalUrl(f"{repository_url(full)}/{rest}")
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


def full_name_of(target_id: str) -> str | None:
    """``owner/name`` of the repository that a target id names; None for everything else."""
    if not target_id.startswith("github:") or target_id.startswith("github:@"):
        return None
    owner, _, name = target_id.removeprefix("github:").partition("/")
    return f"{owner}/{name}" if name and "/" not in name else None
