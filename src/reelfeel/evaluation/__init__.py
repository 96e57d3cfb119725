"""Evaluates classifiers on data sets: evaluate, compare, calibrate, report."""
