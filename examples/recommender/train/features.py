"""What is known of customers and products on a day: the rows of shop.sqlite, and the candidates to rank.

Everything is computed from the 60 days before the snapshot's day and from nothing later; rates are of the last 28
days, so that they mean the same early in the data, where there is less history.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

HISTORY = 60  # days that are remembered
LATELY = 28  # days that rates are computed over
JUST_NOW = 7
RECENT = 20  # lines of receipts that a customer's row remembers
TASTE = 12  # width of the factorised purchase matrix
CANDIDATES = 100
DEPARTMENTS = [10, 11, 12, 13, 30, 50, 52, 53, 56, 71, 76]  # two-digit prefixes of subclasses; the 12th is "the rest"


@dataclass
class Catalog:
    """Stable row numbers: products 1... by barcode, subclasses 1... by code; 0 is the unknown one."""

    product: np.ndarray
    subclass: np.ndarray  # code of each product row, 0 for row 0
    subclass_codes: np.ndarray

    @staticmethod
    def of(purchases):
        product, first = np.unique(purchases.product, return_index=True)
        codes = np.unique(purchases.subclass[first])
        return Catalog(
            np.concatenate([[0], product]), np.concatenate([[0], purchases.subclass[first]]),
            np.concatenate([[0], codes]),
        )

    def row(self, barcodes):
        """The row of each barcode; 0 where the catalog lacks it."""
        at = np.minimum(np.searchsorted(self.product, barcodes), len(self.product) - 1)
        return np.where(self.product[at] == barcodes, at, 0)

    @property
    def subclass_index(self):
        return np.searchsorted(self.subclass_codes, self.subclass).astype(np.int32)

    @property
    def department(self):
        prefix = self.subclass // 10_000
        at = np.minimum(np.searchsorted(DEPARTMENTS, prefix), len(DEPARTMENTS) - 1)
        return np.where(np.take(DEPARTMENTS, at) == prefix, at, len(DEPARTMENTS)).astype(np.int32)


@dataclass
class Snapshot:
    """Feature rows as of one day. Customers are those with two visits or more in the 60 days before it."""

    customer_id: np.ndarray
    customer: dict  # field -> array, one row a customer
    product: dict  # field -> array, one row a catalog row
    candidates: np.ndarray  # i64[customers, CANDIDATES] catalog rows, to train on and to evaluate
    popular: np.ndarray  # i64[CANDIDATES] catalog rows, what a stranger is offered


def count(index, size, weights=None):
    return np.bincount(index, weights, size).astype(np.float64)


def snapshot(purchases, catalog, day):
    seen = purchases.where((purchases.day < day) & (purchases.day >= day - HISTORY))
    row = catalog.row(seen.product)
    seen, row = seen.where(row > 0), row[row > 0]
    rows = len(catalog.product)

    everyone, first, who = np.unique(seen.customer, return_index=True, return_inverse=True)
    people = len(everyone)
    pairs, pair_lines = np.unique(who * rows + row, return_counts=True)
    pair_who, pair_row = pairs // rows, pairs % rows
    lately = seen.day >= day - LATELY

    # A customer's row: how recently, how often, how much.
    last_visit = np.zeros(people)
    np.maximum.at(last_visit, who, seen.day)
    visits = count(np.unique(who * 1000 + seen.day) // 1000, people)
    lines, spend = count(who[lately], people), count(who[lately], people, seen.spend[lately])
    activity = np.stack(
        [day - last_visit, count(np.unique(who[lately] * 1000 + seen.day[lately]) // 1000, people), lines, spend,
         spend / np.maximum(lines, 1), count(np.unique(pairs_of(who, row, rows, lately)) // rows, people)],
        axis=1,
    )
    shares = count(who * 12 + catalog.department[row], people * 12).reshape(people, 12)
    shares /= shares.sum(axis=1, keepdims=True)

    # A product's row: how many bought it lately, how steadily, at what price.
    just_now = seen.day >= day - JUST_NOW
    buyers = count(np.unique(pairs_of(who, row, rows, lately)) % rows, rows)
    sold, pieces = count(row, rows), count(row, rows, seen.amount)
    price = count(row, rows, seen.spend) / np.maximum(pieces, 1)
    pair_of_day = np.unique(np.stack([who * rows + row, seen.day]), axis=1)[0]
    pair, days = np.unique(pair_of_day, return_counts=True)
    again = count(pair[days > 1] % rows, rows)
    last_sold = np.full(rows, day - HISTORY - 1.0)
    np.maximum.at(last_sold, row, seen.day)
    appeal = np.stack(
        [buyers, count(np.unique(pairs_of(who, row, rows, just_now)) % rows, rows), sold,
         100 * again / (count(pair_row, rows) + 10), price, day - last_sold, pieces / np.maximum(sold, 1)],
        axis=1,
    )

    taste_of_customer, taste_of_product = factorise(pair_who, pair_row, pair_lines, people, rows)
    recent = last_lines(who, row, seen.day, people)
    profiled = np.flatnonzero(visits >= 2)
    customer = {
        "activity": activity.astype(np.float32),
        "shares": shares.astype(np.float32),
        "taste": taste_of_customer,
        "recent": recent.astype(np.int32),
        "recent_subclass": catalog.subclass_index[recent],
        "age": seen.age[first].astype(np.int32),
        "region": seen.region[first].astype(np.int32),
    }
    customer = {name: array[profiled] for name, array in customer.items()}
    product = {
        "row": np.arange(rows, dtype=np.int32),
        "activity": appeal.astype(np.float32),
        "taste": taste_of_product,
        "subclass": catalog.subclass_index,
        "department": catalog.department,
        "category": catalog.subclass.astype(np.int32),
        "price": price.astype(np.float32),
    }
    ranked = np.argsort(-buyers, kind="stable")
    own = own_products(pair_who, pair_row, pair_lines, profiled)
    near = nearest(customer["taste"], taste_of_product, np.flatnonzero(count(pair_row, rows) >= 10))
    candidates = merge(own, near, ranked[:CANDIDATES])
    return Snapshot(everyone[profiled], customer, product, candidates, ranked[:CANDIDATES])


def pairs_of(who, row, rows, mask):
    """One number for each line's customer and product."""
    return who[mask] * rows + row[mask]


