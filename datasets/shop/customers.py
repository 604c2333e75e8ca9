"""Who the customers are.

Owns customers.csv, and what a made-up person's fields look like.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from datasets.shop import calendar, words
from datasets.shop.calendar import Numbers
from datasets.shop.plan import CUSTOMER_DEFECTS, Plan, generator
from datasets.shop.rhythm import Customers
from toolkit.datasets import Landing

CHUNK = 200_000


def write_customers(plan: Plan, customers: Customers, wanted: Numbers, landing: Landing) -> pl.DataFrame:
    """Write customers.csv piece by piece, the duplicates at its end; returns the `wanted` ones' rows."""
    resent, before = [], []
    with landing.path("customers.csv").open("wb") as stream:
        for first, frame in _frames(plan, customers):
            stream.write(frame.write_csv(include_header=first == 0).encode())
            resent.append(frame[_within(plan.planted["duplicate_customer"], first, frame.height)])
            before.append(frame[_within(wanted, first, frame.height)])
        again = _sent_again(pl.concat(resent), generator(plan.seed, 22))
        stream.write(again.write_csv(include_header=False).encode())
    landing.wrote("customers.csv", plan.customers + again.height)
    for defect in CUSTOMER_DEFECTS:
        landing.plant(defect, "customers.csv", ((at + 2, customer_id(at)) for at in plan.planted[defect].tolist()))
    return pl.concat(before)


def customer_id(number: int) -> str:
    """The id of customer `number`, which counts from 0."""
    return f"C{number + 1:07}"


def customer_ids(numbers: Numbers) -> pl.Series:
    """The ids of customers."""
    return padded("C", numbers + 1, 7)


def padded(letter: str, numbers: Numbers, width: int) -> pl.Series:
    """Ids: a letter and so many digits."""
    return letter + pl.Series(numbers.astype(np.int64)).cast(pl.String).str.zfill(width)


def _within(rows: Numbers, first: int, count: int) -> list[int]:
    """Those of `rows` that lie in the `count` rows from `first`, counted from there."""
    inside: list[int] = (rows[(rows >= first) & (rows < first + count)] - first).tolist()
    return inside


def _frames(plan: Plan, customers: Customers) -> Iterator[tuple[int, pl.DataFrame]]:
    """All customers in pieces, with the number of the first in each."""
    for first in range(0, plan.customers, CHUNK):
        numbers = np.arange(first, min(first + CHUNK, plan.customers))
        yield first, _frame(plan, customers, numbers, generator(plan.seed, 21, first))


def _frame(plan: Plan, customers: Customers, numbers: Numbers, rng: np.random.Generator) -> pl.DataFrame:
    """The rows of some customers, defects included."""
    count = len(numbers)
    first_names = rng.integers(0, len(words.FIRST_NAMES), count)
    garbled = _within(plan.planted["mojibake_name"], int(numbers[0]), count)
    first_names[garbled] = rng.choice(words.shows_mojibake(words.FIRST_NAMES), len(garbled))
    last_names = rng.integers(0, len(words.LAST_NAMES), count)
    registered = _registered(customers.joined[numbers], rng)
    frame = pl.DataFrame(
        {
            "customer_id": customer_ids(numbers),
            "first_name": pl.Series(words.FIRST_NAMES).gather(first_names),
            "last_name": pl.Series(words.LAST_NAMES).gather(last_names),
            "email": _emails(first_names, last_names, numbers),
            "phone": "+999" + pl.Series(rng.integers(10**9, 10**10, count)).cast(pl.String),
            **address(customers.country[numbers], rng),
            "birth_date": _birth_dates(customers.business[numbers], rng),
            "segment": pl.Series(["consumer", "business"]).gather(customers.business[numbers].astype(np.int64)),
            "registered_at": calendar.iso(registered),
            "updated_at": calendar.iso(registered + rng.integers(0, 3600, count)),
        }
    )
    return _with_defects(frame, plan, int(numbers[0]), garbled)


def _with_defects(frame: pl.DataFrame, plan: Plan, first: int, garbled: list[int]) -> pl.DataFrame:
    """Spoil the planted rows of a piece that starts with customer `first`."""
    bad_email = _within(plan.planted["bad_email"], first, frame.height)
    no_country = _within(plan.planted["missing_country"], first, frame.height)
    names, emails, countries = (frame[name].to_list() for name in ("first_name", "email", "country"))
    for at in garbled:
        names[at] = words.mojibake(names[at])
    for at in bad_email:
        emails[at] = _spoilt(emails[at], first + at)
    for at in no_country:
        countries[at] = None
    spoilt = {"first_name": names, "email": emails, "country": countries}
    return frame.with_columns(pl.Series(name, values, pl.String) for name, values in spoilt.items())


