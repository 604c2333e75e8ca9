"""All lineages as one graph: what depends on a column, and what a column comes from.

A column is a node, whatever version of its table is read. What decides over the rows of a table is an edge to its rows, a node
on which all its columns depend. A field hangs on the column that it is in. Where a column's origin is unknown, the way ends
there with a mark: all that was read on that way *may* have gone into it. Must not import Spark.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx

from toolkit.errors import UsageError
from toolkit.governance.lineage.model import Edge, Lineage, Source, path_of, steps_of

Key = tuple[str, str, str]
_ROWS, _ANY = "*", "?"
"""The rows of a table; any column of what an unknown one was made of."""


@dataclass(frozen=True)
class Reached:
    """A column that depends on another, or that another depends on.

    Attributes:
        source: its table, without a version.
        column: its name, or the path of a field.
        steps: writes on the shortest way.
        direct: on some way values are handed on; else it only decides.
        masked: on every such way the value is hidden.
        unknown: why it is not certain: the way ends here.
    """

    source: Source
    column: str
    steps: int
    direct: bool
    masked: bool
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """What a column comes from.

    Attributes:
        columns: nearest first.
        sources: that they are in, and those that may have gone into what is unknown.
        runs: that wrote on the way.
        unknown: columns whose origin is not wholly known, with the reasons.
    """

    columns: tuple[Reached, ...]
    sources: tuple[Source, ...]
    runs: tuple[str, ...]
    unknown: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Node:
    key: Key
    column: str


@dataclass(frozen=True)
class _State:
    """Where a search is, and what happened on the way.

    Attributes:
        begins: nothing has happened yet; a way back to where it began is found like any other.
        ends: it came to what is unknown.
    """

    node: _Node
    direct: bool = True
    masked: bool = False
    begins: bool = False
    ends: bool = False


class LineageGraph:
    """A graph of lineages, which may have cycles: a table can be merged from itself."""

    def __init__(self) -> None:
        self._graph: Any = nx.MultiDiGraph()
        self._sources: dict[Key, Source] = {}
        self._reasons: dict[_Node, dict[str, None]] = {}

    def add(self, lineage: Lineage, run: str = "") -> None:
        """Add the lineage of a write.

        Args:
            lineage: with its target.
            run: that wrote.

        Raises:
            UsageError: it has no target.
        """
        if lineage.target is None:
            raise UsageError(
                "This lineage is of a frame that is written nowhere.", cure="Say where to: lineage.into(…)"
            )
        target = self._known(lineage.target)
        for field in lineage.columns:
            self._node(target, path_of(field.name))
        for edge in lineage.edges:
            self._add_edge(target, edge, run)
        for blank in lineage.unknown:
            node = self._node(target, _ROWS if blank.column is None else path_of(blank.column))
            self._reasons.setdefault(node, {})[blank.reason] = None
            for source in blank.sources:
                self._graph.add_edge(self._node(self._known(source), _ANY), node, kind="unknown", masks=False, run=run)

    def impact(self, source: Source, column: str) -> list[Reached]:
        """What depends on a column, nearest first.

        Args:
            source: its table.
            column: its name, or the path of a field; what reads the whole column depends on each of its fields.

        Raises:
            UsageError: no lineage has such a column.
        """
        start = self._asked(source, column)
        wholes = [_Node(start.key, step) for step in steps_of(start.column)[:-1]]
        first = [
            state
            for whole in wholes
            for state, _ in self._forward(_State(whole, begins=True))
            if not _within(state.node, whole)
        ]
        return self._reached([(_State(start, begins=True), 0), *((state, 1) for state in first)])[0]

    def provenance(self, source: Source, column: str) -> Provenance:
        """What a column comes from.

        Raises:
            UsageError: no lineage has such a column.
        """
        start = self._asked(source, column)
        columns, visited, runs = self._reached([(_State(start, begins=True), 0)], back=True)
        incomplete = {node: tuple(self._reasons[node]) for node in visited if node in self._reasons}
        maybe = [node.key for node in visited if node.column == _ANY]
        keys = dict.fromkeys([*(one.source.key for one in columns), *maybe])
        return Provenance(
            tuple(columns),
            tuple(self._sources[key] for key in keys),
            tuple(runs),
            {f"{self._sources[node.key]}:{node.column}": reasons for node, reasons in incomplete.items()},
        )

    def _reached(
        self, first: Iterable[tuple[_State, int]], *, back: bool = False
    ) -> tuple[list[Reached], list[_Node], list[str]]:
        """All columns on the way, all nodes, and the runs that wrote."""
        found: dict[_State, int] = {}
        runs: dict[str, None] = {}
        waiting = deque(first)
        while waiting:
            state, steps = waiting.popleft()
            if state in found:
                continue
            found[state] = steps
            for following, data in self._backward(state) if back else self._forward(state):
                runs |= {data["run"]: None} if data.get("run") else {}
                cost = 0 if data["kind"] == "part" else 1
                (waiting.append if cost else waiting.appendleft)((following, steps + cost))
        nodes = list(dict.fromkeys(state.node for state in found))
        return self._summed(found), nodes, list(runs)

    def _summed(self, found: Mapping[_State, int]) -> list[Reached]:
        by_node: dict[_Node, list[_State]] = {}
        for state in found:
            if state.node.column not in {_ROWS, _ANY} and not state.begins:
                by_node.setdefault(state.node, []).append(state)
        reached = [self._sum(node, states, found) for node, states in by_node.items()]
        return sorted(reached, key=lambda one: (one.steps, one.source.key, one.column))

    def _sum(self, node: _Node, states: list[_State], found: Mapping[_State, int]) -> Reached:
        sure = [state for state in states if not state.ends]
        direct = any(state.direct for state in sure)
        ways = [state for state in sure if state.direct == direct]
        return Reached(
            self._sources[node.key],
            node.column,
            min(found[state] for state in states),
            direct,
            bool(ways) and all(state.masked for state in ways),
            () if sure else (*self._reasons.get(node, ()), *self._reasons.get(_Node(node.key, _ROWS), ())),
        )

    def _forward(self, state: _State) -> Iterator[tuple[_State, dict[str, Any]]]:
        if state.ends and state.node.column != _ROWS:
            return
        for _, following, data in self._graph.out_edges(state.node, data=True):
            if not state.ends or data["kind"] == "part":  # unknown rows are rows of each column
                yield _next(state, following, data), data
        if state.ends:
            return
        of_any = _Node(state.node.key, _ANY)
        for _, following, data in self._graph.out_edges(of_any, data=True) if of_any in self._graph else ():
            yield replace(_next(state, following, data), ends=True), data

    def _backward(self, state: _State) -> Iterator[tuple[_State, dict[str, Any]]]:
        for before, _, data in self._graph.in_edges(state.node, data=True):
            yield _next(state, before, data), data

    def _add_edge(self, target: Source, edge: Edge, run: str) -> None:
        origin = self._node(self._known(edge.origin.source), edge.origin.column)
        into = self._node(target, _ROWS if edge.column is None else path_of(edge.column))
        key = (edge.kind, edge.masks, run)
        self._graph.add_edge(origin, into, key=key, kind=edge.kind, masks=edge.masks, run=run)

    def _node(self, source: Source, column: str) -> _Node:
        """The node of a column, which depends on the rows of its table; of a field, which is a part of its column."""
        node = _Node(source.key, column)
        if node in self._graph:
            return node
        self._graph.add_node(node)
        steps = steps_of(column)
        if len(steps) > 1:
            whole = self._node(source, steps[-2])
            self._graph.add_edge(whole, node, kind="part", masks=False, direct=True)
        elif column not in {_ROWS, _ANY}:
            self._graph.add_edge(self._node(source, _ROWS), node, kind="part", masks=False, direct=False)
        return node

    def _known(self, source: Source) -> Source:
        plain = replace(source, version=None, feed=False)
        self._sources.setdefault(plain.key, plain)
        return self._sources[plain.key]

    def _asked(self, source: Source, column: str) -> _Node:
        node = _Node(source.key, column)
        if node in self._graph:
            return node
        names = [one.column for one in self._graph if one.key == source.key and one.column not in {_ROWS, _ANY}]
        raise UsageError.unknown(f"column of {source.name} in the lineage:", column, names)


def _within(node: _Node, whole: _Node) -> bool:
    return node.key == whole.key and whole.column in steps_of(node.column)


def _next(state: _State, node: _Node, data: Mapping[str, Any]) -> _State:
    direct = data["kind"] == "direct" or bool(data.get("direct"))
    ends = state.ends or data["kind"] == "unknown"
    return _State(node, state.direct and direct, state.masked or data["masks"], ends=ends)
