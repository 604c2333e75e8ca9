"""What a contract is: tables with their columns, keys, rules and promises, and who answers for them.

Owns the frozen models, and that they make sense in themselves: no column twice, no key or rule on a column that is
not there. Knows nothing of files: `odcs` reads and writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from toolkit.errors import UsageError, nearest
from toolkit.quality import sql_text
from toolkit.quality.contracts.limits import Freshness, Frozen, Volume
from toolkit.quality.rules import Rule, parse
from toolkit.quality.spark_types import LOGICAL_TYPES, SparkType, parse_type, struct_text

API_VERSION = "v3.1.0"
"""The version of the standard that new contracts are written in."""
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class Column(Frozen):
    """One column, one field of a struct, or what an array holds.

    Attributes:
        name: the column as the table has it; empty for what an array holds.
        type: as Spark spells it; empty when only the logical type is promised. `struct` and `array` are spelled out
        from
            `fields` and `items`, and those are filled in from a type that is spelled out.
        logical_type: the standard's name; told from `type` when left out.
        nullable: whether null may stand there.
        unique: whether no value occurs twice.
        description: what it means.
        classification: who may see it: `public`, `internal`, `confidential`, `restricted`, or words of your own.
        examples: some of its values.
        tags: free labels.
        fields: of a struct.
        items: of an array.
        label: the standard's `name`, where that is not the column's own.
        checks: quality entries that are not written for this toolkit, as the file has them.
        checks_at: their places among all quality entries; empty when they come last.
        extras: everything else the file says of it. A `physicalType` there is another system's.
    """

    name: str = ""
    type: str = ""
    logical_type: str = ""
    nullable: bool = True
    unique: bool = False
    description: str = ""
    classification: str = ""
    examples: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()
    fields: tuple[Column, ...] = ()
    items: Column | None = None
    label: str = ""
    checks: tuple[dict[str, Any], ...] = ()
    checks_at: tuple[int, ...] = ()
    extras: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _completed(self) -> Column:
        """Fill in what follows from the rest, and refuse what contradicts it."""
        refuse_twice("field", self.name, [field.name for field in self.fields])
        declared = None if self.type.lower() in {"", "struct", "array"} else parse_type(self.type)
        if declared is not None:
            object.__setattr__(self, "fields", self._typed_fields(declared))
            object.__setattr__(self, "items", self._typed_items(declared))
        object.__setattr__(self, "type", declared.text if declared and not declared.fields else self._spelled())
        if not self.logical_type:
            told = (
                parse_type(self.type).logical
                if self.type
                else "object"
                if self.fields
                else "array"
                if self.items
                else ""
            )
            object.__setattr__(self, "logical_type", told)
        if self.logical_type and self.logical_type not in LOGICAL_TYPES:
            raise UsageError.unknown("logical type", self.logical_type, LOGICAL_TYPES)
        return self

    def _spelled(self) -> str:
        """The type told from the parts; empty when one of them has none, or when the whole is of another system's type."""
        if self.extras.get("physicalType") or self.logical_type == "map":
            return ""
        if self.fields:
            return struct_text((f.name, f.type) for f in self.fields) if all(f.type for f in self.fields) else ""
        if self.items is not None:
            return f"array<{self.items.type}>" if self.items.type else ""
        if self.type:
            raise ValueError(
                f"{self.name} is a {self.type} of nothing: give it `fields` or `items`, or spell the type out"
            )
        return ""

    def _typed_fields(self, declared: SparkType) -> tuple[Column, ...]:
        if not self.fields:
            return tuple(column_of(f.name, f.type, nullable=f.nullable) for f in declared.fields)
        if [f.name for f in self.fields] != [f.name for f in declared.fields]:
            raise ValueError(
                f"{self.name} is {declared.text}, but its fields are {', '.join(f.name for f in self.fields)}"
            )
        return tuple(_typed(f, d.type, self.name) for f, d in zip(self.fields, declared.fields, strict=True))

    def _typed_items(self, declared: SparkType) -> Column | None:
        if declared.name != "array":
            if self.items is not None:
                raise ValueError(f"{self.name} is {declared.text}, which has no items")
            return None
        whole = declared.parts[0]
        return column_of("", whole) if self.items is None else _typed(self.items, whole, self.name)


