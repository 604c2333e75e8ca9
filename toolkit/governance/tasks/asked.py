"""What tasks of governance have in common: nobody's scenario, and where their keys lead."""

from __future__ import annotations

from toolkit.parameters import Parameters
from toolkit.views import Link

TO_CATALOGUE = Link("enter", "Catalogue", "governance.catalogue", "Show the catalogue.")
TO_GRANTS = Link("enter", "Grants", "governance.grants", "Show who may do what.")
TO_PRINCIPALS = Link("enter", "Principals", "governance.principals", "Show who there is.")
TO_CLASSES = Link("enter", "Classes", "governance.classes", "Show the classes of its columns.", {"table": "table"})


def of_nobody(asked: Parameters) -> str:
    """About no table of a scenario, though one may be named: what is governed is the lakehouse."""
    del asked
    return ""
