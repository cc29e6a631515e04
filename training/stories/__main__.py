"""Make `services/analysis/events/model/stories.npz` out of the base encoder and the training texts.

``HUIYING_SHARED_DATA=… python -m training.stories FOLDER`` writes it to FOLDER; a quarter of an hour on one core. No
text of the benchmark's events, hashtags or pairs is read.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from pathlib import Path

import faiss
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from services.analysis.enrich.story import story_of
from services.analysis.events import vectors
from services.analysis.events.vectors import MEANING, RARITIES, READ, SCALE, SHORTEST, StoryEncoder
from training.corpora import read, shared_data
from training.encoder.base_weights import bert_state, installed_tokenizer, read_encoder

SEED = 20190118
#: directions of the training texts' means that carry no meaning of one's own and are taken out
COMMON = 8
#: cells of the index
CELLS = 1024
#: texts that directions and cells are fitted on
FITTED = 60_000

#: corpora of reviews, and how many of each are read
REVIEWS = frozenset({"shopping", "takeaway", "reviews_nlpcc2014"})
REVIEWED = 6_000
#: files of citizens' messages and the column with the text
MESSAGES = {"category": "detail", "hot": "detail", "replies": "detail"}


def main() -> None:
    """Write the model."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    texts = _texts()
    keys = [key[:READ] for text in texts if len(key := story_of("", text)) >= SHORTEST]
    keys = sorted(set(keys))
    np.random.default_rng(SEED).shuffle(keys)
    print(f"{len(keys):,} texts", flush=True)
    tokenizer = Tokenizer.from_file(str(vectors._TOKENIZER))
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(keys, add_special_tokens=False)]
    tokens = _read_alone(tokenizer)
    weights = _rarity(ids, len(tokens), len(keys))
    means = np.stack([weights[one] @ tokens[one] / max(float(weights[one].sum()), 1e-6) for one in ids[:FITTED]])
    mean = means.mean(0)
    _, _, directions = np.linalg.svd(means - mean, full_matrices=False)
    kept = directions[COMMON : COMMON + MEANING].T
    projected, mean = tokens @ kept, mean @ kept
    scales = np.abs(projected).max(1) / 127 + 1e-12
    pair_counts = np.zeros(RARITIES)
    for key in keys:
        pair_counts[np.unique(vectors.pairs(key) % np.uint64(RARITIES)).astype(np.int64)] += 1
    rarity = np.log(len(keys) / np.maximum(pair_counts, 1))
    arrays: dict[str, NDArray[np.generic]] = {
        "tokens": np.rint(projected / scales[:, None]).astype(np.int8),
        "token_scales": scales.astype(np.float32),
        "token_weights": weights.astype(np.float16),
        "mean": mean.astype(np.float32),
        "rarity": np.rint(rarity / rarity.max() * 255).astype(np.uint8),
        "rarity_scale": np.float32(rarity.max() / 255),
    }
    encoder = StoryEncoder(tokenizer, dict(arrays))
    sample = np.stack([v for key in keys[:FITTED] if (v := encoder.encode(key)) is not None]).astype(np.float32)
    kmeans = faiss.Kmeans(sample.shape[1], CELLS, niter=20, seed=SEED, spherical=True, verbose=True)
    kmeans.train(sample / SCALE)
    arrays["cells"] = np.clip(np.rint(kmeans.centroids * SCALE), -127, 127).astype(np.int8)
    np.savez_compressed(folder / "stories.npz", **arrays)
    print(f"{(folder / 'stories.npz').stat().st_size / 2**20:.1f} MiB", flush=True)


def _texts() -> list[str]:
    """Return the training texts of the sentiment models, of reviews only some, and citizens' messages."""
    data = read("train")
    kept: list[str] = []
    of_corpus: Counter[str] = Counter()
    for text, corpus in zip(data.texts, data.corpora, strict=True):
        of_corpus[corpus] += 1
        if corpus not in REVIEWS or of_corpus[corpus] <= REVIEWED:
            kept.append(text)
    for name, column in MESSAGES.items():
        path = shared_data() / "topic" / f"taidi_messages_{name}.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            kept += [row[column] for row in csv.DictReader(file)]
    return kept


def _read_alone(tokenizer: Tokenizer) -> NDArray[np.float32]:
    """Return what the base encoder makes of every token by itself, (tokens, width)."""
    base = read_encoder()
    whole = {piece: number for number, piece in enumerate(installed_tokenizer())}
    pieces = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size())]
    state = bert_state(base, 12, np.array([whole[piece] for piece in pieces]))
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=base.hidden,
        num_hidden_layers=12,
        num_attention_heads=base.heads,
        intermediate_size=base.inner,
        max_position_embeddings=base.positions,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name.removeprefix("bert."): torch.from_numpy(value.copy()) for name, value in state.items()})
    model.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(pieces), 1024):
            ids = torch.arange(start, min(len(pieces), start + 1024))
            framed = torch.stack([torch.zeros_like(ids), ids, torch.full_like(ids, 2)], 1)
            found.append(model(input_ids=framed).last_hidden_state.mean(1).numpy())
    whole_table: NDArray[np.float32] = np.concatenate(found)
    return whole_table - whole_table.mean(0)


def _rarity(ids: list[list[int]], tokens: int, texts: int) -> NDArray[np.float32]:
    counts = np.zeros(tokens)
    for one in ids:
        counts[np.unique(one)] += 1
    return np.log(texts / np.maximum(counts, 1)).astype(np.float32)


if __name__ == "__main__":
    main()
