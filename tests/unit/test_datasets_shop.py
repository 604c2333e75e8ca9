"""What is planted in the shop, found again by reading its files the slow way.

Nothing here uses the generator's code: every line is parsed and judged on its own, so that a defect which is
missing, stands on the wrong line, or comes in company, is seen.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from toolkit import datasets
from toolkit.datasets import Landed

ORDERS = 24_000
FIRST, LAST = date(2026, 4, 1), date(2026, 6, 29)
EMAIL = re.compile(r"[a-z0-9.]+@[a-z]+\.[a-z]+")
QUARANTINED = "quarantined"


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int


class Sent(NamedTuple):
    """One line of an orders file; `row` is None if it is no JSON."""

    place: Place
    text: str
    row: dict[str, Any] | None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """A shop in which each defect occurs several times."""
    return datasets.land("shop", tmp_path_factory.mktemp("shop"), orders=ORDERS)


@pytest.fixture(scope="module")
def sent(shop: Landed) -> list[Sent]:
    """Every line of the order files, in the order of their names."""
    return [line for file in sorted(shop.rows) if file.startswith("orders/") for line in read_lines(shop.folder, file)]


@pytest.fixture(scope="module")
def tables(shop: Landed) -> dict[str, list[dict[str, Any]]]:
    """The CSV files and the returns, as text, empty being None."""
    found = {}
    for name in ("customers", "products", "exchange_rates", "inventory_snapshots", "customer_changes"):
        with (shop.folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            found[name] = [{key: value or None for key, value in row.items()} for row in csv.DictReader(stream)]
    found["returns"] = [line.row or {} for line in read_lines(shop.folder, "returns.json")]
    return found


@pytest.fixture(scope="module")
def orders(sent: list[Sent]) -> dict[str, dict[str, Any]]:
    """The state of each order that was sent last."""
    return {line.row["order_id"]: line.row for line in sent if line.row}


@pytest.fixture(scope="module")
def answers(shop: Landed) -> dict[str, set[Place]]:
    """Where the answer key says that each defect is."""
    found = defaultdict(set)
    for row in datasets.answer_key(shop.folder).rows():
        found[row.defect].add(Place(row.file, row.line))
    return found


@pytest.fixture(scope="module")
def found(sent: list[Sent], tables: dict[str, list[dict[str, Any]]]) -> dict[str, set[Place]]:
    """Where each defect is, by our own reading."""
    places = defaultdict(set)
    for defect, place in [
        *order_defects(sent, tables),
        *superseded_orders(sent),
        *customer_defects(tables["customers"]),
        *negative_prices(tables["products"]),
        *orphans(sent, tables["returns"]),
    ]:
        places[defect].add(place)
    return places


def read_lines(folder: Path, file: str) -> Iterator[Sent]:
    """The lines of a JSON-lines file."""
    for number, text in enumerate((folder / file).read_text(encoding="utf-8").removesuffix("\n").split("\n"), 1):
        yield Sent(Place(file, number), text, parsed(text))


def parsed(text: str) -> dict[str, Any] | None:
    """One line's object, or None."""
    try:
        row = json.loads(text)
    except json.JSONDecodeError:
        return None
    assert isinstance(row, dict)
    return row


def instant(text: str) -> datetime:
    """An instant as the files write it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def file_day(place: Place) -> date:
    """The date in an order file's name."""
    return date.fromisoformat(place.file.removeprefix("orders/")[:10])


def order_defects(sent: list[Sent], tables: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, Place]]:
    """Each defect that one order line shows by itself."""
    customers = {row["customer_id"] for row in tables["customers"]}
    products = {row["product_id"] for row in tables["products"]}
    rated = {row["currency"] for row in tables["exchange_rates"]}
    for place, _, row in sent:
        if row is None:
            yield "malformed_json", place
            continue
        if row["customer_id"] not in customers:
            assert row["customer_id"] is None
            yield "null_customer", place
        if any(item["quantity"] <= 0 for item in row["items"]):
            yield "negative_quantity", place
        if any(item["product_id"] not in products for item in row["items"]):
            yield "unknown_product", place
        if instant(row["ordered_at"]).date() > date(2026, 6, 30):
            yield "future_date", place
        if row["currency"] not in rated:
            yield "currency_without_rate", place
        if file_day(place) - instant(row["ordered_at"]).date() > timedelta(days=2):
            yield "late_file", place


def superseded_orders(sent: list[Sent]) -> Iterator[tuple[str, Place]]:
    """All lines of an order except the newest; of two that are the same, the one sent first."""
    versions = defaultdict(list)
    for line in sent:
        if line.row:
            versions[line.row["order_id"]].append(line)
    for lines in versions.values():
        for line in sorted(lines, key=lambda each: (each.row or {})["updated_at"])[:-1]:
            yield "duplicate_order", line.place


