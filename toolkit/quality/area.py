"""Quality: whether data keeps what was promised of it, and how far it can be trusted."""

from __future__ import annotations

from toolkit.quality.records import Measurement, Release
from toolkit.quality.tasks import TASKS
from toolkit.quality.views.advice import ADVICE
from toolkit.quality.views.contracts import CHANGES, CONTRACTS, DIFFERENCES
from toolkit.quality.views.measurements import MEASUREMENTS
from toolkit.quality.views.profile import COLUMNS, DRIFT
from toolkit.quality.views.promises import PROMISES
from toolkit.quality.views.quarantine import QUARANTINE
from toolkit.quality.views.results import RESULTS_OF_RUN
from toolkit.quality.views.rows import REJECTED, ROWS
from toolkit.quality.views.rules import HISTORY, RULES
from toolkit.quality.views.scores import SCORE, SCORES
from toolkit.quality.views.sla import SLA
from toolkit.quality.views.suggestions import SUGGESTIONS
from toolkit.views import Area

AREA = Area(
    "quality",
    "Quality",
    views=(
        SCORES,
        SCORE,
        RULES,
        MEASUREMENTS,
        HISTORY,
        RESULTS_OF_RUN,
        ROWS,
        QUARANTINE,
        REJECTED,
        ADVICE,
        SLA,
        COLUMNS,
        DRIFT,
        SUGGESTIONS,
        CONTRACTS,
        PROMISES,
        DIFFERENCES,
        CHANGES,
    ),
    tasks=TASKS,
    records=(Measurement, Release),
)
