"""Runs that are killed, cancelled, refused or run into each other: nothing half-written, and the next one goes on.

What a process is needed for is shown once, on the tiny scenario; the rest on the retail lakehouse, in this process.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import Popen

import nbformat
import psutil
import pytest

from scenarios.retail_lakehouse.scenario import SCENARIO
from tests.homes import Home, WarmHome, as_words, happened, notebook_values, wait_for
from tests.scenarios.every import RESULTS
from toolkit.errors import ExitCode

Start = Callable[[Sequence[str]], "Popen[str]"]
RETAIL = ("run", "retail_lakehouse", *as_words(notebook_values(SCENARIO)))
TOO_EARLY = {"as_of": "2026-04-15", "fail_on_quality": True}
"""Seen from that day, most orders were placed in the future."""
STRICT = ("run", "retail_lakehouse", *as_words(notebook_values(SCENARIO) | TOO_EARLY))
TINY = Path(__file__).parent / "tiny"
BEADS = ("run", "beads")
TABLES = ("bronze.beads", "silver.beads", "quarantine.beads", "gold.colours")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, scenario_root: Path) -> None:
    """The tiny scenario can be found."""
    del scenario_root
    monkeypatch.setenv("TOOLKIT_SCENARIOS", str(TINY))


@pytest.fixture
def strung(tiny: None, home: Home, shared_spark: object) -> WarmHome:
    """The home of the test, in which the tiny scenario has run."""
    warm = WarmHome(home.path, shared_spark)  # type: ignore[arg-type]
    warm.run(scenario="beads")
    return warm


def only_run(home: Home) -> str:
    (run,) = [p.parent.name for p in home.path.glob("runs/*/run.json")]
    return run


def status(home: Home, run_id: str) -> str:
    return str(json.loads((home.path / "runs" / run_id / "run.json").read_text(encoding="utf-8"))["status"])


def hold(home: Home, step: str) -> Path:
    """Let a step of the tiny scenario stay at work."""
    home.path.mkdir(parents=True)
    (home.path / f"hold-{step}").touch()
    return home.path / f"hold-{step}"


def test_a_run_killed_within_a_step_goes_on_at_that_step(tiny: None, home: Home, started: Start) -> None:
    holding = hold(home, "check")
    process = started(BEADS)
    wait_for(happened(home, "rows", table="silver.beads"), process)
    java = [p for p in psutil.Process(process.pid).children(recursive=True) if "java" in p.name()]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    killed = only_run(home)
    assert java
    psutil.wait_procs(java, timeout=30)
    assert not any(p.is_running() for p in java), "Java outlived the run"
    assert json.loads(home.toolkit("runs", "show", killed, "--json").stdout)["status"] == "interrupted"
    assert home.lakehouse.tables() == ["bronze.beads", "silver.beads", "quarantine.beads"]

    # What a process leaves that is killed while it writes a table for the first time.
    (home.path / "lakehouse" / "gold" / "colours" / "_delta_log" / "_staged_commits").mkdir(parents=True)
    (home.path / "lakehouse" / "gold" / "colours" / "part-00000.parquet").touch()
    holding.unlink()
    record = home.run(scenario="beads")
    assert record["answer"] == "red, with 7 grams."
    assert home.states(record["run_id"]) == {
        "ingest": "step_skipped",
        "check": "step_finished",
        "model": "step_finished",
    }
    assert home.versions() == {**dict.fromkeys(TABLES, 0), "silver.beads": 1, "quarantine.beads": 1, RESULTS: 0}


def test_ctrl_c_ends_the_run_cleanly_and_a_second_one_meanwhile_is_refused(
    tiny: None, home: Home, started: Start
) -> None:
    hold(home, "ingest")
    process = started(BEADS)
    wait_for(happened(home, "rows", table="bronze.beads"), process)
    second = home.toolkit(*BEADS)
    assert second.returncode == ExitCode.BUSY
    assert "is being written by run" in second.stderr
    assert "Traceback" not in second.stderr

    first = min(p.parent.name for p in home.path.glob("runs/*/run.json"))
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, (out, err)
    assert "Traceback" not in err
    assert status(home, first) == "cancelled"
    assert home.lakehouse.tables() == ["bronze.beads"]
    assert len(home.content("bronze.beads")) == 4


def test_papermill_gives_the_same_gold_as_the_command_line(strung: WarmHome, tmp_path: Path) -> None:
    by_notebook = Home(tmp_path / "by-notebook")
    record = by_notebook.run("--notebook", "-p", "most", "4", scenario="beads")
    assert record["answer"] == "blue, with 3 grams."
    assert by_notebook.content("gold.colours") == ["['blue', 3]", "['red', 2]"]
    again = strung.run("-p", "most", "4", scenario="beads")
    assert strung.content("gold.colours") == by_notebook.content("gold.colours")
    assert again["answer"] == record["answer"]
    executed = nbformat.read(by_notebook.path / "runs" / record["run_id"] / "notebook.ipynb", 4)
    assert not [o for c in executed.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]


def test_doing_it_all_afresh_gives_the_same_content(strung: WarmHome) -> None:
    before = {table: strung.content(table) for table in TABLES}
    record = strung.run("--fresh", scenario="beads")
    assert set(strung.states(record["run_id"]).values()) == {"step_finished"}
    assert {table: strung.content(table) for table in TABLES} == before
    assert {strung.versions()[table] for table in TABLES} == {1}


def test_a_strict_run_that_stopped_is_not_up_to_date(strung: WarmHome) -> None:
    before = strung.versions()["gold.colours"]
    for _ in range(2):
        done = strung.toolkit(*BEADS, "-p", "strict", "true")
        assert done.returncode == ExitCode.QUALITY, done.stderr
    assert strung.versions()["gold.colours"] == before


def test_a_strict_run_stops_before_it_publishes(copied: WarmHome) -> None:
    before = {t: v for t, v in copied.versions().items() if t.startswith("gold")}
    done = copied.toolkit(*STRICT)
    assert done.returncode == ExitCode.QUALITY, done.stderr
    assert "order_is_not_in_the_future on silver.orders" in done.stderr
    assert {t: v for t, v in copied.versions().items() if t.startswith("gold")} == before


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (("run", "retail_lakehous"), {}, ExitCode.USAGE, "Did you mean 'retail_lakehouse'?"),
        (("run", "retail_lakehouse", "-p", "order", "5000"), {}, ExitCode.USAGE, "did you mean 'orders'?"),
        (("run", "retail_lakehouse", "-p", "orders", "many"), {}, ExitCode.USAGE, "orders = 'many'"),
        (("run", "retail_lakehouse", "-p", "orders", "999"), {}, ExitCode.USAGE, "greater than or equal to 1000"),
        (("run", "retail_lakehouse", "-p", "orders"), {}, ExitCode.USAGE, "has no value"),
        (RETAIL, {"TOOLKIT_MIN_FREE_DISK_GB": "1e9"}, ExitCode.SETUP, "GB are free"),
        (RETAIL, {"TOOLKIT_HOME": "/dev/null/x"}, ExitCode.SETUP, "Cannot write in"),
        (RETAIL, {"TOOLKIT_MASTER": "yarn"}, ExitCode.USAGE, "settings are not valid"),
        (("tables", "show", "silver.nothing"), {}, ExitCode.USAGE, "There is no table"),
        (("tables", "show", "silver/../../etc"), {}, ExitCode.USAGE, "is not a table name"),
        (("runs", "show", "x"), {}, ExitCode.USAGE, "no run yet"),
    ],
)
def test_a_bad_request_is_one_clear_message(
    home: Home,
    shared_spark: object,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    code: ExitCode,
    says: str,
) -> None:
    warm = WarmHome(home.path, shared_spark)  # type: ignore[arg-type]
    done = warm.toolkit(*arguments, **environment)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"TOOLKIT_CACHE": "/dev/null/x"}, "jars are missing"),
        ({"TOOLKIT_REMOTE": "sc://127.0.0.1:9"}, "No Spark Connect server answers"),
    ],
)
def test_without_a_spark_a_run_ends_in_one_clear_message(
    tiny: None, home: Home, environment: dict[str, str], says: str
) -> None:
    done = home.toolkit(*BEADS, **environment)
    assert done.returncode == ExitCode.SETUP, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_landed_file_that_went_missing_is_landed_again(copied: WarmHome) -> None:
    (orders,) = copied.path.glob("landing/*/orders")
    (orders / "2026-05-01.json").unlink()
    before = copied.versions()
    done = copied.toolkit(*RETAIL)
    assert done.returncode == 0, done.stderr
    assert (orders / "2026-05-01.json").exists()
    assert copied.versions() == before


def test_a_damaged_delta_log_is_named_and_the_other_tables_are_untouched(copied: WarmHome) -> None:
    log = copied.lakehouse.path("silver.orders") / "_delta_log" / "00000000000000000000.json"
    log.write_text(log.read_text(encoding="utf-8")[:200], encoding="utf-8")
    before = {t: copied.content(t) for t in ("gold.churn_risk", "silver.customers")}
    done = copied.toolkit(*RETAIL)
    assert done.returncode == ExitCode.DATA, done.stderr
    assert "silver.orders" in done.stderr
    assert "Py4J" not in done.stderr
    assert {t: copied.content(t) for t in before} == before
    listed = copied.toolkit("tables")
    assert listed.returncode == ExitCode.DATA
    assert "gold.churn_risk" in listed.stdout
    assert "silver.orders cannot be read" in listed.stderr
