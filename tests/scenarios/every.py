"""What holds for every scenario of the repository: its test file inherits these tests, and adds what its tables mean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.homes import Home, WarmHome, as_words, notebook_values
from tests.scenarios.conftest import copy_of
from toolkit.scenario import Scenario
from toolkit.store.reader import DeltaReader

NBVAL = ("-p", "no:cacheprovider", "-q", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=400")
RESULTS = "ops.quality_results"


class EveryScenario:
    """Tests of one scenario as a whole.

    Attributes:
        declared: the scenario.
        also_written: tables that its steps write and that the toolkit declares.
        told_apart: tables that are not the same after every run: they say when or by whom something was done, or they
            estimate.
    """

    declared: ClassVar[Scenario]
    also_written: ClassVar[frozenset[str]] = frozenset({RESULTS})
    told_apart: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    def filled(self, home_of: Callable[[str], WarmHome]) -> WarmHome:
        """The home that the scenario has filled."""
        return home_of(self.declared.id)

    def test_every_declared_table_is_built_with_its_columns_and_comments(self, filled: WarmHome) -> None:
        for table in self.declared.tables:
            columns = DeltaReader(filled.lakehouse.path(table.name), table.name).columns()
            assert {c.name: c.comment for c in columns} == dict(table.columns)
            assert [c.name for c in columns] == list(table.columns)
        assert set(filled.lakehouse.tables()) == {t.name for t in self.declared.tables} | self.also_written

    def test_running_again_skips_every_step_that_writes_and_tells_the_same(
        self, filled: WarmHome, tmp_path: Path
    ) -> None:
        copied = copy_of(filled, tmp_path / "copied")
        (first,) = [json.loads(file.read_text()) for file in filled.path.glob("runs/*/run.json")]
        again = copied.run(*as_words(notebook_values(self.declared)), scenario=self.declared.id)
        writing = {step.name for step in self.declared.steps if step.writes}
        assert {n for n, how in copied.states(again["run_id"]).items() if how == "step_skipped"} == writing
        assert copied.versions() == filled.versions()
        assert again["answer"] == first["answer"]
        assert quality(copied, again["run_id"]) == quality(filled, first["run_id"])

    def test_its_notebook_keeps_its_summary_and_gives_the_same_tables(self, filled: WarmHome, home: Home) -> None:
        done = subprocess.run(
            [
                sys.executable,
                *("-m", "pytest", *NBVAL, "-c", os.devnull),
                f"--rootdir={home.path.parent}",
                str(self.declared.notebook),
            ],
            env=home.environment,
            capture_output=True,
            text=True,
            timeout=580,
            check=False,
        )
        # The first cell that fails says why; those after it fail for its sake.
        assert done.returncode == 0, done.stdout.partition(" FAILURES ")[2][:6000]
        for table in sorted({t.name for t in self.declared.tables} - self.told_apart):
            assert home.content(table) == filled.content(table), table


def quality(home: Home, run_id: str) -> list[dict[str, Any]]:
    """What a run told of its rules."""
    return [event.data for event in home.events(run_id) if event.kind == "record"]
