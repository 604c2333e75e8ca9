"""What Spark needs to reach an object store, as the store says it and the session takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Driver:
    """What Spark needs to reach an object store; to reach folders it needs nothing.

    Attributes:
        jars: the group of jars, see `toolkit.jars`; they are fetched when they are not there.
        properties: of Spark, credentials among them.
    """

    jars: str = ""
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)


FOLDERS = Driver()
