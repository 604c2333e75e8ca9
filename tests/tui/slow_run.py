"""A run without Spark: a process that writes a record and events as the runner does, then waits to be released.

Arguments: scenario, run id, manner. `obedient` ends when interrupted, `deaf` does not, `stillborn` never begins.
"""

from __future__ import annotations

import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from toolkit.events import EventLog
from toolkit.runs import RunFolder, RunRecord, create

PAUSE = 0.05


def main(scenario: str, run_id: str, manner: str) -> int:
    """Begin, make progress, wait, end."""
    if manner == "stillborn":
        print("No Java was found.\n[red]Set JAVA_HOME.[/red]")
        return 3
    if manner == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = create(run_id)
    record = RunRecord(run_id=run_id, scenario=scenario, parameters={"orders": 500})
    folder.save(record)
    log = EventLog(folder.events_file, run_id)
    try:
        work(log, folder)
    except KeyboardInterrupt:
        log.emit("run_cancelled")
        folder.save(record.model_copy(update={"status": "cancelled", "finished_at": datetime.now(UTC)}))
        return 130
    answer = "Nobody is slipping away."
    log.emit("run_finished", seconds=1.0, answer=answer)
    folder.save(record.model_copy(update={"status": "succeeded", "finished_at": datetime.now(UTC), "answer": answer}))
    return 0


def work(log: EventLog, folder: RunFolder) -> None:
    """Two steps; the second waits for the file `release`."""
    log.emit("run_started", scenario="corner_shop", parameters={"orders": 500}, steps=["land", "ingest"])
    log.emit("step_started", "land")
    time.sleep(PAUSE)
    log.emit("step_finished", "land", seconds=PAUSE)
    log.emit("step_started", "ingest")
    log.emit("step_progressed", "ingest", tasks_done=3, tasks=10, rows_read=1234, rows_written=0)
    folder.log_file.write_text("reading files\n", encoding="utf-8")
    wait_for(folder.path / "release")
    log.emit("rows", "ingest", table="bronze.orders", version=0, rows=500, files=1, bytes=100)
    log.emit("step_finished", "ingest", seconds=0.5)


def wait_for(file: Path) -> None:
    """Wait until `file` is there, at most half a minute."""
    deadline = time.monotonic() + 30
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(PAUSE)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
