"""A form made from a parameter model: of a scenario, a view or a task.

Owns what a field looks like and what is wrong with its text. The model itself judges: the form has no rule of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from toolkit.parameters import Entry, Parameters, as_word, entries, parameter_problem

FieldKind = Literal["integer", "number", "text", "switch", "date", "choice", "list", "pairs"]
DIVIDER = ";"
"""Between the items of a field that takes several."""
_KINDS: dict[Any, FieldKind] = {int: "integer", float: "number", bool: "switch", date: "date"}
_LIMITS = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}
_LENGTHS = {"min_length": "at least {} characters", "max_length": "at most {} characters", "pattern": "of the form {}"}


@dataclass(frozen=True)
class FormField:
    """One parameter as the form shows it.

    Attributes:
        default: the text that the field starts with; what stays at its default is not named on the command line.
        choices: for a choice, the text of each and the value the model wants.
        optional: empty text means "not given".
    """

    name: str
    kind: FieldKind
    title: str
    description: str
    default: str
    range: str = ""
    choices: tuple[tuple[str, Any], ...] = ()
    optional: bool = False


def fields_of(model: type[Parameters]) -> list[FormField]:
    """A field for each parameter, in the order they are declared."""
    return [_field(entry, model.model_fields[entry.name]) for entry in entries(model)]


def _field(entry: Entry, info: FieldInfo) -> FormField:
    several: FieldKind | None = entry.shape if entry.shape in ("list", "pairs") else None
    return FormField(
        entry.name,
        "choice" if entry.choices else several or _KINDS.get(entry.type, "text"),
        info.title or entry.name.replace("_", " ").capitalize(),
        entry.description,
        text_of(entry.default),
        _range(info),
        tuple((text_of(choice), choice) for choice in entry.choices),
        entry.optional,
    )


def text_of(value: Any) -> str:
    """A value as the command line takes it."""
    match value:
        case None:
            return ""
        case dict():
            return f"{DIVIDER} ".join(f"{name}={item}" for name, item in value.items())
        case tuple() | list():
            return f"{DIVIDER} ".join(map(str, value))
    return as_word(value)


def _range(info: FieldInfo) -> str:
    """The limits that the model sets, in words: `at least 1,000, at most 10,000,000`."""
    words = []
    for limit in info.metadata:
        for attribute, pattern in (_LIMITS | _LENGTHS).items():
            value = getattr(limit, attribute, None)
            if value is not None:
                words.append(pattern.format(f"{value:,}" if isinstance(value, int | float) else value))
    return ", ".join(words)


_HINTS: dict[FieldKind, str] = {
    "date": "a day, YYYY-MM-DD",
    "list": f"several with {DIVIDER} between",
    "pairs": f"name=value, several with {DIVIDER} between",
}


def hint(field: FormField) -> str:
    """The line under a field: what it means, its limits, its default."""
    default = f"default {field.default}" if field.default else ""
    kind = _HINTS.get(field.kind, "")
    return " · ".join(part for part in (field.description, kind, field.range, default) if part)


def values(fields: list[FormField], texts: Mapping[str, str]) -> dict[str, Any]:
    """What the model is asked to judge: the texts, choices as the values they stand for."""
    found: dict[str, Any] = {}
    for field in fields:
        text = texts.get(field.name, field.default)
        if not text and not field.default and (field.optional or field.kind != "text"):
            continue
        found[field.name] = _value(field, text)
    return found


def _value(field: FormField, text: str) -> Any:
    items = [item.strip() for item in text.split(DIVIDER) if item.strip()]
    match field.kind:
        case "list":
            return tuple(items)
        case "pairs":
            # Without a sign of equality the model says what is wrong.
            return {name: value if sign else None for name, sign, value in (item.partition("=") for item in items)}
        case _:
            return dict(field.choices).get(text, text)


def problems(model: type[Parameters], fields: list[FormField], texts: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field; a rule over several fields is found under an empty name."""
    try:
        model.model_validate(values(fields, texts))
    except ValidationError as wrong:
        found: dict[str, str] = {}
        for error in wrong.errors():
            name = str(error["loc"][0]) if error["loc"] else ""
            found.setdefault(name, parameter_problem(error))
        return found
    return {}


def changed(fields: list[FormField], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts that differ from their defaults: all that the command line has to name."""
    return {f.name: texts[f.name] for f in fields if texts.get(f.name, f.default) != f.default}
