"""The one place that builds a SparkSession, and the one that reads what Java says.

Owns every Spark property, the gateway's life, the class-data archive that makes starting quick, the progress that Spark
reports, and the translation of its errors. Everything else is handed a session. Local by default; a standalone cluster
or a Spark Connect server by the settings.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from filelock import FileLock

from toolkit import jars, java, paths, postgres_errors, pyspark_client
from toolkit.driver import FOLDERS, Driver
from toolkit.errors import BusyError, DataError, SetupError, ToolkitError
from toolkit.settings import Settings, current

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

# Parallel collection: throughput is what a batch wants, and it starts faster than G1 on few cores.
GC_FLAGS = ("-XX:+UseParallelGC",)
# The first compiler alone starts sooner. Java then keeps only 48 MiB for compiled code, which Spark's generated classes
# fill within half a minute: compiling stops, and in the end tasks fail. So it is given what both compilers would get.
QUICK_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=240m")
# Drivers of databases read times by the zone of Java, in which some do not exist, or come twice.
UTC_FLAG = "-Duser.timezone=UTC"
# Each table that is broadcast by a whole number takes a page until Java collects its garbage. Spark makes it one of 64 MB,
# whatever the session is told: there it looks at Java's own properties only.
PAGE_FLAG = "-Dspark.buffer.pageSize=2m"
STOP_TIMEOUT_SECONDS = 20
ARCHIVES_KEPT = 2
WARMUP_TIMEOUT_SECONDS = 600

_gateway: java.Gateway | None = None


def start(
    settings: Settings | None = None,
    *,
    name: str = "toolkit",
    log: Path | None = None,
    driver: Driver = FOLDERS,
    extra: Mapping[str, str] | None = None,
) -> SparkSession:
    """A session as the settings say, ready to use.

    Args:
        settings: the current ones when None.
        name: shown by Spark.
        log: file that receives what Spark prints.
        driver: for a lakehouse in an object store, `Lakehouse.driver`; for databases, `driver.with_jars("postgres")`.
        extra: further Spark properties; not for a Spark Connect server.

    Raises:
        SetupError: no Java, no jars, not enough memory, or no server at the given address.
    """
    chosen = settings or current()
    pyspark_client.prepare()
    return _connect(chosen, name) if chosen.remote else _start_classic(chosen, name, log, driver, extra or {})


def stop(spark: SparkSession, *, patience: float = STOP_TIMEOUT_SECONDS) -> None:
    """End the session and, if it is ours, its JVM; safe to call after the JVM has died.

    Args:
        spark: the session.
        patience: seconds that the JVM is given to end by itself.
    """
    global _gateway  # noqa: PLW0603 - there is one JVM to a process, as pyspark itself assumes
    try:
        spark.stop()
    except Exception as problem:
        # Whoever stopped this process has often stopped its Java, too, in the middle of a word of theirs.
        if _gateway is None and not _jvm_is_gone(problem):
            raise
    finally:
        if _gateway is not None:
            _forget_gateway()
            java.end(_gateway.process, patience=patience)
            _gateway = None


def _start_classic(
    settings: Settings, name: str, log: Path | None, driver: Driver, extra: Mapping[str, str]
) -> SparkSession:
    global _gateway  # noqa: PLW0603 - see `stop`
    from pyspark.sql import SparkSession

    if _gateway is None:
        _gateway = launch(settings, log=log, driver=driver)
    with _gateway_named(_gateway.port, _gateway.secret):
        builder = SparkSession.builder.appName(name)
        for key, value in {**properties(settings, driver), **pyspark_client.properties(), **extra}.items():
            builder = builder.config(key, value)
        return builder.getOrCreate()


@contextlib.contextmanager
def _gateway_named(port: int, secret: str) -> Iterator[None]:
    """Let pyspark find a gateway that is there; children of this process start a JVM of their own."""
    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = secret
    try:
        yield
    finally:
        os.environ.pop("PYSPARK_GATEWAY_PORT", None)
        os.environ.pop("PYSPARK_GATEWAY_SECRET", None)


def gateway() -> java.Gateway:
    """The gateway of the JVM that this process has started.

    Raises:
        SetupError: it has started none.
    """
    if _gateway is None:
        raise SetupError("This process has started no Java.", cure="Start a session first.")
    return _gateway


def attach(port: int, secret: str) -> SparkSession:
    """A new session in the JVM of another process, which has a session at work: no setting or view of that one is in it.

    Args:
        port: of its gateway, on loopback.
        secret: that the gateway asks for.

    Raises:
        Exception: it cannot be reached; what py4j and pyspark raise.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    pyspark_client.prepare()
    with _gateway_named(port, secret):
        there: Any = launch_gateway()  # type: ignore[no-untyped-call]
    jvm = there.jvm
    context = jvm.JavaSparkContext.fromSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())
    ours = SparkContext(gateway=there, jsc=context, conf=SparkConf(_jvm=jvm, _jconf=context.getConf()))
    try:
        new = jvm.org.apache.spark.sql.classic.SparkSession.getDefaultSession().get().newSession()
        return SparkSession(ours, new)
    except BaseException:
        # Else a session that is started next would be that of the other process, and would end it.
        _leave(ours)
        raise


