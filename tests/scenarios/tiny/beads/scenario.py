"""Beads: a scenario of seconds, on which runs are killed, cancelled, refused and repeated."""

from pydantic import Field

from toolkit.quality.quarantine import quarantine_of
from toolkit.scenario import Parameters, Scenario, Step, Table

COLUMNS = {"bead_id": "Its number.", "colour": "Its colour.", "grams": "What it weighs."}
CORRUPT = {"_corrupt_record": "The text of a line that could not be read; null otherwise."}
BEADS = Table("silver.beads", "A bead of a known colour.", {**COLUMNS, "_warnings": "Mild rules that it breaks."})


class BeadParameters(Parameters):
    """What can be chosen."""

    most: int = Field(9, ge=1, le=9, description="Grams of the heaviest bead that is counted")
    strict: bool = Field(False, description="Stop before gold if a bead has no colour")


SCENARIO = Scenario(
    id="beads",
    title="Beads",
    question="Which colour weighs most?",
    story="Four beads.",
    parameters=BeadParameters,
    steps=(
        Step("ingest", "Ingest", "Read every line.", reads=("beads.csv",), writes=("bronze.beads",)),
        Step(
            "check",
            "Check",
            "Beads of a colour to silver, the rest to quarantine.",
            reads=("bronze.beads",),
            writes=("silver.beads", "quarantine.beads"),
            parameters=("strict",),
        ),
        Step(
            "model",
            "Model",
            "A row for each colour.",
            reads=("silver.beads",),
            writes=("gold.colours",),
            parameters=("most",),
        ),
    ),
    tables=(
        Table("bronze.beads", "A line.", {**COLUMNS, **CORRUPT}),
        BEADS,
        quarantine_of(BEADS),
        Table("gold.colours", "A colour.", {"colour": "Its name.", "grams": "What its beads weigh together."}),
    ),
)
