"""Rules in a file: one table's rules as YAML 1.2, read strictly and all mistakes told at once.

Owns the file's form. YAML 1.2, since in 1.1 the country code NO is read as false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from toolkit.errors import UsageError, closest, wrong_value
from toolkit.quality.rules.base import KINDS, Rule
from toolkit.scenario import check_table_name
from toolkit.yaml_text import read_mapping, write_mapping

_LISTED = "docs/rules.md lists every kind with its fields."


class RuleSet(BaseModel):
    """The rules of one table."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    table: str
    owner: str = ""
    """Of every rule that names none."""
    rules: tuple[Any, ...] = ()


def parse(data: Mapping[str, Any]) -> Rule:
    """One rule from its kind and fields.

    Raises:
        UsageError: there is no such kind or field, or a value does not fit.
    """
    made, wrong = _made(data)
    if made is None:
        raise UsageError(
            f"The rule cannot be used: {'; '.join(wrong)}.", cure="docs/rules.md lists every kind with its fields."
        )
    return made


def load(source: Path | str) -> RuleSet:
    """The rules in a file, or in a text that holds YAML.

    Raises:
        UsageError: it is not YAML, is too large, or any rule in it cannot be used: every one of them is named.
    """
    where = str(source) if isinstance(source, Path) else "The text"
    data = read_mapping(source, "table: <layer>.<name>")
    entries = data.get("rules", [])
    wrong = _unknown(data, ("table", "owner", "rules"))
    if not isinstance(data.get("table"), str):
        wrong.append("it has to say which `table` the rules are for")
    if not isinstance(entries, list):
        raise UsageError(f"{where}: `rules` has to be a list.", cure="Begin each rule with `- kind: …`.")
    rules: list[Rule] = []
    for number, entry in enumerate(entries, 1):
        made, problems = _made(entry, owner=str(data.get("owner", "")))
        wrong += [f"rule {_called(entry, number)}: {problem}" for problem in problems]
        rules += [made] if made else []
    wrong += [f"several rules are called {name}" for name, n in Counter(r.name for r in rules).items() if n > 1]
    if wrong:
        raise UsageError(
            f"{where} cannot be used: {'; '.join(wrong)}.", cure="docs/rules.md lists every kind with its fields."
        )
    return RuleSet(table=check_table_name(data["table"]), owner=str(data.get("owner", "")), rules=tuple(rules))


def dump(rule_set: RuleSet) -> str:
    """The file that `load` reads back to the same rules."""
    head: dict[str, Any] = {"table": rule_set.table}
    if rule_set.owner:
        head["owner"] = rule_set.owner
    return write_mapping(
        {**head, "rules": [_without(rule.as_data(), "owner", rule_set.owner) for rule in rule_set.rules]}
    )


def _made(entry: Any, owner: str = "") -> tuple[Rule | None, list[str]]:
    """The rule, or all that is wrong with it."""
    if not isinstance(entry, Mapping):
        return None, ["it has to be a mapping that begins with `kind`"]
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        meant = closest(str(kind), KINDS)
        return None, [f"there is no kind {kind!r}" + (f" (did you mean {meant!r}?)" if meant else "")]
    given = {str(name): value for name, value in entry.items() if name != "kind"}
    if owner:
        given.setdefault("owner", owner)
    try:
        return KINDS[kind].model_validate(given), []
    except ValidationError as problem:
        return None, [_told(error, KINDS[kind]) for error in problem.errors()]


def _told(error: Any, kind: type[Rule]) -> str:
    """One pydantic error in the user's words."""
    path = [str(part) for part in error["loc"]]
    where = ".".join(path)
    fields = {field.alias or name for name, field in kind.model_fields.items()}
    if error["type"] == "extra_forbidden":
        meant = closest(path[0], fields) if len(path) == 1 else ""
        return f"{kind.kind} has no field {where!r}" + (f" (did you mean {meant!r}?)" if meant else "")
    if error["type"] == "missing":
        return f"{kind.kind} needs {where!r}"
    return wrong_value(error)


def _unknown(data: Mapping[str, Any], known: tuple[str, ...]) -> list[str]:
    found = [str(name) for name in data if name not in known]
    return [
        f"there is no {name!r} here" + (f" (did you mean {meant!r}?)" if (meant := closest(name, known)) else "")
        for name in found
    ]


def _called(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return str(name or number)


def _without(data: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    return {key: one for key, one in data.items() if (key, one) != (name, value)}
