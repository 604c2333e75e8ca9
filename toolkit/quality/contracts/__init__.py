"""Data contracts: what a table promises to those who read it, in the Open Data Contract Standard's YAML.

`model` says what a contract is, `odcs` reads and writes it, `promises` makes rules of it, `compatibility` compares two
versions, `enforcement` holds a frame to it, `stored` a table and `judgement` its rows, `document` writes the page that people
read. Nothing here imports Spark before a frame is judged.
"""

from __future__ import annotations

from toolkit.quality.contracts.compatibility import Change, Compatibility, check_version, compare
from toolkit.quality.contracts.document import page
from toolkit.quality.contracts.enforcement import Difference, enforce, violations
from toolkit.quality.contracts.limits import Freshness, Volume
from toolkit.quality.contracts.model import Column, Contract, ContractTable
from toolkit.quality.contracts.odcs_reader import dump, load
from toolkit.quality.contracts.promises import rules_of, unread
from toolkit.quality.contracts.stored import drift, from_table

__all__ = [
    "Change",
    "Column",
    "Compatibility",
    "Contract",
    "ContractTable",
    "Difference",
    "Freshness",
    "Volume",
    "check_version",
    "compare",
    "drift",
    "dump",
    "enforce",
    "from_table",
    "load",
    "page",
    "rules_of",
    "unread",
    "violations",
]
