"""Great Expectations, cuallee and DQX, held against the quality engine: the same rules, data, Spark and JVM command.

Each peer lives in an environment of its own (`./run peers` makes them) and is driven by a program in `programs`, which runs
there and therefore knows nothing of the toolkit.
"""
