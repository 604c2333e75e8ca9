"""A picture of a screen for the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.tui.picture import SCREENS, main


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_can_be_taken(home: Path, tmp_path: Path, screen: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.svg"
    assert main([str(file), "--screen", screen]) == 0
    svg = file.read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "url(" not in svg.replace("url(#", "")
    assert capsys.readouterr().out == f"{file}\n"


def test_the_default_is_the_rows_of_a_gold_table(home: Path, tmp_path: Path) -> None:
    main([str(tmp_path / "out.svg")])
    assert "gold.churn_risk" in (tmp_path / "out.svg").read_text(encoding="utf-8")


def test_without_a_table_it_says_what_to_do(
    empty_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "out.svg")]) == 2
    assert "Run a scenario first" in capsys.readouterr().err
    assert not (tmp_path / "out.svg").exists()
