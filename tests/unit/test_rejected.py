"""A quarantine read without a JVM: which rows are meant, why each is there, and what a repair would make of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit.errors import UsageError
from toolkit.quality.rejected import (
    NOT_SPARK,
    check_settings,
    chosen,
    explanation,
    open_quarantine,
    preview,
    reason_text,
    settings_of,
)
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader

TABLE = "silver.orders"


@pytest.fixture
def quarantine(toolkit_home: Path) -> DeltaReader:
    """Ten rows that cost nothing, and one that costs too much."""
    rows = {
        "order_id": [f"O{number}" for number in range(11)],
        "amount": [0.0] * 10 + [9.5],
        "order note": ["x"] * 11,
        "_rules": [["amount_is_positive"]] * 10 + [["amount_is_small"]],
    }
    write_deltalake(Lakehouse.default().path("quarantine.orders"), pa.table(rows))
    return open_quarantine(TABLE, Lakehouse.default())


def test_a_preview_says_how_many_rows_and_what_some_become(quarantine: DeltaReader) -> None:
    conditions = chosen(quarantine, "amount_is_positive", "")
    told = preview(quarantine, conditions, ["amount = amount + 5", "`order note`='y'"]).splitlines()
    assert told[0].startswith("10 rows of 11 in quarantine would be checked again, and released where no rule")
    assert told[1:] == ["· amount: 0.0 → 5.0   order note: x → y"] * 3
    assert preview(quarantine, ("", "amount > 1000000"), []) == (
        "No row in quarantine meets this: nothing would be released."
    )
    assert quarantine.count() == 11


def test_what_only_spark_can_judge_is_left_to_it(quarantine: DeltaReader) -> None:
    told = preview(quarantine, ("", ""), ["amount = only_spark_knows(amount)"])
    assert told.startswith("11 rows of 11")
    assert "only_spark_knows" in told
    assert told.endswith(NOT_SPARK)
    conditions = chosen(quarantine, "", "only_spark_knows(amount)")
    assert preview(quarantine, conditions, []).endswith(NOT_SPARK)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("order_id <> ')' -- not that one", 10),
        ("order_id = 'O1' OR 1=1", 10),
        ("amount = 0 -- the worst", 10),
        ("`order note` IS NULL OR `order note` <> '-- ('", 10),
        ("order_id = 'O1'", 1),
    ],
)
def test_a_condition_is_one_condition_beside_the_rule(quarantine: DeltaReader, where: str, rows: int) -> None:
    assert quarantine.count(chosen(quarantine, "amount_is_positive", where)) == rows


@pytest.mark.parametrize("where", ["order_id = 'O1') OR (1=1", "1=1) OR (1=1 --", "no_such_column = 1"])
def test_a_condition_that_cannot_be_right_is_refused(quarantine: DeltaReader, where: str) -> None:
    with pytest.raises(UsageError, match="That does not work on quarantine"):
        chosen(quarantine, "", where)


def test_a_setting_is_a_column_and_an_expression(quarantine: DeltaReader) -> None:
    assert settings_of(["amount=abs(amount) = 1", " `order note` = 'x' "]) == {
        "amount": "abs(amount) = 1",
        "order note": "'x' ",
    }
    for name in ("größe", "заказ", "a-b", "2nd", "tick`ed"):
        assert settings_of([f"`{name.replace('`', '``')}` = 1 = 1"]) == {name: "1 = 1"}
    for wrong in ("amount", "= 1", "amount =", "amount == 1"):
        with pytest.raises(UsageError, match="sets nothing"):
            settings_of([wrong])
    check_settings(["amount=1"], quarantine)
    for strange in ("amuont = 1", "_rules = 'x'"):
        with pytest.raises(UsageError, match="There is no column to repair"):
            check_settings(["amount=1", strange], quarantine)


def test_a_reason_names_the_value_and_whose_it_is() -> None:
    both = {"rule": "r", "column": "sent", "value": "sent=2, came=1", "message": "In order."}
    assert reason_text({"_violations": [both]}) == "r (sent=2, came=1): In order."
    assert reason_text({"_violations": [both | {"value": "2"}]}) == "r (sent = 2): In order."
    assert reason_text({"_violations": [both | {"column": "", "value": "a=1"}]}) == "r (a=1): In order."
    assert reason_text({"_violations": ["plain text"], "_corrupt_record": "{"}) == (
        "plain text; the line could not be read"
    )
    assert reason_text({"_warnings": ["mild", "other"]}) == "mild; other"
    assert explanation({"_warnings": ["mild"]}).splitlines()[0] == "Marked by mild."
