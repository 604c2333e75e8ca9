"""The views of streams."""
