"""What tasks of governance have in common: nobody's scenario, and where their keys lead."""

from __future__ import annotations

from toolkit.parameters import Parameters
from toolkit.views import Link

TO_CATALOGUE = Link("enter", "Catalogue", "governance.catalogue", "Show the catalogue.")
TO_GRANTS = Link("enter", "Grants", "governance.grants", "Show who may do what.")
TO_PRINCIPALS = Link("enter", "Principals", "governance.principals", "Show who there is.")
TO_CLASSES = Link("enter", "Classes", "governance.classes", "Show the classes of its columns.", {"table": "table"})


def known_table(asked: Parameters) -> None:
    """Nothing, where the table that is asked about may be seen to be there, or none is named.

    Raises:
        UsageError: there is none, or the lakehouse is not governed.
    """
    from toolkit.governance.lens import looked_at
    from toolkit.governance.policies import catalog_of
    from toolkit.governance.views.naming import require_visible

    lakehouse = looked_at()
    catalog = catalog_of(lakehouse)
    if table := str(getattr(asked, "table", "")).removeprefix(f"{catalog}."):
        require_visible(lakehouse, table)


def of_nobody(asked: Parameters) -> str:
    """About no table of a scenario, though one may be named: what is governed is the lakehouse."""
    del asked
    return ""
