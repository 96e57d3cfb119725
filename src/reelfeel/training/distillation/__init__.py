"""Training of a student on what teachers answer."""
