"""The vault of tokens: filled by who may, looked up by who may unmask, and of no use to anybody else."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from deltalake import write_deltalake

from tests.governed_world import CUSTOMERS, ROWS, KnownKey, World
from toolkit.errors import AccessDenied, UsageError
from toolkit.governance import granting, protection, vault
from toolkit.governance.access import Access
from toolkit.governance.granting import Limits
from toolkit.governance.policies import rows_of
from toolkit.governance.records import VAULT, VaultEntry
from toolkit.governance.stewardship import Steward
from toolkit.store.few_rows import arrow_of


@pytest.fixture
def world(governed_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    world = World(tmp_path, like=governed_template)
    protection.mask(world.steward(), CUSTOMERS, "email", "token")
    return world


def steward(world: World, principal: str = "root") -> Steward:
    made = world.steward(principal)
    made.access = Access(world.lakehouse, principal, keys=KnownKey())
    return made


def tokens(world: World) -> list[str]:
    page = world.as_seen_by("anna").open(CUSTOMERS).page(order_by="id")
    return [row["email"] for row in page.named()]


def test_the_token_that_is_seen_leads_back_to_the_value_for_who_may_unmask(world: World) -> None:
    assert vault.fill(steward(world), CUSTOMERS, "email") == 6
    assert vault.fill(steward(world), CUSTOMERS, "email") == 0
    seen = tokens(world)
    assert all(one.startswith("tok_") for one in seen)
    found = vault.look_up(world.access("root"), [*seen, "tok_of_nobody"])
    assert [found[one] for one in seen] == ROWS["email"]
    assert "tok_of_nobody" not in found
    last = world.trail()[-1]
    assert (last.action, last.columns, last.is_allowed) == ("look up", ("email",), True)


def test_who_may_not_unmask_gets_nothing_and_that_is_noted(world: World) -> None:
    vault.fill(steward(world), CUSTOMERS, "email")
    with pytest.raises(AccessDenied, match="may not look up"):
        vault.look_up(world.access("anna"), tokens(world))
    assert not world.trail()[-1].is_allowed
    granting.grant(world.steward(), "anna", "unmask", CUSTOMERS, limits=Limits(purpose="fraud"))
    with pytest.raises(AccessDenied):
        vault.look_up(world.access("anna"), tokens(world))
    assert len(vault.look_up(world.access("anna", "fraud"), vault_tokens(world))) == 6


def vault_tokens(world: World) -> list[str]:
    return [one.token for one in rows_of(world.lakehouse, VaultEntry, "added_at")]


def test_only_who_manages_the_table_and_may_unmask_fills_it(world: World) -> None:
    with pytest.raises(AccessDenied):
        vault.fill(steward(world, "anna"), CUSTOMERS, "email")
    granting.grant(world.steward(), "bob", "manage", CUSTOMERS)
    with pytest.raises(AccessDenied, match="unmask"):
        vault.fill(steward(world, "bob"), CUSTOMERS, "email")
    with pytest.raises(UsageError, match="no token"):
        vault.fill(steward(world), CUSTOMERS, "code")
    assert not world.lakehouse.has_version(VAULT)


def test_an_entry_that_was_moved_to_another_token_opens_nothing(world: World) -> None:
    vault.fill(steward(world), CUSTOMERS, "email")
    first, second, *rest = rows_of(world.lakehouse, VaultEntry, "added_at")
    swapped = [dataclasses.replace(first, sealed=second.sealed), second, *rest]
    write_deltalake(str(world.lakehouse.path(VAULT)), arrow_of(swapped), mode="overwrite")
    with pytest.raises(UsageError, match="is not its own"):
        vault.look_up(world.access("root"), [first.token])


def test_the_vault_holds_no_value_in_clear(world: World) -> None:
    vault.fill(steward(world), CUSTOMERS, "email")
    path = world.lakehouse.path(VAULT)
    assert isinstance(path, Path)
    assert b"example.com" not in b"".join(file.read_bytes() for file in path.rglob("*.parquet"))


def test_yaml_that_builds_objects_is_refused(tmp_path: Path) -> None:
    """Rules and contracts are the files that somebody else may hand in."""
    from toolkit.quality.contracts import load as load_contract
    from toolkit.quality.rules.files import load as load_rules

    marker = tmp_path / "built"
    for text in (
        f"!!python/object/apply:os.system ['touch {marker}']\n",
        f"table: silver.x\nrules: !!python/object/apply:os.system ['touch {marker}']\n",
        f"apiVersion: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{marker}']]\n",
    ):
        file = tmp_path / "handed_in.yaml"
        file.write_text(text)
        for load in (load_rules, load_contract):
            with pytest.raises(UsageError):
                load(file)
    assert not marker.exists()
