"""The sites of the tests' internet: arXiv, GitHub, WeChat and a few ordinary hosts.

Each answers in the shape of the real service, as far as a client can tell: absent papers are left out of a
feed, a missing repository is a null beside an error under status 200, and a deleted article is a notice
under status 200. All words are our own.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from github_graphql import execute, not_there
from internet import HTML, Answer, Asked, Site

TOKEN = "gho_a_token_that_only_the_api_may_see"  # not a token of anybody
JSON = {"content-type": "application/json; charset=utf-8"}
ATOM = {"content-type": "application/atom+xml; charset=utf-8"}


def html(title: str, body: str = "", status: int = 200) -> Answer:
    text = f"<!doctype html><html><head><title>{escape(title)}</title></head><body>{body}</body></html>"
    return Answer(status, HTML, text.encode())


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {**JSON, **(headers or {})}, json.dumps(value).encode())


def redirect(url: str, status: int = 301) -> Answer:
    return Answer(status, {"location": url, **HTML}, b"moved")


def unavailable(_asked: Asked) -> Answer:
    """A site that is down: put it in place of another."""
    return Answer(503, HTML, b"<title>down</title>back soon")


# --- arXiv ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preprint:
    id: str
    title: str
    version: int = 1
    comment: str | None = None


ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+/\d{7})(?:v([1-9]\d*))?")
ENTRY = """<entry><id>http://arxiv.org/abs/{id}v{version}</id><title>{title}</title>
<updated>2021-02-0{version}T10:00:00Z</updated>
<link href="https://arxiv.org/abs/{id}v{version}" rel="alternate" type="text/html"/>
<link href="https://arxiv.org/pdf/{id}v{version}" rel="related" type="application/pdf" title="pdf"/>
<summary>An abstract about {title},
  broken over two lines.</summary><category term="cs.CV" scheme="http://arxiv.org/schemas/atom"/>
<category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/><published>2021-02-01T10:00:00Z</published>
{comment}<arxiv:primary_category term="cs.CV"/><author><name>Ada Example</name></author>
<author><name>李 示例</name></author></entry>"""
FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom"><id>https://arxiv.org/api/example</id><title>arXiv Query</title>
<updated>2026-11-21T00:00:00Z</updated>
<link href="https://arxiv.org/api/query" type="application/atom+xml"/>
<opensearch:itemsPerPage>{per_page}</opensearch:itemsPerPage>
<opensearch:totalResults>{total}</opensearch:totalResults>
<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"""
ERROR_ENTRY = """<entry><id>https://arxiv.org/api/errors#{anchor}</id><title>Error</title>
<updated>2026-11-21T00:00:00Z</updated>
<link href="https://arxiv.org/api/errors#{anchor}" rel="alternate" type="text/html"/>
<summary>{message}</summary><author><name>arXiv api core</name></author></entry>"""


def feed(entries: Iterable[str], *, start: int = 0, per_page: int = 10, total: int | None = None) -> bytes:
    found = list(entries)
    total = len(found) if total is None else total
    return FEED.format(per_page=per_page, total=total, start=start, entries="".join(found)).encode()


def entry(paper: Preprint, version: int) -> str:
    comment = f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else ""
    return ENTRY.format(id=paper.id, version=version, title=escape(paper.title), comment=comment)


