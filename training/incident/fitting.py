"""Choosing n-grams that tell kinds apart without being quirks of a corpus, and fitting the weights."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from language.places import COUNTIES
from services.analysis.enrich.incident.features import KINDS, LEXICAL, Reader
from services.analysis.enrich.incident.linear import Linear
from training.incident.corpora import Sample

GRAMS: Final = 3_000
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]+")
#: groups of texts (a report and its openings are one) that must hold an n-gram, and groups of incidents among them
_GROUPS, _INCIDENTS = 6, 3
_STRENGTH: Final = 4.0
#: characters of grammar and number, whose n-grams tell how somebody writes
_PLAIN: Final = re.compile("[的了是在我你他她它们这那就都也个和与及一二三四五六七八九十两几]")
#: how much the texts of a corpus count together
_SHARES: Final = {"cec": 1.0, "openings": 1.0, "headlines": 1.5, "messages": 1.5, "weibo": 0.75, "examples": 2.5}
#: names of places, outlets and people's trades in reporting tell where a corpus is from, not what happened
_QUIRKS: Final = (
    "中国 美国 日本 英国 法国 德国 韩国 朝鲜 泰国 印度 伊拉克 阿富汗 巴基斯坦 俄罗斯 以色列 菲律宾 智利 土耳其 "
    "叙利亚 索马里 也门 苏丹 希腊 北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 "
    "河南 湖北 湖南 广东 广西 海南 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 内蒙古 台湾 香港 澳门 新华 中新 "
    "人民网 中广 央视 本报 记者 日电 报道 消息 据悉 了解 讯 网 星期 上午 下午 凌晨 当地 时间 昨日 今日 昨天 "
    "今天 通讯员 组图 视频 图 西地省 尊敬 书记 您好 领导 芦山 雅安 玉树 汶川 盈江 鲁甸 景谷 塔利班 巴格达 "
    "喀布尔 昆明 普洱"
)


def choose(samples: Sequence[Sample]) -> list[str]:
    """Return candidate n-grams (2 to 4 Chinese characters) that enough groups of texts hold."""
    groups: dict[str, set[str]] = defaultdict(set)
    incidents: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.corpus == "examples":
            continue  # they teach the lexicon's weights; as n-grams they would teach their own wording
        told = sample.kind is not KINDS[-1]
        for gram in _grams(f"{sample.title} {sample.text}"):
            groups[gram].add(sample.group)
            if told:
                incidents[gram].add(sample.group)
    quirks = [*_QUIRKS.split(), *COUNTIES]
    return sorted(
        gram
        for gram, held in groups.items()
        if len(held) >= _GROUPS
        and (len(incidents[gram]) >= _INCIDENTS or len(held) >= 60)
        and not _PLAIN.search(gram)
        and not any(quirk in gram or gram in quirk for quirk in quirks)
    )


def fit(samples: Sequence[Sample]) -> Linear:
    """Fit the model: all candidates first, then again with the GRAMS that weigh most."""
    candidates = choose(samples)
    rough = _fit(samples, candidates)
    order = np.argsort(-np.abs(rough.weights - rough.weights.mean(axis=1, keepdims=True)).max(axis=1), kind="stable")
    return _fit(samples, sorted(candidates[number] for number in order[:GRAMS]))


def _fit(samples: Sequence[Sample], grams: Sequence[str]) -> Linear:
    reader = Reader(grams)
    table = matrix(reader, samples, len(grams))
    kinds = np.array([KINDS.index(sample.kind) for sample in samples])
    model = LogisticRegression(C=_STRENGTH, max_iter=400, tol=1e-3)
    model.fit(table, kinds, sample_weight=weights(samples))
    coefficients = model.coef_.T.astype(np.float32)
    return Linear(
        tuple(grams), coefficients[LEXICAL:], coefficients[:LEXICAL], model.intercept_.astype(np.float32), 1.0, reader
    )


def matrix(reader: Reader, samples: Sequence[Sample], grams: int) -> sp.csr_matrix:
    """Return the features of samples, (samples, LEXICAL + grams)."""
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for sample in samples:
        features = reader.read(sample.text, sample.title)
        data += [*features.lexical, *features.grams.values()]
        columns += [*range(LEXICAL), *(LEXICAL + number for number in features.grams)]
        ends.append(len(data))
    return sp.csr_matrix((data, columns, ends), shape=(len(samples), LEXICAL + grams))


def weights(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return the weight of each sample: corpora by _SHARES; inside one, incidents count half as much as the rest."""
    found = np.ones(len(samples))
    for corpus, share in _SHARES.items():
        inside = np.array([sample.corpus == corpus for sample in samples])
        told = np.array([sample.kind is not KINDS[-1] for sample in samples])
        for chosen, times in ((inside & told, 1.0), (inside & ~told, 2.0)):
            if chosen.any():
                found[chosen] = 1_000 * share * times / max(chosen.sum(), 50)
    return found


def scores(model: Linear, samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return probabilities, (samples, kinds)."""
    return np.array([model.probabilities(model.features(sample.text, sample.title)) for sample in samples])


def calibrated(model: Linear, chances: NDArray[np.float64], kinds: NDArray[np.int64]) -> Linear:
    """Return the model with the temperature under which held-out `chances` are likeliest."""
    logs = np.log(np.clip(chances, 1e-9, 1.0))
    best, lowest = 1.0, np.inf
    for temperature in np.geomspace(0.3, 3.0, 60):
        scaled = logs / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        loss = float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(kinds)), kinds]))
        if loss < lowest:
            best, lowest = float(temperature), loss
    return replace(model, temperature=round(best, 4))


def _grams(text: str) -> set[str]:
    return {
        run[start : start + length]
        for run in _CHINESE.findall(text)
        for length in (2, 3, 4)
        for start in range(len(run) - length + 1)
    }
