"""Declarations of views, tasks and areas; asking, arranging and fitting them; and the parameters they are asked with."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from pydantic import Field

from toolkit import areas, fitting, kinds, parameters
from toolkit.errors import SetupError, UsageError
from toolkit.parameters import Parameters, option
from toolkit.views import Area, Arrangement, Column, Link, Result, Task, View, column_of

ROWS = [
    {"name": "beta", "many": 20, "at": datetime(2026, 3, 1, tzinfo=UTC), "note": None},
    {"name": "Alpha", "many": None, "at": datetime(2026, 1, 1, tzinfo=UTC), "note": "late"},
    {"name": "gamma", "many": 3, "at": None, "note": "very late indeed"},
]
COLUMNS = (
    Column("name", "name"),
    Column("many", "count"),
    Column("at", "moment", shown="wide"),
    Column("note", shown="wide"),
)


class Nothing(Parameters):
    """Nothing to ask."""


class Everything(Parameters):
    """One field of each shape."""

    table: str
    limit_days: int = Field(3, ge=1)
    sample: float | None = None
    since: date | None = None
    broken: bool = False
    kept: bool = True
    form: Literal["short", "long"] = "short"
    rules: Path | None = None
    sets: tuple[str, ...] = option((), "Changes.", name="set")
    references: dict[str, str] = option({}, "Tables.", name="ref")


def view(**changed: Any) -> View[Nothing]:
    """A small view."""
    declared: dict[str, Any] = {
        "name": "things",
        "title": "Things",
        "question": "Which things are there?",
        "read": lambda _lakehouse, _parameters: Result(ROWS),
        "columns": COLUMNS,
        "parameters": Nothing,
    }
    return View(**{**declared, **changed})


def names(rows: list[Any]) -> list[str]:
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("arrangement", "expected"),
    [
        (Arrangement(), ["beta", "Alpha", "gamma"]),
        (Arrangement(sort="name"), ["Alpha", "beta", "gamma"]),
        (Arrangement(sort="many"), ["gamma", "beta", "Alpha"]),
        (Arrangement(sort="many", descending=True), ["beta", "gamma", "Alpha"]),
        (Arrangement(sort="at"), ["Alpha", "beta", "gamma"]),
        (Arrangement(words="LATE"), ["Alpha", "gamma"]),
        (Arrangement(words="late indeed"), ["gamma"]),
        (Arrangement(words="2026-01"), ["Alpha"]),
        (Arrangement(words="nothing like it"), []),
        (Arrangement(limit=1), ["beta"]),
        (Arrangement(sort="name", limit=2), ["Alpha", "beta"]),
        (Arrangement(sort="name", limit=1, offset=1), ["beta"]),
        (Arrangement(offset=3), []),
    ],
)
def test_rows_are_arranged(arrangement: Arrangement, expected: list[str]) -> None:
    assert names(arrangement.of(Result(ROWS), COLUMNS)) == expected


def test_what_is_not_known_stands_last_in_either_direction() -> None:
    for descending in (False, True):
        assert names(Arrangement(sort="many", descending=descending).of(Result(ROWS), COLUMNS))[-1] == "Alpha"


def test_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError) as refused:
        Arrangement(sort="mony").of(Result(ROWS), COLUMNS)
    assert "Did you mean 'many'?" in str(refused.value)
    assert set(refused.value.choices) == {"name", "many", "at", "note"}
    assert column_of(COLUMNS, "many") is COLUMNS[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "No Name"},
        {"links": (Link("s", "Sort", "a.b", "It is taken."),)},
        {"links": (Link("x", "A", "a.b", "One."), Link("x", "B", "a.c", "The same."))},
    ],
)
def test_a_view_that_cannot_be_drawn_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        view(**wrong)


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="kind of column 'counts'"):
        Column("many", "counts")


def test_two_of_one_name_are_refused() -> None:
    task = Task("things", "Things", "Does it.", Nothing, lambda _platform, _parameters: 1, lambda _p, _r: "Done.")
    with pytest.raises(UsageError, match="two of the name things"):
        Area("stock", "Stock", views=(view(),), tasks=(task,))
    with pytest.raises(UsageError, match="no view"):
        Area("stock", "Stock", views=())


def test_a_link_leads_nowhere_from_a_row_that_does_not_say() -> None:
    link = Link("enter", "Open", "a.b", "Open it.", {"table": "name", "note": "note"})
    assert link.values(ROWS[1], Nothing()) == {"table": "Alpha", "note": "late"}
    assert link.values(ROWS[0], Nothing()) is None
    assert link.values(None, Nothing()) is None
    assert Link("a", "All", "a.b", "All of it.").values(None, Nothing()) == {}


def test_a_link_takes_what_the_page_was_asked_with() -> None:
    link = Link("enter", "Open", "a.b", "Open it.", {"table": "table", "rule": "name"})
    assert link.values(ROWS[0], Everything(table="silver.orders")) == {"table": "silver.orders", "rule": "beta"}


def test_rows_are_filled_and_their_problems_told() -> None:
    def fill(_lakehouse: Any, row: Any) -> Any:
        return {**row, "problem": "It is damaged."} if row["name"] == "beta" else {**row, "many": 1}

    result = view(fill=fill).filled(None, Result(ROWS))  # type: ignore[arg-type]
    assert [row.get("many") for row in result.rows] == [20, 1, 1]
    assert result.problems == ("It is damaged.",)


# ------------------------------------------------------------------------------------------------------------- fitting


@pytest.mark.parametrize(
    ("width", "expected"),
    [(200, ["name", "many", "at", "note"]), (40, ["name", "many", "at"]), (12, ["name", "many"]), (8, [])],
)
def test_whole_columns_are_given_up_from_the_last(width: int, expected: list[str]) -> None:
    kept = fitting.fitting(COLUMNS, ROWS, width)
    assert [column.name for column in kept] == expected
    widths = fitting.widths(kept, ROWS, width)
    assert not kept or sum(widths.values()) + fitting.GAP * (len(kept) - 1) <= width


def test_only_prose_and_series_make_room() -> None:
    columns = (Column("id", "name"), Column("text"), Column("runs", "heat"))
    rows = [{"id": "x" * 30, "text": "word " * 40, "runs": ["passed"] * 90}]
    widths = fitting.widths(columns, rows, 100)
    assert widths["id"] == 30
    assert widths["text"] + widths["runs"] == 100 - 30 - 2 * fitting.GAP
    assert fitting.needed(columns[1], rows) == fitting.LEAST


def test_of_a_series_the_newest_values_are_shown() -> None:
    assert kinds.newest("heat", ["failed", "passed", "tolerated"], 2) == ["passed", "tolerated"]
    assert kinds.newest("count", 12345, 2) == 12345
    assert kinds.newest("trend", None, 2) is None


# --------------------------------------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("count", 1234567, "1,234,567"),
        ("count", None, "–"),
        ("points", 99.99, "█ 99.9"),
        ("points", 100, "█  100"),
        ("points", 0, "▁  0.0"),
        ("change", -2.14, "▼ 2.1"),
        ("change", 0.04, "="),
        ("state", "failed", "✖ failed"),
        ("state", "something new", "? something new"),
        ("heat", ["passed", "", "failed by few"], "· ░"),
        ("trend", [1.0, None, float("nan"), 3.0], "▁  █"),
        ("trend", [2.0, 2.0], "▁▁"),
        ("trend", [], ""),
        ("names", ["a", "b\x1b"], "a, b␛"),
        ("yes", False, "no"),
        ("share", 0.999999, "> 99.9%"),
        ("stored", None, "NULL"),
        ("stored", {"a": 1}, '{"a": 1}'),
        ("name", "[red]\u202e", "[red]\\u202e"),
    ],
)
def test_values_are_written_by_their_kind(kind: str, value: Any, written: str) -> None:
    assert kinds.text(kind, value) == written


def test_a_sign_tells_what_a_colour_tells() -> None:
    """Two states of different colour differ by their sign or their word."""
    for table in (kinds.STATES, kinds.HEAT):
        seen: dict[Any, str] = {}
        for state, (sign, style) in table.items():
            assert seen.setdefault((sign, state), style) == style
    signs = [sign for sign, _ in kinds.HEAT.values()]
    assert len(set(signs)) == len(signs)


# ---------------------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, []),
        ({"limit_days": 5, "sample": 0.5}, ["--limit-days", "5", "--sample", "0.5"]),
        ({"broken": True, "kept": False}, ["--broken", "--no-kept"]),
        ({"form": "long", "rules": Path("a b.yaml")}, ["--form", "long", "--rules", "a b.yaml"]),
        ({"since": date(2026, 3, 1)}, ["--since", "2026-03-01"]),
        ({"sets": ("a = 1", "b = 2")}, ["--set", "a = 1", "--set", "b = 2"]),
        ({"references": {"c": "silver.c"}}, ["--ref", "c=silver.c"]),
    ],
)
def test_parameters_are_written_as_a_command(asked: dict[str, Any], words: list[str]) -> None:
    assert parameters.words(Everything(table="silver.orders", **asked)) == ["silver.orders", *words]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        parameters.parse(Everything, {"limit_days": 0, "tabel": "x"}, "stock.things", "See: --help")
    told = str(refused.value)
    assert "table is missing" in told
    assert "limit_days = 0" in told
    assert "no parameter 'tabel' (did you mean 'table'?)" in told
    assert "See: --help" in told


# --------------------------------------------------------------------------------------------------------------- areas


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An area of somebody's own."""
    module = ModuleType("stock_area")
    monkeypatch.setitem(sys.modules, "stock_area", module)
    monkeypatch.setenv("TOOLKIT_AREAS", "stock=stock_area")
    areas._loaded.cache_clear()
    return module


