"""The page of a contract and the guide: what is promised stands there, as text, and the guide is what the code says."""

from __future__ import annotations

import pytest

from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, Volume, page
from toolkit.quality.rules import Between, RowCount

TABLE = ContractTable(
    name="silver.orders",
    description="One order.",
    columns=(
        Column(name="id", type="bigint", nullable=False, description="The number.", examples=(1, "x")),
        Column(name="place", type="struct<city:string>", classification="restricted"),
        Column(name="at", type="timestamp"),
        Column(name="sort", logical_type="integer", checks=({"type": "text", "description": "By hand."},)),
    ),
    primary_key=("id",),
    rules=(Between(column="id", min=1, tolerance=0.005, severity="warn", where="id > 0"), RowCount(min=5)),
    freshness=Freshness(column="at", within=2, unit="days"),
    volume=Volume(min_rows=1_000),
)
CONTRACT = Contract(
    id="orders",
    version="2.0.0",
    status="active",
    owner="Shop data",
    usage="Reports.",
    tables=(TABLE,),
    service_levels=({"property": "retention", "value": 3, "unit": "y"},),
)


@pytest.mark.parametrize(
    "line",
    [
        "# orders",
        "Version 2.0.0, active. Owner: Shop data.",
        "**Use.** Reports.",
        "## silver.orders",
        "Primary key: `id`.",
        "| `id` | `bigint` | no | The number. |  | 1, x |",
        "| `place.city` | `string` | yes |  |  |  |",
        "| `sort` | integer | yes |  |  |  |",
        "- Fresh: the latest `at` is at most 2 days old.",
        "- Volume: at least 1,000 rows.",
        "| `id_between` | id is at least 1. (where id > 0) | warns | 0.5% |",
        "| `id_required` | id is given. | row is quarantined | none |",
        "| `row_count` | The number of rows is at least 5. | fails the table |  |",
        "| retention | 3 y |  |  |",
        "- silver.orders.sort: text is kept, but not checked: it is text for people.",
    ],
)
def test_what_is_promised_stands_on_the_page(line: str) -> None:
    assert line in page(CONTRACT).splitlines()


def test_history_tells_what_changed_the_newest_first() -> None:
    first = CONTRACT.model_copy(update={"version": "1.0.0", "owner": "Others"})
    middle = CONTRACT.model_copy(update={"version": "1.0.1"})
    last = CONTRACT.model_copy(update={"tables": ()})
    lines = page(last, [first, middle]).splitlines()
    told = lines[lines.index("## History") :]
    assert [line for line in told if line.startswith("### ")] == ["### 1.0.1 → 2.0.0", "### 1.0.0 → 1.0.1"]
    assert "- breaking: silver.orders: table removed. Who reads the table finds nothing." in told
    assert any(line.startswith("- metadata: orders: owner changed (Others → Shop data).") for line in told)
    assert "Nothing changed." in page(CONTRACT, [CONTRACT])


def test_nothing_that_a_contract_says_becomes_markup() -> None:
    nasty = "a | b\n# Not a heading <script>x</script> [link](http://x) `code` *bold*"
    table = ContractTable(name="t|x", description="# " + nasty, columns=(Column(name="a`|b", description=nasty),))
    written = page(Contract(id="c", version="1.0.0", description="- " + nasty, owner=nasty, tables=(table,)))
    assert [line for line in written.splitlines() if line.startswith("#")] == ["# c", "## t\\|x"]
    assert "<script" not in written
    cells = [line for line in written.splitlines() if line.startswith("| `a")]
    assert [line.replace("\\|", "").count("|") for line in cells] == [7]


def test_a_contract_that_says_nothing_has_a_page() -> None:
    assert "No owner is named." in page(Contract(id="c", version="1.0.0"))
