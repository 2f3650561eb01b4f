"""arXiv's numbers, and which addresses name a paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.kinds._arxiv_ids import ARCHIVES, identify, paper_of, parse_id
from enrich.kinds.arxiv import KIND
from enrich.model import Identity
from enrich.urls import canonical

# --- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("2205.02101", "2205.02101"),
        ("2205.02101v1", "2205.02101v1"),
        ("2001.12345V2", "2001.12345v2"),
        ("2001.1234", "2001.01234"),
        ("0704.0001", "0704.0001"),
        ("0704.00001", "0704.0001"),
        ("1412.9999", "1412.9999"),
        ("1501.00001v12", "1501.00001v12"),
        ("arXiv:2205.02101", "2205.02101"),
        ("2205.02101v2.pdf", "2205.02101v2"),
        ("math/0309136", "math/0309136"),
        ("math.GT/0309136", "math/0309136"),
        ("math/0309136v2", "math/0309136v2"),
        ("Hep-TH/9901001", "hep-th/9901001"),
        ("hepth/9901001", "hep-th/9901001"),
        ("cmp-lg/9404001", "cmp-lg/9404001"),
        ("alg-geom/9202001", "alg-geom/9202001"),
        ("cs/0703001", "cs/0703001"),
        ("quant-ph//0201082v1", "quant-ph/0201082v1"),
        ("2205.02101 ", "2205.02101"),
        ("2205.02101v1/figures", "2205.02101v1"),
    ],
)
def test_every_accepted_spelling_of_a_number_has_one_canonical_form(written: str, number: str) -> None:
    assert str(parse_id(written)) == number


@pytest.mark.parametrize(
    "written",
    [
        "1412.12345",
        "2013.00001",
        "2000.00001",
        "0703.0001",
        "0612.0001",
        "hep-th/0704001",
        "hep-th/9106001",
        "hep-th/9113001",
        "hep-th/9901000",
        "foo/0101001",
        "2001.00000",
        "2001.12345v0",
        "2001.12345v",
        "2001.123456",
        "2001.123",
        "math/030913",
        "２００１.12345",
        "",
        "2001.12345v99999",
    ],
)
def test_what_arxiv_never_gives_out_is_no_number(written: str) -> None:
    assert parse_id(written) is None


def test_the_archives_are_the_closed_list_of_38() -> None:
    assert len(ARCHIVES) == 38


@given(st.from_regex(r"\A[0-9]{4}\.[0-9]{4,5}(v[0-9]{1,3})?\Z") | st.text(max_size=30))
def test_a_canonical_number_is_its_own_canonical_form(text: str) -> None:
    paper = parse_id(text)
    assert paper is None or parse_id(str(paper)) == paper


# --- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://arxiv.org/abs/2205.02101", "2205.02101"),
        ("http://arxiv.org/abs/2205.02101v1", "2205.02101v1"),
        ("https://www.arxiv.org/abs/2205.02101/", "2205.02101"),
        ("https://arxiv.org/abs/arxiv:2205.02101", "2205.02101"),
        ("https://arxiv.org/abs/arXiv:2205.02101v3", "2205.02101v3"),
        ("https://arxiv.org/abs?id=2205.02101", "2205.02101"),
        ("https://arxiv.org/abs/?id=math/0309136", "math/0309136"),
        ("https://arxiv.org/abs?archive=math&papernum=0309136", "math/0309136"),
        ("https://arxiv.org/abs?math/0309136", "math/0309136"),
        ("https://arxiv.org/abs/2205.02101?context=cs.LG", "2205.02101"),
        ("https://arxiv.org/abs/2205.02101?fmt=txt#abs", "2205.02101"),
        ("https://arxiv.org/abs/2205.02101.pdf", "2205.02101"),
        ("https://arxiv.org/pdf/2205.02101", "2205.02101"),
        ("https://arxiv.org/pdf/2205.02101v2.pdf", "2205.02101v2"),
        ("https://arxiv.org/pdf/2205.02101.pdf%20", "2205.02101"),
        ("https://arxiv.org/pdf/math/0309136v1.pdf", "math/0309136v1"),
        ("https://arxiv.org/pdf/2205.02101.pdf?download=1", "2205.02101"),
        ("https://arxiv.org/html/2205.02101v1", "2205.02101v1"),
        ("https://arxiv.org/html/2205.02101/", "2205.02101"),
        ("https://arxiv.org/html/2205.02101v1/x1.png", "2205.02101v1"),
        ("https://arxiv.org/ps/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/dvi/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/format/2205.02101", "2205.02101"),
        ("https://arxiv.org/src/2205.02101", "2205.02101"),
        ("https://arxiv.org/src/2205.02101v2/anc/data.csv", "2205.02101v2"),
        ("https://arxiv.org/e-print/2205.02101", "2205.02101"),
        ("https://arxiv.org/bibtex/2205.02101", "2205.02101"),
        ("https://arxiv.org/tb/2205.02101", "2205.02101"),
        ("https://arxiv.org/trackback/2205.02101", "2205.02101"),
        ("https://arxiv.org/audio/2205.02101", "2205.02101"),
        ("https://arxiv.org/cits/2205.02101", "2205.02101"),
        ("https://arxiv.org/refs/2205.02101", "2205.02101"),
        ("https://arxiv.org/show-email/0a1b2c/2205.02101", "2205.02101"),
        ("https://arxiv.org/ftp/arxiv/papers/2205/2205.02101.pdf", "2205.02101"),
        ("https://arxiv.org/ftp/math/papers/0309/0309136.pdf", "math/0309136"),
        ("http://export.arxiv.org/abs/2205.02101", "2205.02101"),
        ("https://browse.arxiv.org/abs/2205.02101", "2205.02101"),
        ("https://static.arxiv.org/pdf/2205.02101.pdf", "2205.02101"),
        ("http://cn.arxiv.org/abs/2205.02101", "2205.02101"),
        ("http://lanl.arxiv.org/pdf/2205.02101", "2205.02101"),
        ("http://xxx.lanl.gov/abs/hep-th/9901001", "hep-th/9901001"),
        ("http://xxx.itp.ac.cn/abs/2205.02101", "2205.02101"),
        ("https://doi.org/10.48550/arXiv.2205.02101", "2205.02101"),
        ("http://dx.doi.org/10.48550/ARXIV.math/0309136", "math/0309136"),
        ("https://doi.org/10.48550%2FarXiv.2205.02101", "2205.02101"),
    ],
)
def test_every_address_of_a_paper_is_one_target(url: str, number: str) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.kind, identity.stands_for) == (f"arxiv:{number}", "arxiv", None)
    assert identity.url == f"https://arxiv.org/abs/{number}"


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://ar5iv.org/abs/2205.02101", "2205.02101"),
        ("https://ar5iv.labs.arxiv.org/html/2205.02101", "2205.02101"),
        ("https://www.alphaxiv.org/abs/2205.02101v1", "2205.02101v1"),
        ("https://alphaxiv.org/overview/2205.02101", "2205.02101"),
        ("https://alphaxiv.org/pdf/2205.02101", "2205.02101"),
        ("https://huggingface.co/papers/2205.02101", "2205.02101"),
        ("https://hf.co/papers/2205.02101", "2205.02101"),
        ("https://www.semanticscholar.org/arxiv/2205.02101", "2205.02101"),
        ("https://api.semanticscholar.org/arXiv:2205.02101", "2205.02101"),
        ("https://scirate.com/arxiv/2205.02101", "2205.02101"),
        ("https://www.arxiv-vanity.com/papers/2205.02101/", "2205.02101"),
        ("https://papers.cool/arxiv/2205.02101", "2205.02101"),
        ("https://hjfy.top/arxiv/2205.02101", "2205.02101"),
        ("https://www.catalyzex.com/paper/arxiv:2205.02101", "2205.02101"),
    ],
)
def test_a_page_of_another_site_keeps_its_own_address_and_stands_for_the_paper(
    url: str, number: str
) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.kind, identity.url) == (f"url:{url}", "web", url)
    assert identity.stands_for == f"arxiv:{number}"


def test_a_doi_of_a_version_was_never_given_out_so_its_page_tells_whether_it_opens() -> None:
    identity = identified("https://doi.org/10.48550/arXiv.2205.02101v2")
    assert identity is not None
    assert (identity.kind, identity.stands_for) == ("web", "arxiv:2205.02101v2")
    assert identity.url == "https://doi.org/10.48550/arXiv.2205.02101v2"


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/",
        "https://arxiv.org/list/cs.CV/recent",
        "https://arxiv.org/a/lovelace_a_1",
        "https://arxiv.org/search/?query=2205.02101",
        "https://arxiv.org/find/cs/1/au:+X/0/1/0/all/0/1",
        "https://arxiv.org/catchup?archive=cs",
        "https://arxiv.org/year/math/03",
        "https://arxiv.org/archive/cs",
        "https://arxiv.org/help/api/tou",
        "https://arxiv.org/stats/monthly_submissions",
        "https://arxiv.org/abs/",
        "https://arxiv.org/abs/cs",
        "https://arxiv.org/html/index",
        "https://rss.arxiv.org/rss/cs.AI",
        "https://info.arxiv.org/abs/2205.02101",
        "https://export.arxiv.org/api/query?id_list=2205.02101",
        "https://doi.org/10.1109/CVPR.2020.1",
        "https://huggingface.co/docs/peft",
        "https://huggingface.co/papers",
        "https://papers.cool/arxiv/cs.CV",
    ],
)
def test_other_pages_are_left_to_the_plain_check(url: str) -> None:
    assert identified(url) is None


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://arxiv.org/abs/2013.00001", "2013.00001"),
        ("https://arxiv.org/pdf/2001.123456.pdf", "2001.123456.pdf"),
        ("https://arxiv.org/abs/foo/0101001", "foo/0101001"),
        ("https://arxiv.org/abs/2205.02101，见", "2205.02101%EF%BC%8C%E8%A7%81"),
    ],
)
def test_a_wrong_number_stays_a_target_at_its_own_address(url: str, number: str) -> None:
    identity = identified(url)
    assert identity is not None
    assert (identity.id, identity.url) == (f"arxiv:{number}", canonical(url))
    assert paper_of(identity.id) is None


def test_endless_wrong_numbers_have_short_ids_that_differ() -> None:
    ids = {
        identity.id for end in "ab" if (identity := identified("https://arxiv.org/abs/" + "x" * 5000 + end))
    }
    assert len(ids) == 2
    assert max(map(len, ids)) < 100
    assert all(paper_of(one) is None for one in ids)


@given(
    st.sampled_from(sorted(KIND.hosts)).map(lambda host: f"https://x{host}" if host[0] == "." else host),
    st.text(alphabet="abspdf/0123456789.v?&=:%-，é\\ ", max_size=40) | st.text(max_size=40),
)
def test_no_address_makes_identify_fail(host: str, rest: str) -> None:
    url = canonical(f"https://{host.removeprefix('https://')}/{rest}")
    assert url is not None
    identity = identify(url)
    assert identity is None or canonical(identity.url) == identity.url


def identified(url: str) -> Identity | None:
    address = canonical(url)
    assert address is not None
    return identify(address)
