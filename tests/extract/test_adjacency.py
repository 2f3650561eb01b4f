"""What stands beside a bare URL: the cases that real notes hold, and the law behind them.

In the table, one case a line, ‹ and › mark what is to be found and are taken out before the text is read;
``\\t`` and ``\\u200b`` stand for the characters. The order follows how often each case was met.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enrich.extract import extract
from enrich.extract.bare import bare_urls
from enrich.model import Element

AFTER = r"""
‹https://a.example/b›
‹https://a.example›
‹https://a.example/›
‹http://a.example:8080/b›
见 ‹https://a.example/b› 一文
见 ‹https://a.example/b›  两个空格
see ‹https://a.example/b›.
see ‹https://a.example/b›. Then
see ‹https://a.example/b›...
see ‹https://a.example/b›.)
看 ‹https://a.example/b›。
看 ‹https://a.example/b›。后面还有
看 ‹https://a.example/b›，后面还有
看 ‹https://a.example/b›、后面还有
看 ‹https://a.example/b›；后面还有
看 ‹https://a.example/b›：后面还有
看 ‹https://a.example/b›！后面还有
看 ‹https://a.example/b›？后面还有
看 ‹https://a.example/b›…后面还有
看 ‹https://a.example/b›……
看 ‹https://a.example/b›—后面还有
看 ‹https://a.example/b›——后面还有
看 ‹https://a.example/b›·后面还有
看 ‹https://a.example/b›～后面还有
看 ‹https://a.example/b›｜后面还有
看 ‹https://a.example/b›＋后面还有
看 ‹https://a.example/b›”后面还有
看 ‹https://a.example/b›’后面还有
看 ‹https://a.example/b›》后面还有
看 ‹https://a.example/b›〉后面还有
看 ‹https://a.example/b›」后面还有
看 ‹https://a.example/b›』后面还有
看 ‹https://a.example/b›】后面还有
看 ‹https://a.example/b›〕后面还有
看 ‹https://a.example/b›］后面还有
看 ‹https://a.example/b›）后面还有
看 ‹https://a.example/b›（即将开源）
看 ‹https://a.example/b›【代码】
看 ‹https://a.example/b›[^1]。
看 ‹https://a.example/b?x[]=1›[^注]后面还有
看 ‹https://a.example/b›(已开源)
看 ‹https://a.example/b›(已开源)后面
看 ‹https://a.example/b›[代码]
看 ‹https://a.example/b(c)›(见下)
看 ‹https://a.example/b›{见下}
看 ‹https://a.example/b›《标题》
看 ‹https://a.example/b›「标题」
看 ‹https://a.example/b›“标题”
看 ‹https://a.example/b›公布源代码
看 ‹https://a.example/b/›公布源代码。
看 ‹https://a.example/b-›公布源代码。
看 ‹https://a.example/b?x=›公布源代码。
看 ‹https://a.example›公布源代码
‹https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUw›看破
‹https://github.com/owner/name/›找到
‹https://arxiv.org/abs/2205.02101/›论文
‹https://arxiv.org/abs/2205.02101›论文
‹https://zhuanlan.zhihu.com/p/22976342›代码详解
‹https://a.example/22976342›代码详解
‹https://a.example/条目/翠堤/19780363›
‹https://a.example/pdf/生成-对抗.pdf›
- ‹https://a.example/tag/强化学习/›
> ‹https://a.example/tag/强化学习/›
1. ‹https://a.example/tag/强化学习/›
‹https://a.example/name#this-指针›
‹https://a.example/search?q=中文›
‹https://a.example/%20中文›
‹https://a.example/カタカナ›
‹https://a.example/한국어›
‹https://a.example/Éluard›
‹https://a.example/x–y›
(‹https://a.example/b›)
(‹https://a.example/b›) 后面
(‹https://a.example/b›)后面
(see ‹https://a.example/b›), then
(‹https://a.example/b_(c)›)
(‹https://a.example/b(c)d›)
‹https://a.example/b(2009).pdf›
‹https://a.example/b›(see
‹https://a.example/b›)(c)
[‹https://a.example/b›]
[‹https://a.example/b›] text
[1] ‹https://a.example/b›
{‹https://a.example/b›}
\\url{‹https://a.example/b›}
\\href{‹https://a.example/b›}{text}
‹https://a.example/b[1]›
‹https://a.example/b›] (‹https://c.example/d›)
‹https://a.example/b›, ‹https://c.example/d›
‹https://a.example/b.pdf›,‹https://c.example/d.pdf›
‹https://a.example/b.pdf›;‹https://c.example/d.pdf›
‹https://a.example/b›，‹https://c.example/d›
‹https://a.example/b›、‹https://c.example/d›
‹https://a.example/b› ‹https://c.example/d›
‹https://a.example/b›|‹https://c.example/d›
‹https://a.example/b›\t‹https://c.example/d›
‹https://a.example/b›<br>
‹https://a.example/b›<br/>
‹https://a.example/b›\t<br>
‹https://a.example/b›<br>‹https://c.example/d›
‹https://a.example/b›</p>
‹https://a.example/b›<sup>1</sup>
**‹https://a.example/b›**
**链接：‹https://a.example/b›**
**链接：**‹https://a.example/b›**
*‹https://a.example/b›*
_‹https://a.example/b›_
__‹https://a.example/b›__
~~‹https://a.example/b›~~
***‹https://a.example/b›***
**链接** ‹https://a.example/b›
‹https://a.example/b›**后面**
‹https://a.example/b›->‹https://c.example/d›
‹https://a.example/b›-->‹https://c.example/d›
‹https://a.example/b›=>‹https://c.example/d›
‹https://a.example/b›&mdash;后面
‹https://a.example/b›&middot;‹https://c.example/d›
‹https://a.example/b›&bull;‹https://c.example/d›
‹https://a.example/b›&ldquo;后面&rdquo;
‹https://a.example/b›\ufe0f
‹https://a.example/b›\u00ad后面
‹https://a.example/b›\ufffd
‹https://a.example/b›™
‹https://a.example/b›©2021
‹https://a.example/E=mc²›
‹https://a.example/b--c›->d
==‹https://a.example/b›==
==‹https://a.example/b›==。后面
==重点：‹https://a.example/b›==
- ==重点 ‹https://a.example/b?x=MzA==›== 后面
^^‹https://a.example/b›^^
++‹https://a.example/b›++
%%‹https://a.example/b›%%
==重点== ‹https://a.example/b?x=MzA==›
a==b ‹https://a.example/b?x=MzA==›
a == b ‹https://a.example/b?x=MzA==›
‹https://a.example/b?x=MzA==› 后面
‹https://a.example/b?x=MzA==&y=1›
‹https://a.example/b/c++›
\(‹https://a.example/b›\)
\[标题\]\(‹https://a.example/b›\)
\[‹https://a.example/b›\] 后面
‹https://a.example/x*y*z›
‹https://a.example/x_y_z›
‹https://a.example/x~y›
‹https://a.example/b›![图](c.png)
‹https://a.example/b›!
‹https://a.example/b›!!!
‹https://a.example/b›?
‹https://a.example/b?c=›
‹https://a.example/b›;
‹https://a.example/b›:
‹https://a.example/b›,
‹https://a.example/b›"
"‹https://a.example/b›"
'‹https://a.example/b›'
‘‹https://a.example/b›’
“‹https://a.example/b›”
'‹https://a.example/b›'s text
‹https://a.example/it's›
‹https://a.example/b›`code`
`code`‹https://a.example/b›
‹https://a.example/b›\u00a0后面
‹https://a.example/b›\u3000后面
‹https://a.example/b›\u200b后面
‹https://a.example/b›\u200e
‹https://a.example/b›\ufeff
‹https://a.example/b›\u2028后面
‹https://a.example/b›😀
‹https://a.example/b›→
‹https://a.example/b›★
‹https://a.example/b›\\
‹https://a.example/b›&gt;
‹https://a.example/b›&nbsp;
‹https://a.example/b›&quot;
‹https://a.example/b?a=1&b=2›
‹https://a.example/b?a=1&copy=2›
‹https://a.example/b#c›
‹https://a.example/b#c›。
‹https://a.example/b/?c=d#e›）
‹https://a.example/@user›
‹https://a.example/a:b;c=d,e›
‹https://a.example/click?target=https://c.example/d›
‹https://a.example/web/2020/https://c.example/d›
‹http://http://a.example/b›
‹HTTPS://A.Example/B›
‹http://127.0.0.1:8000/b›
‹http://[::1]/b›
"""

BEFORE = r"""
在‹https://a.example/b›
于‹https://a.example/b›
链接：‹https://a.example/b›
链接:‹https://a.example/b›
链接： ‹https://a.example/b›
链接。‹https://a.example/b›
链接，‹https://a.example/b›
链接（‹https://a.example/b›）
链接【‹https://a.example/b›】
链接《‹https://a.example/b›》
链接=‹https://a.example/b›
链接->‹https://a.example/b›
链接|‹https://a.example/b›
链接/‹https://a.example/b›
链接\u3000‹https://a.example/b›
链接\u200b‹https://a.example/b›
![图](c.png)‹https://a.example/b›
<br>‹https://a.example/b›
text</b>‹https://a.example/b›
available at‹https://a.example/b›
1.‹https://a.example/b›
😀‹https://a.example/b›
- [ ] ‹https://a.example/b›
# ‹https://a.example/b›
# 标题 ‹https://a.example/b› #
| 一 | ‹https://a.example/b› |
user@‹https://a.example/b›
"""

NAMES = r"""
代码：‹www.a.example/b›。
代码：‹github.com/owner/name›
代码：‹github.com/owner/name›。
代码：‹github.com/owner/name›，后面
代码在‹github.com/owner/name›里
(‹github.com/owner/name›)
**‹github.com/owner/name›**
‹GitHub.com/owner/name.git›
‹github.com/owner/name/›
‹github.com/owner/name/tree/main/docs›
‹github.com/owner/name/issues/7›.
‹github.com/owner/name#readme›
github.com/owner
github.com/owner/name/v2/errors
github.com/owner/name@latest
src/github.com/owner/name
git@github.com/owner/name
x.github.com/owner/name
github.com
论文：‹arxiv.org/abs/2205.02101›。
论文：‹arxiv.org/abs/2205.02101v2›论文
论文：‹arxiv.org/pdf/2205.02101.pdf›
论文：‹arxiv.org/abs/cs/0112017›
论文：‹export.arxiv.org/abs/2205.02101›
arxiv.org/list/cs.CV
arxiv.org
文章：‹mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUw›）
mp.weixin.qq.com
‹arXiv:2205.02101›
‹arXiv:2205.02101v3›, 2022
(‹arXiv:2205.02101›)
[‹arXiv:2205.02101› [cs.CV]]
preprint ‹arXiv:2205.02101›.
论文‹arXiv：2205.02101›。
‹arXiv: 2205.02101› 论文
‹arxiv:cs/0112017›
‹arXiv:math.GT/0309136›
arXiv:2205.021012
arXiv:2213.02101
arXiv:2205.02101.pdf
myarXiv:2205.02101
arXiv 论文
‹10.1109/CVPR.2020.00012›
‹10.1109/CVPR.2020.00012›。
(‹10.1109/CVPR.2020.00012›)
‹doi:10.1109/CVPR.2020.00012›
DOI: ‹10.1109/CVPR.2020.00012›.
DOI：‹10.1109/CVPR.2020.00012›，后面
‹10.48550/arXiv.2205.02101›
‹10.1016/0370-2693(93)90001-A›
‹10.1007/978-3-030-58452-8\\_13›
‹doi.org/10.1109/x.1›
‹dx.doi.org/10.1109/x.1›
10.2020/11.2020
10.1000/20
192.10.1109/abc
v10.1109/abc
/10.1109/abc
10.12/abc
"""


def cases(table: str) -> list[str]:
    named = {r"\t": "\t", r"\\": "\\"}
    return [
        re.sub(
            r"\\t|\\\\|\\u([0-9a-f]{4})",
            lambda escape: named.get(escape[0]) or chr(int(escape[1], 16)),
            line,
        )
        for line in table.strip().splitlines()
    ]


def marked(case: str) -> tuple[str, list[tuple[int, str]]]:
    """The text of a case, and the column of each marked piece with the piece."""
    text, expected = "", []
    for piece in re.split(r"(‹.*?›)", case):
        if piece.startswith("‹"):
            piece = piece.strip("‹›")
            expected.append((len(text) + 1, piece))
        text += piece
    return text, expected


ALL = [*cases(AFTER), *cases(BEFORE), *cases(NAMES)]


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(ALL) == len(set(ALL))
    assert len(ALL) >= 150


@pytest.mark.parametrize("case", ALL)
def test_what_stands_beside_a_url_is_no_part_of_it(case: str) -> None:
    text, expected = marked(case)
    found = [
        (link.column, link.written or link.url) for link in extract(text) if link.element == Element.BARE
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("www.a.example/b", "http://www.a.example/b"),
        ("github.com/owner/name", "https://github.com/owner/name"),
        ("arxiv.org/abs/2205.02101", "https://arxiv.org/abs/2205.02101"),
        ("mp.weixin.qq.com/s?__biz=a&mid=1", "https://mp.weixin.qq.com/s?__biz=a&mid=1"),
        ("arXiv：2205.02101v2", "https://arxiv.org/abs/2205.02101v2"),
        ("doi:10.1109/x.1", "https://doi.org/10.1109/x.1"),
        (r"10.1007/978\_13", "https://doi.org/10.1007/978_13"),
        ("doi.org/10.1109/x.1", "https://doi.org/10.1109/x.1"),
    ],
)
def test_a_name_stands_for_the_page_that_everybody_knows_by_it(text: str, url: str) -> None:
    (link,) = extract(f"见 {text} 。")
    assert (link.url, link.written, link.element, link.column) == (url, text, Element.BARE, 3)


@pytest.mark.parametrize(
    "text", ["`arXiv:2205.02101`", "```\ngithub.com/owner/name\n```", "<!-- 10.1109/abc -->"]
)
def test_a_name_in_code_or_a_comment_is_no_link(text: str) -> None:
    assert extract(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[10.1109/abc](https://a.example/b)",
        "[arXiv:2205.02101](https://a.example/b)",
        "https://a.example/b/github.com/owner/name",
        "https://a.example/b?doi=10.1109/abc",
        "https://a.example/b/arXiv:2205.02101",
        "<a href='https://a.example/b'>github.com/owner/name</a>",
    ],
)
def test_a_name_inside_a_link_is_no_second_one(text: str) -> None:
    assert len(extract(text)) == 1


# --- the law ----------------------------------------------------------------------------------------

SAFE = "abcXYZ0189"
HOSTS = st.sampled_from(
    ["a.example", "mp.weixin.qq.com", "arxiv.org", "github.com", "x-1.example.cn:8080", "127.0.0.1"]
)
WORDS = st.text(alphabet=f"{SAFE}-._~%+@:!$*,=/", max_size=12).map(lambda word: f"{word}z")
PATHS = st.lists(st.one_of(WORDS, WORDS.map(lambda word: f"({word})")), max_size=4).map("/".join)
QUERIES = st.lists(st.tuples(WORDS, WORDS), max_size=3).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    url = f"{draw(st.sampled_from(['http', 'https', 'HTTPS']))}://{draw(HOSTS)}/{draw(PATHS)}"
    if query := draw(QUERIES):
        url += f"?{query}"
    if draw(st.booleans()):
        url += f"#{draw(WORDS)}"
    return url + draw(st.sampled_from(["", "", "/"]))


HAN = "的一是在不了有和人这中大为上个国我以要他论文代码链接"
FULL_WIDTH = "，。；：！？（）【】《》「」、“”‘’…—　"
PROSE = st.text(alphabet=f"{HAN}{FULL_WIDTH}abcHTP 019.,;:!?()[]{{}}<>*_~|'\"\n\t-", max_size=20)
CLOSING = st.text(alphabet=".,;:!?)]}'\"*_~|>", max_size=4)


@given(
    before=PROSE,
    url=addresses(),
    closing=CLOSING,
    gap=st.sampled_from(" \t\n" + HAN + FULL_WIDTH),
    behind=PROSE,
)
def test_any_url_in_any_prose_is_found_exactly(
    before: str, url: str, closing: str, gap: str, behind: str
) -> None:
    # Emphasis and another address inside a URL are another story.
    assume("**" not in url and "~~" not in url and "//" not in url[8:])
    if gap in HAN and not closing:
        # Behind a separator Chinese letters are part of a URL that fills its line.
        before = f"{before}在"
    text = f"{before}{url}{closing}{gap}{behind}"
    found = [(one.start, one.url) for one in bare_urls(text, 0, len(text))]
    assert found == [(len(before), url)]


@given(before=PROSE, url=addresses(), closing=CLOSING)
def test_a_url_that_ends_a_text_is_found_exactly(before: str, url: str, closing: str) -> None:
    assume("**" not in url and "~~" not in url and "//" not in url[8:])
    text = f"{before}{url}{closing}"
    assert [(one.start, one.url) for one in bare_urls(text, 0, len(text))] == [(len(before), url)]
