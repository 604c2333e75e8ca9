"""Columns of Delta tables are classified without a JVM: the same sample each time, nested ones apart, and no silent pass."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.unit.delta_tables import edited, with_type
from toolkit.governance.classes import Finding, Sensitivity, classify, has_drifted, sampling
from toolkit.store.reader import DeltaReader


def table(path: Path, rows: pa.Table, mode: str = "overwrite") -> DeltaReader:
    write_deltalake(path, rows, mode=mode)
    return DeltaReader(path, "silver.customers")


def found(reader: DeltaReader) -> dict[str, Finding]:
    return {one.column: one for one in classify(reader)}


def mails(many: int) -> list[str]:
    return [f"customer{at}@example.com" for at in range(many)]


def test_each_column_of_a_table_has_its_finding_in_its_order(tmp_path):
    reader = table(tmp_path / "t", pa.table({"id": range(50), "reach": mails(50), "city": ["Köln"] * 50}))
    assert [one.column for one in classify(reader)] == ["id", "reach", "city"]
    assert found(reader)["reach"].kind == "email"


def test_only_the_columns_asked_for_are_judged_and_a_missing_one_is_unknown(tmp_path):
    reader = table(tmp_path / "t", pa.table({"id": range(50), "reach": mails(50)}))
    judged = classify(reader, columns=["reach", "gone"])
    assert [(one.column, one.state) for one in judged] == [("reach", "suggested"), ("gone", "unknown")]


def test_fields_and_elements_are_judged_by_themselves(tmp_path):
    person = pa.array([{"name": "x", "reach": {"mail": mail}} for mail in mails(40)])
    tags = pa.array([[f"+49 30 90{at:04}", None] for at in range(40)])
    items = pa.array([[{"mail": mail}] for mail in mails(40)])
    judged = found(table(tmp_path / "t", pa.table({"person": person, "lines": tags, "items": items})))
    assert list(judged) == ["person.name", "person.reach.mail", "lines[]", "items[].mail"]
    assert [one.kind for one in judged.values()] == ["person_name", "email", "phone", "email"]


def test_what_is_not_looked_at_is_unknown_and_has_no_class(tmp_path):
    rows = {
        "photo": pa.array([b"\x00\xff"] * 5),
        "labels": pa.array([[("a", "b")]] * 5, pa.map_(pa.string(), pa.string())),
        "empty": pa.array([None] * 5, pa.string()),
    }
    judged = found(table(tmp_path / "t", pa.table(rows)))
    assert {(one.state, one.class_, one.confidence) for one in judged.values()} == {("unknown", None, 0.0)}
    assert all(one.reason for one in judged.values())


def test_a_table_without_rows_is_unknown_but_for_what_names_say(tmp_path):
    rows = pa.table(
        {"x": pa.array([], pa.string()), "iban": pa.array([], pa.string()), "country": pa.array([], pa.string())}
    )
    judged = found(table(tmp_path / "t", rows))
    assert (judged["x"].state, judged["country"].state) == ("unknown", "unknown")
    assert (judged["iban"].class_, judged["iban"].sampled) == (Sensitivity.CONFIDENTIAL, 0)
    assert "no values" in judged["iban"].reason


def test_every_column_of_a_table_whose_files_are_gone_is_unknown(tmp_path):
    reader = table(tmp_path / "t", pa.table({"mail": mails(5), "n": range(5)}))
    for file in (tmp_path / "t").glob("*.parquet"):
        file.unlink()
    assert [(one.column, one.state, one.class_) for one in classify(reader)] == [
        ("mail", "unknown", None),
        ("n", "unknown", None),
    ]


def test_columns_that_can_be_read_are_judged_where_another_cannot(tmp_path):
    table(tmp_path / "t", pa.table({"mail": mails(30), "odd": [f"x{at}" for at in range(30)]}))
    edited(
        tmp_path / "t",
        0,
        with_type(1, {"type": "map", "keyType": "long", "valueType": "long", "valueContainsNull": True}),
    )
    judged = found(DeltaReader(tmp_path / "t", "silver.customers"))
    assert judged["mail"].kind == "email"
    assert (judged["odd"].state, judged["odd"].class_) == ("unknown", None)


def test_the_sample_is_the_same_each_time_and_comes_from_all_over_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "ROWS", 200)
    many = 20_000
    rows = pa.table({"n": range(many), "name": [f"v{at}" for at in range(many)]})
    reader = table(tmp_path / "t", rows)
    columns = reader.columns()
    first, _ = sampling._rows(reader, columns)
    again, _ = sampling._rows(DeltaReader(tmp_path / "t", "t"), columns)
    assert sorted(first["n"]) == sorted(again["n"])
    assert 100 < len(first["n"]) < 400
    assert min(first["n"]) < many / 10 < many * 9 / 10 < max(first["n"])


def test_rows_that_the_first_columns_do_not_tell_apart_are_sampled_by_all(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "ROWS", 200)
    constant = {f"k{at}": ["same"] * 5000 for at in range(sampling.KEY_COLUMNS)}
    reader = table(tmp_path / "t", pa.table({**constant, "mail": mails(5000)}))
    assert found(reader)["mail"].sampled > 50


def test_rows_that_are_all_alike_are_a_sample_of_one_value(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "ROWS", 20)
    reader = table(tmp_path / "t", pa.table({"mail": ["a@example.com"] * 1000}))
    assert (found(reader)["mail"].sampled, found(reader)["mail"].kind) == (1, "email")


def test_a_column_of_mostly_nulls_is_asked_for_its_own_values(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "ROWS", 100)
    note = [f"call a{at}@example.com" if at % 200 == 0 else None for at in range(10_000)]
    judged = found(table(tmp_path / "t", pa.table({"n": range(10_000), "note": note})))
    assert judged["note"].sampled == 50
    assert judged["note"].class_ is Sensitivity.CONFIDENTIAL


def test_names_of_columns_may_hold_any_sign(tmp_path):
    odd = {'a"b': mails(9), "a.b": mails(9), "e-mail; DROP": mails(9), "Größe": mails(9)}
    assert {one.kind for one in found(table(tmp_path / "t", pa.table(odd))).values()} == {"email"}


def test_long_values_are_cut_before_they_are_read(tmp_path):
    rows = pa.table({"blob": ["x" * 1_000_000 + f"{at}" for at in range(3)]})
    assert found(table(tmp_path / "t", rows))["blob"].sampled == 1


def test_notes_that_begin_to_hold_addresses_have_drifted(tmp_path):
    rng = random.Random(5)

    def notes(with_mail: int) -> list[str]:
        return [
            f"parcel {rng.random()} was late" + (f", ask a{at}@example.com" if at < with_mail else "")
            for at in range(1000)
        ]

    before = found(table(tmp_path / "t", pa.table({"note": notes(0)})))["note"]
    same = found(table(tmp_path / "t", pa.table({"note": notes(0)})))["note"]
    now = found(table(tmp_path / "t", pa.table({"note": notes(60)})))["note"]
    assert before.fingerprint
    assert same.fingerprint
    assert now.fingerprint
    assert not has_drifted(before.fingerprint, same.fingerprint)
    assert "hold e-mail addresses" in has_drifted(before.fingerprint, now.fingerprint).reason
    assert (before.class_, now.class_) == (Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL)


@pytest.mark.parametrize("type_", [pa.int64(), pa.float64(), pa.decimal128(20, 0)])
def test_numbers_of_persons_are_told_in_columns_of_numbers(tmp_path, type_):
    valid = [44051401359 + at for at in range(1, 4000) if _is_pesel(44051401359 + at)]
    judged = found(table(tmp_path / "t", pa.table({"x": pa.array(valid).cast(type_)})))
    assert judged["x"].kind == "national_number"


def _is_pesel(number: int) -> bool:
    from stdnum.pl import pesel

    return bool(pesel.is_valid(str(number)))
