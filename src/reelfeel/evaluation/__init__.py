"""A classifier over data sets: evaluate, compare, calibrate, report."""
