"""A lakehouse that runs whole on one laptop, and teaches by being taken apart.

What other people's pipelines use stands here by name (`docs/in-your-own-pipeline.md`); each is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.errors import ToolkitError
    from toolkit.etl.extract import read_csv, read_json, with_origin
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
    "Contract",
    "Lakehouse",
    "Table",
    "ToolkitError",
    "check",
    "enforce",
    "load_contract",
    "load_rules",
    "profile",
    "read_csv",
    "read_json",
    "rules",
    "rules_of",
    "show",
    "split",
    "start_session",
    "stop_session",
    "suggest",
    "watch",
    "with_origin",
    "write_table",
]
_PLACES = {
    "Contract": "quality.contracts",
    "Lakehouse": "store.lakehouse",
    "Table": "scenario",
    "ToolkitError": "errors",
    "check": "quality.engine",
    "enforce": "quality.contracts",
    "load_contract": "quality.contracts:load",
    "load_rules": "quality.rules:load",
    "profile": "quality.profiling",
    "read_csv": "etl.extract",
    "read_json": "etl.extract",
    "rules": "quality.rules:",
    "rules_of": "quality.contracts",
    "show": "notebook_views",
    "split": "quality.engine",
    "start_session": "session:start",
    "stop_session": "session:stop",
    "suggest": "quality.profiling",
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
