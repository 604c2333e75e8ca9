"""Classes of columns: what a column holds, how far it may be shown, and whether it still holds that.

Suggests and never decides: a class comes into force when somebody who may says so. Reads values through `DeltaReader`, without
a JVM, and never repeats one: reasons give counts, fingerprints shares.
"""

from toolkit.governance.classes.finding import Evidence, Finding
from toolkit.governance.classes.fingerprint import Drift, Fingerprint, has_drifted
from toolkit.governance.classes.judge import judge, judge_sample
from toolkit.governance.classes.kinds import KINDS, Kind
from toolkit.governance.classes.levels import Sensitivity
from toolkit.governance.classes.sampling import classify
from toolkit.governance.classes.values import Sample, sample_of

__all__ = [
    "KINDS", "Drift", "Evidence", "Finding", "Fingerprint", "Kind", "Sample", "Sensitivity", "classify", "has_drifted", "judge",
    "judge_sample", "sample_of",
]  # fmt: skip
