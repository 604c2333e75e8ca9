"""Every kind of rule against plain Python that knows only what the kind's docs say, over random and awkward rows."""

from __future__ import annotations

import ipaddress
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.quality.engine import check, split
from toolkit.quality.rules import KINDS, Context, Distribution, Rule, SetRule

Row = dict[str, Any]
NAN, INF = float("nan"), float("inf")
SCHEMA = (
    "id INT, t STRING, u STRING, n INT, x DOUBLE, y DOUBLE, m DECIMAL(12,3), b BOOLEAN, d DATE, e DATE, ts TIMESTAMP, "
    "g STRING, s LONG, items ARRAY<STRUCT<product: STRING, quantity: INT>>"
)
NOW = datetime(2024, 3, 10, 12, 0, tzinfo=UTC)
WORDS = ("Köln", "Rom", "", "😀")
NUMBERED = [(word, float(i)) for i, word in enumerate([*WORDS, *WORDS, None])]
"""A frame to refer to: each word twice, and once null; neither may multiply or excuse a row."""
WHITE = set("\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | set(
    map(chr, range(0x2000, 0x200B))
)
UNICODE_WHITE = (WHITE - set("\x1c\x1d\x1e\x1f")) | set("\u180e\u200b\u2060\ufeff")
JAVA_WHITE = set(" \t\n\x0b\x0c\r")
TEXTS = [
    None,
    "",
    " ",
    "\u00a0",
    "\u200b",
    "\u3000\u2003",
    "Köln",
    "Köln ",
    "\tRom",
    "Rom",
    "rom",
    "ROM",
    "Ωmega",
    "😀",
    "👩‍👩‍👧",
    "e\u0301",
    "é",
    "JÃ¼rgen",
    "cafÃ©",
    "Ã",
    "naïve",
    "a\nb",
    "n/a",
    "abcde",
    "abcdef",
    "'; DROP TABLE x --",
    "\\",
    "%",
    "null",
    "NaN",
]
FORMS = [
    None,
    "",
    *("a@b.co", "ä.ö+x@sub.domain.org", "a@b", "@b.co", "a@@b.co", "a b@c.de", "a@b..de", "a@b.co\n"),
    *(
        "+49 30 123456",
        "+1 (415) 555-2671",
        "0049 30 123456",
        "+0123456789",
        "+123456",
        "+49 30 12345x",
        "+12345678901234567",
    ),
    *(
        "123e4567-e89b-12d3-a456-426614174000",
        "123e4567e89b12d3a456426614174000",
        "123e4567-e89b-12d3-a456-42661417400g",
    ),
    *("https://a.b/c?d=e#f", "http://localhost:8080", "ftp://a.b", "https://", "https://a b.c", "http://a:123456/"),
    *("1.2.3.4", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "::1", "1.2.3.4."),
    *(
        "GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
        "DE89370400440532013001",
        "de89-3704-0044-0532-0130-00",
        "GB82",
    ),
    *("4111 1111 1111 1111", "4111111111111112", "79927398713", "49927398716", "00000000", "4111-1111-1111-1111"),
    *("4006381333931", "4006381333932", "96385074", "036000291452", "00012345600012", "12345"),
    *("DE", "NO", "UK", "de", "XX", "EUR", "NOK", "eur", "DEM"),
    *(
        '{"a": [1, 2.5, "x"]}',
        "[]",
        "null",
        "12",
        '"x"',
        "{a: 1}",
        "[1,]",
        "{} x",
        "[1] [2]",
        "1,2",
        "1],[2",
        '{"a":1}}',
        "tru",
    ),
    *("2024-02-29", "2023-02-29", "2024-2-9", "2024-13-01", "29.02.2024", "2024-02-29 "),
    *("42", "-7", "+5", "4.5", "2147483647", "2147483648", "x1", "1e3"),
]
COUNTRIES, CURRENCIES = {"DE", "NO"}, {"EUR", "NOK"}


