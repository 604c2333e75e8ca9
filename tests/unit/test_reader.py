"""Delta tables read without a JVM: pages, sorting, conditions, earlier versions, and tables that are damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from toolkit.errors import DataError, UsageError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader, TableSummary
from toolkit.store.unreadable import Damaged

NAME = "silver.parcels"
SIGNATURE = json.dumps({"run_id": "20260301-101500-parcels-0a1b", "step": "check"})


@pytest.fixture
def lakehouse(tmp_path: Path) -> Lakehouse:
    """`silver.parcels` in three versions of three rows each: (id, place), with one null place each."""
    found = Lakehouse(tmp_path / "lakehouse")
    for first in (0, 10, 20):
        rows = pa.table({"id": [first, first + 1, first + 2], "place": ["Köln", None, "a b"]})
        write_deltalake(
            found.path(NAME),
            rows,
            mode="append",
            commit_properties=CommitProperties(custom_metadata={"userMetadata": SIGNATURE}),
        )
    return found


@pytest.fixture
def parcels(lakehouse: Lakehouse) -> DeltaReader:
    return lakehouse.open(NAME)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[pa.Table], DeltaReader]:
    """Writes a table and opens it."""

    def write(rows: pa.Table) -> DeltaReader:
        write_deltalake(tmp_path / "some", rows, mode="overwrite", schema_mode="overwrite")
        return DeltaReader(tmp_path / "some", "silver.some")

    return write


def ids(rows: list[tuple[Any, ...]]) -> list[Any]:
    return [row[0] for row in rows]


def commit(lakehouse: Lakehouse, version: int) -> Path:
    return lakehouse.path(NAME) / "_delta_log" / f"{version:020}.json"


def data_files(lakehouse: Lakehouse) -> list[Path]:
    """The Parquet files, oldest first."""
    return sorted(lakehouse.path(NAME).glob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)


# pages


def test_a_page_has_columns_and_rows(parcels: DeltaReader) -> None:
    page = parcels.page(order_by="id")
    assert page.columns == ("id", "place")
    assert page.rows[:3] == [(0, "Köln"), (1, None), (2, "a b")]
    assert (page.offset, page.total) == (0, None)


@pytest.mark.parametrize(
    ("offset", "limit", "expected"), [(0, 2, [0, 1]), (7, 5, [21, 22]), (9, 5, []), (3, 0, []), (100, 1, [])]
)
def test_pages_are_cut_where_asked(parcels: DeltaReader, offset: int, limit: int, expected: list[int]) -> None:
    assert ids(parcels.page(offset=offset, limit=limit, order_by="id").rows) == expected


@pytest.mark.parametrize(("offset", "limit"), [(-1, 1), (0, -1)])
def test_a_page_of_less_than_nothing_is_refused(parcels: DeltaReader, offset: int, limit: int) -> None:
    with pytest.raises(UsageError):
        parcels.page(offset=offset, limit=limit)


def test_sorting_puts_nulls_last_both_ways(parcels: DeltaReader) -> None:
    up = parcels.page(order_by="place").rows
    down = parcels.page(order_by="place", descending=True).rows
    assert [r[1] for r in up] == ["Köln"] * 3 + ["a b"] * 3 + [None] * 3
    assert [r[1] for r in down] == ["a b"] * 3 + ["Köln"] * 3 + [None] * 3


@pytest.mark.parametrize("column", ["plaice", "", 'id" DESC; --', "1", "ID"])
def test_sorting_by_what_is_no_column_is_refused(parcels: DeltaReader, column: str) -> None:
    with pytest.raises(UsageError, match="There is no column"):
        parcels.page(order_by=column)


@pytest.mark.parametrize("name", ['say "hi"', "two words", "select", "größe", "a.b", "UPPER", "'"])
def test_a_column_may_have_any_name(written: Callable[[pa.Table], DeltaReader], name: str) -> None:
    found = written(pa.table({name: [2, 1]}))
    assert found.page(order_by=name).rows == [(1,), (2,)]


def test_a_page_counts_only_when_asked(parcels: DeltaReader) -> None:
    assert parcels.page(limit=1, where="place IS NULL", counted=True).total == 3
    assert (parcels.count(), parcels.count("id > 10")) == (9, 5)


# conditions


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", 9),
        ("   \n ", 9),
        ("id >= 20", 3),
        ("place = 'Köln'", 3),
        ("id = 1 -- the second", 1),
        ("id = 1 OR id = 2", 2),
        ("id IN (SELECT max(id) FROM t)", 1),
        ("false", 0),
        ("NULL", 0),
    ],
)
def test_a_condition_filters(parcels: DeltaReader, where: str, expected: int) -> None:
    assert len(parcels.page(where=where).rows) == parcels.count(where) == expected


@pytest.mark.parametrize(
    "part", ["id = 0) OR (1=1", "1=1) OR (1=1 --", "id = 0 LIMIT 1", "1=1; SELECT 1", "-- nothing"]
)
@pytest.mark.parametrize("ahead", [[], ["id >= 0"]])
def test_a_part_of_a_condition_is_a_condition_by_itself(parcels: DeltaReader, part: str, ahead: list[str]) -> None:
    with pytest.raises(UsageError, match=f"That does not work on {NAME}"):
        parcels.count([*ahead, part])
    with pytest.raises(UsageError):
        parcels.page(where=[part, *ahead])


def test_several_conditions_are_all_met(parcels: DeltaReader) -> None:
    assert parcels.count(["id >= 10", "", "place = 'Köln' OR place IS NULL -- either"]) == 4
    assert sorted(ids(parcels.page(where=["id < 11", "place <> ')'"]).rows)) == [0, 2, 10]


@pytest.mark.parametrize(
    "where",
    [
        "id = ",
        "nope = 1",
        "id",
        "(",
        ")",
        "'",
        "/*",
        "\x00",
        "id = 1; DROP TABLE t",
        "1 = 1) --",
        "true LIMIT 1",
        "id = 'one'",
        "nope(id) = 1",
        "place LIKE 'a%' ESCAPE 'xx'",
        "id IN (SELECT id FROM silver.orders)",
        "💥",
    ],
)
def test_a_condition_that_does_not_fit_is_the_users_affair(parcels: DeltaReader, where: str) -> None:
    with pytest.raises(UsageError, match=f"That does not work on {NAME}: ") as refused:
        parcels.page(where=where)
    assert "\n" not in refused.value.what
    assert parcels.count() == 9


# SELECT


def test_a_select_calls_the_table_t(parcels: DeltaReader) -> None:
    page = parcels.sql("SELECT count(*) AS n, max(id) AS most FROM t")
    assert (page.columns, page.rows, page.total) == (("n", "most"), [(9, 22)], 1)
    assert parcels.sql("\n with few as (SELECT * FROM t WHERE id < 2) select id from few order by id").rows == [
        (0,),
        (1,),
    ]


def test_two_columns_of_one_name_are_both_kept(parcels: DeltaReader) -> None:
    page = parcels.sql("SELECT * FROM t AS a JOIN t AS b ON b.id = a.id + 1 WHERE a.id = 0")
    assert page.columns == ("id", "place", "id", "place")
    assert page.rows == [(0, "Köln", 1, None)]


def test_no_rows_still_have_columns(parcels: DeltaReader) -> None:
    page = parcels.sql("SELECT id, place FROM t WHERE false")
    assert (page.columns, page.rows, page.total) == (("id", "place"), [], 0)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "COPY (SELECT 1 AS a) TO '{folder}/out.csv' STORED AS CSV",
        "DROP TABLE t",
        "INSERT INTO t VALUES (99, 'x')",
        "CREATE TABLE z AS SELECT 1",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN SELECT 1",
        "-- SELECT\nDROP TABLE t",
        "SELECTED",
        "SELECT 1; COPY t TO '{folder}/out.csv'",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 'x'",
        "SELECT * FROM nope",
    ],
)
def test_nothing_but_a_select_is_asked(parcels: DeltaReader, query: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        parcels.sql(query.replace("{folder}", str(tmp_path)))
    assert not (tmp_path / "out.csv").exists()
    assert parcels.count() == 9


# schema and values


def test_nested_types_are_written_as_spark_writes_them(written: Callable[[pa.Table], DeltaReader]) -> None:
    items = pa.list_(pa.struct([("id", pa.int32()), ("tags", pa.list_(pa.string()))]))
    schema = pa.schema([("items", items), ("map", pa.map_(pa.string(), pa.float64())), ("price", pa.decimal128(10, 2))])
    rows = {"items": [[{"id": 1, "tags": ["x"]}], None], "map": [{"a": 1.0}, None], "price": [Decimal("1.50"), None]}
    found = written(pa.table(rows, schema=schema))
    assert [column.type for column in found.columns()] == [
        "array<struct<id:integer,tags:array<string>>>",
        "map<string,double>",
        "decimal(10,2)",
    ]
    assert found.page().rows[0] == ([{"id": 1, "tags": ["x"]}], [("a", 1.0)], Decimal("1.50"))
    assert found.page().rows[1] == (None, None, None)


def test_values_keep_their_python_types(written: Callable[[pa.Table], DeltaReader]) -> None:
    row = {
        "day": date(2026, 3, 1),
        "at": datetime(2026, 3, 1, 10, 15, tzinfo=UTC),
        "yes": True,
        "raw": b"\x00\xff",
        "text": "naïve\u2028😀",
        "big": 2**63 - 1,
    }
    page = written(pa.table({name: [value] for name, value in row.items()})).page()
    assert page.named() == [row]


def test_comments_and_nullability_are_kept(written: Callable[[pa.Table], DeltaReader]) -> None:
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False, metadata={"comment": "Its number."}),
            pa.field("place", pa.string()),
        ]
    )
    columns = written(pa.table({"id": [1], "place": ["x"]}, schema=schema)).columns()
    assert [(c.name, c.nullable, c.comment) for c in columns] == [("id", False, "Its number."), ("place", True, "")]


# history, files, summary


def test_history_is_newest_first_and_says_who_wrote(parcels: DeltaReader) -> None:
    history = parcels.history()
    assert [v.version for v in history] == [2, 1, 0]
    assert {(v.run_id, v.step) for v in history} == {("20260301-101500-parcels-0a1b", "check")}
    assert parcels.history(1) == history[:1]
    assert history[0].at.tzinfo is UTC


@pytest.mark.parametrize("said", ["", "by hand", "[1]", "null", '{"run_id": 7}'])
def test_a_commit_that_no_run_signed_is_read_all_the_same(lakehouse: Lakehouse, said: str) -> None:
    write_deltalake(
        lakehouse.path(NAME),
        pa.table({"id": [30], "place": ["x"]}),
        mode="append",
        commit_properties=CommitProperties(custom_metadata={"userMetadata": said}),
    )
    newest = lakehouse.open(NAME).history(1)[0]
    assert (newest.run_id, newest.step) == ("7" if "7" in said else "", "")


def test_files_are_largest_first_with_their_rows(parcels: DeltaReader) -> None:
    files = parcels.files()
    assert [f.rows for f in files] == [3, 3, 3]
    assert [f.bytes for f in files] == sorted((f.bytes for f in files), reverse=True)
    assert all((parcels.path / f.path).stat().st_size == f.bytes for f in files)


def test_the_summary_adds_up(parcels: DeltaReader) -> None:
    found = parcels.summary()
    assert (found.name, found.version, found.rows, found.files) == (NAME, 2, 9, 3)
    assert found.bytes == sum(f.bytes for f in parcels.files())


def test_rows_that_a_deletion_vector_hides_are_not_shown_nor_counted(lakehouse: Lakehouse) -> None:
    hide_with_deletion_vector(lakehouse, positions=[1])
    found = lakehouse.open(NAME)
    assert sorted(ids(found.page().rows)) == [0, 1, 2, 10, 11, 12, 20, 22]
    assert (found.count(), found.summary().rows) == (8, 8)


def hide_with_deletion_vector(lakehouse: Lakehouse, positions: list[int]) -> None:
    """Commit a version in which rows of the newest file are deleted by a vector inside the log.

    Written by hand from Delta's protocol, since no writer without a JVM makes one: a 32-bit roaring bitmap in an array of
    bitmaps, in the base 85 of Z85.
    """
    bitmap = b"".join(
        [
            (12346).to_bytes(4, "little"),  # no run containers
            (1).to_bytes(4, "little"),  # one container
            (0).to_bytes(2, "little") + (len(positions) - 1).to_bytes(2, "little"),
            (16).to_bytes(4, "little"),  # where it starts
            *[p.to_bytes(2, "little") for p in positions],
        ]
    )
    content = (1681511377).to_bytes(4, "little") + (1).to_bytes(8, "little") + (0).to_bytes(4, "little") + bitmap
    vector = {
        "storageType": "i",
        "pathOrInlineDv": z85(content),
        "sizeInBytes": len(content),
        "cardinality": len(positions),
    }
    (added,) = [line["add"] for line in map(json.loads, commit(lakehouse, 2).read_text().splitlines()) if "add" in line]
    features = ["deletionVectors"]
    actions: list[dict[str, Any]] = [
        {
            "protocol": {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": features,
                "writerFeatures": features,
            }
        },
        {"remove": {"path": added["path"], "deletionTimestamp": 1, "dataChange": True}},
        {"add": {**added, "deletionVector": vector}},
    ]
    commit(lakehouse, 3).write_text("".join(json.dumps(action) + "\n" for action in actions), encoding="utf-8")


def z85(content: bytes) -> str:
    """Base 85 as ZeroMQ writes it; the content is filled up to whole words of four bytes."""
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    padded = content + b"\x00" * (-len(content) % 4)
    words = [int.from_bytes(padded[i : i + 4], "big") for i in range(0, len(padded), 4)]
    return "".join(alphabet[word // 85**power % 85] for word in words for power in (4, 3, 2, 1, 0))


# versions


def test_an_earlier_version_is_as_it_was(lakehouse: Lakehouse) -> None:
    found = lakehouse.open(NAME, 0)
    assert (found.version, found.count(), [v.version for v in found.history()]) == (0, 3, [0])
    assert lakehouse.open(NAME, 2).count() == 9


@pytest.mark.parametrize("version", [-1, 3, 10**30])
def test_a_version_out_of_range_is_refused_with_the_range(lakehouse: Lakehouse, version: int) -> None:
    with pytest.raises(UsageError, match=f"{NAME} has no version {version}") as refused:
        lakehouse.open(NAME, version)
    assert refused.value.choices == ("0 to 2",)


def test_an_unknown_table_offers_the_nearest(lakehouse: Lakehouse) -> None:
    with pytest.raises(UsageError, match=r"no table 'silver\.parcel'\. Did you mean 'silver\.parcels'"):
        lakehouse.open("silver.parcel")


def test_where_there_is_no_lakehouse_the_cure_is_to_run_a_scenario(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        Lakehouse(tmp_path / "nowhere").open(NAME)
    assert "toolkit run" in refused.value.cure


@pytest.mark.parametrize(
    ("table", "scenario"),
    [
        ("silver.gate_orders", "quality_gate"),
        ("quarantine.customers", "retail_lakehouse"),
        ("silver.nowhere", "retail_lakehouse"),
    ],
)
def test_a_table_that_is_not_there_yet_names_the_scenario_that_makes_it(
    tmp_path: Path, table: str, scenario: str
) -> None:
    with pytest.raises(UsageError) as refused:
        Lakehouse(tmp_path / "nowhere").open(table)
    assert refused.value.cure.endswith(f"toolkit run {scenario}.")


# damage


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:150])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def garbage(file: Path) -> None:
    file.write_bytes(b"\x00\xff\xfe" * 50)


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    ("version", "harm"),
    [(2, cut), (1, cut), (0, cut), (2, emptied), (0, emptied), (1, garbage), (2, garbage), (0, gone), (1, gone)],
)
def test_a_damaged_log_is_a_data_error(lakehouse: Lakehouse, version: int, harm: Callable[[Path], None]) -> None:
    harm(commit(lakehouse, version))
    with pytest.raises(DataError, match=f"{NAME} cannot be read: ") as refused:
        lakehouse.open(NAME)
    assert str(lakehouse.path(NAME)) in refused.value.cure
    assert len(refused.value.what) < 400


@pytest.mark.parametrize(
    ("name", "cure"), [("ops.quality_results", "begin a new history"), (NAME, "run its scenario again")]
)
def test_a_damaged_table_is_to_be_moved_aside_and_never_deleted(lakehouse: Lakehouse, name: str, cure: str) -> None:
    write_deltalake(lakehouse.path("ops.quality_results"), pa.table({"n": [1]}))
    emptied(sorted(lakehouse.path(name).glob("_delta_log/*.json"))[-1])
    with pytest.raises(Damaged) as refused:
        lakehouse.open(name)
    assert "restore that folder from a backup, or move it aside" in refused.value.cure
    assert cure in refused.value.cure
    assert "delete" not in refused.value.cure


def test_an_earlier_version_is_still_read_when_the_newest_commit_is_empty(lakehouse: Lakehouse) -> None:
    emptied(commit(lakehouse, 2))
    assert DeltaReader(lakehouse.path(NAME), NAME, 1).count() == 6


def test_a_log_without_commits_is_a_data_error(lakehouse: Lakehouse) -> None:
    for version in range(3):
        gone(commit(lakehouse, version))
    with pytest.raises(DataError, match="There is no Delta table in"):
        lakehouse.open(NAME)


def test_a_pointer_to_a_checkpoint_that_is_not_there_is_a_data_error(lakehouse: Lakehouse) -> None:
    (commit(lakehouse, 0).parent / "_last_checkpoint").write_text('{"version":2,"size":3}', encoding="utf-8")
    with pytest.raises(DataError, match="Checkpoint"):
        lakehouse.open(NAME)


def test_a_damaged_checkpoint_is_a_data_error(lakehouse: Lakehouse) -> None:
    DeltaTable(lakehouse.path(NAME)).create_checkpoint()
    (checkpoint,) = lakehouse.path(NAME).glob("_delta_log/*.checkpoint.parquet")
    garbage(checkpoint)
    with pytest.raises(DataError):
        lakehouse.open(NAME).summary()


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("harm", [gone, garbage, cut])
@pytest.mark.parametrize("where", ["", "id >= 0"])
def test_a_damaged_data_file_is_told_from_a_wrong_condition(
    lakehouse: Lakehouse, which: int, harm: Callable[[Path], None], where: str
) -> None:
    harm(data_files(lakehouse)[which])
    with pytest.raises(DataError, match=f"{NAME} cannot be read: "):
        lakehouse.open(NAME).page(where=where)


def test_a_wrong_condition_on_a_damaged_table_is_still_the_condition(lakehouse: Lakehouse) -> None:
    with pytest.raises(UsageError, match="nope"):
        lakehouse.open(NAME).page(where="nope = 1")


def test_a_damaged_table_does_not_hide_the_others(lakehouse: Lakehouse) -> None:
    write_deltalake(lakehouse.path("gold.sums"), pa.table({"n": [1]}))
    cut(commit(lakehouse, 1))
    broken, sound = (lakehouse.summary(name) for name in lakehouse.tables())
    assert isinstance(broken, DataError)
    assert isinstance(sound, TableSummary)
    assert (sound.name, sound.rows) == ("gold.sums", 1)


def test_opening_does_not_write(lakehouse: Lakehouse) -> None:
    before = {p: p.stat().st_mtime_ns for p in lakehouse.root.rglob("*")}
    found = lakehouse.open(NAME)
    found.page(where="id > 1", order_by="id", counted=True)
    found.summary()
    assert {p: p.stat().st_mtime_ns for p in lakehouse.root.rglob("*")} == before
