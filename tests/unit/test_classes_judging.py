"""How evidence becomes a class: what outweighs what, and what stays unknown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from toolkit.governance.classes import Sensitivity, judge

MAILS = [f"customer{at}@example.com" for at in range(100)]


def test_classes_are_ordered_by_harm_and_not_by_spelling():
    public, internal, confidential, restricted = Sensitivity
    assert public < internal < confidential < restricted
    assert max(Sensitivity) is restricted
    assert Sensitivity("internal") is internal
    assert sorted([restricted, public, confidential]) == [public, confidential, restricted]
    assert confidential >= Sensitivity("confidential") > internal
    assert not confidential > Sensitivity("confidential")


def test_a_class_is_not_compared_with_other_texts():
    with pytest.raises(TypeError):
        assert Sensitivity.PUBLIC < "restricted"


def test_name_and_values_together_are_surer_than_each_alone():
    both, by_name, by_values = judge("email", values=MAILS), judge("email"), judge("c1", values=MAILS)
    assert both.confidence > max(by_name.confidence, by_values.confidence)
    assert both.confidence == pytest.approx(1 - (1 - 0.8) * (1 - 0.98), abs=1e-3)
    assert both.reason == "100 of 100 sampled values are e-mail addresses; the name says e-mail addresses"


def test_values_outweigh_a_name_that_they_contradict():
    assert judge("phone_number", values=MAILS).kind == "email"
    finding = judge("email", values=[f"{at} kg" for at in range(100)])
    assert (finding.class_, finding.kind) == (Sensitivity.INTERNAL, None)
    assert "0 of 100 sampled values can be" in finding.evidence[0].text


def test_digests_of_what_a_name_speaks_of_stay_confidential():
    digests = [f"{at:064x}" for at in range(100)]
    assert judge("email_sha256", values=digests).kind == "pseudonym"
    assert judge("email", values=digests).class_ is Sensitivity.CONFIDENTIAL
    assert judge("file_digest", values=digests).class_ is Sensitivity.INTERNAL
    assert judge("password_hash", values=digests).class_ is Sensitivity.RESTRICTED


def test_what_nothing_is_known_of_is_internal_and_hardly_sure_of_it():
    few, many = judge("x", values=["q1", "q2"]), judge("x", values=[f"q{at}" for at in range(400)])
    assert (many.class_, many.kind, many.reason) == (
        Sensitivity.INTERNAL,
        None,
        "nothing recognised in 400 sampled values",
    )
    assert few.confidence < many.confidence < 0.3


@pytest.mark.parametrize("values", [[], [None, None], ["", " "]])
def test_what_nobody_could_look_at_is_unknown(values):
    finding = judge("x", values=values)
    assert (finding.state, finding.class_, finding.fingerprint) == ("unknown", None, None)


@pytest.mark.parametrize("type_", ["binary", "map<string,string>", "variant", "struct<a:int>", "no such type"])
def test_values_of_types_that_are_not_looked_at_are_unknown(type_):
    assert judge("x", type_, values=["a", "b"]).state == "unknown"


def test_public_needs_values_that_stand_in_the_list():
    assert judge("country", values=["DE", "FR", "ES"]).class_ is Sensitivity.PUBLIC
    assert judge("country", values=["Anna", "Ben", "Q1"]).class_ is not Sensitivity.PUBLIC
    assert judge("currency", values=["EUR", "USD"]).class_ is Sensitivity.PUBLIC
    assert judge("birth_country", values=["DE", "FR", "ES"]).class_ is Sensitivity.CONFIDENTIAL


def test_a_version_is_no_address_of_the_internet():
    values = [f"1.{a}.{b}.7" for a in range(9) for b in range(9)]
    assert judge("app_version", values=values).class_ is Sensitivity.INTERNAL
    assert judge("host", values=values).kind == "ip_address"


def test_order_numbers_with_a_check_digit_are_no_cards():
    from stdnum import luhn

    numbers = [f"7{at:010}" + luhn.calc_check_digit(f"7{at:010}") for at in range(300)]
    assert judge("order_no", values=numbers).class_ is Sensitivity.INTERNAL


def test_importing_it_loads_neither_pyspark_nor_pandas_nor_another_area():
    code = (
        "import sys, toolkit.governance.classes as c; c.judge('email', values=['a@b.de'])\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in ('pyspark', 'pandas', 'delta', 'deltalake')]\n"
        "areas = [m for m in sys.modules if m.startswith(('toolkit.etl', 'toolkit.quality', 'toolkit.tui'))]\n"
        "print(heavy, areas)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[] []\n"
