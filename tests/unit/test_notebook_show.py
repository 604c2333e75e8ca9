"""What a notebook shows of a view: the rows, what must be known of them, and the command, with nothing foreign as markup."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit import areas
from toolkit.errors import UsageError
from toolkit.kinds import HEAT, KINDS, STATES
from toolkit.notebook_views import COLOURS, SHOWN, as_html, show
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Plot, Result, View

HOSTILE = "<script>alert(1)</script> \x1b[31m & 'quoted'"
COLUMNS = (
    Column("state", "state"),
    Column("rule", "name"),
    Column("failed", "count"),
    Column("runs", "heat"),
    Column("why", "text", shown="asked"),
)


def written(result: Result, columns: tuple[Column, ...] = COLUMNS, names: tuple[str, ...] = (), **more: Any) -> str:
    """A result as HTML."""
    view = View("rules", "Rules", "Which rules?", lambda *_: result, columns, Parameters, **more)
    return as_html(view, areas.Question("quality.rules", Parameters()), result, names)


def plain(markup: str) -> list[list[str]]:
    """The cells of the table, as a reader sees them."""
    lines = re.findall(r"<tr>(.*?)</tr>", markup)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]
    return [[html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in line] for line in cells]


def luminance(colour: str) -> float:
    """How light a colour is, as the guidelines for contrast reckon it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_rows_are_written_as_everywhere_and_only_the_usual_columns() -> None:
    row = {"state": "failed", "rule": "id_is_given", "failed": 1234, "runs": ["passed", "failed"], "why": "no"}
    assert plain(written(Result([row]))) == [
        ["state", "rule", "failed", "runs"],
        ["✖ failed", "id_is_given", "1,234", "·█"],
    ]
    assert plain(written(Result([row]), names=("why", "rule"))) == [["why", "rule"], ["no", "id_is_given"]]


def test_states_and_heat_have_their_colours() -> None:
    markup = written(Result([{"state": "failed", "rule": "a", "failed": None, "runs": ["passed", "failed", None]}]))
    assert f"<span style='color:{COLOURS['error']}'>✖ failed</span>" in markup
    assert f"background:{COLOURS['success']}20" in markup
    assert f"background:{COLOURS['error']}ff" in markup
    assert "· passed" in markup, "the legend"


@pytest.mark.parametrize("colour", sorted(set(COLOURS.values())))
def test_colours_read_on_light_and_on_dark(colour: str) -> None:
    light, dark = (luminance("#ffffff") + 0.05), (luminance("#111111") + 0.05)
    mine = luminance(colour) + 0.05
    assert light / mine > 3.9
    assert mine / dark > 3.9


def test_every_style_has_a_colour() -> None:
    styles = {style for _, style in (*STATES.values(), *HEAT.values()) if style}
    assert styles <= set(COLOURS)


def test_nothing_foreign_is_markup() -> None:
    columns = (Column("a", "text", HOSTILE), Column("b", "names"), Column("c", "stored"), Column("d", "state"))
    row = {"a": HOSTILE, "b": [HOSTILE], "c": HOSTILE, "d": HOSTILE}
    markup = written(Result([row], notes=(HOSTILE,), problems=(HOSTILE,)), columns)
    assert "<script" not in markup
    assert "\x1b" not in markup
    assert markup.count("&lt;script&gt;") == 7
    ElementTree.fromstring(markup)


def test_notes_problems_and_what_is_left_out_are_told_beneath() -> None:
    rows = [{"rule": f"r{number}"} for number in range(SHOWN + 3)]
    markup = written(Result(rows, notes=("Look here.",), problems=("Gone.",)))
    assert len(plain(markup)) == SHOWN + 1
    assert f"{SHOWN} of {SHOWN + 3} rows." in markup
    assert markup.index("</table>") < markup.index("Look here.") < markup.index("Gone.") < markup.index("$ toolkit")


def test_an_empty_view_says_what_to_do() -> None:
    markup = written(Result([]), empty="Run one.")
    assert "Run one." in markup
    assert "<table" not in markup


def test_numbers_over_time_are_a_picture() -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [
        {"at": begin + timedelta(days=day), "n": value, "low": 1.0, "high": 4.0, "state": state}
        for day, (value, state) in enumerate(
            [(1.0, "passed"), (2.0, "passed"), (None, "not measured"), (9.0, "failed")]
        )
    ]
    columns = (Column("at", "moment"), Column("n", "number"), Column("state", "state"))
    plot = Plot("at", "n", "low", "high", "state")
    markup = written(Result(rows), columns, plot=plot)
    drawn = ElementTree.fromstring(markup[markup.index("<svg") : markup.index("</svg>") + 6])
    marks = drawn.findall("circle")
    assert [mark.attrib["fill"] for mark in marks] == [COLOURS["success"], COLOURS["success"], COLOURS["error"]]
    heights = [float(mark.attrib["cy"]) for mark in marks]
    assert heights == sorted(heights, reverse=True), "the largest is at the top"
    assert [text.text for text in drawn.findall("text")][-2:] == ["2026-03-01", "2026-03-04"]
    newest_first = written(Result(rows[::-1]), columns, plot=plot)
    assert newest_first.split("</svg>")[0] == markup.split("</svg>")[0]


@pytest.fixture
def shown(toolkit_home: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Shows a view of a lakehouse of two tables, and gives what the notebook got."""
    del toolkit_home
    for name, rows in (("silver.parcels", 3), ("gold.sums", 1)):
        write_deltalake(Lakehouse.default().path(name), pa.table({"n": range(rows)}))
    displayed: list[Any] = []
    monkeypatch.setattr("IPython.display.display", displayed.append)

    def call(address: str, **asked: Any) -> str:
        show(address, **asked)
        return str(displayed.pop().data)

    return call


def test_show_gives_what_the_command_below_gives(shown: Callable[..., str], cli: Callable[..., Any]) -> None:
    asked = {"filter": "s", "sort": "rows", "descending": True, "columns": "table,rows"}
    markup = shown("tables.list", **asked)
    assert plain(markup)[1:] == [["silver.parcels", "3"], ["gold.sums", "1"]]
    (command,) = re.findall(r"\$ toolkit (.*?)<", markup)
    printed = cli(*shlex.split(html.unescape(command)), "--csv")
    assert printed.stdout.splitlines() == ["table,rows", "silver.parcels,3", "gold.sums,1"]


def test_show_takes_the_parameters_of_the_view(shown: Callable[..., str]) -> None:
    markup = shown("tables.show", table="silver.parcels", where="n > 0", limit=1)
    assert plain(markup) == [["n"], ["1"]]
    assert "the condition is met by 2 of 3 rows" in markup
    assert "toolkit tables show silver.parcels --where &#x27;n &gt; 0&#x27; --limit 1" in markup
    with pytest.raises(UsageError, match="no parameter 'tabel'"):
        shown("tables.show", tabel="silver.parcels")
    with pytest.raises(UsageError, match="There is no column 'nope'"):
        shown("tables.list", columns="nope")


def test_every_kind_can_be_written() -> None:
    columns = tuple(Column(f"c_{kind}", kind) for kind in KINDS)
    heads, cells = plain(written(Result([{}]), columns))
    assert len(heads) == len(cells) == len(KINDS)
    assert set(cells) == {"–", "NULL"}
