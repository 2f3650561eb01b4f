"""Makes the inputs of benchmarks: many notes out of a few, none of them the same."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

_URL = re.compile(r"(https?://[^/\s<>()\[\]\"'，。；：）]+/)([^\s<>()\[\]\"'，。；：）]+)")
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def notes_of(folder: Path) -> list[str]:
    """The texts of all Markdown files below a folder, by path."""
    return [path.read_text(encoding="utf-8-sig", errors="replace") for path in sorted(folder.rglob("*.md"))]


_ITEM = """{number}. [第{number}篇：一个关于检测的方法 | Paper {number}](https://mp.weixin.qq.com/s/{token})  :star:
   - Abstract: 提出了一种方法，在三个数据集上取得了最好的结果。
   - Paper: [A Method for Task {number}](https://arxiv.org/abs/{paper})
   - Code: https://github.com/{owner}/method-{number}

<div align=center><img src="https://example.org/{token}.png" style='zoom:50%'>
</div>

代码：https://github.com/{owner}/tool-{number}，欢迎试用。

```python
print("a block of code without a link")
```
"""


def made_notes(count: int = 100, items: int = 20) -> list[str]:
    """Notes of our own, where no real ones are at hand: what stands in them is what stands in real ones."""
    dice = random.Random(1)  # noqa: S311 - the same notes every time, and no secret
    return [
        f"# 笔记（2022.{dice.randint(1, 12)}.{day % 28 + 1}）\n\n" + _items(dice, items)
        for day in range(count)
    ]


def _items(dice: random.Random, count: int) -> str:
    names = ("ada", "grace", "kurt", "emmy")
    return "\n".join(
        _ITEM.format(
            number=number,
            token="".join(dice.choices(_LETTERS + _DIGITS, k=21)) + "A",
            paper=f"{dice.randint(15, 24)}{dice.randint(1, 12):02}.{dice.randint(1, 19999):05}",
            owner=dice.choice(names),
        )
        for number in range(1, count + 1)
    )


def changed(text: str, turn: int) -> str:
    """The same note with other addresses: digits and letters of every URL's path are turned by ``turn``."""
    table = str.maketrans(
        _DIGITS + _LETTERS,
        _DIGITS[turn % 10 :] + _DIGITS[: turn % 10] + _LETTERS[turn % 26 :] + _LETTERS[: turn % 26],
    )
    return _URL.sub(lambda match: match[1] + match[2].translate(table), text)


def repeated(notes: list[str], size: int) -> Iterator[str]:
    """Notes, changed on every round, until ``size`` bytes are reached."""
    written, turn = 0, 0
    while written < size:
        for note in notes:
            text = changed(note, turn) if turn else note
            written += len(text.encode())
            yield text
        turn += 1


def write(texts: Iterator[str], folder: Path) -> int:
    """Write one file a text; how many bytes."""
    folder.mkdir(parents=True)
    total = 0
    for number, text in enumerate(texts):
        total += (folder / f"{number:05}.md").write_bytes(text.encode())
    return total
