"""The words of reports for people, in the languages of their readers.

Only labels are translated: codes, messages and what strangers wrote stay as they are, since people search for them.
Formats for programs have one language.
"""

from __future__ import annotations

from collections.abc import Mapping

from enrich.config import LANGUAGES
from enrich.model import Status

STATUSES: dict[Status, tuple[str, str]] = {
    Status.OK: ("ok", "正常"),
    Status.REDIRECTED: ("redirected", "已迁移"),
    Status.BROKEN: ("broken", "失效"),
    Status.BLOCKED: ("blocked", "被拦截"),
    Status.UNREACHABLE: ("unreachable", "无响应"),
    Status.SKIPPED: ("skipped", "未检查"),
}
KINDS: dict[str, tuple[str, str]] = {
    "wechat": ("WeChat", "微信"),
    "arxiv": ("arXiv", "arXiv"),
    "github": ("GitHub", "GitHub"),
    "web": ("Web", "网页"),
    "file": ("Files", "文件"),
    "doi": ("DOI", "DOI"),
}
_WORDS: dict[str, tuple[str, str]] = {
    # Counted: one, then many; Chinese has one form.
    "link": ("link", "个链接"),
    "links": ("links", "个链接"),
    "document": ("document", "篇文档"),
    "documents": ("documents", "篇文档"),
    "target": ("target", "个目标"),
    "targets": ("targets", "个目标"),
    "note": ("note", "条说明"),
    "notes": ("notes", "条说明"),
    "comma": (", ", "，"),
    "colon": (": ", "："),
    "stop": (".", "。"),
    "headline": ("{links} in {documents}, {targets}: {statuses}", "{documents}，{links}，{targets}：{statuses}"),
    "nothing": ("nothing to check", "没有要检查的链接"),
    "unsure": ("could not be told ({targets}): {reasons}", "无法判断（{targets}）：{reasons}"),
    "deferred": ("{targets} wait for a later run: their hosts have had their share, ask for it, or take no connection",
                 "{targets}等待后续运行：其网站的本次配额已用完、要求稍后再试，或无法连接"),
    "deferred_one": ("{targets} waits for a later run: its host has had its share, asks for it, or takes no connection",
                     "{targets}等待后续运行：其网站的本次配额已用完、要求稍后再试，或无法连接"),
    "undated": ("{links} without a known date", "{links}没有已知日期"),
    "in_json": ("{notes} in the JSON report", "JSON 报告中另有 {notes}"),
    "not_complete": ("The run is not complete", "本次运行不完整"),
    "aside": ("note", "说明"),
    "more": ("… and more: the JSON report has all of it.", "……其余内容见 JSON 报告。"),
    "title": ("Links", "链接"),
    "error": ("To put right", "需要修正"),
    "warning": ("Worth a look", "值得一看"),
    "let_through": ("There before, or accepted", "原已存在或已接受"),
    "finding_error": ("error", "个错误"),
    "finding_errors": ("errors", "个错误"),
    "finding_warning": ("warning", "个警告"),
    "finding_warnings": ("warnings", "个警告"),
    "finding_note": ("let through, there before or accepted", "项未计入：原已存在或已接受"),
    "finding_notes": ("let through, there before or accepted", "项未计入：原已存在或已接受"),
    "kind": ("kind", "类型"),
    "where": ("where", "位置"),
    "what": ("what", "代码"),
    "address": ("link", "链接"),
    "to_do": ("what to do", "处理方法"),
    "all_targets": ("All targets", "全部目标"),
    "status": ("status", "状态"),
    "name": ("title", "标题"),
    "facts": ("facts", "信息"),
    "stars": ("{number} stars", "{number} 星标"),
    "stars_one": ("{number} star", "{number} 星标"),
    "archived": ("archived", "已归档"),
    "confirmed_since": ("confirmed, since {date}", "已确认，始于 {date}"),
    "failed_checks": ("failed in {number} checks", "{number} 次检查均失败"),
    "last_ok": ("last seen alive {date}", "上次正常 {date}"),
    "try": ("try {url}", "建议改为 {url}"),
    # What changed.
    "since": ("since {date} UTC: {told}", "自 {date} UTC 以来：{told}"),
    "nothing_changed": ("nothing changed", "没有变化"),
    "nothing_changed_yet": ("nothing changed in what was asked", "已检查的链接没有变化"),
    "newly_broken": ("newly broken", "新失效"),
    "confirmed": ("confirmed broken", "确认失效"),
    "recovered": ("recovered", "已恢复"),
    "moved": ("moved", "已迁移"),
    "newly_archived": ("newly archived", "新归档"),
    "unsure_now": ("cannot be told any more", "无法再判断"),
    "added": ("new in the notes", "笔记中新增"),
    "removed": ("no longer in them", "笔记中已删除"),
    "other_facts": ("other facts", "其他变化"),
    "stars_gained": ("stars gained", "新增星标"),
    "stars_lost": ("stars lost", "减少星标"),
    "moved_to": ("to {url}", "迁至 {url}"),
    "was": ("{reason}, was {was}", "{reason}，原为 {was}"),
    "was_new": ("{reason}, new in the notes", "{reason}，笔记中新增"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "none": ("none", "无"),
    "number_more": ("{number} more", "另有 {number} 处"),
    "and_more": ("… and {number} more", "……另有 {number} 项"),
}  # fmt: skip


def words(language: str) -> Mapping[str, str]:
    """All shared words in a language; those of a status begin with ``status:``, templates have names in braces."""
    place = LANGUAGES.index(language)
    table = {name: told[place] for name, told in _WORDS.items()}
    return table | {f"status:{status}": told[place] for status, told in STATUSES.items()}


def kind_word(kind: str, language: str = "en") -> str:
    """What people call a kind of link; its name where it is new."""
    told = KINDS.get(kind)
    return told[LANGUAGES.index(language)] if told else kind
