"""Everything that decides what training gives, in one place."""

from __future__ import annotations

from typing import Final

NAME: Final = "huiying-linear"
VERSION: Final = "1.1.0"

#: lengths of the character n-grams, and bits of the hash that maps them to features
ORDERS: Final = (1, 2, 3)
BITS: Final = 20
#: Adagrad: first rate, epochs, texts in a batch, what the sums of squares begin with; the best of those tried on the
#: held-out texts
RATE: Final = 0.25
EPOCHS: Final = 6
BATCH: Final = 256
BEGUN: Final = 0.1
SEED: Final = 20260301

#: weight of a text by its corpus: posts on public affairs matter most, shop reviews are many and far from our work
WEIGHTS: Final[dict[str, float]] = {
    "weibo_virus": 3.0,
    "weibo_usual": 2.0,
    "weibo_nlpcc2013": 1.5,
    "news": 3.0,
    "stock_forum": 1.5,
    "car_forum": 1.5,
    "weibo2018": 1.5,
    "weibo_emoji": 1.0,
    "finance_titles": 1.5,
    "reviews_nlpcc2014": 1.5,
    "shopping": 0.5,
    "takeaway": 1.0,
}

#: how far classes are evened out within a corpus: 0 not at all, 1 wholly
BALANCE: Final = 0.3
