"""Exports saved models for other software."""
