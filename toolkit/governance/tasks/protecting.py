"""What others see: masks of columns, filters of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from toolkit.governance.masks import MASKS
from toolkit.governance.records import FILTERS, VAULT, ColumnMask, MaskKind, RowFilter
from toolkit.governance.records import MASKS as MASK_TABLE
from toolkit.governance.tasks.asked import TO_CLASSES, known_table, of_nobody
from toolkit.parameters import Parameters
from toolkit.views import Task
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform


class Mask(Parameters):
    """What is shown in place of a column."""

    table: str = Field(description="Which table.", examples=["silver.customers"])
    column: str = Field(description="Which column.", examples=["email"])
    mask: MaskKind = Field(
        examples=["partial"],
        description=" ".join([*(f"{name}: {rule.says}" for name, rule in MASKS.items()), "none: that of its class."]),
    )
    argument: str = Field(
        "", description=" ".join(f"{name}: {rule.takes}." for name, rule in MASKS.items() if rule.takes)
    )


def _mask(platform: DataPlatform, asked: Mask) -> ColumnMask:
    from toolkit.governance import protection
    from toolkit.governance.stewardship import Steward

    return protection.mask(Steward(platform), asked.table, asked.column, asked.mask, asked.argument)


def _masked(asked: Mask, one: ColumnMask) -> str:
    if one.mask == "none":
        return f"{asked.table}.{one.column} has the mask of its class."
    return f"Who may not see {asked.table}.{one.column} sees: {one.mask} {one.argument}".strip() + "."


MASK = Task(
    "mask",
    "Mask",
    "Choose what is shown of a column to those who may not see it.",
    Mask,
    _mask,
    prepare=known_table,
    answer=_masked,
    writes=lambda _: (MASK_TABLE,),
    about=of_nobody,
    is_guarded=True,
    then=TO_CLASSES,
)


class FillVault(Parameters):
    """Whose tokens."""

    table: str = Field(description="Which table.", examples=["silver.customers"])
    column: str = Field(description="Which column; what others see of it is a token.", examples=["email"])


def _fill(platform: DataPlatform, asked: FillVault) -> int:
    from toolkit.governance import vault
    from toolkit.governance.stewardship import Steward

    return vault.fill(Steward(platform), asked.table, asked.column)


FILL_VAULT = Task(
    "fill_vault",
    "Fill the vault",
    "Keep, encrypted, what stands behind the tokens of a column, so that who may unmask it can look them up.",
    FillVault,
    _fill,
    prepare=known_table,
    answer=lambda asked, count: f"{plural(count, 'value')} of {asked.table}.{asked.column} came into the vault.",
    writes=lambda _: (VAULT,),
    about=of_nobody,
    is_guarded=True,
    then=TO_CLASSES,
)


class FilterRows(Parameters):
    """Which rows are shown, and to whom all of them."""

    table: str = Field(description="Which table.", examples=["silver.customers"])
    condition: str = Field(
        "",
        description="A condition, such as: region = attribute('region') OR is_member('headquarters'); empty: all rows.",
    )
    exempt: tuple[str, ...] = Field((), description="A principal or group to whom all rows are shown.")


def _filter(platform: DataPlatform, asked: FilterRows) -> RowFilter:
    from toolkit.governance import protection
    from toolkit.governance.stewardship import Steward

    return protection.filter_rows(Steward(platform), asked.table, asked.condition, asked.exempt)


FILTER_ROWS = Task(
    "filter_rows",
    "Filter rows",
    "Say which rows of a table are shown, by what is known of who is looking; its owner is no exception.",
    FilterRows,
    _filter,
    prepare=known_table,
    answer=lambda asked, one: (
        f"Of {asked.table} rows are shown where {one.condition}."
        if one.condition
        else f"All rows of {asked.table} are shown."
    ),
    writes=lambda _: (FILTERS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_CLASSES,
)
