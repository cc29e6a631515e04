"""Everything that decides what training the transformer gives, in one place."""

from __future__ import annotations

from typing import Final

NAME: Final = "huiying-encoder"
VERSION: Final = "1.0.0"
SEED: Final = 20260301

#: layers taken of the base encoder's 12, and those after which a head of its own may answer early
LAYERS: Final = 12
EXITS: Final = (3, 6)
#: pieces other than Han, signs and emoji stay in the vocabulary when the cleaned training texts hold them this often
PIECE_AT_LEAST: Final = 3
#: tokens of a text in training, the first of it and the last of it where it is longer
MAX_TOKENS: Final = 128
TAIL_TOKENS: Final = 32

#: single-threaded processes, each with its own share of every epoch, whose weights are averaged every so many steps
PROCESSES: Final = 2
AVERAGE_EVERY: Final = 16
#: padded tokens in one step of one process
BATCH_TOKENS: Final = 1_536
#: steps of each process; the rate warms up, stays, and falls to zero over the last share of them
STEPS: Final = 2_800
WARM_UP: Final = 0.05
COOL_DOWN: Final = 0.4
#: AdamW
RATE: Final = 1.0e-4
HEAD_RATE: Final = 5.0e-4
WEIGHT_DECAY: Final = 0.01
CLIP: Final = 1.0

DROPOUT: Final = 0.1
LABEL_SMOOTHING: Final = 0.05
#: weight of each early head's loss, half of it to the labels and half to what the last head says
EXIT_WEIGHT: Final = 0.3

#: how often a text of a corpus comes in one epoch (a fraction: so large a part of them, another each epoch)
TIMES: Final[dict[str, float]] = {
    "weibo_virus": 2.0,
    "weibo_usual": 1.0,
    "weibo_nlpcc2013": 1.0,
    "news": 3.0,
    "stock_forum": 1.25,
    "car_forum": 1.25,
    "weibo2018": 1.25,
    "weibo_emoji": 1.0,
    "finance_titles": 1.0,
    "reviews_nlpcc2014": 1.0,
    "shopping": 0.35,
    "takeaway": 1.0,
}
#: how far classes are evened out within a corpus by the weight of their texts: 0 not at all, 1 wholly
BALANCE: Final = 0.3
