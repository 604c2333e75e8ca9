"""The work that `toolkit quality` does on tables that a scenario has made, each a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.homes import Home

RULES = """
table: silver.orders
rules:
  - {kind: not_null, column: order_id, severity: critical}
  - {kind: unique, columns: [order_id]}
  - {kind: references, column: customer_id, to: customers, key: customer_id, name: customer_exists}
  - {kind: row_count, min: 100}
  - {kind: mean, column: payment_amount, max: 1, severity: warn}
"""


def test_a_table_is_judged_profiled_and_rows_let_out(copied: Home, tmp_path: Path) -> None:
    home = copied
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    judged = home.toolkit(
        "quality",
        "run",
        "silver.orders",
        "--rules",
        str(rules),
        "--ref",
        "customers=silver.customers",
        "--format",
        "json",
    )
    found = {one["rule"]: one for one in json.loads(judged.stdout)["rules"]}
    assert {name: one["passed"] for name, one in found.items()} == {
        "order_id_not_null": True,
        "order_id_unique": True,
        "customer_exists": False,
        "row_count": True,
        "payment_amount_mean": False,
    }
    assert judged.returncode == 4, judged.stderr
    (example,) = found["customer_exists"]["examples"]
    (order,) = [row for row in home.rows("silver.orders") if row["order_id"] == example["key"]]
    assert example["value"] == order["customer_id"]
    kept = home.toolkit("tables", "show", "ops.quality_results", "--where", "rule = 'customer_exists'", "--json")
    assert json.loads(kept.stdout)["total"] == 1

    profiled = home.toolkit("quality", "profile", "silver.returns", "--ref", "orders=silver.orders")
    assert profiled.returncode == 0, profiled.stderr
    assert "\nLikely key: return_id (" in profiled.stderr
    assert "\norder_id looks like a reference to orders.order_id (all " in profiled.stderr
    assert "return_id" in profiled.stdout
    following = home.toolkit("quality", "suggestions", "silver.returns", "--json")
    assert "references" in {row["kind"] for row in json.loads(following.stdout)}
    compared = home.toolkit("quality", "compare", "silver.returns", "0", "--quiet")
    assert compared.returncode == 0, compared.stderr

    suggested = home.toolkit("quality", "suggest", "silver.customers", "--confirm")
    assert suggested.returncode == 0, suggested.stderr
    assert "different values in" in suggested.stdout
    assert "estimated" not in suggested.stdout
    file = tmp_path / "suggested.yaml"
    file.write_text(suggested.stdout, encoding="utf-8")
    assert list((home.path / "profiles" / "silver.customers").glob("*.json"))
    own = home.toolkit("quality", "run", "silver.customers", "--rules", str(file), "--quiet", "--format", "json")
    assert own.returncode == 0, own.stdout

    draft = tmp_path / "customers.yaml"
    drafted = home.toolkit("quality", "contract", "draft", "silver.customers").stdout
    # In the case that other systems write names in, and with a promise that nothing here measures.
    drafted = drafted.replace("- name: customer_id", "- name: CUSTOMER_ID")
    draft.write_text(f"{drafted}slaProperties:\n- property: retention\n  value: 3\n", encoding="utf-8")
    promised = home.toolkit(
        "quality", "run", "silver.customers", "--contract", str(draft), "--quiet", "--format", "json"
    )
    assert promised.returncode == 0, promised.stdout
    assert "contract_schema" in {one["rule"] for one in json.loads(promised.stdout)["rules"]}
    not_checked = "silver.customers: the service level retention is kept, but not checked."
    assert [not_checked] == json.loads(promised.stdout)["unchecked"]
    assert home.toolkit("quality", "contract", "check", str(draft)).returncode == 0
    both = home.toolkit("quality", "run", "silver.customers", "--contract", str(draft), "--rules", str(file))
    assert (both.returncode, "Rules and a contract are given." in both.stderr) == (2, True)
    other = home.toolkit("quality", "run", "silver.orders", "--contract", str(draft))
    assert (other.returncode, "There is no table in contract" in other.stderr) == (2, True)
    _released(home)


def _released(home: Home) -> None:
    before = len(home.content("silver.customers"))
    let_go = home.toolkit(
        "quality",
        "release",
        "silver.customers",
        "--rule",
        "country_is_given",
        "--set",
        "country = 'DE'",
        "--format",
        "json",
    )
    outcome = json.loads(let_go.stdout)
    assert outcome["released"] >= 1
    assert len(home.content("silver.customers")) == before + outcome["released"]
    traced = home.toolkit("tables", "show", "ops.quarantine_releases", "--json")
    assert json.loads(traced.stdout)["total"] == outcome["released"]
