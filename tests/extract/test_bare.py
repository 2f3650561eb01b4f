"""Where a URL without markup begins and ends."""

from __future__ import annotations

import pytest

from enrich.extract import extract
from enrich.extract.bare import bare_urls, decode_entities, resolve

URL = "https://a.example/b"


def urls(text: str, *, code: bool = False) -> list[str]:
    return [bare.url for bare in bare_urls(text, 0, len(text), code=code)]


@pytest.mark.parametrize(
    "behind", list('，。；：！？（）【】《》「」『』、“”‘’｜—…～　\u00a0\u200b\ufeff<>"`| \t\n🔥→')
)
def test_a_url_ends_at_what_no_address_holds(behind: str) -> None:
    assert urls(f"见{URL}{behind}后面") == [URL]


@pytest.mark.parametrize(
    "mark",
    [
        ":star:",
        ":star::star:",
        ":fire:.",
        ":+1:",
        ":heavy_check_mark:",
        ":heart_eyes:,",
        ":star2::new:**",
        ":x:)",
    ],
)
def test_a_picture_that_is_set_behind_a_url_is_no_part_of_it(mark: str) -> None:
    assert urls(f"{URL}{mark}") == [URL]
    assert urls(f"- {URL}/{mark} 一文") == [f"{URL}/"]
    assert urls(f"{URL}{mark}", code=True) == [URL]


@pytest.mark.parametrize(
    "path",
    [
        "/wiki/help:contents:",
        "/wiki/Star:",
        "/a:star:b",
        "/:star:/c",
        "/a:star",
        "?q=a:8080:",
        "/urn:isbn:1:",
    ],
)
def test_colons_in_an_address_are_no_picture(path: str) -> None:
    assert urls(f"https://a.example{path}") == [f"https://a.example{path.removesuffix(':')}"]
    assert urls(f"https://a.example{path} x") == [f"https://a.example{path.removesuffix(':')}"]


@pytest.mark.parametrize(
    "before",
    ["==重点==", "==重点==，", "**==重点==** ", "==a== 和 ==b==：", "a == b，", "见", "`x`==重点== "],
)
def test_an_address_behind_a_highlight_that_has_ended_keeps_its_end(before: str) -> None:
    assert urls(f"{before}{URL}?c=MzA==") == [f"{URL}?c=MzA=="]
    assert urls(f"{before}=={URL}?c=MzA====") == [f"{URL}?c=MzA=="]


@pytest.mark.parametrize("end", ["?c=MzA==", "?q=", "/c-", "/c--"])
def test_what_looks_like_an_arrow_ends_an_address_in_brackets_of_its_own(end: str) -> None:
    url = f"{URL}{end}"
    for path in ("a.txt", "a.rst", "a.html", "a.md"):
        assert [link.url for link in extract(f"x <{url}> y", path=path)] == [url]
    assert [link.url for link in extract(f"<a href={url}>x</a>")] == [url]
    assert urls(f"{URL}=>{URL} x={URL}-->{URL}") == [URL] * 4


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/users/<id>",
        "https://a.example/users/<user-name>/repos",
        "https://a.example/?key=<API KEY>",
        "https://a.example/users/&lt;id&gt;/x",
        "https://a.example/users/\\<id\\>",
        "https://[host]/x",
        "[x](https://a.example/users/<id>)",
    ],
)
def test_an_address_with_something_to_fill_in_is_none(text: str) -> None:
    assert extract(f"GET {text} 后面") == []


@pytest.mark.parametrize("path", ["a.md", "a.txt", "a.rst"])
def test_code_and_plain_text_have_such_addresses_too(path: str) -> None:
    text = f"    GET {URL}/<id> {URL}/<br> {URL}/<user name>/x {URL}\n\n`{URL}/<id>`\n"
    assert [link.url for link in extract(text, path=path)] == [f"{URL}/", URL]


@pytest.mark.parametrize("name", ["red", "g-emoji", "noindex"])
def test_what_is_closed_again_is_a_tag(name: str) -> None:
    for path in ("a.md", "a.txt", "a.html"):
        text = f"<p>{URL}/<{name}>x</{name}></p>"
        assert [link.url for link in extract(text, path=path)] == [f"{URL}/"]


