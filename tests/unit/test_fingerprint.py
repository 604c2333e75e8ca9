"""A step is done again when code that its tables may follow from has changed, wherever that lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit import paths, runner


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for file in (
        "toolkit/runner.py",
        "toolkit/etl/load.py",
        "toolkit/cli/run.py",
        "toolkit/tui/app.py",
        "mine/steps.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("pass\n")
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "file",
    ["toolkit/runner.py", "toolkit/etl/load.py", "toolkit/an_area_to_come/engine.py", "toolkit/jars.lock", "mine/steps.py",
     "mine/tables.toml", "mine/rules/orders.yaml"],
)  # fmt: skip
def test_a_change_of_code_that_handles_data_is_seen(repository: Path, file: str) -> None:
    before = runner.digest_of_code(repository / "mine")
    (repository / file).parent.mkdir(parents=True, exist_ok=True)
    (repository / file).write_text("changed = True\n")
    assert runner.digest_of_code(repository / "mine") != before


@pytest.mark.parametrize(
    "file", ["toolkit/cli/run.py", "toolkit/tui/screens/new.py", "toolkit/etl/__pycache__/load.cpython-311.pyc"]
)
def test_a_change_of_a_face_is_not(repository: Path, file: str) -> None:
    before = runner.digest_of_code(repository / "mine")
    (repository / file).parent.mkdir(parents=True, exist_ok=True)
    (repository / file).write_text("changed = True\n")
    assert runner.digest_of_code(repository / "mine") == before
