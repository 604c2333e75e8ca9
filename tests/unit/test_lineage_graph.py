"""Lineages as a graph: what depends on a column, what it comes from, and where the way ends."""

from __future__ import annotations

import pytest

from toolkit.errors import UsageError
from toolkit.governance.lineage.graph import LineageGraph, Provenance, Reached
from toolkit.governance.lineage.model import DIRECT, Edge, Field, Lineage, Origin, Source, Unknown, path_of, steps_of

RAW, ORDERS, PEOPLE, TOTALS, REPORT = (
    Source("table", f"/lake/{name}") for name in ("raw", "orders", "people", "totals", "report")
)
NAMED = {source.name.rsplit("/", 1)[-1]: source for source in (RAW, ORDERS, PEOPLE, TOTALS, REPORT)}


def lineage(target: Source, *lines: str, unknown: tuple[Unknown, ...] = ()) -> Lineage:
    """`total <- orders.price aggregation`, and `~ orders.status filter` for all columns."""
    edges = [edge for line in lines for edge in _edges(line)]
    columns = dict.fromkeys(line.partition(" <-")[0] for line in lines if "<-" in line)
    return Lineage(
        target, tuple(map(Field, columns)), tuple(edges), unknown, tuple({e.origin.source: 0 for e in edges})
    )


def _edges(line: str) -> list[Edge]:
    column, _, origins = line.partition(" <-") if "<-" in line else ("", "", line.removeprefix("~"))
    return [_edge(column or None, words.split()) for words in origins.split(",") if words.strip()]


def _edge(column: str | None, words: list[str]) -> Edge:
    table, _, path = words[0].partition(".")
    kind = "direct" if words[1] in DIRECT else "indirect"
    return Edge(column, Origin(NAMED[table], path), kind, words[1], "", "masks" in words)  # type: ignore[arg-type]


@pytest.fixture
def graph() -> LineageGraph:
    graph = LineageGraph()
    graph.add(
        lineage(
            ORDERS,
            "id <- raw.id identity",
            "email <- raw.email identity",
            "price <- raw.price transformation",
            "~ raw.status filter",
        ),
        "run-1",
    )
    graph.add(
        lineage(
            TOTALS,
            "who <- orders.email transformation masks",
            "total <- orders.price aggregation",
            "~ orders.id group_by",
        ),
        "run-2",
    )
    graph.add(lineage(REPORT, "who <- totals.who identity", "best <- totals.total aggregation"), "run-3")
    return graph


def seen(found: list[Reached]) -> set[tuple[str, int, bool, bool]]:
    return {(f"{one.source.name.rsplit('/', 1)[-1]}.{one.column}", one.steps, one.direct, one.masked) for one in found}


def test_values_are_followed_over_all_steps_and_a_mask_is_told(graph: LineageGraph) -> None:
    assert seen(graph.impact(RAW, "email")) == {
        ("orders.email", 1, True, False),
        ("totals.who", 2, True, True),
        ("report.who", 3, True, True),
    }


def test_what_decides_over_rows_reaches_all_columns_and_gives_no_value(graph: LineageGraph) -> None:
    found = seen(graph.impact(RAW, "status"))
    assert {
        ("orders.id", 1, False, False),
        ("orders.price", 1, False, False),
        ("totals.total", 2, False, False),
    } <= found
    assert {name for name, *_ in found} == {
        *("orders.id", "orders.email", "orders.price", "totals.who", "totals.total", "report.who", "report.best"),
    }


def test_a_value_that_also_decides_is_direct_where_it_is_handed_on(graph: LineageGraph) -> None:
    found = seen(graph.impact(RAW, "id"))
    assert ("orders.id", 1, True, False) in found
    assert ("totals.total", 2, False, False) in found


def test_provenance_names_columns_tables_and_runs(graph: LineageGraph) -> None:
    found = graph.provenance(REPORT, "best")
    assert [(one.column, one.steps, one.direct) for one in found.columns if one.direct] == [
        ("total", 1, True),
        ("price", 2, True),
        ("price", 3, True),
    ]
    assert {one.column for one in found.columns if not one.direct} == {"id", "status"}
    assert {source.name for source in found.sources} == {"/lake/totals", "/lake/orders", "/lake/raw"}
    assert set(found.runs) == {"run-1", "run-2", "run-3"}
    assert not found.unknown


