"""What range the numbers that go into each 8-bit product have, seen on training texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.encoder.batches import Tokens, by_length
from training.encoder.fitting import padded
from training.encoder.network import Network

#: share of the values that may fall outside a range at either end:
#: the few largest would cost the many small their steps
_CLIPPED = 3e-5


def ranges(network: Network, data: Tokens) -> dict[str, tuple[float, float]]:
    """Return (low, high) of what goes into each product, by the names that :mod:`training.export.graph` uses."""
    lows: dict[str, list[float]] = {}
    highs: dict[str, list[float]] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            values = inputs[0].detach().float().numpy().ravel()
            outside = max(1, round(_CLIPPED * values.size))
            lows.setdefault(name, []).append(float(np.partition(values, outside)[outside]))
            highs.setdefault(name, []).append(float(-np.partition(-values, outside)[outside]))

        return hook

    hooks = []
    for number, layer in enumerate(network.model.bert.encoder.layer, 1):
        for name, module in (
            ("in", layer.attention.self.key),
            ("told", layer.attention.output.dense),
            ("grown", layer.intermediate.dense),
            ("shrunk", layer.output.dense),
        ):
            hooks.append(module.register_forward_pre_hook(watch(f"layer{number}_{name}")))
    network.eval()
    lengths: NDArray[np.int64] = np.array([ids.size for ids in data.ids])
    with torch.inference_mode():
        for batch in by_length(np.arange(lengths.size), lengths):
            network(*padded(data, batch))
    for hook in hooks:
        hook.remove()
    return {name: (float(np.min(lows[name])), float(np.max(highs[name]))) for name in lows}
