"""Tasks of streams, as far as they need no Spark: what is refused, what is asked of a process, where a stream begins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import streams_world
from tests.records import append
from toolkit.errors import BusyError, DataError, UsageError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.locks import writing
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import Checkpoint, checkpoint_of, lock_of
from toolkit.streaming.declared import declared, declared_streams, one_declared
from toolkit.streaming.letters import waiting
from toolkit.streaming.records import DEAD_LETTERS, RELEASED, DeadLetter, ReleasedLetter
from toolkit.streaming.steering import Begin, Wish
from toolkit.streaming.tasks import at_work

Cli = Callable[..., Any]
READER, STUCK, REPEATS = (f"flight_delays_live.{name}" for name in ("departures", "delays", "alerts"))


@pytest.fixture
def lakehouse(toolkit_home: Any) -> Lakehouse:
    streams_world.build(toolkit_home)
    return Lakehouse.default()


def place(lakehouse: Lakehouse, stream: str = READER) -> Checkpoint:
    return checkpoint_of(lakehouse.root, *stream.split("."))


@contextmanager
def kept(lakehouse: Lakehouse, stream: str = READER, *, obeys: bool = True) -> Iterator[list[Wish]]:
    """Another process that keeps a stream at work; the states that it went through."""
    checkpoint, went, over = place(lakehouse, stream), list[Wish](), threading.Event()

    def work() -> None:
        with writing(lakehouse.root, [lock_of(checkpoint)], "another-run"):
            steering.forget(lakehouse.root, checkpoint)
            steering.say(lakehouse.root, checkpoint, "run")
            went.append("run")
            while not over.wait(0.01) and went[-1] != "stop":
                wish = steering.asked(lakehouse.root, checkpoint)
                if obeys and wish != went[-1]:
                    went.append(wish)
                    steering.say(lakehouse.root, checkpoint, wish)

    thread = threading.Thread(target=work)
    thread.start()
    until = time.monotonic() + 10
    while not went and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield went
    finally:
        over.set()
        thread.join()


def test_streams_are_named_by_their_scenario_or_one_by_one() -> None:
    assert [one.name for one in declared("flight_delays_live")] == [READER, STUCK, REPEATS]
    assert [one.name for one in declared(STUCK)] == [STUCK]
    assert {READER, "customer_sessions.clicks"} <= set(declared_streams())
    with pytest.raises(UsageError, match=r"no stream 'flight_delays_live.departure'") as refused:
        declared("flight_delays_live.departure")
    assert READER in str(refused.value)
    with pytest.raises(UsageError, match="has several streams"):
        one_declared("flight_delays_live")
    with pytest.raises(UsageError, match="no stream 'retail_lakehouse'"):
        declared("retail_lakehouse")


def test_each_declared_stream_has_a_function_and_tables_of_its_scenario() -> None:
    for name in declared_streams():
        one = one_declared(name)
        assert callable(one.scenario.stream_body(one.stream.name))
        assert set(one.stream.writes) <= {table.name for table in one.scenario.tables}, name


def test_a_stream_at_work_is_paused_goes_on_and_stops(lakehouse: Lakehouse, cli: Cli) -> None:
    with kept(lakehouse) as went:
        assert cli("streaming", "pause", READER).stdout.startswith(f"{READER}: pauses.")
        states = cli("streaming", "streams", "--json").stdout
        assert '"paused"' in states
        assert cli("streaming", "start", READER).exit_code == 0
        assert cli("streaming", "stop", READER).stdout.startswith(f"{READER}: stopped")
        assert went == ["run", "pause", "run", "stop"]
    assert cli("streaming", "stop", READER).stdout.startswith(f"{READER} was not at work.")


def test_a_stream_at_work_is_not_started_twice(lakehouse: Lakehouse, cli: Cli) -> None:
    with kept(lakehouse):
        refused = cli("streaming", "start", READER)
    assert refused.exit_code == 6
    assert f"{READER} is at work already" in refused.stderr


def test_a_stream_that_a_run_takes_to_its_end_cannot_be_asked(lakehouse: Lakehouse, cli: Cli) -> None:
    with writing(lakehouse.root, [lock_of(place(lakehouse))], "another-run"):
        refused = cli("streaming", "pause", READER)
    assert refused.exit_code == 6
    assert "is taken to its end by a run of its scenario" in refused.stderr


def test_who_does_not_answer_is_said_and_the_wish_stays(lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_work, "PATIENCE_SECONDS", 0.3)
    with kept(lakehouse, obeys=False), pytest.raises(BusyError, match="has a batch under way"):
        at_work.PAUSE.body(None, at_work.Named(stream=READER))
    assert steering.asked(lakehouse.root, place(lakehouse)) == "pause"


def test_a_stream_that_waits_for_its_broker_is_shown_so(lakehouse: Lakehouse, cli: Cli) -> None:
    with kept(lakehouse, obeys=False):
        steering.say(lakehouse.root, place(lakehouse), "wait")
        assert {row["stream"]: row["state"] for row in streams_world.rows(cli, "streams")}[READER] == "waiting"
        assert cli("streaming", "start", READER).exit_code == 6


def test_a_process_that_was_killed_has_no_stream_at_work(lakehouse: Lakehouse) -> None:
    with kept(lakehouse):
        assert steering.state(lakehouse.root, place(lakehouse)) == "run"
    steering.say(lakehouse.root, place(lakehouse), "pause")
    assert steering.state(lakehouse.root, place(lakehouse)) == "stop"


def test_rewound_a_stream_has_no_checkpoint_and_begins_where_it_was_told(lakehouse: Lakehouse, cli: Cli) -> None:
    begin = {
        "earliest": Begin(),
        "latest": Begin(latest=True),
        "2026-05-01T12:00": Begin(since=1_777_636_800_000),
        "3": Begin(offsets={"live_departures": {"0": 40, "1": 2}}),
    }
    told = cli("streaming", "rewind", READER, "3", "--dry-run")
    assert "would have no checkpoint any more, and begin at live_departures/0 at 40" in told.stdout
    assert place(lakehouse).exists
    for to, wanted in begin.items():
        if not place(lakehouse).exists:
            streams_world.write(lakehouse, "departures", streams_world.IDENTITY, 3, streams_world.KAFKA, done=True)
        assert cli("streaming", "rewind", READER, to).exit_code == 0, to
        assert not place(lakehouse).exists
        assert steering.begin(lakehouse.root, place(lakehouse)) == wanted


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((READER, "soon"), 2, "neither earliest nor latest"),
        ((READER, "99"), 5, "Batch 99 is not in"),
        ((STUCK, "1"), 2, "reads tables: it can be rewound to the earliest row only"),
        ((REPEATS, "earliest"), 2, "would be in gold.delay_alerts twice"),
        (("flight_delays_live", "earliest"), 2, "has several streams"),
    ],
)
def test_what_cannot_be_rewound_is_refused_and_its_checkpoint_stays(
    lakehouse: Lakehouse, cli: Cli, words: tuple[str, ...], code: int, message: str
) -> None:
    refused = cli("streaming", "rewind", *words)
    assert (refused.exit_code, message in refused.stderr) == (code, True), refused.stderr
    assert place(lakehouse).exists


def test_a_stream_at_work_is_not_rewound(lakehouse: Lakehouse, cli: Cli) -> None:
    with kept(lakehouse):
        for more in ((), ("--dry-run",)):
            refused = cli("streaming", "rewind", READER, "earliest", *more)
            assert (refused.exit_code, f"toolkit streaming stop {READER}" in refused.stderr) == (6, True)
    assert place(lakehouse).exists


def test_to_where_it_was_rewound_is_not_guessed(lakehouse: Lakehouse) -> None:
    steering.begin_at(lakehouse.root, place(lakehouse), Begin(latest=True))
    steering._file(lakehouse.root, place(lakehouse), "begin").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"To where .* was rewound cannot be read"):
        steering.begin(lakehouse.root, place(lakehouse))


def test_dead_letters_wait_until_they_are_released_and_only_what_fits_is_sent(lakehouse: Lakehouse, cli: Cli) -> None:
    assert [one.dead.offset for one in waiting(lakehouse, READER)] == [0, 1, 2, 3]
    assert [one.dead.offset for one in waiting(lakehouse, READER, reason="UTF-8")] == [2]
    (repaired,) = waiting(lakehouse, READER, find=r'"flight_id": (\d)$', put=r'"flight_id": \1}')
    assert (repaired.dead.offset, repaired.value, repaired.is_repaired) == (0, b'{"flight_id": 1}', True)
    done = ReleasedLetter(
        READER, streams_world.IDENTITY, "live_departures", 0, 2, False, b"", streams_world.FIRST, streams_world.RUN_ID
    )
    append(lakehouse.path(RELEASED), [done])
    assert [one.dead.offset for one in waiting(lakehouse, READER)] == [0, 1, 3]
    states = {row["offset"]: row["state"] for row in streams_world.rows(cli, "dead")}
    assert states == {0: "waiting", 1: "waiting", 2: "released", 3: "waiting"}
    told = cli("streaming", "release", READER, "--find", "flight_id", "--put", "id", "--dry-run").stdout
    assert "1 dead letter would be sent again, 1 of them repaired" in told
    same = cli("streaming", "release", READER, "--find", "flight_id", "--put", "flight_id", "--dry-run").stdout
    assert "1 dead letter would be sent again, 0 of them repaired" in same


def test_all_letters_wait_however_many_they_are(lakehouse: Lakehouse) -> None:
    many = [
        DeadLetter(READER, streams_world.IDENTITY, 4, "live_departures", 1, n, None, None, b"{", "It is not JSON.")
        for n in range(10_050)
    ]
    append(lakehouse.path(DEAD_LETTERS), many)
    assert len(waiting(lakehouse, READER)) == 10_054


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--find", "("), "do not fit together"),
        (("--put", "x"), "in place of what"),
        (("--find", "flight", "--put", r"\3"), "do not fit together"),
        (("--reason", "no such reason"), "No dead letter of flight_delays_live.departures waits that fits"),
    ],
)
@pytest.mark.usefixtures("lakehouse")
def test_what_cannot_be_released_is_refused(cli: Cli, words: tuple[str, ...], message: str) -> None:
    refused = cli("streaming", "release", READER, *words)
    assert (refused.exit_code, message in refused.stderr) == (2, True), refused.stderr


def test_only_scenarios_with_events_to_come_can_be_replayed(cli: Cli) -> None:
    refused = cli("streaming", "replay", "--scenario", "contract_break")
    assert refused.exit_code == 2
    assert "flight_delays_live" in refused.stderr
