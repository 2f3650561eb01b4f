"""Skeletons of WeChat pages: the marks that tell one state from another, and nothing else.

The text in them is ours, apart from the notices, which are the marks themselves.
"""

from __future__ import annotations

TOKEN = "AAAAAAAAAAAAAAAAAAAAAA"
SHORT = f"https://mp.weixin.qq.com/s/{TOKEN}"
BIZ = "MzAwMDAwMDAwMQ=="
ARTICLE_ID = "wx:3000000001:2247480001:1"
LONG = f"https://mp.weixin.qq.com/s?__biz={BIZ}&mid=2247480001&idx=1&sn=0f&chksm=ab"
ASSETS = "//res.wx.qq.com/mmbizappmsg/zh_CN/htmledition/js/assets"


def page(body: str, head: str = "<title></title>") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def entry(name: str) -> str:
    return f'<script nomodule id="vite-legacy-entry" data-src="{ASSETS}/{name}-legacy.x1.js"></script>'


def notice(sentence: str, description: str = "", script: str = "error") -> bytes:
    """A notice as served since 2025."""
    return page(
        f'<div class="weui-msg"><div class="weui-msg__text-area"><div class="weui-msg__title warn">{sentence}'
        f'</div><div class="weui-msg__desc"><p>{description}</p></div></div></div>'
        f"<script>var biz = '' || '';var mid = '' || '';var ret = '-2' * 1;</script>{entry(script)}"
    )


def old_notice(sentence: str) -> bytes:
    """A notice as served before."""
    return page(f'<div class="text_area"><p class="global_error_msg warn">{sentence}</p></div>')


# --- alive ------------------------------------------------------------------------------------------

MODERN_HEAD = """<title></title><meta name="description" content="第一行\\x0a第二行" />
<meta property="og:title" content="一篇 &amp; 二篇" />
<meta property="og:url" content="https://mp.weixin.qq.com/s/AAAAAAAAAAAAAAAAAAAAAA" />
<meta property="og:image" content="https://mmbiz.qpic.cn/a/0?wx_fmt=jpeg" />
<meta property="og:description" content="第一行\\x0a第二行" />
<meta property="og:article:author" content="作者甲" />"""

MODERN_DATA = """<script>var PAGE_MID="mmbizwap:appmsg/newindex.html"</script>
<script>(function(d){var mid = 'mmbizwebapp:js_bridge';var biz = null;var title = "别的";
ads = {nick_name: '广告'}; var idx = start + end >> 1;})()</script>
<script>var biz = "" || "MzAwMDAwMDAwMQ==";var mid = "2247480001" || "" || "";var idx = "" || "1";
var nickname = htmlDecode("号 &amp; 名");var ct = "1762475508";var createTime = '2025-11-07 08:31';
var msg_title = '一篇 \\x26amp; 二篇'.html(false);var svr_time = "1762926245" * 1;
var msg_link = "https://mp.weixin.qq.com/s?__biz=x&amp;mid=1&amp;idx=1";
var _copyright_stat = "1";</script>
<script h5only>try { window.cgiDataNew = {
  base_resp: { ret: '0' * 1, errmsg: JsDecode('ok'), },
  nick_name: JsDecode('号 \\x26amp; 名'), title: JsDecode('一篇 \\x26amp; 二篇'),
  source_url: JsDecode('https://example.org/a?b=1\\x26amp;c=2'),
  copyright_info: { copyright_stat: '1' * 1, reprint_url: JsDecode(''), },
  picture_page_info_list: [ { cdn_url: JsDecode('https://mmbiz.qpic.cn/b'), title: JsDecode('图') }, ],
  bizuin: JsDecode('MzAwMDAwMDAwMQ=='), mid: '2247480001' * 1, idx: '1' * 1,
  item_show_type: '0' * 1, is_pay_subscribe: '0' * 1,
} } catch (e) {}</script>"""

MODERN_BODY = """<div id="js_article" class="rich_media"><h1 class="rich_media_title" id="activity-name">一篇
</h1><span id="copyright_logo">原创</span><a id="js_name">号 &amp; 名</a>
<div id="js_content"><p>四个汉字 and three words</p><style>p{}</style><script>var hidden = 1</script></div></div>"""

MODERN = page(MODERN_BODY + MODERN_DATA, MODERN_HEAD)

