"""The leaves of a nested type.

Owns reading a type in Spark's short form as far as values are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 10
"""Levels of nesting that are looked into."""
NOT_BINARY = "binary content is not looked at"


@dataclass(frozen=True)
class Leaf:
    """A place inside of a column where values stand."""

    name: str
    """As messages call it: `payment.method`, `items[].product_id`."""
    type: str
    path: tuple[str | None, ...]
    """Names of fields; None steps into the elements of an array."""
    reason: str = ""
    """Why its values are not looked at; empty where they are."""


def leaves(name: str, type_: str) -> Iterator[Leaf]:
    """The leaves of a column of a type; what is not looked into is one leaf, with the reason."""
    yield from _leaves(Leaf(name, type_, ()))


def _leaves(at: Leaf) -> Iterator[Leaf]:
    outer, _, rest = at.type.partition("<")
    inner = rest.removesuffix(">")
    if len(at.path) > DEEPEST:
        yield Leaf(at.name, at.type, at.path, f"nested more than {DEEPEST} levels deep")
    elif outer == "array":
        yield from _leaves(Leaf(f"{at.name}[]", inner, (*at.path, None)))
    elif outer == "struct":
        for field, type_ in _fields(inner):
            yield from _leaves(Leaf(f"{at.name}.{field}", type_, (*at.path, field)))
    elif outer in ("map", "variant"):
        yield Leaf(at.name, at.type, at.path, f"the content of a {outer} is not looked at")
    else:
        yield at


def _fields(inner: str) -> Iterator[tuple[str, str]]:
    """Names and types of a struct's fields, cut at the commas that lie in no brackets."""
    start = depth = 0
    for at, sign in enumerate(inner + ","):
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and depth == 0:
            name, _, type_ = inner[start:at].partition(":")
            if name:
                yield name, type_
            start = at + 1
