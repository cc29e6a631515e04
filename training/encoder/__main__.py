"""From the base weights and the corpora to a trained network; one command, taken up again where it was cut off.

    HUIYING_SHARED_DATA=/path/to/data python -m training.encoder WORK_FOLDER

WORK_FOLDER keeps the pruned tokenizer, the state to go on from and `progress.jsonl`. `python -m training.export` makes
of it `WORK_FOLDER/fp32`, which transformers' AutoTokenizer and AutoModelForSequenceClassification load, and the folder
that is served.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

import numpy as np
import torch.multiprocessing as mp
from tokenizers import Tokenizer

from services.analysis.sentiment.cleaning import clean
from training.corpora import VALIDATION, VALIDATION_SEED, Texts, held_out, read
from training.encoder import recipe
from training.encoder.batches import tokenise
from training.encoder.start import prepare, process

_WATCHED = 1_500


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=recipe.STEPS, help="steps of each process")
    options = parser.parse_args()
    whole = read("train")
    kept_back = held_out(len(whole.texts), VALIDATION, VALIDATION_SEED)
    train: Texts = whole.part(~kept_back)
    cleaned = [clean(text) for text in train.texts]
    prepare(options.folder, cleaned)
    tokenizer = Tokenizer.from_file(str(options.folder / "tokenizer.json"))
    data = tokenise(tokenizer, train, cleaned)
    validation = whole.part(kept_back)
    watched = tokenise(tokenizer, validation, [clean(text) for text in validation.texts])
    some = np.random.default_rng(recipe.SEED).permutation(len(watched.ids))[:_WATCHED]
    mean = np.mean([ids.size for ids in data.ids])
    print(f"{len(data.ids):,} texts, {mean:.1f} tokens in the mean", flush=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", str(port)
    # a plain end of this process takes the others along
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    mp.spawn(process, (options.folder, data, watched.part(some), options.steps), recipe.PROCESSES, daemon=True)


if __name__ == "__main__":
    main()
