"""How the command line prints a view and does a task, of an area that nobody has written a command for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

import pytest
from pydantic import Field

from toolkit import areas
from toolkit.cli.views import MOST_ROWS
from toolkit.errors import UsageError
from toolkit.parameters import Parameters, option
from toolkit.views import Area, Column, Result, Task, View


class Which(Parameters):
    """A shelf."""

    shelf: str = Field(description="Its letter.")
    size: Literal["small", "large"] = Field("small", description="Of the boxes.")
    boxes: dict[str, str] = option({}, "Boxes.", name="box")


class Nothing(Parameters):
    """Nothing to ask."""


LONG = (
    "a long remark on this shelf, which goes on and on until no line of a terminal has room for it, and then some more"
)
ROWS = [
    {"shelf": "A", "many": 1234567, "note": LONG, "extra": 1},
    {"shelf": "B\x1b[31m", "many": None, "note": "", "extra": 2},
    {"shelf": "C", "many": 5, "note": None, "extra": None},
]
COLUMNS = (
    Column("shelf", "name"),
    Column("many", "count"),
    Column("note", shown="wide"),
    Column("extra", "count", shown="asked"),
)


def _shelves(_lakehouse: Any, _parameters: Nothing) -> Result:
    return Result(ROWS, notes=("Counted by hand.",))


def _boxes(_lakehouse: Any, parameters: Which) -> Result:
    if parameters.shelf == "Z":
        return Result([{"shelf": "Z"}], problems=("Shelf Z has fallen down.",))
    return Result([{"shelf": parameters.shelf, "size": parameters.size, "box": parameters.boxes.get("a")}])


def _pallets(_lakehouse: Any, _parameters: Nothing) -> Result:
    return Result([{"pallet": number} for number in range(MOST_ROWS + 5)])


def _faulty(_lakehouse: Any, _parameters: Nothing) -> Result:
    return Result([{"pallet": {}["nobody"]}])  # type: ignore[index]


def _halves(_lakehouse: Any, _parameters: Nothing) -> Result:
    return Result([{"half": "a\ud83db"}])


def _prepare(parameters: Which) -> None:
    if parameters.shelf == "Q":
        raise UsageError("There is no shelf 'Q'.", choices=("A", "B"), cure="Name another.")


BOX_COLUMNS = (Column("shelf", "name"), Column("size", "name"), Column("box", "name"))
AREA = Area(
    "stock",
    "Stock",
    views=(
        View("shelves", "Shelves", "What lies where?", _shelves, COLUMNS, Nothing, empty="Nothing there.", limit=2),
        View("boxes", "Boxes", "Which boxes?", _boxes, BOX_COLUMNS, Which),
        View("pallets", "Pallets", "Which \x1b]0;title\x07 [/x] pallets?", _pallets, (Column("pallet", "count"),), Nothing),
        View("faulty", "Faulty", "What is wrong?", _faulty, (Column("pallet", "count"),), Nothing, empty="No pallet."),
        View("halves", "Halves", "Which halves?", _halves, (Column("half"),), Nothing),
    ),
    tasks=(
        Task(
            "count", "Count", "Count the boxes.", Which, lambda _platform, _p: 3, lambda _p, _r: "Three.",
            prepare=_prepare, preview=lambda parameters: f"It would count shelf {parameters.shelf}.",
        ),
    ),
)  # fmt: skip


@pytest.fixture
def stock(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, toolkit_home: Any) -> Callable[..., Any]:
    """`toolkit stock …`."""
    del toolkit_home
    module = ModuleType("stock_area")
    module.AREA = AREA  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stock_area", module)
    monkeypatch.setenv("TOOLKIT_AREAS", "stock=stock_area")
    areas._loaded.cache_clear()
    return lambda *words: cli("stock", *words)


def test_the_front_page_is_the_first_view(stock: Callable[..., Any]) -> None:
    assert stock().stdout == stock("shelves").stdout != ""
    assert "Counted by hand." in stock().stderr


def test_rows_are_limited_and_that_is_told(stock: Callable[..., Any]) -> None:
    told = stock("shelves")
    assert len(told.stdout.splitlines()) == 1 + 2
    assert "2 of 3 rows." in told.stderr
    assert len(stock("shelves", "--limit", "3").stdout.splitlines()) == 1 + 3


def test_a_page_of_rows_can_be_asked_for(stock: Callable[..., Any]) -> None:
    told = stock("pallets", "--offset", "2", "--limit", "2", "--csv")
    assert told.stdout.splitlines() == ["pallet", "2", "3"]


def test_as_a_table_no_more_rows_are_printed_than_a_person_waits_for(stock: Callable[..., Any]) -> None:
    told = stock("pallets")
    assert len(told.stdout.splitlines()) == 1 + MOST_ROWS
    assert "10,000 of 10,005 rows." in told.stderr
    assert len(stock("pallets", "--csv").stdout.splitlines()) == 1 + MOST_ROWS + 5


def test_a_view_with_a_fault_is_one_sentence(stock: Callable[..., Any]) -> None:
    told = stock("faulty")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "The view faulty has a fault: KeyError: 'nobody'." in told.stderr
    assert "Traceback" not in told.stderr


def test_help_lets_nothing_act_on_the_terminal(stock: Callable[..., Any]) -> None:
    told = stock("pallets", "--help")
    assert told.exit_code == 0
    assert "\x1b" not in told.stdout + told.stderr
    assert "[/x] pallets?" in told.stdout


def test_half_a_character_is_written_as_its_code(stock: Callable[..., Any]) -> None:
    assert json.loads(stock("halves", "--json").stdout.replace("\\", "")) == [{"half": "aud83db"}]
    assert stock("halves", "--csv").stdout == "half\na\\ud83db\n"


def test_json_has_every_column_and_plain_values(stock: Callable[..., Any]) -> None:
    assert json.loads(stock("shelves", "--json", "--limit", "9").stdout) == ROWS
    assert json.loads(stock("shelves", "--json", "--columns", "extra,shelf").stdout)[0] == {"extra": 1, "shelf": "A"}


def test_csv_tells_null_from_empty_text(stock: Callable[..., Any]) -> None:
    lines = stock("shelves", "--csv", "--columns", "shelf,note", "--limit", "3").stdout.splitlines()
    assert lines == ["shelf,note", f'A,"{LONG}"', 'B\x1b[31m,""', "C,"]


def test_what_has_no_room_is_left_out_and_named(stock: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    told = stock("shelves")
    assert told.stdout.splitlines()[0].split() == ["shelf", "many"]
    assert "1,234,567" in told.stdout
    assert "No room for note: see --columns, --vertical, --json." in told.stderr


def test_where_not_even_the_least_has_room_rows_are_lines(
    stock: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    told = stock("shelves")
    assert "many   1,234,567" in told.stdout
    assert LONG in stock("shelves", "--vertical").stdout


def test_prose_is_broken_and_nothing_acts_on_the_terminal(
    stock: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = stock("shelves")
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert "\x1b" not in told.stdout
    assert "B␛[31m" in told.stdout


def test_no_rows_say_what_to_do(stock: Callable[..., Any]) -> None:
    told = stock("shelves", "--filter", "nowhere")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "No row is so: see --filter and --offset." in told.stderr
    assert "Nothing there." not in told.stderr, "there is something, only not that"
    assert stock("shelves", "--filter", "nowhere", "--json").stdout == "[]\n"


def test_parameters_are_arguments_and_options(stock: Callable[..., Any]) -> None:
    told = stock("boxes", "A", "--size", "large", "--box", "a=red", "--json")
    assert json.loads(told.stdout) == [{"shelf": "A", "size": "large", "box": "red"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["boxes"], "SHELF"),
        (["boxes", "A", "--size", "huge"], "'huge' is not one of"),
        (["boxes", "A", "--box", "red"], "Write NAME=VALUE"),
        (["shelves", "--columns", "shelf,nope"], "There is no column 'nope'"),
        (["shelves", "--limit", "0"], "Invalid value for '--limit'"),
        (["shelfs"], "shelfs"),
        (["count", "Q"], "There is no shelf 'Q'."),
    ],
)
def test_what_is_wrong_is_refused(stock: Callable[..., Any], words: list[str], said: str) -> None:
    told = stock(*words)
    assert told.exit_code == 2
    assert said in told.stderr
    assert told.stdout == ""


def test_what_could_not_be_read_ends_with_its_code_and_the_rest_is_printed(stock: Callable[..., Any]) -> None:
    told = stock("boxes", "Z")
    assert told.exit_code == 5
    assert "Z" in told.stdout
    assert "Shelf Z has fallen down." in told.stderr


def test_a_dry_run_does_nothing(stock: Callable[..., Any]) -> None:
    from toolkit import runs

    assert stock("count", "A", "--dry-run").stdout == "It would count shelf A.\n"
    assert stock("count", "Q", "--dry-run").exit_code == 2
    assert not runs.history()


def test_a_task_is_a_run_with_its_parameters(stock: Callable[..., Any]) -> None:
    from toolkit import runs

    assert "Three." in stock("count", "A", "--size", "large").stdout
    (run,) = runs.history()
    record = run.record()
    assert (record.status, record.task, record.answer) == ("succeeded", "count", "Three.")
    assert record.options == {"shelf": "A", "size": "large"}
