"""Loads: what came into tables, from which files, and what became of it."""

from __future__ import annotations

from toolkit.etl.records import IngestedFile
from toolkit.etl.views import VIEWS
from toolkit.views import Area

AREA = Area("etl", "Loads", views=VIEWS, records=(IngestedFile,))
