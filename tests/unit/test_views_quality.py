"""`toolkit quality` where no JVM is needed: quarantine, scores, advice, contracts, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.records import append, rule_found
from toolkit import areas, runner, runs
from toolkit.events import EventLog
from toolkit.quality.records import Measurement
from toolkit.runs import RunRecord
from toolkit.store.lakehouse import Lakehouse

Cli = Callable[..., Any]
BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
CONTRACT = """
kind: DataContract
apiVersion: v3.1.0
id: parcels
version: 1.0.0
status: active
schema:
  - name: parcels
    physicalName: silver.parcels
    logicalType: object
    physicalType: table
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, required: true}
      - {name: country, logicalType: string, physicalType: string}
"""


def violation(rule: str, column: str, value: str | None) -> dict[str, str | None]:
    return {"rule": rule, "column": column, "value": value, "message": f"{column} is sound."}


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    """A table, its quarantine of three rows, and two runs of results."""
    found = Lakehouse.default()
    write_deltalake(found.path("silver.parcels"), pa.table({"id": [1, 5], "country": ["DE", "IT"]}))
    bad = pa.table(
        {
            "id": [2, 3, 4],
            "country": [None, "FR", None],
            "_source": ["b.csv", "a.csv", "b.csv"],
            "_violations": [
                [violation("country_given", "country", None)],
                [violation("kg_sound", "kg", "-1.0")],
                [violation("country_given", "country", None), violation("kg_sound", "kg", "-2.0")],
            ],
            "_rules": [["country_given"], ["kg_sound"], ["country_given", "kg_sound"]],
        }
    )
    write_deltalake(found.path("quarantine.parcels"), bad)
    append(
        found.path("ops.quality_results"),
        [
            Measurement(
                f"2026030{day}-101500-parcels-0a1b",
                BEGAN + timedelta(days=day),
                "silver.parcels",
                rule,
                version=day - 1,
                kind="not_null",
                columns=("country",),
                dimension=dimension,
                rows=5,
                failed=failed if day == 2 else 0,
                passed=day == 1 or not failed,
            )
            for day in (1, 2)
            for rule, dimension, failed in (("country_given", "completeness", 2), ("kg_sound", "validity", 0))
        ],
    )
    return found


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "parcels.yaml"
    file.write_text(CONTRACT, encoding="utf-8")
    return file


def test_the_quarantine_is_counted_by_rule(cli: Cli, lakehouse: Lakehouse) -> None:
    found = json.loads(cli("quality", "quarantine", "silver.parcels", "--json").stdout)
    assert [(row["rule"], row["rows"], row["source"], row["sources"]) for row in found] == [
        ("country_given", 2, "b.csv", 1),
        ("kg_sound", 2, "b.csv", 2),
    ]
    assert "3 rows in quarantine.parcels, version 0" in cli("quality", "quarantine", "silver.parcels").stderr


def test_the_rows_of_one_rule_are_shown_with_every_reason(cli: Cli, lakehouse: Lakehouse) -> None:
    asked = ("quality", "rejected", "silver.parcels", "--rule", "kg_sound", "--where", "id > 3")
    (row,) = json.loads(cli(*asked, "--json").stdout)
    assert (row["id"], row["country"]) == (4, None)
    assert row["_reasons"] == ("country_given (country = NULL): country is sound.; kg_sound (kg = -2.0): kg is sound.")
    told = cli(*asked)
    assert "NULL" in told.stdout, "what is stored as NULL is not what nobody knows"
    assert "The condition is met by 1 of 3 rows of quarantine.parcels" in told.stderr
    told = cli("quality", "rejected", "silver.parcels", "--where", "id > 99")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "The condition is met by 0 of 3 rows of quarantine.parcels" in told.stderr


def test_a_row_says_why_it_is_there_and_where_it_came_from(lakehouse: Lakehouse) -> None:
    asked = areas.question("quality.rejected", {"table": "silver.parcels", "rule": "kg_sound"})
    view = areas.view("quality.rejected")
    rows = view.read(lakehouse, asked.parameters).rows
    assert view.sentence(rows[0]).splitlines() == ["kg_sound (kg = -1.0): kg is sound.", "It came from a.csv."]
    assert view.sentence({"id": 1}).splitlines() == [
        "No reason is kept with this row.",
        "It does not say where it came from.",
    ]
    corrupt = {"_corrupt_record": "{", "_run_id": "r1", "_ingested_at": BEGAN}
    assert view.sentence(corrupt).splitlines()[0] == "The line could not be read."
    assert "brought in by run r1, on 2026-03-01" in view.sentence(corrupt)


def test_a_table_without_quarantine_is_told_from_one_that_is_not_there(cli: Cli, lakehouse: Lakehouse) -> None:
    write_deltalake(lakehouse.path("silver.boxes"), pa.table({"id": [1]}))
    told = cli("quality", "quarantine", "silver.boxes")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "Nothing is in quarantine." in told.stderr
    assert "silver.boxes has no quarantine." in told.stderr
    assert cli("quality", "quarantine", "silver.nothing").exit_code == 2
    write_deltalake(lakehouse.path("quarantine.boxes"), pa.table({"id": [1]}))
    told = cli("quality", "quarantine", "silver.boxes")
    assert (told.exit_code, "does not say why its rows are there" in told.stderr) == (5, True)


@pytest.mark.parametrize("command", [["rejected"], ["release"], ["release", "--dry-run"]])
def test_a_rule_that_sent_no_row_there_is_an_error_with_those_that_did(
    cli: Cli, lakehouse: Lakehouse, command: list[str]
) -> None:
    name, *options = command
    told = cli("quality", name, "silver.parcels", "--rule", "nope", *options)
    assert (told.exit_code, told.stdout) == (2, "")
    assert "rule 'nope'" in told.stderr
    assert "Valid choices: country_given, kg_sound." in told.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--where", "countri = 'DE'"], "countri"),
        (["--where", "country = 'DE"], "does not work on quarantine.parcels"),
        (["--where", "id in (1, 2"], "does not work on quarantine.parcels"),
        (["--where", "id = 1) OR (id = 2"], "does not work on quarantine.parcels"),
        (["--where", "id = 1; drop table t"], "does not work on quarantine.parcels"),
        (["--set", "countri='DE'"], "Did you mean 'country'?"),
        (["--set", "country"], "sets nothing"),
    ],
)
def test_a_release_that_cannot_work_is_refused_before_spark_starts(
    cli: Cli, lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    def perform(*_: object, **__: object) -> None:
        raise AssertionError("a run was started")

    monkeypatch.setattr(runner, "do", perform)
    told = cli("quality", "release", "silver.parcels", *options)
    assert (told.exit_code, told.stdout) == (2, "")
    assert said in told.stderr
    assert runs.history() == []


@pytest.mark.parametrize("where", ["country RLIKE '^D'", "isnull(country)", 'country = "DE"', "id div 2 = 1", "id > 1"])
def test_a_condition_that_only_spark_can_judge_is_left_to_it(
    cli: Cli, lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    asked = []

    def do(*given: Any, **_: object) -> None:
        asked.append(given[1].where)

    monkeypatch.setattr(runner, "do", do)
    assert cli("quality", "release", "silver.parcels", "--where", where, "--quiet").exit_code == 0
    assert asked == [where]


def test_a_dry_run_says_what_it_would_do_and_does_nothing(cli: Cli, lakehouse: Lakehouse) -> None:
    asked = ("--rule", "country_given", "--set", "country='DE'", "--dry-run")
    told = cli("quality", "release", "silver.parcels", *asked)
    assert told.exit_code == 0
    assert told.stdout.splitlines()[0].startswith("2 rows of 3 in quarantine would be checked again")
    assert "· country: NULL → DE" in told.stdout
    assert runs.history() == []


def test_scores_are_by_dimension(cli: Cli, lakehouse: Lakehouse) -> None:
    (row,) = json.loads(cli("quality", "scores", "--json").stdout)
    assert row["table"] == "silver.parcels"
    assert row["validity"] == 100
    assert row["completeness"] < 100
    assert row["volume"] is None


def test_a_score_shows_how_it_comes_about(cli: Cli, lakehouse: Lakehouse) -> None:
    told = cli("quality", "score", "silver.parcels")
    assert told.exit_code == 0
    header, first, second = (line.split() for line in told.stdout.splitlines())
    assert header == ["dimension", "rule", "severity", "weight", "points", "failed", "of", "rows", "lost"]
    assert first == ["completeness", "country_given", "error", "4", "0.3", "2", "5", "35"]
    assert second[:2] == ["validity", "kg_sound"]
    assert "completeness: 100 × 1.2 of 4 weighted points = 30" in told.stderr
    assert "silver.parcels: mean of 2 dimensions = 65." in told.stderr
    assert len(json.loads(cli("quality", "score", "silver.parcels", "--json").stdout)) == 2
    assert cli("quality", "score", "silver.parcel").exit_code == 2


def test_advice_names_rule_rows_and_source(cli: Cli, lakehouse: Lakehouse) -> None:
    told = cli("quality", "advice").stdout
    assert "country_given" in told
    assert "silver.parcels" in told


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("advice", "--table", "silver.parcel"), "Did you mean 'silver.parcels'?"),
        (("history", "silver.parcel"), "Did you mean 'silver.parcels'?"),
        (("measurements", "silver.parcels", "kg_sond"), "Did you mean 'kg_sound'?"),
        (("rows", "silver.parcels", "kg_sond"), "Did you mean 'kg_sound'?"),
    ],
)
def test_a_table_or_rule_that_was_never_measured_is_no_good_news(
    cli: Cli, lakehouse: Lakehouse, asked: tuple[str, ...], said: str
) -> None:
    found = cli("quality", *asked)
    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--min-rows", "5", "--max-rows", "2"), "That is no promise"),
        (("--freshness", "1", "--objective", "0"), "objective"),
        (("--freshness", "0"), "hours"),
    ],
)
def test_a_promise_that_nobody_can_keep_is_refused(
    cli: Cli, lakehouse: Lakehouse, asked: tuple[str, ...], said: str
) -> None:
    found = cli("quality", "sla", "silver.parcels", *asked)
    assert (found.exit_code, said in found.stderr) == (2, True)


def test_a_contract_that_is_kept_says_so_and_one_that_is_not_ends_with_4(
    cli: Cli, lakehouse: Lakehouse, contract: Path
) -> None:
    kept = cli("quality", "contract", "check", str(contract))
    assert (kept.exit_code, "The columns of every table are as its contract says." in kept.stderr) == (0, True)
    assert "Its rows were not asked: toolkit quality run" in " ".join(kept.stderr.split())
    contract.write_text(CONTRACT.replace("name: country", "name: land"), encoding="utf-8")
    broken = cli("quality", "contract", "check", str(contract), "--json")
    assert broken.exit_code == 4
    assert any("land" in row["difference"] for row in json.loads(broken.stdout))


def test_two_versions_are_compared(cli: Cli, contract: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.yaml"
    newer.write_text(CONTRACT.replace("bigint", "string").replace("integer", "string"), encoding="utf-8")
    told = cli("quality", "changes", str(contract), str(newer))
    assert "breaking: the next version is 2.0.0." in told.stderr
    assert "id" in told.stdout


def test_a_draft_is_a_contract_and_a_page_is_markdown(cli: Cli, lakehouse: Lakehouse, tmp_path: Path) -> None:
    drafted = tmp_path / "draft.yaml"
    drafted.write_text(cli("quality", "contract", "draft", "silver.parcels").stdout, encoding="utf-8")
    assert cli("quality", "contract", "check", str(drafted)).exit_code == 0
    assert "silver.parcels" in cli("quality", "contract", "page", str(drafted)).stdout
    assert "has_schema" in cli("quality", "promises", str(drafted), "--json").stdout


def test_the_history_of_a_rule_is_a_trend(cli: Cli, lakehouse: Lakehouse) -> None:
    rows = json.loads(cli("quality", "history", "silver.parcels", "--json").stdout)
    assert [(row["rule"], row["trend"], row["newest"]) for row in rows] == [
        ("country_given", [0, 0.4], 0.4),
        ("kg_sound", [0, 0], 0.0),
        ("rows per load", [2], 2),
    ]
    assert {row["expected"] for row in rows} == {"too few runs", "too few loads"}


def test_service_levels_are_held_against_what_came_in(cli: Cli, lakehouse: Lakehouse) -> None:
    asked = ("--freshness", "24", "--pass-rate", "0.9", "--min-rows", "5", "--days", "3660", "--json")
    found = {row["promise"]: row for row in json.loads(cli("quality", "sla", "silver.parcels", *asked).stdout)}
    assert (found["freshness"]["state"], found["freshness"]["breaches"]) == ("ok", 0)
    assert (found["pass_rate"]["kept"], found["pass_rate"]["counted"], found["pass_rate"]["unit"]) == (1, 2, "runs")
    assert (found["volume"]["state"], found["volume"]["kept"], found["volume"]["counted"]) == ("breached", 0, 1)
    told = cli("quality", "sla", "silver.parcels", *asked[:-1]).stderr
    assert "all rules of silver.parcels had a pass rate of 80.00%, 90.00% was promised" in told


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        (("quarantine", "silver.nothing"), 2, "There is no table 'silver.nothing'"),
        (("quarantine", "parcels"), 2, "is not a table name"),
        (("rejected", "silver.parcels", "--rule", "a' OR true"), 2, "is not the name of a rule"),
        (("release", "silver.parcels", "--dry-run", "--where", "no_such > 1"), 2, "That does not work"),
        (("release", "silver.parcels", "--dry-run", "--where", "id > 9) OR (1 = 1"), 2, "That does not work"),
        (
            ("rejected", "silver.parcels", "--rule", "kg_sound", "--where", "id > 9) OR (1 = 1"),
            2,
            "That does not work",
        ),
        (("run", "silver.nothing"), 2, "There is no table 'silver.nothing'"),
        (("run", "silver.parcels", "--format", "pdf"), 2, "'pdf' is not one of"),
        (("run", "silver.parcels", "--ref", "customers"), 2, "is no pair"),
        (
            ("run", "silver.parcels", "--rules", "r.yaml", "--ref", "c=silver.parcel"),
            2,
            "Did you mean 'silver.parcels'?",
        ),
        (("profile", "silver.parcels", "--version", "7"), 2, "has no version 7"),
        (("profile", "silver.parcels", "--ref", "customers"), 2, "is no pair"),
        (("profile", "silver.parcels", "--ref", "c=silver.parcel"), 2, "Did you mean 'silver.parcels'?"),
        (("suggest", "silver.parcels", "--ref", "=silver.parcels"), 2, "is no pair"),
        (("suggest", "silver.parcels", "--ref", "c=silver.parcel"), 2, "Did you mean 'silver.parcels'?"),
        (("contract", "check", "nowhere.yaml"), 2, "There is no contract 'nowhere.yaml'"),
        (("sla", "silver.parcels"), 2, "Nothing was promised"),
        (("measurements", "silver.parcels", "a' OR true"), 2, "is not the name of a rule"),
        (("rows", "silver.parcels", "a' OR true"), 2, "is not the name of a rule"),
    ],
)
def test_what_cannot_be_done_is_said_before_spark_starts(
    cli: Cli, lakehouse: Lakehouse, asked: tuple[str, ...], code: int, told: str
) -> None:
    found = cli("quality", *asked)
    assert (found.exit_code, told in found.stderr) == (code, True), found.stderr


# rows that break a rule


def test_rows_that_were_marked_are_shown_without_spark(
    cli: Cli, lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perform(*_: object, **__: object) -> None:
        raise AssertionError("a run was started")

    monkeypatch.setattr(runner, "do", perform)
    told = cli("quality", "rows", "silver.parcels", "country_given")
    assert told.exit_code == 0
    assert "2 rows of quarantine.parcels, version 0, break country_given." in told.stderr
    assert "of silver.parcels break country_given" in told.stderr, "the likely cause stands beside the rows"
    found = json.loads(cli("quality", "rows", "silver.parcels", "country_given", "--json").stdout)
    assert [row["id"] for row in found] == [2, 4]


def test_rows_of_a_mild_rule_that_another_rule_took_out_are_told(cli: Cli, lakehouse: Lakehouse) -> None:
    write_deltalake(lakehouse.path("silver.boxes"), pa.table({"id": [1, 2], "_warnings": [["light"], ["other"]]}))
    results = lakehouse.path("ops.quality_results")
    usual = Measurement("20260302-101500-parcels-0a1b", BEGAN, "silver.boxes", "light")
    append(results, [replace(usual, severity="warn", action="warn", rows=5, failed=3, passed=False)])
    told = cli("quality", "rows", "silver.boxes", "light")
    assert (told.exit_code, len(told.stdout.splitlines())) == (0, 2)
    assert "1 row of silver.boxes, version 0, breaks light." in told.stderr
    assert "2 more rows broke it when they came in, and lie in quarantine for another rule" in told.stderr


def test_a_rule_that_is_not_in_the_file_is_refused_before_spark_starts(
    cli: Cli, lakehouse: Lakehouse, tmp_path: Path
) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(
        "table: silver.parcels\nrules:\n  - {kind: not_null, column: id, name: id_given}\n", encoding="utf-8"
    )
    told = cli("quality", "ask", "silver.parcels", "id_gven", "--rules", str(file))
    assert (told.exit_code, "Did you mean 'id_given'?" in told.stderr) == (2, True)
    assert runs.history() == []


# what a run found


def test_the_broken_rules_are_those_of_the_newest_run_that_judged(cli: Cli, toolkit_home: Path) -> None:
    told = cli("quality", "results", "--broken")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "has judged anything yet" in told.stderr
    assert str(toolkit_home) in told.stderr
    for run_id, judges in (("20260301-101500-parcels-0a1b", True), ("20260302-101500-parcels-0a1b", False)):
        folder = runs.create(run_id)
        folder.save(RunRecord(run_id=run_id, scenario="parcels", parameters={}, status="succeeded"))
        if judges:
            EventLog(folder.events_file, run_id).emit(
                "record", "judge", **rule_found("silver.parcels", "id_given", failed=2, passed=False)
            )
    told = cli("quality", "results", "--broken")
    assert told.exit_code == 0
    assert "id_given" in told.stdout
    assert "Run 20260301-101500-parcels-0a1b" in told.stderr


UNCHECKED = """
apiVersion: v3.2.0
kind: DataContract
id: members
version: 1.0.0
status: active
schema:
  - name: parcels
    physicalName: silver.parcels
    properties:
      - name: ID
        logicalType: integer
        logicalTypeOptions: {maximum: 120, novelty: 1}
        relationships: [{to: clubs.club_id}]
