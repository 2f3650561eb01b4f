"""What an address stands for, over every form that real notes and the providers' own routes give it.

The tables go through `canonical` and the registry, as a run does, so they also hold which kind is shown
which host.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from requirements import shared

from enrich.extract import extract
from enrich.kinds._arxiv_ids import ARCHIVES
from enrich.kinds._github_names import RESERVED
from enrich.model import Identity
from enrich.registry import identify
from enrich.selection import resolve
from enrich.urls import canonical, host_of, is_web, scheme_of

TOKEN = "AbCdEfGhIjKlMnOpQrStUg"
SHORT = f"https://mp.weixin.qq.com/s/{TOKEN}"
LONG = "https://mp.weixin.qq.com/s?__biz=MzI4NjAxNjY4Nw==&mid=2247483648&idx=1&sn=0a1b"
ARTICLE = "wx:3286016687:2247483648:1"


def identified(url: str) -> Identity:
    address = canonical(url)
    assert address is not None, f"{url} is an address"
    assert resolve(url) == identify(address)
    return identify(address)


# --- arXiv ------------------------------------------------------------------------------------------

# Facts: the routes of arxiv.org's own application, its identifier scheme, and the foreign pages in use.
_NEW = "2001.01234"
_OLD = "math/0309136"
_PAPER_FORMS = [
    "https://arxiv.org/abs/{}",
    "http://arxiv.org/abs/{}",
    "https://www.arxiv.org/abs/{}",
    "https://ARXIV.org/abs/{}",
    "https://arxiv.org/abs/{}/",
    "https://arxiv.org//abs/{}",
    "https://arxiv.org/abs/arxiv:{}",
    "https://arxiv.org/abs/arXiv:{}",
    "https://arxiv.org/abs?id={}",
    "https://arxiv.org/abs/{}?context=cs.LG",
    "https://arxiv.org/abs/{}?fmt=txt",
    "https://arxiv.org/abs/{}#comments",
    "https://arxiv.org/pdf/{}",
    "https://arxiv.org/pdf/{}.pdf",
    "https://arxiv.org/pdf/{}.PDF",
    "https://arxiv.org/pdf/{}?download=1",
    "https://arxiv.org/pdf/{}.pdf#page=3",
    "https://arxiv.org/html/{}",
    "https://arxiv.org/html/{}/",
    "https://arxiv.org/ps/{}",
    "https://arxiv.org/dvi/{}",
    "https://arxiv.org/format/{}",
    "https://arxiv.org/src/{}",
    "https://arxiv.org/src/{}/anc/table.csv",
    "https://arxiv.org/e-print/{}",
    "https://arxiv.org/bibtex/{}",
    "https://arxiv.org/tb/{}",
    "https://arxiv.org/trackback/{}",
    "https://arxiv.org/audio/{}",
    "https://arxiv.org/cits/{}",
    "https://arxiv.org/refs/{}",
    "https://arxiv.org/show-email/0a1b2c3d/{}",
    "https://export.arxiv.org/abs/{}",
    "https://browse.arxiv.org/abs/{}",
    "https://static.arxiv.org/pdf/{}.pdf",
    "http://cn.arxiv.org/abs/{}",
    "http://de.arxiv.org/pdf/{}",
    "http://lanl.arxiv.org/abs/{}",
    "http://xxx.lanl.gov/abs/{}",
    "http://xxx.itp.ac.cn/pdf/{}",
    "https://doi.org/10.48550/arXiv.{}",
    "https://doi.org/10.48550/arxiv.{}",
    "https://DOI.org/10.48550/ARXIV.{}",
    "http://dx.doi.org/10.48550/arXiv.{}",
    "https://www.doi.org/10.48550/arXiv.{}",
]


@pytest.mark.parametrize("number", [_NEW, _OLD])
@pytest.mark.parametrize("form", _PAPER_FORMS)
def test_every_form_of_an_arxiv_address_is_the_one_paper(form: str, number: str) -> None:
    found = identified(form.format(number))
    assert found == Identity(id=f"arxiv:{number}", kind="arxiv", url=canonical(f"https://arxiv.org/abs/{number}"))  # type: ignore[arg-type]  # fmt: skip


_SPELLINGS = [
    ("2001.01234v2", "2001.01234v2"),
    ("2001.01234V2", "2001.01234v2"),
    ("2001.01234v12.pdf", "2001.01234v12"),
    ("2001.1234", "2001.01234"),
    ("0704.0001", "0704.0001"),
    ("0704.00001", "0704.0001"),
    ("1412.9999", "1412.9999"),
    ("1501.00001", "1501.00001"),
    ("math.GT/0309136", "math/0309136"),
    ("MATH/0309136", "math/0309136"),
    ("math/0309136v1.pdf", "math/0309136v1"),
    ("hep-th/9901001", "hep-th/9901001"),
    ("hepth/9901001", "hep-th/9901001"),
    ("cond-mat.str-el/0703001", "cond-mat/0703001"),
    ("cmp-lg/9404001", "cmp-lg/9404001"),
    ("alg-geom/9107001", "alg-geom/9107001"),
]


@pytest.mark.parametrize(("written", "number"), _SPELLINGS)
def test_a_number_has_one_spelling(written: str, number: str) -> None:
    found = identified(f"https://arxiv.org/abs/{written}")
    assert (found.id, found.url) == (f"arxiv:{number}", f"https://arxiv.org/abs/{number}")


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs?archive=math&papernum=0309136",
        "https://arxiv.org/abs?math/0309136",
    ],
)
def test_old_queries_name_a_paper_too(url: str) -> None:
    assert identified(url).id == "arxiv:math/0309136"


_WRONG_NUMBERS = [
    "1412.12345",
    "2013.00001",
    "2000.00001",
    "0703.0001",
    "hep-th/0704001",
    "2001.00000",
    "2001.01234v0",
    "2001.01234v",
    "2001.123456",
    "foo/0101001",
    "2001",
]


@pytest.mark.parametrize("number", _WRONG_NUMBERS)
@pytest.mark.parametrize("form", ["abs", "pdf"])
def test_a_number_that_arxiv_never_gave_out_is_kept_as_it_stands(number: str, form: str) -> None:
    url = f"https://arxiv.org/{form}/{number}"
    assert identified(url) == Identity(id=f"arxiv:{number}", kind="arxiv", url=canonical(url))  # type: ignore[arg-type]


_NO_PAPERS = [
    "https://arxiv.org/",
    "https://arxiv.org",
    "https://arxiv.org/abs",
    "https://arxiv.org/abs/",
    "https://arxiv.org/abs/cs",
    "https://arxiv.org/list/cs.CV/recent",
    "https://arxiv.org/list/cs.CV/2001",
    "https://arxiv.org/a/lecun_y_1",
    "https://arxiv.org/search/?query=2001.01234",
    "https://arxiv.org/find/cs/1/au:+LeCun_Y/0/1/0/all/0/1",
    "https://arxiv.org/catchup?archive=cs",
    "https://arxiv.org/archive/cs",
    "https://arxiv.org/year/cs/20",
    "https://arxiv.org/help/submit",
    "https://arxiv.org/stats/today",
    "https://arxiv.org/corr/home",
    "https://rss.arxiv.org/rss/cs.AI",
    "https://info.arxiv.org/help/arxiv_identifier.html",
    "https://blog.arxiv.org/2020/01/01/2001.01234",
    "https://status.arxiv.org/",
    "https://notarxiv.org/abs/2001.01234",
    "https://arxiv.org.example.net/abs/2001.01234",
]
_OTHER_DOIS = ["https://doi.org/10.1109/CVPR.2016.90", "https://doi.org/10.48550/other.2001.01234"]


@pytest.mark.parametrize("url", _NO_PAPERS)
def test_what_is_no_paper_is_a_page(url: str) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.stands_for) == ("web", f"url:{canonical(url)}", None)


@pytest.mark.parametrize("url", _OTHER_DOIS)
def test_the_doi_of_another_work_is_no_paper_of_arxiv(url: str) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.stands_for) == ("doi", f"url:{url}", None)


_FOREIGN_PAGES = [
    "https://ar5iv.org/abs/{}",
    "https://ar5iv.org/html/{}",
    "https://ar5iv.labs.arxiv.org/html/{}",
    "https://www.alphaxiv.org/abs/{}",
    "https://alphaxiv.org/overview/{}",
    "https://alphaxiv.org/pdf/{}",
    "https://huggingface.co/papers/{}",
    "https://hf.co/papers/{}",
    "https://www.semanticscholar.org/arxiv/{}",
    "https://api.semanticscholar.org/arXiv:{}",
    "https://scirate.com/arxiv/{}",
    "https://www.arxiv-vanity.com/papers/{}",
    "https://papers.cool/arxiv/{}",
    "https://hjfy.top/arxiv/{}",
    "https://www.catalyzex.com/paper/arxiv:{}",
]


@pytest.mark.parametrize("form", _FOREIGN_PAGES)
def test_a_page_of_another_site_is_judged_itself_and_stands_for_the_paper(form: str) -> None:
    """The page can be dead while the paper lives."""
    url = form.format(_NEW)
    found = identified(url)
    assert (found.kind, found.id) == ("web", f"url:{canonical(url)}")
    assert found.stands_for == f"arxiv:{_NEW}"


# --- GitHub -----------------------------------------------------------------------------------------

_REPOSITORY_FORMS = [
    "https://github.com/Owner/Name",
    "http://github.com/Owner/Name",
    "https://www.github.com/Owner/Name",
    "https://GitHub.com/Owner/Name",
    "https://github.com/owner/NAME",
    "https://github.com/Owner/Name/",
    "https://github.com//Owner/Name",
    "https://github.com/Owner/Name.git",
    "https://github.com/Owner/Name.git/",
    "https://github.com/Owner/Name#readme",
    "https://github.com/Owner/Name?tab=readme-ov-file",
    "https://github.dev/Owner/Name",
    "https://api.github.com/repos/Owner/Name",
    "git://github.com/Owner/Name.git",
    "ssh://git@github.com/Owner/Name.git",
    "git+https://github.com/Owner/Name",
    "git+https://GitHub.com/Owner/Name.git",
    "git+ssh://git@github.com/Owner/Name.git",
    "git@github.com:Owner/Name.git",
    "https://user:secret@github.com/Owner/Name",
]


@pytest.mark.parametrize("url", _REPOSITORY_FORMS)
def test_every_form_of_a_repository_is_the_one_repository(url: str) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.parent) == ("github", "github:owner/name", None)
    assert found.url.lower() == "https://github.com/owner/name"
    assert is_web(found.url)


_INSIDE = """
    tree blob raw blame edit commit commits compare issues pull pulls discussions releases tags wiki
    actions projects security pulse graphs network branches archive labels milestones packages
    deployments stargazers watchers forks contributors activity search zipball tarball
