"""The parts that live in files of their own are found, and every code they use is declared."""

from __future__ import annotations

import time

import pytest

from enrich import registry
from enrich.model import CanonicalUrl, Severity, Status


def test_a_host_of_very_many_labels_is_identified_at_once() -> None:
    started = time.process_time()
    identity = registry.identify(CanonicalUrl(f"http://{'www.' * 262_144}example/"))
    assert identity.kind == "web"
    assert time.process_time() - started < 5, "it took half a minute when every suffix was built"


def test_a_code_without_a_declaration_of_its_own_has_that_of_its_family() -> None:
    assert registry.reason_of("http-418").status is Status.UNREACHABLE
    assert registry.reason_of("http-404").status is Status.BROKEN
    with pytest.raises(KeyError, match="no-such-reason"):
        registry.reason_of("no-such-reason")


def test_every_reason_and_finding_says_what_it_means() -> None:
    assert all(len(reason.help) > 20 for reason in registry.reasons().values())
    assert all(len(code.help) > 20 for code in registry.finding_codes().values())
    assert {code.severity for code in registry.finding_codes().values()} == set(Severity)


@pytest.mark.parametrize("kind", sorted(registry.kinds()))
def test_every_kind_has_a_name_for_people(kind: str) -> None:
    from enrich.explain.text import NAMES_OF_KINDS
    from enrich.report.page.labels import LANGUAGES, words

    assert kind in NAMES_OF_KINDS or kind == "github", "GitHub has one for each of its parts"
    assert all(f"kind:{kind}" in words(language) for language in LANGUAGES)


def test_no_code_is_declared_twice() -> None:
    codes = [reason.code for kind in registry.kinds().values() for reason in kind.reasons]
    codes += [code.code for kind in registry.kinds().values() for code in kind.findings]
    assert sorted(set(codes)) == sorted(codes)


def test_each_suffix_alone_leads_to_the_type_that_all_of_them_have() -> None:
    types = registry.document_types()
    assert {suffix: registry.document_type(suffix) for suffix in types} == types
    assert [registry.document_type(suffix) for suffix in ("", ".png", ".\udcff", '.md"', ".MD")] == [
        None
    ] * 5