CLASSIC = page(
    """<div id="js_article"><h2 class="rich_media_title" id="activity-name">旧文<span id="copyright_logo">原创
</span></h2><div id="profileBt"><a>旧号</a></div><div id="js_content"><p>正文</p>
<img data-src="https://mmbiz.qpic.cn/first/0"></div>
<a id="js_view_source" href="https://example.org/old">阅读原文</a></div>
<script>var biz = ""||"MzAwMDAwMDAwMQ==";var sn = "" || ""|| "";
var mid = "" || ""|| "2247480001";var idx = "" || "" || "1";var author = "旧作者";var is_pay_subscribe = "0" * 1;
var ct = "1523110915";var msg_title = "旧文";var msg_desc = "旧的 \\x26amp; 短";var msg_link = "";</script>""",
    "<title>旧文</title>",
)

PICTURES = page(
    """<script>var PAGE_MID='mmbizwap:pages/common_share.html';window.item_show_type = '8' || '';
window.ct = '1700000000' || '';window.biz = '' || 'MzAwMDAwMDAwMQ==';window.mid = '' || '' || '2247480001';
window.idx = '' || '' || '1';window.name = "图号";</script>
<div id="js_article" class="rich_media share_content_page"></div>
<script h5only>if (window.cgiDataNew) {} window.cgiDataNew = { is_pay_subscribe: '0' * 1,
copyright_info: { copyright_stat: '1' * 1 }, source_url: JsDecode('https://example.org/pictures'),
picture_page_info_list: [ { width: '10' * 1, watermark_info: { cdn_url: JsDecode('https://mmbiz.qpic.cn/mark') },
cdn_url: JsDecode('https://mmbiz.qpic.cn/one?a=1\\x26amp;b=2') },
{ cdn_url: JsDecode('https://mmbiz.qpic.cn/two') } ] };</script>""",
    """<meta property="og:title" content="看图"><meta property="og:description" content="三个字">
<meta property="og:article:author" content="图作者">""",
)

TEXT = page(
    """<div id="js_article" class="share_content_page"><div id="js_content">界面</div></div>
<script>window.cgiDataNew = { item_show_type: 10, "nick_name": JsDecode('文号'), author: JsDecode('文作者'),
text_page_info: { content: JsDecode('x'), content_noencode: JsDecode('五个汉字啊'), },
copyright_info: { copyright_stat: '0' * 1 }, is_pay_subscribe: '0' * 1, source_url: JsDecode(''),
link: JsDecode('https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMQ==\\x26amp;mid=2247480001\\x26amp;idx=1'),
cdn_url_235_1: JsDecode('https://mmbiz.qpic.cn/text'), desc: JsDecode('短'), ori_create_time: '1590487813' * 1 };
</script>""",
    '<title> </title><meta property="og:title" content="第一段\\n\\n第二段：内容已被发布者删除">',
)

VIDEO = page(
    """<div id="js_article" class="video"></div><script>d.title = "影片";d.nick_name = "影号";
d.ct = "1558073716"*1;d.biz = "MzAwMDAwMDAwMQ==";d.mid = "" || "" || "2247480001";d.idx = "1";
d.desc = "一段影片";d.cdn_url = "https://mmbiz.qpic.cn/film";d.source_url = "https://example.org/film";
d.copyright_stat = "1";var author = "影作者";var is_pay_subscribe = "0";var item_show_type = "5";</script>"""
)

AUDIO = page(
    """<script>var PAGE_MID='mmbizwap:pages/common_share_audio.html';</script><div id="voice_panel"></div>
<script>window.cgiDataNew = { item_show_type: '7' * 1, nick_name: JsDecode('声号'), author: JsDecode('声作者'),
voice_page_info: { title: JsDecode('听听'), desc: JsDecode('四个汉字') }, ori_send_time: '1700000000' * 1,
bizuin: JsDecode('MzAwMDAwMDAwMQ=='), mid: '2247480001' * 1, idx: '1' * 1, is_pay_subscribe: '1' * 1,
cdn_url: JsDecode('https://mmbiz.qpic.cn/voice'), copyright_info: { copyright_stat: '1' * 1 },
source_url: JsDecode('https://example.org/voice') };
</script>""",
    '<meta property="og:title" content="听">',
)
OLD_AUDIO = page(
    '<div id="voice_parent"></div><script>var nickname = "声号";</script>', "<title>听</title>"
)

