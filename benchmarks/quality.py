"""24 rules on 3.37 million flights: against one hand-written aggregate, an unchecked write, a plain stream, and the peers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.peers import data, launch
from benchmarks.ratios import Choices, NotComparable, Ratio, alternated, median, timed
from toolkit import session
from toolkit.quality.engine import check, split, watch
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.rules import Between, RowRule, Rule
from toolkit.scenario import Table
from toolkit.store.staging import discard, publish, stage

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

REPEAT, PEER_REPEAT = 5, 2
MOST_COUNTING, MOST_WRITING, MOST_STREAMING, MOST_OF_A_PEER = 1.1, 1.5, 1.15, 1.0
WIDE_RULES, WIDE_COLUMNS, WIDE_ROWS = 200, 100, 500_000
BATCHES, STREAMS = 10, 5
CORES = 2
"""Those of `launch.settings`; a micro-batch has a file for each, so that none is idle."""
TABLE = "silver.flights"


def measure(choices: Choices) -> Iterator[Ratio]:
    """Our side and its floors in one session, in turns; then each peer in an environment and a JVM of its own."""
    repeat = choices.repeat or REPEAT
    with tempfile.TemporaryDirectory(prefix="bench-quality-") as folder:
        scratch = Path(folder)
        flights = data.flights(data.COPIES_FOR_BENCHMARK, scratch / "flights")
        spark = session.start(launch.settings(), name="bench-quality", log=scratch / "spark.txt")
        try:
            rows = spark.read.parquet(str(flights))
            rules = launch.rules().rules
            counting = yield from _counting(rows, rules, repeat, choices)
            yield from _writing(rows, rules, scratch, repeat, choices)
            yield from _wide(spark, repeat, choices)
            yield from _streaming(spark, rules, scratch, choices)
        finally:
            session.stop(spark)
        yield from _peers(flights, counting, scratch, choices)


def _counting(rows: DataFrame, rules: Sequence[Rule], repeat: int, choices: Choices) -> Iterator[Ratio]:
    """`check` against one aggregate that was written by hand; gives our median."""
    sides = {"check": timed(lambda: check(rows, TABLE, rules)), "by hand": timed(lambda: written_by_hand(rows))}
    found = _warm(sides, repeat, choices)
    yield _ratio(
        "counting",
        found,
        ("check", "by hand"),
        MOST_COUNTING,
        f"`check` with 24 rules, which also counts the rows that break any; floor: one `agg` of a count and 24 "
        f"`count_if` as a person would write them (benchmarks/peers/programs/by_hand.py); "
        f"medians of {repeat}.",
    )
    return median(found["check"])


def _writing(rows: DataFrame, rules: Sequence[Rule], scratch: Path, repeat: int, choices: Choices) -> Iterator[Ratio]:
    """Both tables written, with reasons, against one table unchecked."""
    sides = {
        "split": timed(lambda: split_to_two(rows, rules, scratch)),
        "unchecked": timed(lambda: plain(rows, scratch / "plain")),
    }
    found = _warm(sides, repeat, choices)
    yield _ratio(
        "writing",
        found,
        ("split", "unchecked"),
        MOST_WRITING,
        "valid rows and quarantined rows with every reason, published as two Delta tables after the audit; floor: "
        f"`df.write.format('delta')` of the same rows; medians of {repeat}.",
    )


def _wide(spark: SparkSession, repeat: int, choices: Choices) -> Iterator[Ratio]:
    """Many rules on many columns."""
    from pyspark.sql import functions as F

    columns = [(F.col("id") * (i + 7) % 1000).alias(f"c{i}") for i in range(WIDE_COLUMNS)]
    rows = spark.range(0, WIDE_ROWS, 1, 4).select(*columns)
    rules = [
        Between(name=f"r{i}", column=f"c{i % WIDE_COLUMNS}", min=i % 7, max=990 + i % 10) for i in range(WIDE_RULES)
    ]
    sides = {"check": timed(lambda: check(rows, TABLE, rules)), "by hand": timed(lambda: by_hand(rows, rules))}
    found = _warm(sides, repeat, choices)
    yield _ratio(
        f"{WIDE_RULES} rules on {WIDE_COLUMNS} columns",
        found,
        ("check", "by hand"),
        None,
        f"`check` of {WIDE_ROWS:,} rows that are made on the way; floor: one `agg` of {WIDE_RULES} `count_if`; medians of "
        f"{repeat}.",
    )


def _streaming(spark: SparkSession, rules: Sequence[Rule], scratch: Path, choices: Choices) -> Iterator[Ratio]:
    """A stream that is counted on its way, against the same stream unwatched: from text, and from what costs least to read."""
    ways: dict[str, Callable[[DataFrame], DataFrame]] = {
        "unwatched": lambda rows: rows,
        "watched": lambda rows: watch(rows, TABLE, rules).rows,
        "observed by hand": lambda rows: rows.observe("by hand", *asked_by_hand()),
    }
    forms = (
        ("json", "JSON lines", ""),
        # Nothing is parsed, so that no batch of as many rows costs less: where the time goes is in docs/decisions/0012.
        (
            "parquet",
            "Parquet",
            " Nothing is parsed or changed on the way: the least that a batch of so many rows can cost.",
        ),
    )
    for form, told, remark in forms:
        source = micro_batches(form, scratch)
        sides = {name: partial(stream, spark, source, scratch, way) for name, way in ways.items()}
        found = _warm(sides, STREAMS, choices)
        yield _ratio(
            f"streaming {told}",
            found,
            ("watched", "unwatched"),
            MOST_STREAMING,
            f"a micro-batch of 336,776 flights, from {CORES} files of {told} to a Delta table, counted by 24 rules with "
            f"`watch`; floor: the same stream without; medians of {STREAMS} streams, each the median of its {BATCHES} batches "
            f"but the first.{remark}",
        )
        yield _ratio(
            f"streaming {told}, against observing by hand",
            found,
            ("watched", "observed by hand"),
            None,
            "the same streams; floor: `observe` with the same `count_if` by hand, which is Spark's own way to count in a "
            "stream.",
        )


def _peers(flights: Path, ours: float, scratch: Path, choices: Choices) -> Iterator[Ratio]:
    for peer in launch.OF_QUALITY:
        choices.tell(f"  {peer}")
        writes = scratch / "peer" if peer == "dqx" else None
        found = launch.measure(peer, flights, repeat=PEER_REPEAT, scratch=writes)
        way = f", its faster way ({found.way})" if found.way else ""
        yield Ratio(
            f"counting, against {peer} {found.version}",
            ours,
            min(found.seconds),
            MOST_OF_A_PEER,
            "s",
            f"the same rules{way}; best of {PEER_REPEAT} warm runs in an environment and a JVM of its own.",
        )
        if found.split_seconds:
            yield Ratio(
                f"writing, {peer} itself",
                min(found.split_seconds),
                min(found.unchecked_seconds),
                None,
                "s",
                f"not ours: what {peer} needs for the split to two tables ({found.split_way or 'its only way'}), against its "
                "own unchecked write.",
            )


def written_by_hand(rows: DataFrame) -> None:
    """What a person would write for the 24 rules: one aggregate."""
    rows.agg(*asked_by_hand()).first()


def asked_by_hand() -> list[Column]:
    """The rows, and those that break each of the 24 rules, without any of our code."""
    from pyspark.sql import functions as F

    from benchmarks.peers.programs.by_hand import bad_rows

    return [F.count("*").alias("rows"), *[F.count_if(bad).alias(rule) for rule, bad in bad_rows().items()]]


def by_hand(rows: DataFrame, rules: Sequence[Rule]) -> None:
    """The same conditions in one aggregate, without the engine around them."""
    rows.agg(*counts(rules)).first()


def counts(rules: Sequence[Rule]) -> list[Column]:
    """The rows, and those that break each rule."""
    from pyspark.sql import functions as F

    conditions = [rule.broken() for rule in rules if isinstance(rule, RowRule)]
    return [F.count("*").alias("rows"), *[F.count_if(one).alias(f"c{i}") for i, one in enumerate(conditions)]]


def plain(rows: DataFrame, folder: Path) -> None:
    """The rows, to one table, unchecked."""
    rows.write.format("delta").mode("overwrite").save(str(folder))


def split_to_two(rows: DataFrame, rules: Sequence[Rule], scratch: Path) -> None:
    """What `platform.quality.check` does to the rows."""
    valid = Table(TABLE, "Flights.", dict.fromkeys([*rows.columns, WARNINGS], ""))
    bad = Table("quarantine.flights", "Flights.", dict.fromkeys([*rows.columns, VIOLATIONS, RULES], ""))
    parted = split(rows, TABLE, rules)
    staged = stage(parted.rows, scratch / "staging", QUARANTINED)
    result = parted.result()
    publish(staged, True, scratch / "bad", bad)
    publish(staged, False, scratch / "valid", valid)
    if (staged.rows(False), staged.rows(True)) != (result.valid, result.quarantined):
        raise NotComparable(f"{staged.total} rows were written, {result.rows} were counted")
    discard(staged)


def micro_batches(form: str, scratch: Path) -> Path:
    """A folder of that form with one copy of the flights for each micro-batch, in as many files as there are cores."""
    once = pl.read_parquet(data.flights(1, scratch / "one"))
    source = scratch / form
    source.mkdir()
    length = -(-once.height // CORES)
    parts = [once.slice(part * length, length) for part in range(CORES)]
    for batch in range(BATCHES):
        for number, part in enumerate(parts):
            file = source / f"{batch:02}-{number}.{form}"
            part.write_ndjson(file) if form == "json" else part.write_parquet(file)
    return source


def stream(spark: SparkSession, source: Path, scratch: Path, way: Callable[[DataFrame], DataFrame]) -> float:
    """Seconds that one micro-batch takes: the median of all but the first, which warms up.

    Raises:
        NotComparable: the stream did not have the batches that it should.
    """
    shutil.rmtree(scratch / "sink", ignore_errors=True)
    shutil.rmtree(scratch / "checkpoint", ignore_errors=True)
    schema = spark.read.parquet(str(data.flights(1, scratch / "one"))).schema
    files = spark.readStream.schema(schema).option("maxFilesPerTrigger", CORES)
    rows = files.format(source.name).load(str(source))
    writer = way(rows).writeStream.format("delta").option("checkpointLocation", str(scratch / "checkpoint"))
    query = writer.trigger(availableNow=True).start(str(scratch / "sink"))
    query.awaitTermination()
    seconds = [p["batchDuration"] / 1000 for p in query.recentProgress if p["numInputRows"]]
    if len(seconds) != BATCHES:
        raise NotComparable(f"the stream had {len(seconds)} batches, not {BATCHES}")
    return median(seconds[1:])


def _warm(sides: dict[str, Callable[[], float]], repeat: int, choices: Choices) -> dict[str, list[float]]:
    """Each side measured in turns, after two turns that are not."""
    alternated(sides, 2)
    return alternated(sides, repeat, choices.tell)


def _ratio(name: str, found: dict[str, list[float]], sides: tuple[str, str], limit: float | None, note: str) -> Ratio:
    """The median of our side, against that of the other."""
    ours, floor = (median(found[side]) for side in sides)
    return Ratio(name, ours, floor, limit, "s", note)
