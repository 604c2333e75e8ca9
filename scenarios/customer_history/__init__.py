"""A customer's history: what was her segment when she ordered?"""
