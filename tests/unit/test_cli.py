"""The command line: data on standard output, narration on standard error, and a code for every ending."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from deltalake import write_deltalake

import toolkit
from tests.records import rule_found
from toolkit import paths, runner, runs, scenario
from toolkit.events import EventLog
from toolkit.owners import Owner
from toolkit.parameters import Parameters
from toolkit.runs import RunRecord
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Task

RUN = "20260301-101500-parcels-0a1b"
SCENARIO = """
from pydantic import Field
from toolkit.scenario import Parameters, Scenario, Step

class Choices(Parameters):
    count: int = Field(3, ge=1, le=9, description="How many")

SCENARIO = Scenario(
    id="parcels", title="Parcels", question="Where?", story="Once.", parameters=Choices,
    steps=(Step("work", "Work", "Work."),), tables=(),
)
"""
STEPS = """
import os, time
from toolkit import errors

def work(platform):
    how = os.environ["HOW"]
    if how == "wait":
        time.sleep(60)
    if how == "crash":
        raise ZeroDivisionError("nobody foresaw it")
    if how != "finish":
        raise getattr(errors, how)("It went wrong.", cure="Mend it.")

def answer(platform):
    return f"{platform.parameters.count} here."
"""
Cli = Callable[..., Any]


@pytest.fixture
def parcels(scenario_root: Path, toolkit_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario whose one step needs no Spark and ends as the variable HOW says."""
    folder = scenario_root / "parcels"
    folder.mkdir()
    (folder / "scenario.py").write_text(SCENARIO, encoding="utf-8")
    (folder / "steps.py").write_text(STEPS, encoding="utf-8")
    monkeypatch.setenv("HOW", "finish")
    return folder


@pytest.fixture
def tables(toolkit_home: Path) -> Lakehouse:
    """Two tables, the first with awkward content."""
    found = Lakehouse.default()
    rows = pa.table({"id": [1, 2, 3], "note": ["[red]markup", None, "two\nlines"], "share": [0.5, float("nan"), None]})
    write_deltalake(found.path("silver.parcels"), rows)
    write_deltalake(found.path("silver.parcels"), rows.slice(0, 1), mode="append")
    write_deltalake(found.path("gold.sums"), pa.table({"n": [1]}))
    return found


@pytest.fixture
def finished_run(toolkit_home: Path) -> str:
    """A run that checked a table."""
    folder = runs.create(RUN)
    folder.save(
        RunRecord(run_id=RUN, scenario="parcels", parameters={"count": 3}, status="succeeded", answer="3 here.")
    )
    log = EventLog(folder.events_file, RUN)
    log.emit("run_started", scenario="parcels", parameters={"count": 3}, steps=["check"])
    for rule, failed in (("id_is_given", 0), ("id_is_positive", 2)):
        examples = [{"key": "7", "value": "-1", "message": "m"}] if failed else []
        log.emit("record", "check", **rule_found("silver.parcels", rule, failed=failed, examples=examples))
    log.emit("run_finished", seconds=1.0, answer="3 here.")
    return RUN


