"""What training starts from: the pruned vocabulary, the base weights, a process for each core."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from training.encoder import recipe
from training.encoder.base_weights import bert_state, prune_tokenizer, read_encoder
from training.encoder.batches import Tokens
from training.encoder.fitting import fit
from training.encoder.network import Network


def prepare(folder: Path, cleaned: list[str]) -> None:
    """Write the pruned tokenizer and the base weights under BERT's names to `folder`, unless they are there."""
    if (folder / "base.pt").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    document, kept = prune_tokenizer(cleaned, recipe.PIECE_AT_LEAST)
    (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    base = read_encoder()
    state = {name: torch.from_numpy(value) for name, value in bert_state(base, recipe.LAYERS, kept).items()}
    shape = {"vocabulary": len(kept), "hidden": base.hidden, "heads": base.heads, "inner": base.inner}
    torch.save({"state": state, "shape": {**shape, "positions": base.positions}}, folder / "base.pt")
    print(f"vocabulary {len(kept):,}", flush=True)


def started(folder: Path) -> Network:
    """Return the network with the base weights; heads are random by the recipe's seed."""
    torch.manual_seed(recipe.SEED)
    base = torch.load(folder / "base.pt", weights_only=True)
    network = Network(**base["shape"])
    missing, unexpected = network.model.load_state_dict(base["state"], strict=False)
    assert not unexpected, unexpected
    assert all("pooler" in name or "classifier" in name for name in missing), missing
    return network


def process(rank: int, folder: Path, data: Tokens, watched: Tokens, total: int) -> None:
    """Run process `rank`; what :func:`torch.multiprocessing.spawn` starts."""
    torch.set_num_threads(1)
    fit(rank, folder, started(folder), data, watched, total)
