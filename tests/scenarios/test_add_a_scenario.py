"""`docs/add-a-scenario.md`, followed to the letter: its files are written, its commands are run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from toolkit import paths, runner, scenario
from toolkit.runs import RunRecord, RunView
from toolkit.store.lakehouse import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAGE = paths.REPOSITORY / "docs" / "add-a-scenario.md"
PLACEHOLDER = "        # your next rule goes here\n"
BLOCK = re.compile(r"(?:^`(?P<file>[\w./]+)`\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
pytestmark = [pytest.mark.spark, pytest.mark.slow]


@dataclass(frozen=True)
class Block:
    """A code block of the page, with the file name that stands before it."""

    file: str | None
    text: str


def blocks(heading: str = "") -> list[Block]:
    """The code blocks of one section of the page; those before the first heading when none is named."""
    sections = dict(
        re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
    sections[""] = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    return [Block(found["file"], found["text"]) for found in BLOCK.finditer(sections[heading])]


def commands(heading: str = "") -> list[list[str]]:
    """The shell commands of a section, as words."""
    return [shlex.split(line) for b in blocks(heading) if b.file is None for line in b.text.splitlines()]


class Reader:
    """Whoever follows the page: knows a home folder, and types what it says."""

    def __init__(
        self, cli: Callable[..., Any], spark: SparkSession, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.cli, self.spark, self.home, self.patch = cli, spark, home, monkeypatch
        self.root = Path()

    def write(self, heading: str) -> None:
        """Write the files of a section; one that is there already gets the block in the place of the placeholder."""
        for block in blocks(heading):
            if block.file is None:
                continue
            file = self.root / block.file
            before = file.read_text(encoding="utf-8") if file.exists() else ""
            assert not before or before.count(PLACEHOLDER) == 1
            file.write_text(before.replace(PLACEHOLDER, block.text) or block.text, encoding="utf-8")

    def type(self, words: list[str]) -> Any:
        """Do one command; returns what it told."""
        expanded = [word.replace("~", str(self.home)) for word in words]
        match expanded:
            case ["mkdir", "-p", folder]:
                Path(folder).mkdir(parents=True)
            case ["export", setting]:
                name, _, value = setting.partition("=")
                self.patch.setenv(name, value)
                self.root = Path(value)
            case ["./run", "tui"]:
                assert "parcels" in scenario.discover()
            case ["./run", "toolkit", "run", name, *options]:
                return self.run(name, options)
            case ["./run", "toolkit", *arguments]:
                told = self.cli(*arguments)
                assert told.exit_code == 0, told.stderr
                return told
            case _:
                pytest.fail(f"the page has a command that this test does not know: {words}")
        return None

    def run(self, name: str, options: list[str]) -> tuple[RunRecord, RunView]:
        """A run, in the session that all tests share."""
        given = {options[i + 1]: options[i + 2] for i, word in enumerate(options) if word == "-p"}
        assert set(options) - {"-p", "--fresh", *given, *given.values()} == set()
        chosen = scenario.get(name)
        record = runner.execute(chosen, chosen.parse(given), fresh="--fresh" in options, spark=self.spark)
        from toolkit import runs

        return record, runs.find(record.run_id).view()


def states(view: RunView) -> dict[str, str]:
    return {step.name: step.state for step in view.steps.values()}


def ids(table: str) -> list[str]:
    return [row[0] for row in Lakehouse.default().open(table).sql("SELECT parcel_id FROM t ORDER BY parcel_id").rows]


@pytest.mark.smoke
def test_the_page_can_be_followed(
    cli: Callable[..., Any],
    spark: SparkSession,
    toolkit_home: Path,
    scenario_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Reader(cli, spark, tmp_path / "user", monkeypatch)
    for words in commands():
        reader.type(words)
    for heading in ("The data", "The declaration", "The steps"):
        reader.write(heading)

    shown, (record, view), quality, quarantine, _ = [reader.type(words) for words in commands("Run it, look at it")]
    assert "Which city needs the largest van?" in shown.stdout
    assert "1 to 100" in shown.stdout
    assert record.answer == "Porto, with 12.50 kg."
    assert states(view) == dict.fromkeys(["ingest", "check", "load"], "finished")
    assert quality.stdout.count("silver.parcels") == 4
    assert "P6,Lima,2.5,fragile" in quarantine.stdout
    assert (ids("bronze.parcels"), ids("silver.parcels")) == ([f"P{n}" for n in range(1, 7)], ["P1", "P2"])
    assert ids("quarantine.parcels") == ["P3", "P4", "P5", "P6"]
    assert all(column.comment for column in Lakehouse.default().open("silver.parcels").columns())

    reader.write("Add a rule")
    forget_imports()
    (_, view), broken = [reader.type(words) for words in commands("Add a rule")]
    assert states(view) == dict.fromkeys(["ingest", "check", "load"], "finished")
    assert "trip_is_worth_it" in broken.stdout
    assert Lakehouse.default().open("silver.parcels").sql(
        "SELECT parcel_id, _warnings FROM t ORDER BY parcel_id"
    ).rows == [
        ("P1", []),
        ("P2", ["trip_is_worth_it"]),
    ]

    again, heavier, fresh = [reader.type(words) for words in commands("What runs again, and what does not")]
    assert states(again[1]) == dict.fromkeys(["ingest", "check", "load"], "skipped")
    assert again[0].answer == "Porto, with 12.50 kg."
    assert states(heavier[1]) == {"ingest": "skipped", "check": "finished", "load": "finished"}
    assert heavier[0].answer == "Porto, with 53.50 kg."
    assert states(fresh[1]) == dict.fromkeys(["ingest", "check", "load"], "finished")

    with (reader.root / "parcels" / "parcels.csv").open("a", encoding="utf-8") as file:
        file.write("P7,Lima,28\n")
    record, view = reader.run("parcels", [])
    assert states(view) == dict.fromkeys(["ingest", "check", "load"], "finished")
    assert record.answer == "Lima, with 29.80 kg."
    assert set(json.loads(cli("tables", "--json").stdout)[0]) >= {"table", "rows", "version"}
    assert Lakehouse.default().tables()[-1] == "ops.quality_results"


def forget_imports() -> None:
    """Each command is a new process for the reader of the page; here all share one."""
    import sys

    for name in [n for n in sys.modules if n.startswith("scenarios.parcels")]:
        del sys.modules[name]


def test_the_page_is_one_page() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= 200