def detach(spark: SparkSession) -> None:
    """Leave a session in the JVM of another process, with nothing of it at work or in memory there; safe if that has died."""
    try:
        clear(spark)
    except Exception as problem:
        if not _jvm_is_gone(problem):
            raise
    finally:
        _leave(spark.sparkContext)


def _leave(context: SparkContext) -> None:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    there, accumulators = SparkContext._gateway, context._accumulatorServer
    # What `stop` would end is not ours, or would take it half a second.
    context._jsc = context._accumulatorServer = cast("Any", None)
    context.stop()
    threading.Thread(target=accumulators.shutdown, daemon=True).start()
    SparkSession._instantiatedSession = SparkSession._activeSession = None
    SparkContext._gateway = SparkContext._jvm = None
    if there is not None:
        there.close()  # its `shutdown` would end the gateway for everybody


def clear(spark: SparkSession) -> None:
    """End what is at work in the JVM, and forget cached frames; Delta finds out by itself that a table was written anew."""
    session: Any = spark._jsparkSession
    # Of all sessions: whoever began one may have been killed.
    for query in list(session.sharedState().activeStreamingQueries().values()):
        query.stop()
    spark.sparkContext.cancelAllJobs()
    spark.catalog.clearCache()


def memory_in_use(spark: SparkSession, *, clear_up: bool = False) -> float:
    """The share of the JVM's heap that is in use; `clear_up` lets Java look first for what nobody needs any more."""
    jvm: Any = spark._jvm
    if clear_up:
        jvm.System.gc()
    runtime = jvm.java.lang.Runtime.getRuntime()
    return float(runtime.totalMemory() - runtime.freeMemory()) / float(runtime.maxMemory())


def is_full(spark: SparkSession, share: float) -> bool:
    """Whether more than this share of the heap stays in use when Java has cleared up."""
    return memory_in_use(spark) > share and memory_in_use(spark, clear_up=True) > share


def _connect(settings: Settings, app: str) -> SparkSession:
    """A client of a Spark Connect server; the port is tried first, since the client would wait for ever."""
    from pyspark.sql import SparkSession

    address = urlsplit(settings.remote)
    try:
        socket.create_connection((address.hostname or "", address.port or 15002), timeout=3).close()
    except OSError as problem:
        raise SetupError(
            f"No Spark Connect server answers at {settings.remote}.",
            cure="Start it, or unset TOOLKIT_REMOTE to run Spark here.",
        ) from problem
    spark: SparkSession = SparkSession.builder.remote(settings.remote).appName(app).getOrCreate()
    for name in ("spark.sql.session.timeZone", "spark.sql.parquet.outputTimestampType"):
        spark.conf.set(name, properties(settings)[name])
    return spark


STATE_STORE = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"


