"""Every view and every task of every area keeps what the shared faces promise of it.

A new area is tested here without a line of its own: its views are reached through their links from the front page.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import governance_world
import loads_world
import pytest
import quality_world
import tui_world
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input
from tui_driving import press, screen_text, settle

from tests import streams_world
from tests.records import append
from toolkit import areas, fitting, parameters
from toolkit.errors import ToolkitError
from toolkit.kinds import KINDS, text
from toolkit.store.lakehouse import Lakehouse
from toolkit.tui.app import ToolkitApp
from toolkit.tui.pages import SCREENS
from toolkit.tui.screens.form import PartForm
from toolkit.tui.screens.view import ViewScreen, page_of
from toolkit.views import RESERVED_KEYS, Result, Task, View

VIEWS = [address for address in areas.addresses() if isinstance(areas.part(address), View)]
TASKS = [address for address in areas.addresses() if isinstance(areas.part(address), Task)]
MAKES_ITS_TABLE = {"etl.ingest"}
ON_TABLES = [
    address
    for address in TASKS
    if "table" in areas.part(address).parameters.model_fields and address not in MAKES_ITS_TABLE
]
PAGES = [address for address in VIEWS if address not in SCREENS]
ESCAPES = ("\x1b", "\x00", "\u202e")
ELSEWHERE: dict[str, dict[str, Any]] = {
    "quality.changes": {"old": "orders-1.0.0", "new": "orders-2.0.0"},
    "quality.drift": {"table": "silver.orders", "before": 0, "after": 1},
    "quality.sla": {"table": "silver.orders", "pass_rate": 0.9, "min_rows": 1, "days": 3660},
    "governance.audit": {"days": 36_500},
    "governance.impact": {"column": "silver.customers.email"},
}
"""What views are asked with that no link leads to and that need something."""
DECLARED = {"quality.changes", "quality.contracts", "services.list"}
"""Views of what scenarios and services declare, which is there before anything was run."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with runs, tables, measured rules, a quarantine, a profile, a contract and a log; some of the text is hostile."""
    home = tmp_path_factory.mktemp("conformance") / "home"
    quality_world.build(home, rules=12, runs=20)
    tui_world.write_runs(home)
    loads_world.build(home)
    streams_world.build(home)
    hostile = quality_world.result(
        19, "gold.churn_risk", tui_world.HOSTILE, 3, kind=tui_world.HOSTILE, columns=(tui_world.HOSTILE,)
    )
    append(Lakehouse(home / "lakehouse").path("ops.quality_results"), [hostile])
    log = home / "services" / "azurite" / "log.txt"
    log.parent.mkdir(parents=True)
    log.write_text(f"Azurite Blob service is starting\n{tui_world.HOSTILE}\n", encoding="utf-8")
    return home


@pytest.fixture(scope="session")
def governed_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lakehouse is governed. It is another one: to look at a table of it is an entry in its audit trail."""
    home = tmp_path_factory.mktemp("governed") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(home))
        governance_world.build(home)
    return home


def _is_of_governance(address: str) -> bool:
    return address.startswith("governance.")


@pytest.fixture
def own_world(
    request: pytest.FixtureRequest, world: Path, governed_world: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The home that has something to show of the view that is tested."""
    address = request.node.callspec.params.get("address", "")
    if not _is_of_governance(address):
        return world
    as_owner(monkeypatch)
    return governed_world


def as_owner(patch: pytest.MonkeyPatch) -> None:
    """Who owns the governed lakehouse is at work."""
    patch.setenv("TOOLKIT_PRINCIPAL", governance_world.OWNER)
    patch.setattr("toolkit.governance.policies.acting", lambda: governance_world.OWNER)
    patch.setattr("toolkit.governance.views.naming.acting", lambda: governance_world.OWNER)


@pytest.fixture
def used_home(own_world: Path, empty_home: Path) -> Path:
    """A copy of it."""
    shutil.copytree(own_world, empty_home)
    return empty_home


def asked(home: Path, views: list[str]) -> dict[str, dict[str, Any]]:
    """What each of these views can be asked with in this home: found by following every link from the front pages."""
    lakehouse = Lakehouse(home / "lakehouse")
    found: dict[str, dict[str, Any]] = {
        a: {} for a in views if not any(f.is_required() for f in areas.view(a).parameters.model_fields.values())
    }
    found |= {address: how for address, how in ELSEWHERE.items() if address in views}
    waiting = list(found)
    while waiting:
        address = waiting.pop()
        view = areas.view(address)
        question = areas.question(address, found[address])
        rows = view.read(lakehouse, question.parameters).rows
        # The table with the most to show first.
        for row in [None, *sorted(rows, key=lambda row: row.get("table") != "silver.orders")[:5]]:
            for link in view.links:
                values = link.values(row, question.parameters)
                if values is not None and link.to in views and link.to not in found and _answers(home, link.to, values):
                    found[link.to] = values
                    waiting.append(link.to)
    return found


def _answers(home: Path, address: str, values: dict[str, Any]) -> bool:
    """Whether it is a view that has rows; a rule whose name is hostile has none, and is refused in words."""
    try:
        return isinstance(areas.part(address), View) and bool(read(home, address, values).rows)
    except ToolkitError:
        return False


