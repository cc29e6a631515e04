"""The network as an ONNX graph of 8-bit products, with early answers inside the graph.

Weights are 8 bits signed with one scale a column; what goes into a product is 8 bits unsigned with a scale fixed in
advance (:mod:`training.export.ranges`), so that a text's score does not depend on the texts beside it. Query, key and
value are one product. The last layer is computed at its first position alone.

Inputs: `input_ids` and `attention_mask` (texts, tokens) int64; `prior` (texts or 1, 3) float, another scorer's logits,
zero where not given; `early` (early heads, 22) float, a row a head: A (3 by 3), B (3 by 3), c (3) and a threshold. The
head answers where the greatest of softmax(its logits · A + prior · B + c) reaches the threshold; where `early` is not
given, none ever does. Outputs: `logits` (texts, 3) of the head that answered, `layer` (texts) int64, after which layer
it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from services.analysis.sentiment.cascade import DECISION, NEVER

Array = NDArray[Any]
_MICROSOFT = "com.microsoft"
OPSET = 21
#: names of the logits and of the layer
Answer = tuple[str, str]
_OUTPUTS: Answer = ("logits", "layer")


@dataclass(slots=True)
class Graph:
    """Nodes and constants of one (sub)graph; constants live in the outermost one."""

    constants: dict[str, onnx.TensorProto]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    prefix: str = ""

    def constant(self, name: str, value: Array) -> str:
        """Add a constant, once a name."""
        self.constants.setdefault(name, numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, kind: str, inputs: Sequence[str], name: str, outputs: int = 1, domain: str = "", **how: Any) -> str:
        """Add a node; returns its (first) output."""
        name = self.prefix + name
        outs = [name] if outputs == 1 else [f"{name}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), outs, name=name, domain=domain, **how))
        return outs[0]


class Builder:
    """Builds the graph out of transformers' weights.

    `state`: arrays by name as in the network's state; `ranges`: the range (low, high) of what goes into each product,
    by name; `exits`: the layers after which an early head stands.
    """

    def __init__(
        self,
        state: dict[str, Array],
        ranges: dict[str, tuple[float, float]],
        exits: Sequence[int],
        *,
        heads: int,
        layers: int,
        epsilon: float,
    ) -> None:
        self._state, self._ranges, self._exits = state, ranges, exits
        self._heads, self._layers, self._epsilon = heads, layers, epsilon
        self._constants: dict[str, onnx.TensorProto] = {}

    def build(self) -> onnx.ModelProto:
        """Return the model."""
        graph = Graph(self._constants)
        width = self._state["model.bert.embeddings.LayerNorm.weight"].size
        graph.constant("joined_shape", np.array((0, 0, width), np.int64))
        hidden = self._embeddings(graph)
        bias = self._mask_bias(graph)
        answer = self._from(graph, 0, hidden, bias, "attention_mask", "prior", 0)
        for source, name in zip(answer, _OUTPUTS, strict=True):
            graph.nodes.append(helper.make_node("Identity", [source], [name]))
        count = len(self._exits)
        defaults = [
            numpy_helper.from_array(np.zeros((1, 3), np.float32), "prior"),
            numpy_helper.from_array(np.tile(np.array([*[0] * 21, NEVER], np.float32), (count, 1)), "early"),
        ]
        proto = helper.make_graph(
            graph.nodes,
            "sentiment",
            [
                helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("prior", TensorProto.FLOAT, ["texts_or_one", 3]),
                helper.make_tensor_value_info("early", TensorProto.FLOAT, [count, DECISION]),
            ],
            _infos(_OUTPUTS, "texts"),
            [*defaults, *self._constants.values()],
        )
        return helper.make_model(
            proto,
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(_MICROSOFT, 1)],
            ir_version=10,
            producer_name="huiying",
        )

    # the parts of the network, in the order of the data

    def _embeddings(self, graph: Graph) -> str:
        names = "model.bert.embeddings."
        words = self._state[names + "word_embeddings.weight"]
        scale = np.abs(words).max(1, keepdims=True) / 127
        graph.constant("words", np.rint(words / np.maximum(scale, 1e-12)).astype(np.int8))
        graph.constant("words_scale", scale.astype(np.float32))
        places = (
            self._state[names + "position_embeddings.weight"] + self._state[names + "token_type_embeddings.weight"][0]
        )
        graph.constant("places", places.astype(np.float32))
        rows = graph.add("Gather", ["words", "input_ids"], "word_rows")
        rows = graph.add("Cast", [rows], "word_values", to=TensorProto.FLOAT)
        scales = graph.add("Gather", ["words_scale", "input_ids"], "word_scales")
        rows = graph.add("Mul", [rows, scales], "word_vectors")
        shape = graph.add("Shape", ["input_ids"], "tokens_count", start=1, end=2)
        zero, axis = graph.constant("zero", np.array([0])), graph.constant("first_axis", np.array([0]))
        place = graph.add("Slice", ["places", zero, shape, axis], "place_vectors")
        summed = graph.add("Add", [rows, place], "embedded")
        return self._norm(graph, summed, names + "LayerNorm", "embedding_norm")

    def _mask_bias(self, graph: Graph) -> str:
        real = graph.add("Cast", ["attention_mask"], "real", to=TensorProto.FLOAT)
        one, far = graph.constant("one", np.float32(1)), graph.constant("far", np.float32(1e4))
        missing = graph.add("Mul", [graph.add("Sub", [real, one], "missing"), far], "missing_far")
        axes = graph.constant("middle_axes", np.array([1, 2]))
        return graph.add("Unsqueeze", [missing, axes], "bias")

    def _from(
        self, graph: Graph, begin: int, hidden: str, bias: str, mask: str, prior: str, exit_number: int
    ) -> Answer:
        """Add the layers after `begin` and the heads; returns the names of logits and layer."""
        for number in range(begin + 1, self._layers + 1):
            hidden = self._layer(graph, number, hidden, bias)
            if exit_number < len(self._exits) and self._exits[exit_number] == number:
                return self._early(graph, exit_number, hidden, bias, mask, prior)
        first = graph.add("Squeeze", [hidden, graph.constant("second_axis", np.array([1]))], "first")
        weight = "model.bert.pooler.dense"
        pooled = graph.add("Tanh", [self._plain(graph, first, weight, "pool")], "pooled")
        logits = self._plain(graph, pooled, "model.classifier", "last_logits")
        count = graph.add("Shape", [logits], "last_count", start=0, end=1)
        value = numpy_helper.from_array(np.array([self._layers], np.int64))
        return logits, graph.add("ConstantOfShape", [count], "last_layer", value=value)

    def _early(self, graph: Graph, number: int, hidden: str, bias: str, mask: str, prior: str) -> Answer:
        layer = self._exits[number]
        name = f"early{layer}"
        axes = graph.constant("second_axis", np.array([1]))
        zero = graph.constant("zero", np.array([0]))
        real = graph.add("Cast", [mask], f"{name}_real", to=TensorProto.FLOAT)
        count = graph.add("ReduceSum", [real, axes], f"{name}_tokens", keepdims=1)
        share = graph.add("Unsqueeze", [graph.add("Div", [real, count], f"{name}_share"), axes], f"{name}_row")
        mean = graph.add("Squeeze", [graph.add("MatMul", [share, hidden], f"{name}_sum"), axes], f"{name}_mean")
        logits = self._plain(graph, mean, f"exits.{layer}", f"{name}_logits")
        how = graph.add("Gather", ["early", graph.constant(f"head_{number}", np.array(number))], f"{name}_how", axis=0)

        def part(begin: int, end: int) -> str:
            bounds = [graph.constant(f"at_{place}", np.array([place])) for place in (begin, end)]
            return graph.add("Slice", [how, *bounds, zero], f"{name}_how_{begin}_{end}")

        square = graph.constant("square", np.array([3, 3]))
        own = graph.add("Reshape", [part(0, 9), square], f"{name}_own")
        other = graph.add("Reshape", [part(9, 18), square], f"{name}_other")
        own = graph.add("MatMul", [logits, own], f"{name}_own_part")
        other = graph.add("MatMul", [prior, other], f"{name}_other_part")
        whole = graph.add("Sum", [own, other, part(18, 21)], f"{name}_whole")
        shares = graph.add("Softmax", [whole], f"{name}_shares", axis=-1)
        sure = graph.add("ReduceMax", [shares, graph.constant("last_axis", np.array([-1]))], f"{name}_sure", keepdims=0)
        open_ = graph.add("Less", [sure, part(21, 22)], f"{name}_open")
        rows = graph.add("Squeeze", [graph.add("NonZero", [open_], f"{name}_found"), zero], f"{name}_rows")
        left = graph.add("Size", [rows], f"{name}_left")
        some = graph.add("Greater", [left, graph.constant("none", np.array(0))], f"{name}_some")
        value = numpy_helper.from_array(np.array([layer], np.int64))
        everywhere = graph.add("Shape", [sure], f"{name}_shape")
        everywhere = graph.add("ConstantOfShape", [everywhere], f"{name}_layer", value=value)
        on = Graph(self._constants, prefix=f"on{layer}_")
        kept_hidden = on.add("Gather", [hidden, rows], "hidden", axis=0)
        kept_bias = on.add("Gather", [bias, rows], "bias", axis=0)
        kept_mask = on.add("Gather", [mask, rows], "mask", axis=0)
        spread = on.add("Expand", [prior, on.add("Shape", [logits], "logits_shape")], "prior_all")
        kept_prior = on.add("Gather", [spread, rows], "prior", axis=0)
        later = self._from(on, layer, kept_hidden, kept_bias, kept_mask, kept_prior, number + 1)
        at = on.add("Unsqueeze", [rows, on.constant("second_axis", np.array([1]))], "at")
        own_answer = (logits, everywhere)
        merged = [
            on.add("ScatterND", [early, at, late], output)
            for early, late, output in zip(own_answer, later, _OUTPUTS, strict=True)
        ]
        off = Graph(self._constants, prefix=f"off{layer}_")
        same = [off.add("Identity", [early], name) for early, name in zip(own_answer, _OUTPUTS, strict=True)]
        answer = (f"{graph.prefix}{name}_answer", f"{graph.prefix}{name}_answer_layer")
        branches = {
            "then_branch": helper.make_graph(on.nodes, f"on{layer}", [], _infos(merged, None)),
            "else_branch": helper.make_graph(off.nodes, f"off{layer}", [], _infos(same, None)),
        }
        graph.nodes.append(helper.make_node("If", [some], list(answer), **branches))
        return answer

    def _layer(self, graph: Graph, number: int, hidden: str, bias: str) -> str:
        weights = f"model.bert.encoder.layer.{number - 1}."
        name = f"layer{number}"
        first_only = number == self._layers
        eight = self._eight_bits(graph, hidden, f"{name}_in")
        matrices = [self._state[f"{weights}attention.self.{part}.weight"] for part in ("query", "key", "value")]
        biases = [self._state[f"{weights}attention.self.{part}.bias"] for part in ("query", "key", "value")]
        size = matrices[0].shape[0] // self._heads
        matrices[0], biases[0] = matrices[0] * size**-0.5, biases[0] * size**-0.5
        split = graph.constant("head_shape", np.array([0, 0, self._heads, size], np.int64))

        def heads(source: str, to: str, order: tuple[int, ...]) -> str:
            return graph.add("Transpose", [graph.add("Reshape", [source, split], f"{to}_heads")], to, perm=order)

        if first_only:
            hidden = graph.add(
                "Slice",
                [
                    hidden,
                    graph.constant("zero", np.array([0])),
                    graph.constant("one_end", np.array([1])),
                    graph.constant("second_axis", np.array([1])),
                ],
                f"{name}_asking",
            )
            eight_first = self._eight_bits(graph, hidden, f"{name}_in", suffix="_first")
            query = self._product(graph, eight_first, f"{name}_in", matrices[0], biases[0], f"{name}_query")
            both = self._product(
                graph, eight, f"{name}_in", np.concatenate(matrices[1:]), np.concatenate(biases[1:]), f"{name}_both"
            )
            graph.add("Split", [both], f"{name}_kv", outputs=2, axis=-1, num_outputs=2)
            key, value = (graph.prefix + f"{name}_kv_{i}" for i in range(2))
        else:
            whole = self._product(
                graph, eight, f"{name}_in", np.concatenate(matrices), np.concatenate(biases), f"{name}_qkv"
            )
            graph.add("Split", [whole], f"{name}_parts", outputs=3, axis=-1, num_outputs=3)
            query, key, value = (graph.prefix + f"{name}_parts_{i}" for i in range(3))
        query = heads(query, f"{name}_q", (0, 2, 1, 3))
        key = heads(key, f"{name}_k", (0, 2, 3, 1))
        value = heads(value, f"{name}_v", (0, 2, 1, 3))
        scores = graph.add("Add", [graph.add("MatMul", [query, key], f"{name}_scores"), bias], f"{name}_masked")
        context = graph.add(
            "MatMul", [graph.add("Softmax", [scores], f"{name}_weights", axis=-1), value], f"{name}_context"
        )
        joined = graph.add("Transpose", [context], f"{name}_back", perm=(0, 2, 1, 3))
        joined = graph.add("Reshape", [joined, "joined_shape"], f"{name}_joined")
        told = self._dense(graph, joined, f"{weights}attention.output.dense", f"{name}_told")
        middle = self._skip_norm(graph, told, hidden, f"{weights}attention.output.LayerNorm", f"{name}_middle")
        grown = self._dense(graph, middle, f"{weights}intermediate.dense", f"{name}_grown")
        bent = graph.add("Gelu", [grown], f"{name}_bent", domain=_MICROSOFT)
        shrunk = self._dense(graph, bent, f"{weights}output.dense", f"{name}_shrunk")
        return self._skip_norm(graph, shrunk, middle, f"{weights}output.LayerNorm", f"{name}_out")

    # products

    def _dense(self, graph: Graph, source: str, weights: str, name: str) -> str:
        eight = self._eight_bits(graph, source, name)
        return self._product(
            graph, eight, name, self._state[f"{weights}.weight"], self._state[f"{weights}.bias"], name + "_product"
        )

    def _scale(self, name: str) -> tuple[np.float32, np.uint8]:
        low, high = self._ranges[name]
        low, high = min(low, 0.0), max(high, 0.0)
        scale = (high - low) / 255
        return np.float32(scale), np.uint8(round(-low / scale))

    def _eight_bits(self, graph: Graph, source: str, name: str, suffix: str = "") -> str:
        scale, zero = self._scale(name)
        inputs = [source, graph.constant(f"{name}_scale", scale), graph.constant(f"{name}_zero", zero)]
        return graph.add("QuantizeLinear", inputs, f"{name}_eight{suffix}")

    def _product(self, graph: Graph, eight: str, range_name: str, weight: Array, bias: Array, name: str) -> str:
        """Add source (.., in) times `weight` (out, in) plus `bias`."""
        columns = weight.T
        scale = np.maximum(np.abs(columns).max(0) / 127, 1e-12)
        graph.constant(f"{name}_w", np.rint(columns / scale).astype(np.int8))
        graph.constant(f"{name}_s", scale.astype(np.float32))
        graph.constant(f"{name}_b", bias.astype(np.float32))
        graph.constant(f"{name}_z", np.zeros(scale.size, np.int8))
        inputs = [
            eight,
            f"{name}_w",
            f"{range_name}_scale",
            f"{name}_s",
            f"{range_name}_zero",
            f"{name}_z",
            f"{name}_b",
        ]
        return graph.add("MatMulIntegerToFloat", inputs, name, domain=_MICROSOFT)

    def _plain(self, graph: Graph, source: str, weights: str, name: str) -> str:
        weight = graph.constant(f"{name}_w", self._state[f"{weights}.weight"].astype(np.float32))
        bias = graph.constant(f"{name}_b", self._state[f"{weights}.bias"].astype(np.float32))
        return graph.add("Gemm", [source, weight, bias], name, transB=1)

    def _norm(self, graph: Graph, source: str, weights: str, name: str) -> str:
        scale = graph.constant(f"{name}_scale", self._state[f"{weights}.weight"].astype(np.float32))
        bias = graph.constant(f"{name}_bias", self._state[f"{weights}.bias"].astype(np.float32))
        return graph.add("LayerNormalization", [source, scale, bias], name, axis=-1, epsilon=self._epsilon)

    def _skip_norm(self, graph: Graph, source: str, skipped: str, weights: str, name: str) -> str:
        # two nodes: the fused SkipLayerNormalization of onnxruntime 1.32 takes nine times as long on a CPU
        return self._norm(graph, graph.add("Add", [source, skipped], f"{name}_sum"), weights, name)


def _infos(names: Sequence[str], rows: str | None) -> list[onnx.ValueInfoProto]:
    """Return the types and shapes of logits and layer under `names`."""
    logits, layer = names
    return [
        helper.make_tensor_value_info(logits, TensorProto.FLOAT, [rows, 3]),
        helper.make_tensor_value_info(layer, TensorProto.INT64, [rows]),
    ]
