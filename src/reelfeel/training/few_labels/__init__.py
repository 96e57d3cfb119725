"""Training on few labels: linear heads on a network that stays as it is."""