def properties(settings: Settings, driver: Driver = FOLDERS) -> dict[str, str]:
    """Every Spark property that we set, for a session or for a server."""
    cores = os.cpu_count() or 2
    found = {
        "spark.master": settings.master,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": str(settings.ui).lower(),
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        # Times of 64 bits with statistics, as every other reader takes them; Spark's own default of 96 bits is deprecated.
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions or 4 * cores),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(paths.home() / "warehouse"),
        # A laptop's tables have short logs: one task reads one, instead of fifty.
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
        # Spark keeps the classes that it wrote last; a MERGE alone has dozens, and what falls out is compiled anew.
        "spark.sql.codegen.cache.maxEntries": "2000",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # The state of streams on disk, not in the heap; the only one that transformWithState takes.
        "spark.sql.streaming.stateStore.providerClass": STATE_STORE,
        # A stream that was killed while it wrote its first note leaves a half of it, and Spark would never start it again.
        "spark.sql.streaming.verifyCheckpointDirectoryEmptyOnStart": "false",
        # Spark's own pattern lets the keys of storage accounts through to its pages and logs.
        "spark.redaction.regex": r"(?i)secret|password|token|access[.]?key|account[.]key|[.]sas[.]",
    }
    if settings.master.startswith("spark://"):
        found["spark.executor.extraJavaOptions"] = UTC_FLAG
        found["spark.jars"] = ",".join(map(str, [*jars.class_path(), *_jars_of(driver)]))
    return {**found, **driver.properties}


def launch(
    settings: Settings, *, log: Path | None = None, flags: tuple[str, ...] = (), driver: Driver = FOLDERS
) -> java.Gateway:
    """Start the JVM with Spark's class path; quick when the class-data archive is there."""
    chosen = java.find()
    quick = shared_classes(chosen) if not flags else ()
    compiler = QUICK_FLAGS if settings.quick_start else ()
    log4j = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}"
    return java.start_gateway(
        chosen,
        # The archive fits every class path that begins with its own.
        [*spark_class_path(), *_jars_of(driver)],
        memory=settings.memory,
        flags=(*GC_FLAGS, *compiler, log4j, UTC_FLAG, PAGE_FLAG, *quick, *flags),
        log=log,
    )


def _jars_of(driver: Driver) -> list[Path]:
    """The driver's jars, fetched if need be."""
    for group in driver.groups:
        jars.fetch(group)
    return [jar for group in driver.groups for jar in jars.class_path(group)]


def spark_class_path() -> list[Path]:
    """Our jars, then Spark's own."""
    return [*jars.class_path(), java.spark_home() / "jars" / "*"]


def archive_files(chosen: java.Java) -> tuple[Path, Path]:
    """The class-data archives that fit this Java, these jars and these flags: Java's own classes, then Spark's."""
    fits = "\n".join([str(chosen.home), chosen.version, *map(str, spark_class_path()), *GC_FLAGS])
    stem = f"spark-{hashlib.sha256(fits.encode()).hexdigest()[:16]}"
    folder = Path(sys.prefix) / "share" / "toolkit"
    return folder / f"{stem}.base", folder / f"{stem}.jsa"


def shared_classes(chosen: java.Java) -> tuple[str, ...]:
    """The flags that make Java use the archives, or none when they have not been made."""
    archives = archive_files(chosen)
    if not _exist(archives):
        return ()
    return f"-XX:SharedArchiveFile={os.pathsep.join(map(str, archives))}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"


def build_archive() -> tuple[Path, Path]:
    """Write the class-data archives by running a small Delta job once, and return their files.

    Raises:
        SetupError: the job failed, or this Java writes no archive; Spark then starts without one.
    """
    chosen = java.find()
    archives = archive_files(chosen)
    if not _exist(archives):
        paths.ensure_folder(archives[0].parent)
        # The second fits only the first that it was made on, which nobody may write anew meanwhile.
        with FileLock(archives[0].parent / "archive.lock"):
            if not _exist(archives):
                _write_both(chosen, *archives)
    return archives


def _exist(files: tuple[Path, ...]) -> bool:
    return all(file.exists() for file in files)


def _write_both(chosen: java.Java, base: Path, archive: Path) -> None:
    jars.class_path()
    # Some Javas come without an archive of their own classes, on which ours has to build.
    _write(base, lambda file: [str(chosen.executable), "-Xshare:dump", f"-XX:SharedArchiveFile={file}", *GC_FLAGS])
    # As a module: run as a file, its folder would come first on the path, and our platform.py before Python's.
    _write(archive, lambda file: [sys.executable, "-m", "toolkit.warmup", str(base), str(file)])
    _forget_archives_but(ARCHIVES_KEPT)


