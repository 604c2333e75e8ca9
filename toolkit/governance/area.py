"""Governance: what there is, how sensitive it is, who may see it, where it comes from, and who did what."""

from __future__ import annotations

from toolkit.governance.records import RECORDS
from toolkit.governance.tasks import TASKS
from toolkit.governance.views.access import ACCESS, GRANTS, PRINCIPALS
from toolkit.governance.views.audit import AUDIT
from toolkit.governance.views.catalogue import CATALOGUE
from toolkit.governance.views.classes import CLASSES
from toolkit.governance.views.lineage import IMPACT, LINEAGE
from toolkit.views import Area

AREA = Area(
    "governance",
    "Governance",
    views=(CATALOGUE, CLASSES, GRANTS, ACCESS, PRINCIPALS, LINEAGE, IMPACT, AUDIT),
    tasks=TASKS,
    records=RECORDS,
)
