"""What data there is: one folder each, with its declaration, its dictionary and the code that lands it."""
