"""What is done to govern a lakehouse; each is allowed or refused, and noted."""

from __future__ import annotations

from toolkit.governance.tasks.auditing import VERIFY
from toolkit.governance.tasks.cataloguing import ALTER, EXPORT_SQL, REGISTER, TAKE_IN
from toolkit.governance.tasks.classifying import CLASSIFY, CONFIRM, PROPAGATE
from toolkit.governance.tasks.exchanging import EXPORT_LINEAGE, IMPORT_LINEAGE
from toolkit.governance.tasks.granting import BREAK_GLASS, GRANT, REVOKE, SHARE
from toolkit.governance.tasks.people import DISMISS, ENROLL
from toolkit.governance.tasks.protecting import FILL_VAULT, FILTER_ROWS, MASK

TASKS = (
    TAKE_IN,
    CLASSIFY,
    PROPAGATE,
    CONFIRM,
    ENROLL,
    DISMISS,
    GRANT,
    REVOKE,
    SHARE,
    BREAK_GLASS,
    MASK,
    FILL_VAULT,
    FILTER_ROWS,
    ALTER,
    REGISTER,
    EXPORT_SQL,
    EXPORT_LINEAGE,
    IMPORT_LINEAGE,
    VERIFY,
)
