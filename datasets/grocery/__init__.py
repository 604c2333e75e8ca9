"""A year of purchases by households at a grocery chain."""
