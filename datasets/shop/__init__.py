"""An invented online shop, with defects planted on known rows."""
