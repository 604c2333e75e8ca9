"""What of a frame's work was left to the database that it is read from, as Spark's plan says it.

What the plan does not tell is unknown, never none.
"""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass

from pyspark.sql import DataFrame

SHOWN_FIELDS = "spark.sql.debug.maxToStringFields"
MOST_FIELDS = "100000"
_SCAN = re.compile(r"^\(\d+\) Scan JDBCRelation\(", re.MULTILINE)
_NEXT = re.compile(r"^\(\d+\) \w", re.MULTILINE)
_FILTER = re.compile(r", (?=\*?[A-Z]\w+\()")


@dataclass(frozen=True)
class Pushed:
    """What the database does; each is None where that is unknown.

    Attributes:
        filters: conditions that Spark does not look at again, as it writes them: `GreaterThan(id,3)`.
        columns: those that are brought.
        aggregates: sums and counts; a frame of `read_jdbc` has none, since Spark leaves none to such a source: give a query.
        limit: as the plan says it, empty where there is none; likewise.
        partitions: connections by which it is read.
        sql: the statement that is sent, but for the condition of each partition.
        why: why something is unknown.
    """

    filters: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    aggregates: tuple[str, ...] | None = None
    limit: str | None = None
    partitions: int | None = None
    sql: str | None = None
    why: str = ""


def pushed_down(df: DataFrame) -> Pushed:
    """What is left to the database; nothing is read for that.

    Args:
        df: a frame over `read_jdbc`, with one read of a database in it.
    """
    return parsed(_plan(df))


def _plan(df: DataFrame) -> str:
    """The plan with all of its columns, as classic Spark and Spark Connect print it alike."""
    conf = df.sparkSession.conf
    before = conf.get(SHOWN_FIELDS)
    conf.set(SHOWN_FIELDS, MOST_FIELDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            df.explain(mode="formatted")
    finally:
        conf.set(SHOWN_FIELDS, before or "25")
    return said.getvalue()


def parsed(plan: str) -> Pushed:
    """What a formatted plan says."""
    scans = list(_SCAN.finditer(plan))
    if len(scans) != 1:
        return Pushed(why=f"The plan has {len(scans)} reads of a database; it tells of exactly one.")
    begin = scans[0].end()
    end = _NEXT.search(plan, begin)
    section = plan[begin : end.start() if end else len(plan)]
    # Only a read that is planned says which columns it brings; the statement of a user before it may have any lines.
    if len(re.findall(r"^Output(?: \[\d+\])?: \[", section, re.MULTILINE)) != 1:
        return Pushed(why="The plan does not say which columns are read.")
    columns = _columns(section)
    partitions = re.findall(r"\[numPartitions=(\d+)\]", section)
    sql = re.search(r"^External engine query: (.*)", section, re.MULTILINE | re.DOTALL)
    return Pushed(
        tuple(one[1:] for one in _list(section, "PushedFilters", _FILTER) if one.startswith("*")),
        columns,
        _list(section, "PushedAggregates", re.compile(", ")),
        _line(section, "PushedLimit") or "",
        int(partitions[0]) if len(partitions) == 1 else None,
        sql[1].strip() if sql else None,
        "" if columns is not None else "The plan does not name all columns.",
    )


def _line(section: str, name: str) -> str | None:
    found = re.search(rf"^{name}: (.*)$", section, re.MULTILINE)
    return found[1] if found else None


def _list(section: str, name: str, separator: re.Pattern[str]) -> tuple[str, ...]:
    """The entries of a line; a plan leaves out a line that has none."""
    inside = (_line(section, name) or "[]").strip()[1:-1]
    return tuple(separator.split(inside)) if inside else ()


def _columns(section: str) -> tuple[str, ...] | None:
    """The columns that are brought; None unless there are as many as the plan says there are."""
    line = re.search(r"^Output(?: \[(\d+)\])?: \[(.*)\]$", section, re.MULTILINE)
    if line is None:
        return None
    found = re.findall(r"(.*?)#\d+L?(?:, |$)", line[2])
    return tuple(found) if len(found) == int(line[1] or 0) else None
