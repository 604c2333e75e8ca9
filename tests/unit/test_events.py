"""Events survive what happens to the processes that write them."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from toolkit.events import Event, EventLog, EventReader, read_events


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def log(file: Path) -> EventLog:
    return EventLog(file, "run-1")


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_an_event_reads_back_as_it_was_told(file: Path, log: EventLog) -> None:
    told = log.emit("rows", "ingest", table="bronze.orders", rows=3)
    assert read_events(file) == [told]
    assert (told.run_id, told.step, told.data) == ("run-1", "ingest", {"table": "bronze.orders", "rows": 3})


def test_there_is_one_json_line_per_event(file: Path, log: EventLog) -> None:
    log.emit("alert", message="two\nlines")
    log.emit("run_cancelled")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["alert", "run_cancelled"]


@pytest.mark.parametrize("text", ["Ã\x85ngström", "a\u2028b\u2029c", "\x0b\x0c\x1c\x85", "naïve 😀", "\x00"])
def test_text_may_hold_what_unicode_calls_the_end_of_a_line(file: Path, log: EventLog, text: str) -> None:
    log.emit("alert", message=text)
    assert read_events(file)[0].data["message"] == text


def test_an_unknown_kind_is_refused_before_it_is_written(file: Path, log: EventLog) -> None:
    with pytest.raises(ValidationError):
        log.emit("step_done", "ingest")  # type: ignore[arg-type]
    assert not file.exists()


def test_listeners_are_told_in_order_after_the_file(file: Path) -> None:
    seen: list[tuple[str, int]] = []
    log = EventLog(file, "run-1", (lambda e: seen.append((e.kind, len(read_events(file)))),))
    log.emit("step_started", "a")
    log.emit("step_finished", "a", seconds=1)
    assert seen == [("step_started", 1), ("step_finished", 2)]


def test_no_file_has_no_events(file: Path) -> None:
    assert read_events(file) == []
    assert EventReader(file).new() == []


def test_the_reader_returns_each_event_once(file: Path, log: EventLog) -> None:
    reader = EventReader(file)
    log.emit("step_started", "a")
    assert kinds(reader.new()) == ["step_started"]
    assert reader.new() == []
    log.emit("step_finished", "a", seconds=1)
    assert kinds(reader.new()) == ["step_finished"]


def test_a_line_still_being_written_waits(file: Path, log: EventLog) -> None:
    log.emit("step_started", "größer")
    whole = file.read_bytes()
    reader = EventReader(file)
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        assert reader.new() == []
    file.write_bytes(whole)
    assert kinds(reader.new()) == ["step_started"]


@pytest.mark.parametrize("part", [1, 20, -2])
def test_a_line_cut_short_by_a_killed_process_costs_only_itself(file: Path, log: EventLog, part: int) -> None:
    log.emit("run_started", scenario="s", parameters={}, steps=[])
    before = file.read_bytes()
    log.emit("step_started", "a")
    cut = file.read_bytes()[len(before) :][:part]
    file.write_bytes(before + cut)
    log.emit("run_failed", message="killed", cure="", exit_code=1)
    assert kinds(read_events(file)) == ["run_started", "run_failed"]


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"kind": "nope", "run_id": "r"}', b"42"])
def test_a_damaged_line_costs_only_itself(file: Path, log: EventLog, line: bytes) -> None:
    log.emit("step_started", "a")
    with file.open("ab") as stream:
        stream.write(line + b"\n")
    log.emit("step_finished", "a", seconds=1)
    assert kinds(read_events(file)) == ["step_started", "step_finished"]


def test_threads_never_write_into_each_others_lines(file: Path, log: EventLog) -> None:
    def tell(number: int) -> None:
        for _ in range(50):
            log.emit("alert", str(number), message="x" * 20_000)

    threads = [threading.Thread(target=tell, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_events(file)) == 200