"""


@pytest.mark.parametrize("part", _INSIDE.split())
@pytest.mark.parametrize("rest", ["", "/main/docs/A.md"])
def test_what_is_inside_a_repository_belongs_to_it_and_is_a_target_of_its_own(part: str, rest: str) -> None:
    found = identified(f"https://github.com/Owner/Name/{part}{rest}")
    assert (found.kind, found.id) == ("github", f"github:owner/name/{part}{rest}")
    assert found.parent == "github:owner/name"
    assert found.url == f"https://github.com/Owner/Name/{part}{rest}"


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("https://raw.githubusercontent.com/Owner/Name/main/a.png", "github:owner/name/raw/main/a.png"),
        ("https://raw.github.com/Owner/Name/main/a.png", "github:owner/name/raw/main/a.png"),
        ("https://github.com/Owner/Name/raw/main/a.png", "github:owner/name/raw/main/a.png"),
        ("https://codeload.github.com/Owner/Name/zip/main", "github:owner/name/zip/main"),
        ("https://github.com/Owner/Name.wiki.git", "github:owner/name/wiki"),
        ("https://github.com/Owner/Name/issues?q=is%3Aopen", "github:owner/name/issues?q=is%3Aopen"),
        ("https://github.com/Owner/Name/blob/main/a.md?plain=1#L10", "github:owner/name/blob/main/a.md?plain=1"),
        ("https://github.com/Owner/Name/tree/main/docs/", "github:owner/name/tree/main/docs"),
        ("https://github.com/Owner/Name/blob/main/%E6%B3%A8.md", "github:owner/name/blob/main/%E6%B3%A8.md"),
        ("https://github.com/Owner/Name/blob/main/注.md", "github:owner/name/blob/main/%E6%B3%A8.md"),
    ],
)  # fmt: skip
def test_files_keep_their_case_and_their_query(url: str, identity: str) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.parent) == ("github", identity, "github:owner/name")


@pytest.mark.parametrize("url", ["https://github.com/Owner", "http://www.github.com/owner/"])
def test_an_owner_is_no_repository(url: str) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.parent) == ("github", "github:@owner", None)


@pytest.mark.parametrize(
    ("url", "identity", "parent"),
    [
        ("https://gist.github.com/owner/0123456789abcdef0123", "gist:0123456789abcdef0123", None),
        ("https://gist.github.com/0123456789abcdef0123456789abcdef", "gist:0123456789abcdef0123456789abcdef", None),
        ("https://gist.github.com/owner/0123456789abcdef0123/", "gist:0123456789abcdef0123", None),
        ("https://gist.github.com/owner/1234567.git", "gist:1234567", None),
        (
            "https://gist.githubusercontent.com/owner/0123456789abcdef0123/raw/a.py",
            "gist:0123456789abcdef0123/raw/a.py",
            "gist:0123456789abcdef0123",
        ),
    ],
)  # fmt: skip
def test_a_gist_is_a_gist(url: str, identity: str, parent: str | None) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.parent) == ("github", identity, parent)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_neither_owner_nor_repository(name: str) -> None:
    for url in (f"https://github.com/{name}", f"https://github.com/{name.upper()}/thing"):
        assert identified(url) == Identity(id=f"url:{canonical(url)}", kind="web", url=canonical(url))  # type: ignore[arg-type]


# Pages that public reports have called deleted repositories, or that look like one.
@pytest.mark.parametrize(
    "path",
    [
        "blog/1184-contributing-guidelines", "topics/deep-learning", "orgs/google/repositories", "sponsors/somebody",
        "users/somebody", "marketplace/some-action", "features/actions", "collections/machine-learning",
        "trending/python", "settings/profile", "user-attachments/assets/0a1b", "apps/dependabot", "stars/somebody",
        "search/advanced", "security/advanced-security", "solutions/devops", "models/some-model",
    ],
)  # fmt: skip
def test_pages_of_the_site_are_no_repositories(path: str) -> None:
    assert identified(f"https://github.com/{path}").kind == "web"


@pytest.mark.parametrize("owner", ["actions", "cli", "desktop", "npm", "github", "readme-tools"])
def test_organisations_that_look_reserved_have_repositories(owner: str) -> None:
    assert identified(f"https://github.com/{owner}/thing").id == f"github:{owner}/thing"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/",
        "https://github.com/-owner/name",
        "https://github.com/ow_ner_too/na me",
        "https://github.com/owner/..",
        "https://owner.github.io/name/",
        "https://git.io/abc",
        "https://docs.github.com/owner/name",
        "https://github.blog/owner/name",
        "https://notgithub.com/owner/name",
        "https://github.com.example.net/owner/name",
        "https://github.com:8443/owner/name",
        "https://camo.githubusercontent.com/0a1b/6874",
        "https://cloud.githubusercontent.com/assets/1/2/a.png",
        "https://gist.github.com/discover",
        "https://gitlab.com/owner/name",
    ],
)
def test_what_only_looks_like_a_repository_is_none(url: str) -> None:
    found = identified(url)
    assert found.id != "github:owner/name"
    assert found.parent is None
    assert found.kind == "web" or found.id.startswith("github:@")


# --- WeChat -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        SHORT,
        f"{SHORT}/",
        f"{SHORT}#rd",
        f"{SHORT}#wechat_redirect",
        f"{SHORT}?scene=1&from=timeline&isappinstalled=0",
        f"{SHORT}?key=x&uin=y&pass_ticket=z",
        SHORT.replace("https", "http"),
        SHORT.replace("mp.weixin", "MP.WeiXin"),
        f"https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x&target_url=https%3A%2F%2Fmp.weixin.qq.com%2Fs%2F{TOKEN}",
    ],
)
def test_every_form_of_a_short_address_is_the_one_token(url: str) -> None:
    found = identified(url)
    assert (found.kind, found.id, found.url) == ("wechat", f"wechat:{TOKEN}", SHORT)


@pytest.mark.parametrize(
    "url",
    [
        LONG,
        f"{LONG}&chksm=9095",
        f"{LONG}&chksm=9095&scene=21#wechat_redirect",
        f"{LONG}&chksm=9095&mpshare=1&srcid=0331lAZn%23rd",
        LONG.replace("https", "http"),
        LONG.replace("==", "%3D%3D"),
        LONG.replace("==", ""),
        LONG.replace("&", "&amp;"),
        LONG.replace("&", "\\x26amp;"),
        "https://mp.weixin.qq.com/s/?__biz=MzI4NjAxNjY4Nw==&mid=2247483648&idx=1",
        "https://mp.weixin.qq.com/s?idx=1&sn=other&mid=2247483648&__biz=MzI4NjAxNjY4Nw==",
        "https://mp.weixin.qq.com/mp/appmsg/show?__biz=MzI4NjAxNjY4Nw==&appmsgid=2247483648&itemidx=1&sign=0a1b",
    ],
)
def test_every_form_of_a_long_address_is_the_one_article(url: str) -> None:
    found = identified(url)
    assert (found.kind, found.id) == ("wechat", ARTICLE)
    assert found.url.startswith("https://mp.weixin.qq.com/")


def test_the_query_of_a_long_address_is_asked_as_it_stands() -> None:
    signed = f"{LONG}&chksm=9095&scene=21"
    assert identified(f"{signed}#wechat_redirect").url == signed


@pytest.mark.parametrize(
    ("url", "preferred"),
    [(SHORT, True), (f"{LONG}&chksm=9095", True), (LONG, False), (f"{LONG}&chksm=", False)],
)
def test_an_address_that_opens_is_preferred(url: str, preferred: bool) -> None:
    assert identified(url).preferred is preferred


@pytest.mark.parametrize(
    "path",
    [
        "",
        "s?src=11&timestamp=1600000000&ver=2563&signature=abc&new=1",
        "mp/appmsgalbum?action=getalbum&__biz=MzI4NjAxNjY4Nw==&album_id=1",
        "mp/homepage?__biz=MzI4NjAxNjY4Nw==&hid=1&sn=0a",
        "mp/profile_ext?action=home&__biz=MzI4NjAxNjY4Nw==",
        "mp/rumor?action=info&__biz=MzI4NjAxNjY4Nw==&mid=2247483648&idx=1&sn=0a1b",
        "mp/verify?poc_token=x",
        "s?__biz=%21&mid=2247483648&idx=1",
    ],
)
def test_other_pages_of_wechat_are_no_articles(path: str) -> None:
    url = f"https://mp.weixin.qq.com/{path}"
    found = identified(url)
    assert (found.kind, found.id) == ("wechat", f"url:{canonical(url)}")


@pytest.mark.parametrize(
    "url",
    [
        "https://weixin.sogou.com/link?url=abc",
        "https://res.wx.qq.com/voice/getvoice?mediaid=1",
        "https://mmbiz.qpic.cn/mmbiz_png/abc/640",
        "https://sub.mp.weixin.qq.com/s/x",
        "https://mp.weixin.qq.com.example.net/s/x",
        f"https://mp.weixin.qq.com:8443/s/{TOKEN}",
    ],
)
def test_the_host_of_articles_is_compared_exactly(url: str) -> None:
    assert identified(url).kind == "web"


# --- everything else --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/?b=2&a=1&b=1&&c",
        "https://example.org/?utm_source=x&q=%E6%B3%A8",
        "https://example.org/?a=1&amp;b=2",
        "https://example.org/a%2Fb?x=%2F&y=+",
        "https://example.org/?",
    ],
)
def test_a_query_is_neither_sorted_nor_shortened(url: str) -> None:
    assert identified(url).url == url


def test_what_no_browser_can_open_is_a_target_of_its_own() -> None:
    assert resolve("https://[::1/x") == Identity(id="url:https://[::1/x", kind="web", url="https://[::1/x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("git@github.com:Owner/Name.git", "ssh"),
        ("git@github.com/Owner", None),
        ("notes/git@github.com:x", None),
        ("c:/notes", None),
        ("HTTPS://a.b", "https"),
    ],
)
def test_a_clone_address_has_a_scheme_and_is_no_path(text: str, scheme: str | None) -> None:
    assert scheme_of(text) == scheme


def test_another_site_with_a_repositorys_files_stands_for_the_repository() -> None:
    found = identified("https://githubbox.com/Owner/Name")
    assert (found.kind, found.id) == ("web", "url:https://githubbox.com/Owner/Name")
    assert found.stands_for == "github:owner/name"
    assert identified("https://githubbox.com/about").stands_for is None


# --- laws -------------------------------------------------------------------------------------------

_HOST_NAMES = """
    arxiv.org www.arxiv.org cn.arxiv.org doi.org ar5iv.org huggingface.co xxx.lanl.gov github.com
    www.github.com raw.githubusercontent.com api.github.com gist.github.com codeload.github.com
    mp.weixin.qq.com example.org github.dev 例子.cn xn--fsqu00a.cn 127.0.0.1 [::1]