@dataclass(slots=True)
class Arxiv:
    """The export API and the pages of a few papers; ids that are absent are left out of a feed."""

    papers: dict[str, Preprint]

    def find(self, written_id: str) -> tuple[Preprint, int] | None:
        match = ARXIV_ID.fullmatch(written_id)
        paper = self.papers.get(match[1]) if match else None
        if match is None or paper is None:
            return None
        version = int(match[2] or paper.version)
        return (paper, version) if version <= paper.version else None

    def api(self, asked: Asked) -> Answer:
        if urlsplit(asked.path).path != "/api/query":
            return self.pages(asked)
        if len(asked.path) > 8000:
            return html("Request-URI Too Large", status=414)
        ids = [part for part in asked.query.get("id_list", "").split(",") if part]
        wrong = next((part for part in ids if not ARXIV_ID.fullmatch(part)), None)
        if wrong is not None:
            message = f"incorrect id format for {wrong}"
            error = ERROR_ENTRY.format(anchor=message.replace(" ", "_"), message=message)
            return Answer(400, ATOM, feed([error], per_page=1))
        start, size = int(asked.query.get("start", "0")), int(asked.query.get("max_results", "10"))
        found = [pair for part in dict.fromkeys(ids) if (pair := self.find(part))]
        # The real service does not keep the order of the question either.
        page = [entry(*pair) for pair in found[::-1][start : start + size]]
        return Answer(200, ATOM, feed(page, start=start, per_page=size, total=len(found)))

    def pages(self, asked: Asked) -> Answer:
        _, _, rest = urlsplit(asked.path).path.strip("/").partition("/")
        found = self.find(unquote(rest).removesuffix(".pdf"))
        if found is None:
            return html("Identifier not found", f"Identifier '{escape(rest)}' not found", 404)
        paper = found[0]
        return html(f"[{paper.id}] {paper.title}", f"<h1>{escape(paper.title)}</h1>")


# --- GitHub -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repo:
    full_name: str
    number: int
    archived: bool = False
    fork: bool = False
    stars: int = 10


NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
DATES = {"created": "2019-03-01T08:00:00Z", "pushed": "2026-10-01T09:30:00Z"}


def graphql_node(repo: Repo) -> dict[str, Any]:
    return {
        "__typename": "Repository",
        "databaseId": repo.number,
        "nameWithOwner": repo.full_name,
        "url": f"https://github.com/{repo.full_name}",
        "stargazerCount": repo.stars,
        "forkCount": 3,
        "isArchived": repo.archived,
        "archivedAt": DATES["pushed"] if repo.archived else None,
        "isDisabled": False,
        "isFork": repo.fork,
        "isMirror": False,
        "isTemplate": False,
        "isEmpty": False,
        "isLocked": False,
        "lockReason": None,
        "licenseInfo": {"spdxId": "MIT"},
        "description": f"The code of {repo.full_name}",
        "homepageUrl": None,
        "pushedAt": DATES["pushed"],
        "createdAt": DATES["created"],
        "primaryLanguage": {"name": "Python"},
        "defaultBranchRef": {"name": "main"},
        "repositoryTopics": {"nodes": [{"topic": {"name": "computer-vision"}}]},
        "latestRelease": {"tagName": "v1.2.0", "publishedAt": DATES["pushed"]},
        "visibility": "PUBLIC",
    }


def rest_body(repo: Repo) -> dict[str, Any]:
    return {
        "id": repo.number,
        "full_name": repo.full_name,
        "html_url": f"https://github.com/{repo.full_name}",
        "description": f"The code of {repo.full_name}",
        "stargazers_count": repo.stars,
        "forks_count": 3,
        "subscribers_count": 2,
        "size": 120,
        "archived": repo.archived,
        "disabled": False,
        "fork": repo.fork,
        "language": "Python",
        "license": {"key": "mit", "spdx_id": "MIT"},
        "topics": ["computer-vision"],
        "homepage": None,
        "default_branch": "main",
        "created_at": DATES["created"],
        "pushed_at": DATES["pushed"],
        "visibility": "public",
    }


