"""Questions that come while the store is at work wait for it together, and are answered together.

What surprised us: to take four targets of one host costs less than the way to the thread that takes them and the
transaction around it. A run asks for some of each of thousands of hosts, and they ask at the same time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio

Q = TypeVar("Q")
A = TypeVar("A")


class _Waiting(Generic[Q, A]):
    """A question, its answer once there is one, and whether somebody still waits for it."""

    __slots__ = ("answer", "is_over", "question")

    def __init__(self, question: Q) -> None:
        self.question = question
        self.answer: A | None = None
        self.is_over = False


class Together(Generic[Q, A]):
    """Asks ``answer_all`` about all questions that wait, in the order in which they came; one call at a time."""

    def __init__(self, answer_all: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._answer_all = answer_all
        self._waiting: list[_Waiting[Q, A]] = []
        self._turn = anyio.Lock()

    async def ask(self, question: Q) -> A:
        """The answer to one question. Whoever comes first asks for all that wait by then; where that fails or is
        cancelled, the next one does."""
        own: _Waiting[Q, A] = _Waiting(question)
        self._waiting.append(own)
        try:
            async with self._turn:
                if own.answer is None:
                    await self._answer()
        finally:
            own.is_over = True
        assert own.answer is not None, "whoever has the turn answers all that wait"
        return own.answer

    async def _answer(self) -> None:
        asked = [one for one in self._waiting if not one.is_over]
        self._waiting = []
        try:
            answers = await self._answer_all([one.question for one in asked])
        except BaseException:
            self._waiting = [*asked, *self._waiting]
            raise
        for one, answer in zip(asked, answers, strict=True):
            one.answer = answer
