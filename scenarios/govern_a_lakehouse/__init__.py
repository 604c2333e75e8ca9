"""A lakehouse that comes under governance."""
