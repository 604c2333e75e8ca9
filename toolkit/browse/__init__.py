"""The areas that are looked through: the history of runs, and the tables of the lakehouse."""
