"""The network in training: transformers' BERT for classification, with heads after early layers.

The forward pass is written out, since the last layer is needed at its first position alone and early heads read what
lies between the layers; the weights are those of :class:`transformers.BertForSequenceClassification`, which loads them
as they are. `tests` hold the two to the same answer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification

from training.encoder import recipe

LABELS = {0: "negative", 1: "neutral", 2: "positive"}


class Network(nn.Module):
    """A BERT classifier and its early heads."""

    def __init__(self, vocabulary: int, hidden: int, heads: int, inner: int, positions: int) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=vocabulary,
            hidden_size=hidden,
            num_hidden_layers=recipe.LAYERS,
            num_attention_heads=heads,
            intermediate_size=inner,
            max_position_embeddings=positions,
            hidden_dropout_prob=recipe.DROPOUT,
            attention_probs_dropout_prob=0.0,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
            id2label=LABELS,
            label2id={label: number for number, label in LABELS.items()},
        )
        self.model = BertForSequenceClassification(config)
        self.exits = nn.ModuleDict({str(layer): nn.Linear(hidden, 3) for layer in recipe.EXITS})

    def forward(self, ids: Tensor, mask: Tensor) -> dict[int, Tensor]:
        """Return the logits (texts, 3) of every head by its layer; `mask` (texts, tokens) is 1 where a token stands."""
        bert = self.model.bert
        hidden = bert.embeddings(input_ids=ids)
        bias = torch.zeros(mask.shape, dtype=torch.float32).masked_fill(mask == 0, -1e4)[:, None, None, :]
        share = mask.float() / mask.sum(1, keepdim=True)
        found: dict[int, Tensor] = {}
        for number, layer in enumerate(bert.encoder.layer, 1):
            first_only = number == recipe.LAYERS
            hidden = self._layer(layer, hidden, bias, first_only)
            if number in recipe.EXITS:
                pooled = (hidden.float() * share[:, :, None]).sum(1)
                found[number] = self.exits[str(number)](self._drop(pooled))
        pooled = bert.pooler(hidden)
        found[recipe.LAYERS] = self.model.classifier(self._drop(pooled))
        return found

    def _drop(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, recipe.DROPOUT, self.training)

    def _layer(self, layer: nn.Module, hidden: Tensor, bias: Tensor, first_only: bool) -> Tensor:
        """Return one layer's output, of the first position alone where only that is needed."""
        attention, output = layer.attention, layer.attention.output
        texts, _, width = hidden.shape
        heads = self.model.config.num_attention_heads
        asking = hidden[:, :1] if first_only else hidden

        def split(states: Tensor) -> Tensor:
            return states.view(texts, -1, heads, width // heads).transpose(1, 2)

        query = split(attention.self.query(asking))
        key, value = split(attention.self.key(hidden)), split(attention.self.value(hidden))
        scores = query @ key.transpose(2, 3) * (width // heads) ** -0.5 + bias
        context = (torch.softmax(scores, -1) @ value).transpose(1, 2).reshape(texts, -1, width)
        middle = output.LayerNorm(output.dense(context) + asking)
        grown = layer.output.dense(functional.gelu(layer.intermediate.dense(middle)))
        return layer.output.LayerNorm(self._drop(grown) + middle)
