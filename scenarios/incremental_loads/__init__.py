"""Ten days of files: is the table the same as if all had come at once?"""
