"""Governance: a catalogue, classes of columns, access that is enforced, lineage by column, and an audit trail."""
