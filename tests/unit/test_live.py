"""A run in the terminal, drawn from its events."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.records import rule_found
from toolkit.cli.live import LiveView, quality_summary, watching
from toolkit.events import EventLog
from toolkit.runs import RunView
from toolkit.scenario import Parameters, Scenario, Step

SCENARIO = Scenario(
    id="parcels",
    title="[Parcels]",
    question="?",
    story="",
    parameters=Parameters,
    steps=(Step("land", "Land the [files]", ""), Step("check", "Check", ""), Step("model", "Model", "")),
    tables=(),
)


def tell(log: EventLog) -> None:
    """A run that gets as far as its second step."""
    log.emit("run_started", scenario="parcels", parameters={}, steps=["land", "check", "model"])
    log.emit("step_skipped", "land", reason="up to date", reused_from="earlier")
    log.emit("step_started", "check")
    log.emit("step_progressed", "check", tasks_done=1, tasks=2, rows_read=1500, rows_written=12)
    log.emit("rows", "check", table="silver.parcels", version=3, rows=1234, files=1, bytes=1)
    log.emit("record", "check", **rule_found("silver.parcels", "r", rows=1000))
    log.emit("record", "check", **rule_found("silver.parcels", "[worst]", rows=1000, failed=2500))


def drawn(renderable: object) -> str:
    stream = io.StringIO()
    Console(file=stream, width=120, force_terminal=False).print(renderable)
    return stream.getvalue()


def test_the_live_view_shows_steps_progress_and_quality(tmp_path: Path) -> None:
    live = LiveView(SCENARIO, "run-1")
    tell(EventLog(tmp_path / "events.jsonl", "run-1", (live.listen,)))
    lines = drawn(live).splitlines()
    assert lines[0].startswith("[Parcels]  run-1")
    assert "↷" in lines[1]
    assert "Land the [files]" in lines[1]
    assert "up to date" in lines[1]
    assert "1,500 rows read, 12 written" in lines[2]
    assert lines[3].strip().startswith("○")
    assert lines[-1].split() == ["silver.parcels", "1,000", "2", "1", "[worst]:", "2,500", "rows"]


def test_the_live_view_can_be_drawn_before_anything_happened() -> None:
    assert "run-1" in drawn(LiveView(SCENARIO, "run-1"))


def test_a_step_that_failed_shows_why(tmp_path: Path) -> None:
    live = LiveView(SCENARIO, "run-1")
    log = EventLog(tmp_path / "events.jsonl", "run-1", (live.listen,))
    tell(log)
    log.emit("step_failed", "check", message="no [room] left", exit_code=3)
    assert "no [room] left" in drawn(live)


def test_tables_without_broken_rules_name_none() -> None:
    view = RunView(records={"ops.quality_results": [rule_found("silver.a", "r", rows=1000)]})
    assert drawn(quality_summary(view)).splitlines()[-1].split() == ["silver.a", "1,000", "1", "0"]


def test_outside_a_terminal_each_event_is_a_line(tmp_path: Path) -> None:
    stream = io.StringIO()
    with watching(SCENARIO, "run-1", Console(file=stream, width=200), quiet=False) as listener:
        log = EventLog(tmp_path / "events.jsonl", "run-1", (listener,))
        tell(log)
        log.emit("step_finished", "check", seconds=61.2)
        log.emit("step_failed", "model", message="[no]", exit_code=1)
    assert stream.getvalue().splitlines() == [
        "run run-1",
        "↷ land  up to date",
        "    silver.parcels: 1,234 rows, version 3",
        "✔ check  1 min 01 s",
        "✖ model  [no]",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_quiet_run_shows_nothing(tmp_path: Path, terminal: bool) -> None:
    stream = io.StringIO()
    with watching(SCENARIO, "run-1", Console(file=stream, force_terminal=terminal), quiet=True) as listener:
        tell(EventLog(tmp_path / "events.jsonl", "run-1", (listener,)))
    assert stream.getvalue() == ""


def test_in_a_terminal_the_view_stays_when_the_run_is_over(tmp_path: Path) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    with watching(SCENARIO, "run-1", console, quiet=False) as listener:
        tell(EventLog(tmp_path / "events.jsonl", "run-1", (listener,)))
    assert "silver.parcels" in stream.getvalue()
