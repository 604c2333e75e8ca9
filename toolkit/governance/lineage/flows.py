"""Where the value of a column, or of an expression, comes from, while a plan is read.

Owns how flows are put together. Must not know Spark's classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from toolkit.governance.lineage.model import (
    DIRECT,
    DirectSubtype,
    Edge,
    IndirectSubtype,
    Origin,
    Source,
    Unknown,
    steps_of,
)

MOST_TEXT = 160
"""Characters of a transformation; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a value comes from an origin."""

    subtype: DirectSubtype
    masks: bool = False


Decisions = Mapping[tuple[Origin, IndirectSubtype], str]
"""What decides, how, and the text of the condition."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a value comes from.

    Attributes:
        direct: its origins.
        indirect: what decides over it.
        unknown: why there may be more.
        sources: that are read on the way of what is unknown.
        text: of its expression, over columns that are read.
        parts: of a struct that was put together: the flow of each field.
        whole: it is, or holds, what lies at its origins, so that a field of it is a field there.
    """

    direct: Mapping[Origin, Way] = field(default_factory=dict)
    indirect: Decisions = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    text: str = ""
    parts: Mapping[str, Flow] | None = None
    whole: bool = False

    def changed(self, text: str, subtype: DirectSubtype = "transformation", *, masks: bool = False) -> Flow:
        """The same origins, through an expression."""
        ways = {origin: Way(_stronger(way.subtype, subtype), way.masks or masks) for origin, way in self.direct.items()}
        return replace(self, direct=ways, text=cut(text), parts=None, whole=False)

    def deciding(self, subtype: IndirectSubtype) -> Flow:
        """What decides by this value: all that it depends on, and nothing direct."""
        return Flow(indirect=self.decisions(subtype), unknown=self.unknown, sources=self.sources, text=self.text)

    def decisions(self, subtype: IndirectSubtype) -> Decisions:
        """All that this value depends on, as what decides."""
        return {**{(origin, subtype): self.text for origin in self.direct}, **self.indirect}

    def edges(self, column: str) -> list[Edge]:
        """The edges of a column that has this value."""
        direct = [
            Edge(column, origin, "direct", way.subtype, "" if way.subtype == "identity" else self.text, way.masks)
            for origin, way in self.direct.items()
        ]
        return direct + decided(column, self.indirect)

    def blanks(self, column: str | None) -> list[Unknown]:
        """Why the edges of a column with this value may be incomplete."""
        return [Unknown(column, reason, self.sources) for reason in self.unknown]


NOTHING = Flow()


def read(origin: Origin) -> Flow:
    """A column as it is read."""
    return Flow({origin: Way("identity")}, text=origin.column, whole=True)


def blank(reason: str, sources: Iterable[Source] = ()) -> Flow:
    """A value of unknown origin."""
    return Flow(unknown=(reason,), sources=tuple(dict.fromkeys(sources)))


def joined(flows: Iterable[Flow], text: str = "") -> Flow:
    """A value for which each of these may have given something."""
    direct: dict[Origin, Way] = {}
    indirect: dict[tuple[Origin, IndirectSubtype], str] = {}
    given = list(flows)
    for flow in given:
        for origin, way in flow.direct.items():
            had = direct.get(origin)
            # Where one way shows the value, the column is not masked, whatever another way does.
            direct[origin] = Way(_stronger(had.subtype, way.subtype), had.masks and way.masks) if had else way
        indirect |= flow.indirect
    return Flow(
        direct,
        indirect,
        tuple(dict.fromkeys(reason for flow in given for reason in flow.unknown)),
        tuple(dict.fromkeys(source for flow in given for source in flow.sources)),
        cut(text or next((flow.text for flow in given if flow.text), "")),
        whole=bool(direct) and all(flow.whole for flow in given if flow.direct),
    )


def decided(column: str | None, decisions: Decisions) -> list[Edge]:
    """The edges of what decides over a column, or over all."""
    return [Edge(column, origin, "indirect", subtype, cut(text)) for (origin, subtype), text in decisions.items()]


def part(flow: Flow, name: str) -> Flow:
    """A field of a struct, or of each struct in an array."""
    if flow.parts is not None and name in flow.parts:
        inner = flow.parts[name]
        return replace(inner, indirect={**flow.indirect, **inner.indirect})
    if not flow.whole:
        return flow.changed(f"{flow.text}.{name}")
    quoted = f"`{name}`" if "." in name else name
    direct = {Origin(one.source, f"{one.column}.{quoted}"): way for one, way in flow.direct.items()}
    return replace(flow, direct=direct, text=cut(f"{flow.text}.{quoted}"))


def cut(text: str) -> str:
    """A text of a length that can be kept."""
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def top_level(path: str) -> str:
    """The column that a path begins with."""
    return steps_of(path)[0]


def _stronger(one: DirectSubtype, other: DirectSubtype) -> DirectSubtype:
    return max(one, other, key=DIRECT.index)
