"""Change capture: is the lakehouse what the database is, and its history what the database has seen?"""
