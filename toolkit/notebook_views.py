"""Views in a notebook: `show("quality.scores")` gives the same rows as the command below them.

Owns how a view is written as HTML: nothing is loaded from anywhere, and nothing foreign is markup. The colours are of middle
lightness, so that they read on a white page and on a dark one.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from toolkit import areas, fitting
from toolkit.areas import Question
from toolkit.governance.lens import looked_at
from toolkit.kinds import HEAT_LEGEND, KINDS, spans, text
from toolkit.plotting import Point, points, reach
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Arrangement, Column, Plot, Result, Row, View, column_of
from toolkit.words import command_line, literal, plural, when

SHOWN = 50
"""Rows that are shown unless asked for more."""
COLOURS = {
    "success": "#2a8a45",
    "warning": "#b36b00",
    "error": "#d1495b",
    "secondary": "#2f7fb8",
    "accent": "#2f7fb8",
    "muted": "#77818c",
}
"""Of the styles of `toolkit.kinds`; each has a contrast of at least 3.9 to white and to the darkest page."""
WIDTH, HEIGHT, LEFT, EDGE = 720, 170, 70, 14
"""Of a plot, in pixels: all of it, the room for the scale at the left, and around the rest."""


def show(
    address: str,
    *,
    filter: str = "",
    sort: str = "",
    descending: bool = False,
    limit: int | None = None,
    columns: str = "",
    lakehouse: Lakehouse | None = None,
    **parameters: Any,
) -> None:
    """Show a view below this cell.

    Args:
        address: the view, as `area.name`.
        filter: words that each row has to have.
        sort: the column to sort by.
        descending: the largest first.
        limit: rows at most.
        columns: their names with commas between; those that are usually shown when empty.
        lakehouse: where the tables lie; the one under `TOOLKIT_HOME` when None.
        parameters: of the view.

    Raises:
        UsageError: there is no such view, parameter or column, or a value is wrong.
        DataError: it cannot be read.
    """
    from IPython.display import HTML, display

    view = areas.view(address)
    asked = areas.question(address, parameters)
    question = Question(address, asked.parameters, Arrangement(filter, sort, descending, limit))
    where = looked_at(lakehouse)
    result = view.filled(where, view.read(where, question.parameters))
    display(HTML(as_html(view, question, result, [name.strip() for name in columns.split(",") if name.strip()])))


def as_html(view: View[Any], question: Question, result: Result, names: Sequence[str] = ()) -> str:
    """A view's answer as HTML: plot, rows, what has to be known of them, and the command.

    Args:
        view: which.
        question: how it was asked; rows beyond its limit, or that of notebooks, are counted only.
        result: its answer.
        names: the columns to show; those that are usually shown when empty.
    """
    every = tuple(result.columns or view.columns)
    chosen = [column_of(every, name) for name in names] or fitting.usual(every)
    wanted = question.arrangement.of(result, every)
    most = question.arrangement.limit or view.limit or SHOWN
    shown = wanted[:most]
    words = question.words() + (["--columns", ",".join(column.name for column in chosen)] if names else [])
    parts = [
        f"<p style='margin:0'><b>{_escaped(view.title)}</b> {_span(view.question, 'muted')}</p>",
        svg(view.plot, every, wanted) if view.plot and len(wanted) > 1 else "",
        _rows(chosen, shown) if shown else f"<p>{_escaped(view.empty)}</p>",
        *_notes(chosen, result, len(shown)),
        f"<code>{_span(f'$ {command_line(*words)}', 'muted')}</code>",
    ]
    return f"<div>{''.join(parts)}</div>"


def _escaped(foreign: str) -> str:
    return html.escape(literal(foreign, lines=True)).replace("\n", "<br>")


def _rows(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    head = "".join(f"<th style='text-align:{_side(column)}'>{_escaped(column.title)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(_cell(column, row) for column in columns)}</tr>" for row in rows)
    return f"<table style='margin:4px 0'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _side(column: Column) -> str:
    return "right" if KINDS[column.kind].right else "left"


def _cell(column: Column, row: Row) -> str:
    paint = _heat if column.kind == "heat" else _span
    written = "".join(paint(part, style) for part, style in spans(column.kind, row.get(column.name)))
    prose = "" if KINDS[column.kind].prose else ";white-space:nowrap"
    return f"<td style='text-align:{_side(column)}{prose}'>{written}</td>"


def _span(part: str, style: str) -> str:
    colour = COLOURS.get(style)
    return f"<span style='color:{colour}'>{_escaped(part)}</span>" if colour else _escaped(part)


def _heat(part: str, style: str) -> str:
    """One cell of a heat map: its sign on a tint of its colour, or on all of it where most rows are broken."""
    colour = COLOURS.get(style, COLOURS["muted"])
    strength = {"░": "40", "▒": "80", "▓": "c0", "█": "ff", "?": "40", "▴": "40"}.get(part, "20" if style else "00")
    box = f"display:inline-block;width:1em;text-align:center;background:{colour}{strength};color:{colour}"
    return f"<span style='{box}'>{_escaped(part) if part.strip() else '&nbsp;'}</span>"


def _notes(columns: Sequence[Column], result: Result, shown: int) -> list[str]:
    counted = f"{shown:,} of {plural(len(result.rows), 'row')}." if shown < len(result.rows) else ""
    legend = HEAT_LEGEND if any(column.kind == "heat" for column in columns) else ""
    notes = [(note, "muted") for note in (counted, legend, *result.notes) if note]
    lines = [*notes, *((problem, "error") for problem in result.problems)]
    return [f"<p style='margin:0'>{_span(line, style)}</p>" for line, style in lines]


def svg(plot: Plot, columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Numbers over time as a picture: the expected band, a line, and a mark for each row in the colour of its state."""
    every = points(plot, rows)
    scale = reach(every)
    kind = column_of(columns, plot.y).kind
    labels = [
        _label(LEFT - 6, _y(value, scale) + 4, "end", text(kind, value)) for value in dict.fromkeys(reversed(scale))
    ]
    days = [
        _label(_x(i, len(every)), HEIGHT - 2, side, when(every[i].at)[:10]) for i, side in ((0, "start"), (-1, "end"))
    ]
    parts = [_band(every, scale), _line(every, scale), *_marks(every, scale), *labels, *days]
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' width='100%' style='max-width:{WIDTH}px' font-family='sans-serif' "
        f"font-size='11'>{''.join(parts)}</svg>"
    )


