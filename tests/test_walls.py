"""Walls as they stand before visitors, with all their words, and pages made to keep who reads them busy."""

from __future__ import annotations

import time

import pytest

from enrich.walls import PAGE_BYTES, wall_in

EXPLAINS = "You see this because the site protects itself against programs that read it whole. " * 16
WORDY = {
    "Anubis": '<title>Making sure you are not a bot!</title><link rel="stylesheet" href="/.within.website/x/xess.css">'
    '<script id="anubis_version" type="application/json">"v1.2"</script>'
    f"<h1>Making sure you are not a bot!</h1><p>Loading...</p><details><p>{EXPLAINS}</p></details>",
    "Cloudflare": "<!DOCTYPE html><html lang=en-US><title>Just a moment...</title>"
    "<noscript>Enable JavaScript and cookies to continue</noscript><h1>site.test</h1><p>One moment, please. "
    f"{'It takes a second. ' * 16}</p><script>(function(){{window._cf_chl_opt = {{cvId: '3'}};}}());</script>",
    "Imperva": "<TITLE>Pardon Our Interruption...</TITLE><h1>Pardon Our Interruption...</h1><p>As you came by, "
    f"something about your browser made us think you were a bot. {'There are a few reasons for that. ' * 16}</p>",
    "HUMAN": '<meta name="description" content="px-captcha"><title>Access to this page has been denied</title>'
    f'<div id="px-captcha"></div><p>{"Press and hold to show that you are a person. " * 16}</p>',
    "DataDome": "<title>site.test</title><p id=cmsg>Please enable JS and disable any "
    "ad blocker</p><script data-cfasync=false>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script>"
    '<script data-cfasync="false" src="https://ct.captcha-delivery.com/c.js"></script>',
    "Amazon": "<!-- To discuss automated access to Amazon data write --><title>Amazon.com</title><h4>Enter what is "
    f"below</h4><p>{'Sorry, we have to make sure that you are no robot. ' * 8}</p>",
    "AWS WAF": '<title></title><script>window.awsWafCookieDomainList = [];window.gokuProps = {"key":"a"};</script>'
    f'<div id="challenge-container"></div><noscript><h1>JavaScript is disabled</h1>{EXPLAINS}</noscript>',
    "Aliyun": "<html><script>var arg1='0A1B';function reload(x){setCookie('acw_sc__v2',x);document.location.reload()}"
    "</script><body></body></html>",
    "F5": "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please ask your "
    "administrator.<br>Your support ID is: 123<br><a href='javascript:history.back();'>[Go Back]</a></body></html>",
}


@pytest.mark.parametrize("wall", WORDY)
def test_a_wall_is_known_with_all_its_words(wall: str) -> None:
    page = WORDY[wall].encode()
    assert wall_in(page) == wall
    assert wall_in(page, is_missing=True) == wall


@pytest.mark.parametrize("wall", WORDY)
def test_a_page_longer_than_a_wall_is_none(wall: str) -> None:
    assert wall_in(WORDY[wall].encode().ljust(PAGE_BYTES + 1)) is None
    assert wall_in(WORDY[wall].encode() + b"<p>" + b"Mosses drink with their leaves. " * 200) is None


@pytest.mark.parametrize(
    "rubbish",
    [
        b"<",
        b"<script ",
        b"<script>",
        b"<!--",
        b"</",
        b"<p",
        b"<title>",
        b"<meta ",
        b"<script src='",
        b"<textarea>",
        b"\xff",
    ],
)
def test_rubbish_is_read_in_no_time(rubbish: bytes) -> None:
    mark = b"<title>Pardon Our Interruption</title><script>window.gokuProps={}"
    page = (mark + rubbish * PAGE_BYTES)[:PAGE_BYTES]
    began = time.process_time()
    for _ in range(3):
        wall_in(page)
    assert time.process_time() - began < 1
