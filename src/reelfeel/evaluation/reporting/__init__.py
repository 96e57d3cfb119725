"""Computes the content of a report from a model and labelled reviews."""