def _x(position: int, count: int) -> float:
    """The place of a point; they stand evenly, as their rows do."""
    return round(LEFT + (position % count) * (WIDTH - LEFT - EDGE) / max(count - 1, 1), 1)


def _y(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    part = (min(max(value, low), high) - low) / (high - low)
    return round(EDGE + (1 - part) * (HEIGHT - 3 * EDGE), 1)


def _label(x: float, y: float, side: str, words: str) -> str:
    return f"<text x='{x}' y='{y}' text-anchor='{side}' fill='{COLOURS['muted']}'>{_escaped(words)}</text>"


def _band(every: Sequence[Point], scale: tuple[float, float]) -> str:
    known = [(i, point.low, point.high) for i, point in enumerate(every) if None not in (point.low, point.high)]
    above = [f"{_x(i, len(every))},{_y(high or 0.0, scale)}" for i, _, high in known]
    below = [f"{_x(i, len(every))},{_y(low or 0.0, scale)}" for i, low, _ in reversed(known)]
    return f"<polygon points='{' '.join(above + below)}' fill='{COLOURS['secondary']}' fill-opacity='0.18'/>"


def _line(every: Sequence[Point], scale: tuple[float, float]) -> str:
    known = [f"{_x(i, len(every))},{_y(p.value, scale)}" for i, p in enumerate(every) if p.value is not None]
    return f"<polyline points='{' '.join(known)}' fill='none' stroke='{COLOURS['muted']}' stroke-width='1'/>"


def _marks(every: Sequence[Point], scale: tuple[float, float]) -> list[str]:
    return [
        f"<circle cx='{_x(i, len(every))}' cy='{_y(point.value, scale)}' r='3.5' fill='{COLOURS[point.sign[1]]}'>"
        f"<title>{_escaped(f'{when(point.at)} {point.state}')}</title></circle>"
        for i, point in enumerate(every)
        if point.value is not None
    ]
