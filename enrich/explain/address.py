"""What a person may give to be explained: an address, or an id as reports show it. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from enrich.errors import UsageError
from enrich.files import KIND_NAME as FILE_KIND
from enrich.files import PREFIX as FILE_PREFIX
from enrich.model import CanonicalUrl, Identity
from enrich.selection import Selection, resolve
from enrich.urls import canonical, scheme_of

_WAYS_OUT = (
    "give an address such as https://example.org/page, or an id such as arxiv:2205.02101, github:owner/repo, "
    "wechat:TOKEN or file:notes/a.md"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was given, what it stands for, and what was changed on the way."""

    given: str
    identity: Identity
    remarks: tuple[str, ...] = ()


def understand(given: str, selection: Selection) -> Understood:
    """What an address or an id stands for; UsageError, with the way out, for what is neither."""
    text = given.strip()
    if text.startswith(FILE_PREFIX) and not text.startswith(f"{FILE_PREFIX}//"):
        _refuse_empty(text, FILE_PREFIX)
        return Understood(given=given, identity=Identity(id=text, kind=FILE_KIND, url=CanonicalUrl(text)))
    address = _address_of(text)
    remapped = selection.remapped(address)
    if canonical(remapped) is None:
        raise UsageError(f"{given}: cannot be read as an address, its host or port is not one; {_WAYS_OUT}")
    remarks = (f"asked as {remapped} (remap)",) if remapped != address else ()
    return Understood(given=given, identity=resolve(remapped), remarks=(*remarks, *_left_out(remapped)))


def _address_of(text: str) -> str:
    if text.startswith("//"):
        return f"https:{text}"
    prefix, _, rest = text.partition(":")
    if (make := _IDS.get(prefix.lower())) is not None:
        _refuse_empty(text, f"{prefix}:")
        return make(rest)
    if scheme_of(text) is None:
        better = f"did you mean https://{text}? Otherwise " if "." in text.partition("/")[0] else ""
        raise UsageError(f"{text or 'the address'}: has no scheme; {better}{_WAYS_OUT}")
    return text


def _refuse_empty(text: str, prefix: str) -> None:
    if not text.removeprefix(prefix).strip("/"):
        raise UsageError(f"{text}: names nothing; {_WAYS_OUT}")


def _of_github(rest: str) -> str:
    """``owner/repo/blob/…``, ``@owner``, or ``//host/owner/repo`` on a server of one's own."""
    return f"https:{rest}" if rest.startswith("//") else f"https://github.com/{rest.removeprefix('@')}"


def _of_article(rest: str) -> str:
    """``<account number>:<mid>:<idx>``, the number in base64 as addresses have it."""
    account, _, message = rest.partition(":")
    mid, _, idx = message.partition(":")
    biz = base64.b64encode(account.encode()).decode()
    return f"https://mp.weixin.qq.com/s?__biz={biz}&mid={mid}&idx={idx}"


_IDS: Mapping[str, Callable[[str], str]] = {
    "arxiv": lambda rest: f"https://arxiv.org/abs/{rest}",
    "github": _of_github,
    "gist": lambda rest: f"https://gist.github.com/{rest}",
    "wechat": lambda rest: f"https://mp.weixin.qq.com/s/{rest}",
    "wx": _of_article,
    "url": lambda rest: rest,
}


def _left_out(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    if parts.fragment and parts.scheme in ("http", "https"):
        yield "what stands behind # names a place within the page and is not asked for"
    if parts.username or parts.password:
        yield "the credentials in it are left out"


# --- what the parts mean ------------------------------------------------------------------------------


def parts_of(identity: Identity) -> Mapping[str, str]:
    """The parts of an address that were understood, by their name."""
    return {name: value for name, value in _PARTS.get(identity.kind, _web)(identity) if value}


def _arxiv(identity: Identity) -> Iterator[tuple[str, str]]:
    number, mark, version = identity.id.removeprefix("arxiv:").rpartition("v")
    pinned = bool(mark) and version.isdigit()
    yield "paper", number if pinned else identity.id.removeprefix("arxiv:")
    yield "version", version if pinned else "the newest"


def _github(identity: Identity) -> Iterator[tuple[str, str]]:
    if identity.id.startswith("gist:"):
        yield "gist", identity.id.removeprefix("gist:")
        return
    if identity.id.startswith("github:@"):
        yield "owner", identity.id.removeprefix("github:@")
        return
    repository = (identity.parent or identity.id).removeprefix("github:")
    yield "repository", repository
    yield (
        "inside it",
        identity.id.removeprefix(f"github:{repository}").strip("/") if identity.parent else "",
    )


def _wechat(identity: Identity) -> Iterator[tuple[str, str]]:
    if not identity.id.startswith("wx:"):
        yield "token", identity.id.removeprefix("wechat:")
        return
    yield from zip(("account", "message", "position"), identity.id.split(":")[1:], strict=False)


def _file(identity: Identity) -> Iterator[tuple[str, str]]:
    path, _, anchor = identity.id.removeprefix(FILE_PREFIX).partition("#")
    yield "path", path
    yield "anchor", anchor


def _web(identity: Identity) -> Iterator[tuple[str, str]]:
    parts = urlsplit(identity.url)
    yield "host", parts.hostname or ""
    yield "path", parts.path
    # Their names alone: a value may be somebody's credential.
    yield "parameters", ", ".join(one.partition("=")[0] for one in parts.query.split("&") if one)


_PARTS = {"arxiv": _arxiv, "github": _github, "wechat": _wechat, FILE_KIND: _file}
