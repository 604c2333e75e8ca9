"""A lakehouse that runs whole on one laptop, and teaches by being taken apart."""

__version__ = "0.1.0"
