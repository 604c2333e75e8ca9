"""What a contract says of the values of a column: `logicalTypeOptions`, `enum`, and `unique`, as rules.

Owns which option fits which sort of value, and what it means there. An option that has no rule is told with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from toolkit.quality import sql_text
from toolkit.quality.contracts.elements import Element, Statement
from toolkit.quality.contracts.literals import DAY, MOST_DIGITS, Unfit, literal
from toolkit.quality.contracts.patterns import Untranslatable, in_java
from toolkit.quality.rules.base import Family
from toolkit.quality.rules.values import is_time

_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
_SIZES = {"minLength": "min", "maxLength": "max", "minItems": "min", "maxItems": "max"}
_FITS: Mapping[str, tuple[Family, ...]] = {
    **dict.fromkeys(_BOUNDS, ("number", "time")),
    "multipleOf": ("number",),
    **dict.fromkeys(("minLength", "maxLength", "pattern"), ("text",)),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems"), ("array",)),
    "format": ("number", "text", "time"),
}
"""The options that can be checked, and the sorts of value that they are about."""
_FORMATS = {"email": "email", "uuid": "uuid", "ipv4": "ip_address"}
"""The forms of a text that one of our kinds checks; `url` is not `uri`, which may be of any scheme."""
_WIDTH = re.compile(r"([iu])(8|16|32|64|128)")
_FRACTIONS = {"float", "double"}


def statements(element: Element) -> Iterator[Statement]:
    """Everything that is said of the values at one element, beside that they are required."""
    yield from _unique(element)
    yield from _enum(element)
    options = element.column.extras.get("logicalTypeOptions")
    if not isinstance(options, Mapping):
        return
    given = {name: value for name, value in options.items() if value is not None}
    yield from _together(element, given, _BOUNDS, _bounds)
    for names in (("minLength", "maxLength"), ("minItems", "maxItems")):
        yield from _together(element, given, names, _sizes)
    for name, value in given.items():
        if name not in {*_BOUNDS, *_SIZES}:
            yield from _together(element, {name: value}, (name,), _ALONE.get(name, _unknown))


Reader = Callable[[Element, Mapping[str, Any]], Statement | None]


def _together(element: Element, given: Mapping[str, Any], names: Any, read: Reader) -> Iterator[Statement]:
    """Options that make one rule, such as the two ends of a range; None stands for what every value keeps."""
    told = {name: value for name, value in given.items() if name in names}
    if not told:
        return
    what = ", ".join(told)
    wanted = _FITS.get(next(iter(told)))
    if wanted and element.family is not None and element.family not in wanted:
        yield element.said(what, f"it does not fit a column that is {element.called}")
        return
    if wanted and element.family is None:
        yield element.said(what, "the contract does not say of which type the column is")
        return
    try:
        found = read(element, told)
    except Unfit as problem:
        yield element.said(what, str(problem))
        return
    if found is not None:
        yield found


def _unknown(element: Element, given: Mapping[str, Any]) -> Statement:
    del element
    raise Unfit(f"there is no rule for {', '.join(given)}")


# --- unique and enum


def _unique(element: Element) -> Iterator[Statement]:
    if not element.column.unique:
        return
    if not element.comparable:
        yield element.said("unique", f"values that are {element.called} cannot be told apart")
    elif not element.item:
        yield element.holds("unique", "unique", "", {"kind": "unique", "columns": [element.path]})
    else:
        yield _distinct(element, "unique", among_all=False)
        yield element.said("unique", "it is checked within each array, not across the rows")


def _distinct(element: Element, what: str, *, among_all: bool) -> Statement:
    """That no value occurs twice in an array; null is a value among all, and none where values are unique."""
    array = element.value if among_all else sql_text.column(element.path)
    if not among_all:
        inner = element.item.partition(".")[2]
        taken = f"transform({array}, item -> {element.value})" if inner else array
        array = f"filter({taken}, item -> item IS NOT NULL)"
        # Of the whole array, not of each item.
        element = Element(element.column, element.told, element.path, element.where, too_deep=element.too_deep)
    condition = f"size(array_distinct({array})) = size({array})"
    return element.holds(what, "distinct", condition, description=f"No value occurs twice in {element.told}.")


def _enum(element: Element) -> Iterator[Statement]:
    listed = element.column.extras.get("enum")
    if not isinstance(listed, list) or not listed:
        return
    values = [one.get("value") if isinstance(one, Mapping) else one for one in listed]
    given = [value for value in values if value is not None]
    if not given or not all(isinstance(one, (bool, int, float, str, date)) for one in given):
        yield element.said("enum", "its entries have no values that can be compared")
        return
    wanted = _families(given)
    if not wanted or (element.family is not None and element.family not in wanted):
        yield element.said("enum", f"its values do not fit a column that is {element.called}")
        return
    if element.called == "float" and any(isinstance(one, float) and not one.is_integer() for one in given):
        yield element.said("enum", "a FLOAT holds no such fractions, but others close to them")
        return
    try:
        condition = f"{element.value} IN ({', '.join(map(literal, given))})"
    except Unfit as problem:
        yield element.said("enum", str(problem))
        return
    yield element.holds("enum", "enum", condition, {"kind": "one_of", "values": given})


def _families(values: list[Any]) -> tuple[Family, ...]:
    """The sorts of column that all of the values compare with."""
    found: list[set[Family]] = []
    for value in values:
        match value:
            case bool():
                found.append({"boolean"})
            case int() | float():
                found.append({"number"})
            case date():
                found.append({"time"})
            case _:
                found.append({"text", "time"} if is_time(str(value)) else {"text"})
    return tuple(set.intersection(*found))


# --- bounds


def _bounds(element: Element, given: Mapping[str, Any]) -> Statement:
    ends = [(_BOUNDS[name], _bound(element, name, value)) for name, value in given.items()]
    whole = element.family == "number" and _is_whole(element)
    if whole or element.called == "date":
        step = _next_whole if whole else _next_day
        ends = _tightest([step(sign, bound) for sign, bound in ends])
    condition = " AND ".join(f"{element.value} {sign} {literal(bound)}" for sign, bound in ends)
    if element.family == "number" and not whole and not any(sign in {"<", "<="} for sign, _ in ends):
        # NaN counts as greater than any number, but it is within no bounds.
        condition = f"{condition} AND NOT isnan({element.value})"
    said = " and ".join(f"{_WORDS[sign]} {bound}" for sign, bound in ends)
    description = f"{element.told} is {said}."
    if all(sign in {">=", "<="} for sign, _ in ends) and len({sign for sign, _ in ends}) == len(ends):
        names = {">=": "min", "<=": "max"}
        return element.holds(
            ", ".join(given), "between", condition, {"kind": "between", **{names[s]: b for s, b in ends}}
        )
    return element.holds(", ".join(given), "between", condition, description=description)


_WORDS = {">=": "at least", ">": "greater than", "<=": "at most", "<": "less than"}


def _bound(element: Element, name: str, value: Any) -> Any:
    """The value that a bound compares with."""
    if element.family == "number":
        return _number(name, value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    if not is_time(text) or isinstance(value, (bool, int, float)):
        raise Unfit(f"{name} is {value!r}, which is no date or time that is written as in ISO 8601")
    zoned = text.endswith("Z") or text[-6:-5] in {"+", "-"}
    stamp = element.type.name if element.type else element.column.logical_type
    if stamp == "date" and not DAY.fullmatch(text):
        raise Unfit(f"{name} is {value!r}, and the column holds days without a time")
    if stamp == "timestamp_ntz" and zoned and not DAY.fullmatch(text):
        raise Unfit(f"{name} is {value!r}, and the column holds times without a zone")
    zone = element.column.extras["logicalTypeOptions"].get("defaultTimezone")
    if stamp != "date" and not zoned and zone not in {None, "Etc/UTC", "UTC"}:
        raise Unfit(f"{name} is {value!r} in the time zone {zone}, which only UTC can stand for here")
    return text


def _number(name: str, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 10**MOST_DIGITS:
        raise Unfit(f"{name} is {value!r}, which is no number that can be compared")
    return value


def _is_whole(element: Element) -> bool:
    type_ = element.type
    if type_ is None:
        return element.column.logical_type == "integer"
    return type_.name in {"tinyint", "smallint", "int", "bigint"} or (
        type_.name == "decimal" and not type_.arguments[1]
    )


def _tightest(ends: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """One bound for each end, all of them allowed themselves."""
    low, high = ([bound for sign, bound in ends if sign == wanted] for wanted in (">=", "<="))
    return [*([(">=", max(low))] if low else []), *([("<=", min(high))] if high else [])]


def _next_whole(sign: str, bound: Any) -> tuple[str, Any]:
    """A bound of whole numbers that is allowed itself."""
    below = int(Decimal(repr(bound)).to_integral_value("ROUND_FLOOR"))
    whole = below == bound
    match sign:
        case ">":
            return ">=", below + 1
        case ">=":
            return ">=", below if whole else below + 1
        case "<":
            return "<=", below - 1 if whole else below
    return "<=", below


def _next_day(sign: str, bound: str) -> tuple[str, str]:
    if sign not in {">", "<"}:
        return sign, bound
    try:
        return f"{sign}=", (date.fromisoformat(bound) + timedelta(1 if sign == ">" else -1)).isoformat()
    except OverflowError as problem:
        raise Unfit(f"no day lies beyond {bound}") from problem


# --- the other options


def _sizes(element: Element, given: Mapping[str, Any]) -> Statement | None:
    for name, size in given.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise Unfit(f"{name} is {size!r}, which is no number of {'items' if 'Items' in name else 'characters'}")
    # Nothing has fewer than none.
    ends = {_SIZES[name]: size for name, size in given.items() if (_SIZES[name], size) != ("min", 0)}
    if not ends:
        return None
    kind, measured = ("size", "array_size") if element.family == "array" else ("length", "length")
    signs = {"min": ">=", "max": "<="}
    condition = " AND ".join(f"{measured}({element.value}) {signs[end]} {size}" for end, size in ends.items())
    return element.holds(", ".join(given), kind, condition, {"kind": kind, **ends})


def _unique_items(element: Element, given: Mapping[str, Any]) -> Statement | None:
    if given["uniqueItems"] is not True:
        return None
    if not element.comparable:
        raise Unfit(f"values that are {element.called} cannot be told apart")
    return _distinct(element, "uniqueItems", among_all=True)


def _pattern(element: Element, given: Mapping[str, Any]) -> Statement:
    written = given["pattern"]
    if not isinstance(written, str):
        raise Unfit(f"it is {written!r}, which is no text")
    try:
        pattern = in_java(written)
    except Untranslatable as problem:
        raise Unfit(str(problem)) from problem
    whole = sql_text.text(rf"\A(?:{pattern})\z")
    rule = {"kind": "matches", "pattern": pattern}
    description = f"{element.told} matches {written}."
    return element.holds("pattern", "pattern", f"{element.value} RLIKE {whole}", rule, description=description)


def _format(element: Element, given: Mapping[str, Any]) -> Statement | None:
    form = given["format"]
    if element.family == "number":
        return _number_format(element, form)
    if element.family == "time":
        stored = element.type.name if element.type else element.column.logical_type
        raise Unfit(f"a {stored} is stored without a written form")
    kind = _FORMATS.get(str(form))
    if kind is None or element.column.logical_type != "string":
        raise Unfit(f"there is no rule for the format {form!r}")
    if element.item:
        raise Unfit(f"there is no rule for the format {form!r} of the items of an array")
    return element.holds("format", "format", "", {"kind": kind})


def _number_format(element: Element, form: Any) -> Statement | None:
    width = _WIDTH.fullmatch(str(form))
    if width is None:
        if (form, element.called) in {("f64", "double"), ("f32", "float"), ("f64", "float")}:
            return None
        raise Unfit(f"there is no rule for the format {form!r} of a column that is {element.called}")
    if not _is_whole(element):
        raise Unfit(f"the format {form!r} is one of whole numbers, and the column is {element.called}")
    bits = int(width[2]) - (width[1] == "i")
    low, high = (-(2**bits) if width[1] == "i" else 0), 2**bits - 1
    ends = {"min": low, "max": high} if high < 10**MOST_DIGITS else {"min": low} if not low else {}
    # Nothing that Spark has is wider than 128 bits.
    if not ends:
        return None
    condition = " AND ".join(f"{element.value} {'>=' if e == 'min' else '<='} {literal(n)}" for e, n in ends.items())
    return element.holds("format", "format", condition, {"kind": "between", **ends})


def _multiple_of(element: Element, given: Mapping[str, Any]) -> Statement:
    step = _number("it", given["multipleOf"])
    if step <= 0:
        raise Unfit(f"it is {step!r}, and nothing is a multiple of that")
    exact = Decimal(repr(step))
    _, digits, exponent = exact.normalize().as_tuple()
    description = f"{element.told} is a multiple of {step}."
    if digits == (1,) and -15 <= int(exponent) < 0:  # noqa: PLR2004 - the most that `decimals` takes
        if element.item:
            raise Unfit(f"there is no rule for multiples of {step} among the items of an array")
        rule = {"kind": "decimals", "places": -int(exponent)}
        return element.holds("multipleOf", "multiple", "", rule, description=description)
    known = element.type is not None or _is_whole(element)
    if exact != exact.to_integral_value() and (not known or element.called in _FRACTIONS):
        # Of a binary fraction the rest of a division by a decimal one is never 0.
        raise Unfit(f"whether a number is a multiple of {step} can be told of whole numbers and decimals only")
    condition = f"{element.value} % {literal(step)} = 0"
    return element.holds("multipleOf", "multiple", condition, description=description)


_ALONE: Mapping[str, Reader] = {
    "pattern": _pattern,
    "format": _format,
    "multipleOf": _multiple_of,
    "uniqueItems": _unique_items,
}
