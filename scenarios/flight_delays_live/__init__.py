"""Delays as they come: what a watermark lets through, and what it leaves out."""
