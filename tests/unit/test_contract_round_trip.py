"""What is read is written as it was: every text, every key, and the order of a contract's entries."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import UsageError
from toolkit.quality.contracts import dump, load
from toolkit.quality.contracts.odcs_writer import as_data
from toolkit.yaml_text import read_mapping, write_mapping

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\n"
PIECES = (
    *("\n", "\r", "\r\n", "\t", " ", "  ", "\u0085", "\u2028", "\u2029", "\ufeff", "\u00a0", "\u200b", "\x00", "\x07"),
    *("\x1b", "\x7f", "\x9f", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\ue001", "😀", "é", "a", "b c", "x" * 130),
    *("NO", "null", "~", "0x1F", "1e3", "1_000", "0o7", "12:30", ".5", "+1", ".nan", "=", "<<", "2026-01-01"),
    *("-", "- ", "#", " #", ":", ": ", "?", "? ", "!", "!!int 1", "&a", "*a", "%", "%YAML 1.1", "@", "`", "---", "..."),
    *("{", "}", "[", "]", ",", "|", ">", "'", '"', "\\", "\\n", "\n\n", "\n ", " \n", "\n\t", "word " * 30),
)


def texts(count: int, seed: int) -> list[str]:
    """Texts put together from what has a meaning in YAML."""
    rng = random.Random(seed)
    return ["".join(rng.choice(PIECES) for _ in range(rng.randint(0, 6))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_texts_come_back_as_they_were_as_values_and_as_keys(seed: int) -> None:
    found = texts(300, seed)
    told = {
        "values": found,
        "keys": {text: number for number, text in enumerate(found)},
        "deep": [[found[0]], found[:9]],
    }
    assert read_mapping(write_mapping(told)) == told


@pytest.mark.parametrize("text", [*PIECES, *(f" {one} " for one in PIECES), *(f"a{one}b\n" for one in PIECES)])
def test_each_odd_text_comes_back_as_it_was(text: str) -> None:
    told = {"a": text, text: "a"} if text != "a" else {"a": text}
    written = write_mapping(told)
    assert read_mapping(written) == told
    # A file has its lines ended as a system likes; that changes no text.
    assert read_mapping(written.replace("\n", "\r\n")) == told


def test_a_contract_keeps_every_text_that_it_holds(tmp_path: Path) -> None:
    odd = [text for text in texts(60, 99) if text]
    written = write_mapping(
        {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": odd[0],
            "version": "1.0.0",
            "name": odd[1],
            "description": {"purpose": odd[2], "usage": odd[3]},
            "tags": odd,
            "customProperties": [{"property": text, "value": {text: [text]}} for text in odd],
            "schema": [
                {"name": "t", "properties": [{"name": f"c{i}", "description": text} for i, text in enumerate(odd)]}
            ],
        }
    )
    contract = load(written)
    assert contract.tags == tuple(odd)
    assert load(dump(contract)) == contract
    file = tmp_path / "c.yaml"
    file.write_bytes(dump(contract).encode())
    assert load(file) == contract


def test_text_that_is_easy_to_read_stays_easy_to_read() -> None:
    told = {"a": "One line: with a colon", "b": "Two lines.\nThe second.\n", "c": "ü", "d": "x " * 200}
    assert (
        write_mapping(told)
        == f"a: 'One line: with a colon'\nb: |\n  Two lines.\n  The second.\nc: ü\nd: '{'x ' * 200}'\n"
    )


def test_signs_that_cannot_be_seen_are_written_so_that_they_can() -> None:
    assert write_mapping({"a": "x\u200by", "b": "x\u2028y", "c": "x\ry"}) == 'a: "x\u200by"\nb: "x\\Ly"\nc: "x\\ry"\n'


@pytest.mark.parametrize("sign", ["\u0085", "\u2028", "\u2029"])
def test_a_sign_that_ended_a_line_in_yaml_1_1_is_a_sign_like_others(sign: str) -> None:
    text = f'a: "x{sign}y"\nb: x{sign}y\nc: [x{sign}y]\n\ue000: |\n  x{sign}y\n'
    assert read_mapping(text) == {"a": f"x{sign}y", "b": f"x{sign}y", "c": [f"x{sign}y"], "\ue000": f"x{sign}y\n"}


def test_a_key_is_the_text_that_stands_in_the_file() -> None:
    text = "NO: 1\n1e3: 2\nnull: 3\n~: 4\n2026-01-01: 5\n<<: {x: 6}\n=: 7\ntrue: 8\n1_0: 9\n!!int 12: 10\n"
    found = read_mapping(text)
    assert list(found) == ["NO", "1e3", "null", "~", "2026-01-01", "<<", "=", "true", "1_0", "12"]
    assert found["<<"] == {"x": 6}
    assert read_mapping(write_mapping(found)) == found


def test_an_equals_sign_and_two_angles_are_text() -> None:
    assert read_mapping("a: =\nb: <<") == {"a": "=", "b": "<<"}


def test_a_mark_of_the_order_of_bytes_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_mapping(file) == {"a": 1}
    assert read_mapping("\ufeffa: 1\n") == {"a": 1}
    assert read_mapping('a: "\ufeffx"') == {"a": "\ufeffx"}


def test_a_pair_of_surrogates_is_the_sign_that_it_stands_for() -> None:
    assert read_mapping(r'{"a": "\ud83d\ude00", "\ud83d\ude00": 1}') == {"a": "😀", "😀": 1}


@pytest.mark.parametrize("text", [r'a: "\ud800"', r'"\ude00": 1', r'a: [{b: "x\udbffy"}]'])
def test_half_of_a_pair_of_surrogates_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(UsageError, match="half of a surrogate pair, which is no character"):
        read_mapping(text)


@pytest.mark.parametrize("told", [{"a": "\ud800"}, {"\ud800": 1}, {"a": [{"b": ("\udfff",)}]}])
def test_half_of_a_pair_of_surrogates_is_refused_when_it_is_written(told: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="half of a surrogate pair, which is no character"):
        write_mapping(told)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: !!binary aGk=", "a value of the sort 'bytes'"),
        ("a: !!set {x}", "a value of the sort 'set'"),
        ("a: !!pairs [b: 1]", "a value of the sort 'tuple'"),
        ("? [a]\n: 1", "line 1 has a list or a mapping for a key"),
        ("1: a\n'1': b", "duplicate key"),
        ("null: a\n'null': b", "duplicate key"),
    ],
)
def test_what_would_not_come_back_as_it_was_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as told:
        read_mapping(text)
    assert reason in str(told.value)


# --- the order and the words of a contract


def test_freshness_stays_freshness() -> None:
    text = HEAD + (
        "schema: [{name: t, properties: [{name: at}, {name: seen}]}]\n"
        "slaProperties:\n"
        "  - {property: freshness, value: 30, unit: Minutes, element: t.at}\n"
        "  - {property: ly, value: 1, unit: day, element: t.seen}\n"
    )
    contract = load(text)
    assert contract.tables[0].freshness is not None
    assert contract.tables[0].freshness.hours == 0.5
    assert as_data(contract)["slaProperties"] == read_mapping(text)["slaProperties"]
    assert load(dump(contract)) == contract


def test_another_unit_takes_the_place_of_the_word_that_the_file_had() -> None:
    text = HEAD + "schema: [{name: t}]\nslaProperties: [{property: freshness, value: 2, unit: hr, element: t.at}]\n"
    contract = load(text)
    table = contract.tables[0]
    assert table.freshness is not None
    later = table.model_copy(update={"freshness": table.freshness.model_copy(update={"unit": "days"})})
    (level,) = as_data(contract.model_copy(update={"tables": (later,)}))["slaProperties"]
    assert (level["property"], level["unit"]) == ("freshness", "d")


def test_service_levels_stay_in_their_order() -> None:
    levels = [
        {"property": "retention", "value": 3, "unit": "y"},
        {"property": "latency", "value": 4, "unit": "h", "element": "b.at"},
        {"property": "availability", "value": 99},
        {"property": "freshness", "value": 2, "unit": "d", "element": "a.at"},
        {"property": "latency", "value": 9, "unit": "h", "element": "a.at"},
    ]
    written = HEAD + write_mapping({"schema": [{"name": "a"}, {"name": "b"}], "slaProperties": levels})
    contract = load(written)
    assert [table.freshness is not None for table in contract.tables] == [True, True]
    assert as_data(contract)["slaProperties"] == levels
    assert load(dump(contract)) == contract


OURS = {"type": "custom", "engine": "lakehouse-toolkit"}


def entries(rng: random.Random, columns: list[str]) -> list[dict[str, Any]]:
    """Quality entries of all sorts, in any order."""
    column = rng.choice(columns)
    choices: list[dict[str, Any]] = [
        {"type": "text", "description": f"By hand {rng.random()}"},
        {"type": "sql", "query": "select 1", "mustBeLessThan": rng.randint(1, 9)},
        {"metric": "rowCount", "mustBeGreaterOrEqualTo": rng.randint(1, 9)},
        {"type": "library", "metric": "rowCount", "mustBeLessOrEqualTo": rng.randint(10, 19)},
        {"metric": "rowCount", "mustBeBetween": [1, 9]},
        {"metric": "nullValues", "mustBe": 0},
        {**OURS, "implementation": {"kind": "not_null", "column": column}},
        {**OURS, "implementation": {"kind": "holds", "condition": "1 = 1"}},
    ]
    return [rng.choice(choices) for _ in range(rng.randint(0, 5))]


def any_table(rng: random.Random) -> dict[str, Any]:
    """A table with entries at the table, its columns, a field and the items of an array."""
    paths, taken = ["a", "B c", "`d.e`", "a.f"], itertools.count()

    def some() -> list[dict[str, Any]]:
        found = entries(rng, paths)
        # No two rules of a table share a name.
        return [{**one, "name": f"n{next(taken)}"} if "engine" in one else one for one in found]

    return {
        "name": "t",
        "properties": [
            {"name": "a", "quality": some(), "properties": [{"name": "f", "quality": some()}]},
            {"name": "B c", "quality": some()},
            {"name": "d.e", "quality": some(), "items": {"quality": some()}},
        ],
        "quality": some(),
    }


@pytest.mark.parametrize("number", [15, pytest.param(300, marks=pytest.mark.soak)])
def test_contracts_with_entries_of_all_sorts_in_any_order_come_back_as_they_were(number: int) -> None:
    rng = random.Random(5)
    for _ in range(number):
        contract = load(HEAD + write_mapping({"schema": [any_table(rng)]}))
        assert load(dump(contract)) == contract
        assert dump(load(dump(contract))) == dump(contract)


def test_quality_entries_stay_in_their_order() -> None:
    text = {"type": "text", "description": "By hand."}
    rule = {"name": "positive", "severity": "warn", **OURS, "implementation": {"kind": "between", "min": 0}}
    other = {"metric": "nullValues", "mustBe": 0}
    mixed = [text, rule, other, {**rule, "name": "again"}]
    columns = [{"name": "a", "quality": mixed}, {"name": "b", "quality": [rule | {"name": "b"}, text]}]
    table = {"name": "t", "properties": columns, "quality": [{"metric": "rowCount", "mustBe": 4}, text]}
    written = as_data(load(HEAD + write_mapping({"schema": [table]})))["schema"][0]
    told = [
        [one.get("name") or one.get("metric") or one["type"] for one in at["quality"]] for at in written["properties"]
    ]
    assert told == [["text", "positive", "nullValues", "again"], ["b", "text"]]
    assert [one.get("metric") or one["type"] for one in written["quality"]] == ["rowCount", "text"]


def test_a_field_without_a_name_is_named_not_lost() -> None:
    with pytest.raises(UsageError, match=r"t\.a: property 2 has no `name`"):
        load(HEAD + "schema: [{name: t, properties: [{name: a, properties: [{name: b}, {logicalType: string}]}]}]")
