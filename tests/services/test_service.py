"""A server is started once, found again, stopped, and survives its starter; no other process is ever harmed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.conftest import marked
from tests.services.tiny import CAREFUL, SERVER, SILENT, STUBBORN, in_a_process, tiny
from toolkit import service, service_processes
from toolkit.errors import SetupError, UsageError
from toolkit.service import Running

pytestmark = [
    pytest.mark.usefixtures("service_home"),
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]
GONE_SECONDS = 10


@contextmanager
def started(one: service.Service, **fixed: int) -> Iterator[Running]:
    """It, at work, and stopped afterwards."""
    try:
        yield service.start(one, fixed)
    finally:
        service.stop(one)


def kept(running: Running) -> str:
    """What the server says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{running.ports['http']}/") as answer:
        return str(answer.read().decode())


def kill(running: Running) -> None:
    """End the server as the system would that has no memory left."""
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    until = time.monotonic() + GONE_SECONDS
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "it is still there"
        time.sleep(0.02)


def state_of(home: Path) -> dict[str, Any]:
    """What is noted."""
    return dict(json.loads((home / "services" / "tiny" / "state.json").read_text(encoding="utf-8")))


def test_it_answers_and_says_where_it_is(service_home: Path) -> None:
    one = tiny()
    assert service.status(one).state == "stopped"
    assert service.running("tiny") is None
    with started(one) as running:
        assert kept(running) == ""
        assert service.running("tiny") == running
        assert service.status(one) == service.Status("running", running)
        assert running.folder == service_home / "services" / "tiny"
        (listening,) = [c for c in psutil.Process(running.pid).net_connections() if c.status == "LISTEN"]
        assert listening.laddr.ip == "127.0.0.1"
    assert service.status(one).state == "stopped"
    assert service.running("tiny") is None
    assert marked(service_home) == []


def test_starting_it_again_gives_the_same_server() -> None:
    with started(tiny()) as running:
        assert service.start(tiny()) == running


def test_two_processes_that_start_at_once_have_one_server(service_home: Path) -> None:
    starters = [in_a_process("print(service.start(tiny()).pid)") for _ in range(3)]
    pids = {starter.communicate(timeout=60)[0] for starter in starters}
    assert len(pids) == 1
    assert len(marked(service_home)) == 1
    assert service.stop(tiny())


def test_it_outlives_its_starter_and_is_found_by_another_process() -> None:
    starter = in_a_process(
        "import os, signal; print(service.start(tiny()).pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    pid = int(starter.communicate(timeout=60)[0])
    found = service.running("tiny")
    assert found is not None
    assert found.pid == pid
    assert kept(found) == ""
    assert service.stop(tiny())


def test_stopping_says_whether_there_was_anything_to_stop() -> None:
    assert service.stop(tiny()) is False
    service.start(tiny())
    assert service.stop(tiny()) is True
    assert service.stop(tiny()) is False


def test_a_server_that_will_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_processes, "POLITE_SECONDS", 0.3)
    running = service.start(tiny(STUBBORN))
    assert service.stop(tiny())
    gone(running.pid)


def test_a_server_is_asked_once_to_stop_and_given_the_time_to_put_its_data_away() -> None:
    running = service.start(tiny(CAREFUL))
    assert service.stop(tiny())
    assert [file.name for file in running.place.data.iterdir()] == ["asked 1"]


def test_what_a_server_started_is_stopped_with_it(service_home: Path) -> None:
    helper = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    with started(tiny(helper + SERVER)):
        assert len(marked(service_home)) == 2
    assert marked(service_home) == []


def test_a_killed_server_is_told_and_comes_back_with_its_data_at_its_address() -> None:
    one = tiny()
    with started(one) as running:
        (running.place.data / "blob").touch()
        kill(running)
        assert service.running("tiny") is None
        assert service.status(one) == service.Status("died", None, "listening")
        again = service.start(one)
        assert again.pid != running.pid
        assert again.ports == running.ports
        assert kept(again) == "blob"


