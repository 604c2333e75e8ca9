"""Lineage by column against a truth that was made by hand, statement by statement; equality is exact.

`name <- orders.note transformation, orders.status conditional` says all edges of a column, direct and its own indirect ones;
`name <-` that it has none; `~ orders.status filter` what decides over all columns. `masks` follows a way that hides the value.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit.governance.lineage.model import Edge, Lineage
from toolkit.governance.lineage.statements import lineage_of_statement

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMAS = {
    "orders": "order_id INT, customer_id INT, status STRING, quantity INT, price DOUBLE, note STRING, at TIMESTAMP, "
    "items ARRAY<STRUCT<sku: STRING, amount: INT>>, address STRUCT<city: STRING, zip: STRING>, tags MAP<STRING, STRING>",
    "customers": "id INT, name STRING, email STRING, country STRING",
    "returns": "order_id INT, reason STRING, cost DOUBLE",
    "totals": "id INT, name STRING, total DOUBLE",
}

SELECTS = {
    "projection": (
        "SELECT order_id, note AS remark FROM {orders}",
        "order_id <- orders.order_id identity; remark <- orders.note identity",
    ),
    "expression": (
        "SELECT quantity * price AS net, upper(note) AS loud, 7 AS seven FROM {orders}",
        "net <- orders.quantity transformation, orders.price transformation; loud <- orders.note transformation; "
        "seven <-",
    ),
    "filter": (
        "SELECT order_id FROM {orders} WHERE status = 'new' AND price > 1",
        "order_id <- orders.order_id identity; ~ orders.status filter, orders.price filter",
    ),
    "inner join": (
        "SELECT o.order_id, c.name FROM {orders} o JOIN {customers} c ON o.customer_id = c.id",
        "order_id <- orders.order_id identity; name <- customers.name identity; ~ orders.customer_id join, "
        "customers.id join",
    ),
    "using": (
        "SELECT order_id, reason FROM {orders} LEFT JOIN {returns} USING (order_id)",
        "order_id <- orders.order_id identity; reason <- returns.reason identity; ~ orders.order_id join, "
        "returns.order_id join",
    ),
    "full join, using": (
        "SELECT order_id FROM {orders} FULL JOIN {returns} USING (order_id)",
        "order_id <- orders.order_id transformation, returns.order_id transformation; ~ orders.order_id join, "
        "returns.order_id join",
    ),
    "natural join": (
        "SELECT cost FROM {orders} NATURAL JOIN {returns}",
        "cost <- returns.cost identity; ~ orders.order_id join, returns.order_id join",
    ),
    "semi join": (
        "SELECT o.note FROM {orders} o LEFT SEMI JOIN {returns} r ON o.order_id = r.order_id AND r.cost > 3",
        "note <- orders.note identity; ~ orders.order_id join, returns.order_id join, returns.cost join",
    ),
    "anti join of a filtered side": (
        "SELECT o.note FROM {orders} o LEFT ANTI JOIN (SELECT * FROM {returns} WHERE reason = 'x') r ON "
        "o.order_id = r.order_id",
        "note <- orders.note identity; ~ orders.order_id join, returns.order_id join, returns.reason filter",
    ),
    "cross join": (
        "SELECT status, country FROM {orders} CROSS JOIN {customers}",
        "status <- orders.status identity; country <- customers.country identity",
    ),
    "self join": (
        "SELECT a.note, b.note AS other FROM {orders} a JOIN {orders} b ON a.order_id = b.customer_id",
        "note <- orders.note identity; other <- orders.note identity; ~ orders.order_id join, orders.customer_id join",
    ),
    "lateral join": (
        "SELECT o.order_id, x.most FROM {orders} o, LATERAL (SELECT max(cost) AS most FROM {returns} r WHERE "
        "r.order_id = o.order_id) x",
        "order_id <- orders.order_id identity; most <- returns.cost aggregation; ~ returns.order_id filter, "
        "orders.order_id filter",
    ),
    "aggregate": (
        "SELECT status, sum(quantity * price) AS total, count(*) AS n FROM {orders} GROUP BY status",
        "status <- orders.status identity; total <- orders.quantity aggregation, orders.price aggregation; n <-; "
        "~ orders.status group_by",
    ),
    "count of a column hides it": (
        "SELECT count(note) AS n, count(DISTINCT customer_id) AS m, max(price) AS p FROM {orders}",
        "n <- orders.note aggregation masks; m <- orders.customer_id aggregation masks; p <- orders.price aggregation",
    ),
    "filter of one aggregate": (
        "SELECT sum(price) FILTER (WHERE status = 'new') AS fresh, sum(price) AS total FROM {orders}",
        "fresh <- orders.price aggregation, orders.status filter; total <- orders.price aggregation",
    ),
    "having": (
        "SELECT status FROM {orders} GROUP BY status HAVING sum(price) > 10",
        "status <- orders.status identity; ~ orders.status group_by, orders.price filter",
    ),
    "key by an expression": (
        "SELECT upper(status) AS state, avg(price) AS mean FROM {orders} GROUP BY upper(status)",
        "state <- orders.status transformation; mean <- orders.price aggregation; ~ orders.status group_by",
    ),
    "max_by": (
        "SELECT max_by(note, at) AS latest FROM {orders} GROUP BY customer_id",
        "latest <- orders.note aggregation, orders.at sort; ~ orders.customer_id group_by",
    ),
    "rollup": (
        "SELECT status, note, sum(price) AS total FROM {orders} GROUP BY ROLLUP (status, note)",
        "status <- orders.status identity; note <- orders.note identity; total <- orders.price aggregation; ~ "
        "orders.status group_by, orders.note group_by",
    ),
    "grouping sets": (
        "SELECT status, grouping_id() AS level, max(price) AS top FROM {orders} GROUP BY GROUPING SETS ((status), ())",
        "status <- orders.status identity; level <-; top <- orders.price aggregation; ~ orders.status group_by",
    ),
    "window": (
        "SELECT order_id, row_number() OVER (PARTITION BY status ORDER BY at) AS n, sum(price) OVER (PARTITION BY "
        "customer_id) AS total FROM {orders}",
        "order_id <- orders.order_id identity; n <- orders.status window, orders.at window; total <- orders.price "
        "aggregation, orders.customer_id window",
    ),
    "rank and lag": (
        "SELECT rank() OVER (ORDER BY price) AS place, lag(note) OVER (PARTITION BY status ORDER BY at) AS "
        "earlier FROM {orders}",
        "place <- orders.price window; earlier <- orders.note transformation, orders.status window, orders.at window",
    ),
    "latest by a window": (
        "SELECT order_id FROM {orders} QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY at DESC) = 1",
        "order_id <- orders.order_id identity; ~ orders.customer_id window, orders.at window",
    ),
    "sort and limit": (
        "SELECT note FROM {orders} ORDER BY price DESC LIMIT 3",
        "note <- orders.note identity; ~ orders.price sort",
    ),
    "distinct": (
        "SELECT DISTINCT status, upper(note) AS n FROM {orders}",
        "status <- orders.status identity; n <- orders.note transformation; ~ orders.status group_by, orders.note "
        "group_by",
    ),
    "union": (
        "SELECT order_id, note FROM {orders} UNION ALL SELECT id, upper(name) FROM {customers} WHERE country = 'NL'",
        "order_id <- orders.order_id identity, customers.id identity; note <- orders.note identity, "
        "customers.name transformation; ~ customers.country filter",
    ),
    "except": (
        "SELECT order_id FROM {orders} EXCEPT SELECT order_id FROM {returns}",
        "order_id <- orders.order_id identity; ~ orders.order_id join, returns.order_id join",
    ),
    "explode a struct's field": (
        "SELECT order_id, i.sku FROM {orders} LATERAL VIEW explode(items) t AS i",
        "order_id <- orders.order_id identity; sku <- orders.items.sku transformation; ~ orders.items join",
    ),
    "inline, and position": (
        "SELECT * FROM (SELECT inline(items) FROM {orders})",
        "sku <- orders.items.sku transformation; amount <- orders.items.amount transformation; ~ orders.items join",
    ),
    "stack": (
        "SELECT order_id, stack(2, 'a', note, 'b', status) AS (kind, value) FROM {orders}",
        "order_id <- orders.order_id identity; kind <-; value <- orders.note identity, orders.status identity",
    ),
    "unpivot": (
        "SELECT order_id, kind, value FROM {orders} UNPIVOT INCLUDE NULLS (value FOR kind IN (note, status))",
        "order_id <- orders.order_id identity; kind <-; value <- orders.note identity, orders.status identity",
    ),
    "pivot": (
        "SELECT * FROM (SELECT customer_id, status, price FROM {orders}) PIVOT (sum(price) FOR status IN ('new', "
        "'old'))",
        "customer_id <- orders.customer_id identity; new <- orders.price aggregation, orders.status conditional; "
        "old <- orders.price aggregation, orders.status conditional; ~ orders.customer_id group_by, orders.status "
        "group_by",
    ),
    "scalar subquery": (
        "SELECT order_id, (SELECT max(cost) FROM {returns} r WHERE r.order_id = o.order_id) AS cost FROM {orders} o",
        "order_id <- orders.order_id identity; cost <- returns.cost aggregation, returns.order_id filter, "
        "orders.order_id filter",
    ),
    "exists": (
        "SELECT note FROM {orders} o WHERE EXISTS (SELECT 1 FROM {returns} r WHERE r.order_id = o.order_id AND "
        "r.cost > 1)",
        "note <- orders.note identity; ~ returns.order_id filter, orders.order_id filter, returns.cost filter",
    ),
    "in": (
        "SELECT note FROM {orders} WHERE order_id NOT IN (SELECT order_id FROM {returns} WHERE reason IS NULL)",
        "note <- orders.note identity; ~ orders.order_id filter, returns.order_id filter, returns.reason filter",
    ),
    "cte, used twice": (
        "WITH x AS (SELECT order_id, upper(note) AS n FROM {orders} WHERE price > 0) SELECT a.n, b.order_id FROM "
        "x a JOIN x b ON a.n = b.n",
        "n <- orders.note transformation; order_id <- orders.order_id identity; ~ orders.price filter, "
        "orders.note join",
    ),
    "struct fields": (
        "SELECT s.a AS x, s.b AS y, address.city, s FROM (SELECT struct(note AS a, price AS b) AS s, address FROM "
        "{orders})",
        "x <- orders.note identity; y <- orders.price identity; city <- orders.address.city identity; s <- "
        "orders.note transformation, orders.price transformation",
    ),
    "maps and arrays": (
        "SELECT tags['colour'] AS colour, items[0].amount AS first, items.sku AS skus FROM {orders}",
        "colour <- orders.tags transformation; first <- orders.items.amount transformation; skus <- "
        "orders.items.sku identity",
    ),
    "higher-order functions": (
        "SELECT transform(items, i -> i.amount * quantity) AS a, filter(items, i -> i.sku = note) AS b FROM {orders}",
        "a <- orders.items transformation, orders.quantity transformation; b <- orders.items transformation, "
        "orders.note conditional, orders.items conditional",
    ),
    "case": (
        "SELECT CASE WHEN status = 'new' THEN note WHEN price > 3 THEN 'dear' ELSE upper(note) END AS x, "
        "if(quantity > 1, price, 0) AS y FROM {orders}",
        "x <- orders.note transformation, orders.status conditional, orders.price conditional; y <- orders.price "
        "transformation, orders.quantity conditional",
    ),
    "coalesce and casts": (
        "SELECT coalesce(note, status) AS x, nvl(note, 'none') AS y, CAST(quantity AS STRING) AS z, CAST(note AS "
        "STRING) AS same FROM {orders}",
        "x <- orders.note transformation, orders.status transformation; y <- orders.note transformation; z <- "
        "orders.quantity transformation; same <- orders.note identity",
    ),
    "masks": (
        "SELECT sha2(email, 256) AS e, md5(lower(name)) AS m, '***' AS name, concat(sha2(email, 256), country) AS "
        "c, concat(sha2(email, 256), email) AS leak FROM {customers}",
        "e <- customers.email transformation masks; m <- customers.name transformation masks; name <-; c <- "
        "customers.email transformation masks, customers.country transformation; leak <- customers.email "
        "transformation",
    ),
}

WRITES = {
    "insert": (
        "INSERT INTO {totals} SELECT id, upper(name), 1.5 FROM {customers} WHERE country = 'NL'",
        "id <- customers.id identity; name <- customers.name transformation; total <-; ~ customers.country filter",
    ),
    "insert columns in another order": (
        "INSERT INTO {totals} (name, id) SELECT reason, order_id FROM {returns}",
        "name <- returns.reason identity; id <- returns.order_id identity",
    ),
    "insert overwrite": (
        "INSERT OVERWRITE {totals} SELECT order_id, note, price FROM {orders}",
        "id <- orders.order_id identity; name <- orders.note identity; total <- orders.price identity",
    ),
    "insert replace where": (
        "INSERT INTO {totals} REPLACE WHERE id = 1 SELECT order_id, note, price FROM {orders}",
        "id <- orders.order_id identity; name <- orders.note identity; total <- orders.price identity; ~ "
        "totals.id filter",
    ),
    "insert into itself": (
        "INSERT INTO {totals} SELECT id, name, total + 1 FROM {totals}",
        "id <- totals.id identity; name <- totals.name identity; total <- totals.total transformation",
    ),
    "create table as": (
        "CREATE TABLE {fresh} USING delta AS SELECT country, count(*) AS n FROM {customers} GROUP BY country",
        "country <- customers.country identity; n <-; ~ customers.country group_by",
    ),
    "create or replace table as": (
        "CREATE OR REPLACE TABLE {totals} USING delta AS SELECT id, sha2(email, 256) AS e FROM {customers}",
        "id <- customers.id identity; e <- customers.email transformation masks",
    ),
    "merge with expressions": (
        "MERGE INTO {totals} t USING (SELECT * FROM {returns} WHERE cost > 0) s ON t.id = s.order_id WHEN MATCHED "
        "AND s.reason = 'x' THEN UPDATE SET total = t.total + s.cost WHEN NOT MATCHED THEN INSERT (id, name) "
        "VALUES (s.order_id, upper(s.reason))",
        "id <- returns.order_id identity; name <- returns.reason transformation; total <- totals.total "
        "transformation, returns.cost transformation, returns.reason conditional; ~ totals.id join, "
        "returns.order_id join, returns.cost filter",
    ),
    "merge all": (
        "MERGE INTO {totals} t USING (SELECT id, name, 2.0D AS total FROM {customers}) s ON t.id = s.id WHEN "
        "MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        "id <- customers.id identity; name <- customers.name identity; total <-; ~ totals.id join, customers.id join",
    ),
    "merge that only updates": (
        "MERGE INTO {totals} t USING {returns} s ON t.id = s.order_id WHEN MATCHED THEN UPDATE SET name = s.reason",
        "id <-; name <- returns.reason identity, totals.id join, returns.order_id join; total <-",
    ),
    "merge that deletes": (
        "MERGE INTO {totals} t USING {returns} s ON t.id = s.order_id WHEN MATCHED AND s.cost > 3 THEN DELETE "
        "WHEN NOT MATCHED BY SOURCE AND t.total < 0 THEN UPDATE SET name = 'gone'",
        "id <-; name <- totals.total conditional; total <-; ~ totals.id join, returns.order_id join, returns.cost "
        "filter",
    ),
    "merge with a new column": (
        "MERGE WITH SCHEMA EVOLUTION INTO {totals} t USING (SELECT id, name, country FROM {customers}) s ON t.id "
        "= s.id WHEN NOT MATCHED THEN INSERT *",
        "id <- customers.id identity; name <- customers.name identity; total <-; country <- customers.country "
        "identity; ~ totals.id join, customers.id join",
    ),
    "update": (
        "UPDATE {totals} SET total = total * 2, name = 'x' WHERE id > 1",
        "id <-; name <- totals.id conditional; total <- totals.total transformation, totals.id conditional",
    ),
    "delete": (
        "DELETE FROM {totals} WHERE name = 'x'",
        "id <-; name <-; total <-; ~ totals.name filter",
    ),
}


@pytest.fixture(scope="module")
def tables(shared_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("lineage")
    for name, schema in SCHEMAS.items():
        shared_spark.createDataFrame([], schema).write.format("delta").save(str(folder / name))
    return {name: folder / name for name in (*SCHEMAS, "fresh")}


@pytest.fixture
def stated(spark: SparkSession, tables: dict[str, Path]) -> Callable[[str], Lineage]:
    names = {name: f"delta.`{path}`" for name, path in tables.items()}
    return lambda text: lineage_of_statement(spark, text.format(**names))


def told(lineage: Lineage) -> set[str]:
    """A lineage as the truths are written, without the order of what it lists."""
    columns = {f"{one.name} <- {_listed(lineage, one.name)}".strip() for one in lineage.columns}
    decisions = _listed(lineage, None)
    return columns | ({f"~ {decisions}"} if decisions else set())


def _listed(lineage: Lineage, column: str | None) -> str:
    return ", ".join(sorted(map(_edge, (one for one in lineage.edges if one.column == column))))


def _edge(edge: Edge) -> str:
    return f"{Path(edge.origin.source.name).name}.{edge.origin.column} {edge.subtype}{' masks' if edge.masks else ''}"


def truth(text: str) -> set[str]:
    return {_ordered(one.strip()) for one in text.split(";")}


def _ordered(line: str) -> str:
    head, mark, rest = line.partition("<- ") if not line.startswith("~") else ("", "~ ", line[2:])
    return f"{head}{mark}{', '.join(sorted(rest.split(', ')))}"


@pytest.mark.parametrize("name", SELECTS)
def test_a_query_has_exactly_its_edges(stated: Callable[[str], Lineage], name: str) -> None:
    text, expected = SELECTS[name]
    lineage = stated(text)
    assert told(lineage) == truth(expected)
    assert lineage.is_complete, lineage.unknown
    assert lineage.target is None


@pytest.mark.parametrize("name", WRITES)
def test_a_statement_that_writes_has_exactly_its_edges_and_is_not_executed(
    stated: Callable[[str], Lineage], tables: dict[str, Path], name: str
) -> None:
    text, expected = WRITES[name]
    lineage = stated(text)
    assert told(lineage) == truth(expected)
    assert lineage.is_complete, lineage.unknown
    target = "fresh" if "{fresh}" in text else "totals"
    assert lineage.target is not None
    assert (lineage.target.kind, lineage.target.name) == ("table", str(tables[target]))
    assert not tables["fresh"].exists()
    assert len(list((tables["totals"] / "_delta_log").glob("*.json"))) == 1
