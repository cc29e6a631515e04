"""Everything that decides what training the transformer gives, in one place."""

from __future__ import annotations

from dataclasses import dataclass
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
#: in each cycle the rate warms up, stays, and falls to zero over the last share of the steps
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

#: how far classes are evened out within a corpus by the weight of their texts: 0 not at all, 1 wholly
BALANCE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Cycle:
    """A part of the training: its steps in each process, and how often a text of a corpus comes in one epoch.

    A fraction takes so large a part of the texts, another part each epoch.
    """

    steps: int
    times: dict[str, float]


CYCLES: Final = (
    Cycle(
        2_800,
        {
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
        },
    ),
    # more of what was still short of its aim, less of what had reached it
    Cycle(
        1_800,
        {
            "weibo_virus": 2.0,
            "weibo_usual": 0.8,
            "weibo_nlpcc2013": 1.0,
            "news": 3.0,
            "stock_forum": 2.0,
            "car_forum": 1.25,
            "weibo2018": 1.75,
            "weibo_emoji": 1.0,
            "finance_titles": 0.7,
            "reviews_nlpcc2014": 1.5,
            "shopping": 0.25,
            "takeaway": 1.0,
        },
    ),
)
