"""Runs contestants in turns, and keeps what they did with its conditions."""
