"""Writes to a terminal; escapes every text that comes from a user."""