def column_of(name: str, declared: SparkType, *, nullable: bool = True, description: str = "") -> Column:
    """A column of that type, with its fields and what it holds."""
    return Column(
        name=name,
        type=declared.text,
        nullable=nullable,
        description=description,
        fields=tuple(column_of(f.name, f.type, nullable=f.nullable) for f in declared.fields),
        items=column_of("", declared.parts[0]) if declared.name == "array" else None,
    )


def _typed(column: Column, declared: SparkType, inside: str) -> Column:
    """`column` with the type that the whole declares for it."""
    if column.type and column.type != declared.text:
        raise ValueError(f"{inside}.{column.name or 'items'} is {column.type}, but {inside} says {declared.text}")
    return Column(**{**dict(column), "type": declared.text})


class ContractTable(Frozen):
    """What one table promises.

    Attributes:
        name: the table as the lakehouse has it, such as `silver.orders`.
        description: what one row is.
        columns: in order.
        primary_key: its columns, in order.
        rules: rules on it; kept column by column, those on the whole table last, as a file has them.
        freshness: how old its latest row may be.
        volume: how many rows it has.
        tags: free labels.
        label: the standard's `name`, where that is not the last part of the table's.
        checks: quality entries that are not written for this toolkit, as the file has them.
        checks_at: their places among all quality entries but the volume; empty when they come last.
        extras: everything else the file says of it.
    """

    name: str = Field(min_length=1)
    description: str = ""
    columns: tuple[Column, ...] = ()
    primary_key: tuple[str, ...] = ()
    rules: tuple[SerializeAsAny[Rule], ...] = ()
    freshness: Freshness | None = None
    volume: Volume | None = None
    tags: tuple[str, ...] = ()
    label: str = ""
    checks: tuple[dict[str, Any], ...] = ()
    checks_at: tuple[int, ...] = ()
    extras: dict[str, Any] = Field(default_factory=dict)

    @field_validator("rules", mode="before")
    @classmethod
    def _parsed(cls, value: Any) -> Any:
        """Rules may be given as a file holds them."""
        if isinstance(value, (list, tuple)):
            return tuple(parse(one) if isinstance(one, Mapping) else one for one in value)
        return value

    @model_validator(mode="after")
    def _sound(self) -> ContractTable:
        names = [column.name for column in self.columns]
        refuse_twice("column", self.name, names)
        refuse_twice("rule", self.name, [rule.name for rule in self.rules])
        asked = {f"The rule {rule.name}": rule.columns for rule in self.rules}
        asked["The primary key"] = tuple(map(sql_text.named, self.primary_key))
        if self.freshness:
            asked["The freshness promise"] = (self.path_of(self.freshness.column),)
        self._refuse_strangers(asked)
        object.__setattr__(self, "rules", tuple(rule for at in self.rules_by_column().values() for rule in at))
        return self

    @property
    def title(self) -> str:
        """The standard's `name` of it, which service levels refer to."""
        return self.label or self.name.rpartition(".")[2]

    def _refuse_strangers(self, asked: Mapping[str, tuple[str, ...]]) -> None:
        paths = [path for path, _ in self.walk()]
        known = set(map(same_column, paths))
        for what, names in asked.items():
            # A contract may leave the columns open; then nothing can be said of them.
            unknown = [name for name in names if same_column(name) not in known] if known else []
            if unknown:
                raise UsageError(
                    f"{what} of {self.name} is on {unknown[0]!r}, which is no column of it.{nearest(unknown[0], paths)}",
                    choices=paths,
                )

    def rules_by_column(self) -> dict[str, list[Rule]]:
        """The rules that look at one column only, by its path; those on several or on the table under the empty text."""
        found: dict[str, list[Rule]] = {path: [] for path, _ in self.walk()}
        known = {same_column(path): path for path in found}
        found[""] = []
        for rule in self.rules:
            alone = known.get(same_column(rule.columns[0]), "") if len(rule.columns) == 1 else ""
            found[alone].append(rule)
        return found

    def walk(self) -> Iterator[tuple[str, Column]]:
        """Every column and every field within, with its path as Spark has it: `address.city`, `items.price`."""
        yield from walk(self.columns)

    def path_of(self, name: str) -> str:
        """The path of a column by its name, which may have a dot in it; other paths as they are."""
        return sql_text.named(name) if any(column.name == name for column in self.columns) else name

    def column(self, path: str) -> Column:
        """The column at `path`, in any spelling that Spark takes for the same.

        Raises:
            UsageError: there is none.
        """
        found = {same_column(at): column for at, column in self.walk()}
        if same_column(path) not in found:
            raise UsageError.unknown(f"column of {self.name}:", path, [at for at, _ in self.walk()])
        return found[same_column(path)]


