"""What the lakehouse keeps and how it gets there: records, the tables of a run, writing and staging."""