@dataclass(slots=True)
class GitHub:
    """The API and the pages. Without a token 60 questions an hour are answered, and no GraphQL."""

    repos: dict[str, Repo]
    renamed: dict[str, str] = field(default_factory=dict)
    taken_down: frozenset[str] = frozenset()
    anonymous_left: int = 60
    files: frozenset[str] = frozenset()

    def find(self, name: str) -> Repo | None:
        name = self.renamed.get(name.lower(), name)
        return self.repos.get(name.lower())

    def api(self, asked: Asked) -> Answer:
        path = unquote(urlsplit(asked.path).path)
        known = TOKEN in asked.headers.get("authorization", "")
        if path == "/graphql":
            return self.graphql(asked) if known else json_answer({"message": "Bad credentials"}, 401)
        if not known and self.anonymous_left == 0:
            return json_answer({"message": "API rate limit exceeded"}, 403, self.limits(known))
        self.anonymous_left -= 0 if known else 1
        status, body, headers = self.rest(path)
        return json_answer(body, status, {**headers, **self.limits(known)})

    def limits(self, known: bool) -> dict[str, str]:
        limit, left = (5000, 4900) if known else (60, self.anonymous_left)
        reset = str(int(time.time()) + 3000)
        values = {"limit": str(limit), "remaining": str(left), "used": str(limit - left), "reset": reset}
        return {f"x-ratelimit-{name}": value for name, value in {**values, "resource": "core"}.items()}

    def rest(self, path: str) -> tuple[int, object, dict[str, str]]:
        if match := re.fullmatch(r"/repositories/(\d+)", path):
            by_number = {repo.number: repo for repo in self.repos.values()}
            return 200, rest_body(by_number[int(match[1])]), {}
        if not (match := re.fullmatch(r"/repos/([^/]+/[^/]+)", path)):
            return 404, NOT_FOUND, {}
        name = match[1].lower()
        if name in self.taken_down:
            block = {"reason": "dmca", "html_url": "https://github.com/github/dmca"}
            return 451, {"message": "Repository access blocked", "block": block}, {}
        repo = self.find(name)
        if repo is None:
            return 404, NOT_FOUND, {}
        if name in self.renamed:
            url = f"https://api.github.com/repositories/{repo.number}"
            return 301, {"message": "Moved Permanently", "url": url}, {"location": url}
        return 200, rest_body(repo), {}

    def graphql(self, asked: Asked) -> Answer:
        reset = "2030-01-01T00:00:00Z"
        rate = {
            "cost": 1,
            "limit": 5000,
            "remaining": 4900,
            "used": 100,
            "resetAt": reset,
            "nodeCount": 100,
        }
        root = {"rateLimit": rate, "repository": self.repository, "resource": self.resource}
        question = json.loads(asked.body)
        return json_answer(execute(question["query"], root, question.get("variables")))

    def repository(self, _info: object, owner: str, name: str, **_: object) -> dict[str, Any]:
        asked = f"{owner}/{name}"
        repo = None if asked.lower() in self.taken_down else self.find(asked)
        if repo is None:
            raise not_there("Repository", f"name '{asked}'")

        def git_object(_info: object, expression: str) -> dict[str, str] | None:
            return {"__typename": "Blob", "oid": "0a1b"} if expression in self.files else None

        return {**graphql_node(repo), "object": git_object}

    def resource(self, _info: object, url: str) -> dict[str, str] | None:
        """Issues with one digit are there."""
        there = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)/issues/\d", url)
        return {"__typename": "Issue", "url": url} if there and self.find(there[1]) else None

    def pages(self, asked: Asked) -> Answer:
        parts = unquote(urlsplit(asked.path).path).strip("/").split("/")
        name = "/".join(parts[:2]).lower()
        repo = self.find(name)
        if name in self.taken_down:
            return html("Unavailable for legal reasons", status=451)
        if repo is None or "missing" in parts:
            return html("Page not found · GitHub", status=404)
        if name in self.renamed:
            return redirect(f"https://github.com/{'/'.join([repo.full_name, *parts[2:]])}")
        return html(f"GitHub - {repo.full_name}", "<main>a repository</main>")


# --- WeChat -----------------------------------------------------------------------------------------

