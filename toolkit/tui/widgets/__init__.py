"""Parts that several screens share; each asks by messages and knows no screen."""
