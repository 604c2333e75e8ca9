"""Who can see what, and what becomes of attempts to see more."""