ARTICLE = """<!doctype html><html><head><title></title><meta property="og:title" content="{title}">
<meta property="og:description" content="一篇示例文章">
<meta property="og:article:author" content="示例作者">
<script>var PAGE_MID='mmbizwap:appmsg/newindex.html';</script></head>
<body id="activity-detail" class="zh_CN wx_wap_page mm_appmsg"><div id="js_article" class="rich_media">
<h1 class="rich_media_title" id="activity-name">{title}</h1><a id="js_name">示例公众号</a>
<em id="publish_time"></em>
<div class="rich_media_content" id="js_content"><p>正文写在这里，共两句。这是第二句。</p></div></div>
<script>var biz = "" || "MzAwMDAwMDAwMQ==";
var mid = "" || "" || "26500000{number:02d}";var idx = "" || "" || "1";
var nickname = htmlDecode("示例公众号");var user_name = "gh_000000000001";var ct = "1620000000";</script>
<script nomodule id="vite-legacy-entry" data-src="//res.wx.qq.com/example/appmsg-legacy.x.js"></script>
</body></html>"""
NOTICE = """<!doctype html><html><head><title></title>
<style>.weui-msg__title{{font-size:22px}}</style></head>
<body id="activity-detail" class="zh_CN wx_wap_page"><div class="weui-msg"><div class="weui-msg__text-area">
<div class="weui-msg__title warn">{words}</div></div></div>
<script>var biz = '' || '';var mid = '' || '' || '';var idx = '' || '' || '';</script>
<script nomodule id="vite-legacy-entry" data-src="//res.wx.qq.com/example/error-legacy.x.js"></script>
</body></html>"""
CAPTCHA = """<!doctype html><html><head><title></title><link rel="stylesheet"
 href="//res.wx.qq.com/mmbizwap/zh_CN/htmledition/style/page/secitptpage/verify0.css"></head>
<body><div class="weui-msg"><div id="tips" style="display:none;" class="top_tips warning"></div></div>
<script>var PAGE_MID='mmbizwap:secitptpage/verify.html';</script>
<script>window.cgiData = {{ target_url : "{target}", poc_token : "x" }}</script></body></html>"""


@dataclass(frozen=True, slots=True)
class WeChat:
    """Articles by token: ``alive``, ``deleted`` or ``captcha``; another token is a wrong parameter."""

    states: Mapping[str, str]

    def __call__(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        if path == "/mp/wappoc_appmsgcaptcha":
            return Answer(200, HTML, CAPTCHA.format(target=asked.query["target_url"]).encode())
        token = path.removeprefix("/s/")
        match self.states.get(token):
            case "alive":
                number = list(self.states).index(token)
                return Answer(200, HTML, ARTICLE.format(title=f"示例文章 {number}", number=number).encode())
            case "deleted":
                return Answer(200, HTML, NOTICE.format(words="该内容已被发布者删除").encode())
            case "captcha":
                wanted = f"https%3A%2F%2Fmp.weixin.qq.com%2Fs%2F{token}"
                return redirect(
                    f"https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x&target_url={wanted}", 302
                )
            case _:
                return Answer(200, HTML, NOTICE.format(words="参数错误").encode())


# --- other sites ------------------------------------------------------------------------------------


def pages(asked: Asked) -> Answer:
    """The sites under ``.example``: a page with a title, and one address for each kind of trouble."""
    path = urlsplit(asked.path).path
    match path:
        case "/gone" | "/missing":
            return html("Not here", status=404)
        case "/gone-for-good":
            return html("Gone", status=410)
        case "/moved":
            return redirect(f"{asked.scheme}://{asked.host}/new-place")
        case "/for-now":
            return redirect(f"{asked.scheme}://{asked.host}/new-place", 302)
        case "/head-405" if asked.method == "HEAD":
            return Answer(405, {"allow": "GET"})
        case "/down":
            return unavailable(asked)
        case "/login":
            return html("Please sign in", status=401)
        case "/wall":
            return html("Forbidden", status=403)
        case _:
            return html(f"The page {path} of {asked.host}", "<p>Some words to read.</p>")


def small_web() -> dict[str, Site]:
    """Any page of any host under ``.example``, and nothing else."""
    return {".example": pages}
