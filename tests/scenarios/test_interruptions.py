"""Runs that are killed, cancelled, refused or run into each other: nothing half-written, and the next one goes on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from subprocess import Popen

import psutil
import pytest

from scenarios.retail_lakehouse.scenario import SCENARIO
from tests.homes import SMALL, Home, happened, wait_for
from toolkit.errors import ExitCode

Start = Callable[[Sequence[str]], "Popen[str]"]
RUN = ("run", "retail_lakehouse", *SMALL)


def only_run(home: Home) -> str:
    (run,) = [p.parent.name for p in home.path.glob("runs/*/run.json")]
    return run


def status(home: Home, run_id: str) -> str:
    return str(json.loads(home.toolkit("runs", "show", run_id, "--json").stdout)["status"])


def test_a_run_killed_within_a_step_goes_on_at_that_step(home: Home, built: Home, started: Start) -> None:
    process = started(RUN)
    wait_for(happened(home, "rows", table="silver.customers"), process)
    java = [p for p in psutil.Process(process.pid).children(recursive=True) if "java" in p.name()]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    killed = only_run(home)
    assert java
    psutil.wait_procs(java, timeout=30)
    assert not any(p.is_running() for p in java), "Java outlived the run"
    assert status(home, killed) == "interrupted"

    record = home.run(*SMALL)
    states = home.states(record["run_id"])
    assert states["ingest"] == "step_skipped"
    assert states["check"] == "step_finished"
    for table in SCENARIO.written:
        if table.startswith(("gold", "quarantine")):
            assert home.content(table) == built.content(table), table


def test_ctrl_c_ends_the_run_cleanly_and_a_second_one_meanwhile_is_refused(home: Home, started: Start) -> None:
    process = started(RUN)
    wait_for(happened(home, "step_started", step="ingest"), process)
    second = home.toolkit(*RUN)
    assert second.returncode == ExitCode.BUSY
    assert "is being written by run" in second.stderr
    assert "Traceback" not in second.stderr

    first = min(p.parent.name for p in home.path.glob("runs/*/run.json"))
    wait_for(happened(home, "rows", table="bronze.customers"), process)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, (out, err)
    assert "Traceback" not in err
    assert status(home, first) == "cancelled"
    for table in home.lakehouse.tables():
        home.content(table)


def test_a_strict_run_stops_before_it_publishes(copied: Home) -> None:
    before = {t: v for t, v in copied.versions().items() if t.startswith("gold")}
    done = copied.toolkit(*RUN, "-p", "fail_on_quality", "true")
    assert done.returncode == ExitCode.QUALITY, done.stderr
    assert "order_exists on silver.returns" in done.stderr
    assert {t: v for t, v in copied.versions().items() if t.startswith("gold")} == before
    again = copied.toolkit(*RUN, "-p", "fail_on_quality", "true")
    assert again.returncode == ExitCode.QUALITY, "a second try must not pass as up to date"


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (("run", "retail_lakehous"), {}, ExitCode.USAGE, "Did you mean 'retail_lakehouse'?"),
        (("run", "retail_lakehouse", "-p", "order", "5000"), {}, ExitCode.USAGE, "did you mean 'orders'?"),
        (("run", "retail_lakehouse", "-p", "orders", "many"), {}, ExitCode.USAGE, "orders = 'many'"),
        (("run", "retail_lakehouse", "-p", "orders", "999"), {}, ExitCode.USAGE, "greater than or equal to 1000"),
        (("run", "retail_lakehouse", "-p", "orders"), {}, ExitCode.USAGE, "has no value"),
        (RUN, {"TOOLKIT_MIN_FREE_DISK_GB": "1e9"}, ExitCode.SETUP, "GB are free"),
        (RUN, {"TOOLKIT_HOME": "/dev/null/x"}, ExitCode.SETUP, "Cannot write in"),
        (RUN, {"TOOLKIT_CACHE": "/dev/null/x"}, ExitCode.SETUP, "jars are missing"),
        (RUN, {"TOOLKIT_MASTER": "yarn"}, ExitCode.USAGE, "settings are not valid"),
        (RUN, {"TOOLKIT_REMOTE": "sc://127.0.0.1:9"}, ExitCode.SETUP, "No Spark Connect server answers"),
        (("tables", "show", "silver.nothing"), {}, ExitCode.USAGE, "There is no table"),
        (("tables", "show", "silver/../../etc"), {}, ExitCode.USAGE, "is not a table name"),
        (("runs", "show", "x"), {}, ExitCode.USAGE, "no run yet"),
    ],
)
def test_a_bad_request_is_one_clear_message(
    home: Home, arguments: tuple[str, ...], environment: dict[str, str], code: ExitCode, says: str
) -> None:
    done = home.toolkit(*arguments, **environment)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_landed_file_that_went_missing_is_landed_again(copied: Home) -> None:
    (orders,) = copied.path.glob("landing/*/orders")
    (orders / "2026-05-01.json").unlink()
    before = copied.versions()
    record = copied.run(*SMALL)
    assert (orders / "2026-05-01.json").exists()
    assert copied.versions() == before
    assert record["status"] == "succeeded"


def test_a_damaged_delta_log_is_named_and_the_other_tables_are_untouched(copied: Home) -> None:
    log = copied.lakehouse.path("silver.orders") / "_delta_log" / "00000000000000000000.json"
    log.write_text(log.read_text(encoding="utf-8")[:200], encoding="utf-8")
    before = {t: copied.content(t) for t in ("gold.churn_risk", "silver.customers")}
    done = copied.toolkit(*RUN)
    assert done.returncode == ExitCode.DATA, done.stderr
    assert "silver.orders" in done.stderr
    assert "Py4J" not in done.stderr
    assert {t: copied.content(t) for t in before} == before
    listed = copied.toolkit("tables")
    assert listed.returncode == ExitCode.DATA
    assert "gold.churn_risk" in listed.stdout
    assert "silver.orders cannot be read" in listed.stderr
