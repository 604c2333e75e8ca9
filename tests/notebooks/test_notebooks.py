"""Every notebook agrees with its scenario, runs under papermill and nbval, and gives what the command line gives."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.homes import SMALL, Home
from toolkit import scenario
from toolkit.scenario import Scenario

SCENARIOS = [s for s in scenario.discover().values() if s.notebook.exists()]


def cells(declared: Scenario) -> list[nbformat.NotebookNode]:
    return list(nbformat.read(declared.notebook, 4).cells)


def ids(declared: Scenario) -> str:
    return declared.id


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_the_parameters_are_the_scenarios_own(declared: Scenario) -> None:
    (tagged,) = [c for c in cells(declared) if "parameters" in c.metadata.get("tags", [])]
    given = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(tagged.source).body}  # type: ignore[attr-defined]
    assert list(given) == list(declared.parameters.model_fields)
    declared.parse(given)


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_every_step_appears_once_and_in_order(declared: Scenario) -> None:
    calls = [
        node.args[0].value  # type: ignore[attr-defined]
        for cell in cells(declared)
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "step"
    ]
    assert calls == [step.name for step in declared.steps]


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_only_the_summary_is_kept_with_its_output(declared: Scenario) -> None:
    kept = [c for c in cells(declared) if c.cell_type == "code" and c.outputs]
    assert [c.metadata.get("tags") for c in kept] == [["nbval-check-output"]]


def test_papermill_gives_the_same_gold_as_the_command_line(built: Home, home: Home) -> None:
    record = home.run(*SMALL, "--notebook")
    for table in ("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk"):
        assert home.content(table) == built.content(table), table
    assert record["answer"]
    executed = nbformat.read(home.path / "runs" / record["run_id"] / "notebook.ipynb", 4)
    assert not [o for c in executed.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_nbval_finds_the_summary_unchanged(declared: Scenario, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-q",
            "--nbval-lax",
            "--nbval-current-env",
            "--nbval-cell-timeout=240",
            "-c",
            os.devnull,
            f"--rootdir={tmp_path}",
            str(declared.notebook),
        ],
        env={**os.environ, "TOOLKIT_HOME": str(tmp_path / "home"), "TOOLKIT_ENV": "test"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
