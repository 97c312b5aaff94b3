"""What each class of models is to reach against the fastest peer of the row, f32: the ratios that rows are judged by."""

import math

FLOOR = 0.97
"""No row slower than this, whatever its class."""
ALL_ROWS = 1.6
"""Geometric mean over all rows."""
TREES = 4.0
"""Geometric mean over the rows of trees."""

NARROW_FIRST, NARROW_ENCODERS = 1.4, 1.0
"""f16 weights over our own f32: at batch 1 where reading weights takes the time; encoders and larger batches."""

# By class: at batch 1, and at every other batch.
RATIOS = {
    "recommender": (1.3, FLOOR), "dlrm": (3.0, 1.2), "two-tower": (2.0, FLOOR), "trees": (3.0, 3.0),
    "recurrent": (2.0, 2.0), "encoder": (1.15, 1.0), "mixed": (1.8, 1.8), "decoder": (FLOOR, FLOOR),
    "mobilenet": (1.1, 1.3), "resnet": (1.1, 1.1),
}


def target(kind, batch):
    first, others = RATIOS[kind]
    return first if batch == 1 else others


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")
