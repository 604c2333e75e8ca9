"""Scenarios are found, read and given parameters; what does not fit is refused in the user's words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import Field

from toolkit import paths, scenario
from toolkit.errors import UsageError
from toolkit.quality.quarantine import quarantine_of
from toolkit.scenario import LAYERS, Parameters, Scenario, Step, Table, check_table_name, load_tables

DECLARATION = """
from toolkit.scenario import Parameters, Scenario, Step
SCENARIO = Scenario(
    id="{id}", title="T", question="Q?", story="S", parameters=Parameters,
    steps=(Step("count", "Count", "Count."), Step("weigh", "Weigh", "Weigh.")), tables=(),
)
"""


class Choices(Parameters):
    orders: int = Field(100, ge=10, le=1000)
    seed: int = 7
    strict: bool = False


SAMPLE = Scenario(
    id="sample",
    title="Sample",
    question="Which?",
    story="",
    parameters=Choices,
    steps=(
        Step("first", "First", "", writes=("bronze.a", "silver.b")),
        Step("second", "Second", "", reads=("silver.b",), writes=("gold.c", "silver.b")),
    ),
    tables=(Table("bronze.a", "An a.", {"id": "Its id."}),),
)


def declare(root: Path, name: str, text: str = DECLARATION, identity: str | None = None) -> Path:
    """A scenario folder in `root`."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "scenario.py").write_text(text.replace("{id}", identity or name), encoding="utf-8")
    return folder


# what there is


