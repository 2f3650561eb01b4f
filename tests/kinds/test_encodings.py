"""In which encoding a page is: what it says, and what its bytes say where that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.kinds import _encodings, web
from enrich.model import Page, Response, Target

URL = "https://example.org/a"
TARGET = Target(id=f"url:{URL}", url=URL, kind="web", host="example.org")
HTML = "text/html"

CHINESE = (
    "<title>深度学习的新方法</title><p>这是一个关于目标检测的方法，我们在多个数据集上都得到了更好的结果。"
)
TAIWANESE = (
    "<title>深度學習的新方法</title><p>這是一個關於物件偵測的方法，我們在多個資料集上都得到了更好的結果。"
)
JAPANESE = "<title>深層学習のはじめかた</title><p>この記事では、画像を認識するしくみについて説明します。"
KOREAN = (
    "<title>딥러닝 논문 읽기</title><p>이 글에서는 객체 검출을 위한 새로운 방법을 소개하고 코드를 공개한다."
)
FRENCH = "<title>Apprentissage profond : réseaux à mémoire</title><p>L’été, où l’on a réappris."
RUSSIAN = "<title>Глубокое обучение</title><p>Новый метод обнаружения объектов на изображениях."

NATIVE = {
    "gb18030": CHINESE,
    "big5-hkscs": TAIWANESE,
    "cp932": JAPANESE,
    "euc-jp": JAPANESE,
    "cp949": KOREAN,
    "cp1252": FRENCH,
}


def title_of(text: str) -> str:
    return text.partition("<title>")[2].partition("</title>")[0]


def read(body: bytes, content_type: str | None) -> str | None:
    headers = {} if content_type is None else {"content-type": content_type}
    page = web.read_page(TARGET, Response(url=URL, status=200, headers=headers, body=body)).metadata
    assert isinstance(page, Page)
    return page.title


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("utf-8", "utf-8", CHINESE), ("UTF8", "utf-8", CHINESE),
        ("gb2312", "gb18030", CHINESE), ("GBK", "gb18030", CHINESE), ("gb18030", "gb18030", CHINESE),
        ("x-gbk", "gb18030", CHINESE), ("gb_2312-80", "gb18030", CHINESE), ("cp936", "gb18030", CHINESE),
        ("big5", "big5-hkscs", TAIWANESE), ("Big5-HKSCS", "big5-hkscs", TAIWANESE), ("cn-big5", "big5-hkscs", TAIWANESE),
        ("shift_jis", "cp932", JAPANESE), ("x-sjis", "cp932", JAPANESE), ("windows-31j", "cp932", JAPANESE),
        ("euc-jp", "euc-jp", JAPANESE), ("iso-2022-jp", "iso-2022-jp", JAPANESE),
        ("euc-kr", "cp949", KOREAN), ("ks_c_5601-1987", "cp949", KOREAN),
        ("iso-8859-1", "cp1252", FRENCH), ("windows-1252", "cp1252", FRENCH),
        ("koi8-r", "koi8-r", RUSSIAN), ("windows-1251", "cp1251", RUSSIAN),
    ],
)  # fmt: skip
def test_what_a_page_says_is_believed_in_header_and_meta(label: str, encoding: str, text: str) -> None:
    body = text.encode(encoding)
    assert read(body, f"text/html; charset={label}") == title_of(text)
    assert read(f'<meta charset="{label}">'.encode() + body, HTML) == title_of(text)
    old = f"<meta http-equiv=Content-Type content='text/html; charset={label}'>".encode()
    assert read(old + body, HTML) == title_of(text)


@pytest.mark.parametrize("encoding", NATIVE)
def test_a_page_that_says_nothing_is_read_by_what_its_bytes_make(encoding: str) -> None:
    text = NATIVE[encoding]
    assert read(text.encode(encoding), HTML) == title_of(text)
    assert read(text.encode(encoding), None) == title_of(text)
    assert read(text.encode(), HTML) == title_of(text)


WRONG = ["utf-8", "gbk", "big5", "shift_jis", "euc-jp", "euc-kr", "iso-8859-1", "utf-16", "no-such-thing"]


@pytest.mark.parametrize("label", WRONG)
@pytest.mark.parametrize("text", NATIVE.values())
def test_a_page_in_utf_8_is_read_as_such_whatever_it_says(text: str, label: str) -> None:
    assert read(text.encode(), f"text/html; charset={label}" if label != "utf-16" else HTML) == title_of(
        text
    )
    assert read(f"<meta charset={label}>".encode() + text.encode(), HTML) == title_of(text)


@pytest.mark.parametrize("label", [label for label in WRONG if label != "utf-16"])
@pytest.mark.parametrize("encoding", ["gb18030", "big5-hkscs", "cp932"])
def test_a_declaration_that_makes_rubbish_of_the_bytes_is_not_believed(encoding: str, label: str) -> None:
    text = NATIVE[encoding]
    assert read(text.encode(encoding), f"text/html; charset={label}") == title_of(text)


def test_what_the_author_says_comes_before_what_the_server_says_of_all_pages() -> None:
    body = b'<meta charset="gb2312">' + "<title>春晓</title>".encode("gb18030")
    assert read(body, "text/html; charset=ISO-8859-1") == "春晓"


def test_a_short_page_that_could_be_utf_8_by_chance_is_what_it_says() -> None:
    body = "<title>目录</title>".encode("gbk")
    assert body.decode("utf-8"), "the bytes are valid UTF-8"
    assert read(body, "text/html; charset=gbk") == "目录"


def test_a_few_damaged_characters_leave_the_rest_of_a_page_readable() -> None:
    assert _encodings.decode(CHINESE.encode() + b"\xe4\xb8", "text/html; charset=utf-8").startswith(CHINESE)
    broken = CHINESE.encode().replace("，".encode(), b"\xef\xbc")
    assert "深度学习的新方法" in _encodings.decode(broken, "text/html; charset=utf-8")


@pytest.mark.parametrize("encoding", [*NATIVE, "utf-8"])
def test_a_character_cut_at_the_limit_changes_nothing(encoding: str) -> None:
    body = NATIVE.get(encoding, CHINESE).encode(encoding)
    for cut in range(len(body) - 6, len(body)):
        text = _encodings.decode(body[:cut], HTML)
        assert text.startswith(NATIVE.get(encoding, CHINESE)[:40])


@given(
    st.binary(max_size=400),
    st.sampled_from([None, HTML, *(f"text/html; charset={name}" for name in WRONG)]),
)
def test_any_bytes_become_a_text(body: bytes, content_type: str | None) -> None:
    _encodings.decode(body, content_type).encode("utf-8", "surrogatepass")
