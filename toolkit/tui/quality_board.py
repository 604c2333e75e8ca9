"""What the quality board shows, read from `ops.quality_results` without a JVM.

Owns which tables, rules and runs are shown, and in which order. Must not know any widget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from toolkit.lakehouse import Lakehouse
from toolkit.quality.history import RuleKey, RunColumn, current, grid, measurements
from toolkit.quality.records import RESULTS, Measurement
from toolkit.quality.scores import TableScore, scores
from toolkit.reader import DeltaReader, open_table
from toolkit.scenario import is_table_name

MOST_RUNS = 60
"""How many of a table's newest runs are shown."""
AT_ONCE = 50_000
"""Up to how many results are read with one query, which takes a third of the time of one for each table."""
_STATES = ("failed", "not measured", "tolerated", "passed")
_SEVERITIES = ("critical", "error", "warn", "info")


@dataclass(frozen=True)
class RuleLine:
    """One rule of a table, run by run."""

    rule: str
    newest: Measurement
    cells: tuple[Measurement | None, ...]
    """One for each run, oldest first; None where it was not measured."""
    words: str
    """What a search looks in."""

    @property
    def key(self) -> RuleKey:
        """Its table and name."""
        return self.newest.table, self.rule


@dataclass(frozen=True)
class TableBoard:
    """One table: its score, and its rules by run."""

    score: TableScore
    runs: tuple[RunColumn, ...]
    """Oldest first."""
    lines: tuple[RuleLine, ...]
    """Those that are broken now first, by severity, then by name."""

    @property
    def table(self) -> str:
        """Its name."""
        return self.score.table

    @property
    def state(self) -> str:
        """The worst state that any rule is in now."""
        states = {line.newest.state for line in self.lines}
        return next(state for state in _STATES if state in states)

    def broken(self, state: str) -> int:
        """How many rules are in that state now."""
        return sum(line.newest.state == state for line in self.lines)


def read() -> tuple[TableBoard, ...]:
    """Every table that was ever measured, worst score first; none when nothing was.

    Raises:
        DataError: the results cannot be read.
    """
    if not Lakehouse.default().exists(RESULTS):
        return ()
    return worst_first(map(table_board, _by_table(open_table(RESULTS))))


def worst_first(boards: Iterable[TableBoard]) -> tuple[TableBoard, ...]:
    """The boards by score; those that have none come first."""
    return tuple(sorted(boards, key=lambda board: (board.score.overall or 0.0, board.table)))


def _by_table(reader: DeltaReader) -> Iterator[list[Measurement]]:
    """Each table's measurements, oldest first; a name that is none, written by somebody else, is left out."""
    if reader.count() <= AT_ONCE:
        tables: dict[str, list[Measurement]] = {}
        for one in measurements(reader):
            tables.setdefault(one.table, []).append(one)
        yield from (_newest_runs(found) for table, found in tables.items() if is_table_name(table or ""))
        return
    # One query for each table, so that one that is seldom checked keeps its history beside one checked hourly.
    for (table,) in reader.sql("SELECT DISTINCT table_name FROM t").rows:
        if is_table_name(table or "") and (found := measurements(reader, table=table, runs=MOST_RUNS)):
            yield found


def _newest_runs(found: list[Measurement]) -> list[Measurement]:
    """The measurements of the newest runs."""
    newest = {one.run_id: one.at for one in found}
    if len(newest) <= MOST_RUNS:
        return found
    kept = set(sorted(newest, key=lambda run: (newest[run], run))[-MOST_RUNS:])
    return [one for one in found if one.run_id in kept]


def table_board(found: Sequence[Measurement]) -> TableBoard:
    """The board of one table from its measurements, oldest first."""
    cells = grid(current(found))
    lines = [_line(rule, tuple(cells.row((table, rule)))) for table, rule in cells.rules]
    return TableBoard(scores(found)[0], cells.runs, tuple(sorted(lines, key=_rank)))


def _line(rule: str, cells: tuple[Measurement | None, ...]) -> RuleLine:
    newest = next(one for one in reversed(cells) if one is not None)
    words = " ".join((rule, newest.kind, newest.dimension, newest.severity, newest.state, *newest.columns)).casefold()
    return RuleLine(rule, newest, cells, words)


def _rank(line: RuleLine) -> tuple[int, int, str]:
    one = line.newest
    severity = _SEVERITIES.index(one.severity) if one.severity in _SEVERITIES else len(_SEVERITIES)
    state = _STATES.index(one.state)
    # Rules that hold stand by name: their severity is no news.
    return state, severity if one.state != "passed" else 0, line.rule


def chosen(lines: Iterable[RuleLine], words: str = "", *, only_broken: bool = False) -> list[RuleLine]:
    """The lines that hold every one of `words` in name, kind, columns, dimension, severity or state.

    Args:
        lines: the lines of a table.
        words: what the user typed.
        only_broken: only rules that some row breaks now, within its tolerance or not.
    """
    wanted = words.casefold().split()
    return [
        line
        for line in lines
        if (not only_broken or line.newest.state != "passed") and all(word in line.words for word in wanted)
    ]
