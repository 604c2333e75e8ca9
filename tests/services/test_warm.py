"""A Spark session that is kept ready: who may use it, what is left of a user, and what is said where it cannot be used."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.services.conftest import marked
from tests.services.test_service import gone
from toolkit import paths, service, service_processes, session, settings, warm, warm_host
from toolkit.driver import FOLDERS
from toolkit.errors import SetupError
from toolkit.service_processes import Note
from toolkit.services import spark as spark_service
from toolkit.services.spark import SPARK
from toolkit.settings import Settings

CLIENT = """
import sys
from pathlib import Path
from toolkit import warm, driver
from pyspark.sql import functions as F
log, told = Path(sys.argv[1]), []
def body(spark):
{body}
with warm.session_for("test", log, driver.FOLDERS, told.append) as spark:
    body(spark)
    print("JVM", spark._jvm.java.lang.ProcessHandle.current().pid())
print("TOLD", told)
"""


def use(body: str, log: Path, *, wait: bool = True) -> Any:
    """Another process that uses a session; what it printed, or the process."""
    code = CLIENT.format(body="\n".join("    " + line for line in body.splitlines()))
    client = subprocess.Popen(
        [sys.executable, "-c", code, str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if not wait:
        return client
    out, err = client.communicate(timeout=120)
    assert client.returncode == 0, err
    return out


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOOLKIT_WARM_MINUTES", "10")
    monkeypatch.setenv("PYTHONPATH", str(paths.REPOSITORY))
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.usefixtures("wanted")
def test_a_session_serves_one_user_after_the_other_and_forgets_each(service_home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    kept = service.start(SPARK)

    first = use(
        f"spark.conf.set('spark.sql.shuffle.partitions', '77')\n"
        f"spark.range(20).write.format('delta').save({str(tmp_path / 'table')!r})\n"
        f"spark.range(3).createOrReplaceTempView('mine')\n"
        f"spark._jvm.System.err.println('said by Java')\n"
        f"print('ROWS', spark.range(5).select(F.udf(lambda v: str(v))('id')).count())",
        log,
    )
    assert "ROWS 5" in first
    assert "TOLD []" in first
    assert "said by Java" in log.read_text()

    second = use(
        f"print('ROWS', spark.read.format('delta').load({str(tmp_path / 'table')!r}).count())\n"
        "print('VIEWS', spark.catalog.listTables(), spark.conf.get('spark.sql.shuffle.partitions'))",
        log,
    )
    assert "ROWS 20" in second
    assert "VIEWS [] 2" in second
    assert jvm(second) == jvm(first)

    # The same version of another table at the same place, and a later one: what Delta remembers is not taken for true.
    for rows, versions in ((3, 1), (4, 3)):
        shutil.rmtree(tmp_path / "table")
        for _ in range(versions):
            write_deltalake(tmp_path / "table", pa.table({"id": range(rows)}), mode="overwrite")
        again = use(f"print('ROWS', spark.read.format('delta').load({str(tmp_path / 'table')!r}).count())", log)
        assert f"ROWS {rows}\n" in again

    busy = use(
        "print('begun', flush=True)\nspark.range(10**13).selectExpr('sum(id * id % 7)').collect()", log, wait=False
    )
    assert busy.stdout.readline() == "begun\n"
    with pytest.raises(warm.Unusable, match="in use by another run"):
        warm._taken(settings.current(), FOLDERS)
    busy.send_signal(signal.SIGKILL)
    busy.communicate()
    eventually(lambda: not warm.user_note().exists(), "the keeper clears up after a user that was killed")
    assert jvm(use("print(spark.sparkContext.statusTracker().getActiveJobsIds())", log)) == jvm(first)

    os.kill(kept.pid, signal.SIGKILL)
    gone(kept.pid)
    eventually(lambda: marked(service_home) == [], "Java ends with its keeper")
    alone = use("print('ROWS', spark.range(2).count())", log)
    assert "ROWS 2" in alone
    assert "has died; start it anew with: toolkit services start spark" in alone
    service.stop(SPARK)
    assert "TOLD []" in use("pass", log), "what was stopped is not missed"


def jvm(printed: str) -> str:
    return next(line for line in printed.splitlines() if line.startswith("JVM"))


def eventually(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.1)


@pytest.fixture
def kept(toolkit_home: Path, wanted: None) -> Path:
    """A note and a card of a session that is kept by this very process; nothing listens there."""
    del wanted
    folder = paths.ensure_folder(toolkit_home / "services" / "spark")
    warm.folder().mkdir()
    me = psutil.Process()
    service_processes.write(folder, Note("running", {"http": 1}, me.pid, me.create_time()))
    warm.write_card(warm.Card(1, "secret", warm.made_of(settings.current(), FOLDERS)))
    return folder


def why(**changes: Any) -> str:
    with pytest.raises(warm.Unusable) as refused:
        warm._taken(settings.current().model_copy(update=changes), FOLDERS)
    return str(refused.value)


@pytest.mark.usefixtures("kept")
def test_what_differs_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cure = "; to have one as this run needs it: toolkit services stop spark, then start spark"
    assert why(memory="777m") == f"was started with another memory{cure}"
    assert why(shuffle_partitions=9) == f"was started with another spark.sql.shuffle.partitions{cure}"
    monkeypatch.setenv("TOOLKIT_SCENARIOS", "elsewhere")
    assert why() == f"was started with another Python or its path{cure}"
    monkeypatch.chdir(tmp_path)
    assert why() == f"was started with another Python or its path and another current folder{cure}"


@pytest.mark.usefixtures("kept")
def test_nobody_listening_is_said() -> None:
    assert why() == "does not answer"
    assert not warm.user_note().exists()
    with warm.user_lock().acquire(timeout=0):
        warm.user_note().touch()
        assert why() == "is in use by another run"


@pytest.mark.usefixtures("kept")
def test_its_keeper_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the lock now and then, to look after the session; that is no other run."""
    looking = threading.Event()

    def look_after() -> None:
        with warm.user_lock().acquire(timeout=0):
            looking.set()
            time.sleep(0.5)

    keeper = threading.Thread(target=look_after)
    keeper.start()
    looking.wait(5)
    assert why() == "does not answer", "it was got, and the gateway was asked"
    keeper.join()
    monkeypatch.setattr(warm, "KEEPERS_SECONDS", 0.1)
    with warm.user_lock().acquire(timeout=0):
        assert why() == "is in use by another run"


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(("answer", "said"), [(None, "does not answer"), (b"!x\n", "does not let this process in")])
def test_a_gateway_that_hangs_or_refuses_is_said(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, said: str
) -> None:
    monkeypatch.setattr(warm, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        card = warm.Card(server.getsockname()[1], "secret", warm.made_of(settings.current(), FOLDERS))
        warm.write_card(card)
        assert warm.card_file().stat().st_mode & 0o077 == 0, "it has a secret"

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                if answer:
                    connection.sendall(answer)
                time.sleep(1)

        thread = threading.Thread(target=serve)
        thread.start()
        assert why() == said
        thread.join()


def test_another_users_session_is_left_alone(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert why() == "belongs to another user"


@pytest.mark.parametrize("card", ["", "[]", '{"port": 1}', "\0"])
def test_a_card_that_says_nothing_is_said(kept: Path, card: str) -> None:
    warm.card_file().write_text(card, encoding="utf-8")
    assert why() == "does not say how it is reached"
    warm.card_file().unlink()
    assert why() == "does not say how it is reached"


def test_a_keeper_that_died_or_a_note_that_cannot_be_read_is_said(kept: Path) -> None:
    service_processes.write(kept, Note("running", {"http": 1}, os.getpid(), 1.0))
    assert why().startswith("has died; start it anew with")
    (kept / "state.json").write_text("{", encoding="utf-8")
    assert why().startswith("is in a state that cannot be read; start it anew with")


def test_none_is_used_where_none_is_wanted_or_none_is_kept(kept: Path, toolkit_home: Path) -> None:
    without = settings.current().model_copy(update={"warm_minutes": 0})
    assert warm._taken(without, FOLDERS) is None
    assert warm._taken(settings.current().model_copy(update={"remote": "sc://localhost:1"}), FOLDERS) is None
    service_processes.write(kept, Note("stopped", {"http": 1}))
    assert warm._taken(settings.current(), FOLDERS) is None


@pytest.mark.parametrize(
    ("changes", "said"), [({"warm_minutes": 0}, "warm_minutes is 0"), ({"remote": "sc://a:1"}, "ready already")]
)
def test_starting_one_that_would_not_stay_is_refused(
    toolkit_home: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr(settings, "load", lambda: replace_settings(Settings(warm_minutes=10), **changes))
    with pytest.raises(SetupError, match=said):
        service.start(SPARK)
    assert service.status(SPARK).state == "stopped"


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A JVM that is at work, as its keeper sees it."""
    jvm = SimpleNamespace(ended=None, used=0.1, cleared=0)
    process = SimpleNamespace(poll=lambda: jvm.ended)
    monkeypatch.setattr(session, "gateway", lambda: SimpleNamespace(process=process))
    monkeypatch.setattr(session, "memory_in_use", lambda spark, clear_up=False: jvm.used)
    monkeypatch.setattr(session, "clear", lambda spark: setattr(jvm, "cleared", jvm.cleared + 1))
    monkeypatch.setattr(warm_host, "LOOK_SECONDS", 0.02)
    return jvm


def phase(folder: Path) -> str:
    note = service_processes.read(folder)
    assert note
    return note.phase


def keeper(idle_seconds: float) -> threading.Thread:
    thread = threading.Thread(target=warm_host._keep, args=(None, idle_seconds))
    thread.start()
    return thread


def test_an_idle_session_ends_and_one_in_use_does_not(kept: Path, idle: SimpleNamespace) -> None:
    with warm.user_lock():
        thread = keeper(0.1)
        thread.join(0.5)
        assert thread.is_alive()
        assert phase(kept) == "running"
    thread.join(10)
    assert phase(kept) == "stopped", "it is not missed afterwards"


def test_a_full_session_ends_once_its_user_has_left(kept: Path, idle: SimpleNamespace) -> None:
    thread = keeper(600)
    thread.join(0.2)
    assert thread.is_alive()
    idle.used = 0.9
    with warm.user_lock():
        time.sleep(0.2)
        assert thread.is_alive()
    thread.join(10)
    assert not thread.is_alive()
    assert phase(kept) == "stopped"


def test_what_a_killed_user_left_is_cleared(kept: Path, idle: SimpleNamespace) -> None:
    warm.user_note().touch()
    thread = keeper(600)
    eventually(lambda: not warm.user_note().exists(), "the note is gone")
    assert idle.cleared == 1
    idle.ended = 1
    thread.join(10)
    assert phase(kept) == "running", "a Java that ended was not stopped by anybody: it has died"


def test_nothing_is_started_that_is_not_wanted(toolkit_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(spark_service.subprocess, "Popen", lambda *a, **k: started.append(a))
    plenty = SimpleNamespace(available=2**50)
    chosen = Settings(warm_minutes=10, memory="1g", master="local[2]")
    for settled, memory in (
        (replace_settings(chosen, warm_minutes=0), plenty),
        (replace_settings(chosen, master="spark://a:1"), plenty),
        (replace_settings(chosen, remote="sc://a:1"), plenty),
        (chosen, SimpleNamespace(available=2**30)),
    ):
        monkeypatch.setattr(settings, "load", lambda settled=settled: settled)
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        spark_service.start_quietly()
        assert started == []
    monkeypatch.setattr(settings, "load", lambda: chosen)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: plenty)
    spark_service.start_quietly()
    assert len(started) == 1


def replace_settings(chosen: Settings, **changes: Any) -> Settings:
    return chosen.model_copy(update=changes)
