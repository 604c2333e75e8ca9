"""What is shown of a column to those who may not see it: one list of masks, each for Spark and for the engine without a JVM.

Owns the expressions. They keep the column's type, so that whatever reads the table goes on, and they are made of built-in
functions only. A mask that does not fit a column's type is refused when it is set. Both engines give the same value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from toolkit.columns import quoted as of_spark
from toolkit.errors import UsageError
from toolkit.governance.keys import Keys
from toolkit.governance.records import MaskKind
from toolkit.store.query_engine import quoted as of_engine

if TYPE_CHECKING:
    from pyspark.sql import Column

BLOCK = 64
"""Bytes that SHA-256 takes at once."""
HASHED = 32
"""Hexadecimal digits that are kept of a hash: 128 bits."""
HIDDEN = "***"
"""In place of what is left out; always as long, so that it does not say how much that is."""
DRAWN = 6
"""Hexadecimal digits that a random number is made of."""
_STEPS = ("year", "quarter", "month", "day", "hour")
_WHOLE = frozenset({"byte", "short", "integer", "long"})
_BROKEN = frozenset({"float", "double"})
_TIMES = frozenset({"date", "timestamp", "timestamp_ntz"})


class Sides(NamedTuple):
    """An expression for Spark and one for the engine without a JVM."""

    spark: str
    engine: str


@dataclass(frozen=True)
class Mask:
    """A mask as it is used.

    Attributes:
        kind: which.
        argument: how, as its kind takes it.
        domain: what the key is for: columns of one domain have the same hash for the same value, so that they can be joined.
    """

    kind: MaskKind
    argument: str = ""
    domain: str = ""

    @property
    def words(self) -> str:
        """As a person writes it: `partial 2,4`."""
        return f"{self.kind} {self.argument}".strip()


@dataclass(frozen=True)
class MaskRule:
    """One kind of mask.

    Attributes:
        says: what it shows, in words.
        takes: what its argument is; empty where it has none.
        fits: whether it can be put on a column of that Delta type.
        is_argument: whether the text is one, for a column of that type.
        sides: the expressions, of the column as both engines name it, its type, the mask and the key.
    """

    says: str
    takes: str
    fits: Callable[[str], bool]
    is_argument: Callable[[str, str], bool]
    sides: Callable[[Sides, str, Mask, Keys], Sides]


def _null(column: Sides, kind: str, mask: Mask, keys: Keys) -> Sides:
    """NULL of the column's own type, whatever that is."""
    del kind, mask, keys
    # The engine without a JVM lets every row through a condition that it finds to be null before it reads: so it has to read.
    return Sides(f"CASE WHEN FALSE THEN {column.spark} END", f"nullif({column.engine}, {column.engine})")


def _digest(column: Sides, use: str, keys: Keys) -> Sides:
    """HMAC-SHA-256 (RFC 2104) of a text, in hexadecimal digits; null of null."""
    key = keys.key(use).ljust(BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in key).hex() for pad in (0x36, 0x5C))
    spark = f"sha2(concat(X'{outer}', unhex(sha2(concat(X'{inner}', CAST({column.spark} AS BINARY)), 256))), 256)"
    text = f"encode(CAST({column.engine} AS BYTEA), 'hex')"
    first = f"encode(sha256(decode('{inner}' || {text}, 'hex')), 'hex')"
    return Sides(spark, f"encode(sha256(decode('{outer}' || {first}, 'hex')), 'hex')")


def _hash(column: Sides, kind: str, mask: Mask, keys: Keys) -> Sides:
    del kind
    digest = _digest(column, f"hash of {mask.argument or mask.domain}", keys)
    return Sides(f"left({digest.spark}, {HASHED})", f"left({digest.engine}, {HASHED})")


def _token(column: Sides, kind: str, mask: Mask, keys: Keys) -> Sides:
    del kind
    digest = _digest(column, f"token of {mask.argument or mask.domain}", keys)
    return Sides(f"concat('tok_', left({digest.spark}, {HASHED}))", f"'tok_' || left({digest.engine}, {HASHED})")


def _partial(column: Sides, kind: str, mask: Mask, keys: Keys) -> Sides:
    del kind, keys
    first, last = (int(part) for part in mask.argument.split(","))

    def written(name: str) -> str:
        shown = f"concat(left({name}, {first}), '{HIDDEN}', {f'right({name}, {last})' if last else repr('')})"
        short = f"WHEN char_length({name}) <= {first + last} THEN '{HIDDEN}'"
        return f"CASE WHEN {name} IS NULL THEN NULL {short} ELSE {shown} END"

    return Sides(written(column.spark), written(column.engine))


