"""A lakehouse: where each table lies, which tables there are, and the readers of them.

Owns the layout. It lies in a folder or in an object store (`store.location`), and nothing here knows which; two of them can be
looked at side by side. Writing is `store.write` and `store.staging`, the locks of writers `store.locks`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.driver import FOLDERS, Driver
from toolkit.errors import AccessDenied, DataError, ToolkitError, UsageError
from toolkit.scenario import LAYERS, check_table_name, is_table_name, writer_of
from toolkit.store import links, locks
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import SCHEMES, Location, ObjectPath, located
from toolkit.store.objects import refuse_unreachable

if TYPE_CHECKING:
    from toolkit.store.lens import Lens
    from toolkit.store.reader import DeltaReader, TableSummary

STAGING = "staging"
"""The folder, beside the layers, of rows that are not published yet."""
_LOG = "_delta_log"


@dataclass(frozen=True, init=False)
class Lakehouse:
    """Delta tables: `<root>/<layer>/<plural_noun>`.

    Attributes:
        root: where they lie.
        lens: what its readers may see; everything when None.
    """

    root: Location
    lens: Lens | None = field(default=None, compare=False)

    def __init__(self, root: Location | str, lens: Lens | None = None) -> None:
        """A lakehouse in a folder, or at a URI such as `abfss://container@account.dfs.core.windows.net/folder`.

        Raises:
            UsageError: it is a URI of another kind, or neither a place nor the name of one.
        """
        if not isinstance(root, str | Path | ObjectPath):
            raise UsageError(f"{root!r} is no place.", choices=["a folder", *(f"{scheme}://" for scheme in SCHEMES)])
        object.__setattr__(self, "root", located(root) if isinstance(root, str) else root)
        object.__setattr__(self, "lens", lens)

    @classmethod
    def default(cls) -> Lakehouse:
        """The lakehouse that `TOOLKIT_LAKEHOUSE` names; the folder under `TOOLKIT_HOME` unless set."""
        named = paths.lakehouse()
        return cls(located(named) if named else paths.home() / "lakehouse")

    def path(self, table: str) -> Location:
        """The folder of `table`, whether or not it is there; of a linked one, where it lies.

        Raises:
            UsageError: that is not a table name, or none of a linked one.
        """
        if links.is_linked(table):
            return links.place_of(table)
        return self.root.joinpath(*check_table_name(table).split("."))

    def staging(self, table: str) -> Location:
        """Where rows of `table` are written before they are published."""
        return self.root.joinpath(STAGING, check_table_name(table))

    def exists(self, table: str) -> bool:
        """Whether `table` has a Delta log; a linked one that is not known has none."""
        with contextlib.suppress(links.NotLinked):
            return (self.path(table) / _LOG).is_dir()
        return False

    def has_version(self, table: str) -> bool:
        """Whether something was ever committed to `table`.

        A first write that was stopped leaves files, and a log without a version. To a reader that is a damaged table, and
        is said; a writer begins anew.
        """
        with contextlib.suppress(links.NotLinked):
            return DeltaLog(self.path(table)).newest is not None
        return False

    def open(self, table: str, version: int | None = None) -> DeltaReader:
        """The table of that name, as it is or as it was at `version`, to be read without a JVM.

        Raises:
            UsageError: no such table that may be seen, or no such version, or none any more.
            DataError: it cannot be read: see `store.unreadable`.
        """
        from toolkit.store.reader import DeltaReader

        if not self.exists(table) or not self._visible([table]):
            there = self.tables()
            raise UsageError.unknown("table", table, there, cure=self._how_it_comes(table, there))
        return DeltaReader(self.path(table), table, version, self.lens)

    def _how_it_comes(self, table: str, there: Sequence[str]) -> str:
        maker = writer_of(table)
        if self.lens is not None and not there:
            return "You may see no table here: ask who manages the lakehouse for a grant."
        if not there:
            fill = f"toolkit run {maker or 'retail_lakehouse'}"
            variable = "TOOLKIT_HOME" if isinstance(self.root, Path) else "TOOLKIT_LAKEHOUSE"
            return f"{self.root} holds no table at all: is {variable} right? A run fills it: {fill}."
        if maker:
            return f"It appears when its scenario runs: toolkit run {maker}."
        return "Tables appear when a scenario runs: toolkit run retail_lakehouse."

    def shows_whole(self, table: str) -> bool:
        """Whether all of a table is seen as it is; only then may be shown what was taken from it earlier, as examples were."""
        if self.lens is None:
            return True
        try:
            return self.open(table).is_whole
        except ToolkitError:
            return False

    def refuse_unmanaged(self, what: str) -> None:
        """Raise where the lakehouse is governed, and who is looking does not manage it.

        Args:
            what: what it is about: `Runs`.

        Raises:
            AccessDenied: so it is.
        """
        if self.lens is not None and not self.lens.manages():
            raise AccessDenied(
                f"{what} are about all tables of the lakehouse, and so for who manages it.",
                cure="Ask who does.",
            )

    def refuse_partly_seen(self, table: str, what: str) -> None:
        """Raise where not all of a table is seen as it is.

        Args:
            table: which.
            what: what it is about: `The profile`.

        Raises:
            AccessDenied: it is not.
        """
        if not self.shows_whole(table):
            raise AccessDenied(
                f"{what} of {table} has values of it, and you do not see all of that table as it is.",
                cure="Ask its owner for unmask on it, and for all its rows.",
            )

    def summary(self, table: str) -> TableSummary | DataError:
        """A table in short; of one that cannot be read its error, whatever that is, so that it hides no other."""
        from toolkit.store.reader import summary

        return summary(self.path(table), table, self.lens)

    @property
    def driver(self) -> Driver:
        """What Spark needs to reach it.

        Raises:
            SetupError: it lies in a store that cannot be entered.
        """
        return FOLDERS if isinstance(self.root, Path) else self.root.store.driver

    def refuse_unreachable(self) -> None:
        """Raise now what a run would else find out after Java has started.

        Raises:
            SetupError: nothing says how to enter the store, or its server is not running.
            DataError: the store does not answer, refuses, or has no such container.
        """
        if not isinstance(self.root, Path):
            refuse_unreachable(self.root)

    def tables(self) -> list[str]:
        """Names of all tables with a Delta log that may be seen, by layer in the order data flows, then by name.

        Raises:
            ToolkitError: it lies in a store that cannot be entered, or that has no such container.
        """
        found = [
            name
            for layer in LAYERS
            if layer != links.LAYER
            for folder in _folders(self.root / layer)
            if is_table_name(name := f"{layer}.{folder.name}") and (folder / _LOG).is_dir()
        ]
        found += self._linked()
        if not found:
            # To a store's client a container that is not there is an empty one.
            self.refuse_unreachable()
        return self._visible(found)

    def _visible(self, tables: list[str]) -> list[str]:
        return tables if self.lens is None else self.lens.visible(tables)

    def _linked(self) -> list[str]:
        """Those that lie elsewhere and are there, and those of which that cannot be seen: they are shown as unreadable."""
        found = []
        for name, place in sorted(links.known().items()):
            try:
                is_there = (located(place) / _LOG).is_dir()
            except (ToolkitError, OSError):
                is_there = True
            found += [name] if is_there else []
        return found

    def misnamed(self) -> list[str]:
        """Folders with a Delta log whose names are none of a table, so that nothing here can name them, from the root."""
        return [
            f"{layer.name}/{folder.name}"
            for layer in _folders(self.root)
            if layer.name != STAGING
            for folder in _folders(layer)
            if not is_table_name(f"{layer.name}.{folder.name}") and (folder / _LOG).is_dir()
        ]

    def stamp(self, table: str) -> int:
        """Another number after each commit to `table`, at the cost of one look at its log; 0 when it is gone."""
        log = self.path(table) / _LOG
        with contextlib.suppress(OSError, DataError):
            # An object store keeps no time of a folder: the names in it are as good.
            return log.stat().st_mtime_ns or hash(tuple(file.name for file in log.iterdir()))
        return 0

    @contextlib.contextmanager
    def writing(self, tables: Iterable[str], run_id: str) -> Iterator[None]:
        """Hold `tables` for writing; the system gives them back if this process dies.

        Raises:
            UsageError: one of them is a linked one.
            BusyError: another run holds one of them.
            SetupError: there are some, and nothing says how to enter the store, or its server is not running.
            DataError: there are some, and the store does not answer, refuses, or has no such container.
        """
        names = [check_table_name(table) for table in tables]
        if theirs := [name for name in names if links.is_linked(name)]:
            raise UsageError(
                f"{theirs[0]} lies elsewhere, and is only read here.", cure="Copy it into a table of yours."
            )
        if names:
            # Said now, before Java starts; what writes no table, as starting the store's own server, needs no store.
            self.refuse_unreachable()
        with locks.writing(self.root, names, run_id):
            yield


def _folders(place: Location) -> list[Location]:
    """What lies in a folder, by name; nothing where there is no such folder."""
    try:
        return sorted(place.iterdir(), key=lambda folder: folder.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
