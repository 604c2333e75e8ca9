"""A stored table judged by its contract: the rules that it can be judged by, and what cannot be checked of it.

Owns that a contract is never the end of a run: a rule that does not fit the table as it is, is set aside and told, and that the
columns differ is the finding of a rule. Spark is imported when a frame is asked for only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.errors import UsageError
from toolkit.quality.contracts.model import Contract, ContractTable
from toolkit.quality.contracts.promises import rules_of, unchecked, unchecked_levels
from toolkit.quality.contracts.relationships import references_of
from toolkit.quality.contracts.stored import drift
from toolkit.quality.rules import Context, HasSchema, Judged, Rule, SetRule
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class ColumnsAsPromised(SetRule, abstract=True):
    """The columns are those that a contract promises, as `drift` compares them; measured is the number of differences."""

    kind: ClassVar[str] = HasSchema.kind
    nulls: ClassVar[str] = HasSchema.nulls
    differences: tuple[str, ...] = ()

    def sentence(self) -> str:
        """What is true of good data."""
        return "The columns are those of the contract."

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Every difference, in words."""
        del found, context
        wrong = self.differences
        return Judged(float(len(wrong)), not wrong, " ".join(wrong) or "Every column is as the contract says.")


@dataclass(frozen=True)
class Promised:
    """What a contract promises of a stored table."""

    rules: tuple[Rule, ...]
    references: Mapping[str, str]
    """The tables that the rules refer to, by the name that they use."""
    unchecked: tuple[str, ...]
    """What nothing checks: one sentence each."""


def promised(
    contract: Contract, reader: DeltaReader, references: Mapping[str, str], is_there: Callable[[str], bool]
) -> Promised:
    """What `contract` promises of the table that `reader` has open; no row is read.

    Args:
        contract: the contract.
        reader: the table.
        references: tables that rules refer to, by name; other tables of the contract need not be named.
        is_there: whether there is a table of that name.

    Raises:
        UsageError: the contract has no such table, or promises nothing of it.
        DataError: the table's log is damaged.
    """
    table = contract.table(reader.name)
    rules = [rule for rule in rules_of(table, contract) if rule.name != "contract_schema"]
    if table.columns:
        differences = tuple(map(str, drift(table, reader)))
        rules.insert(0, ColumnsAsPromised(name="contract_schema", severity="critical", differences=differences))
    return _promised(contract, table, rules, references, is_there)


def promised_of_incoming(
    contract: Contract, table: str, references: Mapping[str, str], is_there: Callable[[str], bool]
) -> Promised:
    """What `contract` promises of rows on their way to a table; as `promised`, but the rows are judged, not the table."""
    of = contract.table(table)
    return _promised(contract, of, rules_of(of, contract), references, is_there)


def _promised(
    contract: Contract,
    table: ContractTable,
    rules: Sequence[Rule],
    references: Mapping[str, str],
    is_there: Callable[[str], bool],
) -> Promised:
    known = {name: lies for name, lies in references_of(contract).items() if is_there(lies)} | dict(references)
    if not rules:
        raise UsageError(f"{contract.id} promises nothing of {table.name}.", cure="Name a contract that does.")
    kept = tuple(rule for rule in rules if not rule.refers_to or rule.refers_to in known)
    used = {name: lies for name, lies in known.items() if name in {rule.refers_to for rule in kept}}
    return Promised(kept, used, (*unchecked(table, contract, known), *unchecked_levels(contract)))


def judgeable(
    df: DataFrame, table: str, rules: Sequence[Rule], references: Mapping[str, DataFrame]
) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules that fit a frame, and why each of the others does not; no row is read.

    Raises:
        UsageError: none of them fits.
    """
    context = Context(references)
    if _problem(df, table, rules, context) is None:
        return tuple(rules), ()
    problems = {rule.name: _problem(df, table, [rule], context) for rule in rules}
    fitting = tuple(rule for rule in rules if problems[rule.name] is None)
    if not fitting:
        raise UsageError(f"Nothing of {table} can be checked: {next(filter(None, problems.values()))}")
    told = (f"{table}: the rule {name} is not checked: {why}" for name, why in problems.items() if why)
    return fitting, tuple(told)


def _problem(df: DataFrame, table: str, rules: Sequence[Rule], context: Context) -> str | None:
    """Why rules cannot be applied to a frame, as the engine says it; None when they can."""
    from toolkit.quality.actions import DEFAULT
    from toolkit.quality.plan import beside, blamed, planned

    try:
        with blamed(df, table, rules):
            plan = planned(df, table, rules, context, DEFAULT)
            for frame in (plan.counted(), beside(df, plan.rules, context)):
                # Spark looks at a query when it is asked for its columns.
                _ = frame.schema if frame is not None else None
    except UsageError as problem:
        return problem.what
    return None
