"""A fingerprint tells when a column no longer holds what was classified, and not when two samples differ."""

from __future__ import annotations

import json
import random

import pytest

from toolkit.errors import UsageError
from toolkit.governance.classes import Fingerprint, has_drifted, judge


def taken(name: str, values: list[str | None]) -> Fingerprint:
    fingerprint = judge(name, values=values).fingerprint
    assert fingerprint
    return fingerprint


def mails(many: int, start: int = 0) -> list[str | None]:
    return [f"customer{at}@example.com" for at in range(start, start + many)]


def notes(many: int, seed: int, share: float = 0.0) -> list[str | None]:
    rng = random.Random(seed)
    return [f"parcel {rng.random()} late" + (" ask x@example.com" if rng.random() < share else "") for _ in range(many)]


def test_a_column_of_addresses_that_now_holds_digests_has_drifted():
    drift = has_drifted(taken("email", mails(300)), taken("email", [f"{at:064x}" for at in range(300)]))
    assert drift
    assert "0% of the values are e-mail addresses, before 100%" in drift.reason


def test_other_values_of_the_same_content_have_not():
    assert has_drifted(taken("email", mails(300)), taken("email", mails(300, start=5000))).state == "same"


@pytest.mark.parametrize("seed", range(20))
def test_two_samples_of_one_content_do_not_differ(seed):
    rng = random.Random(seed)

    def mixed() -> list[str | None]:
        makers = (
            lambda: f"a{rng.random()}@example.com",
            lambda: str(rng.random()),
            lambda: f"word {rng.random()} x",
            lambda: None,
        )
        return [rng.choice(makers)() for _ in range(600)]

    assert has_drifted(taken("x", mixed()), taken("x", mixed())).state == "same"


@pytest.mark.parametrize("seed", range(10))
def test_rare_content_that_was_there_before_is_not_new(seed):
    before, now = taken("note", notes(400, seed, 0.01)), taken("note", notes(400, seed + 100, 0.01))
    assert has_drifted(before, now).state == "same"


def test_notes_that_begin_to_hold_addresses_have_drifted():
    drift = has_drifted(taken("note", notes(400, 1)), taken("note", notes(400, 2, 0.05)))
    assert drift.state == "drifted"
    assert "hold e-mail addresses" in drift.reason


def test_values_that_stay_away_are_drift_too():
    assert has_drifted(taken("email", mails(300)), taken("email", [*mails(100), *[None] * 200])).state == "drifted"


def test_of_a_few_values_nothing_is_said():
    drift = has_drifted(taken("x", mails(300)), taken("x", ["a", "b"]))
    assert (drift.state, bool(drift)) == ("unknown", False)
    assert "2 distinct values now" in drift.reason


def test_a_fingerprint_is_a_short_text_and_comes_back():
    before = taken("note", notes(400, 1, 0.2))
    text = before.to_text()
    assert len(text) < 500
    read = Fingerprint.from_text(text)
    assert read.to_text() == text
    assert has_drifted(before, read).state == "same"


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("nulls"),
        lambda told: told.update(version=99),
        lambda told: told.update(nulls=2),
        lambda told: told.update(nulls="NaN"),
        lambda told: told.update(sampled=-1),
        lambda told: told.update(sampled=1.5),
        lambda told: told.update(shapes=[1]),
        lambda told: told.update(kinds={"email": "x"}),
        lambda told: told.update(holds={"email": True}),
    ],
)
def test_a_text_that_is_no_fingerprint_is_refused(change):
    told = json.loads(taken("x", mails(30)).to_text())
    change(told)
    with pytest.raises(UsageError, match="no fingerprint"):
        Fingerprint.from_text(json.dumps(told))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "[" * 100_000, "1"])
def test_other_texts_are_refused(text):
    with pytest.raises(UsageError):
        Fingerprint.from_text(text)
