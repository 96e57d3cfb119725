"""A saved model for other software: its network, and how to read texts for it."""
