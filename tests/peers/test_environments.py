"""Each peer is pinned, by hash, on the Spark that we run; what is missing is told with its cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.peers import data, launch
from benchmarks.processes import REPOSITORY, ChildFailed
from toolkit.errors import SetupError, UsageError

LOCKS = REPOSITORY / "environments" / "peers"


@pytest.mark.parametrize("peer", [*launch.PEERS, "s3_server"])
def test_a_peer_is_locked_by_hash_without_any_address(peer: str) -> None:
    lock = (LOCKS / f"{peer}.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"^.*(?:://|--index|--find-links|file:).*$", lock, re.MULTILINE) == []


@pytest.mark.parametrize("peer", launch.PEERS)
def test_a_peer_runs_on_our_spark(peer: str) -> None:
    ours = (REPOSITORY / "environments" / "requirements.lock").read_text(encoding="utf-8")
    version = re.findall(r"^pyspark(?:\[.*\])?==(\S+)", ours, re.MULTILINE)
    lock = (LOCKS / f"{peer}.lock").read_text(encoding="utf-8")
    assert re.findall(r"^pyspark==(\S+)", lock, re.MULTILINE) == version


@pytest.mark.parametrize("program", sorted(launch.PROGRAMS.glob("*.py")), ids=lambda file: file.stem)
def test_a_program_knows_nothing_of_the_toolkit(program: Path) -> None:
    assert not re.search(r"^\s*(from|import) (toolkit|benchmarks)\b", program.read_text(encoding="utf-8"), re.MULTILINE)


def test_a_missing_environment_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "ENVIRONMENTS", tmp_path)
    with pytest.raises(SetupError, match=r"The environment of cuallee is missing\. .*\./run peers"):
        launch.measure("cuallee", tmp_path, repeat=1)


def test_an_unknown_peer_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="cuallee"):
        launch.python_of("cualee")


def test_a_program_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match=r"with_cuallee\.py ended with 1(.|\n)*PATH_NOT_FOUND"):
        launch.measure("cuallee", tmp_path / "nowhere", repeat=1)


def test_the_flights_are_written_once(tmp_path: Path) -> None:
    made = data.flights(2, tmp_path)
    files = {file: file.stat().st_mtime_ns for file in made.glob("*.parquet")}
    assert len(files) == 2
    assert data.flights(2, tmp_path) == made
    assert {file: file.stat().st_mtime_ns for file in made.glob("*.parquet")} == files


def test_no_flights_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        data.flights(0, tmp_path)
