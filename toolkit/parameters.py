"""What a scenario, a view or a task is asked with: a pydantic model, judged in the user's words and written as a command.

Owns the base of all parameter models. A field without a default is an argument of the command, the others are options. Must
not know who asks: the command line, the app's form and a notebook all read the same model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from toolkit.errors import UsageError, closest, reason_of

P = TypeVar("P", bound="Parameters")
Shape = Literal["single", "flag", "list", "pairs"]


def _absolute(name: str) -> str:
    return str(Path(name).absolute()) if Path(name).exists() else name


File = Annotated[Path, AfterValidator(Path.absolute)]
"""A file, so named that the same can be asked for from another folder."""
FileOrName = Annotated[str, AfterValidator(_absolute)]
"""Likewise where there is such a file; a name where there is none."""


class Parameters(BaseModel):
    """Base of every parameter model: typos are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def option(default: Any, description: str, *, name: str = "", **limits: Any) -> Any:
    """A field whose option is called otherwise than the field, as `--ref` for `references`."""
    return Field(default, description=description, json_schema_extra={"option": name} if name else None, **limits)


@dataclass(frozen=True)
class Entry:
    """One field of a parameter model, as a command line and a form see it.

    Attributes:
        name: of the field.
        option: as it is called in a command, without dashes.
        type: of a single value.
        shape: `list` and `pairs` may be given several times, a pair as `name=value`.
        required: it is an argument of the command.
        choices: the only values, if there are so few.
        optional: it may be None, which is "not given".
    """

    name: str
    option: str
    type: Any
    shape: Shape
    required: bool
    default: Any
    description: str
    choices: tuple[Any, ...] = ()
    optional: bool = False

    def words(self, value: Any) -> list[str]:
        """The words of a command that give the field this value; none for its default."""
        if self.required:
            return [as_word(item) for item in value] if self.shape == "list" else [as_word(value)]
        if value == self.default or value is None:
            return []
        flag = f"--{self.option}"
        match self.shape:
            case "flag":
                return [flag if value else f"--no-{self.option}"]
            case "list":
                return [word for item in value for word in (flag, as_word(item))]
            case "pairs":
                return [word for key, item in value.items() for word in (flag, f"{key}={as_word(item)}")]
            case _:
                return [flag, as_word(value)]


def entries(model: type[Parameters]) -> list[Entry]:
    """The fields of a model, in the order they are declared."""
    return [_entry(name, info) for name, info in model.model_fields.items()]


def _entry(name: str, info: FieldInfo) -> Entry:
    declared, optional = _without_none(info.annotation)
    origin = get_origin(declared)
    shape: Shape = "flag" if declared is bool else {tuple: "list", dict: "pairs"}.get(origin, "single")  # type: ignore[assignment]
    extra = info.json_schema_extra
    called = extra.get("option") if isinstance(extra, dict) else None
    return Entry(
        name,
        str(called or name.replace("_", "-")),
        get_args(declared)[0] if shape == "list" else str if shape == "pairs" else declared,
        shape,
        info.is_required(),
        None if info.is_required() else info.get_default(call_default_factory=True),
        info.description or "",
        get_args(declared) if origin is Literal else (),
        optional,
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The declared type without `None`, and whether that was one of its choices."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    kept = [part for part in get_args(annotation) if part is not NoneType]
    return (kept[0] if len(kept) == 1 else annotation), len(kept) < len(get_args(annotation))


def as_word(value: Any) -> str:
    """A value as it is typed."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case Path():
            return str(value)
        case _:
            return str(value)


def words(parameters: Parameters) -> list[str]:
    """Parameters as the words of a command: arguments first, then the options that differ from their defaults."""
    known = entries(type(parameters))
    found = [(entry, getattr(parameters, entry.name)) for entry in known]
    arguments = [word for entry, value in found if entry.required for word in entry.words(value)]
    return arguments + [word for entry, value in found if not entry.required for word in entry.words(value)]


def parse(model: type[P], values: Mapping[str, Any], subject: str, cure: str = "") -> P:
    """Check `values` against a model; what is missing takes its default.

    Args:
        model: the parameters' model.
        values: by the field's name.
        subject: whose parameters they are, as the message begins.
        cure: where they are listed.

    Raises:
        UsageError: all unknown names and all values of the wrong type or range, in one message.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as problem:
        known = model.model_fields
        wrong = "; ".join(parameter_problem(error, known) for error in problem.errors())
        misspelt = any(error["type"] == "extra_forbidden" for error in problem.errors())
        raise UsageError(f"{subject} cannot start: {wrong}.", choices=known if misspelt else (), cure=cure) from problem


def parameter_problem(error: Any, known: Iterable[str] = ()) -> str:
    """One pydantic error in the user's words: `orders = 'many': it should be a valid integer`."""
    name = ".".join(map(str, error["loc"])) or "parameters"
    if error["type"] == "extra_forbidden":
        meant = closest(name, known)
        return f"there is no parameter {name!r}" + (f" (did you mean {meant!r}?)" if meant else "")
    if error["type"] == "missing":
        return f"{name} is missing"
    reason = reason_of(error)
    return f"{name} = {error.get('input')!r}: {reason[:1].lower()}{reason[1:]}"
