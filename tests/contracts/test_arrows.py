"""The arrows between packages hold, and each contract notices when its arrow is turned round."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
LINT = "from importlinter.cli import lint_imports_command as command; command()"
BROKEN = {
    "one-way": ("toolkit/store/tables.py", "from toolkit.quality import records"),
    "steps-on-top": ("toolkit/session.py", "from toolkit.etl import extract"),
    "features-apart": ("toolkit/etl/landing.py", "from toolkit.quality import rules"),
    "features-below": ("toolkit/quality/engine.py", "import toolkit.runner"),
    "app-starts-processes": ("toolkit/tui/launch.py", "import toolkit.runner"),
    "no-spark-in-sight": ("toolkit/store/reader.py", "def late(): import pyspark.sql"),
    "reader-inside": ("toolkit/store/delta_log.py", "import toolkit.store.reader"),
    "one-session": ("toolkit/etl/extract.py", "import toolkit.java"),
    "datasets-below": ("datasets/shop/orders.py", "import toolkit.scenario"),
}


def lint(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    wide = os.environ | {"COLUMNS": "300", "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", *words],
        cwd=folder,
        env=wide,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages in a folder where they may be spoiled."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PROJECT["tool"]["importlinter"]["root_packages"]:
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


def test_the_arrows_hold() -> None:
    done = lint(REPOSITORY)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_turned_arrow_is_noticed(copy: Path, contract: str) -> None:
    place, line = BROKEN[contract]
    sound = (copy / place).read_text(encoding="utf-8")
    (copy / place).write_text(f"{sound}\n{line}\n", encoding="utf-8")
    try:
        done = lint(copy, "--contract", contract)
    finally:
        (copy / place).write_text(sound, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert f"{CONTRACTS[contract]['name']} BROKEN" in done.stdout


def test_every_feature_folder_is_under_contract() -> None:
    features = {f"toolkit.{init.parent.name}" for init in (REPOSITORY / "toolkit").glob("*/__init__.py")}
    features -= {"toolkit.cli", "toolkit.store", "toolkit.tui"}
    assert features == set(CONTRACTS["features-apart"]["modules"])
    assert features == set(CONTRACTS["features-below"]["source_modules"])
