"""Values as they come from Arrow, in Python: those that Python cannot hold as text.

Python's dates end with the year 9999 and begin with the year 1; a mistyped year is a value like any other to Spark, and one
such value must not hide the rows around it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

_EPOCH = date(1970, 1, 1)
_CYCLE_DAYS, _CYCLE_YEARS = 146_097, 400
"""The calendar repeats itself after 400 years."""
_DAY = 86_400 * 10**6
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def values(column: Any) -> list[Any]:
    """The values of an Arrow column (`arro3`), one for each row."""
    try:
        return [value for chunk in column.chunks for value in chunk.to_pylist()]
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # the engine's own conversion stops in several ways, a panic among them
        import pyarrow as pa

        return [_python(scalar) for scalar in pa.chunked_array(column)]


def day_text(days: int) -> str:
    """The day that lies so many days after 1970-01-01, whatever its year: `20224-02-06`, `-0044-03-15`."""
    cycles, rest = divmod(days, _CYCLE_DAYS)
    near = _EPOCH + timedelta(rest)
    year = near.year + cycles * _CYCLE_YEARS
    return f"{'-' if year < 0 else ''}{abs(year):04}-{near:%m-%d}"


def _python(scalar: Any) -> Any:
    """One Arrow scalar; nested ones value by value."""
    from pyarrow import types

    kind = scalar.type
    if not scalar.is_valid:
        return None
    if types.is_date32(kind):
        return _day(scalar.value)
    if types.is_timestamp(kind):
        return _moment(scalar.value * 10**6 // _PER_SECOND[kind.unit], in_zone=kind.tz is not None)
    if types.is_struct(kind):
        return {kind.field(i).name: _python(scalar[i]) for i in range(kind.num_fields)}
    if types.is_map(kind):
        return [(_python(pair[0]), _python(pair[1])) for pair in scalar.values]
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return [_python(value) for value in scalar.values]
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, TypeError, NotImplementedError):
        return str(scalar)


def _day(days: int) -> date | str:
    try:
        return _EPOCH + timedelta(days)
    except OverflowError:
        return day_text(days)


def _moment(micros: int, *, in_zone: bool) -> datetime | str:
    zone = UTC if in_zone else None
    try:
        return datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=micros)
    except OverflowError:
        days, rest = divmod(micros, _DAY)
        clock = (datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=rest)).timetz()
        return f"{day_text(days)} {clock.isoformat()}"
