"""Quality: whether data keeps what was promised of it, and how far it can be trusted."""

from __future__ import annotations

from toolkit.quality.views.rules import HISTORY, MEASUREMENTS, RULES
from toolkit.quality.views.scores import SCORE, SCORES
from toolkit.views import Area

AREA = Area("quality", "Quality", views=(SCORES, SCORE, RULES, MEASUREMENTS, HISTORY))
