"""Sessions of customers: who left a full cart, while the clicks come?"""
