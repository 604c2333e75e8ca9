"""The producer changed the schema overnight: what breaks, and which version is it?"""
