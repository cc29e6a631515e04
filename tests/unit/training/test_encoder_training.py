"""Training the transformer: the network is transformers' own, runs are taken up again, 8 bits say the same."""

from __future__ import annotations

import itertools
import math
import os
import socket
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
transformers = pytest.importorskip("transformers", reason="needs the extra 'train'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

from training.encoder import batches, recipe  # noqa: E402 (after the skips)
from training.encoder.batches import Tokens, by_length, cut, epoch, steps  # noqa: E402
from training.encoder.fitting import fit, loss_of, padded, predict, rate, trained  # noqa: E402
from training.encoder.network import Network  # noqa: E402
from training.export.graph import Builder  # noqa: E402
from training.export.ranges import ranges  # noqa: E402

WORDS = 60


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "LAYERS", 4)
    monkeypatch.setattr(recipe, "EXITS", (1, 2))
    monkeypatch.setattr(recipe, "BATCH_TOKENS", 128)
    monkeypatch.setattr(recipe, "TIMES", {"a": 1.0, "b": 0.5})
    torch.set_num_threads(1)


def _network(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    network = Network(vocabulary=WORDS, hidden=32, heads=4, inner=64, positions=40)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.mul_(6)
    return network


def _data(count: int = 80) -> Tokens:
    """Texts whose tone is the word they hold most of."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, count)
    ids = [
        np.concatenate([[0], random.integers(10, WORDS, random.integers(2, 20)), np.full(4, 5 + label), [2]])
        for label in labels
    ]
    corpora = np.array(["a", "b"])[random.integers(0, 2, count)]
    return Tokens(ids, np.eye(3, dtype=bool)[labels], np.ones(count), corpora)


def _deciding(threshold: float) -> list[float]:
    """Return how a head decides by its own logits alone."""
    return [*np.eye(3).ravel(), *[0.0] * 12, threshold]


def test_the_forward_pass_is_that_of_transformers(tmp_path: Path) -> None:
    network = _network().eval()
    data = _data(12)
    ids, mask = padded(data, np.arange(12))
    network.model.save_pretrained(tmp_path)
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert loaded.config.id2label == {0: "negative", 1: "neutral", 2: "positive"}
    with torch.inference_mode():
        assert torch.allclose(network(ids, mask)[4], loaded(input_ids=ids, attention_mask=mask).logits, atol=1e-5)


def test_eight_bits_with_early_heads_say_what_the_network_says(tmp_path: Path) -> None:
    from services.analysis.sentiment.encoder import Encoder, Windows, session_options

    network, data = _network().eval(), _data(300)
    state = {name: value.float().numpy() for name, value in network.state_dict().items()}
    model = Builder(state, ranges(network, data), (1, 2), heads=4, layers=4, epsilon=1e-12).build()
    onnx.save(model, tmp_path / "model.onnx")
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(tmp_path / "model.onnx"), session_options(), providers=["CPUExecutionProvider"]
    )
    encoder = Encoder(session, None, 1, 1)  # type: ignore[arg-type]
    windows = Windows([ids.tolist() for ids in data.ids], np.arange(300))
    expected = predict(network, data, bfloat16=False)
    for head, layer in enumerate((1, 2, 4)):
        early = np.array([_deciding(-1 if number == head else 2) for number in range(2)], np.float32)
        logits, layers = encoder.run(windows, {"early": early})
        assert set(layers.tolist()) == {layer}
        assert (logits.argmax(1) == expected[layer].argmax(1)).mean() >= 0.97
    plain, layers = encoder.run(windows)
    assert set(layers.tolist()) == {4}, "called plainly, nothing answers early"
    # a head that is sure of some: these are its own answers, all others the later ones'
    shares = torch.softmax(torch.from_numpy(expected[1]), -1).max(1).values.numpy()
    early = np.array([_deciding(float(np.median(shares))), _deciding(2)], np.float32)
    mixed, layers = encoder.run(windows, {"early": early})
    first, _ = encoder.run(windows, {"early": np.array([_deciding(-1)] * 2, np.float32)})
    assert 0.3 < (layers == 1).mean() < 0.7
    assert np.abs(mixed[layers == 1] - first[layers == 1]).max() < 1e-4
    assert np.abs(mixed[layers == 4] - plain[layers == 4]).max() < 1e-4


def test_a_label_that_leaves_two_classes_open_pulls_towards_both() -> None:
    logits = torch.zeros(1, 3, requires_grad=True)
    found = dict.fromkeys((1, 2, 4), logits)
    loss_of(found, torch.tensor([[False, True, True]]), torch.ones(1)).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0] > 0
    assert torch.isclose(logits.grad[0, 1], logits.grad[0, 2])


def test_an_epoch_takes_each_corpus_as_often_as_the_recipe_says() -> None:
    data = _data(400)
    seen = np.concatenate(epoch(data, 0))
    times = np.bincount(seen, minlength=400)
    assert (times[data.corpora == "a"] == 1).all()
    half = times[data.corpora == "b"]
    assert half.max() == 1
    assert abs(half.mean() - 0.5) < 0.02
    other = np.bincount(np.concatenate(epoch(data, 1)), minlength=400)[data.corpora == "b"]
    assert ((half + other) <= 1).mean() > 0.97, "the other half comes in the next epoch"
    lengths = np.array([ids.size for ids in data.ids])
    for batch in epoch(data, 0):
        assert batch.size == 1 or lengths[batch].max() * batch.size <= 128


def test_two_processes_share_an_epoch_and_steps_can_be_taken_up() -> None:
    data = _data(200)
    shares = [list(steps(data, rank, 2, 0, 12)) for rank in (0, 1)]
    first = [batch.tolist() for batch in epoch(data, 0)]
    own = [batch.tolist() for share in shares for batch in share]
    assert all(batch in own for batch in first[: len(first) // 2 * 2])
    later = list(steps(data, 0, 2, 5, 12))
    assert [batch.tolist() for batch in later] == [batch.tolist() for batch in shares[0][5:]]


def test_batches_cover_all_and_long_texts_are_cut() -> None:
    lengths = np.array([3, 3, 4, 50, 200])
    assert np.concatenate(list(by_length(np.arange(5), lengths))).tolist() == [0, 1, 2, 3, 4]
    assert cut(list(range(10)), 6, 2).tolist() == [0, 1, 2, 3, 8, 9]
    assert cut([1, 2], 6, 2).tolist() == [1, 2]


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    shares = [rate(step, 1000) for step in range(1000)]
    assert shares[0] < 0.05
    assert max(shares) == shares[300] == 1
    assert 0 < shares[-1] < 0.01
    assert all(math.isclose(a, b, abs_tol=0.03) for a, b in itertools.pairwise(shares))


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "PROCESSES", 1)
    monkeypatch.setattr(recipe, "AVERAGE_EVERY", 4)
    monkeypatch.setattr("training.encoder.fitting._SAVE_EVERY", -1)
    data = _data(120)
    nothing = Tokens([], np.zeros((0, 3), bool), np.zeros(0), np.zeros(0, np.str_))

    def run(folder: Path, fail_after: int | None = None) -> Network:
        folder.mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setitem(os.environ, "MASTER_PORT", str(free.getsockname()[1]))
        if fail_after is not None:
            real = batches.steps

            def broken(*args: int) -> object:
                for number, batch in enumerate(real(*args)):  # type: ignore[arg-type]
                    if number == fail_after:
                        raise KeyboardInterrupt
                    yield batch

            monkeypatch.setattr("training.encoder.fitting.steps", broken)
            with pytest.raises(KeyboardInterrupt):
                fit(0, folder, _network(), data, nothing, 20)
            torch.distributed.destroy_process_group()
            monkeypatch.setattr("training.encoder.fitting.steps", real)
            return _network()
        fit(0, folder, _network(), data, nothing, 20)
        return trained(folder, _network(7))

    unbroken = run(tmp_path / "a")
    run(tmp_path / "b", fail_after=10)
    resumed = run(tmp_path / "b")
    for one, other in zip(unbroken.parameters(), resumed.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    begun = predict(_network(), data)[4]
    ended = predict(resumed, data)[4]
    right = data.open_classes.argmax(1)
    assert (ended.argmax(1) == right).mean() > (begun.argmax(1) == right).mean()


def test_no_trained_weights_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no trained weights"):
        trained(tmp_path, _network())
