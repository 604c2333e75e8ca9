"""How each type of PostgreSQL is asked for, so that Spark gets the value that is there, its text, or an error.

Owns the SQL of a column. By its own mapping Spark rounds a numeric that has no scale, takes infinity for the end of the year
9999, and moves the days by ten that its calendar for JDBC does not have.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql.types import ArrayType, DecimalType, StructField

from toolkit.errors import SetupError

INTEGERS = frozenset({"int2", "int4", "int8", "smallserial", "serial", "bigserial"})
MOMENTS = frozenset({"date", "timestamp", "timestamptz"})
AS_THEY_ARE = INTEGERS | {"float4", "float8", "bool", "text", "varchar", "bpchar", "bytea"}
ARRAYS_AS_THEY_ARE = frozenset({"_int2", "_int4", "_int8", "_float4", "_float8", "_bool", "_text", "_varchar"})
EPOCH = {
    "date": "DATE '1970-01-01'",
    "timestamp": "TIMESTAMP '1970-01-01'",
    "timestamptz": "TIMESTAMPTZ '1970-01-01 00:00:00+00'",
}


def quoted(name: str) -> str:
    """A name as PostgreSQL takes it, whatever is in it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def literal(text: str) -> str:
    """A text as PostgreSQL takes it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


@dataclass(frozen=True)
class Source:
    """A column as the database has it.

    Attributes:
        name: its name.
        kind: its type there, such as `timestamptz`; that of an array begins with `_`.
        fits: whether the type that Spark would give it holds every value, but for those that fail.
    """

    name: str
    kind: str
    fits: bool

    @classmethod
    def of(cls, field: StructField) -> Source:
        """What Spark found out about a column.

        Raises:
            SetupError: this Spark does not say which type it has in the database.
        """
        kind = field.metadata.get("jdbcClientType")
        if kind is None:
            raise SetupError(
                "This Spark does not say which types columns have in the database.", cure="Use Spark 4.2 or newer."
            )
        data_type = field.dataType
        if isinstance(data_type, ArrayType):
            return cls(field.name, kind, kind in ARRAYS_AS_THEY_ARE)
        if isinstance(data_type, DecimalType):
            # Where they differ, the column has no scale, or more digits than a decimal.
            return cls(field.name, kind, kind == "numeric" and data_type.scale == field.metadata.get("scale"))
        return cls(field.name, kind, kind in AS_THEY_ARE | MOMENTS)

    @property
    def is_array(self) -> bool:
        """Whether it is one."""
        return self.kind.startswith("_")

    def sql(self, *, as_text: bool) -> str:
        """Its expression in a SELECT, under its own name."""
        name = quoted(self.name)
        if as_text:
            return f"{name}::text AS {name}"
        if not self.fits:
            return f"{name}::{'text[]' if self.is_array else 'text'} AS {name}"
        return f"{self._guarded()} AS {name}" if self.kind in MOMENTS else name

    def _guarded(self) -> str:
        """The value, or an error that names column and value: the database fails to read that very text as a moment.

        Refused are infinity, years before 1 and the days between the Julian and the Gregorian calendar, which nobody had.
        """
        name, zone = quoted(self.name), "" if self.kind == "date" else " 00:00:00+00"
        first, gap, end = (f"{self.kind} {literal(day + zone)}" for day in ("0001-01-01", "1582-10-05", "1582-10-15"))
        good = f"isfinite({name}) AND {name} >= {first} AND ({name} < {gap} OR {name} >= {end})"
        said = f"{name}::text || {literal(f' (column {self.name})')}"
        return f"CASE WHEN {good} THEN {name} ELSE ({said})::{self.kind} END"

    @property
    def needs_utc(self) -> bool:
        """Whether its driver reads it by Java's time zone."""
        return self.kind in {"timestamp", "timestamptz"}

    @property
    def divides(self) -> bool:
        """Whether reads can be divided by it."""
        return self.kind in INTEGERS | MOMENTS

    def place(self) -> str:
        """The expression of a whole number that grows with it; infinity has none."""
        name = quoted(self.name)
        if self.kind in INTEGERS:
            return f"{name}::bigint"
        whole = f"{name} - {EPOCH['date']}" if self.kind == "date" else f"extract(epoch FROM {name}) * 1000000"
        return f"CASE WHEN isfinite({name}) THEN ({whole})::bigint END"

    def at(self, place: int) -> str:
        """The value at a place, as an expression."""
        if self.kind in INTEGERS:
            return str(place)
        unit = "" if self.kind == "date" else " * INTERVAL '1 microsecond'"
        return f"{EPOCH[self.kind]} + {place}{unit}" if place >= 0 else f"{EPOCH[self.kind]} - {-place}{unit}"