def factorise(who, row, lines, people, rows):
    """PureSVD (Cremonesi et al. 2010): customers and products in TASTE dimensions, f32."""
    values = np.log1p(lines)
    matrix = scipy.sparse.csr_matrix((values, (who, row)), (people, rows))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
    matrix = scipy.sparse.diags(1 / np.maximum(norms, 1e-9)) @ matrix
    start = np.random.default_rng(1).standard_normal(min(matrix.shape))
    _, _, directions = scipy.sparse.linalg.svds(matrix, k=TASTE, v0=start)
    customer = matrix @ directions.T
    return (4 * customer).astype(np.float32), (4 * directions.T).astype(np.float32)


def last_lines(who, row, day, people):
    """The catalog rows of each customer's last RECENT lines, newest first, 0 where there are fewer."""
    order = np.lexsort((np.arange(len(who)), day, who))[::-1]
    rank = rank_in_group(who[order])
    keep = rank < RECENT
    recent = np.zeros((people, RECENT), np.int64)
    recent[who[order][keep], rank[keep]] = row[order][keep]
    return recent


def rank_in_group(groups):
    """0, 1, 2, ... within each run of equal neighbours."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))


def own_products(who, row, lines, profiled, limit=40):
    """The products that each profiled customer bought most often, 0 where there are fewer."""
    order = np.lexsort((row, -lines, who))
    rank = rank_in_group(who[order])
    keep = rank < limit
    own = np.zeros((who.max() + 1, limit), np.int64)
    own[who[order][keep], rank[keep]] = row[order][keep]
    return own[profiled]


def nearest(customer_taste, product_taste, eligible, limit=40, chunk=2_000):
    """The `limit` products of greatest taste · taste for each customer."""
    result = np.zeros((len(customer_taste), limit), np.int64)
    for start in range(0, len(customer_taste), chunk):
        scores = customer_taste[start : start + chunk] @ product_taste[eligible].T
        best = np.argpartition(-scores, limit, axis=1)[:, :limit]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
        result[start : start + chunk] = eligible[np.take_along_axis(best, order, axis=1)]
    return result


def merge(own, near, popular):
    """100 distinct products a customer: all of `own`, then up to 30 new ones of `near`, then the popular ones."""
    result = np.zeros((len(own), CANDIDATES), np.int64)
    for index in range(len(own)):
        chosen = dict.fromkeys(own[index][own[index] > 0].tolist())
        room = len(chosen) + 30
        for row in near[index].tolist():
            if len(chosen) == room:
                break
            chosen.setdefault(row)
        for row in popular.tolist():
            if len(chosen) == CANDIDATES:
                break
            chosen.setdefault(row)
        result[index, : len(chosen)] = list(chosen)[:CANDIDATES]
    return result
