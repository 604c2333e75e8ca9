"""Versions by the names of the log's files, and what a commit says of itself, or does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake

from tests.unit.delta_tables import appended, commit, edited, rows_of, with_commit_info
from toolkit.store.delta_log import DeltaLog, moment, ranges
from toolkit.store.reader import DeltaReader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A table of four versions; version i has i + 1 files of two rows."""
    appended(tmp_path / "t", 4)
    return tmp_path / "t"


def history(path: Path, version: int | None = None) -> list[Any]:
    return [(one.version, one.operation, one.rows) for one in DeltaReader(path, "silver.t", version).history()]


def test_a_commit_that_says_nothing_of_itself_keeps_its_number(path: Path) -> None:
    edited(path, 2, with_commit_info(None))
    assert history(path) == [(3, "WRITE", 2), (2, None, None), (1, "WRITE", 2), (0, "WRITE", 2)]
    assert history(path, 2) == [(2, None, None), (1, "WRITE", 2), (0, "WRITE", 2)]
    assert DeltaReader(path, "silver.t").history(2)[1].at is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"engineInfo": "other"},
        {"timestamp": "yesterday", "operation": None},
        {"timestamp": 9 * 10**18},
        {"timestamp": -(10**17)},
        {"timestamp": True, "operationMetrics": {"numOutputRows": "many"}},
        {"timestamp": 1.5, "operationParameters": "x", "operationMetrics": [], "userMetadata": 7},
        [],
        "text",
        None,
    ],
)
def test_a_time_or_an_operation_that_is_not_told_is_unknown(path: Path, said: Any) -> None:
    edited(path, 3, with_commit_info(said))
    newest = DeltaReader(path, "silver.t").history(1)[0]
    assert (newest.version, newest.at, newest.operation, newest.rows, newest.run_id) == (3, None, None, None, "")
    assert DeltaReader(path, "silver.t").summary().modified is None


def test_an_in_commit_time_comes_before_the_plain_one(path: Path) -> None:
    edited(path, 3, with_commit_info({"timestamp": 1000, "inCommitTimestamp": 0, "operation": "WRITE"}))
    assert DeltaReader(path, "silver.t").history(1)[0].at == datetime(1970, 1, 1, tzinfo=UTC)


def test_the_time_of_the_file_is_not_taken_for_that_of_the_commit(path: Path) -> None:
    edited(path, 3, with_commit_info({"operation": "WRITE"}))
    assert commit(path, 3).stat().st_mtime > 0
    assert DeltaReader(path, "silver.t").history(1)[0].at is None


def test_an_action_that_is_new_to_us_harms_no_history(path: Path) -> None:
    with commit(path, 1).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"somethingNew": {"x": 1}}) + "\n")
    assert [v for v, *_ in history(path)] == [3, 2, 1, 0]


@pytest.mark.parametrize("name", ["a#b", "a?b", "50%", "a%zz", "two words", "[x]", "ö"])
def test_a_table_has_a_history_wherever_it_lies(tmp_path: Path, name: str) -> None:
    appended(tmp_path / "plain", 2)
    (tmp_path / "plain").rename(tmp_path / name)
    found = DeltaReader(tmp_path / name, "silver.t")
    assert ([one.version for one in found.history()], found.count()) == ([1, 0], 4)
    assert found.summary().rows == 4


def cleaned(path: Path) -> None:
    """Write a checkpoint of version 3, two more commits, and remove the log before the checkpoint, as Delta does."""
    DeltaTable(path).create_checkpoint()
    for _ in range(2):
        write_deltalake(path, rows_of(), mode="append")
    for version in range(4):
        commit(path, version).unlink()


def test_versions_before_a_checkpoint_go_with_their_commits(path: Path) -> None:
    cleaned(path)
    log = DeltaLog(path)
    assert (log.versions(), log.newest, log.damage()) == ([3, 4, 5], 5, "")
    assert history(path) == [(5, "WRITE", 2), (4, "WRITE", 2), (3, None, None)]
    assert DeltaReader(path, "silver.t", 3).count() == 8


def test_a_gap_ends_what_can_be_read(path: Path) -> None:
    commit(path, 1).unlink()
    log = DeltaLog(path)
    assert (log.versions(), log.damage()) == ([0], "commit 1 is missing from its log")


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (lambda text: b"", "commit 2 of its log is empty"),
        (lambda text: b"\n \n", "commit 2 of its log is empty"),
        (lambda text: text[:-20], "commit 2 of its log is cut or overwritten: line 2 is not JSON"),
        (lambda text: b"\xff" + text, "commit 2 of its log is cut or overwritten: line 1 is not JSON"),
    ],
)
def test_damage_is_told_by_commit_and_line(path: Path, harm: Callable[[bytes], bytes], fault: str) -> None:
    commit(path, 2).write_bytes(harm(commit(path, 2).read_bytes()))
    log = DeltaLog(path)
    assert (log.damage(), log.damage(1), log.versions(sound=True)) == (fault, "", [0, 1])


@pytest.mark.parametrize(
    ("versions", "text"),
    [([], ""), ([5], "5"), ([7, 5, 6], "5 to 7"), ([0, 1, 3, 5, 6, 7], "0 to 1, 3, 5 to 7"), ([2, 2], "2")],
)
def test_versions_are_said_as_ranges(versions: list[int], text: str) -> None:
    assert ranges(versions) == text


@pytest.mark.parametrize("value", [None, "1", 1.5, True, 10**20, -(10**20), [], {}])
def test_what_is_no_time_is_none(value: Any) -> None:
    assert moment(value) is None