def test_another_port_is_taken_where_the_last_one_is_not_free() -> None:
    one = tiny()
    with started(one) as running:
        last = running.ports["http"]
    with socket.create_server(("127.0.0.1", last)), started(one) as running:
        assert running.ports["http"] != last


def test_its_port_is_none_that_an_outgoing_connection_may_be_given() -> None:
    with started(tiny()) as running:
        assert running.ports["http"] in service.OWN_PORTS


def test_a_starter_killed_before_it_has_noted_the_server_leaves_none(service_home: Path) -> None:
    starter = in_a_process(
        """
        import os, signal
        service_processes.write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        service.start(tiny())
        """
    )
    starter.communicate(timeout=60)
    assert starter.returncode == -signal.SIGKILL
    until = time.monotonic() + GONE_SECONDS
    while marked(service_home):
        assert time.monotonic() < until, "a server is at work that nobody knows of"
        time.sleep(0.02)
    assert service.status(tiny()).state == "stopped"


@pytest.mark.parametrize("door", ["start", "stop"])
def test_a_starter_killed_before_the_server_answers_leaves_one_that_the_next_one_finds(
    door: str, service_home: Path
) -> None:
    starter = in_a_process(
        """
        import os, signal
        service._await = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        service.start(tiny())
        """
    )
    starter.communicate(timeout=60)
    assert state_of(service_home)["phase"] == "starting"
    assert service.status(tiny()).state == "unhealthy"
    assert service.running("tiny") is None, "it has not been seen to answer"
    if door == "start":
        assert service.start(tiny()).pid == state_of(service_home)["pid"], "it answers by now"
        assert service.status(tiny()).state == "running"
    assert service.stop(tiny())
    assert marked(service_home) == []


def test_it_is_starting_while_its_starter_waits(service_home: Path) -> None:
    starter = in_a_process("service.start(tiny(SILENT, patience=60))")
    until = time.monotonic() + GONE_SECONDS
    while service.status(tiny()).state != "starting":
        assert time.monotonic() < until
        time.sleep(0.05)
    starter.terminate()
    starter.communicate(timeout=60)
    assert service.stop(tiny())
    assert marked(service_home) == []


def test_a_fixed_port_that_is_taken_is_an_error(service_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=f"Tiny cannot have port {port}: another program has it"):
            service.start(tiny(), {"http": port})
    assert marked(service_home) == []
    with started(tiny(), http=port) as running:
        assert running.ports == {"http": port}
        with pytest.raises(UsageError, match="is at work on another port"):
            service.start(tiny(), {"http": port - 1})
    with pytest.raises(UsageError, match="Valid choices: http"):
        service.start(tiny(), {"htp": port})


def test_a_port_lost_to_a_quicker_program_is_not_taken_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        lost = other.getsockname()[1]
        chosen = iter([{"http": lost}])
        ports = service._ports
        monkeypatch.setattr(service, "_ports", lambda *asked: next(chosen, None) or ports(*asked))
        with started(replace(tiny(), healthy=lambda place: True)) as running:
            assert running.ports["http"] != lost


@pytest.mark.parametrize(
    ("code", "patience", "told"),
    [
        (SILENT, 1.5, 'Tiny did not answer within 1.5 seconds; its last words: "I am busy"'),
        ("print('no disk'); raise SystemExit(7)", 20, 'Tiny ended at once, with code 7; its last words: "no disk"'),
        ("raise SystemExit(1)", 20, "Tiny ended at once, with code 1; it said nothing"),
    ],
    ids=["silent", "ends", "ends without a word"],
)
def test_a_server_that_does_not_come_up_says_why_and_leaves_nothing(
    code: str, patience: float, told: str, service_home: Path
) -> None:
    with pytest.raises(SetupError) as refused:
        service.start(tiny(code, patience))
    assert refused.value.what == f"{told}."
    assert str(service_home / "services" / "tiny" / "log.txt") in refused.value.cure
    assert service.status(tiny()).state == "stopped"
    assert marked(service_home) == []


def test_a_missing_program_is_an_error() -> None:
    with pytest.raises(SetupError, match="there is no program 'no-such-server'"):
        service.start(tiny(command=lambda place: ["no-such-server"]))