def customer_defects(customers: list[dict[str, Any]]) -> Iterator[tuple[str, Place]]:
    """Each defect of a customer's row."""
    newest: dict[str, str] = {}
    for row in customers:
        newest[row["customer_id"]] = max(row["updated_at"], newest.get(row["customer_id"], ""))
    for number, row in enumerate(customers, 2):
        place = Place("customers.csv", number)
        if row["updated_at"] < newest[row["customer_id"]]:
            yield "duplicate_customer", place
        if not EMAIL.fullmatch(row["email"] or ""):
            yield "bad_email", place
        if "Ã" in row["first_name"] + row["last_name"]:
            yield "mojibake_name", place
        if row["country"] is None:
            yield "missing_country", place


def negative_prices(products: list[dict[str, Any]]) -> Iterator[tuple[str, Place]]:
    """Products that cost less than nothing."""
    for number, row in enumerate(products, 2):
        if Decimal(row["unit_price"]) < 0:
            yield "negative_price", Place("products.csv", number)


def orphans(sent: list[Sent], returns: list[dict[str, Any]]) -> Iterator[tuple[str, Place]]:
    """Returns of an order that was never sent, whole or cut."""
    known = {match[1] for line in sent if (match := re.search(r'"order_id":"(O\d+)"', line.text))}
    for number, row in enumerate(returns, 1):
        if row["order_id"] not in known:
            yield "orphan_return", Place("returns.json", number)


# the answer key against our own reading


def test_every_declared_defect_is_planted(answers: dict[str, set[Place]]) -> None:
    assert set(answers) == {defect.name for defect in datasets.get("shop").defects}


@pytest.mark.parametrize("defect", [defect.name for defect in datasets.get("shop").defects])
def test_a_defect_is_where_the_answer_key_says_and_nowhere_else(
    defect: str, answers: dict[str, set[Place]], found: dict[str, set[Place]]
) -> None:
    assert found[defect] == answers[defect]


def test_no_row_carries_two_defects(found: dict[str, set[Place]]) -> None:
    seen = Counter(place for places in found.values() for place in places)
    assert [place for place, count in seen.items() if count > 1] == []