@pytest.fixture
def shared_home(own_world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home itself, for tests that only look."""
    monkeypatch.setenv("TOOLKIT_HOME", str(own_world))
    return own_world


@pytest.fixture(scope="session")
def questions(world: Path, governed_world: Path) -> dict[str, dict[str, Any]]:
    """What each view is asked with here."""
    found: dict[str, dict[str, Any]] = {}
    for home, governs in ((world, False), (governed_world, True)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TOOLKIT_HOME", str(home))
            as_owner(patch)
            found |= asked(home, [one for one in VIEWS if _is_of_governance(one) == governs])
    return found


def read(home: Path, address: str, values: dict[str, Any]) -> Result:
    """The whole answer."""
    lakehouse = Lakehouse(home / "lakehouse")
    view = areas.view(address)
    return view.filled(lakehouse, view.read(lakehouse, areas.question(address, values).parameters))


async def opened(pilot: Pilot[None], address: str, questions: dict[str, Any]) -> ViewScreen:
    """The page of a view, read."""
    screen = page_of(address, questions[address])
    await pilot.app.push_screen(screen)
    await settle(pilot)
    assert pilot.app.screen is screen
    return screen


def plain(rows: list[Any]) -> Any:
    """Rows as JSON gives them."""
    from toolkit.cli.output import _plain

    return json.loads(json.dumps(rows, default=_plain), parse_constant=lambda _: None)


@pytest.mark.parametrize("address", VIEWS)
def test_every_view_can_be_reached_and_has_rows_here(
    address: str, questions: dict[str, Any], shared_home: Path
) -> None:
    assert address in questions, f"no link leads to {address}, and ELSEWHERE does not ask it"
    assert read(shared_home, address, questions[address]).rows, "this home shows nothing of it"


@pytest.mark.parametrize("address", VIEWS)
def test_rows_have_the_columns_that_the_view_declares(
    address: str, questions: dict[str, Any], shared_home: Path
) -> None:
    view = areas.view(address)
    result = read(shared_home, address, questions[address])
    names = {column.name for column in result.columns or view.columns}
    assert view.question
    for row in result.rows:
        shared = {name for name in row if not name.startswith("_")}
        assert shared - names <= {"problem"} | {n for link in view.links for n in link.given.values()}
        view.sentence(row)
    keys = [view.row_key(row) for row in result.rows]
    assert len(set(map(str, keys))) == len(keys), "two rows have one key"


@pytest.mark.parametrize("address", VIEWS)
def test_links_lead_somewhere(address: str) -> None:
    view = areas.view(address)
    columns = {column.name for column in view.columns}
    for link in view.links:
        target = areas.part(link.to)
        fields = target.parameters.model_fields
        assert set(link.given) <= set(fields), f"{link.to} does not ask for {set(link.given) - set(fields)}"
        known = columns | set(view.parameters.model_fields)
        assert not view.columns or set(link.given.values()) <= known, f"{address} does not know {link.given}"
        assert link.key not in RESERVED_KEYS
        assert link.label
        assert link.tip.endswith(".")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.asyncio
async def test_the_command_shown_gives_the_rows_shown(
    address: str, questions: dict[str, Any], cli: Callable[..., Any], shared_home: Path
) -> None:
    del shared_home
    app = ToolkitApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, address, questions)
        await press(pilot, "s")
        shown = list(screen.rows)
        words = screen.command_words
    printed = cli(*words, "--json")
    assert printed.exit_code == 0, printed.stderr
    names = [column.name for column in screen.columns]
    view = areas.view(address)
    whole = [view.fill(Lakehouse.default(), row) if view.fill else row for row in shown]
    assert json.loads(printed.stdout) == plain([{name: row.get(name) for name in names} for row in whole])
    assert shown


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("address", VIEWS)
def test_nothing_is_cut_in_text(
    address: str,
    width: int,
    questions: dict[str, Any],
    cli: Callable[..., Any],
    shared_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    view = areas.view(address)
    result = read(shared_home, address, questions[address])
    limit = view.limit or len(result.rows)
    printed = cli(*areas.question(address, questions[address]).words(), "--limit", str(limit))
    assert printed.exit_code == 0, printed.stderr
    columns = result.columns or view.columns
    rows = result.rows[:limit]
    shown = fitting.fitting(fitting.usual(columns), rows, width)
    lines = printed.stdout.splitlines()
    assert not shown or max(map(len, lines)) <= width
    for column in shown or columns:
        if not KINDS[column.kind].elastic:
            for row in rows:
                assert text(column.kind, row.get(column.name)).strip() in printed.stdout
    assert not any(escape in printed.stdout for escape in ESCAPES)


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.asyncio
async def test_pages_at_both_sizes(
    address: str,
    questions: dict[str, Any],
    size: tuple[int, int],
    golden: Callable[[Any, str], None],
    shared_home: Path,
) -> None:
    del shared_home
    app = ToolkitApp()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, address, questions)
        golden(app, f"view_{address.replace('.', '_')}_{size[0]}")
        assert not any(escape in screen_text(app) for escape in ESCAPES)


@pytest.mark.parametrize("address", VIEWS)
def test_an_empty_home_says_what_to_do(
    address: str, questions: dict[str, Any], cli: Callable[..., Any], used_home: Path
) -> None:
    words = areas.question(address, questions[address]).words()
    shutil.rmtree(used_home)
    printed = cli(*words)
    assert printed.exit_code in (0, 2, 5)
    assert "Traceback" not in printed.stderr
    assert len(printed.stderr) > 20, "it does not say what to do"
    assert printed.stdout == "" or address in DECLARED


@pytest.mark.parametrize("address", VIEWS)
def test_a_damaged_table_is_told_and_no_stack_is_shown(
    address: str, questions: dict[str, Any], cli: Callable[..., Any], used_home: Path
) -> None:
    words = areas.question(address, questions[address]).words()
    before = cli(*words).stdout
    for log in (used_home / "lakehouse").glob("*/*/_delta_log"):
        for commit in log.glob("*.json"):
            commit.write_text("{ not json")
    printed = cli(*words)
    assert printed.exit_code in (0, 2, 5)
    assert "Traceback" not in printed.stderr
    assert printed.exit_code == 5 or printed.stdout == before, "damage must not look like an answer"


@pytest.mark.parametrize("address", VIEWS)
def test_hostile_words_do_no_harm(
    address: str, questions: dict[str, Any], cli: Callable[..., Any], shared_home: Path
) -> None:
    del shared_home
    question = areas.question(address, questions[address])
    hostile = "\x1b[31m'; DROP TABLE \u202e[red]"
    printed = cli(*replace(question, arrangement=replace(question.arrangement, words=hostile)).words())
    assert printed.exit_code == 0
    assert not any(escape in printed.stdout + printed.stderr for escape in ESCAPES)
    texts = [n for n, f in areas.view(address).parameters.model_fields.items() if f.annotation is str]
    for name in texts:
        try:
            words = areas.question(address, {**questions[address], name: hostile}).words()
        except ToolkitError:
            continue
        printed = cli(*words)
        assert printed.exit_code in (0, 2, 5)
        assert "Traceback" not in printed.stderr
        assert not any(escape in printed.stdout + printed.stderr for escape in ESCAPES)


def test_no_link_can_take_a_key_that_a_page_or_the_app_has() -> None:
    bindings = [binding for part in (ViewScreen, ToolkitApp) for binding in part.BINDINGS]
    keys = {key for binding in bindings if isinstance(binding, Binding) for key in binding.key.split(",")}
    assert keys
    assert keys <= RESERVED_KEYS


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.asyncio
async def test_filter_sort_row_and_export(address: str, questions: dict[str, Any], used_home: Path) -> None:
    app = ToolkitApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, address, questions)
        every = len(screen.rows)
        await press(pilot, "S", "s", "S", "space", "escape", "e")
        screen.query_one(Input).value = "zzz-no-row-has-this"
        await settle(pilot)
        assert not screen.rows
        assert "No row has these words" in screen_text(app)
        await press(pilot, "escape")
        assert len(screen.rows) == every
        await press(pilot, "question_mark")
        for link in areas.view(address).links:
            if link.key != "enter" and screen.check_action("follow", (link.key,)):
                assert link.tip.split()[0] in screen_text(app)
    (file,) = (used_home / "exports").glob("*.csv")
    assert len(file.read_text(encoding="utf-8").splitlines()) > every or every == 0


def least(task: Task[Any, Any], table: str) -> dict[str, Any]:
    """What a task has to be asked with, about a table."""
    fields = {name: field for name, field in task.parameters.model_fields.items() if field.is_required()}
    usual = {name: 0 if field.annotation is int else "customer_is_known" for name, field in fields.items()}
    examples = {name: field.examples[0] for name, field in fields.items() if field.examples}
    return {**usual, **examples, **({"table": table} if "table" in fields else {})}


@pytest.mark.parametrize("address", TASKS)
@pytest.mark.asyncio
async def test_every_task_has_a_form_that_shows_its_command(address: str, shared_home: Path) -> None:
    del shared_home
    task = areas.part(address)
    values = least(task, "silver.orders")
    app = ToolkitApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(PartForm(address, values))
        await settle(pilot)
        words = [*address.split("."), *parameters.words(task.parameters.model_validate(values))]
        assert f"$ toolkit {' '.join(words)}" in screen_text(app)


@pytest.mark.parametrize("address", ON_TABLES)
def test_every_task_refuses_a_table_that_is_not_there(
    address: str, cli: Callable[..., Any], used_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)  # refused before Java starts
    task = areas.part(address)
    values = least(task, "silver.nowhere")
    printed = cli(*address.split("."), *parameters.words(task.parameters.model_validate(values)))
    assert printed.exit_code in (2, 5), printed.stderr
    assert "silver.nowhere" in printed.stderr or "quarantine.nowhere" in printed.stderr
    assert not list((used_home / "runs").glob(f"*{address.replace('.', '_')}*")), "a refused task is no run"