def test_the_repositorys_scenarios_are_found_without_importing_spark() -> None:
    code = "import sys; from toolkit import scenario; print(*scenario.discover()); print('pyspark' in sys.modules)"
    environment = {k: v for k, v in os.environ.items() if k != "TOOLKIT_SCENARIOS"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    names, spark = told.stdout.splitlines()
    assert "retail_lakehouse" in names.split()
    assert spark == "False"


def test_a_folder_of_ones_own_is_found_beside_them(scenario_root: Path) -> None:
    declare(scenario_root, "parcels")
    (scenario_root / "notes.txt").touch()
    (scenario_root / "data").mkdir()
    assert {"parcels", "retail_lakehouse"} <= set(scenario.discover())
    assert scenario.get("parcels").folder == scenario_root / "parcels"


def test_several_folders_may_be_named(scenario_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(scenario_root, "parcels")
    declare(tmp_path / "more", "letters")
    monkeypatch.setenv("TOOLKIT_SCENARIOS", os.pathsep.join(["", str(scenario_root), str(tmp_path / "more")]))
    assert {"parcels", "letters"} <= set(scenario.discover())


def test_a_folder_of_folders_that_is_not_there_is_told_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_SCENARIOS", str(tmp_path / "nowhere"))
    found = scenario.survey()
    assert "retail_lakehouse" in found.scenarios
    assert "nowhere, which is not a folder" in found.broken[str(tmp_path / "nowhere")].what


def test_of_two_with_one_id_the_first_is_used_and_the_second_told(scenario_root: Path) -> None:
    declare(scenario_root, "retail_lakehouse")
    found = scenario.survey()
    assert found.scenarios["retail_lakehouse"].folder == paths.REPOSITORY / "scenarios" / "retail_lakehouse"
    told = found.broken["retail_lakehouse"].what
    assert "Two scenarios are called 'retail_lakehouse'" in told
    assert str(scenario_root) in told


BROKEN = [
    ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ("def broken(:", "SyntaxError"),
    ("raise RuntimeError('not today\\nnor tomorrow')", "RuntimeError: not today."),
    ("raise SystemExit(3)", "SystemExit: 3"),
    ("x = 1", "declares no SCENARIO"),
    ("SCENARIO = 'parcels'", "declares parcels"),
    ("SCENARIO = None", "declares None"),
    (DECLARATION.replace("{id}", "parcel"), "declares parcel"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_one_that_cannot_be_read_is_named_in_one_line_and_harms_no_other(
    scenario_root: Path, text: str, said: str
) -> None:
    declare(scenario_root, "parcels", text)
    declare(scenario_root, "letters")
    found = scenario.survey()
    assert {"letters", "retail_lakehouse"} <= set(found.scenarios)
    (problem,) = found.broken.values()
    assert str(scenario_root / "parcels" / "scenario.py") in problem.what
    assert said in problem.what
    assert "\n" not in str(problem)
    with pytest.raises(UsageError, match=r"parcels.*scenario\.py"):
        scenario.get("parcels")


def test_a_folder_of_code_without_a_declaration_is_told(scenario_root: Path) -> None:
    folder = declare(scenario_root, "parcels")
    (folder / "scenario.py").rename(folder / "steps.py")
    (scenario_root / ".git").mkdir()
    assert "has no scenario.py" in scenario.survey().broken["parcels"].what
    assert set(scenario.survey().broken) == {"parcels"}


@pytest.mark.parametrize(
    "name", ["My-Parcels", "2parcels", "par cels", "Parcels", "_parcels", "[red]x[bold]", "a\x1b[31m", "a\nb"]
)
def test_a_folder_whose_name_is_no_id_is_told_and_its_code_never_runs(scenario_root: Path, name: str) -> None:
    declare(scenario_root, name, "raise SystemExit('it ran')")
    (problem,) = scenario.survey().broken.values()
    assert "is not a scenario id" in problem.what
    assert "small letters" in problem.cure
    assert str(problem).isprintable()


def test_steps_that_cannot_be_imported_are_refused_with_the_reason(scenario_root: Path) -> None:
    folder = declare(scenario_root, "parcels")
    with pytest.raises(UsageError, match=r"steps\.py cannot be read: ModuleNotFoundError"):
        scenario.get("parcels").bodies()
    (folder / "steps.py").write_text("def count(platform:", encoding="utf-8")
    with pytest.raises(UsageError, match=r"parcels/steps\.py cannot be read: SyntaxError"):
        scenario.get("parcels").body("count")


def test_an_unknown_scenario_offers_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no scenario 'retail_lakehose'\. Did you mean 'retail_lakehouse'") as refused:
        scenario.get("retail_lakehose")
    assert "retail_lakehouse" in refused.value.choices


# what one declares


def test_written_lists_each_table_once_in_order() -> None:
    assert SAMPLE.written == ("bronze.a", "silver.b", "gold.c")


def test_two_tables_of_one_name_are_refused() -> None:
    silver, gold = Table("silver.a", "A.", {"x": "X."}), Table("gold.a", "A.", {"x": "X."})
    with pytest.raises(UsageError, match=r"declares quarantine\.a more than once"):
        Scenario("s", "S", "?", "", Parameters, (), (silver, gold, quarantine_of(silver), quarantine_of(gold)))


def test_unknown_steps_and_tables_offer_the_nearest() -> None:
    assert SAMPLE.step("second").title == "Second"
    assert SAMPLE.table("bronze.a").layer == "bronze"
    with pytest.raises(UsageError, match=r"no step 'secnd'\. Did you mean 'second'"):
        SAMPLE.step("secnd")
    with pytest.raises(UsageError, match=r"no table 'bronze\.b'\. Did you mean 'bronze\.a'"):
        SAMPLE.table("bronze.b")


def test_the_body_of_a_step_is_the_function_of_its_name(scenario_root: Path) -> None:
    (declare(scenario_root, "parcels") / "steps.py").write_text(
        "def count(platform): return platform", encoding="utf-8"
    )
    found = scenario.get("parcels")
    assert found.body("count")(42) == 42
    with pytest.raises(UsageError, match=r"steps\.py of parcels has no function 'weigh'"):
        found.body("weigh")


def test_a_notebook_in_the_scenarios_own_folder_comes_first(scenario_root: Path) -> None:
    folder = declare(scenario_root, "parcels")
    assert scenario.get("parcels").notebook == paths.NOTEBOOKS / "parcels.ipynb"
    (folder / "parcels.ipynb").touch()
    assert scenario.get("parcels").notebook == folder / "parcels.ipynb"


# parameters


def test_what_is_missing_takes_its_default_and_text_is_understood() -> None:
    assert SAMPLE.parse({}) == Choices()
    assert SAMPLE.parse({"orders": "20", "strict": "true"}) == Choices(orders=20, strict=True)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"orders": "9"}, "orders = '9': it should be greater than or equal to 10"),
        ({"orders": "1001"}, "orders = '1001': it should be less than or equal to 1000"),
        ({"orders": "many"}, "orders = 'many': it should be a valid integer"),
        ({"orders": "1.5"}, "orders = '1.5'"),
        ({"orders": ""}, "orders = ''"),
        ({"orders": None}, "orders = None"),
        ({"strict": "perhaps"}, "strict = 'perhaps': it should be a valid boolean"),
        ({"ordres": 20}, "there is no parameter 'ordres' (did you mean 'orders'?)"),
        ({"model_config": "x"}, "there is no parameter 'model_config'"),
    ],
)
def test_a_bad_value_is_refused_in_the_users_words(values: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        SAMPLE.parse(values)
    assert refused.value.what.startswith("sample cannot start: ")
    assert said in refused.value.what
    assert "toolkit scenarios show sample" in refused.value.cure


def test_all_problems_are_told_at_once_and_names_listed_if_one_is_misspelt() -> None:
    with pytest.raises(UsageError) as refused:
        SAMPLE.parse({"ordres": 1, "sede": 2, "orders": 5, "seed": "x"})
    assert all(name in refused.value.what for name in ("'ordres'", "'sede'", "orders = 5", "seed = 'x'"))
    assert refused.value.choices == ("orders", "seed", "strict")


def test_parameters_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        SAMPLE.parse({}).seed = 8  # type: ignore[attr-defined]


# names of tables


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_tables(layer: str) -> None:
    assert check_table_name(f"{layer}.orders_2") == f"{layer}.orders_2"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "orders",
        "silver.",
        ".orders",
        "silver.Orders",
        "Silver.orders",
        "silver.2orders",
        "silver._orders",
        "silver.orders.old",
        "silver.../../etc",
        "silver.x/../../y",
        "silver./etc/passwd",
        "silver.x\\y",
        "silver.x\n",
        "silver.x\x00",
        "silver.x y",
        "silver.'x'",
        'silver."x"',
        "silver.größen",
        "platinum.orders",
        "silver-orders",
        " silver.orders",
    ],
)
def test_a_name_that_could_lead_out_of_the_lakehouse_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a table name"):
        check_table_name(name)


def test_tables_are_read_from_toml_in_order(tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    file.write_text(
        dedent("""
        ["silver.parcels"]
        description = "A parcel."
        columns = { id = "Its id.", grams = "Its weight." }
        """),
        encoding="utf-8",
    )
    (table,) = load_tables(file)
    assert (table.name, table.layer, list(table.columns)) == ("silver.parcels", "silver", ["id", "grams"])


def test_a_declared_table_needs_a_valid_name(tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    file.write_text('["silver.../x"]\ndescription = ""\ncolumns = {}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="is not a table name"):
        load_tables(file)


def test_the_scenario_to_begin_with_is_first_in_every_list() -> None:
    assert next(iter(scenario.discover())) == "retail_lakehouse"
    orders = [found.order for found in scenario.discover().values()]
    assert orders == sorted(orders)
