"""Metrics: arrays in, numbers out; knows no model."""
