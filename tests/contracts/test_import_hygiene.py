"""The first screen does not wait: what it needs is imported in a fresh interpreter, and nothing heavy comes along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pyspark", "delta", "pandas", "py4j", "papermill", "sqlglot")
LIGHT = (
    "toolkit",
    "toolkit.errors",
    "toolkit.paths",
    "toolkit.events",
    "toolkit.settings",
    "toolkit.scenario",
    "toolkit.runs",
    "toolkit.store.lakehouse",
    "toolkit.store.reader",
    "toolkit.datasets",
    "toolkit.jars",
    "toolkit.java",
    "toolkit.session",
    "toolkit.doctor",
    "toolkit.runner",
    "toolkit.platform",
    "toolkit.store.records",
    "toolkit.store.tables",
    "toolkit.etl.landing",
    "toolkit.etl.area",
    "toolkit.quality.records",
    "toolkit.quality.failing",
    "toolkit.quality.tasks",
    "toolkit.quality.rules",
    "toolkit.quality.results",
    "toolkit.quality.reports",
    "toolkit.quality.history",
    "toolkit.quality.recommendations",
    "toolkit.quality.sla",
    "toolkit.quality.profiling",
    "toolkit.quality.contracts",
    "toolkit.areas",
    "toolkit.browse.runs",
    "toolkit.browse.tables",
    "toolkit.service",
    "toolkit.services.area",
    "toolkit.listing",
    "toolkit.notebook_views",
    "toolkit.cli",
    "toolkit.tui.app",
)
LATER = ("pydantic", "deltalake", "pyarrow", "psutil", "textual")
"""What is light enough for a command, and too heavy for the list of areas."""
DECLARATIONS = "from toolkit.scenario import discover; assert discover()"
PLAIN_SQL = """
from toolkit.comparisons import as_spark
for sql in ("a > 5 AND b IS NULL", "SELECT DISTINCT a FROM t ORDER BY a LIMIT 5"):
    assert as_spark(sql, lambda _: "Float64") == sql
"""
TELL = f"""
import sys
def told(module):
    heavy = set(sys.modules) & set({HEAVY})
    assert not heavy, f"{{module}} has loaded {{heavy}}"
"""
HELP = """
import sys
from toolkit.cli import main
sys.argv = ["toolkit", "--help"]
try:
    main()
except SystemExit:
    pass
"""


def heavy_after(code: str, heavy: tuple[str, ...] = HEAVY) -> list[str]:
    """Which heavy packages a fresh interpreter has loaded after `code`."""
    asked = f"{code}\nimport sys\nsys.stderr.write(' '.join(set(sys.modules) & set({heavy})))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr.split()


def test_importing_brings_nothing_heavy() -> None:
    # In one interpreter: what nothing of it has loaded, no part of it has.
    asked = "; ".join(f"import {module}; told({module!r})" for module in LIGHT)
    assert heavy_after(f"{TELL}\n{asked}") == []


@pytest.mark.parametrize("code", [DECLARATIONS, HELP, PLAIN_SQL], ids=["scenarios", "--help", "plain SQL"])
def test_first_steps_bring_nothing_heavy(code: str) -> None:
    assert heavy_after(code) == []


def test_the_list_of_areas_waits_for_no_package() -> None:
    assert heavy_after("from toolkit.listing import known\nassert known()", LATER) == []


def test_the_app_begins_without_what_its_pages_need() -> None:
    assert heavy_after("import toolkit.tui.app", LATER[:-1]) == []


def test_what_is_heavy_is_noticed() -> None:
    assert heavy_after("import pandas") == ["pandas"]
