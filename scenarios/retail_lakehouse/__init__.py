"""Which customers are slipping away, and can we trust the number?"""
