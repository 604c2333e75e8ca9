"""The notebook that answers one question in four ways, run cell by cell in the session that tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest

import toolkit
from toolkit import paths

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOTEBOOK = paths.NOTEBOOKS / "one_question_four_ways.ipynb"
ROWS = 3000


@pytest.mark.spark
@pytest.mark.slow
def test_all_four_ways_agree_and_are_measured(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(toolkit, "start_session", lambda: spark, raising=False)
    monkeypatch.setattr(toolkit, "stop_session", lambda _: None, raising=False)
    names: dict[str, Any] = {}
    for cell in nbformat.read(NOTEBOOK, 4).cells:
        if cell.cell_type == "code":
            assert not cell.outputs, "It is kept without its output."
            exec(compile(cell.source, str(NOTEBOOK), "exec"), names)
            if "parameters" in cell.metadata.get("tags", []):
                names["rows"] = ROWS
    said = capsys.readouterr().out
    assert said.count(" 0 rows differ") == 4
    assert "TypeError" in said
    assert set(names["took"]) == set(names["plans"]) == set(names["ways"])
    assert all(seconds > 0 for seconds in names["took"].values())
    assert "ArrowEvalPython" in names["plans"]["pandas UDF"]
    assert "BatchEvalPython" in names["plans"]["Python UDF"]
    assert names["ways"]["SQL"].count() == ROWS
