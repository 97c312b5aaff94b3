"""Writes and reads shop.sqlite: the customers' and products' rows that the server looks up."""

import pathlib
import sqlite3

import numpy as np

TABLES = {"customers": "customer_id", "products": "product_id"}


def column(array):
    if array.ndim > 1:
        return "BLOB"
    return "REAL" if array.dtype.kind == "f" else "INTEGER"


def write(path, tables):
    """`tables`: name -> (keys, fields). A tensor is a BLOB of little-endian elements."""
    pathlib.Path(path).unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 4096")
    for name, (keys, fields) in tables.items():
        columns = "".join(f", {field} {column(array)} NOT NULL" for field, array in fields.items())
        connection.execute(f"CREATE TABLE {name} ({TABLES[name]} INTEGER PRIMARY KEY{columns})")
        rows = (
            (int(key), *(a[i].tobytes() if a.ndim > 1 else a[i].item() for a in fields.values()))
            for i, key in enumerate(keys)
        )
        marks = ", ".join("?" * (len(fields) + 1))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    connection.commit()
    connection.execute("VACUUM")
    connection.close()


class Shop:
    """Looks rows up as the server does: immutable, one query for all the keys, zeros for a missing row."""

    def __init__(self, path, schema):
        """`schema`: table -> field -> (dtype, row shape)."""
        uri = f"file:{pathlib.Path(path).resolve()}?mode=ro&immutable=1"
        self.connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self.schema = schema

    def rows(self, table, keys):
        fields = self.schema[table]
        result = {name: np.zeros((len(keys), *shape), dtype) for name, (dtype, shape) in fields.items()}
        marks = ", ".join("?" * len(keys))
        query = f"SELECT {TABLES[table]}, {', '.join(fields)} FROM {table} WHERE {TABLES[table]} IN ({marks})"
        found = {row[0]: row[1:] for row in self.connection.execute(query, [int(key) for key in keys])}
        for index, key in enumerate(keys):
            for (name, (dtype, shape)), value in zip(fields.items(), found.get(int(key), ())):
                result[name][index] = np.frombuffer(value, dtype).reshape(shape) if shape else value
        return result
