"""Views of loads; each module has those of one question."""