def test_the_counts_are_those_of_the_declared_rule(shop: Landed, answers: dict[str, set[Place]]) -> None:
    sizes = {"orders": ORDERS, "customers": ORDERS // 8, "returns": round(ORDERS * 0.04)}
    counts = datasets.answer_key(shop.folder).counts
    for defect in datasets.get("shop").defects:
        rule = defect.count if defect.count is not None else max(1, round(sizes[defect.of] * defect.rate))
        assert (counts[defect.name], len(answers[defect.name])) == (rule, rule), defect.name


def test_the_answer_key_names_the_row_by_its_key_and_fate(shop: Landed, sent: list[Sent]) -> None:
    text = {line.place: line.text for line in sent}
    fate = {defect.name: defect.disposition for defect in datasets.get("shop").defects}
    for row in datasets.answer_key(shop.folder).rows():
        assert row.disposition == fate[row.defect]
        if row.file.startswith("orders/"):
            assert row.key in text[Place(row.file, row.line)]


# what is promised of sizes


def test_the_order_files_hold_the_orders_and_the_repetitions(shop: Landed, sent: list[Sent]) -> None:
    repeated = datasets.answer_key(shop.folder).counts["duplicate_order"]
    assert len(sent) == ORDERS + repeated
    assert len(set(re.findall(r'"order_id":"(O\d+)"', "\n".join(line.text for line in sent)))) == ORDERS


def test_there_is_a_file_for_each_of_ninety_days_and_a_late_one(sent: list[Sent]) -> None:
    days = [f"orders/{FIRST + timedelta(days=day)}.json" for day in range(90)]
    assert sorted({line.place.file for line in sent}) == sorted([*days, f"orders/{LAST}-late.json"])


def test_customers_and_returns_have_the_declared_number(tables: dict[str, list[dict[str, Any]]]) -> None:
    assert len({row["customer_id"] for row in tables["customers"]}) == ORDERS // 8
    assert len(tables["products"]) == 500
    assert len(tables["returns"]) == round(ORDERS * 0.04) + max(1, round(ORDERS * 0.04 * 0.01))


# duplicates


def test_half_of_the_repeated_orders_are_newer_and_half_are_identical(sent: list[Sent]) -> None:
    versions = defaultdict(list)
    for line in sent:
        if line.row:
            versions[line.row["order_id"]].append(line)
    pairs = [lines for lines in versions.values() if len(lines) > 1]
    assert {len(lines) for lines in pairs} == {2}
    identical = [lines for lines in pairs if lines[0].text == lines[1].text]
    newer = [lines for lines in pairs if lines[0].text != lines[1].text]
    assert len(newer) - len(identical) in (0, 1)
    for first, second in identical:
        assert file_day(second.place) - file_day(first.place) == timedelta(days=1)
    for first, second in newer:
        assert file_day(second.place) - file_day(first.place) <= timedelta(days=1)
        assert first.row
        assert second.row
        assert second.row["updated_at"] > first.row["updated_at"]
        assert first.row["status"].strip().lower() in ("placed", "shipped")
        assert second.row["status"] in ("shipped", "delivered")


def test_no_file_has_two_equal_lines(sent: list[Sent]) -> None:
    assert len({(line.place.file, line.text) for line in sent}) == len(sent)


# what is good in every order


def test_the_amount_is_the_sum_of_the_items_to_the_cent_and_above_zero(sent: list[Sent]) -> None:
    for line in sent:
        row = json.loads(line.text, parse_float=Decimal) if line.row else None
        if row:
            total = sum(item["quantity"] * item["unit_price"] for item in row["items"])
            assert row["payment"]["amount"] == total > 0
            assert all(item["unit_price"] == round(item["unit_price"], 2) for item in row["items"])
            assert 1 <= len(row["items"]) <= 5


def test_an_order_has_clean_values_once_trimmed_and_some_need_it(sent: list[Sent]) -> None:
    rows = [line.row for line in sent if line.row]
    valid = {"status": {"placed", "shipped", "delivered", "cancelled"}, "channel": {"web", "store", "app"}}
    for column, names in valid.items():
        assert {row[column].strip().lower() for row in rows} == names
        assert any(row[column] not in names for row in rows)
    notes = {row["note"] for row in rows}
    assert None in notes
    assert any(note and note != note.strip() for note in notes)


def test_only_cards_have_digits_and_installments(sent: list[Sent]) -> None:
    for payment in (line.row["payment"] for line in sent if line.row):
        assert (payment["card_last4"] is not None) == (payment["method"] == "card")
        assert payment["installments"] == 1 or payment["method"] == "card"


def test_a_sound_order_was_placed_on_the_day_of_its_file_or_the_one_before(sent: list[Sent]) -> None:
    for line in sent:
        if line.row and instant(line.row["ordered_at"]).year == FIRST.year and "-late" not in line.place.file:
            ordered, updated = instant(line.row["ordered_at"]), instant(line.row["updated_at"])
            assert timedelta(0) <= file_day(line.place) - ordered.date() <= timedelta(days=1)
            assert ordered <= updated <= instant("2026-06-30T23:59:59Z")


def test_no_order_changed_before_it_was_placed(sent: list[Sent]) -> None:
    rows = [line.row for line in sent if line.row]
    assert [row["order_id"] for row in rows if row["updated_at"] < row["ordered_at"]] == []


def test_late_orders_are_in_no_other_file(sent: list[Sent]) -> None:
    late = {line.row["order_id"] for line in sent if line.row and "-late" in line.place.file}
    others = {line.row["order_id"] for line in sent if line.row and "-late" not in line.place.file}
    assert late
    assert not late & others


def test_a_rate_holds_at_or_before_each_order(tables: dict[str, list[dict[str, Any]]], sent: list[Sent]) -> None:
    days: dict[str, set[date]] = defaultdict(set)
    for row in tables["exchange_rates"]:
        days[row["currency"]].add(date.fromisoformat(row["rate_date"]))
        assert row["currency"] != "EUR" or float(row["rate_to_eur"]) == 1
    assert {day.isoweekday() for each in days.values() for day in each} == {1, 2, 3, 4, 5}
    used = {line.row["currency"] for line in sent if line.row}
    assert used == set(days) | {"ISK"}
    assert all(min(each) < FIRST and max(each) == LAST for each in days.values())


def test_prices_in_other_currencies_are_worth_the_catalogue_price(
    tables: dict[str, list[dict[str, Any]]], sent: list[Sent]
) -> None:
    price = {row["product_id"]: float(row["unit_price"]) for row in tables["products"]}
    rate = {(row["currency"], row["rate_date"]): float(row["rate_to_eur"]) for row in tables["exchange_rates"]}
    for row in (line.row for line in sent if line.row):
        day = row["ordered_at"][:10]
        for item in row["items"]:
            if (row["currency"], day) in rate and item["product_id"] in price:
                euros = item["unit_price"] * rate[row["currency"], day]
                assert euros == pytest.approx(price[item["product_id"]], abs=0.01)


# customers, their rhythm and their changes


def test_nobody_orders_before_registering_or_after_being_deleted(
    tables: dict[str, list[dict[str, Any]]], sent: list[Sent]
) -> None:
    registered = {row["customer_id"]: row["registered_at"] for row in tables["customers"]}
    deleted = {
        row["customer_id"]: row["changed_at"] for row in tables["customer_changes"] if row["operation"] == "delete"
    }
    assert deleted
    for row in (line.row for line in sent if line.row and line.row["customer_id"]):
        assert registered[row["customer_id"]] < row["ordered_at"]
        if instant(row["ordered_at"]).year == FIRST.year:
            assert row["ordered_at"] < deleted.get(row["customer_id"], "9999")


def test_some_customers_fall_silent_and_some_join(tables: dict[str, list[dict[str, Any]]], sent: list[Sent]) -> None:
    customers = ORDERS // 8
    joined = {row["customer_id"] for row in tables["customers"] if row["registered_at"] >= "2026-03-31T00:00:00Z"}
    assert 0.12 < len(joined) / customers < 0.18
    last: dict[str, str] = {}
    for row in (line.row for line in sent if line.row and line.row["customer_id"]):
        if row["ordered_at"] < "2027":
            last[row["customer_id"]] = max(row["ordered_at"], last.get(row["customer_id"], ""))
    silent = [who for who, when in last.items() if when < "2026-05-25"]
    assert 0.05 < len(silent) / customers < 0.15


def test_an_ordinary_customer_returns_in_a_rhythm(sent: list[Sent]) -> None:
    days = defaultdict(set)
    for row in (line.row for line in sent if line.row and line.row["customer_id"]):
        days[row["customer_id"]].add(row["ordered_at"][:10])
    visits = sorted(len(each) for each in days.values())
    assert visits[len(visits) // 10] <= 4
    assert visits[-len(visits) // 10] >= 13


def test_changes_come_out_of_order_but_can_be_put_in_order(tables: dict[str, list[dict[str, Any]]]) -> None:
    changes = tables["customer_changes"]
    sequence = [int(row["sequence"]) for row in changes]
    assert sequence != sorted(sequence)
    assert sorted(sequence) == list(range(1, len(changes) + 1))
    in_order = sorted(changes, key=lambda row: int(row["sequence"]))
    times = [row["changed_at"] for row in in_order]
    assert times == sorted(times)
    assert times[0] >= "2026-04-01"
    assert times[-1] < "2026-06-30"


def test_an_update_keeps_what_it_does_not_change_and_nothing_follows_a_delete(
    tables: dict[str, list[dict[str, Any]]],
) -> None:
    fields = ("first_name", "last_name", "street", "city", "postcode", "country")
    state = {row["customer_id"]: {name: row[name] for name in fields} for row in tables["customers"]}
    first = {row["customer_id"]: row["segment"] for row in tables["customers"]}
    segment: dict[str, Any] = {}
    segments: list[tuple[Any, Any]] = []
    address = fields[2:]
    gone = set()
    for row in sorted(tables["customer_changes"], key=lambda each: int(each["sequence"])):
        assert row["customer_id"] not in gone
        after = {name: row[name] for name in fields}
        if row["operation"] == "delete":
            gone.add(row["customer_id"])
            assert {row["segment"], *after.values()} == {None}
            continue
        before = state[row["customer_id"]]
        segments.append((segment.get(row["customer_id"], first[row["customer_id"]]), row["segment"]))
        segment[row["customer_id"]] = row["segment"]
        kept_name = before["last_name"] == after["last_name"]
        kept_address = all(before[name] == after[name] for name in address)
        assert before["first_name"] == after["first_name"]
        assert kept_name or kept_address
        state[row["customer_id"]] = after
    turned = sum(before != after for before, after in segments) / len(segments)
    assert 0.1 < turned < 0.4
    assert {after for _, after in segments} == {"consumer", "business"}


def test_people_are_made_up(tables: dict[str, list[dict[str, Any]]]) -> None:
    for row in tables["customers"]:
        assert re.fullmatch(r"\+999\d{10}", row["phone"])
        assert "example" in row["email"]
        assert (row["birth_date"] is None) == (row["segment"] == "business")


def test_returns_are_of_delivered_orders_and_come_after_them(
    tables: dict[str, list[dict[str, Any]]], orders: dict[str, dict[str, Any]], answers: dict[str, set[Place]]
) -> None:
    for number, row in enumerate(tables["returns"], 1):
        assert 0 < row["refund_share"] <= 1
        assert row["returned_at"][:10] <= str(LAST)
        if Place("returns.json", number) not in answers["orphan_return"]:
            order = orders[row["order_id"]]
            assert order["status"].strip().lower() == "delivered"
            assert row["returned_at"] > order["ordered_at"]


def test_stock_is_counted_weekly_for_every_product(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = tables["inventory_snapshots"]
    days = sorted({date.fromisoformat(row["snapshot_date"]) for row in rows})
    assert {later - earlier for earlier, later in pairwise(days)} == {timedelta(days=7)}
    assert len({(row["snapshot_date"], row["product_id"], row["warehouse"]) for row in rows}) == len(rows)
    assert len(rows) == len(days) * 500 * 3
    assert all(int(row["quantity_on_hand"]) >= 0 for row in rows)
