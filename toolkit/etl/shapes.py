"""Where the columns of a schema stand in a file: matched by name, whatever their order and the case of their letters.

Owns the refusal of names that could mean two columns, of columns that are missing, and of those that nobody declared. Must
not read a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.errors import DataError
from toolkit.etl.schemas import Expected
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

_MOST_NAMES = 20


@dataclass(frozen=True)
class Shape:
    """The columns of a file, or of several that have the same.

    Attributes:
        names: of all its columns, in its order.
        places: for each declared column its place among them, from 0; None where the file has no such column.
    """

    names: tuple[str, ...]
    places: tuple[int | None, ...]

    @property
    def extras(self) -> list[tuple[str, int]]:
        """Names and places of the columns that the schema does not have."""
        declared = set(self.places)
        return [(name, place) for place, name in enumerate(self.names) if place not in declared]


def matched(file: Location, names: Sequence[str], expected: Expected) -> Shape:
    """Where the declared columns stand in a file.

    Args:
        file: which has those columns.
        names: of its columns, in its order.
        expected: what is declared.

    Raises:
        DataError: a name is there twice, or a declared one could mean two that differ by the case of their letters; or columns
            are missing, or are there that nobody declared, and neither was allowed.
    """
    for name, many in Counter(names).items():
        if many > 1:
            what = f"of the name {shown(name, 40)}" if name else "without a name"
            raise _ambiguous(file, f"has two columns {what}", "Rename one of them")
    places = tuple(_place(file, names, name) for name in expected.names)
    shape = Shape(tuple(names), places)
    lacks = expected.missing == "fail" and None in places
    surplus = expected.extra == "fail" and bool(shape.extras)
    if lacks or surplus:
        raise _other_columns(file, shape, expected, lacks=lacks, surplus=surplus)
    return shape


def as_declared(expected: Expected) -> Shape:
    """The shape of a file that has the declared columns and no others, in their order."""
    return Shape(tuple(expected.names), tuple(range(len(expected.names))))


def _place(file: Location, names: Sequence[str], declared: str) -> int | None:
    meant = [place for place, name in enumerate(names) if name == declared or name.lower() == declared.lower()]
    if len(meant) > 1:
        both = listed([names[place] for place in meant])
        raise _ambiguous(file, f"has {both}, each of which {shown(declared, 40)} could mean", "Rename one of them")
    return next(iter(meant), None)


def _ambiguous(file: Location, what: str, cure: str) -> DataError:
    return DataError(f"{shown(file, LONGEST_PATH)} {what}.", cure=f"{cure} in {shown(file.name)}.")


def _other_columns(file: Location, shape: Shape, expected: Expected, *, lacks: bool, surplus: bool) -> DataError:
    ways = [f"mend {shown(file.name)}", "declare its columns as they are"]
    if surplus:
        ways.append("keep what is not declared with extra='rescue', or leave it out with extra='ignore'")
    if lacks:
        ways.append("have nulls for what is missing with missing='null'")
    told = f"{', '.join(ways[:-1])}, or {ways[-1]}."
    return DataError(
        f"{shown(file, LONGEST_PATH)} has the columns {listed(shape.names)}; expected are {listed(expected.names)}.",
        cure=told[0].upper() + told[1:],
    )


def listed(names: Sequence[str]) -> str:
    """Names in a message: the first twenty, and how many more there are."""
    some = ", ".join(shown(name, 40) for name in names[:_MOST_NAMES])
    return f"{some} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else some
