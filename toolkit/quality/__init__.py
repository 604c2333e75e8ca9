"""Rules, the engine that applies them in one pass, and where the rows that break them go."""
