"""Two versions of a rule, as whoever relies on it sees them: does it promise more, less, or something else?

Owns which way each field of a rule points. A field that is not listed here cannot be compared, so a change of it
breaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from toolkit.quality.rules import RowRule, Rule, Severity

Direction = Literal["tightened", "loosened", "changed", "described"]

_WORDS = {"name", "description", "owner", "tags", "dimension"}
_LOWER_IS_TIGHTER = {
    *("tolerance", "max", "at_most", "hours", "days", "minutes", "within", "places", "more"),
}
_HIGHER_IS_TIGHTER = {"min", "at_least"}
_MORE_VALUES = {"one_of": "loosened", "none_of": "tightened", "contains_all": "tightened"}
_SEVERITIES: tuple[str, ...] = get_args(Severity)


def compared(old: Rule, new: Rule) -> tuple[Direction, str] | None:
    """Which way a rule went, and in what; None when it is the same."""
    if old.kind != new.kind or old.columns != new.columns:
        return "changed", f"{_about(old)} → {_about(new)}"
    found = list(_fields(old, new))
    for direction in ("changed", "loosened", "tightened", "described"):
        said = [f"{name} {_shown(before)} → {_shown(after)}" for name, before, after, way in found if way == direction]
        if said:
            return direction, ", ".join(said)
    return None


def _fields(old: Rule, new: Rule) -> Iterator[tuple[str, Any, Any, Direction]]:
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield name.rstrip("_"), before, after, _direction(old, name, before, after)


def _direction(rule: Rule, name: str, before: Any, after: Any) -> Direction:
    if name in _WORDS:
        return "described"
    if name == "severity":
        return "tightened" if _SEVERITIES.index(after) > _SEVERITIES.index(before) else "loosened"
    if name == "where":
        # What a rule on the whole table measures of more rows may be more or less.
        compares = isinstance(rule, RowRule) and not (before and after)
        return "changed" if not compares else "loosened" if after else "tightened"
    if name == "values" and rule.kind in _MORE_VALUES:
        return _values(_MORE_VALUES[rule.kind] == "loosened", set(before), set(after))
    if name in _LOWER_IS_TIGHTER:
        return _bound(before, after, lower_is_tighter=True)
    return _bound(before, after, lower_is_tighter=False) if name in _HIGHER_IS_TIGHTER else "changed"


def _bound(before: Any, after: Any, *, lower_is_tighter: bool) -> Direction:
    """A bound that is not there promises nothing."""
    if before is None or after is None:
        return "tightened" if before is None else "loosened"
    try:
        lower = after < before
    except TypeError:
        return "changed"
    return "tightened" if lower is lower_is_tighter else "loosened"


def _values(more_is_looser: bool, before: set[Any], after: set[Any]) -> Direction:
    if before < after:
        return "loosened" if more_is_looser else "tightened"
    if after < before:
        return "tightened" if more_is_looser else "loosened"
    # In another order they are the same; with some gone and some new they are not.
    return "described" if before == after else "changed"


def _about(rule: Rule) -> str:
    return f"{rule.kind} of {', '.join(rule.columns) or 'the table'}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    return "nothing" if value in ("", None) else str(value)
