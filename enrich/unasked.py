"""The verdicts that need no network: files of the collection, and what its own address gives away.

They are stated whatever becomes of the network, so they are judged before it is asked, and offline too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio.to_thread

from enrich.files import KIND_NAME as FILE_KIND
from enrich.files import Judge
from enrich.job import Job, Progress
from enrich.model import CheckResult
from enrich.registry import kinds
from enrich.store.history import Confirmation
from enrich.store.protocol import Store

# Targets taken from the store at once. Bounded for memory's sake.
TAKEN_AT_ONCE = 500


async def judge_files(job: Job, store: Store, progress: Progress, judge: Judge, rule: Confirmation) -> int:
    """Judge the targets inside the collection; how many there were."""
    count = 0
    while not progress.interrupted and (due := await store.take_for_api(FILE_KIND, TAKEN_AT_ONCE)):
        verdicts = await anyio.to_thread.run_sync(judge.verdicts, [one.target for one in due])
        at = job.now()
        results = [
            CheckResult(target_id=id_, at=at, verdict=verdict, attempts=0)
            for id_, verdict in verdicts.items()
            if verdict is not None
        ]
        await _record(job, store, results, rule)
        await store.defer([id_ for id_, verdict in verdicts.items() if verdict is None], "relative")
        count += len(due)
    return count


async def judge_unasked(job: Job, store: Store, progress: Progress, rule: Confirmation) -> None:
    """Without a network: the verdicts that need none, such as that of a number that arXiv never gives out."""
    sources = [partial(store.take, "", TAKEN_AT_ONCE)]
    sources += [partial(store.take_for_api, kind, TAKEN_AT_ONCE) for kind in await store.kinds_by_api()]
    for take in sources:
        while not progress.interrupted and (due := await take()):
            judged = [(one.target, kinds()[one.target.kind].judge_unasked(one.target)) for one in due]
            results = [
                CheckResult(target_id=target.id, at=job.now(), verdict=verdict, attempts=0)
                for target, verdict in judged
                if verdict is not None
            ]
            await _record(job, store, results, rule)


async def _record(job: Job, store: Store, results: Sequence[CheckResult], rule: Confirmation) -> None:
    """Store results that nobody was asked for, and count them once they are stored."""
    for result, state in zip(results, await store.record(results, rule), strict=True):
        job.observer.counted(result, state)