def test_an_area_of_ones_own_is_found(stock: ModuleType) -> None:
    stock.AREA = Area("stock", "Stock", views=(view(),))  # type: ignore[attr-defined]
    assert areas.known()["stock"].title == "Stock"
    assert areas.view("stock.things").title == "Things"
    assert "stock.things" in areas.addresses()
    with pytest.raises(UsageError, match="view or task of stock 'thing'"):
        areas.view("stock.thing")


@pytest.mark.parametrize("bound", [None, "no area", Area("other", "Other", views=(view(),))])
def test_an_area_that_cannot_be_loaded_is_told_and_harms_no_other(stock: ModuleType, bound: Any) -> None:
    if bound is not None:
        stock.AREA = bound  # type: ignore[attr-defined]
    with pytest.raises(SetupError, match="stock"):
        areas.area("stock")
    assert areas.view("quality.scores")
    assert not [address for address in areas.addresses() if address.startswith("stock")]


@pytest.mark.parametrize(
    ("code", "said"), [("1 / 0", "ZeroDivisionError"), ("import sys; sys.exit(7)", "SystemExit: 7")]
)
def test_an_area_that_fails_while_it_loads(
    code: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cli: Any
) -> None:
    (tmp_path / "failing_area.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TOOLKIT_AREAS", "failing=failing_area")
    monkeypatch.delitem(sys.modules, "failing_area", raising=False)
    areas._loaded.cache_clear()
    told = cli("failing")
    assert told.exit_code == 3
    assert f"The area failing cannot be loaded: {said}" in told.stderr
    assert cli("--help").exit_code == 0
    assert cli("quality", "--help").exit_code == 0


def test_a_question_is_its_command() -> None:
    question = areas.question("quality.rules", {"table": "silver.orders"})
    asked = areas.Question(
        question.address, question.parameters, Arrangement("a b", "failed", descending=True, limit=3)
    )
    assert asked.words() == [
        *("quality", "rules", "silver.orders", "--filter", "a b", "--sort", "failed", "--descending", "--limit", "3")
    ]
