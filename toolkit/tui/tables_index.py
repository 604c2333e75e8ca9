"""The tree of tables: what each branch and leaf says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from toolkit.errors import DataError, ToolkitError
from toolkit.lakehouse import Lakehouse
from toolkit.reader import TableSummary, summaries
from toolkit.words import ago, count


@dataclass(frozen=True)
class TableLeaf:
    """One table in the tree; without a summary it is damaged, and `problem` says how."""

    name: str
    summary: TableSummary | None = None
    problem: str = ""

    @property
    def short(self) -> str:
        """The name without its layer."""
        return self.name.partition(".")[2]

    def note(self, now: datetime | None = None) -> str:
        """Rows and freshness."""
        if self.summary is None:
            return "cannot be read"
        return f"{count(self.summary.rows):>9}  {ago(self.summary.modified, now)}"


def leaves(lakehouse: Lakehouse | None = None) -> list[TableLeaf]:
    """Every table, the damaged ones included, in the order data flows."""
    where = lakehouse or Lakehouse.default()
    names = where.tables()
    found = summaries(where)
    if len(names) == len(found):
        return [_leaf(name, one) for name, one in zip(names, found, strict=True)]
    # A table appeared or went in between; those that can be read name themselves.
    return [TableLeaf(one.name, one) for one in found if isinstance(one, TableSummary)]


def _leaf(name: str, found: TableSummary | DataError) -> TableLeaf:
    if isinstance(found, ToolkitError):
        return TableLeaf(name, problem=str(found))
    return TableLeaf(name, found)


def by_layer(found: list[TableLeaf]) -> dict[str, list[TableLeaf]]:
    """The tables of each layer that has any."""
    layers: dict[str, list[TableLeaf]] = {}
    for leaf in found:
        layers.setdefault(leaf.name.partition(".")[0], []).append(leaf)
    return layers
