"""A bad day: may this delivery be published, and what can be saved of it?"""
