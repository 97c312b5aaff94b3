"""What was bought after a snapshot, and how well a ranking finds it."""

import numpy as np

WINDOW = 14  # days


def bought(purchases, catalog, snapshot, day):
    """labels f32[customers, candidates], who bought anything, and how many products each bought."""
    later = purchases.where((purchases.day >= day) & (purchases.day < day + WINDOW))
    people, rows = len(snapshot.customer_id), len(catalog.product)
    at = np.minimum(np.searchsorted(snapshot.customer_id, later.customer), people - 1)
    known = snapshot.customer_id[at] == later.customer
    pairs = np.unique(at[known] * rows + catalog.row(later.product)[known])
    keys = np.arange(people)[:, None] * rows + snapshot.candidates
    labels = np.isin(keys, pairs) & (snapshot.candidates > 0)
    return labels.astype(np.float32), np.bincount(pairs // rows, minlength=people)


def bought_by_strangers(purchases, catalog, snapshot, day):
    """labels of the popular candidates for every customer of the window that has no row in the snapshot."""
    later = purchases.where((purchases.day >= day) & (purchases.day < day + WINDOW))
    later = later.where(~np.isin(later.customer, snapshot.customer_id))
    people, who = np.unique(later.customer, return_inverse=True)
    labels = np.zeros((len(people), len(catalog.product)), np.float32)
    labels[who, catalog.row(later.product)] = 1
    return labels[:, snapshot.popular]


def hit_rate_and_ndcg(scores, labels, k=10):
    """Means over customers; one whose candidates hold nothing that they bought counts as 0."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    hits = np.take_along_axis(labels, order, axis=1)
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.array([discount[: int(n)].sum() for n in np.minimum(labels.sum(axis=1), k)])
    gain = (hits * discount).sum(axis=1)
    return (hits.sum(axis=1) > 0).mean(), np.divide(gain, ideal, out=np.zeros_like(gain), where=ideal > 0).mean()
