"""`python -m tests.scenarios.capture_again WORD…`: parts of change capture once more, in a process that can be killed.

`first` puts bronze back to its first portion; `all` to all of it; `apply` makes silver and gold of it; `compare` holds them
against the database.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scenarios.change_capture import steps
from scenarios.change_capture.scenario import BRONZE, BUSINESS, SCENARIO, SILVER
from toolkit import runs
from toolkit.platform import DataPlatform
from toolkit.runner import ActiveRun

FIRST = 0
"""The version of bronze that has the first portion."""


def work(platform: DataPlatform, word: str) -> None:
    """Do one part."""
    if word in ("first", "all"):
        newest = max(version.version for version in platform.reader(BRONZE).history() if version.operation != "RESTORE")
        version = FIRST if word == "first" else newest
        platform.spark.sql(f"RESTORE TABLE delta.`{platform.path(BRONZE)}` TO VERSION AS OF {version}")
        if word == "first":
            for table in (*SILVER, *(f"{table}_kept" for table in SILVER), BUSINESS):
                shutil.rmtree(Path(str(platform.lakehouse.path(table))), ignore_errors=True)
    elif word == "apply":
        steps.apply(platform)
        steps.serve(platform)
    else:
        steps.compare(platform)


def main() -> None:
    """Do what the words say, one after the other."""
    folder = runs.create(runs.new_run_id("capture_again"))
    with ActiveRun(SCENARIO, SCENARIO.parse({}), folder, tasks={"again": SILVER}) as run:
        for word in sys.argv[1:]:
            run.task("again", lambda platform, word=word: work(platform, word))  # type: ignore[misc]


if __name__ == "__main__":
    main()
