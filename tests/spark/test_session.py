"""What Java says, in the user's words; progress that Spark itself reports; and where no session can be had."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from pyspark.sql import SparkSession

from tests.clusters import free_port
from tests.rivals import overtaken
from toolkit import java, session, settings
from toolkit.errors import BusyError, DataError, SetupError, ToolkitError
from toolkit.scenario import Table
from toolkit.store.reader import DeltaReader
from toolkit.store.write import write_table

TABLE = Table("silver.parcels", "A parcel.", {"id": "Its number."})
CONNECT_SECONDS = 90


def meaning(action: object) -> ToolkitError:
    """What `explain` makes of the error that `action` raises."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is what `explain` has to find out
        action()  # type: ignore[operator]
    told = session.explain(raised.value)
    assert told is not None, raised.value
    return told


# errors that Spark really raises


def test_a_missing_path_is_a_missing_file(spark: SparkSession, tmp_path: Path) -> None:
    told = meaning(lambda: spark.read.json(str(tmp_path / "none.json")))
    assert isinstance(told, DataError)
    assert str(tmp_path / "none.json") in told.what


@pytest.mark.parametrize("harm", ["cut", "garbage"])
def test_a_damaged_log_is_a_damaged_table(spark: SparkSession, tmp_path: Path, harm: str) -> None:
    for mode in ("overwrite", "append"):
        write_table(spark.range(3), tmp_path / "t", TABLE, mode=mode)  # type: ignore[arg-type]
    newest = tmp_path / "t" / "_delta_log" / f"{1:020}.json"
    newest.write_bytes(newest.read_bytes()[:100] if harm == "cut" else b"\x00\xff" * 50)
    # Spark trusts the checksums beside the files it wrote; a copied or mended table has none.
    for checksum in newest.parent.glob(".*.crc"):
        checksum.unlink()
    copied = tmp_path / "copied"
    (tmp_path / "t").rename(copied)
    told = meaning(lambda: spark.read.format("delta").load(str(copied)).collect())
    assert isinstance(told, DataError)
    assert "log is damaged" in told.what


def test_a_data_file_that_is_gone_is_named(spark: SparkSession, tmp_path: Path) -> None:
    write_table(spark.range(3), tmp_path / "t", TABLE)
    for file in (tmp_path / "t").glob("*.parquet"):
        file.unlink()
    told = meaning(lambda: spark.read.format("delta").load(str(tmp_path / "t")).collect())
    assert isinstance(told, DataError)
    assert ".parquet" in told.what


