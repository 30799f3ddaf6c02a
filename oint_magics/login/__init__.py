"""A login, from its link to the saved pair."""
