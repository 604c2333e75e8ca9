"""The audit trail: what is noted, and what is noticed of one that was tampered with."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.governed_world import CUSTOMERS, World
from toolkit.errors import AccessDenied, DataError, ExitCode
from toolkit.governance import granting
from toolkit.governance.audit import Act, Head, Trail, chained
from toolkit.governance.records import AUDIT, AuditEntry
from toolkit.governance.tasks.auditing import VERIFY
from toolkit.governance.views.audit import AUDIT as VIEW
from toolkit.governance.views.audit import OfTrail, unusual
from toolkit.parameters import Parameters
from toolkit.store.few_rows import arrow_of


@pytest.fixture
def world(governed_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    return World(tmp_path, like=governed_template)


def rewrite(world: World, entries: Sequence[AuditEntry]) -> None:
    """What somebody does who can write to the table."""
    write_deltalake(str(world.lakehouse.path(AUDIT)), arrow_of(entries), mode="overwrite")


def verdict(world: World) -> tuple[str, str]:
    found = Trail(world.lakehouse).verify()
    return found.state, " ".join(found.problems)


def test_a_trail_that_nobody_touched_is_intact(world: World) -> None:
    assert verdict(world) == ("intact", "")
    assert [one.sequence for one in world.trail()] == list(range(1, len(world.trail()) + 1))


TAMPERINGS: dict[str, tuple[Callable[[list[AuditEntry]], list[AuditEntry]], str]] = {
    "an entry edited": (
        lambda every: [*every[:2], dataclasses.replace(every[2], principal="bob"), *every[3:]],
        "Entry 3 was changed",
    ),
    "a time edited": (
        lambda every: [*every[:2], dataclasses.replace(every[2], at=every[0].at), *every[3:]],
        "Entry 3 was changed",
    ),
    "an entry removed": (lambda every: [*every[:2], *every[3:]], "Entry 3 is missing"),
    "several removed": (lambda every: [*every[:2], *every[5:]], "Entries 3 to 5 are missing"),
    "the first removed": (lambda every: every[1:], "Entry 1 is missing"),
    "the tail cut": (lambda every: every[:-2], "the tail was cut off"),
    "everything cut": (lambda every: every[:0], "the tail was cut off"),
    "an entry twice": (lambda every: [*every, every[-1]], "There are two entries"),
    "two swapped": (
        lambda every: [
            *every[:2],
            dataclasses.replace(every[3], sequence=3),
            dataclasses.replace(every[2], sequence=4),
            *every[4:],
        ],
        "Entry 3 was changed",
    ),
    "an entry put in with a hash that fits it": (
        lambda every: [
            *every,
            *chained([Act("bob", "read", "x")], Head(every[-1].sequence, every[-1].digest), every[0].at),
        ],
        "put there by others",
    ),
    "one rewritten with all that follow": (
        lambda every: [
            *every[:2],
            *chained(
                [Act("bob", "read", "x")] * (len(every) - 2), Head(every[1].sequence, every[1].digest), every[0].at
            ),
        ],
        "is not the one that was written",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_done_to_the_trail_is_noticed(world: World, name: str) -> None:
    change, problem = TAMPERINGS[name]
    rewrite(world, change(world.trail())) if change(world.trail()) else empty(world)
    state, said = verdict(world)
    assert state == "broken"
    assert problem in said


def empty(world: World) -> None:
    table = pa.Table.from_pylist([], schema=arrow_of(world.trail()).schema)
    write_deltalake(str(world.lakehouse.path(AUDIT)), table, mode="overwrite")


def test_a_cut_tail_stays_noticed_after_more_was_written(world: World) -> None:
    rewrite(world, world.trail()[:-2])
    last = world.trail()[-1].sequence
    Trail(world.lakehouse).append([Act("root", "read", "x")])
    state, said = verdict(world)
    assert state == "broken"
    assert f"Entries {last + 1} to {last + 2} are missing" in said


def test_without_its_head_the_end_of_a_trail_is_not_known(world: World) -> None:
    trail = Trail(world.lakehouse)
    trail.head_file.unlink()
    state, said = verdict(world)
    assert state == "unknown"
    assert "not known" in said
    assert VERIFY.verdict(trail.verify()) == ExitCode.DATA
    trail.append([Act("root", "read", "x")])
    assert verdict(world)[0] == "intact"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"sequence": "x", "digest": "", "coming": null}', '{"sequence": 3}']
)
def test_with_a_damaged_head_nothing_is_done(world: World, content: str) -> None:
    Trail(world.lakehouse).head_file.write_text(content)
    before = len(world.trail())
    with pytest.raises(DataError, match="is damaged"):
        granting.grant(world.steward(), "bob", "unmask", CUSTOMERS)
    with pytest.raises(DataError, match="is damaged"):
        world.as_seen_by("anna").open(CUSTOMERS)
    assert len(world.trail()) == before


def test_a_stop_between_the_entry_and_its_head_is_no_tampering(world: World) -> None:
    trail = Trail(world.lakehouse)
    before = trail.head()
    assert before is not None
    trail.append([Act("root", "read", "x")])
    after = trail.head()
    assert after is not None
    told = {"sequence": before.sequence, "digest": before.digest, "coming": [after.sequence, after.digest]}
    trail.head_file.write_text(json.dumps(told))
    assert verdict(world) == ("intact", "")
    trail.append([Act("root", "read", "y")])
    assert verdict(world) == ("intact", "")


def test_what_is_coming_is_said_before_it_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the process ended once the entry is there, and before the head says so."""
    trail, kept = Trail(world.lakehouse), []

    def stopped(head: Head) -> None:
        kept.append(head)
        if len(kept) > 1:
            raise KeyboardInterrupt
        Trail._keep(trail, head)

    monkeypatch.setattr(trail, "_keep", stopped)
    with pytest.raises(KeyboardInterrupt):
        trail.append([Act("root", "read", "x")])
    assert verdict(world) == ("intact", "")
    Trail(world.lakehouse).append([Act("root", "read", "y")])
    assert verdict(world) == ("intact", "")


