"""The words of the page in the languages of its readers."""

from __future__ import annotations

from collections.abc import Mapping

from enrich.config import LANGUAGES
from enrich.report.words import KINDS, STATUSES
from enrich.report.words import words as report_words

# What the other formats for people say in the same words.
_SHARED = ("archived", "confirmed", "documents", "kind", "links", "moved", "newly_archived", "newly_broken", "recovered",
           "status", "targets", "where")  # fmt: skip
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Link report", "链接报告"),
    "skip": ("Skip to the list", "跳到列表"),
    "ran": ("ran", "运行时间"),
    "complete": ("complete", "完整"),
    "incomplete": ("not complete", "不完整"),
    "theme": ("Dark or light", "深色或浅色"),
    "nobody_asked": ("nobody was asked", "未询问任何网站"),
    "changed": ("Since the last complete run", "与上次完整运行相比"),
    "since": ("compared with", "比较对象"),
    "nothing_changed": ("Nothing changed.", "没有变化。"),
    "nothing_changed_yet": ("Nothing changed in what was asked.", "已检查的链接没有变化。"),
    "first_run": ("This is the first complete run that is known here: there is nothing to compare with yet.",
                  "这是此处已知的第一次完整运行，暂时没有可比较的对象。"),
    "first_incomplete": ("This run is not complete, and no complete one is known here: there is nothing to compare with.",
                         "本次运行不完整，此处也没有已知的完整运行，暂时没有可比较的对象。"),
    "unsure": ("cannot be told any more", "无法判断"),
    "cannot_tell": ("What cannot be told", "无法判断的链接"),
    "unsure_help": ("Somebody else answered, or nobody did. These links may be fine: open them in a browser.",
                    "对方拒绝或没有回应。这些链接可能是好的，请在浏览器中打开确认。"),
    "deferred_one": ("waits for a later run", "等待后续运行"),
    "deferred": ("wait for a later run", "等待后续运行"),
    "pictures": ("Pictures", "图表"),
    "table": ("Table", "表格"),
    "by_kind": ("Status by kind", "各类链接的状态"),
    "by_age": ("Age of links", "链接的年份"),
    "by_host": ("Hosts with most links", "链接最多的网站"),
    "over_time": ("Broken and unsure over time", "失效与无法判断的变化"),
    "stars_gained": ("Stars gained since the last complete run", "自上次完整运行以来新增的星标"),
    "paper_months": ("When the papers appeared", "论文发表时间"),
    "year": ("year", "年份"),
    "host": ("host", "网站"),
    "night": ("run", "运行"),
    "repository": ("repository", "仓库"),
    "gained": ("gained", "新增"),
    "month": ("month", "月份"),
    "papers": ("papers", "论文"),
    "paper": ("Paper", "论文"),
    "undated": ("undated", "无日期"),
    "nothing": ("Nothing to draw yet.", "暂无数据。"),
    "list": ("Entries, targets and findings", "条目、目标与提示"),
    "entries": ("Entries", "条目"),
    "all_links": ("Targets", "目标"),
    "findings": ("Findings", "提示"),
    "search": ("Search titles, abstracts, remarks", "搜索标题、摘要、备注"),
    "finding": ("finding", "提示"),
    "document": ("document", "文档"),
    "topic": ("topic", "主题"),
    "from": ("from", "从"),
    "until": ("until", "到"),
    "sort": ("sort by", "排序"),
    "order_place": ("place in the notes", "笔记中的顺序"),
    "order_stars": ("stars", "星标"),
    "order_date": ("date, newest first", "日期，新的在前"),
    "order_status": ("status, broken first", "状态，失效在前"),
    "all": ("all", "全部"),
    "clear": ("Clear filters", "清除筛选"),
    "more": ("Show more", "显示更多"),
    "none_match": ("Nothing matches these filters.", "没有符合条件的结果。"),
    "shown": ("of", "/"),
    "abstract": ("Abstract", "摘要"),
    "code": ("Code", "代码"),
    "others": ("Further links", "其他链接"),
    "article": ("Article", "文章"),
    "stars": ("stars", "星标"),
    "last_push": ("last push", "最近提交"),
    "try": ("try", "建议改为"),
    "places": ("stands at", "位置"),
    "last_ok": ("last seen alive", "上次正常"),
    "failing_since": ("failing since", "失效始于"),
    "permalink": ("Link to this", "此项链接"),
    "no_script": ("The list below needs JavaScript. The same is in latest.json and, for reading, in the Markdown report.",
                  "下面的列表需要 JavaScript。相同内容见 latest.json 和 Markdown 报告。"),
    "left_out": ("Links that are fine are left out of this page, since there are too many; the JSON report has them.",
                 "链接过多，本页省略了正常的链接；JSON 报告中有全部内容。"),
    "to_right": ("to put right", "需要修正"),
    "worth_a_look": ("worth a look", "值得一看"),
    "notes": ("notes", "备注"),
    "error": ("error", "错误"),
    "warning": ("warning", "警告"),
    "note": ("note", "说明"),
    "message": ("what to do", "处理方法"),
    "link": ("link", "链接"),
    "date": ("date", "日期"),
}  # fmt: skip


def words(language: str) -> Mapping[str, str]:
    """All words of the page in a language; those of a status and a kind begin with ``status:`` and ``kind:``."""
    place = LANGUAGES.index(language)
    shared = report_words(language)
    table = {name: told[place] for name, told in _WORDS.items()} | {name: shared[name] for name in _SHARED}
    table |= {f"status:{status}": told[place] for status, told in STATUSES.items()}
    return table | {f"kind:{kind}": told[place] for kind, told in KINDS.items()}
