"""The terminal app: scenarios, runs, tables and quality, shown without a JVM.

Owns what a user sees and presses. Whatever it shows comes from `toolkit.scenario`, `toolkit.runs` and `toolkit.store.reader`;
whatever it starts is a `toolkit` command in a process of its own, which outlives the app.
"""
