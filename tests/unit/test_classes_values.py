"""What values say, what chance says, and that hostile ones neither stop nor leak."""

from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.governance.classes import Sensitivity, judge, sample_of
from toolkit.governance.classes import forms as f
from toolkit.governance.classes import numbers_of_persons as n
from toolkit.governance.classes.contents import CONTENTS
from toolkit.governance.classes.kinds import KINDS
from toolkit.governance.classes.recognisers import Hits, Recogniser, tail
from toolkit.governance.classes.shapes import Shape, by_shape, shape_of

MIB = 1_000_000
HOSTILE = (
    "a" * MIB,
    "1" * MIB,
    "1 " * (MIB // 2),
    "@" * MIB,
    "a@" * (MIB // 2),
    "." * MIB,
    "a." * (MIB // 2) + "@",
    "+1" * (MIB // 2),
    "-" * MIB,
    "DE89 " * (MIB // 5),
    "eyJ" * (MIB // 3),
    "-----BEGIN " * (MIB // 11),
    "\x00" * MIB,
    "\u202e" * MIB,
    "😀" * (MIB // 4),
    "\ud800" * 100,
    "é" * MIB,
    "Mr " * (MIB // 3),
    "0x" + "f" * MIB,
    ":" * MIB,
    "1.1.1." * (MIB // 6),
    "A, " * (MIB // 3),
    "1e" * (MIB // 2),
    "²³" * 50,
    "٣" * 20,
)


@pytest.mark.parametrize(
    ("test", "right", "wrong"),
    [
        (
            f.is_email,
            ["a@b.de", "A.b+c@sub.example.co.uk", "ü@köln.de"],
            ["a@b", "a b@c.de", "a@@b.de", "@b.de", "a@b.de, c@d.de"],
        ),
        (
            f.is_international_phone,
            ["+49 30 901820", "004930901820", "+9991234567890"],
            ["+1", "49 30 901820", "+0123456789", "+49 30 x"],
        ),
        (f.is_dialled_phone, ["(030) 901820", "555-010-1234", "089/1234567"], ["2024-01-02", "1234567890", "1.5"]),
        (f.is_ip, ["10.0.0.1", "::1", "2001:db8::1", "10.0.0.0/8"], ["10.0.0", "256.1.1.1", "1", "10.0.0.1.2"]),
        (
            f.is_mac,
            ["00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7"],
            ["00:1b:44:11:3a", "00:1b-44:11:3a:b7"],
        ),
        (
            f.is_secret,
            ["AKIA" + "A" * 16, "$2b$12$" + "a" * 53, "postgres://u:pass@h/db", "-----BEGIN PRIVATE KEY-----"],
            ["AKIA", "hello"],
        ),
        (f.is_pair_of_degrees, ["52.5200,13.4050", "POINT (13.405 52.520)"], ["52,13", "152.5200,193.4050", "52.5200"]),
        (f.is_full_name, ["Anna Müller", "Dr. Thomas Berg", "Berg, Anna"], ["Anna", "Blue Lamp", "Anna 3"]),
        (f.is_address, ["Hauptstraße 5", "12 Oak Street", "5 rue des Lilas"], ["Hauptstraße", "12 apples", "a@b.de 5"]),
        (f.may_be_birth_date, ["1980-02-01", "01.02.1980", "19800201"], ["1880-02-01", "2180-02-01", "1980", "x"]),
        (f.is_medical, ["E11.9", "AB+", "Asthma bronchiale"], ["E11", "hello"]),
        (
            n.is_card,
            ["4111 1111 1111 1111", "378282246310005"],
            ["4111111111111112", "9111111111111111", "411111111111"],
        ),
        (n.is_iban, ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], ["DE89370400440532013001", "DE", ""]),
        (n.is_bic, ["DEUTDEFF", "DEUTDEFF500"], ["HOUSEXXX1", "DEUTXXFF", "deutdeff"]),
    ],
)
def test_forms_take_what_they_should_and_nothing_else(test, right, wrong):
    assert [value for value in right if not test(value)] == []
    assert [value for value in wrong if test(value)] == []


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (" ", Shape.BLANK),
        ("12", Shape.DIGITS),
        ("-1.5", Shape.NUMBER),
        ("2024-01-02", Shape.DATE),
        ("2024-01-02 03:04:05", Shape.MOMENT),
        ("+49 30", Shape.DIALLED),
        ("Köln", Shape.WORD),
        ("Bad Homburg", Shape.WORDS),
        ("a@b.de", Shape.AT),
        ("https://x.de/", Shape.URL),
        ("0123456789abcdef", Shape.HEX),
        ("A-12", Shape.CODE),
        ("Elm Street 5", Shape.LINE),
        ("x " * 50, Shape.TEXT),
        ("123e4567-e89b-12d3-a456-426614174000", Shape.UUID),
    ],
)
def test_each_value_has_one_shape(value, shape):
    assert shape_of(value) is shape


def numbers() -> list[Recogniser]:
    return [one for kind in KINDS for one in kind.recognisers if one.title.startswith("valid ")]


@pytest.mark.parametrize("recogniser", numbers(), ids=lambda one: one.title)
def test_random_numbers_pass_no_more_often_than_is_declared(recogniser):
    rng = random.Random(3)
    drawn = by_shape({make(rng) for make in (_plain, _lettered) for _ in range(5_000)})
    formed = [value for shape in recogniser.shapes & drawn.keys() for value in drawn[shape] if recogniser.form(value)]
    expected = recogniser.chance * len(formed)
    # Three deviations more than the declared share would be too many.
    assert sum(map(recogniser.test, formed)) <= expected + 3 * (expected + 1) ** 0.5


def _plain(rng: random.Random) -> str:
    return "".join(rng.choices(string.digits, k=rng.randint(8, 22)))


def _lettered(rng: random.Random) -> str:
    return (
        rng.choice(string.ascii_uppercase)
        + "".join(rng.choices(string.digits, k=rng.randint(7, 9)))
        + rng.choice("AKXZ")
    )


def test_a_checksum_that_one_in_ten_passes_says_nothing_when_one_in_ten_passes():
    weak = Recogniser("valid things", str.isdigit, frozenset({Shape.DIGITS}), 0.1)
    assert weak.confidence(Hits(50, 500), 500) == 0
    assert weak.confidence(Hits(1, 1), 1) == 0
    assert weak.confidence(Hits(500, 500), 500) == weak.weight
    assert weak.confidence(Hits(0, 500), 500) == 0


def test_the_tail_is_that_of_the_binomial_distribution():
    assert tail(0, 10, 0.1) == 1
    assert tail(1, 10, 0.1) == pytest.approx(1 - 0.9**10)
    assert tail(10, 10, 0.1) == pytest.approx(1e-10)
    assert tail(60, 500, 0.1) == pytest.approx(0.0816, abs=0.005)
    assert tail(5, 500, 0.0) == 0


@pytest.mark.parametrize("name", ["x", "notes", "email", "card_number", "first_name", "password", "ip"])
def test_hostile_values_take_no_longer_than_others(name):
    begun = time.perf_counter()
    judge(name, values=HOSTILE)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "test", [kind.plausible for kind in KINDS] + [one.test for kind in KINDS for one in kind.recognisers]
)
def test_each_test_stands_any_text(test):
    for value in HOSTILE:
        assert test(value[:2000]) in (True, False)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=50), st.lists(st.one_of(st.none(), st.text(max_size=60)), max_size=12))
def test_whatever_stands_in_a_column_is_judged(name, values):
    finding = judge(name, values=values)
    assert 0 <= finding.confidence <= 1
    assert finding.reason
    assert (finding.class_ is None) == (finding.state == "unknown")


def test_no_value_stands_in_what_is_said_of_it():
    secret = "zq7secretword"
    values = [f"{secret}{at}@example.com" for at in range(30)] + [
        f"text {secret} +49 30 90{at:04} and more" for at in range(30)
    ]
    finding = judge("notes", values=values)
    assert finding.fingerprint
    assert secret not in repr(finding) + finding.fingerprint.to_text() + repr(sample_of(values))


def test_content_inside_of_values_counts_from_the_first_address():
    notes = [f"parcel {at} was late again today" for at in range(400)]
    assert judge("note", values=notes).class_ is Sensitivity.INTERNAL
    finding = judge("note", values=[*notes, "please write to anna@example.com"])
    assert (finding.kind, finding.class_) == ("free_text", Sensitivity.CONFIDENTIAL)
    assert finding.reason == "1 of 401 sampled values hold an e-mail address"


def test_the_most_sensitive_content_decides():
    values = [f"text {at} anna{at}@example.com" for at in range(50)] + [f"text {at} ghp_{'a' * 36}" for at in range(5)]
    assert judge("note", values=values).class_ is Sensitivity.RESTRICTED


def test_candidates_inside_of_one_value_are_few_and_found_once():
    email = CONTENTS[0]
    assert email.count(["a@b.de " * 1000, "none"]) == Hits(1, 2)


def test_the_sample_is_distinct_cut_and_the_same_in_any_order():
    values = [None, "", "  ", "b", "a", "a", 3.0, 2.5, True, "x" * 9999]
    sample = sample_of(values)
    assert set(sample.values) == {"a", "b", "3", "2.5", "true", "x" * 2000}
    assert (sample.rows, sample.nulls) == (10, 3)
    assert sample_of(reversed(values)) == sample
    many = [f"v{at}" for at in range(2000)]
    assert sample_of(many).values == sample_of(sorted(many)).values
    assert len(sample_of(many).values) == 500