def process(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """`toolkit …` as a program of its own, that buffers what it prints as Python does by itself."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(
        [sys.executable, "-m", "toolkit", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


# listing


@pytest.mark.parametrize(
    "command", [["--help"], ["-h"], ["run", "-h"], ["tables", "show", "--help"], ["runs", "cancel", "-h"]]
)
def test_help_is_data(cli: Cli, command: list[str]) -> None:
    told = cli(*command)
    assert (told.exit_code, told.stderr) == (0, "")
    assert "Usage: toolkit" in told.stdout


def test_the_version_names_the_engines_and_is_that_of_the_package(cli: Cli) -> None:
    told = cli("--version")
    assert (told.exit_code, told.stderr) == (0, "")
    assert re.fullmatch(
        rf"toolkit {re.escape(toolkit.__version__)} \(pyspark [\d.]+, delta-spark [\d.]+, deltalake [\d.]+\)\n",
        told.stdout,
    )
    assert toolkit.__version__ == version("lakehouse-toolkit")


@pytest.mark.parametrize("command", ["scenarios", "runs", "tables", "datasets"])
def test_a_listing_is_data_alone_as_a_table_and_as_json(
    cli: Cli, command: str, parcels: Path, tables: Lakehouse, finished_run: str
) -> None:
    told = cli(command)
    assert (told.exit_code, told.stderr) == (0, "")
    assert len(told.stdout.splitlines()) > 1
    as_json = cli(command, "--json")
    assert (as_json.exit_code, as_json.stderr) == (0, "")
    assert json.loads(as_json.stdout)


def test_a_broken_scenario_folder_is_one_line_and_harms_no_other_command(
    cli: Cli, parcels: Path, tables: Lakehouse
) -> None:
    for name, text in (("letters", "def broken(:"), ("[red]stamps", "")):
        (parcels.parent / name).mkdir()
        (parcels.parent / name / "scenario.py").write_text(text, encoding="utf-8")
    told = cli("scenarios")
    assert told.exit_code == 0
    assert "parcels" in told.stdout
    first, second = told.stderr.splitlines()
    assert "[red]stamps is not a scenario id" in first
    assert "letters/scenario.py cannot be read: SyntaxError" in second
    for command in (["run", "parcels", "--quiet"], ["tables"], ["tables", "show", "silver.parcels"], ["runs"]):
        told = cli(*command)
        assert (told.exit_code, "letters" in told.stderr) == (0, False), command
    told = cli("run", "letters")
    assert told.exit_code == 2
    assert told.stderr.startswith("Error: ")
    assert "SyntaxError" in told.stderr


@pytest.mark.parametrize(
    "text", ["import no_such_module", "def work(platform:", "", "def work(platform): pass\ndef answer(p): 1 / 0"]
)
def test_code_of_a_scenario_that_fails_is_told_without_a_stack(cli: Cli, parcels: Path, text: str) -> None:
    (parcels / "steps.py").write_text(text, encoding="utf-8")
    told = cli("run", "parcels", "--quiet")
    assert told.exit_code in {1, 2}
    assert told.stderr.startswith("Error: ")
    assert "Traceback" not in told.stderr
    assert "steps.py" in told.stderr


@pytest.mark.parametrize(("command", "said"), [("tables", "no table yet"), ("runs", "no run yet")])
def test_an_empty_listing_says_what_to_do_on_standard_error(
    cli: Cli, toolkit_home: Path, command: str, said: str
) -> None:
    told = cli(command)
    assert (told.exit_code, told.stdout) == (0, "")
    assert said in told.stderr
    assert "toolkit run" in told.stderr
    assert cli(command, "--json").stdout == "[]\n"


def test_a_scenario_shows_its_parameters_with_their_range(cli: Cli, parcels: Path) -> None:
    assert "1 to 9" in cli("scenarios", "show", "parcels").stdout
    shown = json.loads(cli("scenarios", "show", "parcels", "--json").stdout)
    assert shown["parameters"] == [{"name": "count", "default": "3", "range": "1 to 9", "meaning": "How many"}]


# a table


def test_a_filter_that_fits_none_is_told_beside_the_rows_that_are_there(cli: Cli, tables: Lakehouse) -> None:
    told = cli("tables", "show", "silver.parcels", "--where", "id > 9")
    assert (told.exit_code, told.stdout) == (0, "")
    assert told.stderr.endswith("silver.parcels, version 1: the condition is met by 0 of 4 rows.\n")


def test_column_names_are_shown_as_they_are(cli: Cli, tables: Lakehouse) -> None:
    names = ["id", "weight [kg]", "weight [lb]", "Q1[other]", "home[/]"]
    write_deltalake(tables.path("silver.units"), pa.table({name: [1] for name in names}))
    told = cli("tables", "show", "silver.units")
    assert (told.exit_code, told.stdout.splitlines()[0]) == (0, "  ".join(names))
    assert [
        line.split("  ")[0] for line in cli("tables", "show", "silver.units", "--schema").stdout.splitlines()[1:]
    ] == names
    told = cli("tables", "show", "silver.units", "--where", "no[/]such = 1")
    assert told.exit_code == 2
    assert "Traceback" not in told.stderr


def test_a_home_without_tables_is_named(cli: Cli, toolkit_home: Path) -> None:
    for command in (["tables"], ["tables", "show", "silver.parcels"]):
        assert str(toolkit_home) in cli(*command).stderr


def test_rows_are_data_and_what_they_are_of_is_narration(cli: Cli, tables: Lakehouse) -> None:
    told = cli("tables", "show", "silver.parcels", "--where", "id = 1", "--limit", "1")
    assert told.exit_code == 0
    assert [line.split() for line in told.stdout.splitlines()] == [
        ["id", "note", "share"],
        ["1", "[red]markup", "0.5"],
    ]
    said = "silver.parcels, version 1: the condition is met by 2 of 4 rows."
    assert told.stderr == f"{said}\nShown: 1.\n"


def test_rows_as_json_are_whole_and_strict(cli: Cli, tables: Lakehouse) -> None:
    shown = json.loads(cli("tables", "show", "silver.parcels", "--version", "0", "--json").stdout)
    assert {k: shown[k] for k in ("table", "version", "total")} == {"table": "silver.parcels", "version": 0, "total": 3}
    assert shown["rows"][1:] == [{"id": 2, "note": None, "share": None}, {"id": 3, "note": "two\nlines", "share": None}]


@pytest.mark.parametrize(("what", "count"), [("--schema", 3), ("--history", 2), ("--files", 2)])
def test_schema_history_and_files_are_rows_too(cli: Cli, tables: Lakehouse, what: str, count: int) -> None:
    assert len(json.loads(cli("tables", "show", "silver.parcels", what, "--json").stdout)) == count
    assert len(cli("tables", "show", "silver.parcels", what).stdout.splitlines()) >= count + 1


def test_no_row_is_said_not_shown(cli: Cli, tables: Lakehouse) -> None:
    told = cli("tables", "show", "silver.parcels", "--where", "false")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "It has no such row." in told.stderr


def test_a_damaged_table_is_told_after_the_others_with_the_code_for_data(cli: Cli, tables: Lakehouse) -> None:
    (tables.path("silver.parcels") / "_delta_log" / f"{1:020}.json").write_text("{", encoding="utf-8")
    told = cli("tables")
    assert told.exit_code == 5
    assert "gold.sums" in told.stdout
    assert "silver.parcels cannot be read" in told.stderr
    assert "Traceback" not in told.stderr


# what is refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["runs", "nope"], "No such command 'nope'"),
        (["run"], "Missing argument"),
        (["run", "parcels", "--nope"], "No such option"),
        (["run", "parcel"], "There is no scenario 'parcel'. Did you mean 'parcels'?"),
        (["run", "../parcels"], "There is no scenario '../parcels'"),
        (["run", "parcels", "-p", "cuont", "3"], "no parameter 'cuont' (did you mean 'count'?)"),
        (["run", "parcels", "-p", "count", "many"], "count = 'many': it should be a valid integer"),
        (["run", "parcels", "-p", "count", "10"], "count = '10': it should be less than or equal to 9"),
        (["run", "parcels", "-p", "count"], "Parameter 'count' has no value"),
        (["run", "parcels", "-p", "count", "1", "-p", "count=2"], "Parameter 'count' is given twice"),
        (["run", "parcels", "-p"], "has no value"),
        (["run", "parcels", "--run-id", "../../x"], "'../../x' is not a run id"),
        (["scenarios", "show", "parcel"], "There is no scenario 'parcel'"),
        (["runs", "show", "nope"], "There is no run 'nope'"),
        (["runs", "show", ""], "There is no run ''"),
        (["runs", "--limit", "0"], "--limit"),
        (["runs", "cancel", RUN], "it succeeded"),
        (["quality", "results", "--run", "nope"], "There is no run 'nope'"),
        (
            ["quality", "results", "--table", "silver.parcel"],
            "no checked table 'silver.parcel'. Did you mean 'silver.parcels'?",
        ),
        (["tables", "show", "silver.parcel"], "There is no table 'silver.parcel'. Did you mean 'silver.parcels'?"),
        (["tables", "show", "silver.../../x"], "'silver.../../x' is not a table name"),
        (["tables", "show", "parcels"], "'parcels' is not a table name"),
        (["tables", "show", "silver.parcels", "--version", "9"], "silver.parcels has no version 9"),
        (
            ["tables", "show", "silver.parcels", "--version", "-1"],
            "version = -1: it should be greater than or equal to 0",
        ),
        (["tables", "show", "silver.parcels", "--where", "nope = 1"], "No field named nope"),
        (["tables", "show", "silver.parcels", "--limit", "10001"], "--limit"),
        (["datasets", "show", "shpo"], "Did you mean 'shop'?"),
        (["datasets", "land", "nope"], "There is no dataset 'nope'"),
        (["batch", "-p", "nope", "1"], "no parameter of any notebook 'nope'"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_without_a_stack(
    cli: Cli, parcels: Path, tables: Lakehouse, finished_run: str, arguments: list[str], said: str
) -> None:
    told = cli(*arguments)
    assert (told.exit_code, told.stdout) == (2, "")
    assert said in told.stderr
    assert "Traceback" not in told.stderr
    assert "Error" in told.stderr
    assert [run.run_id for run in runs.history()] == [RUN]


def test_no_command_shows_the_help(cli: Cli) -> None:
    told = cli()
    assert told.exit_code in {0, 2}
    assert "Usage: toolkit" in told.stdout + told.stderr


# running


def test_a_run_answers_on_standard_output_and_narrates_on_standard_error(cli: Cli, parcels: Path) -> None:
    told = cli("run", "parcels", "-p", "count", "5")
    assert told.exit_code == 0
    assert told.stdout.split("\n") == ["", "Where?", "5 here.", "", ""]
    assert "✔ work" in told.stderr
    assert "toolkit runs show" in told.stderr


@pytest.mark.parametrize(
    "given", [["-p", "count", "5"], ["-p", "count=5"], ["--parameter", "count", "5"], ["-pcount=5"]]
)
def test_a_parameter_may_be_given_in_several_ways(cli: Cli, parcels: Path, given: list[str]) -> None:
    record = json.loads(cli("run", "parcels", *given, "--json").stdout)
    assert (record["parameters"], record["status"], record["answer"]) == ({"count": 5}, "succeeded", "5 here.")


def test_a_run_as_json_is_nothing_but_its_record(cli: Cli, parcels: Path) -> None:
    told = cli("run", "parcels", "--json")
    assert told.stderr == ""
    shown = json.loads(cli("runs", "show", "latest", "--json").stdout)
    assert shown["run_id"] == json.loads(told.stdout)["run_id"]
    assert [step["state"] for step in shown["steps"]] == ["finished"]


def test_a_quiet_run_says_nothing(cli: Cli, parcels: Path) -> None:
    told = cli("run", "parcels", "--quiet")
    assert (told.exit_code, told.stdout, told.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("how", "code"),
    [("QualityGateFailed", 4), ("DataError", 5), ("BusyError", 6), ("SetupError", 3), ("UsageError", 2)],
)
def test_a_run_that_fails_returns_its_familys_code_and_says_the_cure(
    cli: Cli, parcels: Path, monkeypatch: pytest.MonkeyPatch, how: str, code: int
) -> None:
    monkeypatch.setenv("HOW", how)
    told = cli("run", "parcels", "--quiet")
    assert (told.exit_code, told.stdout, told.stderr) == (code, "", "Error: It went wrong.\nMend it.\n")
    record = runs.find("latest").record()
    assert (record.status, record.exit_code, record.error) == ("failed", code, "It went wrong. Mend it.")


def test_what_nobody_foresaw_is_one_sentence_and_the_stack_is_in_the_log(
    cli: Cli, parcels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOW", "crash")
    told = cli("run", "parcels", "--quiet")
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: Step work failed: ZeroDivisionError: nobody foresaw it\n")
    assert "Traceback" not in told.stderr
    log = runs.find("latest").log_file
    assert str(log) in told.stderr
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_debug_shows_the_stack(parcels: Path) -> None:
    child = process("--debug", "run", "parcels", "--quiet", HOW="crash")
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "Traceback" in said
    assert "ZeroDivisionError: nobody foresaw it" in said


def test_a_home_that_cannot_be_written_is_one_sentence(
    cli: Cli, parcels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "file" / "home"))
    told = cli("run", "parcels")
    assert (told.exit_code, told.stdout) == (3, "")
    first, cure = told.stderr.splitlines()
    assert first == f"Error: Cannot write in {tmp_path / 'file' / 'home' / 'runs'}: Not a directory."
    assert "TOOLKIT_HOME" in cure
    assert cli("datasets", "land", "shop").exit_code == 3
    assert cli("runs").exit_code == cli("tables").exit_code == 0


def test_misspelt_settings_are_refused(parcels: Path) -> None:
    child = process("run", "parcels", TOOLKIT_MEMROY="1g", HOW="finish")
    out, said = child.communicate(timeout=60)
    assert (child.returncode, out) == (2, "")
    assert "nothing reads TOOLKIT_MEMROY" in said
    assert "Traceback" not in said


def test_tables_that_another_run_holds_are_busy(cli: Cli, parcels: Path) -> None:
    text = (parcels / "scenario.py").read_text(encoding="utf-8")
    (parcels / "scenario.py").write_text(text.replace('"Work."', '"Work.", writes=("gold.sums",)'), encoding="utf-8")
    with Lakehouse.default().writing(["gold.sums"], RUN):
        told = cli("run", "parcels", "--quiet")
    assert told.exit_code == 6
    assert told.stderr.startswith(f"Error: gold.sums is being written by run {RUN}.\n")
    assert f"toolkit runs cancel {RUN}." in told.stderr


class Let(Parameters):
    """Rows in quarantine."""

    table: str
    rule: str = ""
    where: str = ""


def test_a_task_says_what_it_did_to_which_table(cli: Cli, parcels: Path, tables: Lakehouse) -> None:
    task = Task(
        "release", "Release", "Let rows out.", Let, lambda _platform, _asked: 2, lambda _, n: f"{n} rows released."
    )
    whose = Owner(scenario.get("parcels"), scenario.get("parcels").parse({}))
    asked = Let(table="silver.parcels", rule="[x]")
    assert runner.do(task, asked, whose, run_id=runs.new_run_id("quality_release")) == 2
    listed = json.loads(cli("runs", "--json").stdout)[0]
    assert (listed["what"], listed["via"]) == ("release silver.parcels", "task")
    assert "release silver.parcels" in cli("runs").stdout
    told = cli("runs", "show", "latest").stdout
    assert "release silver.parcels  rule=[x]\n" in told
    assert "2 rows released." in told


def test_the_app_without_a_terminal_says_so_and_ends() -> None:
    for words in (["-m", "toolkit", "tui"], [str(paths.REPOSITORY / "tui.py")]):
        done = subprocess.run(
            [sys.executable, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Error: The app needs a terminal")
        assert "Traceback" not in done.stderr


# being stopped


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGINT for one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_so_and_is_recorded(parcels: Path, number: signal.Signals) -> None:
    child = process("run", "parcels", HOW="wait")
    wait_until(lambda: any(e.kind == "step_started" for run in runs.history() for e in run.events()), child)
    child.send_signal(number)
    out, said = child.communicate(timeout=30)
    assert (child.returncode, out) == (130, "")
    assert said.endswith("Cancelled.\n")
    assert "Traceback" not in said
    run = runs.find("latest")
    assert (run.record().status, run.record().exit_code) == ("cancelled", 130)
    assert run.events()[-1].kind == "run_cancelled"
    assert [step.state for step in run.view().steps.values()] == ["cancelled"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_run_that_is_killed_was_interrupted_and_its_tables_are_free(cli: Cli, parcels: Path) -> None:
    child = process("run", "parcels", HOW="wait")
    wait_until(lambda: any(e.kind == "step_started" for run in runs.history() for e in run.events()), child)
    told = cli("runs", "cancel", "latest", "--force")
    assert (told.exit_code, told.stdout) == (0, "")
    assert child.wait(30) == -signal.SIGKILL
    child.communicate()
    assert json.loads(cli("runs", "--json").stdout)[0]["status"] == "interrupted"
    assert json.loads(cli("runs", "show", "latest", "--json").stdout)["steps"][0]["state"] == "interrupted"
    assert cli("runs", "cancel", "latest").exit_code == 2


def wait_until(condition: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe breaks differently there")
@pytest.mark.parametrize("rows", [1, 20_000])
def test_a_reader_that_has_had_enough_is_no_error(toolkit_home: Path, rows: int) -> None:
    write_deltalake(Lakehouse.default().path("gold.sums"), pa.table({"n": range(rows)}))
    child = process("tables", "show", "gold.sums", "--json", "--limit", "10000")
    assert child.stdout
    assert child.stderr
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert (child.wait(60), said) == (0, "")


# history


def test_quality_is_data_and_the_run_it_is_of_narration(cli: Cli, finished_run: str) -> None:
    told = cli("quality", "results")
    assert told.exit_code == 0
    assert len(told.stdout.splitlines()) == 3
    assert RUN in told.stderr
    broken = json.loads(cli("quality", "results", "--broken", "--run", "0a1b", "--json").stdout)
    assert [(r["rule"], r["failed"]) for r in broken] == [("id_is_positive", 2)]


def test_the_quality_of_a_table_is_that_of_the_newest_run_that_checked_it(cli: Cli, finished_run: str) -> None:
    later = runs.create("20260302-101500-parcels-0a1b")
    later.save(RunRecord(run_id=later.run_id, scenario="parcels", parameters={}, status="succeeded"))
    assert finished_run in cli("quality", "results", "--table", "silver.parcels").stderr
    refused = cli("quality", "results", "--table", "silver.parcels", "--run", later.run_id)
    assert (refused.exit_code, "no checked table 'silver.parcels'" in refused.stderr) == (2, True)


def test_one_run_shows_steps_quality_and_answer(cli: Cli, finished_run: str) -> None:
    told = cli("runs", "show", "latest")
    assert told.stdout.startswith(f"{RUN}  succeeded")
    assert "3 here." in told.stdout
    shown = json.loads(cli("runs", "show", "latest", "--json").stdout)
    assert (shown["answer"], len(shown["records"]["ops.quality_results"])) == ("3 here.", 2)


def test_a_run_that_cannot_be_read_does_not_hide_the_others(cli: Cli, finished_run: str, toolkit_home: Path) -> None:
    damaged = toolkit_home / "runs" / "20260302-101500-parcels-ffff"
    damaged.mkdir()
    (damaged / "run.json").write_text("{", encoding="utf-8")
    assert [(r["run"], r["status"]) for r in json.loads(cli("runs", "--json").stdout)] == [
        (damaged.name, "damaged"),
        (RUN, "succeeded"),
    ]
    assert cli("runs", "show", "latest").exit_code == 5


def test_a_run_of_a_process_that_is_gone_is_listed_as_interrupted(cli: Cli, finished_run: str) -> None:
    folder = runs.find(RUN)
    started = psutil.Process().create_time() - 1000
    folder.save(folder.record().model_copy(update={"status": "running", "process_started": started}))
    assert json.loads(cli("runs", "--json").stdout)[0]["status"] == "interrupted"