def test_in_a_page_each_tag_is_one() -> None:
    assert [link.url for link in extract(f"<p>{URL}/<g-icon></p>", path="a.html")] == [f"{URL}/"]
    assert extract(f"<p>{URL}/&lt;id&gt;</p>", path="a.html") == []


@pytest.mark.parametrize(
    "behind",
    [
        "<br>",
        "<BR/>",
        "</p>",
        "<sup>1</sup>",
        "<kbd>x</kbd>",
        "<h2>x</h2>",
        "<!-- x -->",
        "< x",
        "<中文>",
        "<https://b.c>",
    ],
)
def test_a_tag_behind_an_address_is_nothing_to_fill_in(behind: str) -> None:
    assert extract(f"{URL}/{behind}")[0].url == f"{URL}/"
    assert urls(f"{URL}<id>") == [URL]
    assert urls("http://[::1]/x") == ["http://[::1]/x"]


def test_what_markup_bounds_keeps_its_colons() -> None:
    assert [link.url for link in extract(f"[x]({URL}:star:) <{URL}:star:>")] == [f"{URL}:star:"] * 2


@pytest.mark.parametrize(
    "written",
    [
        "https:// a.example/b",
        "https://  a.example/b",
        "https: //a.example/b",
        "https ://a.example/b",
        "HTTPS: // a.example/b",
    ],
)
def test_a_space_in_the_scheme_of_what_was_meant_as_a_link_is_left_out(written: str) -> None:
    assert urls(f"见[x]({written})和[y]( {written} )") == [URL, URL]
    assert [(link.url, link.written, link.column) for link in extract(f"[x]({written})")] == [
        (URL, written, 5)
    ]


def test_a_host_that_is_known_without_its_scheme_is_found_once_behind_a_space() -> None:
    assert urls("[x](https:// www.a.example/b) [y](http:// github.com/o/r)") == [
        "https://www.a.example/b",
        "http://github.com/o/r",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "https:// a.example/b",
        "(https:// a.example/b)",
        "[x](https:// stands in front)",
        "[x](https:// )",
        "x](https:// a.example)",
        "[x](https:// a. b)",
    ],
)
def test_a_space_behind_a_scheme_in_other_text_makes_no_address(text: str) -> None:
    assert urls(text) == []


@pytest.mark.parametrize("mark", ["。", "，", "）", "；", "：", "！", "？", "】", "》", "」", "、", "”"])
def test_full_width_punctuation_at_the_end_of_a_line_is_prose(mark: str) -> None:
    assert urls(f"{URL}{mark}") == [URL]


