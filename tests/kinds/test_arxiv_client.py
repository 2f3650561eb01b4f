"""The seam with the `arxiv` package: one question through our fetch, one answer, whatever is sent."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import anyio
import pytest
from local_arxiv import LocalArxiv, answer, entry, feed, ids_of

from enrich.kinds._arxiv_client import MAX_FEED_BYTES, Feed, Refused, Trouble, ask
from enrich.model import Api, Outcome, Request, Response


@pytest.mark.anyio
async def test_the_package_asks_through_our_fetch_and_nothing_else() -> None:
    local = LocalArxiv({"2205.00001": 1})
    api = Api(fetch=local.fetch, arxiv_api_url="http://127.0.0.1:9/mirror/{x}/api/query?key=1")
    got = await ask(["2205.00001", "math/0309136"], api)
    assert isinstance(got, Feed)
    assert [str(number) for number in got.papers] == ["2205.00001v1"]
    (request,) = local.asked
    assert request.url.startswith("http://127.0.0.1:9/mirror/{x}/api/query?key=1&")
    assert (request.method, request.max_body_bytes) == ("GET", MAX_FEED_BYTES)
    assert request.headers == (("accept", "*/*"),), "no page is wanted, and of no use"
    assert ids_of(request) == ["2205.00001", "math/0309136"]


@pytest.mark.anyio
async def test_a_server_that_counts_more_than_it_gives_is_not_asked_for_a_second_page() -> None:
    def boastful(request: Request) -> Outcome:
        body = feed(entry("2205.00001", 1)).replace(b"totalResults>1<", b"totalResults>900<")
        return answer(request, 200, body)

    local = LocalArxiv(specials={1: boastful})
    got = await ask(["2205.00001", "2205.00002"], Api(fetch=local.fetch))
    assert isinstance(got, Feed)
    assert (len(got.papers), len(local.asked)) == (1, 1)


@pytest.mark.anyio
async def test_a_refusal_names_the_number_and_trouble_keeps_the_attempts() -> None:
    local = LocalArxiv(specials={2: lambda request: answer(request, 503, b"", attempts=3)})
    api = Api(fetch=local.fetch)
    assert await ask(["abc"], api) == Refused(frozenset({"abc"}))
    got = await ask(["2205.00001"], api)
    assert isinstance(got, Trouble)
    assert got.attempts == 3


@pytest.mark.anyio
async def test_a_thread_that_is_about_to_ask_when_its_lookup_is_cancelled_asks_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """anyio never cancels a task that a thread starts afterwards: asking would wait, and spin, without end."""
    asked: list[str] = []
    cancelled = threading.Event()

    def slow(api_url: str) -> str:
        # Like the import of the package, which takes a third of a second.
        assert cancelled.wait(60)
        return api_url + "?{}"

    async def fetch(request: Request) -> Outcome:
        asked.append(request.url)
        return Response(url=request.url, status=500, headers={})

    monkeypatch.setattr("enrich.kinds._arxiv_client._query_format", slow)
    ended: list[object] = []

    async def look() -> None:
        try:
            ended.append(await ask(["2101.00001"], Api(fetch=fetch)))
        except BaseException as error:
            ended.append(type(error))
            raise

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
        # What was cancelled has been told by then, and the thread goes on.
        threading.Timer(0.2, cancelled.set).start()
    assert asked == []
    assert ended == [anyio.get_cancelled_exc_class()]


@pytest.mark.anyio
async def test_cancelling_a_lookup_ends_its_thread() -> None:
    started = anyio.Event()

    async def never(_request: Request) -> Outcome:
        started.set()
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, ["2205.00001"], Api(fetch=never))
            await started.wait()
            tasks.cancel_scope.cancel()


def test_identifying_a_paper_loads_neither_the_package_nor_the_network() -> None:
    code = (
        "import sys, json; from enrich.kinds.arxiv import identify;"
        "identify('https://arxiv.org/abs/2205.02101');"
        "print(json.dumps([name for name in ('arxiv', 'requests', 'lxml', 'httpx', 'anyio') if name in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []


def test_what_the_package_logs_about_an_answer_stays_off_the_terminal() -> None:
    code = (
        "import anyio; from local_arxiv import answer, entry, feed;"
        "from enrich.kinds._arxiv_client import ask; from enrich.model import Api\n"
        "async def fetch(request):\n"
        "    return answer(request, 200, feed(entry('2205.00001', 1).replace('published', 'x')))\n"
        "print(anyio.run(ask, ['2205.00001'], Api(fetch=fetch)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert (ran.stdout, ran.stderr) == ("Feed(papers={}, attempts=1)\n", "")
