"""What Spark needs to reach an object store or a database, as whoever has it says it and the session takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Driver:
    """What Spark needs to reach an object store; to reach folders it needs nothing.

    Attributes:
        jars: the group of jars, see `toolkit.jars`; they are fetched when they are not there.
        properties: of Spark, credentials among them.
        more: further groups of jars, of the databases that are read.
    """

    jars: str = ""
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    more: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group of jars, each once."""
        return tuple(dict.fromkeys(filter(None, (self.jars, *self.more))))

    def with_jars(self, *groups: str) -> Driver:
        """This one, and further groups of jars, such as `postgres`."""
        return replace(self, more=(*self.more, *groups))


FOLDERS = Driver()
