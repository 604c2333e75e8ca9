"""Ratios, each measured in one run against a floor or a peer: `python -m benchmarks`, or `./run bench`.

A benchmark is a module with a `measure(choices)` that yields `Ratio`s. Nothing here is a test: a number that depends on
what else the computer does belongs in a table that says where it was measured. `docs/benchmarks.md` is that table.
"""
