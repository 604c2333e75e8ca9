"""The parts of docs/rules.md and docs/contracts.md that are made from the code: kinds of rules, what changes mean, and so on.

`python -m toolkit.quality.guide` writes them anew; a test holds them current.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from pydantic.fields import FieldInfo

from toolkit import paths
from toolkit.errors import UsageError
from toolkit.quality.contracts import dump, load
from toolkit.quality.contracts.compatibility import KINDS
from toolkit.quality.contracts.document import table_of
from toolkit.quality.contracts.metrics import METRICS
from toolkit.quality.rules import KINDS as KINDS_OF_RULES
from toolkit.quality.rules import CountryCode, CurrencyCode, Rule, SetRule
from toolkit.quality.spark_types import LOGICAL

_PART = re.compile(r"(<!-- from the code: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_YAML, _END = "```yaml\n", "```"
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


def _kinds() -> str:
    """One table for each group of kinds, which is one module."""
    groups: dict[str, list[type[Rule]]] = {}
    for kind in KINDS_OF_RULES.values():
        groups.setdefault(kind.__module__, []).append(kind)
    return "\n\n".join(_group(module, kinds) for module, kinds in groups.items())


def _group(module: str, kinds: Sequence[type[Rule]]) -> str:
    about = str(importlib.import_module(module).__doc__).splitlines()[0]
    rows = [(f"`{one.kind}`", _first(one), _fields(one), one.nulls, _dimension(one)) for one in kinds]
    return f"### {about}\n\n{table_of(('Kind', 'What is true', 'Fields', 'Null and NaN', 'Dimension'), rows)}"


def _first(kind: type[Rule]) -> str:
    return _plain(str(kind.__doc__).split("\n\n")[0])


def _fields(kind: type[Rule]) -> str:
    own = [(f.alias or name, f) for name, f in kind.model_fields.items() if name not in SetRule.model_fields]
    return ", ".join(f"`{name}`{_when_left_out(field)}" for name, field in own)


def _when_left_out(field: FieldInfo) -> str:
    """What a field is then, as YAML has it: a question mark where that is nothing; no word of one that has to be there."""
    match field.default:
        case _ if field.is_required():
            return ""
        case None | "" | ():
            return "?"
        case float(number):
            return f"={number:.9f}".rstrip("0").rstrip(".")
        case other:
            return f"={str(other).lower()}"


def _dimension(kind: type[Rule]) -> str:
    return str(kind.model_fields["dimension"].default)


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code_lists() -> str:
    """Whose lists the codes are from, and of when: the package's version is a date."""
    release = version("pycountry")
    year, month, day = map(int, release.split(".")[:3])
    return (
        f"Codes are those of pycountry {release} (20{year:02}-{month:02}-{day:02}): {len(CountryCode.codes)} countries and "
        f"{len(CurrencyCode.codes)} currencies."
    )


def _count() -> str:
    return f"There are {len(KINDS_OF_RULES)} kinds."


def _round_trip() -> str:
    """The contract that the page begins with, read and written."""
    page = (paths.REPOSITORY / "docs" / "contracts.md").read_text(encoding="utf-8")
    _, _, begun = page.partition(_YAML)
    told, _, _ = begun.partition(_END)
    return f"{_YAML}{dump(load(told))}{_END}"


PARTS: Mapping[str, Callable[[], str]] = {
    "changes": _changes,
    "types": _types,
    "metrics": _metrics,
    "kinds": _kinds,
    "round_trip": _round_trip,
    "count": _count,
    "code_lists": _code_lists,
}
PAGES = ("contracts.md", "rules.md")

if __name__ == "__main__":
    for page in PAGES:
        file = paths.REPOSITORY / "docs" / page
        file.write_text(refreshed(file.read_text(encoding="utf-8")), encoding="utf-8")
