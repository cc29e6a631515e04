"""Near-duplicate signatures: stable, and telling copies from other texts."""

from __future__ import annotations

import subprocess
import sys

from services.analysis.enrich.signature import BANDS, SIZE, as_array, bands, sign, similarity, story_of

REPORT = (
    "3月1日上午,澜沧县糯扎渡镇部分移民群众到镇政府反映补偿款发放缓慢的问题。镇党委负责人接待了群众代表,"
    "表示将在三个工作日内核实情况并公布发放名单,对截留挪用行为将严肃处理。"
)


def test_copies_are_near_and_others_far() -> None:
    original = as_array(sign(story_of("", REPORT)))
    reprint = as_array(sign(story_of("", "【转载】" + REPORT.replace("上午", "上午9时") + "(来源:某网)")))
    other = as_array(
        sign(story_of("", "景谷县昨日举行春季招聘会,四十余家企业提供两千个岗位,吸引了众多求职者前来咨询。"))
    )
    assert similarity(original, original) == 1
    assert similarity(original, reprint) > 0.7
    assert similarity(original, other) < 0.1
    assert set(bands(original)) & set(bands(reprint))
    assert not set(bands(original)) & set(bands(other))


def test_short_texts_have_none() -> None:
    assert sign(story_of("", "转发微博")) == []
    assert sign(story_of("糯扎渡移民补偿款到账情况", "转发")) != []


def test_bands_fit_a_signed_column() -> None:
    keys = bands(as_array(sign(story_of("", REPORT))))
    assert len(keys) == BANDS == len(set(keys))
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_signatures_are_the_same_in_every_process() -> None:
    key = story_of("", REPORT)
    code = (
        "import sys; from services.analysis.enrich.signature import *; "
        "s = sign(sys.argv[1]); print(s); print(bands(as_array(s)))"
    )
    run = subprocess.run([sys.executable, "-c", code, key], capture_output=True, text=True, check=True)
    signature = sign(key)
    assert len(signature) == SIZE
    assert run.stdout.split("\n")[:2] == [str(signature), str(bands(as_array(signature)))]
