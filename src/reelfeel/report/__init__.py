"""Draws reports: numbers in, one HTML page with pictures out."""