def _spoilt(email: str, number: int) -> str:
    """One of five ways in which `email` is no address."""
    name, _, domain = email.partition("@")
    ways = (
        f"{name}.{domain}",
        f"{name}@@{domain}",
        f"{name}@shop@{domain}",
        f"{name} @{domain}",
        f"{name}@example",
    )
    return ways[number % len(ways)]


def _emails(first_names: Numbers, last_names: Numbers, numbers: Numbers) -> pl.Series:
    """Addresses that no two customers share."""
    frame = pl.DataFrame(
        {
            "first": pl.Series([words.ascii_name(name) for name in words.FIRST_NAMES]).gather(first_names),
            "last": pl.Series([words.ascii_name(name) for name in words.LAST_NAMES]).gather(last_names),
            "number": numbers + 1,
            "domain": pl.Series(["example.com", "example.org", "example.net"]).gather(numbers % 3),
        }
    )
    return frame.select(pl.format("{}.{}{}@{}", "first", "last", "number", "domain")).to_series()


def _registered(joined: Numbers, rng: np.random.Generator) -> Numbers:
    """When each registered: up to three years before the window, or on the day before their first order."""
    count = len(joined)
    long_ago: Numbers = calendar.midnight(0) - rng.integers(2 * 3600, 1100 * calendar.DAY_SECONDS, count)
    lately: Numbers = calendar.midnight(joined - 1) + rng.integers(0, calendar.DAY_SECONDS - 2 * 3600, count)
    return np.where(joined == 0, long_ago, lately)


def _birth_dates(business: Numbers, rng: np.random.Generator) -> pl.Series:
    """Dates of birth, 18 to 80 years before the window; none for a business."""
    days = -rng.integers(18 * 366, 80 * 365, len(business))
    return calendar.iso_dates(days).set(pl.Series(business), None)


def address(country: Numbers, rng: np.random.Generator) -> dict[str, pl.Series]:
    """Made-up addresses in the given countries."""
    count = len(country)
    streets = pl.Series(words.STREETS).gather(rng.integers(0, len(words.STREETS), count))
    cities = [city for entry in words.COUNTRIES for city in entry[4]]
    sizes = np.array([len(entry[4]) for entry in words.COUNTRIES])
    city = (np.cumsum(sizes) - sizes)[country] + (rng.random(count) * sizes[country]).astype(np.int64)
    return {
        "street": streets + " " + pl.Series(rng.integers(1, 200, count)).cast(pl.String),
        "city": pl.Series(cities).gather(city),
        "postcode": _postcodes(country, rng.integers(0, 10**7, count)),
        "country": pl.Series([entry[0] for entry in words.COUNTRIES]).gather(country.astype(np.int64)),
    }


def _postcodes(country: Numbers, numbers: Numbers) -> pl.Series:
    """Fill each country's shape with the digits of a number."""
    digits = pl.Series(numbers).cast(pl.String).str.zfill(7)
    filled = pl.DataFrame({"country": country.astype(np.int64), "digits": digits}).with_columns(postcode=pl.lit(""))
    for at, shape in enumerate(entry[3] for entry in words.COUNTRIES):
        parts = _shape_parts(shape)
        filled = filled.with_columns(
            postcode=pl.when(pl.col("country") == at).then(pl.concat_str(parts)).otherwise("postcode")
        )
    return filled["postcode"]


def _shape_parts(shape: str) -> list[pl.Expr]:
    """A postcode's shape as pieces: `99-9` is two digits, a dash, a digit."""
    parts, used = [], 0
    for sign in shape:
        parts.append(pl.col("digits").str.slice(used, 1) if sign == "9" else pl.lit(sign))
        used += sign == "9"
    return parts


def _sent_again(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The same customers with a new telephone number and a later `updated_at`, still inside the window."""
    old = frame["updated_at"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.epoch("s").to_numpy()
    room = calendar.WINDOW_END - old
    later = old + 60 + (rng.random(len(old)) * np.minimum(room - 60, 30 * calendar.DAY_SECONDS)).astype(np.int64)
    phone = "+999" + pl.Series(rng.integers(10**9, 10**10, len(old))).cast(pl.String)
    return frame.with_columns(phone=phone, updated_at=calendar.iso(later))
