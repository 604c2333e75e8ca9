"""Loads: what came into tables, from which files, and what became of it."""

from __future__ import annotations

from toolkit.etl.records import IngestedFile
from toolkit.etl.tasks import TASKS
from toolkit.etl.views.keys import HISTORY, KEYS
from toolkit.etl.views.loads import CHANGES, LOADS
from toolkit.etl.views.sources import SOURCES
from toolkit.views import Area

AREA = Area("etl", "Loads", views=(LOADS, SOURCES, CHANGES, KEYS, HISTORY), tasks=TASKS, records=(IngestedFile,))
