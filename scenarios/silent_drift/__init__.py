"""Nothing fails, yet the numbers are wrong: what drifted, since when, and by how much?"""
