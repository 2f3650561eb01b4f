"""What a text is about, in English, in Chinese, or in the mixture of both that digests are written in. Pure.

An article that explains a paper has a Chinese title, the paper an English one, so that their letters never meet.
What meets are names that nobody translates (Transformer, AFA) and terms that everybody translates in the same way
(语义分割 is semantic segmentation). The glossary was read off 937 titles of papers that stand in both languages in
one list of a conference: of each English word, the Chinese ones that mostly go with it, then put right by hand.
Words that go with half of all papers are in it as well; they count a quarter, as in `titles`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from enrich.titles import STEM, weight, words_of

LONGEST = 4_000
# Shorter words stand inside others by chance.
SHORTEST_SURE = 4

# A term, and the beginnings of what it may be called in English.
_GLOSSARY = """
三维 3d three|不变 invar equiv|不平衡 imbal|不确定 uncer|专家 exper|主动学习 activ|事件 event|二值 binar|
交互 inter|人体 human body|人像 portr perso human|人物 perso human chara|人群 crowd|人脸 face facia|任务 task|
任意 arbit|优化 optim|伪影 artif|伪标签 pseud|伪装 camou|位姿 pose|位置 posit locat|低光 low light|体积 volum|
体素 voxel|信息 infor|修复 inpai resto repai|像素 pixel|元学习 meta|先验 prior|光流 flow|光照 light illum|
光谱 spect|全局 globa|全景 panop panor|公平 fair fairn|共享 share|关系 relat|关键点 keypo landm point|
关键词 keywo|内核 kerne|几何 geome|函数 funct|分割 segme parsi matti|分层 hiera|分布 distr|
分离 disen separ decou|分类 class categ|分解 decom facto|分辨率 resol|剪枝 pruni prune|加速 accel fast speed|
动作 actio motio|动态 dynam|动漫 anime carto|动物 anima|匹配 match|区域 regio area|医学 medic clini|
医疗 medic clini|半监督 semi|单目 monoc|卷积 convo cnn|压缩 compr|原型 proto|去噪 denoi noise|去模糊 deblu|
去除 remov|去雨 derai rain|去雾 dehaz haze|参数 param|双向 bidir|双目 stere binoc|双边 bilat|反射 refle|
变压器 trans|变形 defor warp|变换 trans|召回 recal|可解释 expla inter|合成 synth gener|后门 backd|吞吐 throu|
哈希 hash|噪声 noise noisy|回归 regre|图像 image|图匹配 graph match|图卷积 graph|图片 image|图神经 graph|
地图 map maps|场景 scene|域泛化 domai|域自适应 domai|增强 enhan augme|增量 incre conti|声音 audio sound|
处理 proce|复原 resto recov|多任务 task|多尺度 scale|多模态 modal|多视 view|大规模 scale|头发 hair|姿势 pose|
姿态 pose postu|姿态估计 pose|字体 font|字幕 capti|字符 chara text|定位 local|实例 insta|室内 indoo|密集 dense|
对抗 adver gan|对比学习 contr|对话 dialo conve talki|对齐 align|小样本 few|少样本 few|局部 local|属性 attri|
嵌入 embed|布局 layou|平滑 smoot|年龄 age agein|并行 paral|序列 seque|开放 open|异常 anoma outli|弱监督 weak|
强化学习 reinf|影像 image|微调 fine tune tunin|快速 fast quick|恢复 recov resto|情感 emoti senti affec|
感受野 recep|手势 gestu hand|手语 sign|手部 hand|扩散 diffu|抓取 grasp|投影 proje|抠图 matti|拉普拉斯 lapla|
拍照 photo|拓扑 topol|持续学习 conti lifel|指代 refer|指纹 finge|损失 loss|换脸 swap deepf face|
推理 reaso infer|推荐 recom|掩码 mask|描述 descr capti|提案 propo|插值 inter|插帧 inter|搜索 searc nas|
摄像机 camer|攻击 attac adver|数据增强 augme|数据集 datas bench|文字 text chara|文本 text|文档 docum|
旋转 rotat orien|无人机 drone uav aeria|无监督 unsup|时序 tempo time|时空 spati tempo|时间 time tempo|
显著 salie|显著性 salie|智能体 agent|曝光 expos|服装 cloth garme fashi|机器人 robot|机器翻译 trans|条件 condi|
架构 archi|标注 annot label|标签 label|校准 calib|样本 sampl shot|梯度 gradi|检测 detec|检索 retri searc|
模仿 imita|模态 modal|模糊 blur fuzzy|残差 resid|残影 ghost|水下 under|法线 norma|注意力 atten|流形 manif|
深度估计 depth|深度图 depth|混合 mix mixtu hybri|渐进 progr|渲染 rende|激光雷达 lidar|点云 point|
照明 illum light relig|照片 photo image|物体 objec|物理 physi|特征 featu|率失真 rate|环境 envir|
生成 gener synth gan|生物 biolo biome|皮肤 skin|监控 surve monit|目标 objec targe|直播 strea live|相似 simil|
相机 camer|知识 knowl|知识图谱 knowl graph|矩阵 matri|社交 socia|神经辐射 nerf radia|离群 outli|稀疏 spars|
稠密 dense|空间 spati space|立体 stere 3d|端到端 end|笔迹 handw|符号 symbo|第一视角 egoce|类别 categ class|
类增量 class|精度 accur preci|素描 sketc|红外 infra therm|纹理 textu|线段 line|组合 compo|细粒度 fine|
结构 struc archi|编码 encod codin|编辑 edit|缩放 scali|缺陷 defec|网格 mesh grid|美妆 makeu|群体 crowd group|
翻译 trans|老照片 old photo|联邦 feder|聚合 aggre|聚类 clust|肖像 portr|自动驾驶 auton drivi driv vehic|
自然语言 langu|自监督 self|自适应 adapt|舞蹈 dance chore|草图 sketc|蒸馏 disti|虚拟 virtu|虚拟试穿 try|
融合 fusio fuse|行为 behav actio|行人 perso pedes|表情 expre emoti facia|视听 audio|视觉 visua visio|视角 view|
视频 video|视频帧 frame|解析 parsi|解码 decod|解耦 disen decou|解释 expla inter|计数 count|记忆 memor|
评估 evalu asses|识别 recog ident|试穿 try|语义 seman|语言 langu lingu|语音 speec audio voice|说话 talki speak|
超像素 super|超分 super resol|超分辨率 super resol|跟踪 track|路径 path|车牌 plate|车辆 vehic car|车道 lane|
轨迹 traje|轮廓 conto edge|轻量 light effic mobil|边界 bound edge|边缘 edge|迁移 trans|迁移学习 trans|
运动 motio movin|近似 appro|追踪 track|逆渲染 inver|透明 trans|递归 recur|通道 chann|遥感 remot aeria satel|
遮挡 occlu|配准 regis|采样 sampl|重建 recon|重识别 reid ident|量化 quant binar|金字塔 pyram|长尾 long tail|
门控 gate gated|问答 quest answe qa vqa|阅读理解 readi compr|防御 defen|降噪 denoi noise|隐式 impli|隐私 priva|
零样本 zero|面部 face facia|音乐 music audio|音频 audio sound|预测 predi forec|预训练 pre train|频域 frequ|
频率 frequ|颜色 color colou|风格 style styl|风格迁移 style|骨架 skele|高分辨率 resol|高效 effic|鱼眼 fishe|
鲁棒 robus|鸟瞰 bird bev map maps|黑盒 black|
"""


# Words of every digest, which stand beside any paper.
_BESIDE = words_of("acc ai app com http https map org sota star stars top trick")


@cache
def _glossary() -> dict[str, frozenset[str]]:
    """Terms, and what each may be called."""
    table: dict[str, frozenset[str]] = {}
    for entry in _GLOSSARY.replace("\n", "").strip("|").split("|"):
        term, *names = entry.split()
        table[term] = table.get(term, frozenset()) | {name[:STEM] for name in names}
    return table


@cache
def _by_head() -> dict[str, list[str]]:
    """Terms by their first two characters, the longest first: four times as fast as a pattern of all."""
    table: dict[str, list[str]] = {}
    for term in sorted(_glossary(), key=len, reverse=True):
        table.setdefault(term[:2], []).append(term)
    return table


@cache
def _by_name() -> dict[str, list[str]]:
    """Terms by what English calls them."""
    table: dict[str, list[str]] = {}
    for term, names in _glossary().items():
        for name in names:
            table.setdefault(name, []).append(term)
    return table


def _terms_in(text: str) -> Iterator[str]:
    """The terms of a text, of several at one place the longest."""
    heads = _by_head()
    end = 0
    for at in range(len(text) - 1):
        if at >= end and (terms := heads.get(text[at : at + 2])):
            term = next((term for term in terms if text.startswith(term, at)), None)
            if term is not None:
                end = at + len(term)
                yield term


def share_a_topic(text: str, title: str) -> bool:
    """Whether a text in lower case surely has a topic of an English title; False where it takes a closer look."""
    names = _by_name()
    for word in words_of(title):
        if (len(word) >= SHORTEST_SURE and word in text) or any(
            term in text for term in names.get(word, ())
        ):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Topics:
    """What a text is about: its English words, and for each Chinese term the words that English has for it."""

    words: frozenset[str]
    terms: frozenset[frozenset[str]]

    @classmethod
    def of(cls, text: str) -> Topics:
        """Topics of a text, of which the first 4,000 characters are read."""
        names = _glossary()
        plain = unicodedata.normalize("NFKC", text[:LONGEST])
        return cls(words_of(plain) - _BESIDE, frozenset(names[term] for term in _terms_in(plain)))

    def shared_with(self, words: frozenset[str]) -> Topics:
        """Those topics that an English text with these words has as well."""
        return Topics(self.words & words, frozenset(term for term in self.terms if term & words))

    @property
    def weight(self) -> float:
        """How much they tell; a term as much as the most frequent of its words."""
        return weight(self.words) + sum(
            min(weight(frozenset({name})) for name in term) for term in self.terms
        )
