"""The scenarios, one folder each: `scenario.py` declares, `steps.py` does.

Folders named by `TOOLKIT_SCENARIOS` are added to this package's path, so a scenario outside the repository imports the
same way as one inside it.
"""
