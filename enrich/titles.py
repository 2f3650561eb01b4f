"""Whether two titles can be titles of the same thing. Pure.

Real notes shorten a title, translate it, misspell it, number it, and put the venue or "解读" before it; authors
rename a paper between versions. So likeness is taken for granted, and only three things prove a difference:
titles in one script that share next to nothing, where both are long enough to tell, or two parts of one series.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

# Long enough to tell: with fewer words it may be an acronym, with fewer characters a label such as 论文链接.
LEAST_WEIGHT = 2.0
LEAST_PAIRS = 4.0
# The share of the shorter title that the other may have by chance. Some words stand in every fiftieth title of
# 1,850 English and 1,955 Chinese ones and more, up to every fifth, so that those weigh little.
MOST_WORDS_SHARED = 0.2
MOST_PAIRS_SHARED = 0.1
FREQUENT_WEIGHT = 0.25
LONGEST = 400
SHOWN_CHARACTERS = 80

_WORD = re.compile(r"[a-z][a-z0-9]+")
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]{2,}")
_NUMBER = re.compile(r"\s*(?:\[?\d{1,4}[\].、)）]\s*)+")
_PART = re.compile(r"[(（\[【]\s*(\d{1,2}|[一二三四五六七八九十]{1,3}|[上中下])\s*[)）\]】]\s*$")
_VENUES = """aaai accv acl acmmm bmvc coling cvpr eccv emnlp iccv icip iclr icml icra ijcai interspeech iros kdd miccai
    mm naacl neurips nips sigir sigkdd siggraph tip tpami tro wacv www"""
_LITTLE_WORDS = f"""an and are as at be by can code do for from github has how in into is it its kaggle link of official
    on one oral or paper pdf the their this to towards toward via we what when with without you your based using
    arxiv approach framework method new novel study v1 v2 v3 v4 v5 v6 v7 v8 v9 {_VENUES}"""
_FREQUENT_WORDS = """adaptation adversarial attention augmentation aware classification cloud conditional context
    contrastive convolutional cross data deep detection domain dynamic efficient end enhancing estimation face
    feature few gan gans generative graph high image improving instance knowledge language large learning local
    modal model multi nets network neural object person point pose pre prediction pretrained real recognition
    representation resolution robust scale scene segmentation self semantic semi shot single spatial super
    supervised synthesis temporal text time tracking training transfer transformer under unsupervised video view
    vision visual weakly zero"""
_FREQUENT_PAIRS = """
    一种 中的 义分 人脸 代码 估计 使用 具有 分割 分类 割的 利用 动态 卷积 图像 场景 基于 大盘
    如何 学习 实例 实现 实践 对象 对抗 度学 开源 感知 技术 提出 数据 文大 方法 无监 最新 标检
    样本 框架 检测 模型 模态 深度 特征 理解 生成 用于 监督 目标 盘点 研究 神经 算法 经网 综述
    网络 习的 自适 表示 视觉 视频 训练 识别 论文 语义 跟踪 进行 适应 通过 重建 预测 预训
"""
# Compared by their beginnings, so that *eliminating* is *elimination*.
STEM = 5
_FREQUENT = frozenset(word[:STEM] for word in (_FREQUENT_WORDS + _FREQUENT_PAIRS).split())
_LITTLE = frozenset(word[:STEM] for word in _LITTLE_WORDS.split())


def words_of(text: str) -> frozenset[str]:
    """The English words of a text that mean something, each by its beginning; of a short one without the plural's s."""
    words = _WORD.findall(text.lower())
    return frozenset(
        stem if len(word) > STEM else _singular(word)
        for word in words
        if (stem := word[:STEM]) not in _LITTLE
    )


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def weight(bag: frozenset[str]) -> float:
    """How much words or pairs of characters tell: one each, a quarter for those that stand in many titles."""
    return len(bag) - (1 - FREQUENT_WEIGHT) * len(bag & _FREQUENT)


class Likeness(Enum):
    """What comparing two titles tells of the things that they name."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Title:
    """A title as it is compared: its letters alone, its English words, its pairs of Chinese characters.

    ``name`` is the word before the colon, by which a paper is known.
    """

    letters: str
    words: frozenset[str]
    pairs: frozenset[str]
    name: str | None = None
    part: str | None = None

    @classmethod
    def of(cls, text: str) -> Title:
        """A title as it is compared, out of one as it is written."""
        plain = unicodedata.normalize("NFKC", text[:LONGEST]).lower()
        plain = _NUMBER.sub("", plain, count=1) if _NUMBER.match(plain) else plain
        part = _PART.search(plain)
        head, colon, _ = plain.partition(":")
        runs = _CHINESE.findall(plain)
        return cls(
            letters="".join(filter(str.isalnum, plain[: part.start()] if part else plain)),
            words=words_of(plain),
            pairs=frozenset(run[at : at + 2] for run in runs for at in range(len(run) - 1)),
            name="".join(filter(str.isalnum, head)) if colon else None,
            part=part[1] if part else None,
        )

    @property
    def tells(self) -> bool:
        """Whether the title is long enough to be told from another."""
        return weight(self.words) >= LEAST_WEIGHT or len(self.pairs) >= LEAST_PAIRS


def likeness(one: Title, other: Title, most_words_shared: float = MOST_WORDS_SHARED) -> Likeness:
    """Whether two titles may name one thing; unknown across languages and for short ones.

    ``most_words_shared`` is the share of the shorter title's English words up to which titles are different.
    """
    if one.letters == other.letters and one.part and other.part and one.part != other.part:
        return Likeness.DIFFERENT
    if one.letters in other.letters or other.letters in one.letters:
        return Likeness.SAME
    if one.name and one.name == other.name:
        return Likeness.SAME
    shares = [
        _share(one.words, other.words, LEAST_WEIGHT, most_words_shared),
        _share(one.pairs, other.pairs, LEAST_PAIRS, MOST_PAIRS_SHARED),
    ]
    if Likeness.SAME in shares:
        return Likeness.SAME
    if shares[1] is Likeness.DIFFERENT and one.words & other.words:
        # Two Chinese titles with one English name in them.
        return Likeness.SAME
    return Likeness.DIFFERENT if Likeness.DIFFERENT in shares else Likeness.UNKNOWN


def _share(one: frozenset[str], other: frozenset[str], least: float, most: float) -> Likeness:
    """Whether two bags share more than chance would give; unknown where either is too small."""
    shorter = min(weight(one), weight(other))
    if shorter < least:
        return Likeness.UNKNOWN
    return Likeness.DIFFERENT if weight(one & other) <= most * shorter else Likeness.SAME


def quoted(title: str) -> str:
    """A title as a message names it, cut where it is long."""
    return f"“{title}”" if len(title) <= SHOWN_CHARACTERS else f"“{title[:SHOWN_CHARACTERS]}…”"