slaProperties: [{property: retention, value: 3, unit: y}]
"""


def test_what_a_contract_says_and_nothing_checks_is_told_by_check_and_by_rules(
    cli: Cli, lakehouse: Lakehouse, tmp_path: Path
) -> None:
    file = tmp_path / "members.yaml"
    file.write_text(UNCHECKED, encoding="utf-8")
    for command in (("contract", "check"), ("differences",), ("promises",)):
        told = cli("quality", *command, str(file)).stderr.splitlines()
        for sentence in (
            "silver.parcels.ID: novelty is kept, but not checked: there is no rule for novelty.",
            "silver.parcels.ID: the relationship to clubs.club_id is checked only where that table is named: "
            "--ref clubs=TABLE.",
            "members: the service level retention is kept, but not checked.",
        ):
            assert sentence in told
    rules = json.loads(cli("quality", "promises", str(file), "--json").stdout)
    assert [row["rule"] for row in rules] == ["ID_between".lower(), "id_reference"]


def test_each_change_is_told_as_breaking_or_not_in_text_and_in_json(cli: Cli, tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(UNCHECKED, encoding="utf-8")
    new.write_text(UNCHECKED.replace("maximum: 120", "maximum: 999") + "domain: sales\n", encoding="utf-8")
    rows = json.loads(cli("quality", "changes", str(old), str(new), "--json").stdout)
    assert [(row["breaking"], row["level"], row["kind"], row["where"], row["change"]) for row in rows] == [
        (True, "breaking", "rule_loosened", "silver.parcels.ID", "maximum 120 → maximum 999"),
        (False, "metadata", "described", "members", "domain"),
    ]
    lines = cli("quality", "changes", str(old), str(new)).stdout.splitlines()
    assert lines[0].split() == ["breaking", "level", "where", "kind", "change", "why"]
    assert [line.split()[0] for line in lines[1:] if line[:1] != " "] == ["yes", "no"]