def _generalise(column: Sides, kind: str, mask: Mask, keys: Keys) -> Sides:
    del keys
    argument = mask.argument
    if kind in _TIMES:
        spark = f"CAST(date_trunc('{argument}', {column.spark}) AS {kind})"
        if kind == "date":
            return Sides(spark, _first_day(column.engine, argument))
        return Sides(spark, f"date_trunc('{argument}', {column.engine})")
    if kind == "string":
        return Sides(f"left({column.spark}, {argument})", f"left({column.engine}, {argument})")
    return Sides(*(_step_below(name, kind, argument) for name in column))


def _first_day(name: str, part: str) -> str:
    """The first day of a year, quarter or month, or the day; the engine without a JVM truncates no day before 1677."""
    year, month = (f"CAST(date_part('{one}', {name}) AS INT)" for one in ("year", "month"))
    months = {"year": "1", "quarter": f"({month} - 1) / 3 * 3 + 1", "month": month}
    return name if part == "day" else f"make_date({year}, {months[part]}, 1)"


def _step_below(name: str, kind: str, step: str) -> str:
    """A number by the step below it, for those below nothing, too; null where that would be less than the type can hold.

    Nothing in it can overflow: an error at a value would say what it is.
    """
    if kind in _BROKEN:
        rest = f"({name} % CAST({step} AS {_SQL[kind]}))"
        below = f"{name} - {rest} - CAST({step} AS {_SQL[kind]})"
        return f"CASE WHEN {rest} < CAST(0 AS {_SQL[kind]}) THEN {below} ELSE {name} - {rest} END"
    whole, wide = f"CAST({name} AS BIGINT)", f"CAST({step} AS BIGINT)"
    below = f"{whole} - (({whole} % {wide}) + {wide}) % {wide}"
    return f"CAST(CASE WHEN {whole} >= CAST({_LEAST[kind] + int(step)} AS BIGINT) THEN {below} END AS {_SQL[kind]})"


def _noise(column: Sides, kind: str, mask: Mask, keys: Keys) -> Sides:
    """Noise after Laplace, the same each time for the same row: asking again and taking the mean takes none of it away."""
    scale, _, row = mask.argument.partition(" ")
    cell = Sides(
        f"concat(CAST({of_spark(row)} AS STRING), '|', '{mask.domain}')",
        f"CAST({of_engine(row)} AS VARCHAR) || '|' || '{mask.domain}'",
    )
    digest = _digest(cell, f"noise of {mask.domain}", keys)
    digits = [
        f"(strpos('0123456789abcdef', substr({digest.engine}, {n + 1}, 1)) - 1) * {16 ** (DRAWN - 1 - n)}"
        for n in range(DRAWN)
    ]
    draws = Sides(
        f"CAST(conv(left({digest.spark}, {DRAWN}), 16, 10) AS DOUBLE)", f"CAST({' + '.join(digits)} AS DOUBLE)"
    )
    most = 16**DRAWN

    unit = f"CAST({float(scale) / _UNITS!r} AS DOUBLE)"

    def drawn(number: str) -> str:
        # Half a step inwards: neither end is drawn, whose logarithm is none.
        even = f"(({number} + CAST(0.5 AS DOUBLE)) / CAST({most} AS DOUBLE) - CAST(0.5 AS DOUBLE))"
        # By whole units: the last bit of a logarithm is not the same everywhere.
        size = f"round(CAST({_UNITS} AS DOUBLE) * ln(CAST(1 AS DOUBLE) - CAST(2 AS DOUBLE) * abs({even}))) * {unit}"
        return f"CASE WHEN {even} < CAST(0 AS DOUBLE) THEN {size} ELSE -({size}) END"

    def noisy(name: str, number: str) -> str:
        value = f"(CAST({name} AS DOUBLE) + {drawn(number)})"
        if kind in _BROKEN:
            return f"CAST({value} AS {_SQL[kind]})"
        least = f"CAST({_LEAST[kind]} AS DOUBLE)"
        # Within the type, or the cast would stop at a value and say which.
        within = (
            f"CASE WHEN {value} < {least} THEN {least} WHEN {value} >= -{least} THEN {least} ELSE round({value}) END"
        )
        return f"CAST(CASE WHEN {name} IS NULL THEN NULL ELSE {within} END AS {_SQL[kind]})"

    return Sides(noisy(column.spark, draws.spark), noisy(column.engine, draws.engine))


