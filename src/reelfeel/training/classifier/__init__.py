"""Training of a classifier: what it learns from, its losses, its bundle."""