def random_rows(seed: int, count: int = 400) -> list[Row]:
    """Rows in which every kind of awkward value is frequent."""
    chance = random.Random(seed)
    days = [None, *(date(2024, 3, 1) + timedelta(days=i) for i in range(14)), date(1, 1, 1), date(9999, 12, 31)]
    times = [None, NOW, *(NOW + timedelta(seconds=i) for i in (-86400 * 40, -1, 1, 59, 61, 3600))]
    products = [None, "", "Köln", "Rom", "?", "rom", "😀"]
    return [
        {
            "id": i,
            "t": chance.choice(TEXTS),
            "u": chance.choice(FORMS),
            "n": chance.choice([None, -(2**31), -1, 0, 1, 2, 50, 51, 100, 2**31 - 1]),
            "x": chance.choice([None, NAN, INF, -INF, 0.0, -0.0, 0.1, 0.125, 1.005, -2.5, 1e300, 5e-324, 3.0]),
            "y": chance.choice([None, 0.125, 3.0, *(chance.randrange(-1000, 1000) / 8 for _ in range(9))]),
            "m": chance.choice([None, *map(Decimal, ("0.000", "0.100", "0.101", "-1.500", "99.990", "999999999.999"))]),
            "b": chance.choice([None, True, False]),
            "d": chance.choice(days),
            "e": chance.choice(days),
            "ts": chance.choice(times),
            "g": chance.choice([None, "", *"abcdefghijklmnop"]),
            "s": chance.choice([None, *range(10, 26, 3), 11]),
            "items": chance.choice(
                [None, []]
                + [[(chance.choice(products), chance.choice([None, 0, 1, -1])) for _ in range(n)] for n in (1, 2, 3)]
            ),
        }
        for i in range(count)
    ]


# what breaks a rule on rows, in Python: of one row, and of one row among all


class OnRows(NamedTuple):
    fields: dict[str, Any]
    breaks: Callable[[Row], bool] | None = None
    among: Callable[[list[Row]], set[int]] | None = None
    where: str = ""
    looks_at: Callable[[Row], bool] = lambda r: True


def given(name: str, bad: Callable[[Any], bool]) -> Callable[[Row], bool]:
    """Null breaks nothing."""
    return lambda r: r[name] is not None and bad(r[name])


def greater(one: Any, other: Any) -> bool:
    """NaN equals NaN and is above every number; text compares by its bytes."""
    if isinstance(one, str):
        return one.encode() > other.encode()
    if isinstance(one, float) and math.isnan(one):
        return not (isinstance(other, float) and math.isnan(other))
    return not (isinstance(other, float) and math.isnan(other)) and one > other if not _nan(other) else False


def _nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def same(one: Any, other: Any) -> bool:
    return (_nan(one) and _nan(other)) or one == other


def email(text: str) -> bool:
    name, *domain = text.split("@")
    labels = domain[0].split(".") if len(domain) == 1 else []
    return bool(name) and len(labels) > 1 and all(labels) and not set(text) & JAVA_WHITE


def phone(text: str) -> bool:
    digits = [c for c in text if c in "0123456789"]
    return (
        text[:1] == "+"
        and text[1:2] in tuple("123456789")
        and text[-1] in "0123456789"
        and set(text[1:]) <= set("0123456789 .()-")
        and 7 <= len(digits) <= 15
    )


def uuid(text: str) -> bool:
    dashes = [i for i, c in enumerate(text) if c == "-"]
    return len(text) == 36 and dashes == [8, 13, 18, 23] and set(text) <= set("-0123456789abcdefABCDEF")


def url(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    place = rest
    for mark in "/?#":
        place = place.partition(mark)[0]
    host, colon, port = place.partition(":")
    return (
        scheme in {"http", "https"}
        and bool(host)
        and "@" not in host
        and (not colon or (port.isdecimal() and len(port) <= 5))
        and not set(text) & JAVA_WHITE
    )


def ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def compact(text: str) -> str:
    return text.replace(" ", "").replace("-", "").upper()


def iban(text: str) -> bool:
    plain = compact(text)
    form = (
        plain.isascii()
        and plain.isalnum()
        and plain[:2].isalpha()
        and plain[2:4].isdecimal()
        and 15 <= len(plain) <= 34
    )
    return form and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def luhn(text: str) -> bool:
    plain = compact(text)
    if not (plain.isascii() and plain.isdecimal() and 8 <= len(plain) <= 19):
        return False
    doubled = [int(c) * (1 + (len(plain) - i) % 2 * 0 + ((len(plain) - 1 - i) % 2)) for i, c in enumerate(plain)]
    return sum(sum(map(int, str(d))) for d in doubled) % 10 == 0


def ean(text: str) -> bool:
    plain = compact(text)
    if not (plain.isascii() and plain.isdecimal() and len(plain) in {8, 12, 13, 14}):
        return False
    body = plain[:-1][::-1]
    return (sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(body)) + int(plain[-1])) % 10 == 0


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def well_formed(text: str) -> bool:
    try:
        json.loads(text, object_pairs_hook=once_each)
    except ValueError:
        return False
    return True