def walk(columns: Iterable[Column]) -> Iterator[tuple[str, Column]]:
    """Some columns and every field within, with their paths."""
    for column in columns:
        yield from _walk(sql_text.named(column.name), column)


def same_column(path: str) -> tuple[str, ...]:
    """What is the same for every spelling of a column's path: Spark does not tell `Id` from `id`."""
    return tuple(part.lower() for part in sql_text.parts(path))


class Contract(Frozen):
    """What some tables promise to those who read them.

    Attributes:
        id: never changes, whatever the contract is called.
        version: semantic: major when a reader may break, minor when something was added, patch when only words changed.
        name: how people call it.
        status: proposed, draft, active, deprecated or retired.
        owner: who answers for it.
        domain: which part of the business it belongs to.
        description: what it is for.
        usage: how it is meant to be used.
        limitations: what it does not say.
        tags: free labels.
        tables: what each of them promises.
        service_levels: promises that nothing here measures, as the file has them.
        levels_at: the order of all service levels in the file: the table whose freshness stands there, or the number of one
            of `service_levels`; empty when freshness comes first, table by table.
        api_version: the version of the standard it is written in.
        extras: everything else the file says.
    """

    id: str = Field(min_length=1)
    version: str
    name: str = ""
    status: str = Field("draft", min_length=1)
    owner: str = ""
    domain: str = ""
    description: str = ""
    usage: str = ""
    limitations: str = ""
    tags: tuple[str, ...] = ()
    tables: tuple[ContractTable, ...] = ()
    service_levels: tuple[dict[str, Any], ...] = ()
    levels_at: tuple[str | int, ...] = ()
    api_version: str = API_VERSION
    extras: dict[str, Any] = Field(default_factory=dict)

    @field_validator("version")
    @classmethod
    def _semantic(cls, value: str) -> str:
        if not _SEMVER.fullmatch(value):
            raise ValueError("should be a semantic version: three numbers, such as 1.4.0")
        return value

    @model_validator(mode="after")
    def _sound(self) -> Contract:
        refuse_twice("table", self.id, [table.name for table in self.tables])
        refuse_twice("table", f"{self.id} (give one a `label`)", [table.title for table in self.tables])
        return self

    @property
    def release(self) -> tuple[int, int, int]:
        """The three numbers of the version; a pre-release counts as the release that it leads to."""
        found = _SEMVER.fullmatch(self.version)
        assert found is not None  # noqa: S101 - the validator has seen to it
        return int(found[1]), int(found[2]), int(found[3])

    def table(self, name: str) -> ContractTable:
        """What the table called `name` promises.

        Raises:
            UsageError: the contract has none of that name.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise UsageError.unknown(f"table in contract {self.id}:", name, [table.name for table in self.tables])


def refuse_twice(what: str, where: str, names: list[str]) -> None:
    """Raise a ValueError when a name occurs twice; Spark does not tell `Id` from `id`."""
    small = [name.lower() for name in names]
    twice = sorted({name for name in names if small.count(name.lower()) > 1})
    if twice:
        raise ValueError(f"{where or 'an array'} has several {what}s called {', '.join(twice)}")


def _walk(path: str, column: Column) -> Iterator[tuple[str, Column]]:
    yield path, column
    inner = column
    while inner.items is not None:
        inner = inner.items
    for field in inner.fields:
        yield from _walk(f"{path}.{sql_text.named(field.name)}", field)
