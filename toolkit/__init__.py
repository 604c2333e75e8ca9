"""A lakehouse that runs whole on one laptop, and teaches by being taken apart.

What other people's pipelines use stands here by name (`docs/in-your-own-pipeline.md`); each is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.errors import ToolkitError
    from toolkit.etl.change_flow import ChangeFlow
    from toolkit.etl.changes import apply_changes
    from toolkit.etl.extract import read_csv, read_json, read_xml, with_origin
    from toolkit.etl.extract_tables import read_avro, read_delta, read_parquet
    from toolkit.etl.incremental import follow, newer_than
    from toolkit.etl.inference import infer_schema
    from toolkit.etl.joins import as_of
    from toolkit.etl.load import append, insert_only, overwrite_part, sync, upsert
    from toolkit.etl.snapshots import compare_snapshots
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
    "Lakehouse",
    "Table",
    "ToolkitError",
    "append",
    "apply_changes",
    "as_of",
    "check",
    "compare_snapshots",
    "enforce",
    "follow",
    "infer_schema",
    "insert_only",
    "load_contract",
    "load_rules",
    "newer_than",
    "overwrite_part",
    "profile",
    "read_avro",
    "read_csv",
    "read_delta",
    "read_json",
    "read_parquet",
    "read_xml",
    "rules",
    "rules_of",
    "show",
    "split",
    "start_session",
    "stop_session",
    "suggest",
    "sync",
    "upsert",
    "watch",
    "with_origin",
    "write_table",
]
_PLACES = {
    "ChangeFlow": "etl.change_flow",
    "Contract": "quality.contracts",
    "Lakehouse": "store.lakehouse",
    "Table": "scenario",
    "ToolkitError": "errors",
    "append": "etl.load",
    "apply_changes": "etl.changes",
    "as_of": "etl.joins",
    "check": "quality.engine",
    "compare_snapshots": "etl.snapshots",
    "enforce": "quality.contracts",
    "follow": "etl.incremental",
    "infer_schema": "etl.inference",
    "insert_only": "etl.load",
    "load_contract": "quality.contracts:load",
    "load_rules": "quality.rules:load",
    "newer_than": "etl.incremental",
    "overwrite_part": "etl.load",
    "profile": "quality.profiling",
    "read_avro": "etl.extract_tables",
    "read_csv": "etl.extract",
    "read_delta": "etl.extract_tables",
    "read_json": "etl.extract",
    "read_parquet": "etl.extract_tables",
    "read_xml": "etl.extract",
    "rules": "quality.rules:",
    "rules_of": "quality.contracts",
    "show": "notebook_views",
    "split": "quality.engine",
    "start_session": "session:start",
    "stop_session": "session:stop",
    "suggest": "quality.profiling",
    "sync": "etl.load",
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