def test_a_stop_before_the_entry_is_no_tampering(world: World) -> None:
    trail = Trail(world.lakehouse)
    head = trail.head()
    assert head is not None
    told = {"sequence": head.sequence, "digest": head.digest, "coming": [head.sequence + 1, "never came"]}
    trail.head_file.write_text(json.dumps(told))
    assert verdict(world) == ("intact", "")
    trail.append([Act("root", "read", "y")])
    assert verdict(world) == ("intact", "")
    assert trail.entries()[-1].sequence == head.sequence + 1


def test_those_who_write_at_once_make_one_chain(world: World) -> None:
    def write(name: str) -> None:
        for number in range(5):
            Trail(world.lakehouse).append([Act(name, "read", str(number))])

    before = len(world.trail())
    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(world.trail()) == before + 15
    assert verdict(world) == ("intact", "")


def test_text_of_any_kind_keeps_its_hash(world: World) -> None:
    Trail(world.lakehouse).append([Act("root", "read", "x", detail="ü\u202e\n'; DROP\x00 – 漢", columns=("a", "b"))])
    assert verdict(world) == ("intact", "")


def test_a_refusal_is_noted_with_its_reason(world: World) -> None:
    with pytest.raises(AccessDenied):
        granting.grant(world.steward("bob"), "bob", "unmask", CUSTOMERS)
    last = world.trail()[-1]
    assert (last.principal, last.action, last.is_allowed) == ("bob", "permit", False)
    assert "nothing permits bob to manage" in last.reason


def test_reading_again_in_one_sitting_is_one_entry_and_in_another_way_is_another(world: World) -> None:
    lakehouse, before = world.as_seen_by("anna"), len(world.trail())
    for _ in range(3):
        lakehouse.open(CUSTOMERS)
    assert len(world.trail()) == before + 1
    lakehouse.open(CUSTOMERS, 0)
    assert len(world.trail()) == before + 2


def test_who_read_what_is_sensitive_of_a_table_is_a_question_to_the_trail(world: World) -> None:
    world.as_seen_by("root").open(CUSTOMERS)
    world.as_seen_by("anna").open(CUSTOMERS)
    rows = VIEW.read(world.as_seen_by("root"), OfTrail(table=CUSTOMERS, sensitive=True, days=30)).rows
    assert [(row["principal"], row["columns"]) for row in rows] == [("root", ("email", "salary"))]
    # Who does not manage the catalog is shown its own entries.
    mine = VIEW.read(world.as_seen_by("anna"), OfTrail())
    assert {row["principal"] for row in mine.rows} == {"anna"}
    assert mine.notes


def test_what_is_unusual_is_said_why(world: World) -> None:
    for _ in range(3):
        with pytest.raises(AccessDenied):
            granting.grant(world.steward("bob"), "bob", "unmask", CUSTOMERS)
    world.as_seen_by("root").open(CUSTOMERS)
    entries = world.trail()
    odd = unusual(entries)
    assert [odd.get(one.sequence) for one in entries if one.principal == "bob"] == [
        None,
        None,
        "refused 3 times within an hour",
    ]
    assert "sensitive columns that it had not read before" in odd[entries[-1].sequence]
    world.as_seen_by("root").open(CUSTOMERS)
    assert world.trail()[-1].sequence not in unusual(world.trail())


def test_verifying_is_a_task_whose_exit_code_says_what_it_found(world: World) -> None:
    assert VERIFY.verdict(VERIFY.body(world.platform, Parameters())) == ExitCode.OK
    rewrite(world, world.trail()[:-1])
    found = VERIFY.body(world.platform, Parameters())
    assert VERIFY.verdict(found) == ExitCode.DATA
    assert "broken" in VERIFY.answer(Parameters(), found)