REPRINT_CARD = page(
    """<div id="js_article"><div id="js_content" class="original_panel_content"></div>
<div id="js_share_source" data-url="http://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMQ==&amp;mid=2247480009&amp;idx=2"></div></div>
<script>window.cgiDataNew = {copyright_info: {copyright_stat: '2' * 1, reprint_style: '2' * 1},
nick_name: JsDecode('转号'), ori_create_time: '1700000000' * 1, bizuin: JsDecode('MzAwMDAwMDAwMQ=='),
mid: '2247480001' * 1, idx: '1' * 1, is_pay_subscribe: '0' * 1, author: JsDecode('')}</script>""",
    """<meta property="og:title" content="转"><meta property="og:description" content="转的话">
<meta property="og:image" content="http://mmbiz.qpic.cn/card">""",
)

PAID = page(
    """<div id="js_article"><h1 id="activity-name" class="rich_media_title_paid">值钱 已付费</h1>
<div id="js_content">付费后可继续阅读</div></div><script>var is_pay_subscribe = "1" * 1;</script>"""
)

ALIVE = {
    "modern": MODERN,
    "classic": CLASSIC,
    "pictures": PICTURES,
    "text": TEXT,
    "video": VIDEO,
    "audio": AUDIO,
    "older audio": OLD_AUDIO,
    "reprint card": REPRINT_CARD,
    "paid": PAID,
    "voice inside an article": page(
        '<div id="js_article"><div id="js_content"><mpvoice></mpvoice></div></div>'
    ),
    "without the outer container": page(
        '<h2 class="rich_media_title">题</h2><div id="js_content">文</div>'
    ),
}

# The same notices as they would be read in Hong Kong and Taiwan, and in English.
TRADITIONAL = (
    ("wechat-deleted", "該內容已被發佈者刪除"),
    ("wechat-violation", "此內容因違規無法檢視"),
    ("wechat-violation", "此內容發送失敗無法查看"),
    ("wechat-violation", "此內容被多人投訴，相關的內容無法進行查看"),
    ("wechat-infringement", "此內容被投訴且經審核涉嫌侵權，無法查看"),
    ("wechat-account-blocked", "此帳號已被屏蔽，內容無法查看"),
    ("wechat-account-closed", "此帳號已自主註銷，內容無法檢視"),
    ("wechat-migrated-lost", "該公眾號已遷移"),
    ("wechat-migrated-lost", "原帳號遷移時未將文章素材同步至新帳號"),
    ("wechat-migrating", "此帳號處於帳號遷移流程中"),
    ("wechat-expired", "連結已過期"),
    ("wechat-bad-link", "參數錯誤"),
    ("wechat-unavailable", "系統錯誤"),
    ("wechat-unavailable", "該內容暫時無法檢視"),
    ("wechat-captcha", "環境異常，完成驗證後即可繼續訪問"),
    ("wechat-rate-limited", "操作頻繁，請稍後再試"),
    ("wechat-needs-client", "請在微信用戶端開啟連結"),
    ("wechat-private", "根據作者隱私設定，無法查看該內容"),
    ("wechat-under-review", "內容審核中"),
    ("wechat-rumour", "該文章已被第三方闢謠"),
)
ENGLISH = (
    ("wechat-account-blocked", "This account has been blocked. Unable to view the content."),
    ("wechat-expired", "The link has expired"),
    ("wechat-bad-link", "Parameter error"),
    ("wechat-unavailable", "System error"),
    ("wechat-captcha", "The current environment is abnormal"),
    ("wechat-rate-limited", "You visit too frequently"),
    ("wechat-needs-client", "Please open the link in WeChat"),
    ("wechat-migrating", "This account is being migrated"),
    ("wechat-migrated-lost", "This account has been migrated"),
)

# --- gone -------------------------------------------------------------------------------------------