def test_two_writers_at_once_are_told_apart_from_damage(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "t"
    write_table(spark.range(3), path, TABLE)
    told = meaning(overtaken(spark, path, TABLE, tmp_path, lambda: spark.sql(f"DELETE FROM delta.`{path}`")).result)
    assert isinstance(told, BusyError)
    assert DeltaReader(path, TABLE.name).history(1)[0].operation == "DELETE"


def test_a_column_that_is_not_there_is_named_with_those_that_are(spark: SparkSession) -> None:
    told = meaning(lambda: spark.range(1).where("idd > 0").count())
    assert isinstance(told, DataError)
    assert told.what == "There is no column idd in the rows at hand."
    assert told.choices == ("id",)


# texts of errors that a test cannot bring about


@pytest.mark.parametrize(
    ("text", "family", "said"),
    [
        ("Job aborted: java.io.IOException: No space left on device", SetupError, "The disk is full"),
        ("java.lang.OutOfMemoryError: Java heap space", SetupError, "out of memory"),
        ("java.lang.OutOfMemoryError: GC overhead limit exceeded", SetupError, "out of memory"),
        ("SparkOutOfMemoryError: Unable to acquire 65536 bytes of memory, got 0", SetupError, "out of memory"),
        ("[DELTA_CONCURRENT_APPEND] ConcurrentAppendException: Files were added", BusyError, "Another writer"),
        ("[DELTA_CONCURRENT_DELETE_READ] This transaction attempted", BusyError, "Another writer"),
        ("[DELTA_METADATA_CHANGED] MetadataChangedException", BusyError, "Another writer"),
        ("[DELTA_TRUNCATED_TRANSACTION_LOG] /x/_delta_log/1.json", DataError, "log is damaged"),
        ("[DELTA_VERSIONS_NOT_CONTIGUOUS] Versions (0, 2) are not contiguous.", DataError, "log is damaged"),
        ("Answer from Java side is empty", SetupError, "Java ended"),
        (
            'Operation failed: "The specified container does not exist.", 404, HEAD, http://127.0.0.1:1/a/b',
            DataError,
            "The object store refused: The specified container does not exist (HTTP 404)",
        ),
        ('Operation failed: "Server failed to authenticate the request.", 403, GET, https://x', DataError, "HTTP 403"),
        (
            "abfs://lake@x.dfs.core.windows.net/t: java.net.ConnectException: Connection refused",
            DataError,
            "The object store does not answer",
        ),
    ],
)
def test_what_java_says_is_told_in_the_users_words(text: str, family: type[ToolkitError], said: str) -> None:
    told = session.explain(RuntimeError(text))
    assert isinstance(told, family)
    assert said in told.what
    assert told.cure
    assert "delete" not in told.cure


@pytest.mark.parametrize(
    "text", ["", "division by zero", "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column", "TABLE_NOT_FOUND"]
)
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    assert session.explain(RuntimeError(text)) is None


# progress


def test_the_meter_counts_the_rows_of_a_real_job(spark: SparkSession, tmp_path: Path) -> None:
    spark.range(1000).write.parquet(str(tmp_path / "in"))
    meter = session.ProgressMeter(spark)
    assert meter.read() == session.Progress()
    spark.read.parquet(str(tmp_path / "in")).write.parquet(str(tmp_path / "out"))
    found = meter.read()
    assert (found.rows_read, found.rows_written) == (1000, 1000)
    assert found.tasks_done == found.tasks > 0
    assert session.ProgressMeter(spark).read() == session.Progress()


# the session itself


def test_the_session_is_as_the_settings_of_the_tests_say(spark: SparkSession) -> None:
    conf = spark.conf
    assert spark.sparkContext.master == "local[2]"
    assert conf.get("spark.sql.session.timeZone") == "UTC"
    assert conf.get("spark.sql.shuffle.partitions") == "2"
    assert conf.get("spark.ui.enabled") == "false"
    assert "PYSPARK_GATEWAY_PORT" not in os.environ


def test_a_quick_start_leaves_room_for_the_code_that_spark_generates(spark: SparkSession) -> None:
    """Java's own 48 MiB are full within half a minute of a small run; then compiling stops, and tasks fail."""
    assert settings.current().quick_start
    pools = spark._jvm.java.lang.management.ManagementFactory.getMemoryPoolMXBeans()
    room = sum(pool.getUsage().getMax() for pool in pools if pool.getName().startswith("Code"))
    assert room >= 240 * 1024**2


def test_without_java_the_error_names_what_was_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"Spark needs Java 17 or 21 .*JAVA_HOME has no working Java") as refused:
        java.find()
    assert "JAVA_HOME" in refused.value.cure


@pytest.mark.parametrize("version", ["24.0.1", "11.0.2", "1.8.0_392"])
def test_a_java_of_another_version_is_passed_over(
    version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / ("java.exe" if sys.platform == "win32" else "java")).touch()
    (tmp_path / "release").write_text(f'JAVA_VERSION="{version}"\n', encoding="utf-8")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java.find().home != tmp_path
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupError, match=f"JAVA_HOME has {version}"):
        java.find()


# Spark Connect