def day(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return len(text) == 10


def whole_number(text: str) -> bool:
    plain = text.strip()
    return plain.removeprefix("-").removeprefix("+").isdecimal() and -(2**31) <= int(plain) < 2**31


def places(value: Any) -> int:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return max(0, -int(exact.normalize().as_tuple().exponent))


def more_than_two_places(value: Any) -> bool:
    return not math.isfinite(value) or places(value) > 2


def key(row: Row, names: Sequence[str]) -> tuple[Any, ...] | None:
    """NaN equals NaN; nothing is equal to null."""
    found = tuple("NaN" if _nan(row[name]) else row[name] for name in names)
    return None if None in found else found


def shared(*names: str) -> Callable[[list[Row]], set[int]]:
    def among(rows: list[Row]) -> set[int]:
        counts = Counter(key(row, names) for row in rows)
        return {row["id"] for row in rows if (found := key(row, names)) is not None and counts[found] > 1}

    return among


def disagree(names: Sequence[str], dependent: str) -> Callable[[list[Row]], set[int]]:
    def among(rows: list[Row]) -> set[int]:
        found: dict[Any, set[Any]] = defaultdict(set)
        for row in rows:
            if row[dependent] is not None:
                found[key(row, names)].add("NaN" if _nan(row[dependent]) else row[dependent])
        return {row["id"] for row in rows if (k := key(row, names)) is not None and len(found[k]) > 1}

    return among


def falls(value: str, by: str, per: str | None) -> Callable[[list[Row]], set[int]]:
    def among(rows: list[Row]) -> set[int]:
        placed = [row for row in rows if row[value] is not None and row[by] is not None]
        return {
            row["id"]
            for row in placed
            for other in placed
            if (per is None or row[per] == other[per]) and other[by] < row[by] and greater(other[value], row[value])
        }

    return among


def overlaps(start: str, end: str, per: str) -> Callable[[list[Row]], set[int]]:
    def among(rows: list[Row]) -> set[int]:
        known = [row for row in rows if row[start] is not None]
        return {
            row["id"]
            for row in known
            for other in known
            if row is not other
            and row[per] == other[per]
            and other[start] <= row[start]
            and (other[end] is None or row[start] < other[end])
        }

    return among


def compared(one: str, other: str, holds: Callable[[Any, Any], bool]) -> Callable[[Row], bool]:
    return lambda r: r[one] is not None and r[other] is not None and not holds(r[one], r[other])


def adds_up(r: Row) -> bool:
    if None in (r["n"], r["m"]):
        return True
    return abs(Decimal(r["n"]) - (r["m"] + r["m"])) <= Decimal("0.5")


def fractions_add_up(r: Row) -> bool:
    if None in (r["x"], r["y"]):
        return True
    off = r["x"] - (r["y"] + r["y"])
    return abs(off) <= 1


def positive(r: Row) -> bool:
    return r["n"] is not None and r["n"] > 0


def element(r: Row, bad: Callable[[Any], bool]) -> bool:
    return any(bad(item) for item in r["items"] or ())


N_POSITIVE = {"where": "n > 0", "looks_at": positive}
ON_ROWS: dict[str, list[OnRows]] = {
    "not_null": [
        OnRows({"column": "t"}, lambda r: r["t"] is None),
        OnRows({"column": "x", "name": "x_if_positive"}, lambda r: r["x"] is None, **N_POSITIVE),
    ],
    "is_null": [OnRows({"column": "x"}, lambda r: r["x"] is not None)],
    "not_blank": [OnRows({"column": "t"}, lambda r: r["t"] is None or not set(r["t"]) - UNICODE_WHITE)],
    "one_of": [
        OnRows({"column": "t", "values": WORDS}, given("t", lambda v: v not in WORDS)),
        OnRows({"column": "n", "values": (1, 50, 2**31 - 1)}, given("n", lambda v: v not in {1, 50, 2**31 - 1})),
        OnRows({"column": "x", "values": (0, 0.1, 1e300)}, given("x", lambda v: v not in {0.0, 0.1, 1e300})),
        OnRows(
            {"column": "m", "values": (0.1, 99.99)}, given("m", lambda v: v not in {Decimal("0.1"), Decimal("99.99")})
        ),
        OnRows(
            {"column": "d", "values": (date(2024, 3, 1), date(9999, 12, 31))},
            given("d", lambda v: v not in {date(2024, 3, 1), date(9999, 12, 31)}),
        ),
        OnRows({"column": "b", "values": (True,)}, given("b", lambda v: not v)),
    ],
    "none_of": [
        OnRows({"column": "t", "values": ("n/a", "", "null")}, given("t", lambda v: v in {"n/a", "", "null"})),
        OnRows({"column": "d", "values": ("2024-03-02",)}, given("d", lambda v: v == date(2024, 3, 2))),
    ],
    "between": [
        OnRows({"column": "n", "min": 0, "max": 50}, given("n", lambda v: not 0 <= v <= 50)),
        OnRows({"column": "x", "min": 0.1, "name": "x_low"}, given("x", lambda v: not v >= 0.1)),
        OnRows({"column": "x", "max": 0.1, "name": "x_high"}, given("x", lambda v: not v <= 0.1)),
        OnRows({"column": "x", "min": -2.5, "max": 3, "name": "x_both"}, given("x", lambda v: not -2.5 <= v <= 3)),
        OnRows(
            {"column": "m", "min": 0.1, "max": 99.99}, given("m", lambda v: not Decimal("0.1") <= v <= Decimal("99.99"))
        ),
        OnRows(
            {"column": "d", "min": date(2024, 3, 3), "max": date(2024, 3, 9)},
            given("d", lambda v: not date(2024, 3, 3) <= v <= date(2024, 3, 9)),
        ),
        OnRows({"column": "d", "min": "2024-03-03", "name": "d_text"}, given("d", lambda v: v < date(2024, 3, 3))),
        OnRows({"column": "ts", "max": NOW}, given("ts", lambda v: v > NOW)),
        OnRows({"column": "t", "min": "R", "max": "a"}, given("t", lambda v: not b"R" <= v.encode() <= b"a")),
    ],
    "length": [OnRows({"column": "t", "min": 1, "max": 5}, given("t", lambda v: not 1 <= len(v) <= 5))],
    "size": [OnRows({"column": "items", "min": 1, "max": 2}, given("items", lambda v: not 1 <= len(v) <= 2))],
    "matches": [
        OnRows(
            {"column": "t", "pattern": "[A-Za-z]{3,5}|😀"},
            given("t", lambda v: not (v == "😀" or (3 <= len(v) <= 5 and v.isascii() and v.isalpha()))),
        )
    ],
    "not_matches": [OnRows({"column": "t", "pattern": "o|[ÃÂ]"}, given("t", lambda v: bool(set("oÃÂ") & set(v))))],
    "trimmed": [OnRows({"column": "t"}, given("t", lambda v: v[:1] in UNICODE_WHITE or v[-1:] in UNICODE_WHITE))],
    "cased": [
        OnRows({"column": "t", "case": "lower"}, given("t", lambda v: v != v.lower())),
        OnRows({"column": "t", "case": "upper", "name": "t_upper"}, given("t", lambda v: v != v.upper())),
    ],
    "castable": [OnRows({"column": "u", "to_type": "int"}, given("u", lambda v: not whole_number(v)))],
    "finite": [
        OnRows({"column": "x"}, given("x", lambda v: not math.isfinite(v))),
        OnRows({"column": "m"}, lambda r: False),
    ],
    "decimals": [
        OnRows({"column": "x", "places": 2}, given("x", more_than_two_places)),
        OnRows({"column": "m", "places": 2}, given("m", more_than_two_places)),
        OnRows({"column": "n", "places": 0}, lambda r: False),
    ],
    "not_in_future": [
        OnRows({"column": "ts", "as_of": NOW, "minutes": 1}, given("ts", lambda v: v > NOW + timedelta(minutes=1))),
        OnRows({"column": "d", "as_of": date(2024, 3, 5)}, given("d", lambda v: v > date(2024, 3, 5))),
        OnRows({"column": "d", "name": "d_now"}, given("d", lambda v: v == date(9999, 12, 31))),
    ],
    "recent": [
        OnRows(
            {"column": "d", "days": 3, "as_of": date(2024, 3, 10)},
            given("d", lambda v: (date(2024, 3, 10) - v).days > 3),
        ),
        OnRows({"column": "ts", "days": 0, "as_of": NOW}, given("ts", lambda v: v.date() < NOW.date())),
    ],
    "email": [OnRows({"column": "u"}, given("u", lambda v: not email(v)))],
    "phone": [OnRows({"column": "u"}, given("u", lambda v: not phone(v)))],
    "uuid": [OnRows({"column": "u"}, given("u", lambda v: not uuid(v)))],
    "url": [OnRows({"column": "u"}, given("u", lambda v: not url(v)))],
    "ip_address": [OnRows({"column": "u"}, given("u", lambda v: not ipv4(v)))],
    "iban": [OnRows({"column": "u"}, given("u", lambda v: not iban(v)))],
    "luhn": [OnRows({"column": "u"}, given("u", lambda v: not luhn(v)))],
    "ean": [OnRows({"column": "u"}, given("u", lambda v: not ean(v)))],
    "country_code": [OnRows({"column": "u"}, given("u", lambda v: v not in COUNTRIES))],
    "currency_code": [OnRows({"column": "u"}, given("u", lambda v: v not in CURRENCIES))],
    "json": [OnRows({"column": "u"}, given("u", lambda v: not well_formed(v)))],
    "date_format": [OnRows({"column": "u", "format": "yyyy-MM-dd"}, given("u", lambda v: not day(v)))],
    "not_mojibake": [
        OnRows(
            {"column": "t"}, given("t", lambda v: any(a in "ÂÃÄÅ" and 0x80 <= ord(b) < 0xC0 for a, b in pairwise(v)))
        )
    ],
    "unique": [
        OnRows({"columns": ("x", "g")}, among=shared("x", "g")),
        OnRows({"columns": ("x",), "name": "x_once", "where": ""}, among=shared("x")),
        OnRows({"columns": ("t", "g", "b"), "name": "three"}, among=shared("t", "g", "b"), **N_POSITIVE),
    ],
    "determines": [
        OnRows({"columns": ("t",), "dependent": "x"}, among=disagree(["t"], "x")),
        OnRows({"columns": ("u", "b"), "dependent": "n"}, among=disagree(["u", "b"], "n"), **N_POSITIVE),
    ],
    "references": [OnRows({"column": "t", "to": "words", "key": "word"}, given("t", lambda v: v not in WORDS))],
    "references_together": [
        OnRows(
            {"columns": ("t", "x"), "to": "words", "keys": ("word", "y")},
            lambda r: None not in (r["t"], r["x"]) and (r["t"], r["x"]) not in NUMBERED,
        ),
    ],
    "each_references": [
        OnRows(
            {"column": "items.product", "to": "words", "key": "word"},
            lambda r: element(r, lambda i: i[0] is not None and i[0] not in WORDS),
        ),
    ],
    "increases": [
        OnRows({"column": "x", "by": "d", "per": ("g",)}, among=falls("x", "d", "g")),
        OnRows({"column": "s", "by": "ts", "name": "s_rises"}, among=falls("s", "ts", None), **N_POSITIVE),
    ],
    "no_overlap": [
        OnRows({"column": "d", "end": "e", "per": ("g",)}, among=overlaps("d", "e", "g")),
        OnRows(
            {"column": "d", "end": "e", "per": ("b",), "name": "some_overlap"},
            among=overlaps("d", "e", "b"),
            where="id % 11 = 0",
            looks_at=lambda r: r["id"] % 11 == 0,
        ),
    ],
    "holds": [
        OnRows(
            {"condition": "n > 0 OR b"},
            lambda r: not (positive(r) or r["b"]) and r["n"] is not None and r["b"] is not None,
        )
    ],
    "expression": [OnRows({"condition": lambda: F.col("n") <= 50, "name": "few"}, given("n", lambda v: v > 50))],
    "compare": [
        OnRows({"column": "x", "op": "<", "other": "y", "name": "lt"}, compared("x", "y", lambda a, b: greater(b, a))),
        OnRows(
            {"column": "x", "op": "<=", "other": "y", "name": "le"}, compared("x", "y", lambda a, b: not greater(a, b))
        ),
        OnRows({"column": "x", "op": "=", "other": "y", "name": "eq"}, compared("x", "y", same)),
        OnRows(
            {"column": "x", "op": "!=", "other": "y", "name": "ne"}, compared("x", "y", lambda a, b: not same(a, b))
        ),
        OnRows({"column": "d", "op": ">=", "other": "e", "name": "ge"}, compared("d", "e", lambda a, b: a >= b)),
        OnRows({"column": "t", "op": ">", "other": "u", "name": "gt"}, compared("t", "u", greater)),
        OnRows({"column": "n", "op": "=", "other": "m", "name": "mixed"}, compared("n", "m", lambda a, b: a == b)),
    ],
    "when_then": [
        OnRows(
            {"condition": "n > 0", "then": "x > 0"},
            lambda r: positive(r) and r["x"] is not None and not _nan(r["x"]) and not r["x"] > 0,
        )
    ],
    "given": [
        OnRows(
            {"among": ("t", "n", "x"), "at_least": 2, "at_most": 2}, lambda r: sum(r[c] is not None for c in "tnx") != 2
        ),
        OnRows({"among": ("t", "items"), "name": "any_given"}, lambda r: r["t"] is None and r["items"] is None),
    ],
    "sums": [
        OnRows({"column": "n", "parts": ("m", "m"), "within": 0.5}, lambda r: not adds_up(r)),
        OnRows({"column": "x", "parts": ("y", "y"), "within": 1}, lambda r: not fractions_add_up(r)),
        OnRows({"column": "n", "parts": ("n", "n"), "name": "too_large"}, given("n", lambda v: v != 0)),
    ],
    "each": [
        OnRows(
            {"column": "items", "condition": "item.quantity > 0"},
            lambda r: element(r, lambda i: i[1] is not None and i[1] <= 0),
        )
    ],
}


def rule_of(kind: str, fields: dict[str, Any], where: str = "") -> Rule:
    plain = {name: value for name, value in fields.items() if name != "where"}
    return KINDS[kind].model_validate({**plain, "where": where, "severity": "warn"})


def frame(spark: SparkSession, rows: list[Row]) -> DataFrame:
    return spark.createDataFrame([tuple(row.values()) for row in rows], SCHEMA)


MORE_SEEDS = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 12)]