"""
_PATH_PIECES = """
    abs pdf html list 2001.01234 2001.01234v2 math 0309136 math.GT/0309136 arxiv: arXiv:2001.01234
    10.48550 arXiv.2001.01234 s mp appmsg show wappoc_appmsgcaptcha owner Name name.git name.wiki blob
    tree raw main topics gist 0123456789abcdef0123 .. . %2e%2e %2F %ff %00 注 ＡＢ
    AbCdEfGhIjKlMnOpQrStUg papers paper repos
"""
_HOSTS = st.sampled_from(_HOST_NAMES.split())
_PIECES = st.sampled_from([*_PATH_PIECES.split(), "\u200b"])
_QUERIES = st.one_of(
    st.just(""),
    st.text(max_size=20).map("?{}".format),
    st.sampled_from(
        [
            "?__biz=MzI4NjAxNjY4Nw==&mid=1&idx=1&sn=a",
            "?__biz=&mid=&idx=",
            "?target_url=https%3A%2F%2Fmp.weixin.qq.com%2Fmp%2Fwappoc_appmsgcaptcha%3Ftarget_url%3Dx",
            "?id=2001.01234",
            "?archive=math&papernum=0309136",
        ]
    ),
)
_URLS = st.builds(
    "{}://{}{}/{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS", "git", "ssh", "git+https", "ftp", "x-y"]),
    _HOSTS,
    st.sampled_from(["", ":80", ":443", ":8443"]),
    st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=6).map("/".join),
    _QUERIES,
    st.sampled_from(["", "#", "#rd", "#%", "#注"]),
)


@given(st.one_of(_URLS, st.text(max_size=60), st.text(max_size=40).map("https://{}".format)))
@example("git@github.com:owner/name.git")
@example("git@github.com:git@github.com:owner/name")
@example("https://mp.weixin.qq.com/mp/verify?target_url=git@github.com:o/r")
def test_canonical_is_idempotent_and_nothing_raises(url: str) -> None:
    address = canonical(url)
    if address is None:
        assert resolve(url).id == f"url:{url}"
        return
    assert canonical(address) == address
    found = identify(address)
    assert found == resolve(url)
    assert found.id
    assert found.kind in {"web", "arxiv", "github", "wechat"}
    # Asking for a target's own address leads to the same target.
    assert resolve(found.url).id == found.id


@given(_URLS)
def test_the_address_of_a_target_is_canonical(url: str) -> None:
    found = resolve(url)
    assert canonical(found.url) in (None, found.url)


_OWNERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,10}", fullmatch=True)
_NAMES = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,10}", fullmatch=True)


@given(
    _OWNERS,
    _NAMES,
    st.sampled_from(["http", "https", "HTTP", "Https"]),
    st.sampled_from(["github.com", "www.github.com", "GitHub.com", "WWW.github.COM"]),
    st.sampled_from([str.lower, str.upper, str.title, str]),
    st.sampled_from(["", "/", ".git", ".git/", "#readme", "?tab=readme", "//"]),
)
def test_a_repository_is_known_in_any_spelling(owner, name, scheme, host, cased, end) -> None:  # type: ignore[no-untyped-def]
    assume(owner.lower() not in RESERVED and not re.search(r"(?i)\.(git|wiki)$", name))
    found = resolve(f"{scheme}://{host}/{cased(owner)}/{cased(name)}{end}")
    assert (found.kind, found.id) == ("github", f"github:{owner}/{name}".lower())


@st.composite
def _papers(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        year, month = draw(st.integers(15, 40)), draw(st.integers(1, 12))
        return f"{year}{month:02}.{draw(st.integers(1, 99999)):05}"
    year, month = draw(st.integers(92, 99)), draw(st.integers(1, 12))
    archive = draw(st.sampled_from(sorted(ARCHIVES)))
    return f"{archive}/{year}{month:02}{draw(st.integers(1, 999)):03}"


@given(
    _papers(),
    st.sampled_from(["", "v1", "v12"]),
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(["arxiv.org", "www.arxiv.org", "ArXiv.org", "export.arxiv.org"]),
    st.sampled_from(["abs/{}", "abs/{}/", "pdf/{}", "pdf/{}.pdf", "html/{}/", "abs/{}?context=cs", "abs/arXiv:{}#x"]),
)  # fmt: skip
def test_a_paper_is_known_in_any_spelling(paper, version, scheme, host, form) -> None:  # type: ignore[no-untyped-def]
    found = resolve(f"{scheme}://{host}/{form.format(paper + version)}")
    assert (found.kind, found.id) == ("arxiv", f"arxiv:{paper}{version}")


# --- real notes -------------------------------------------------------------------------------------

# What stands on these hosts in real notes and is no paper, repository or article.
_KNOWN_PAGES = {"https://github.com/"}


def test_no_link_of_real_notes_to_these_hosts_is_taken_for_a_page() -> None:
    corpus = shared() / "corpus"
    files = [*sorted(corpus.rglob("*.md")), *sorted(corpus.rglob("*.markdown"))]
    found: Counter[str] = Counter()
    pages = set()
    for file in files:
        for link in extract(file.read_text("utf-8-sig")):
            if scheme_of(link.url) is None:
                continue
            identity = resolve(link.url)
            found[identity.kind] += 1
            host = host_of(link.url)
            if identity.kind == "web" and re.search(
                r"(^|\.)(arxiv\.org|github\.com|mp\.weixin\.qq\.com)$", host
            ):
                pages.add(link.url)
    print(f"links by kind: {dict(found)}; pages on these hosts: {sorted(pages)}")  # noqa: T201 - shown with -s
    assert pages <= _KNOWN_PAGES
    assert min(found[kind] for kind in ("arxiv", "github", "wechat")) > 1000
