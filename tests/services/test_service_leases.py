"""A server that is needed for a while: started for the first who needs it, stopped by the last, whoever was killed between."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from tests.services.conftest import marked
from tests.services.tiny import SILENT, in_a_process, tiny
from toolkit import service, service_leases
from toolkit.errors import SetupError

pytestmark = [
    pytest.mark.usefixtures("service_home"),
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]


def test_the_first_starts_it_and_the_last_stops_it(service_home: Path) -> None:
    one = tiny()
    with service_leases.leased(one) as first:
        with service_leases.leased(one) as second:
            assert second.pid == first.pid
        assert service.status(one).state == "running"
    assert service.status(one).state == "stopped"
    assert marked(service_home) == []


def test_a_server_that_somebody_has_started_goes_on() -> None:
    one = tiny()
    service.start(one)
    with service_leases.leased(one):
        pass
    assert service.status(one).state == "running"
    service.stop(one)


def test_a_server_that_somebody_starts_meanwhile_goes_on() -> None:
    one = tiny()
    with service_leases.leased(one):
        service_leases.started(one)
    assert service.status(one).state == "running"
    service.stop(one)


def test_what_a_killed_user_left_is_stopped_by_the_next(service_home: Path) -> None:
    one = tiny()
    user = in_a_process("""
        from toolkit import service_leases
        with service_leases.leased(tiny()):
            print("at work", flush=True)
            import time; time.sleep(600)
    """)
    assert user.stdout is not None
    assert user.stdout.readline() == "at work\n"
    os.kill(user.pid, signal.SIGKILL)
    user.wait()
    user.stdout.close()
    assert service.status(one).state == "running"
    with service_leases.leased(one):
        pass
    assert service.status(one).state == "stopped"
    assert marked(service_home) == []


def test_users_that_come_and_go_at_once_leave_nothing(service_home: Path) -> None:
    one, answered = tiny(), []

    def use() -> None:
        with service_leases.leased(one):
            answered.append(service.status(one).state)

    users = [threading.Thread(target=use) for _ in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert answered == ["running"] * 4
    assert service.status(one).state == "stopped"
    assert marked(service_home) == []


def test_a_start_that_fails_leaves_no_note(service_home: Path) -> None:
    with pytest.raises(SetupError, match="did not answer"), service_leases.leased(tiny(SILENT, patience=0.5)):
        pass
    assert list((service_home / "services" / "tiny" / "users").iterdir()) == []


def test_work_that_fails_gives_it_back() -> None:
    one = tiny()
    with pytest.raises(ValueError, match="of the work"), service_leases.leased(one):
        raise ValueError("of the work")
    assert service.status(one).state == "stopped"
