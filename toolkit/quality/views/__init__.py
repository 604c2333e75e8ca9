"""Quality's views, by what they ask about."""
