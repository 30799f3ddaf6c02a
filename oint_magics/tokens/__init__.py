"""A refresh, from its source to the saved pair."""
