"""Quality's tasks: all that can be refused without Spark is, and a run keeps what it was asked as data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.records import append
from toolkit import runs
from toolkit.errors import UsageError
from toolkit.parameters import parse, words
from toolkit.quality.failing import BrokenRule, as_measured_last
from toolkit.quality.records import RESULTS, Measurement
from toolkit.quality.sources import Source, given
from toolkit.quality.tasks import ASK, COMPARE, JUDGE, PROFILE, RELEASE, TASKS, Compared, Profiled, Repaired
from toolkit.runs import RunRecord
from toolkit.store.lakehouse import Lakehouse

TABLE = "silver.parcels"
RUN = "20260302-101500-parcels-0a1b"
RULES = "table: silver.parcels\nrules:\n  - {kind: not_null, name: country_given, column: country}\n"


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    found = Lakehouse.default()
    write_deltalake(found.path(TABLE), pa.table({"id": [1, 2], "country": ["DE", None]}))
    write_deltalake(found.path("silver.countries"), pa.table({"code": ["DE"]}))
    quarantine = {"id": [3, 4], "country": ["FR", None], "_rules": [["kg_sound"], ["country_given", "kg_sound"]]}
    write_deltalake(found.path("quarantine.parcels"), pa.table(quarantine))
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def measured(lakehouse: Lakehouse, **changed: Any) -> None:
    usual = {"rows": 2, "failed": 1, "passed": False, "population": "stored"}
    found = Measurement(RUN, datetime(2026, 3, 2, 10, 15, tzinfo=UTC), TABLE, "country_given", 0, **usual | changed)  # type: ignore[arg-type]
    append(lakehouse.path(RESULTS), [found])


def judged_with(**options: Any) -> None:
    folder = runs.create(RUN)
    folder.save(RunRecord(run_id=RUN, scenario="tables", parameters={}, task="judge", table=TABLE, options=options))


@pytest.mark.parametrize(
    ("task", "asked", "message"),
    [
        (JUDGE, {"table": TABLE, "references": {"c": "silver.country"}}, "no table 'silver.country'"),
        (
            JUDGE,
            {"table": "silver.countries", "rules": "FILE"},
            "holds the rules of silver.parcels, not of silver.countries",
        ),
        (JUDGE, {"table": TABLE, "rules": "FILE", "contract": "FILE"}, "Rules and a contract are given"),
        (JUDGE, {"table": TABLE, "contract": "nowhere"}, "There is no contract 'nowhere'"),
        (COMPARE, {"table": TABLE, "before": 7}, "7"),
        (PROFILE, {"table": "silver.parcel"}, "no table 'silver.parcel'"),
        (PROFILE, {"table": TABLE, "version": 7}, "7"),
        (PROFILE, {"table": TABLE, "references": {"c": "silver.country"}}, "no table 'silver.country'"),
        (ASK, {"table": TABLE, "rule": "country_gven", "rules": "FILE"}, "no rule of silver.parcels 'country_gven'"),
        (RELEASE, {"table": "silver.countries"}, "no table 'quarantine.countries'"),
        (RELEASE, {"table": TABLE, "rule": "kg_sond"}, "Did you mean 'kg_sound'"),
        (RELEASE, {"table": TABLE, "where": "weight > 1"}, "weight"),
        (RELEASE, {"table": TABLE, "settings": ("colour=1",)}, "no column to repair: 'colour'"),
    ],
)
def test_what_can_be_refused_without_spark_is(
    lakehouse: Lakehouse, file: Path, task: Any, asked: dict[str, Any], message: str
) -> None:
    values = {name: str(file) if value == "FILE" else value for name, value in asked.items()}
    with pytest.raises(UsageError, match=message):
        task.prepare(parse(task.parameters, values, task.name))


@pytest.mark.parametrize(
    ("task", "asked"),
    [
        (JUDGE, {"table": TABLE, "rules": "FILE", "references": {"countries": "silver.countries"}}),
        (JUDGE, {"table": TABLE}),
        (PROFILE, {"table": TABLE, "version": 0, "sample": 0.5}),
        (ASK, {"table": TABLE, "rule": "country_given", "rules": "FILE"}),
        (RELEASE, {"table": TABLE, "rule": "kg_sound", "where": "id > 3", "settings": ("country = 'DE'",)}),
    ],
)
def test_what_fits_is_not_refused(lakehouse: Lakehouse, file: Path, task: Any, asked: dict[str, Any]) -> None:
    values = {name: file if value == "FILE" else value for name, value in asked.items()}
    task.prepare(parse(task.parameters, values, task.name))


def test_the_rules_of_a_file_come_with_the_tables_that_they_refer_to(lakehouse: Lakehouse, file: Path) -> None:
    rules = given(Source(table=TABLE, rules=file, references={"countries": "silver.countries"}))
    assert rules is not None
    assert ([rule.name for rule in rules.rules], rules.references) == (
        ["country_given"],
        {"countries": "silver.countries"},
    )
    assert given(Source(table=TABLE)) is None


def test_files_are_kept_as_they_are_found_from_anywhere(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert Source(table=TABLE, rules=Path("rules.yaml")).rules == file


def test_a_rule_is_looked_for_where_it_stood_when_it_was_measured(lakehouse: Lakehouse, file: Path) -> None:
    measured(lakehouse)
    asked = BrokenRule(table=TABLE, rule="country_given")
    assert as_measured_last(asked) == asked, "the run is gone"
    judged_with(rules=str(file), references={"countries": "silver.countries", "a, b": "silver.parcels"})
    found = as_measured_last(asked)
    assert (found.rules, found.references) == (file, {"countries": "silver.countries", "a, b": "silver.parcels"})
    named = BrokenRule(table=TABLE, rule="country_given", rules=file)
    assert as_measured_last(named) == named


def test_a_run_that_kept_references_in_another_form_is_refused(lakehouse: Lakehouse) -> None:
    measured(lakehouse)
    judged_with(references="countries=silver.countries")
    with pytest.raises(UsageError, match=r"references = 'countries=silver\.countries'"):
        as_measured_last(BrokenRule(table=TABLE, rule="country_given"))


def test_a_task_says_what_it_holds_and_whose_table_it_is_about(lakehouse: Lakehouse) -> None:
    asked = Repaired(table=TABLE, rule="kg_sound")
    assert RELEASE.writes(asked) == (TABLE, "quarantine.parcels", "ops.quarantine_releases")
    assert (RELEASE.about(asked), JUDGE.about(Source(table=TABLE))) == (TABLE, TABLE)
    write_deltalake(lakehouse.path("quarantine.letters"), pa.table({"id": [1]}))
    assert RELEASE.about(Repaired(table="silver.letters")) == "quarantine.letters", "no row of it was ever good"
    assert RELEASE.preview is not None
    assert RELEASE.preview(asked).startswith("2 rows of 2 in quarantine would be checked again")
    doubtful = Repaired(table=TABLE, where="concat(country, 'x') = 'FRx'")
    assert "concat(…) may mean something else: it may choose other rows." in RELEASE.preview(doubtful)


def test_what_was_asked_is_a_command_again(file: Path) -> None:
    asked = Source(table=TABLE, rules=file, references={"countries": "silver.countries"})
    assert words(asked) == [TABLE, "--rules", str(file), "--ref", "countries=silver.countries"]
    assert words(Profiled(table=TABLE, sample=0.5, confirm=True)) == [TABLE, "--sample", "0.5", "--confirm"]
    assert words(Repaired(table=TABLE, settings=("a = 1", "b = 2"))) == [TABLE, "--set", "a = 1", "--set", "b = 2"]
    assert words(Compared(table=TABLE, before=0, after=1)) == [TABLE, "0", "--after", "1"]
    assert [task.name for task in TASKS] == ["run", "profile", "compare", "ask", "release"]