def test_a_server_that_stopped_answering_is_unhealthy_and_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RECOVERY_SECONDS", 0.2)
    monkeypatch.setattr(service, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(service_processes, "POLITE_SECONDS", 0.3)
    one = tiny()
    with started(one) as running:
        os.kill(running.pid, signal.SIGSTOP)
        assert service.status(one) == service.Status("unhealthy", running, "listening")
        assert service.start(one).pid != running.pid
        assert service.status(one).state == "running"


def test_a_process_that_was_given_the_number_of_a_dead_server_is_left_alone(service_home: Path) -> None:
    with started(tiny()):
        noted = state_of(service_home)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        said = {**noted, "phase": "running", "pid": other.pid, "created": 1.0}
        (service_home / "services" / "tiny" / "state.json").write_text(json.dumps(said), encoding="utf-8")
        assert service.running("tiny") is None
        assert service.status(tiny()).state == "died"
        assert service.stop(tiny()) is False
        with started(tiny()):
            assert other.poll() is None
    finally:
        other.kill()
        other.wait()


HOSTILE = [
    "", "{", "null", "[]", "3", '"text"', "{}", "[" * 100_000,
    {"pid": "1"}, {"pid": True}, {"pid": -1}, {"pid": 10**30}, {"pid": 0}, {"pid": None}, {"created": "x"}, {"created": None},
    {"ports": []}, {"ports": {"http": "80"}}, {"ports": {"http": 0}}, {"ports": {"http": 70_000}}, {"ports": None},
    {"phase": "flying"}, {"phase": []}, {"started_at": 5}, {"started_at": "soon"}, {"started_at": "2026-01-01T00:00:00"},
]  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: str(said)[:30])
def test_what_a_note_that_cannot_be_read_meant_is_unknown(said: Any, service_home: Path) -> None:
    one = tiny()
    sound = {
        "phase": "running", "ports": {"http": 1}, "pid": 1, "created": 1.0, "started_at": "2026-01-01T00:00:00+00:00",
        "starter": 1, "starter_created": 1.0,
    }  # fmt: skip
    file = service_home / "services" / "tiny" / "state.json"
    file.parent.mkdir(parents=True)
    file.write_text(said if isinstance(said, str) else json.dumps({**sound, **said}), encoding="utf-8")
    assert service.running("tiny") is None
    assert service.status(one).state == "unknown"
    assert str(file) in service.status(one).why
    assert service.stop(one) is False
    assert service.status(one).state == "stopped"


@pytest.mark.parametrize("damage", ["{", None], ids=["damaged", "deleted"])
def test_a_server_whose_note_is_lost_is_found_by_its_mark(damage: str | None, service_home: Path) -> None:
    one = tiny()
    first = service.start(one)
    file = service_home / "services" / "tiny" / "state.json"
    file.write_text(damage, encoding="utf-8") if damage else file.unlink()
    with started(one) as second:
        gone(first.pid)
        assert [process.pid for process in marked(service_home)] == [second.pid]


def test_the_note_of_this_very_process_does_not_end_it(service_home: Path) -> None:
    me = psutil.Process()
    file = service_home / "services" / "tiny"
    file.mkdir(parents=True)
    service_processes.write(file, service_processes.Note("running", {"http": 1}, me.pid, me.create_time()))
    assert service.stop(tiny()) is False


def test_the_log_before_is_kept_and_a_long_one_is_put_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tiny()):
        pass
    with started(tiny("print('\\x1b[31mred')\n" + SERVER)) as running:
        log = running.place.log
        assert service.tail(log.with_name("log.1.txt"), 9) == ["listening"]
        assert service.tail(log, 1) == ["listening"]
        assert "\x1b" not in "".join(service.tail(log, 9))
        monkeypatch.setattr(service, "LOG_BYTES", 5)
        assert service.start(tiny()) == running
        assert log.stat().st_size == 0
        assert service.tail(log.with_name("log.1.txt"), 1) == ["listening"]


def test_each_name_of_a_port_has_its_own() -> None:
    chosen = service._ports(tiny(ports=("http", "admin", "metrics")), {}, {})
    assert len(set(chosen.values())) == 3
