"""How sure a number is, and whether two classifiers differ by more than luck."""
