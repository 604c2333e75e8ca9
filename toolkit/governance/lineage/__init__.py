"""Lineage by column: what is written comes from which columns, how, and what could not be told."""
