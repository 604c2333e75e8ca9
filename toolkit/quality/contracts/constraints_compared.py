"""Two versions of what is said of the values of a column: `logicalTypeOptions`, `enum`, `relationships`, and quality entries.

Owns which way each of them went, whether or not a rule stands for it. What it means for a reader, `compatibility` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from toolkit.quality.contracts.bounds import interval, without_operators
from toolkit.quality.contracts.odcs_keys import OPERATORS

Found = tuple[str, str, str]
"""A kind of change, where, and what was and is."""
Place = tuple[str | None, Mapping[str, Any]]
"""The path of a column, and a quality entry there."""

_ENDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))
_HIGHER_IS_TIGHTER = {"minLength", "minItems", "minProperties"}
_LOWER_IS_TIGHTER = {"maxLength", "maxItems", "maxProperties"}
_ABSENT = {"uniqueItems": False, "minLength": 0, "minItems": 0, "minProperties": 0}
"""What an option is when it is left out."""


# --- logicalTypeOptions


def options_compared(where: str, old: Any, new: Any) -> Iterator[Found]:
    """Each option that is not as it was."""
    before, after = (_options(one) for one in (old, new))
    for closed, opened, sign in _ENDS:
        names = (closed, opened)
        was, is_ = ({name: one[name] for name in names if name in one} for one in (before, after))
        if was != is_:
            yield f"rule_{_end_went(was, is_, opened, sign)}", where, _arrow(was, is_)
    ends = {name for closed, opened, _ in _ENDS for name in (closed, opened)}
    for name in dict.fromkeys((*before, *after)):
        if name not in ends and before.get(name, _ABSENT.get(name)) != after.get(name, _ABSENT.get(name)):
            said = f"{name} {_shown(before.get(name))} → {_shown(after.get(name))}"
            yield f"rule_{_option_went(name, before.get(name), after.get(name))}", where, said


def _options(told: Any) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None} if isinstance(told, Mapping) else {}


def _end_went(was: Mapping[str, Any], is_: Mapping[str, Any], opened: str, sign: int) -> str:
    """Which way one end of a range went; of two equal bounds the one that is not allowed itself is the tighter."""
    if not was or not is_:
        return "added" if not was else "removed"
    tightest = [_tightest(one, opened, sign) for one in (was, is_)]
    if None in tightest:
        return "changed"
    before, after = tightest
    try:
        return "described" if before == after else "tightened" if after > before else "loosened"  # type: ignore[operator]
    except TypeError:
        return "changed"


def _tightest(given: Mapping[str, Any], opened: str, sign: int) -> tuple[float, bool] | None:
    """The tightest of some bounds, as it grows with tightness; times and other text cannot be reckoned with here."""
    found = []
    for name, value in given.items():
        number = _as_number(value)
        if number is None:
            return None
        found.append((sign * number, name == opened))
    return max(found)


def _as_number(value: Any) -> float | None:
    """A number, or a day as one; None for what is neither."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        return float(date.fromisoformat(value.isoformat() if isinstance(value, date) else str(value)).toordinal())
    except ValueError:
        return None


def _option_went(name: str, before: Any, after: Any) -> str:
    if name in _ABSENT:
        before, after = (_ABSENT[name] if one is None else one for one in (before, after))
    if before is None or after is None:
        return "added" if before is None else "removed"
    numbers = all(isinstance(one, (int, float)) for one in (before, after))
    if numbers and name in _HIGHER_IS_TIGHTER | _LOWER_IS_TIGHTER | {"uniqueItems"}:
        return "tightened" if (after > before) is (name not in _LOWER_IS_TIGHTER) else "loosened"
    if numbers and name == "multipleOf" and before and after:
        return "tightened" if after % before == 0 else "loosened" if before % after == 0 else "changed"
    if name == "required" and isinstance(before, list) and isinstance(after, list):
        more, fewer = (
            [one for one in ones if one not in others] for ones, others in ((after, before), (before, after))
        )
        return "loosened" if fewer else "tightened" if more else "described"
    return "changed"