def test_one_way_that_shows_the_value_is_enough() -> None:
    graph = LineageGraph()
    graph.add(lineage(ORDERS, "secret <- raw.email transformation masks", "open <- raw.email identity"))
    graph.add(lineage(TOTALS, "x <- orders.secret transformation, orders.open transformation"))
    assert seen(graph.impact(RAW, "email")) >= {("totals.x", 2, True, False), ("orders.secret", 1, True, True)}


def test_the_way_ends_at_the_unknown_with_a_mark(graph: LineageGraph) -> None:
    blank = Unknown("score", "a function over whole rows", (TOTALS,))
    graph.add(Lineage(PEOPLE, (Field("score"),), (), (blank,), (TOTALS,)), "run-4")
    graph.add(lineage(RAW, "rank <- people.score identity"), "run-5")
    reached = {one.column: one for one in graph.impact(ORDERS, "price")}
    assert reached["score"].unknown == ("a function over whole rows",)
    assert not reached["score"].direct
    assert "rank" not in reached
    found = graph.provenance(RAW, "rank")
    assert [one.column for one in found.columns] == ["score"]
    assert found.sources == (PEOPLE, TOTALS)
    assert found.unknown == {"/lake/people:score": ("a function over whole rows",)}


def test_what_decides_may_be_unknown_too(graph: LineageGraph) -> None:
    graph.add(Lineage(PEOPLE, (Field("a"),), (), (Unknown(None, "new operator", (RAW,)),), (RAW,)))
    assert graph.provenance(PEOPLE, "a").unknown == {"/lake/people:*": ("new operator",)}
    assert ("people.a", 1, False, False) in seen(graph.impact(RAW, "email"))
    assert next(one for one in graph.impact(RAW, "email") if one.column == "a").unknown == ("new operator",)


def test_a_table_that_is_merged_from_itself_is_no_endless_way() -> None:
    graph = LineageGraph()
    graph.add(lineage(TOTALS, "total <- totals.total transformation, orders.price transformation", "~ totals.id join"))
    graph.add(lineage(ORDERS, "price <- totals.total identity"))
    assert seen(graph.impact(TOTALS, "total")) == {("totals.total", 1, True, False), ("orders.price", 1, True, False)}
    assert {one.column for one in graph.provenance(TOTALS, "total").columns} == {"total", "price", "id"}


def test_versions_and_feeds_of_a_table_are_one_table() -> None:
    graph = LineageGraph()
    old, feed = Source("table", "/lake/raw", version=3), Source("table", "/lake/raw", feed=True)
    graph.add(
        Lineage(
            ORDERS,
            (Field("a"), Field("b")),
            (Edge("a", Origin(old, "x"), "direct", "identity"), Edge("b", Origin(feed, "x"), "direct", "identity")),
        )
    )
    assert {one.column for one in graph.impact(RAW, "x")} == {"a", "b"}


def test_fields_hang_on_their_column() -> None:
    graph = LineageGraph()
    graph.add(lineage(ORDERS, "address <- raw.address identity"))
    graph.add(
        lineage(
            TOTALS,
            "city <- orders.address.city identity",
            "zip <- orders.address.zip identity",
            "all <- orders.address identity",
        )
    )
    assert {one.column for one in graph.impact(RAW, "address")} == {
        "address",
        "address.city",
        "address.zip",
        "city",
        "zip",
        "all",
    }
    assert {one.column for one in graph.impact(ORDERS, "address.city")} == {"city", "all"}
    assert {one.column for one in graph.provenance(TOTALS, "city").columns} >= {"address.city", "address"}


@pytest.mark.parametrize("ask", [LineageGraph.impact, LineageGraph.provenance])
def test_a_column_that_is_not_there_is_refused_with_the_nearest(graph: LineageGraph, ask: object) -> None:
    with pytest.raises(UsageError, match="Did you mean 'email'"):
        ask(graph, ORDERS, "emial")  # type: ignore[operator]


def test_a_lineage_without_target_is_refused() -> None:
    with pytest.raises(UsageError, match="written nowhere"):
        LineageGraph().add(Lineage(None, (Field("a"),)))


def test_names_with_dots_are_no_fields() -> None:
    assert path_of("a.b", "c") == "`a.b`.c"
    assert steps_of("`a.b`.c.d") == ("`a.b`", "`a.b`.c", "`a.b`.c.d")
    assert isinstance(Provenance((), (), (), {}), Provenance)