SENTENCES = (
    ("wechat-deleted", "该内容已被发布者删除"),
    ("wechat-deleted", "The content has been deleted by the author."),
    ("wechat-deleted", "该内容已被作者删除"),
    ("wechat-deleted", "该内容已被删除"),
    ("wechat-deleted", "该内容已被群发删除"),
    ("wechat-deleted", "内容已删除"),
    ("wechat-deleted", "此内容因违规已删除"),
    ("wechat-violation", "此内容因违规无法查看"),
    ("wechat-violation", "Unable to view this content because it violates regulation"),
    ("wechat-violation", "接相关投诉，此内容违反了规定"),
    ("wechat-violation", "此内容发送失败无法查看"),
    ("wechat-violation", "此内容因涉嫌违反相关法律法规和政策发送失败无法查看"),
    ("wechat-violation", "此内容被多人投诉，相关的内容无法进行查看"),
    ("wechat-infringement", "此内容被投诉且经审核涉嫌侵权，无法查看"),
    ("wechat-infringement", "投诉类型 冒名侵权"),
    ("wechat-account-blocked", "此帐号已被屏蔽, 内容无法查看"),
    ("wechat-account-blocked", "此账号已被屏蔽，内容无法查看"),
    ("wechat-account-closed", "此帐号已自主注销，内容无法查看"),
    ("wechat-account-closed", "此帐号被投诉且经审核涉嫌侵权。此帐号已注销，内容无法查看。"),
    (
        "wechat-account-closed",
        "This account has been deleted by the owner. Unable to view the content.",
    ),
    ("wechat-migrated-lost", "原帐号迁移时未将文章素材同步至新帐号，该链接已不可访问"),
    ("wechat-migrated-lost", "该公众号已迁移"),
    ("wechat-rumour", "该文章已被第三方辟谣"),
    ("wechat-expired", "链接已过期"),
    ("wechat-bad-link", "参数错误"),
    ("wechat-migrating", "此帐号处于帐号迁移流程中"),
    ("wechat-unavailable", "系统出错"),
    ("wechat-unavailable", "系统错误"),
    ("wechat-unavailable", "该内容暂时无法查看"),
    ("wechat-captcha", "当前环境异常，完成验证后即可继续访问。"),
    ("wechat-rate-limited", "访问过于频繁，请用微信扫描二维码进行访问"),
    ("wechat-rate-limited", "操作频繁，请稍候再试"),
    ("wechat-needs-client", "请在微信客户端打开链接"),
    ("wechat-private", "根据作者隐私设置，无法查看该内容"),
    ("wechat-private", "该内容需要权限才可查看"),
    ("wechat-under-review", "内容审核中"),
)

# --- moved ------------------------------------------------------------------------------------------

NEW_ADDRESS = "https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMg==&mid=2247480002&idx=1&sn=y"
MIGRATED = page(
    '<div class="weui-msg"><h2 class="weui-msg__title">该公众号已迁移</h2></div>'
    f"<script>var transferTargetLink = '{NEW_ADDRESS.replace('&', '&amp;')}';</script>",
    "<title>账号已迁移</title>",
)
MIGRATED_BY_BUTTON = page(
    '<div class="weui-msg"><h2 class="weui-msg__title">该公众号已迁移</h2>'
    f'<a id="js_access_msg" href="{NEW_ADDRESS.replace("&", "&amp;")}">访问文章</a></div>'
    "<script>var transferTargetLink = '';</script>"
)
MIGRATED_BY_PLAIN_LINK = page(
    '<div class="weui-msg"><h2 class="weui-msg__title">该公众号已迁移</h2>'
    f'<a href="{NEW_ADDRESS.replace("&", "&amp;")}">访问文章</a></div>'
)

# --- cannot tell ------------------------------------------------------------------------------------

CAPTCHA = page(
    """<div class="weui-msg"><div id="tips" style="display:none;" class="top_tips warning"></div></div>
<script>var PAGE_MID='mmbizwap:secitptpage/verify.html';</script>
<script>window.cgiData = { target_url : "https://mp.weixin.qq.com/s?__biz=x\\x26amp;mid=1" };
// js_content js_article</script>"""
)
CAPTCHA_BY_STYLE = page(
    '<div class="weui-msg"></div>',
    '<title></title><link rel="stylesheet" href="//res.wx.qq.com/style/page/secitptpage/verify80ec10.css">',
)
CAPTCHA_DRAWN = page('<div class="weui-msg"><a id="js_verify" href="javascript:;">go</a></div>')
VERIFICATION = page('<script>window.PAGE_MID = "mmbizwap:wxverify/info.html"</script>')
FREQUENCY = page(
    '<script>document.write(\'<div class="qrcheck_box"><p>访问过于频繁，请用微信扫描二维码进行访问</p>'
    '<img src="/mp/appmsgqrcode?ticket=x"></div>\')</script>',
    "<title>验证</title>",
)
NEEDS_CLIENT = page(
    '<div class="page_msg"><div class="msg_content"><h4>请在微信客户端打开链接</h4></div></div>',
    "<title>抱歉，出错了</title>",
)
UNAVAILABLE = page(
    '<div class="mesg-block"><p>该内容暂时无法查看</p></div>', "<title>该内容暂时无法查看</title>"
)
PRIVATE_SHELL = page('<div id="app"></div><script>var app = 1</script>')
UNKNOWN_NOTICE = notice("Ce contenu ne peut pas s'afficher")
UNKNOWN_REMOVAL = notice("Ce contenu ne peut pas s'afficher", script="del")
RUMOUR = page('<div class="page_rumor"><p>notice</p></div>', "<style>.page_rumor{}</style>")