@pytest.fixture(scope="module")
def words(shared_spark: SparkSession) -> DataFrame:
    return shared_spark.createDataFrame(NUMBERED, "word STRING, y DOUBLE")


def test_every_kind_has_its_counterpart_in_python() -> None:
    whole = on_the_whole(random_rows(1))
    assert set(whole) == {name for name, kind in KINDS.items() if issubclass(kind, SetRule)}
    assert set(ON_ROWS) == set(KINDS) - set(whole)
    assert all(ON_ROWS.values())
    assert all(whole.values())


@pytest.mark.parametrize("seed", [1, *MORE_SEEDS])
def test_rules_on_rows_agree_with_python(spark: SparkSession, words: DataFrame, seed: int) -> None:
    rows = random_rows(seed)
    cases = [(rule_of(kind, case.fields, case.where), case) for kind, cases in ON_ROWS.items() for case in cases]
    parted = split(frame(spark, rows), "silver.odd", [rule for rule, _ in cases], {"words": words})
    found: dict[str, set[int]] = defaultdict(set)
    written = parted.rows.select("id", "_warnings", "_quarantined").collect()
    for row in written:
        for name in row["_warnings"]:
            found[name].add(row["id"])
    assert sorted(row["id"] for row in written) == list(range(len(rows)))
    assert not any(row["_quarantined"] for row in written)
    result = parted.result()
    for (rule, case), counted in zip(cases, result.rules, strict=True):
        seen = [row for row in rows if case.looks_at(row)]
        expected = case.among(seen) if case.among else {row["id"] for row in seen if case.breaks and case.breaks(row)}
        told = f"{rule.kind} {rule.name}"
        wrong = [(i, rows[i]) for i in sorted(found[rule.name] ^ expected)][:3]
        assert not wrong, f"{told}: {wrong}"
        assert (counted.rows, counted.failed) == (len(seen), len(expected)), told
        # A rule that nothing or everything breaks tells little; these columns cannot break these.
        assert expected or rule.name in {"m_finite", "n_decimals"}, told