def _write(archive: Path, command: Callable[[Path], list[str]]) -> None:
    """Let a program write an archive, and put it in place in one move."""
    unfinished = archive.with_name(f"{archive.name}.{os.getpid()}")
    cure = "Spark starts without it, only slower."
    try:
        subprocess.run(  # noqa: S603 - Java, or our own module in our own Python
            command(unfinished),
            check=True,
            capture_output=True,
            text=True,
            timeout=WARMUP_TIMEOUT_SECONDS,
            env={**os.environ, "PYTHONPATH": paths.python_path()},
        )
        unfinished.replace(archive)
    except FileNotFoundError as problem:
        raise SetupError("This Java writes no class-data archive.", cure=cure) from problem
    except (OSError, subprocess.SubprocessError) as problem:
        said = (getattr(problem, "stderr", None) or str(problem)).strip().splitlines()
        raise SetupError(f"The class-data archive could not be made: {said[-1]}", cure=cure) from problem
    finally:
        unfinished.unlink(missing_ok=True)


def _forget_archives_but(kept: int) -> None:
    """Delete the oldest archives; a few are kept, so that trying two Javas in turn does not write them each time."""
    folder = Path(sys.prefix) / "share" / "toolkit"
    newest_first = sorted(folder.glob("spark-*.jsa"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in newest_first[kept:]:
        with contextlib.suppress(OSError):  # Windows keeps a file that a JVM has open
            old.unlink()
            old.with_suffix(".base").unlink(missing_ok=True)


@dataclass(frozen=True)
class Progress:
    """Work that Spark has done since a meter was made."""

    tasks_done: int = 0
    tasks: int = 0
    rows_read: int = 0
    rows_written: int = 0


class ProgressMeter:
    """Counts tasks and rows from Spark's own status store, from the moment it is made.

    Over Spark Connect there is no such store; the meter then stays at zero.
    """

    def __init__(self, spark: SparkSession) -> None:
        context = getattr(spark, "_sc", None)
        self._store: Any = context._jsc.sc().statusStore() if context else None
        self._first_job = self._jobs(0)[1] if context else 0
        self._finished: dict[int, tuple[int, int]] = {}

    def read(self) -> Progress:
        """Tasks and rows so far."""
        if self._store is None:
            return Progress()
        jobs, _ = self._jobs(self._first_job)
        stages = {stage for job in jobs for stage in _items(job.stageIds())}
        rows = [self._rows(stage) for stage in stages]
        return Progress(
            sum(job.numCompletedTasks() for job in jobs),
            sum(job.numTasks() - job.numSkippedTasks() for job in jobs),
            sum(read for read, _ in rows),
            sum(written for _, written in rows),
        )

    def _jobs(self, first: int) -> tuple[list[Any], int]:
        """Jobs numbered `first` and above, and the number that comes next."""
        everything = list(_items(self._store.jobsList(None)))
        return [job for job in everything if job.jobId() >= first], max(
            (job.jobId() + 1 for job in everything), default=0
        )

    def _rows(self, stage: int) -> tuple[int, int]:
        if stage in self._finished:
            return self._finished[stage]
        try:
            data = self._store.lastStageAttempt(stage)
        except Exception:  # a stage that has not been submitted yet is not in the store
            return 0, 0
        rows = data.inputRecords(), data.outputRecords()
        if data.status().toString() != "ACTIVE" and data.status().toString() != "PENDING":
            self._finished[stage] = rows
        return rows


def _items(scala_sequence: Any) -> list[Any]:
    return [scala_sequence.apply(i) for i in range(scala_sequence.size())]


def explain(problem: BaseException) -> ToolkitError | None:
    """What a Spark or Java error means for the user; None when it is not one that we know."""
    text = "\n".join([f"{type(problem).__name__}: {problem}", *_causes(problem)])
    for pattern, translate in (*_MEANINGS, *postgres_errors.MEANINGS):
        found = re.search(pattern, text)
        if found:
            return translate(found)
    return None


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Raise what an error of Spark means for the user in its place, where that is known."""
    try:
        yield
    except ToolkitError:
        raise
    except Exception as problem:
        if (meaning := explain(problem)) is not None:
            raise meaning from problem
        raise


def _causes(problem: BaseException) -> list[str]:
    """What Java gives as the reasons of an error whose own words do not say them."""
    stack = getattr(problem, "_stackTrace", None) or getattr(problem, "_stacktrace", None) or ""
    return [line for line in str(stack).splitlines() if line.startswith("Caused by: ")]


_MEANINGS: tuple[tuple[str, Callable[[re.Match[str]], ToolkitError]], ...] = (
    (
        r"Operation failed: \"([^\"]+)\", (\d{3}), \w+, https?://",
        lambda m: DataError(
            f"The object store refused: {m[1].rstrip('.')} (HTTP {m[2]}).",
            cure="Check its credentials."
            if m[2] in ("401", "403")
            else "Run it again: it goes on where it stopped, and nothing half-written is visible.",
        ),
    ),
    (
        r"(?s)(?:abfss?|azurebfs).*(?:Connection refused|ConnectException|UnknownHostException|SocketTimeoutException)",
        lambda _: DataError(
            "The object store does not answer.",
            cure="See whether it is running and can be reached; then run it again: it goes on where it stopped.",
        ),
    ),
    (
        r"UNRESOLVED_COLUMN\S*\] A column[^`]*with name (`[^ ]+`) cannot be resolved(?:\. Did you mean one of the "
        r"following\? \[([^\]]*)\])?",
        lambda m: DataError(
            f"There is no column {m[1].replace('`', '')} in the rows at hand.",
            choices=(m[2] or "").replace("`", "").split(", ") if m[2] else (),
            cure="Correct the rule or the transformation that names it.",
        ),
    ),
    (
        r"PATH_NOT_FOUND\].*?(?:file:)?(/[^\s.]+\S*?)\.? ",
        lambda m: DataError(
            f"There is no file at {m[1]}.", cure="Run the scenario's first step again: it lands the files."
        ),
    ),
    (
        r"DELTA_(CONCURRENT_\w+|METADATA_CHANGED|PROTOCOL_CHANGED)|ConcurrentModificationException",
        lambda _: BusyError("Another writer changed the table meanwhile; nothing was written.", cure="Run it again."),
    ),
    (
        r"DELTA_SCHEMA_CHANGE(?:D\w*|_SINCE_ANALYSIS)",
        lambda _: DataError("The columns of a table changed while it was read.", cure="Read it again."),
    ),
    (
        r"OSError: \[Errno \d+\] (Network is unreachable|Cannot assign requested address)",
        lambda _: SetupError(
            "Python and Java cannot talk: 127.0.0.1 cannot be used.",
            cure="Bring the loopback interface up; `toolkit doctor` checks it.",
        ),
    ),
    (
        r"No space left on device",
        lambda _: SetupError("The disk is full.", cure="Free some space, or move TOOLKIT_HOME to a larger disk."),
    ),
    (
        r"OutOfMemoryError|GC overhead limit|Unable to acquire \d+ bytes",
        lambda _: SetupError(
            "Spark ran out of memory.", cure="Give it more with TOOLKIT_MEMORY (such as 8g), or take fewer rows."
        ),
    ),
    (
        r"DELTA_(TRUNCATED_TRANSACTION_LOG|STATE_RECOVER_ERROR|LOG_FILE_NOT_FOUND\w*|VERSIONS_NOT_CONTIGUOUS|"
        r"MISSING_\w+)|FAILED_READ_FILE\S*\].*_delta_log|_delta_log.*(JsonParseException|JsonEOFException)|(JsonParseException|JsonEOFException).*_delta_log",
        lambda _: DataError(
            "A table's Delta log is damaged.",
            cure="`toolkit tables` names it; restore it from a copy, or move its folder aside and run the scenario again.",
        ),
    ),
    (
        r"FAILED_READ_FILE\S*\].*?(?:file:)?/*(/\S+\.\w+)",
        lambda m: DataError(
            f"{m[1]} cannot be read.", cure="Restore the file, or move it aside and land the data again."
        ),
    ),
    (
        r"Py4JNetworkError|Answer from Java side is empty|ConnectionRefusedError|RpcError.*UNAVAILABLE",
        lambda _: SetupError("Java ended while Spark was working.", cure="See the run's log; more memory often helps."),
    ),
)


def _jvm_is_gone(problem: BaseException) -> bool:
    return isinstance(problem, OSError) or type(problem).__name__ in {"Py4JNetworkError", "Py4JError"}


def _forget_gateway() -> None:
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
    SparkContext._gateway = None
    SparkContext._jvm = None
