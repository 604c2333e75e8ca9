"""What a step works with: the tables of its run, and one property for each area that does something to rows on their way.

Must not do an area's work, nor decide when a step runs; that is `toolkit.runner`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from toolkit.errors import DataError
from toolkit.store.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.etl.landing import Landing
    from toolkit.etl.loads import Loads
    from toolkit.governance.governance import Governance
    from toolkit.quality.gate import Gate
    from toolkit.store.observer import Observer
    from toolkit.streaming.streams import Streams


class Frames(dict[str, "DataFrame"]):
    """Frames that one step hands to a later one, by name."""

    def __missing__(self, name: str) -> DataFrame:
        """Say which step was left out, in place of a bare KeyError."""
        raise DataError(f"No step has made the frame {name!r} yet.", cure="Run the earlier steps first, in order.")


@dataclass
class DataPlatform(Tables):
    """What a step works with.

    Attributes:
        frames: what a step hands to a later one without writing it.
    """

    frames: Frames = field(default_factory=Frames)

    def begin(self, step: str, fingerprint: str = "") -> None:
        """Say which step begins; what quality found in the one before is forgotten."""
        self.step, self.fingerprint = step, fingerprint
        self.__dict__.pop("quality", None)

    def observer(self) -> Observer | None:
        """Who keeps the lineage of what is written, where the lakehouse is governed."""
        from toolkit.governance.records import SECURABLES

        return self.governance.tracer if self.lakehouse.has_version(SECURABLES) else None

    @cached_property
    def governance(self) -> Governance:
        """The lakehouse governed: who there is, what there is, who may see it, where it comes from."""
        from toolkit.governance.governance import Governance

        return Governance(self)

    @cached_property
    def landing(self) -> Landing:
        """The files of datasets: landed, and read into bronze."""
        from toolkit.etl.landing import Landing

        return Landing(self)

    @cached_property
    def etl(self) -> Loads:
        """Loads into tables: by key, of files that keep coming, of change events."""
        from toolkit.etl.loads import Loads

        return Loads(self)

    @cached_property
    def quality(self) -> Gate:
        """Rows against rules: on their way to a table, in it, and out of its quarantine."""
        from toolkit.quality.gate import Gate

        return Gate(self)

    @cached_property
    def streaming(self) -> Streams:
        """Streams of this scenario, with their checkpoints."""
        from toolkit.streaming.streams import Streams

        return Streams(self)
