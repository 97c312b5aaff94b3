"""The pipeline of recommender.serve in numpy: what training, evaluation and the golden files all go through."""

import numpy as np

DENSE = 6 + 12 + 7 + 4
IDS = 4


def statistics(activity):
    """Mean and standard deviation of log1p(activity) per column; a constant column gets 1."""
    logs = np.log1p(activity.astype(np.float64))
    std = logs.std(axis=0)
    return logs.mean(axis=0).astype(np.float32), np.where(std < 1e-6, 1, std).astype(np.float32)


def standardise(activity, stats):
    mean, std = stats
    return np.clip((np.log1p(activity) - mean) / std, np.float32(-4), np.float32(4))


def model_inputs(customer, product, customer_stats, product_stats):
    """Requests b of c candidates: customer fields [b, …], product fields [b, c, …] to dense, ids [b·c, …]."""
    b, c = product["row"].shape
    over = lambda field: np.broadcast_to(field[:, None], (b, c, *field.shape[1:]))
    known = product["row"] > 0
    times = lambda key, recent: (key[:, :, None] == recent[:, None, :]).sum(axis=2, dtype=np.float32)
    bought = np.where(known, times(product["row"], customer["recent"]), np.float32(0))
    kindred = np.where(known, times(product["subclass"], customer["recent_subclass"]), np.float32(0))
    share = np.take_along_axis(customer["shares"], product["department"], axis=1)
    affinity = (customer["taste"][:, None] * product["taste"]).sum(axis=2)
    dense = np.concatenate(
        [
            over(standardise(customer["activity"], customer_stats)),
            over(customer["shares"]),
            standardise(product["activity"], product_stats),
            np.stack([np.log1p(bought), np.log1p(kindred), share, affinity], axis=2),
        ],
        axis=2,
    )
    ids = np.stack([product["row"], product["subclass"], over(customer["age"]), over(customer["region"])], axis=2)
    return dense.reshape(b * c, DENSE).astype(np.float32), ids.reshape(b * c, IDS).astype(np.int64)


def take(fields, rows):
    return {name: array[rows] for name, array in fields.items()}


def strangers(fields, number):
    """What the store answers for customers it does not have: zeros."""
    return {name: np.zeros((number, *array.shape[1:]), array.dtype) for name, array in fields.items()}
