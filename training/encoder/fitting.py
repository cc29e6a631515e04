"""Fitting: processes of one thread each, weights averaged, taken up again where it was cut off."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn

from training.encoder import recipe
from training.encoder.batches import Tokens, by_length, steps
from training.encoder.network import Network

#: seconds between two saves of what is needed to go on
_SAVE_EVERY = 300
_REPORT_EVERY = 25


def rate(step: int, total: int) -> float:
    """Return the learning rate's share at `step`: warming up, then level, then down to zero by a straight line."""
    warm, cool = recipe.WARM_UP * total, recipe.COOL_DOWN * total
    return max(0.0, min((step + 1) / warm, (total - step) / cool, 1.0))


def padded(data: Tokens, batch: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Return ids and mask of a batch, (texts, longest)."""
    longest = max(data.ids[index].size for index in batch)
    ids = np.full((batch.size, longest), 1, np.int64)
    for row, index in enumerate(batch):
        ids[row, : data.ids[index].size] = data.ids[index]
    tensor = torch.from_numpy(ids)
    return tensor, (tensor != 1).long()


def loss_of(found: dict[int, Tensor], allowed: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of a batch: of the last head, and of the early ones against labels and the last head."""
    last = found[recipe.LAYERS].float()
    told = torch.softmax(last.detach(), -1)
    total = (weights * _against(last, allowed)).sum()
    for layer in recipe.EXITS:
        early = found[layer].float()
        agree = -(told * torch.log_softmax(early, -1)).sum(-1)
        total = total + recipe.EXIT_WEIGHT * (weights * (_against(early, allowed) + agree) / 2).sum()
    return total / weights.sum()


def _against(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return -log of the probability of the classes left open, smoothed towards all three."""
    log = torch.log_softmax(logits, -1)
    right = -torch.logsumexp(log.masked_fill(~allowed, -math.inf), -1)
    return (1 - recipe.LABEL_SMOOTHING) * right - recipe.LABEL_SMOOTHING * log.mean(-1)


def _optimiser(network: Network) -> torch.optim.Optimizer:
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        head = name.startswith("exits") or ".pooler." in name or ".classifier." in name
        groups.setdefault((head, parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "peak": recipe.HEAD_RATE if head else recipe.RATE,
                "weight_decay": recipe.WEIGHT_DECAY if matrix else 0.0,
            }
            for (head, matrix), parameters in groups.items()
        ],
        lr=recipe.RATE,
        betas=(0.9, 0.98),
        fused=True,
    )


def _average(network: Network) -> None:
    """Replace every process's weights by their mean."""
    with torch.no_grad():
        flat = nn.utils.parameters_to_vector(network.parameters())
        dist.all_reduce(flat)
        nn.utils.vector_to_parameters(flat / recipe.PROCESSES, network.parameters())


def predict(network: Network, data: Tokens, *, bfloat16: bool = True) -> dict[int, NDArray[np.float32]]:
    """Return the logits (texts, 3) of every head by its layer, texts in order.

    The network stays in the mode it was in.
    """
    training = network.training
    network.eval()
    lengths = np.array([ids.size for ids in data.ids])
    found = {layer: np.empty((lengths.size, 3), np.float32) for layer in (*recipe.EXITS, recipe.LAYERS)}
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        for batch in by_length(np.arange(lengths.size), lengths):
            for layer, logits in network(*padded(data, batch)).items():
                found[layer][batch] = logits.float().numpy()
    network.train(training)
    return found


def fit(rank: int, folder: Path, network: Network, data: Tokens, watched: Tokens, total: int) -> None:
    """Train `network` as process `rank`; what is needed to go on lies in `folder`.

    Progress goes to standard output and `folder`/progress.jsonl (rank 0): loss, share right on the `watched` texts'
    open classes, texts a second.
    """
    torch.set_num_threads(1)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    dist.init_process_group("gloo", rank=rank, world_size=recipe.PROCESSES)
    optimiser = _optimiser(network)
    saved = folder / f"state-{rank}.pt"
    begin = 0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        begin = state["step"]
        print(f"process {rank} goes on at step {begin}", flush=True)
    agreed = torch.tensor([begin, -begin])
    dist.all_reduce(agreed, op=dist.ReduceOp.MAX)
    if agreed[0] != -agreed[1]:
        raise SystemExit(f"{folder}: the two processes were saved at different steps; remove state-*.pt to start anew")
    allowed, weights = torch.from_numpy(data.open_classes), torch.from_numpy(data.weights).float()
    network.train()
    began, last_save, losses, seen = time.monotonic(), time.monotonic(), [], 0
    for step, batch in enumerate(steps(data, rank, recipe.PROCESSES, begin, total), begin):
        torch.manual_seed(recipe.SEED + 1_000_003 * rank + step)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * rate(step, total)
        with torch.autocast("cpu", torch.bfloat16):
            found = network(*padded(data, batch))
        loss = loss_of(found, allowed[batch], weights[batch])
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), recipe.CLIP)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seen += batch.size
        done = step + 1
        if done % recipe.AVERAGE_EVERY == 0 or done == total:
            _average(network)
            due = torch.tensor([int(time.monotonic() - last_save > _SAVE_EVERY or done == total)])
            dist.all_reduce(due, op=dist.ReduceOp.MAX)
            if due.item():
                _save(saved, network, optimiser, done)
                last_save = time.monotonic()
        if rank == 0 and done % _REPORT_EVERY == 0:
            pace = seen / (time.monotonic() - began)
            _tell(folder, step=done, of=total, loss=round(float(np.mean(losses)), 4), per_second=round(pace, 1))
            losses.clear()
        if rank == 0 and watched.ids and done % (total // 6) == 0:
            shares = {
                f"layer_{layer}": round(_right(logits, watched.open_classes), 4)
                for layer, logits in predict(network, watched).items()
            }
            _tell(folder, step=done, **shares)
    dist.destroy_process_group()


def _right(logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> float:
    return float(allowed[np.arange(len(logits)), logits.argmax(1)].mean())


def _save(path: Path, network: Network, optimiser: torch.optim.Optimizer, step: int) -> None:
    part = path.with_suffix(".part")
    torch.save({"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, part)
    part.replace(path)


def _tell(folder: Path, **figures: float) -> None:
    line = json.dumps(figures)
    print(line, flush=True)
    with (folder / "progress.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def trained(folder: Path, network: Network) -> Network:
    """Load the trained weights that :func:`fit` left in `folder`; all processes ended with the same."""
    path = folder / "state-0.pt"
    if not path.exists():
        raise SystemExit(f"{path}: no trained weights; run python -m training.encoder {folder} first")
    network.load_state_dict(torch.load(path, weights_only=True)["network"])
    return network
