"""A lakehouse that runs whole on one laptop, and teaches by being taken apart.

What other people's pipelines use stands here by name (`docs/in-your-own-pipeline.md`); each is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.errors import ToolkitError
    from toolkit.etl.bitemporal import believed, bitemporal
    from toolkit.etl.change_flow import ChangeFlow
    from toolkit.etl.changes import apply_changes
    from toolkit.etl.discovery import Place
    from toolkit.etl.extract import read_csv, read_json, read_xml, with_origin
    from toolkit.etl.extract_tables import read_avro, read_delta, read_parquet
    from toolkit.etl.incremental import backfill, follow, newer_than
    from toolkit.etl.inference import infer_schema
    from toolkit.etl.ingest import FileFlow, ingest
    from toolkit.etl.joins import as_of
    from toolkit.etl.late_members import inferred_members, misplaced, put_right
    from toolkit.etl.ledger import Ledger
    from toolkit.etl.load import append, insert_only, overwrite_part, sync, sync_keys, upsert
    from toolkit.etl.modelling import Lookup, date_dimension, date_key, dimension, fact
    from toolkit.etl.renames import rename_columns
    from toolkit.etl.reshape import flattened, nested
    from toolkit.etl.side_tables import bridge, junk_dimension, refuse_unconformed
    from toolkit.etl.snapshots import compare_snapshots, differences
    from toolkit.etl.surrogates import refuse_collisions, surrogate_key
    from toolkit.governance.governed import governed
    from toolkit.notebook_views import show
    from toolkit.quality import rules
    from toolkit.quality.contracts import Contract, enforce, rules_of
    from toolkit.quality.contracts import load as load_contract
    from toolkit.quality.engine import check, split, watch
    from toolkit.quality.profiling import profile, suggest
    from toolkit.quality.rules import load as load_rules
    from toolkit.scenario import Table
    from toolkit.session import start as start_session
    from toolkit.session import stop as stop_session
    from toolkit.store.lakehouse import Lakehouse
    from toolkit.store.write import write_table

__version__ = "0.1.0"
__all__ = [
    "ChangeFlow",
    "Contract",
    "FileFlow",
    "Lakehouse",
    "Ledger",
    "Lookup",
    "Place",
    "Table",
    "ToolkitError",
    "append",
    "apply_changes",
    "as_of",
    "backfill",
    "believed",
    "bitemporal",
    "bridge",
    "check",
    "compare_snapshots",
    "date_dimension",
    "date_key",
    "differences",
    "dimension",
    "enforce",
    "fact",
    "flattened",
    "follow",
    "governed",
    "infer_schema",
    "inferred_members",
    "ingest",
    "insert_only",
    "junk_dimension",
    "load_contract",
    "load_rules",
    "misplaced",
    "nested",
    "newer_than",
    "overwrite_part",
    "profile",
    "put_right",
    "read_avro",
    "read_csv",
    "read_delta",
    "read_json",
    "read_parquet",
    "read_xml",
    "refuse_collisions",
    "refuse_unconformed",
    "rename_columns",
    "rules",
    "rules_of",
    "show",
    "split",
    "start_session",
    "stop_session",
    "suggest",
    "surrogate_key",
    "sync",
    "sync_keys",
    "upsert",
    "watch",
    "with_origin",
    "write_table",
]
_PLACES = {
    "ChangeFlow": "etl.change_flow",
    "Contract": "quality.contracts",
    "FileFlow": "etl.ingest",
    "Lakehouse": "store.lakehouse",
    "Ledger": "etl.ledger",
    "Lookup": "etl.modelling",
    "Place": "etl.discovery",
    "Table": "scenario",
    "ToolkitError": "errors",
    "append": "etl.load",
    "apply_changes": "etl.changes",
    "as_of": "etl.joins",
    "backfill": "etl.incremental",
    "believed": "etl.bitemporal",
    "bitemporal": "etl.bitemporal",
    "bridge": "etl.side_tables",
    "check": "quality.engine",
    "compare_snapshots": "etl.snapshots",
    "date_dimension": "etl.modelling",
    "date_key": "etl.modelling",
    "differences": "etl.snapshots",
    "dimension": "etl.modelling",
    "enforce": "quality.contracts",
    "fact": "etl.modelling",
    "flattened": "etl.reshape",
    "follow": "etl.incremental",
    "governed": "governance.governed",
    "infer_schema": "etl.inference",
    "inferred_members": "etl.late_members",
    "ingest": "etl.ingest",
    "insert_only": "etl.load",
    "junk_dimension": "etl.side_tables",
    "load_contract": "quality.contracts:load",
    "load_rules": "quality.rules:load",
    "misplaced": "etl.late_members",
    "nested": "etl.reshape",
    "newer_than": "etl.incremental",
    "overwrite_part": "etl.load",
    "profile": "quality.profiling",
    "put_right": "etl.late_members",
    "read_avro": "etl.extract_tables",
    "read_csv": "etl.extract",
    "read_delta": "etl.extract_tables",
    "read_json": "etl.extract",
    "read_parquet": "etl.extract_tables",
    "read_xml": "etl.extract",
    "refuse_collisions": "etl.surrogates",
    "refuse_unconformed": "etl.side_tables",
    "rename_columns": "etl.renames",
    "rules": "quality.rules:",
    "rules_of": "quality.contracts",
    "show": "notebook_views",
    "split": "quality.engine",
    "start_session": "session:start",
    "stop_session": "session:stop",
    "suggest": "quality.profiling",
    "surrogate_key": "etl.surrogates",
    "sync": "etl.load",
    "sync_keys": "etl.load",
    "upsert": "etl.load",
    "watch": "quality.engine",
    "with_origin": "etl.extract",
    "write_table": "store.write",
}
"""The module of each name; after a colon what it is called there, where that differs; after a colon alone the module itself."""


def __getattr__(name: str) -> Any:
    """What stands under a public name."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place, renamed, there = _PLACES[name].partition(":")
    module = importlib.import_module(f"toolkit.{place}")
    return module if renamed and not there else getattr(module, there or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
