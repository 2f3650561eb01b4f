"""What the links of the seeds really lead to, as the gold files and the facts beside them say.

The titles that people read off are the true ones, but for faults that are known: there the truth stands below, as
does whatever the notes do not name. Descriptions of repositories and abstracts are in our own words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from enrich.model import Article, Metadata, Page, Paper, Repository

# Papers that the notes give no title, or not the one that arXiv shows today.
_PAPERS = {
    "1911.04231": "PVN3D: A Deep Point-wise 3D Keypoints Voting Network for 6DoF Pose Estimation",
    "1912.13458": "Face X-ray for More General Face Forgery Detection",
    "2002.10322": "Anatomy-aware 3D Human Pose Estimation with Bone-based Pose Decomposition",
    "2004.09484": "Bringing Old Photos Back to Life",
    "2104.13371": "BasicVSR++: Improving Video Super-Resolution with Enhanced Propagation and Alignment",
    "1903.06048": "MSG-GAN: Multi-Scale Gradients for Generative Adversarial Networks",
    "1909.04977": "CARS: Continuous Evolution for Efficient Neural Architecture Search",
    "2204.00408": "Structured Pruning Learns Compact and Accurate Models",
}
_ABSTRACTS = {
    "2204.00408": "Ever larger neural language models have drawn attention to compression: pruning removes weights of a "
    "pre-trained model, distillation transfers knowledge to a compact one. We propose coarse- and fine-grained pruning "
    "of layers, heads and hidden units, with a layerwise distillation during optimization. Models become ten times "
    "faster on GLUE and SQuAD with a small drop of accuracy, showing effectiveness and efficiency.",
}
_REPOSITORIES = {
    "PaddlePaddle/PaddleOCR": "Multilingual OCR tools, light enough for phones, based on PaddlePaddle",
    "princeton-nlp/CoFiPruning": "[ACL 2022] Structured Pruning Learns Compact and Accurate Models",
    "huggingface/accelerate": "Run PyTorch training on several GPUs or TPUs with mixed precision",
    "HuaizhengZhang/Awsome-Deep-Learning-for-Video-Analysis": "Papers, code and datasets about deep learning on videos",
    "freefuiiismyname/capsule-mrc": "Reading comprehension of opinions with capsules",
    "ShiqiYu/libfacedetection": "An open source library for face detection in images",
    "penk/ruha.camera": "A camera with a Raspberry Pi inside an old Ruhla body",
    "layumi/Person_reID_baseline_pytorch": "A small, friendly baseline for object re-identification",
    "open-mmlab/mmediting": "Toolbox for editing and generating images and videos",
    "Hzzone/MTLFace": "When age-invariant face recognition meets face age synthesis (CVPR 2021, oral)",
    "xiaoxuebajie/dairly_learning": "What I read every day",
}  # fmt: skip
# Known to answer under another name today.
RENAMED = {
    "github:open-mmlab/mmediting": "https://github.com/open-mmlab/mmagic",
    "github:bcmi/image_harmonization_datasets": "https://github.com/bcmi/Image-Harmonization-Dataset-iHarmony4",
    "github:iamhankai/ghostnet": "https://github.com/huawei-noah/Efficient-AI-Backbones",
}


def titles(gold: Path) -> dict[str, str]:
    """The title that belongs to each address that the gold entries name."""
    documents: Mapping[str, Any] = json.loads((gold / "entries.json").read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for document in documents.values():
        for rows in document.values() if isinstance(document, dict) else ():
            for entry in rows if isinstance(rows, list) else ():
                found |= {url: title for url, title in _named(entry) if url not in found}
    return found


def _named(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    papers = entry.get("papers", [])
    if entry.get("url") and entry.get("title"):
        yield entry["url"], entry["title"]
    for paper in papers:
        title = paper.get("title") or (
            entry.get("title") if "url" not in entry and len(papers) == 1 else None
        )
        if title:
            yield paper["url"], title
    named = next((paper["title"] for paper in papers if paper.get("title")), entry.get("title"))
    for code in entry.get("code", []):
        if named:
            yield code["url"], f"Official code of {named}"


def truth_of(row: Mapping[str, Any], named: Mapping[str, str]) -> Metadata | None:
    """What is fetched of a target of a report; None where nobody knows, or where a file has no title."""
    given = next((named[link["url"]] for link in row["links"] if link["url"] in named), None)
    if row["kind"] == "arxiv":
        id_ = row["id"].removeprefix("arxiv:").partition("v")[0]
        return Paper(arxiv_id=id_, title=_PAPERS.get(id_, given), abstract=_ABSTRACTS.get(id_))
    if row["kind"] == "github":
        name = "/".join(row["url"].removeprefix("https://github.com/").split("/")[:2])
        return Repository(full_name=name, description=_REPOSITORIES.get(name, given))
    if row["kind"] == "wechat":
        return Article(title=given) if given else None
    is_page = not row["url"].endswith((".pdf", ".jpg")) and given is not None
    return Page(title=f"{given} - 知乎" if "zhihu" in row["url"] else given) if is_page else None
