"""Calls of X's API with an access token."""
