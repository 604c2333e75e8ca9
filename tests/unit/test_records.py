"""A record declares its table once; schemas, comments and encoding follow, and a row of another shape is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.records import append
from toolkit.errors import DataError, UsageError
from toolkit.quality.records import Measurement, Release
from toolkit.store.reader import DeltaReader
from toolkit.store.records import (
    Named,
    Record,
    arrow_schema,
    columns_of,
    decode,
    decode_all,
    encode,
    refuse_other_shape,
    spark_schema,
    table_of,
)

AT = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Backup(Record, table="ops.backups", description="One table that was backed up."):
    table: Annotated[str, "Which table.", Named("table_name")]
    at: Annotated[datetime, "When."]
    files: Annotated[tuple[str, ...], "Its files."]
    rows: Annotated[int, "Rows of it."]
    whole: Annotated[bool, "Whether all of it was."]
    kind: Annotated[Literal["full", "changes"], "full or changes."] = "full"
    seconds: Annotated[float | None, "How long it took; null where that was not measured."] = None
    error: Annotated[Literal["disk", "rights"] | None, "What went wrong."] = None
    parts: Annotated[tuple[str, ...] | None, "Its parts, where it has some."] = None


BACKUP = Backup("silver.orders", AT, ("a.parquet", "b.parquet"), 12, True)
ROW = {
    "table_name": "silver.orders",
    "at": AT,
    "files": ["a.parquet", "b.parquet"],
    "rows": 12,
    "whole": True,
    "kind": "full",
    "seconds": None,
    "error": None,
    "parts": None,
}


def test_the_table_of_a_record_is_declared_by_it() -> None:
    declared = table_of(Backup)
    assert (declared.name, declared.description) == ("ops.backups", "One table that was backed up.")
    assert list(declared.columns) == list(ROW)
    assert declared.columns["table_name"] == "Which table."


def test_both_schemas_follow_from_the_fields() -> None:
    assert spark_schema(Backup) == (
        "table_name STRING, at TIMESTAMP, files ARRAY<STRING>, rows LONG, whole BOOLEAN, kind STRING, seconds DOUBLE, "
        "error STRING, parts ARRAY<STRING>"
    )
    assert arrow_schema(Backup).names == list(ROW)
    assert [str(kind) for kind in arrow_schema(Backup).types[:4]] == [
        "string",
        "timestamp[us, tz=UTC]",
        "list<item: string>",
        "int64",
    ]


def test_a_record_is_a_row_and_back() -> None:
    assert encode(BACKUP) == ROW
    assert decode(Backup, ROW) == BACKUP
    assert decode(Backup, dict(reversed(ROW.items()))) == BACKUP, "the order of columns means nothing"
    assert decode_all(Backup, tuple(ROW), []) == []


def test_what_was_kept_in_a_table_comes_back(tmp_path: Path) -> None:
    other = Backup("silver.parcels", AT, (), 0, False, "changes", 0.5, "disk", ("x",))
    append(tmp_path / "backups", [BACKUP, other])
    reader = DeltaReader(tmp_path / "backups", "ops.backups")
    refuse_other_shape(Backup, reader)
    page = reader.page(order_by="table_name")
    assert decode_all(Backup, page.columns, page.rows) == [BACKUP, other]


def without(name: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.drop_columns([name])


@pytest.mark.parametrize(
    ("older", "message"),
    [
        (without("seconds"), "missing seconds, unknown none, of another type none"),
        (
            lambda table: table.append_column("colour", pa.array(["red"])),
            "missing none, unknown colour, of another type",
        ),
        (lambda table: table.rename_columns({"kind": "sort"}), "missing kind, unknown sort, of another type none"),
        (
            lambda table: table.set_column(3, "rows", pa.array([12], pa.int32())),
            "missing none, unknown none, of another type rows is integer",
        ),
    ],
    ids=["a column less", "one more", "another name", "another type"],
)
def test_a_table_of_another_shape_is_refused_with_what_differs(
    tmp_path: Path, older: Callable[[pa.Table], pa.Table], message: str
) -> None:
    write_deltalake(tmp_path / "backups", older(pa.Table.from_pylist([ROW], schema=arrow_schema(Backup))))
    with pytest.raises(DataError, match=message) as refused:
        refuse_other_shape(Backup, DeltaReader(tmp_path / "backups", "ops.backups"))
    assert refused.value.what.startswith("ops.backups was written with other columns")
    assert f"move {tmp_path / 'backups'} aside" in refused.value.cure


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({name: value for name, value in ROW.items() if name != "rows"}, "missing rows, unknown none"),
        ({**ROW, "colour": "red"}, "missing none, unknown colour"),
        ({**ROW, "rows": None}, "ops.backups holds None as rows"),
        ({**ROW, "rows": 1.5}, "holds 1.5 as rows"),
        ({**ROW, "whole": 1}, "holds 1 as whole"),
        ({**ROW, "files": None}, "holds None as files"),
        ({**ROW, "kind": "half"}, "holds 'half' as kind"),
        ({**ROW, "error": "fire"}, "holds 'fire' as error"),
        ({**ROW, "at": "20224-02-06 00:00"}, "holds '20224-02-06 00:00' as at"),
        ({**ROW, "rows": "\x1b[31m" * 100}, r"holds '\\x1b\[31m.{1,60} as rows"),
    ],
)
def test_a_row_that_is_no_record_is_refused(row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode(Backup, row)


def test_a_field_without_a_comment_or_of_another_type_is_a_mistake_of_the_declaration() -> None:
    @dataclass(frozen=True)
    class Silent(Record, table="ops.silent", description="-"):
        rows: int

    @dataclass(frozen=True)
    class Odd(Record, table="ops.odd", description="-"):
        rows: Annotated[list[int], "Rows."]

    for record in (Silent, Odd):
        with pytest.raises(TypeError, match="rows"):
            table_of(record)


def test_a_table_name_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="not a table name"):

        class Bad(Record, table="backups", description="-"):
            pass


@pytest.mark.parametrize("record", [Measurement, Release])
def test_records_of_quality_have_a_comment_for_each_column(record: type[Record]) -> None:
    declared = table_of(record)
    assert declared.name.startswith("ops.")
    assert len(declared.columns) == len(columns_of(record)) == len(fields(record))  # type: ignore[arg-type]
    assert all(declared.columns.values())
