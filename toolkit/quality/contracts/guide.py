"""The parts of docs/contracts.md that are made from the code: what changes mean, and what the standard's words become.

`python -m toolkit.quality.contracts.guide docs/contracts.md` writes them anew; a test holds them current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.errors import UsageError
from toolkit.quality.contracts.compatibility import KINDS
from toolkit.quality.contracts.document import table_of
from toolkit.quality.contracts.metrics import METRICS
from toolkit.quality.contracts.spark_types import LOGICAL

_PART = re.compile(r"(<!-- from the code: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_VERSIONS = {"breaking": "major", "safe": "minor", "metadata": "patch"}


def refreshed(text: str) -> str:
    """The guide with the parts that are made from the code made anew.

    Raises:
        UsageError: it asks for a part that there is none of.
    """
    return _PART.sub(lambda part: f"{part[1]}{_made(part[2])}\n{part[4]}", text)


def _made(name: str) -> str:
    if name not in PARTS:
        raise UsageError.unknown("part of the guide", name, PARTS)
    return PARTS[name]()


def _changes() -> str:
    rows = [(k.name.replace("_", " "), k.level, _VERSIONS[k.level], k.why) for k in KINDS.values()]
    return table_of(("Change", "For readers", "Version", "Why"), rows)


def _types() -> str:
    spellings: dict[str, list[str]] = {}
    for spark, logical in LOGICAL.items():
        spellings.setdefault(logical, []).append(f"`{spark}`")
    rows = [(f"`{logical}`", ", ".join(names)) for logical, names in spellings.items()]
    return table_of(("`logicalType`", "Spark's types, as `physicalType`"), rows)


def _metrics() -> str:
    return table_of(("The standard's metric", "Our rule", "When they mean the same"), METRICS)


PARTS: Mapping[str, Callable[[], str]] = {"changes": _changes, "types": _types, "metrics": _metrics}

if __name__ == "__main__":
    guide = Path(sys.argv[1])
    guide.write_text(refreshed(guide.read_text(encoding="utf-8")), encoding="utf-8")