def test_where_no_connect_server_listens_the_error_comes_at_once() -> None:
    chosen = settings.Settings(remote=f"sc://127.0.0.1:{free_port()}")
    began = time.monotonic()
    with pytest.raises(SetupError, match="No Spark Connect server answers at sc://127") as refused:
        session.start(chosen)
    assert time.monotonic() - began < 4
    assert "TOOLKIT_REMOTE" in refused.value.cure


@pytest.fixture
def connect_server(tmp_path: Path) -> Iterator[str]:
    """A Spark Connect server with our jars, on a free port; ended by its pid."""
    port = free_port()
    chosen = settings.current()
    conf = {
        **session.properties(chosen),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    command = [
        str(java.find().executable),
        "-cp",
        os.pathsep.join(map(str, session.spark_class_path())),
        "-Xmx1g",
        *session.GC_FLAGS,
        *session.QUICK_FLAGS,
        *session.shared_classes(java.find()),
        *[f"--add-opens={package}=ALL-UNNAMED" for package in java._OPENED_PACKAGES],
        *[f"-D{name}={value}" for name, value in conf.items()],
        "org.apache.spark.sql.connect.service.SparkConnectServer",
    ]
    with (tmp_path / "server.txt").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"})
    try:
        wait_for(port, server, tmp_path / "server.txt")
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


CLIENT = dedent("""
    import sys
    from pathlib import Path
    from toolkit import session
    from toolkit.store.write import write_table
    from toolkit.etl.transform import latest_marked
    from toolkit.errors import UsageError
    from toolkit.quality.engine import check, split, watch
    from toolkit.quality.profiling import profile
    from toolkit.quality.rules import Mean, NoGaps, NotNull, Psi, References, SameCount, Unique, load
    from toolkit.scenario import Table

    folder = Path(sys.argv[1])
    spark = session.start()
    given = [(1, "Rom", 0), (2, None, 1), (3, "Atlantis", 2), (1, "Rom", 3)]
    rows = spark.createDataFrame(given, "id INT, place STRING, _row INT")
    rows = rows.transform(latest_marked("id", "_row")).where("_is_latest").drop("_row", "_is_latest")
    rules = [
        NotNull(name="place_is_given", description="It has a place.", column="place"),
        References(name="place_is_known", description="We know it.", column="place", to="places", key="name"),
    ]
    parted = split(rows, "silver.parcels", rules, {"places": spark.createDataFrame([("Rom",)], "name STRING")})
    columns = {"id": "Its number.", "place": "Where it goes."}
    valid = Table("silver.parcels", "", {**columns, "_warnings": "Mild rules it broke."})
    bad = Table("quarantine.parcels", "", {**columns, "_violations": "Why.", "_rules": "Which."})
    for declared, df in ((valid, parted.valid), (bad, parted.quarantined)):
        done = write_table(df, folder / declared.layer, declared, signature={"run_id": "over-connect"})
        print(declared.layer, done.version, done.rows)
    result = parted.result()
    print("counted", result.rows, result.quarantined, *[r.failed for r in result.rules])
    places = {"places": spark.createDataFrame([("Rom",), ("Rom",), (None,)], "name STRING")}
    declared = load(Path(sys.argv[2])).rules
    every = [
        *declared,
        Unique(columns=("place",)),
        NoGaps(column="id"),
        Mean(column="id", min=2, max=2),
        SameCount(to="places"),
        Psi(column="id", expected={"edges": (1.5,), "shares": (0.5, 0.5)}),
    ]
    again = spark.createDataFrame([(1, "Rom"), (2, None), (3, "Rom")], "id INT, place STRING")
    checked = check(again, "silver.parcels", every, places)
    print("checked", *[f"{r.rule.name}={r.failed or r.measured or 0:g}" for r in checked.rules])
    watched = watch(again, "silver.parcels", every, places)
    watched.rows.write.parquet(str(folder / "watched"))
    print("watched", watched.result() == checked, checked.quarantined)
    print("whole", check(again, "t", [Mean(column="id", min=2)]).passed, split(again, "t", []).valid.count())
    found = profile(again)
    print("profiled", found.rows, *[f"{c.name}:{c.nulls}:{c.distinct:g}" for c in found.columns])
    for rule in (NotNull(column="plce"), NotNull(column="id", where="nothing = 1"), declared[1]):
        try:
            check(again, "silver.parcels", [rule])
        except UsageError as refused:
            print("refused", refused.what[:60])
    read = spark.read.format("delta").load(str(folder / "silver"))
    print("read", read.count(), session.ProgressMeter(spark).read().tasks)
    session.stop(spark)
""")

RULES = """
table: silver.parcels
rules:
- kind: not_null
  column: place
- kind: references
  column: place
  to: places
  key: name
- name: rom
  kind: not_matches
  column: place
  pattern: R[o]m
  severity: warn
  tolerance: 30% of rows
"""


@pytest.mark.slow
def test_a_table_is_split_and_written_over_spark_connect(connect_server: str, tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(CLIENT, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    environment = {**os.environ, "TOOLKIT_REMOTE": connect_server}
    client = subprocess.run(
        [sys.executable, str(tmp_path / "client.py"), str(tmp_path), str(tmp_path / "rules.yaml")],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert client.returncode == 0, client.stderr[-3000:]
    assert client.stdout.splitlines() == [
        "silver 0 1",
        "quarantine 0 2",
        "counted 3 2 1 1",
        "checked place_not_null=1 place_references=0 rom=2 place_unique=2 id_no_gaps=0 id_mean=2 same_count=0 id_psi=0.115525",
        "watched True 3",
        "whole True 3",
        "profiled 3 id:0:3 place:1:1",
        "refused There is no column for rule plce_not_null of silver.parcels:",
        "refused Rule id_not_null of silver.parcels cannot be used: [UNRESOLV",
        "refused There is no reference for rule place_references of silver.pa",
        "read 1 0",
    ]


# what Spark has to say besides


def test_a_typo_in_a_step_is_our_error_alone_and_spark_tells_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios" / "parcels"
    folder.mkdir(parents=True)
    (folder / "scenario.py").write_text(
        dedent("""
        from toolkit.scenario import Parameters, Scenario, Step
        SCENARIO = Scenario(
            id="parcels", title="P", question="?", story="", parameters=Parameters,
            steps=(Step("count", "Count", "Count."),), tables=(),
        )
        """),
        encoding="utf-8",
    )
    (folder / "steps.py").write_text(
        "def count(platform):\n    platform.spark.range(3).selectExpr('idd + 1').collect()\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "toolkit", "run", "parcels", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**os.environ, "TOOLKIT_SCENARIOS": str(folder.parent), "TOOLKIT_HOME": str(tmp_path / "home")},
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.splitlines() == [
        "Error: There is no column idd in the rows at hand.",
        "Valid choices: id.",
        "Correct the rule or the transformation that names it.",
    ]
    (log,) = (tmp_path / "home" / "runs").glob("*/log.txt")
    assert "SQLQueryContextLogger" in log.read_text(encoding="utf-8")


def test_a_java_that_was_stopped_in_the_middle_of_a_word_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal to the whole group stops both; what py4j then reads is no answer."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    class Interrupted:
        def stop(self) -> None:
            raise KeyError("p")

    monkeypatch.setattr(session, "_gateway", None)
    with pytest.raises(KeyError):
        session.stop(Interrupted())  # type: ignore[arg-type]
    forgotten: list[bool] = []
    monkeypatch.setattr(session, "_gateway", java.Gateway(process, 0, ""))
    monkeypatch.setattr(session, "_forget_gateway", lambda: forgotten.append(True))
    session.stop(Interrupted(), patience=0.2)  # type: ignore[arg-type]
    assert process.poll() is not None
    assert (forgotten, session._gateway) == ([True], None)
