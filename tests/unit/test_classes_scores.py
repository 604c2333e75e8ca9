"""How much of what columns hold is found: measured on labelled columns, some of which nothing was ever repaired for."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.unit import classes_scores as scores
from tests.unit.labelled_columns import HELD_OUT, SEEN, Labelled
from toolkit import datasets
from toolkit.governance.classes import judge

SHOP = {
    "customers.csv": {
        "customer_id": ("internal", "person_id"),
        "first_name": ("confidential", "first_name"),
        "last_name": ("confidential", "last_name"),
        "email": ("confidential", "email"),
        "phone": ("confidential", "phone"),
        "street": ("confidential", "postal_address"),
        "city": ("internal", "city"),
        "postcode": ("confidential", "postal_code"),
        "country": ("public", "country"),
        "birth_date": ("confidential", "birth_date"),
        "segment": ("internal", None),
        "registered_at": ("internal", None),
        "updated_at": ("internal", None),
    },
    "products.csv": {
        "product_id": ("internal", None),
        "name": ("public", "catalogue"),
        "category": ("public", "catalogue"),
        "tags": ("internal", None),
        "unit_price": ("internal", None),
        "updated_at": ("internal", None),
    },
    "customer_changes.csv": {
        "change_id": ("internal", None),
        "customer_id": ("internal", "person_id"),
        "operation": ("internal", None),
        "first_name": ("confidential", "first_name"),
        "last_name": ("confidential", "last_name"),
        "street": ("confidential", "postal_address"),
        "city": ("internal", "city"),
        "postcode": ("confidential", "postal_code"),
        "country": ("public", "country"),
        "segment": ("internal", None),
        "changed_at": ("internal", None),
        "sequence": ("internal", None),
    },
    "exchange_rates.csv": {
        "rate_date": ("internal", None),
        "currency": ("public", "currency"),
        "rate_to_eur": ("internal", None),
    },
    "inventory_snapshots.csv": {
        "snapshot_date": ("internal", None),
        "product_id": ("internal", None),
        "warehouse": ("internal", None),
        "quantity_on_hand": ("internal", None),
    },
    "returns.json": {
        "return_id": ("internal", None),
        "order_id": ("internal", None),
        "returned_at": ("internal", None),
        "reason": ("internal", None),
        "refund_share": ("internal", None),
    },
    "orders/*.json": {
        "order_id": ("internal", None),
        "customer_id": ("internal", "person_id"),
        "ordered_at": ("internal", None),
        "status": ("internal", None),
        "channel": ("internal", None),
        "currency": ("public", "currency"),
        "note": ("internal", None),
    },
}
"""Class and kind of each column, by hand."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> list[Labelled]:
    """The columns of a small shop with their labels, comments from its dictionary."""
    landed = datasets.land("shop", tmp_path_factory.mktemp("shop"), orders=1000)
    columns = []
    for file, labels in SHOP.items():
        rows = [row for path in sorted(landed.folder.glob(file)) for row in rows_of(path)]
        told = datasets.get("shop").files[file].columns
        for name, (class_, kind) in labels.items():
            column = Labelled(name, lambda _: None, class_, kind, comment=told[name], rows=0)
            column.values.extend(row.get(name) or None for row in rows)
            columns.append(column)
    return columns


def rows_of(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return [row for line in path.read_text(encoding="utf-8").splitlines() if isinstance(row := whole(line), dict)]


def whole(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("columns", "precision", "recall"),
    [(SEEN, 0.97, 0.97), (HELD_OUT, 0.95, 0.7)],
    ids=["seen", "held_out"],
)
def test_sensitive_columns_are_found_and_others_left_alone(columns, precision, recall):
    found = scores.by_class(columns, scores.judged(columns))
    assert found.precision >= precision, found.wrong
    assert found.recall >= recall, found.wrong


@pytest.mark.parametrize(
    ("columns", "precision", "recall"),
    [(SEEN, 0.95, 0.95), (HELD_OUT, 0.85, 0.6)],
    ids=["seen", "held_out"],
)
def test_kinds_are_told_apart(columns, precision, recall):
    found = scores.by_kind(columns, scores.judged(columns))
    assert found.precision >= precision, found.wrong
    assert found.recall >= recall, found.wrong


def test_the_columns_of_the_shop_get_their_classes(shop):
    found = scores.judged(shop)
    by_class, by_kind = scores.by_class(shop, found), scores.by_kind(shop, found)
    assert min(by_class.precision, by_class.recall) >= 0.9, by_class.wrong
    assert min(by_kind.precision, by_kind.recall) >= 0.85, by_kind.wrong


def test_restricted_content_is_never_called_internal_or_public():
    columns = [one for one in SEEN if one.class_ == "restricted"]
    assert all(scores.is_sensitive(one.class_) for one in scores.judged(columns))


def test_without_their_names_values_still_tell_most():
    """Half of the labelled kinds can be told by values alone; nothing that is harmless becomes sensitive by that."""
    columns = SEEN
    found = scores.by_class(columns, [judge("c", one.type, "", one.values) for one in columns])
    assert found.precision >= 0.9, found.wrong
    assert found.recall >= 0.55, found.wrong


def test_the_columns_that_were_seen_and_those_held_out_share_no_name():
    assert len(SEEN) == 90
    assert len(HELD_OUT) == 30
    assert not {one.name for one in SEEN} & {one.name for one in HELD_OUT}