@pytest.mark.parametrize(
    "behind",
    [".", ",", "!", "?", ":", ";", "'", "*", "_", "~", "...", ".)", "**", "~~", "\\", "&gt;", "&copy;"],
)
def test_trailing_punctuation_is_trimmed(behind: str) -> None:
    assert urls(f"{URL}{behind}") == [URL]
    assert urls(f"{URL}{behind} and more") == [URL]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"({URL})", [URL]),
        (f"({URL})后面", [URL]),
        (f"({URL}_(c))", [f"{URL}_(c)"]),
        (f"{URL}/(c", [f"{URL}/"]),
        (f"[{URL}]", [URL]),
        (f"{URL}] (https://c.example)", [URL, "https://c.example"]),
        (f"\\url{{{URL}}}", [URL]),
        (f"{URL}(see https://c.example)", [URL, "https://c.example"]),
        (f"{URL}/[x]", [f"{URL}/[x]"]),
        ("http://[::1]:8080/x", ["http://[::1]:8080/x"]),
    ],
)
def test_an_unbalanced_bracket_ends_a_url(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://github.com/rucaibox/reseq/找到", ["https://github.com/rucaibox/reseq/"]),
        (
            "https://mp.weixin.qq.com/s/_b5wRtOMwmGi8N5fxgMFEw看破",
            ["https://mp.weixin.qq.com/s/_b5wRtOMwmGi8N5fxgMFEw"],
        ),
        ("https://arxiv.org/abs/2205.02101/论文", ["https://arxiv.org/abs/2205.02101/"]),
        ("https://zhuanlan.zhihu.com/p/22976342代码详解", ["https://zhuanlan.zhihu.com/p/22976342"]),
        ("https://baike.example/item/翠堤春晓/19780363", ["https://baike.example/item/翠堤春晓/19780363"]),
        ("- https://a.example/pdf/模型-网络.pdf<br>", ["https://a.example/pdf/模型-网络.pdf"]),
        ("> 1. https://a.example/tag/强化学习/", ["https://a.example/tag/强化学习/"]),
        (
            "https://github.com/huihut/interview#this-指针",
            ["https://github.com/huihut/interview#this-指针"],
        ),
        ("见 https://a.example/tag/强化学习/", ["https://a.example/tag/"]),
        ("https://a.example/tag/强化学习 一文", ["https://a.example/tag/"]),
        ("https://a.example/tag强化", ["https://a.example/tag"]),
        ("https://a.example中文", ["https://a.example"]),
        ("https://例子.example/路径", ["https://例子.example/路径"]),
        ("以https://开头的链接", []),
        ("https://a.example/カタカナの説明", ["https://a.example/カタカナの説明"]),
        ("詳細はhttps://a.example/カタカナ", ["https://a.example/"]),
        ("https://fr.example/Éluard", ["https://fr.example/Éluard"]),
        ("https://en.example/Newton–Raphson", ["https://en.example/Newton–Raphson"]),
    ],
)
def test_chinese_letters_belong_to_a_url_that_fills_its_line_behind_a_separator(
    text: str, expected: list[str]
) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("available athttps://a.example/b", ["https://a.example/b"]),
        ("HTTPS://A.example/B", ["HTTPS://A.example/B"]),
        ("https://a.example/x.pdf,https://b.example", ["https://a.example/x.pdf", "https://b.example"]),
        (
            "https://a.example/click?target=https://b.example/c",
            ["https://a.example/click?target=https://b.example/c"],
        ),
        ("http://http://arxiv.org/abs/1812.05784", ["http://http://arxiv.org/abs/1812.05784"]),
        ("'https://a.example/b'c", ["https://a.example/b"]),
        ("https://a.example/it's", ["https://a.example/it's"]),
        ("https://a.example/x*y*z", ["https://a.example/x*y*z"]),
        ("https://a.example/~user/%E4%B8%AD", ["https://a.example/~user/%E4%B8%AD"]),
        ("localhost http://localhost:8000/x", ["http://localhost:8000/x"]),
        ("https://... and http:// and https://-", []),
    ],
)
def test_urls_are_found_wherever_they_stand(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see www.a.example/b.", ["http://www.a.example/b"]),
        ("见www.a.example", ["http://www.a.example"]),
        ("WWW.A.example", ["http://WWW.A.example"]),
        ("https://www.a.example", ["https://www.a.example"]),
        ("x@www.a.example awww.a.example /www.a.example", []),
        ("www. and www.x and www.中文", []),
    ],
)
def test_a_name_that_begins_with_www_is_a_url(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://${host}/x",
        "https://a.example/${id}",
        "https://a.example/{owner}/{repo}",
        "http://{{ site }}/",
        "http://%s/x",
        "http://<host>/x",
        "https://{service}.example",
    ],
)
@pytest.mark.parametrize("code", [True, False])
def test_a_template_is_no_link(text: str, code: bool) -> None:
    assert urls(text, code=code) == []


def test_entities_and_escapes_are_resolved_in_text_and_stand_for_themselves_in_code() -> None:
    text = r"https://a.example/x\_y?a=1&amp;b=2"
    assert urls(text) == ["https://a.example/x_y?a=1&b=2"]
    assert urls("https://a.example/?a=1&amp;b=2", code=True) == ["https://a.example/?a=1&amp;b=2"]
    assert urls(r"'https://a.example/x\n'", code=True) == ["https://a.example/x"]


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        ("a&amp;b", "a&b"),
        ("a&amp;amp;b", "a&amp;b"),
        (r"a\x26amp;b", "a&b"),
        ("a&copy=1&reg", "a&copy=1&reg"),
        ("&#38;&#x26;&AMP;", "&&&"),
        ("&unknown; &#0; &#xD800;", "&unknown; \ufffd \ufffd"),
    ],
)
def test_entities_are_decoded_once_and_only_with_their_semicolon(raw: str, decoded: str) -> None:
    assert decode_entities(raw) == decoded


def test_a_backslash_escapes_punctuation_alone() -> None:
    assert resolve(r"a\_b\(c\)\d\x26amp;e") == r"a_b(c)\d&e"