# what a rule on the whole table measures, in Python: the number, and whether it is kept


class OnTheWhole(NamedTuple):
    fields: dict[str, Any]
    measured: float | None
    kept: bool | None
    where: str = ""


def numbers(rows: list[Row], name: str) -> list[Any]:
    return [row[name] for row in rows if row[name] is not None]


def deviation(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def pearson(pairs: Sequence[tuple[float, float]]) -> float:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    mid, mid_other = math.fsum(one) / len(one), math.fsum(other) / len(other)
    together = math.fsum((a - mid) * (b - mid_other) for a, b in pairs)
    return together / math.sqrt(math.fsum((a - mid) ** 2 for a in one) * math.fsum((b - mid_other) ** 2 for b in other))


def ranked(values: Sequence[float], p: float) -> float:
    """The value at that rank; NaN is greater than any number."""
    in_order = sorted(values, key=lambda v: (math.isnan(v), v))
    return in_order[max(0, math.ceil(p * len(in_order)) - 1)]


def shares(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    """From each edge up to but without the next; NaN lies in the last range."""
    places_ = [sum(not v < edge for edge in edges) for v in values]
    return [places_.count(i) / len(values) for i in range(len(edges) + 1)]


def stability(actual: Sequence[float], expected: Sequence[float]) -> float:
    pairs = [(max(a, 0.0001), max(e, 0.0001)) for a, e in zip(actual, expected, strict=True)]
    return sum((a - e) * math.log(a / e) for a, e in pairs)


def gaps(rows: list[Row], step: int, per: str | None) -> float:
    groups: dict[Any, set[int]] = defaultdict(set)
    for row in rows:
        if row["s"] is not None:
            groups[row[per] if per else None].add(row["s"])
    return float(sum(len(set(range(min(v), max(v) + 1, step)) - v) for v in groups.values()))


SHAPE = Distribution(edges=(-50.0, 0.0, 50.0), shares=(0.4, 0.1, 0.1, 0.4))
FLAGS = Distribution(values=(True, False), shares=(0.9, 0.1))


def on_the_whole(rows: list[Row]) -> dict[str, list[OnTheWhole]]:
    """Every kind of rule on a whole table, with what it has to find in `rows`."""
    few = [row for row in rows if positive(row)]
    y, m, b = (numbers(rows, name) for name in "ymb")
    ys, flags = shares(y, SHAPE.edges), [b.count(True) / len(b), b.count(False) / len(b), 0.0]
    shift, flagged = stability(ys, SHAPE.shares), stability(flags, [0.9, 0.1, 0.0])
    apart = max(abs(sum(ys[:i]) - sum(SHAPE.shares[:i])) for i in range(5))
    times = numbers(rows, "ts")
    age = (NOW + timedelta(hours=2) - max(times)).total_seconds() / 3600
    total = float(sum(m))
    met = sum(positive(row) for row in rows) / len(rows)
    related = pearson([(r["y"], float(r["m"])) for r in rows if r["y"] is not None and r["m"] is not None])
    missing = len({"Rom", "Bonn", "Köln"} - set(numbers(rows, "t")))
    return {
        "psi": [
            OnTheWhole({"column": "y", "expected": SHAPE}, shift, shift <= 0.25),
            OnTheWhole({"column": "b", "expected": FLAGS}, flagged, flagged <= 0.25),
        ],
        "ks": [OnTheWhole({"column": "y", "expected": SHAPE, "max": 0.2}, apart, apart <= 0.2)],
        "row_count": [
            OnTheWhole({"min": len(rows), "max": len(rows)}, len(rows), True),
            OnTheWhole({"max": len(few) - 1, "name": "few"}, len(few), False, "n > 0"),
        ],
        "row_count_change": [OnTheWhole({"within": 0.5, "name": "usual"}, len(rows), len(rows) <= 1.5 * 300)],
        "freshness": [
            OnTheWhole({"column": "ts", "hours": 1.5}, age, age <= 1.5),
            OnTheWhole({"column": "ts", "hours": 1, "name": "never"}, None, False, "false"),
        ],
        "total": [
            OnTheWhole({"column": "m", "max": total}, total, True),
            OnTheWhole({"column": "x", "min": 0}, NAN, False),
            OnTheWhole({"column": "m", "max": 0, "name": "none"}, None, None, "n > 0 AND n < 0"),
        ],
        "mean": [OnTheWhole({"column": "y", "min": 1e6}, math.fsum(y) / len(y), False)],
        "stddev": [OnTheWhole({"column": "y", "min": 1}, deviation(y), True)],
        "quantile": [
            OnTheWhole({"column": "y", "min": -1000, "p": p, "name": f"q{int(p * 100)}"}, ranked(y, p), True)
            for p in (0.05, 0.5, 0.9)
        ]
        + [OnTheWhole({"column": "x", "max": 0, "p": 1, "name": "q_nan"}, NAN, False)],
        "minimum": [
            OnTheWhole({"column": "x", "max": 0}, -INF, True),
            OnTheWhole({"column": "m", "max": 0}, -1.5, True),
        ],
        "maximum": [
            OnTheWhole({"column": "x", "min": 0}, NAN, False),
            OnTheWhole({"column": "n", "max": 1}, 2**31 - 1, False),
        ],
        "distinct_count": [OnTheWhole({"column": "n", "max": 8, "error": 0.01}, len(set(numbers(rows, "n"))), False)],
        "share": [OnTheWhole({"condition": "n > 0", "min": 0.9}, met, met >= 0.9)],
        "correlation": [
            OnTheWhole({"column": "y", "other": "m", "min": -1, "max": 1}, related, True),
            OnTheWhole({"column": "y", "other": "y", "min": 0.999999, "max": 1, "name": "itself"}, 1.0, True),
            OnTheWhole({"column": "y", "other": "x", "min": -1, "max": 1, "name": "with_nan"}, NAN, False),
            OnTheWhole({"column": "y", "other": "n", "min": 1, "name": "constant"}, None, None, "n = 50"),
        ],
        "contains_all": [
            OnTheWhole({"column": "t", "values": ("Rom", "Bonn", "Köln")}, missing, False),
            OnTheWhole({"column": "n", "values": (-1, 50)}, 0, True),
        ],
        "no_gaps": [
            OnTheWhole({"column": "s"}, gaps(rows, 1, None), False),
            OnTheWhole(
                {"column": "s", "step": 3, "per": ("g",), "name": "steps"},
                gaps(few, 3, "g"),
                gaps(few, 3, "g") == 0,
                "n > 0",
            ),
            OnTheWhole({"column": "d", "name": "days"}, 0.0, True, "d BETWEEN '2024-03-01' AND '2024-03-14'"),
        ],
        "same_count": [
            OnTheWhole({"to": "words"}, len(rows) - 9, False),
            OnTheWhole({"to": "words", "to_where": "word = 'Rom'", "name": "one"}, len(few) - 2, False, "n > 0"),
        ],
        "same_total": [
            OnTheWhole({"column": "y", "to": "words", "other": "y"}, math.fsum(y) - 36, False),
            OnTheWhole({"column": "x", "to": "words", "other": "y", "name": "not_a_number"}, NAN, False),
        ],
        "has_schema": [
            OnTheWhole({"schema": {"id": "long", "t": "string", "z": "int"}, "more": True}, 2, False),
            OnTheWhole({"schema": {"id": "integer", "m": "DECIMAL(12, 3)"}, "more": True, "name": "right"}, 0, True),
        ],
    }


@pytest.mark.parametrize("seed", [1, *MORE_SEEDS])
def test_rules_on_the_whole_agree_with_python(spark: SparkSession, words: DataFrame, seed: int) -> None:
    rows = random_rows(seed)
    cases = [(rule_of(kind, c.fields, c.where), c) for kind, cases in on_the_whole(rows).items() for c in cases]
    context = Context(
        {"words": words}, {"usual": [1, 1e9, 200, 250, 300, 310, 320, 330, 300]}, NOW + timedelta(hours=2)
    )
    result = check(frame(spark, rows), "silver.odd", [rule for rule, _ in cases], context=context)
    for (rule, case), found in zip(cases, result.rules, strict=True):
        told = f"{rule.kind} {rule.name}: {found.measured}, not {case.measured}"
        if case.measured is None or found.measured is None:
            assert found.measured is case.measured is None, told
        else:
            assert same(found.measured, float(case.measured)) or math.isclose(
                found.measured, case.measured, rel_tol=1e-9, abs_tol=1e-9
            ), told
        assert found.verdict is case.kept, told
        assert (found.failed, found.on_the_whole, bool(found.said)) == (0, True, True), told
