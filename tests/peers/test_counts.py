"""The same rules on the same flights fail for the same rows, whoever counts: we, a plain aggregate, polars or a peer."""

from __future__ import annotations

import operator
from functools import cache, reduce
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.peers import data, launch

FLIGHTS = 336_776
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every flight, once."""
    return data.flights(1, tmp_path_factory.mktemp("flights"))


@pytest.fixture(scope="session")
def frame(flights: Path) -> pl.DataFrame:
    return pl.read_parquet(flights / "*.parquet")


@pytest.fixture(scope="session")
def by_polars(frame: pl.DataFrame) -> dict[str, int]:
    """A third opinion, from an engine that neither we nor the peers use."""
    counted = frame.select(**{rule.name: broken(rule.kind, rule.as_data()).sum() for rule in rules()})
    return {name: int(count) for name, count in counted.row(0, named=True).items()}


@cache
def rules() -> tuple[Any, ...]:
    return launch.rules().rules


def broken(kind: str, rule: dict[str, Any]) -> pl.Expr:
    """Whether a row breaks the rule; null breaks nothing but `not_null`."""
    value = pl.col(rule.get("column", "year"))
    match kind:
        case "not_null":
            return value.is_null()
        case "one_of":
            kept = value.is_in(rule["values"])
        case "between":
            kept = value.is_between(rule["min"], rule["max"])
        case "matches":
            kept = value.str.contains(rf"^(?:{rule['pattern']})$")
        case "length":
            kept = value.str.len_chars().is_between(rule["min"], rule["max"])
        case "compare":
            kept = OPERATORS[rule["op"]](value, pl.col(rule["other"]))
        case "holds":
            kept = pl.sql_expr(rule["condition"])
    return (~kept).fill_null(value=False)


def test_the_rules_are_24_and_half_of_them_find_bad_rows(frame: pl.DataFrame, by_polars: dict[str, int]) -> None:
    assert frame.height == FLIGHTS
    assert len(by_polars) == 24
    assert 10 <= sum(count > 0 for count in by_polars.values()) <= 16


def test_our_engine_counts_what_polars_counts(spark: Any, flights: Path, by_polars: dict[str, int]) -> None:
    from toolkit.quality.engine import check

    found = check(spark.read.parquet(str(flights)), launch.rules().table, rules())
    assert {one.rule.name: one.failed for one in found.rules} == by_polars


def test_the_aggregate_written_by_hand_counts_the_same(flights: Path, by_polars: dict[str, int]) -> None:
    assert launch.measure(launch.FLOOR, flights, repeat=1).counts == by_polars


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["great_expectations", "cuallee"])
def test_a_peer_counts_the_same(peer: str, flights: Path, by_polars: dict[str, int]) -> None:
    assert launch.measure(peer, flights, repeat=1).counts == by_polars


@pytest.mark.slow
def test_dqx_counts_the_same_and_puts_aside_the_same_rows(
    flights: Path, frame: pl.DataFrame, by_polars: dict[str, int], tmp_path: Path
) -> None:
    found = launch.measure("dqx", flights, repeat=1, scratch=tmp_path / "tables")
    assert found.counts == by_polars
    bad = int(frame.select(reduce(operator.or_, [broken(r.kind, r.as_data()) for r in rules()]).sum()).item())
    assert found.split == {"valid": FLIGHTS - bad, "invalid": bad}
    assert all(len(seconds) == 1 for seconds in (found.seconds, found.split_seconds, found.unchecked_seconds))