# --- enum and relationships


def enum_compared(where: str, old: Any, new: Any) -> Iterator[Found]:
    """Values that a column may have no more, or may have now; words about them change nothing."""
    before, after = (_values(one) for one in (old, new))
    if before == after:
        if old != new:
            yield "described", where, "enum"
        return
    if not before or not after:
        yield ("rule_added" if not before else "rule_removed"), where, f"enum {', '.join(map(_shown, before or after))}"
        return
    gone, more = ([one for one in ones if one not in others] for ones, others in ((before, after), (after, before)))
    if gone:
        yield "value_removed", where, f"enum without {', '.join(map(_shown, gone))}"
    if more:
        yield "value_added", where, f"enum with {', '.join(map(_shown, more))}"
    if not gone and not more:
        yield "described", where, "order of enum"


def _values(told: Any) -> list[Any]:
    listed = told if isinstance(told, list) else []
    found = [one.get("value") if isinstance(one, Mapping) else one for one in listed]
    # 1 and True are equal, but not the same.
    return [(type(one).__name__, one) for one in found]


def relationships_compared(where: str, old: Any, new: Any) -> Iterator[Found]:
    """Foreign keys that are no more, or are new."""
    before, after = (one if isinstance(one, list) else [] for one in (old, new))
    gone = [one for one in before if _ends(one) not in map(_ends, after)]
    more = [one for one in after if _ends(one) not in map(_ends, before)]
    yield from (("rule_removed", where, f"relationship to {_ends(one)[1]}") for one in gone)
    yield from (("rule_added", where, f"relationship to {_ends(one)[1]}") for one in more)
    if not gone and not more and before != after:
        yield "described", where, "relationships"


def _ends(relationship: Any) -> tuple[Any, Any]:
    told = relationship if isinstance(relationship, Mapping) else {}
    return told.get("from"), told.get("to")


# --- quality entries that no rule stands for


def entries_compared(where: str, old: Sequence[Place], new: Sequence[Place]) -> Iterator[Found]:
    """Entries that no rule stands for; text for people is words."""
    left = [one for one in new if one not in old]
    for place in (one for one in old if one not in new):
        follower = next((one for one in left if _is_same_check(place, one)), None)
        if follower is None:
            yield ("described" if _is_text(place) else "rule_removed"), where, _called(place)
            continue
        left.remove(follower)
        yield _entry_went(place[1], follower[1]), where, _entry_said(place[1], follower[1])
    yield from (("described" if _is_text(one) else "rule_added", where, _called(one)) for one in left)


def _is_same_check(one: Place, other: Place) -> bool:
    if one[0] != other[0]:
        return False
    names = one[1].get("name"), other[1].get("name")
    return names[0] == names[1] if any(names) else without_operators(one[1]) == without_operators(other[1])


def _entry_went(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if old.get("type") == new.get("type") == "text":
        return "described"
    if without_operators(old) != without_operators(new):
        return "rule_changed"
    before, after = interval(old), interval(new)
    if before is None or after is None:
        return "rule_changed"
    both = before & after
    return "rule_tightened" if both == after else "rule_loosened" if both == before else "rule_changed"


def _entry_said(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    limits = [{name: one[name] for name in OPERATORS if name in one} for one in (old, new)]
    return f"{_called(('', old))}{f': {_arrow(*limits)}' if limits[0] != limits[1] else ''}"


def _is_text(place: Place) -> bool:
    return bool(place[1].get("type") == "text")


def _called(place: Place) -> str:
    entry = place[1]
    return str(entry.get("name") or entry.get("description") or entry.get("metric") or entry.get("type"))


def _arrow(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    sides = [", ".join(f"{name} {_shown(value)}" for name, value in one.items()) or "nothing" for one in (old, new)]
    return " → ".join(sides)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return str(value[1])
    return "nothing" if value is None else str(value)