_UNITS = 1_000_000
"""Parts of the scale that noise is counted in."""
_LEAST = {"byte": -(2**7), "short": -(2**15), "integer": -(2**31), "long": -(2**63)}
_SQL = {
    "byte": "TINYINT",
    "short": "SMALLINT",
    "integer": "INT",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
}


def _is_text(kind: str) -> bool:
    return kind == "string"


def _is_number(kind: str) -> bool:
    return kind in _WHOLE or kind in _BROKEN


def _is_step(argument: str, kind: str) -> bool:
    if kind in _TIMES:
        return argument in (_STEPS if kind != "date" else _STEPS[:4])
    return bool(re.fullmatch(r"[1-9]\d{0,8}", argument))


MASKS: Mapping[str, MaskRule] = {
    "null": MaskRule("Nothing.", "", lambda kind: True, lambda argument, kind: not argument, _null),  # noqa: ARG005
    "hash": MaskRule(
        "A keyed hash: equal values stay equal, and can be joined.",
        "what the hash is for, where columns of other kinds are to be joined with it",
        _is_text,
        lambda argument, kind: bool(re.fullmatch(r"[a-z0-9_]{0,64}", argument)),  # noqa: ARG005
        _hash,
    ),
    "partial": MaskRule(
        "Its first and last characters.",
        "how many of each: 2,4",
        _is_text,
        lambda argument, kind: bool(re.fullmatch(r"\d{1,2},\d{1,2}", argument)),  # noqa: ARG005
        _partial,
    ),
    "generalise": MaskRule(
        "A date or time by its year, quarter, month, day or hour; a number by the step below; a text by its beginning.",
        "year, quarter, month, day or hour; the step; how many characters",
        lambda kind: _is_text(kind) or _is_number(kind) or kind in _TIMES,
        _is_step,
        _generalise,
    ),
    "token": MaskRule(
        "A token in its place, which who may unmask can look up once the vault is filled.",
        "what the token is for",
        _is_text,
        lambda argument, kind: bool(re.fullmatch(r"[a-z0-9_]{0,64}", argument)),  # noqa: ARG005
        _token,
    ),
    "noise": MaskRule(
        "A number with noise: one row says nothing, the mean of many does.",
        "how much (Laplace), and the column that tells rows apart: 100 customer_id",
        _is_number,
        lambda argument, kind: bool(re.fullmatch(r"\d{1,9}(\.\d{1,6})? [A-Za-z_][A-Za-z0-9_]{0,127}", argument)),  # noqa: ARG005
        _noise,
    ),
}
"""Every kind of mask; what stands in SQL of its argument has been checked by `is_argument`."""


def check(mask: Mask, column: str, kind: str, columns: Mapping[str, str]) -> Mask:
    """The mask itself, if it can be put on a column.

    Args:
        mask: which.
        column: the column's name.
        kind: its Delta type.
        columns: the types of all columns of the table.

    Raises:
        UsageError: it cannot: it does not fit the type, or its argument is none.
    """
    rule = MASKS[mask.kind]
    if not rule.fits(kind):
        fitting = [name for name, one in MASKS.items() if one.fits(kind)]
        raise UsageError(f"The mask {mask.kind} cannot be put on {column}, which is {kind}.", choices=fitting)
    row = mask.argument.partition(" ")[2]
    if not rule.is_argument(mask.argument, kind) or (row and row not in columns):
        wanted = f"It takes {rule.takes}." if rule.takes else "It takes none."
        raise UsageError(f"{mask.argument!r} is no argument of the mask {mask.kind} on {column}.", cure=wanted)
    return mask


def sides(mask: Mask, column: str, kind: str, keys: Keys) -> Sides:
    """What both engines show in place of a column, as SQL; nothing where the mask no longer fits its type."""
    name = Sides(of_spark(column), of_engine(column))
    rule = MASKS[mask.kind]
    fits = rule.fits(kind) and rule.is_argument(mask.argument, kind)
    return (rule if fits else MASKS["null"]).sides(name, kind, mask, keys)


def spark_column(mask: Mask, column: str, kind: str, keys: Keys) -> Column:
    """What Spark shows in place of a column, by the same name."""
    from pyspark.sql import functions as F

    return F.expr(sides(mask, column, kind, keys).spark).alias(column)
