"""What forums of Discuz say in place of a thread, with status 200.

Nonsense tells nothing there: the server answers 404 to it before the forum is asked. But the notice has a place of its
own, which a thread has not, and one wording for each thing that can be the matter.
"""

from __future__ import annotations

import re

from enrich.kinds._shown import source_of
from enrich.model import Response, Status, Verdict

_PLACE = b'id="messagetext"'
_MOST_BYTES = 64 << 10
_TITLE = re.compile(r"<title>\s{0,9}提示信息(?=[\s<_|–-])", re.IGNORECASE)
_SAID = re.compile(
    r'<div id="messagetext" class="alert_(?:error|info)"[^<>]{0,80}>\s{0,40}<p>([^<]{1,200})', re.IGNORECASE
)
_GONE = re.compile(r"(?:抱歉|对不起)?，?(?:您)?指定的\w{1,6}不存在|没有找到(?:帖子|主题)")
_KEPT = re.compile(r"登录|权限|無權|无权|無法進行|无法进行此操作")


def notice(response: Response) -> Verdict | None:
    """The verdict on a page that is a forum's notice about the link; None for any other page."""
    if _PLACE not in response.body or len(response.body) > _MOST_BYTES or response.status != 200:
        return None
    source = source_of(response)
    said = _SAID.search(source) if _TITLE.search(source) is not None else None
    if said is None:
        return None
    if _KEPT.search(said[1]) is not None:
        return Verdict(Status.BLOCKED, "login-required", f"The forum says “{said[1].strip()}”.")
    gone = _GONE.match(said[1].strip()) is not None
    return Verdict(Status.BROKEN, "soft-404", f"The forum says “{said[1].strip()}”.") if gone else None
